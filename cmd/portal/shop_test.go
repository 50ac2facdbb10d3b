package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"postern/portal"
	"postern/portal/passkey"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/storage/sqlite"

	"github.com/google/go-cmp/cmp"
)

func TestShopSettings(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewNRGBA(image.Rect(0, 0, 160, 160))); err != nil {
		t.Fatal(err)
	}
	picture := writeFile(t, "logo.png", logo.String())
	call(t, nil, "shop", "create", "main", "--store", dir, "--name", "Kníhkupectvo", "--base-url",
		"https://account.shop.example",
		"--sender-email", "account@shop.example", "--sender-name", "The shop", "--hosts",
		"my.shop.example, old.shop.example",
		"--storefront-url", "https://www.shop.example/", "--allowed-origins", "https://pictures.shop.example",
		"--language", "sk", "--languages", "sk,en", "--time-zone", "Europe/Prague", "--currency", "CZK",
		"--link-life", "10m", "--vat-id", "sk 2020298038", "--country", "cz",
		"--reorder-url", "https://www.shop.example/cart?add={skus}",
		"--registration", "open", "--required-fields", "birth_date, names", "--first-order-mail", "on",
		"--staff-names", "on", "--order-email", "shipped", "--order-email", "paid", "--return-reason", "Wrong size, or colour",
		"--return-reason", "Other",
		"--logo", picture, "--accent", "#2f6b4f", "--support-email", "help@shop.example",
		"--footer", "Terms, and more=https://shop.example/terms?a=1", "--footer",
		"Contact=https://shop.example/contact", "--footer", "sk:Obchodné podmienky=https://shop.example/sk",
	).want(t, exitOK, "Created shop main", "Made a new store in "+dir)

	want := map[string]any{
		"id": "main", "name": "Kníhkupectvo", "base-url": "https://account.shop.example",
		"sender-email": "account@shop.example",
		"sender-name":  "The shop", "hosts": []any{"my.shop.example", "old.shop.example"},
		"storefront-url":  "https://www.shop.example/",
		"allowed-origins": []any{"https://pictures.shop.example"},
		"language":        "sk", "languages": []any{"sk", "en"}, "time-zone": "Europe/Prague",
		"currency": "CZK",
		"vat-id":   "SK2020298038", "link-life": "10m", "country": "CZ",
		"reorder-url":      "https://www.shop.example/cart?add={skus}",
		"first-order-mail": "on", "registration": "open", "required-fields": []any{"names", "birth_date"},
		"order-email":   []any{"paid", "shipped"},
		"return-reason": []any{"Wrong size, or colour", "Other"},
		"staff-names":   "on",
		"withdrawal":    "on", "events": "off", "logo": "160 x 160 pixels", "accent": "#2f6b4f",
		"support-email": "help@shop.example",
		"footer": []any{"Terms, and more=https://shop.example/terms?a=1",
			"Contact=https://shop.example/contact", "sk:Obchodné podmienky=https://shop.example/sk"},
	}
	if diff := cmp.Diff(want, shownShop(t, dir)); diff != "" {
		t.Errorf("as created (-want +got):\n%s", diff)
	}

	call(t, nil, "shop", "set", "--store", dir, "--withdrawal", "off", "--link-life", "2d", "--logo", "none",
		"--footer", "none", "--hosts", "", "--order-email", "none", "--return-reason", "none",
		"--country", "", "--reorder-url", "",
		"--first-order-mail", "off", "--staff-names", "off", "--registration", "closed", "--required-fields", "").want(t, exitOK,
		"Changed shop main")
	want["link-life"], want["logo"], want["hosts"], want["registration"] = "2d", "", []any{}, "closed"
	want["first-order-mail"], want["withdrawal"] = "off", "off"
	want["country"], want["reorder-url"], want["staff-names"] = "", "", "off"
	want["required-fields"] = []any{}
	want["footer"], want["order-email"], want["return-reason"] = []any{}, []any{}, []any{}
	if diff := cmp.Diff(want, shownShop(t, dir)); diff != "" {
		t.Errorf("as changed (-want +got):\n%s", diff)
	}
}

// TestShopShowNamesEverySetting compares the flags of "shop set" with the names that "shop show" prints.
func TestShopShowNamesEverySetting(t *testing.T) {
	t.Parallel()
	shown := describe(shop.Shop{}).object()
	for field := range reflect.TypeFor[shopFlags]().Fields() {
		name := field.Tag.Get("name")
		if name == "" {
			name = strings.TrimPrefix(field.Tag.Get("setting"), "shop-")
		}
		if name == "insecure-http" {
			continue // only allows a base URL and is not stored
		}
		if _, found := shown[name]; !found {
			t.Errorf("--%s can be set and is not shown", name)
		}
	}
}

func TestFailedShopCreateLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	for _, base := range []string{"http://shop.example", "https://", ""} {
		createShop(t, dir, "main", base).want(t, exitFailure, "--base-url")
	}
	createShop(t, dir, "Main!", "https://shop.example").want(t, exitFailure, "ID")
	if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) > 0 {
		t.Errorf("left %v, %v", entries, err)
	}
	createShop(t, dir, "main", "https://shop.example").want(t, exitOK)
}

// shownShop returns the output of "shop show" without the creation time.
func shownShop(t *testing.T, dir string) map[string]any {
	t.Helper()
	shown := map[string]any{}
	if err := json.Unmarshal([]byte(call(t, nil, "shop", "show", "main", "--store", dir, "--json").want(t,
		exitOK).out), &shown); err != nil {
		t.Fatal(err)
	}
	if shown["created"] == "" {
		t.Error("no time of creation")
	}
	delete(shown, "created")
	return shown
}

func TestWrongShopSettings(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"nothing given", []string{"create", "second"}, exitFailure,
			[]string{"--name: Required.", "--sender-email", "3 problems"}},
		{"id of capitals", []string{"create", "Second", "--name", "x", "--base-url", "https://x.example",
			"--sender-email", "a@x.example"}, exitFailure, []string{"ID"}},
		{"id taken", []string{"create", "main", "--name", "x", "--base-url", "https://x.example",
			"--sender-email", "a@x.example"}, exitFailure, nil},
		{"host taken", []string{"create", "second", "--name", "x", "--base-url", "http://127.0.0.1:8080",
			"--sender-email", "a@x.example"}, exitFailure, []string{"--base-url: Host"}},
		{"host name shared", []string{"create", "second", "--name", "x", "--base-url",
			"http://127.0.0.1:9090", "--sender-email", "a@x.example"}, exitFailure,
			[]string{"--base-url: The host name"}},
		{"further host taken", []string{"create", "second", "--name", "x", "--base-url", "https://x.example",
			"--hosts", "127.0.0.1:8080", "--sender-email", "a@x.example"}, exitFailure,
			[]string{"--hosts: Host"}},
		{"nothing to change", []string{"set", "main"}, exitUsage,
			[]string{"Nothing to change", `"portal help shop set"`}},
		{"no such file for a new shop", []string{"create", "second", "--logo", "/nowhere"}, exitUsage,
			[]string{"--logo", `"portal help shop create"`}},
		{"plain http", []string{"set", "--base-url", "http://shop.example"}, exitFailure,
			[]string{"--base-url"}},
		{"pale accent", []string{"set", "--accent", "#ffee99"}, exitFailure, []string{"--accent"}},
		{"no colour", []string{"set", "--accent", "green"}, exitFailure, []string{"--accent"}},
		{"no picture", []string{"set", "--logo", writeFile(t, "logo.png", "<svg/>")}, exitFailure,
			[]string{"--logo"}},
		{"time zone", []string{"set", "--time-zone", "Europe/Nitra"}, exitFailure, []string{"--time-zone"}},
		{"currency", []string{"set", "--currency", "EURO"}, exitFailure, []string{"--currency"}},
		{"a language without texts", []string{"set", "--languages", "en,xx"}, exitFailure,
			[]string{"--languages: xx isn’t supported. Choose from: en, cs, de, pl, sk."}},
		{"language not offered", []string{"set", "--language", "ja"}, exitFailure, []string{"--language"}},
		{"link too long", []string{"set", "--link-life", "15d"}, exitFailure, []string{"--link-life"}},
		{"a field nobody can be asked for", []string{"set", "--required-fields", "names,shoe_size"},
			exitFailure, []string{"--required-fields", "shoe_size"}},
		{"link too short", []string{"set", "--link-life", "9m"}, exitFailure, []string{"--link-life"}},
		{"all that cannot be read", []string{"set", "--link-life", "soon", "--registration", "maybe",
			"--first-order-mail", "yes", "--withdrawal", "never", "--logo", "/nowhere", "--footer",
			"Terms"}, exitUsage,
			[]string{"6 problems", "--link-life", "--registration", "--first-order-mail",
				"--withdrawal: must be on or off", "--logo", "--footer"}},
		{"another shop", []string{"set", "third", "--name", "x"}, exitFailure, []string{`"third"`, "main"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := call(t, nil, "shop", "show", "main", "--store", dir).out
			args := append([]string{"shop"}, append(c.args, "--store", dir)...)
			told := call(t, nil, args...).want(t, c.status, c.want...)
			for line := range strings.SplitSeq(strings.TrimSpace(told.err), "\n") {
				if last := line[len(line)-1:]; !strings.Contains(".:\"", last) {
					t.Errorf("no sentence: %s", line)
				}
			}
			if after := call(t, nil, "shop", "show", "main", "--store", dir).out; after != before {
				t.Errorf("something changed (-before +after):\n%s", cmp.Diff(before, after))
			}
		})
	}
	call(t, nil, "shop", "set", "--store", dir, "--base-url", "http://shop.example",
		"--insecure-http").want(t, exitOK)
}

func TestSeveralShops(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	createShop(t, dir, "second", "https://second.example").want(t, exitOK)
	call(t, nil, "shop", "list", "--store", dir).want(t, exitOK, "main", "second", "https://second.example")
	call(t, nil, "shop", "show", "--store", dir).want(t, exitFailure, "several shops: main, second",
		"portal shop show ID")
	call(t, nil, "shop", "set", "--store", dir, "--name", "x").want(t, exitFailure, "portal shop set ID")
	call(t, nil, "outbox", "list", "--store", dir).want(t, exitFailure, "--shop ID")
	call(t, nil, "apikey", "list", "--store", dir).want(t, exitFailure, "several shops", "--shop ID")
	call(t, nil, "apikey", "list", "--store", dir, "--shop", "second").want(t, exitOK)
}

// TestBaseURLWarnsOfPasskeys changes the base URL of a shop whose staff have passkeys: only another host puts
// them out of use.
func TestBaseURLWarnsOfPasskeys(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	createShop(t, dir, "main", "https://account.shop.example").want(t, exitOK)
	for _, email := range []string{"boss@shop.example", "jana@shop.example", "mo@shop.example"} {
		call(t, nil, "staff", "invite", email, "--store", dir).want(t, exitOK)
	}
	givePasskeys(t, dir, []int{2, 1, 0})
	set := func(base string) said { return call(t, nil, "shop", "set", "--base-url", base, "--store", dir) }
	if said := set("https://account.shop.example:8443").want(t, exitOK); strings.Contains(said.err, "passkey") {
		t.Errorf("another port: %s", said.err)
	}
	set("https://konto.shop.example").want(t, exitOK, "3 passkeys of 2 people", "https://account.shop.example:8443")
	if said := set("https://account.shop.example").want(t, exitOK); strings.Contains(said.err, "passkey") {
		t.Errorf("back again: %s", said.err)
	}
	set("http://127.0.0.1:8080").want(t, exitOK, "3 passkeys")
}

// givePasskeys gives the people on the staff of the shop "main" as many passkeys.
func givePasskeys(t *testing.T, dir string, numbers []int) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), dir, portal.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	roster, _, err := staff.RosterDocs(engine, "main").Get(t.Context(), staff.RosterKey)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range roster.Members {
		access := staff.Access{Email: m.Email, Factors: m.Factors}
		for n := range numbers[i] {
			access.Passkeys = append(access.Passkeys, passkey.Key{ID: []byte{byte(n)}, Host: "account.shop.example"})
		}
		if err := staff.AccessDocs(engine, "main").Insert(t.Context(), m.ID, access); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
}
