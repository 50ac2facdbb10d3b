package main

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhereSettingsComeFrom creates shops whose name is set in several places and checks which one wins.
func TestWhereSettingsComeFrom(t *testing.T) {
	t.Parallel()
	lines := "# a comment\n\nshop-name = \"File\"\nshop_base_url = http://localhost:1\nPORTAL_SHOP_SENDER_EMAIL=a@shop.example\nsmtp = smtp://unused.example\n"
	object := `{"shop-name": "File", "shop_base_url": "http://localhost:1", "shop-sender-email": "a@shop.example", "insecure-http": true, "shop-languages": ["sk", "en"]}`
	for _, c := range []struct {
		name, file string
		env        map[string]string
		args       []string
		want       string
	}{
		{"file of lines", lines, nil, nil, "File"},
		{"file of JSON", object, nil, nil, "File"},
		{"environment over file", lines, map[string]string{"PORTAL_SHOP_NAME": "Environment"},
			nil, "Environment"},
		{"empty variable is none", lines, map[string]string{"PORTAL_SHOP_NAME": ""}, nil, "File"},
		{"flag over file", object, nil, []string{"--name", "Flag"}, "Flag"},
		{"flag over both", lines, map[string]string{"PORTAL_SHOP_NAME": "Environment"},
			[]string{"--name", "Flag"}, "Flag"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			file := writeFile(t, "portal.conf", c.file)
			args := append([]string{"shop", "create", "main", "--config", file, "--store", dir}, c.args...)
			call(t, c.env, args...).want(t, exitOK)
			call(t, nil, "shop", "show", "--store", dir).want(t, exitOK, c.want, "a@shop.example",
				"http://localhost:1")
		})
	}
}

// TestListsInTheFile sets lists for flags that use different separators.
func TestListsInTheFile(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	for footer, want := range map[string]any{
		`["A=https://x.example/a,b", "B=https://x.example/c;d"]`: []any{"A=https://x.example/a,b",
			"B=https://x.example/c;d"},
		`["A=https://x.example/c;d"]`: []any{"A=https://x.example/c;d"},
		`"A=https://x.example/a;B=https://x.example/b"`: []any{"A=https://x.example/a",
			"B=https://x.example/b"},
	} {
		file := writeFile(t, "portal.conf", `{"shop-languages": ["sk", "en"], "shop-footer": `+footer+`}`)
		call(t, nil, "shop", "set", "--config", file, "--store", dir).want(t, exitOK)
		shown := shownShop(t, dir)
		if diff := cmp.Diff([]any{[]any{"sk", "en"}, want}, []any{shown["languages"], shown["footer"]}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", footer, diff)
		}
	}
}

// TestSwitchesInTheFile turns a setting on and off with the words of flags and of JSON, in the file and in
// the environment.
func TestSwitchesInTheFile(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	for _, c := range []struct {
		file string
		env  map[string]string
		want string
	}{
		{`{"shop-withdrawal": false}`, nil, "off"},
		{`{"shop-withdrawal": true}`, nil, "on"},
		{"shop-withdrawal = off", nil, "off"},
		{"", map[string]string{"PORTAL_SHOP_WITHDRAWAL": "on"}, "on"},
	} {
		call(t, c.env, "shop", "set", "--config", writeFile(t, "portal.conf", c.file), "--store",
			dir).want(t, exitOK)
		if shown := shownShop(t, dir)["withdrawal"]; shown != c.want {
			t.Errorf("%s %v: %v", c.file, c.env, shown)
		}
	}
}

func TestConfigFileByVariable(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	env := map[string]string{"PORTAL_CONFIG": writeFile(t, "portal.json", `{"store": "`+dir+`"}`)}
	call(t, env, "shop", "list").want(t, exitOK, "Bookshop")
}

func TestWrongConfigFiles(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"unknown name", "stoer = x\nadr = y", []string{"stoer", "adr", "2 problems"}},
		{"end of a name", "accent = x", []string{`"accent"; did you mean shop-accent?`}},
		{"end of several names", "name = x",
			[]string{"did you mean apikey-name, shop-name or shop-sender-name?"}},
		{"unknown name is explained", "stoer = x", []string{"portal help COMMAND", "$PORTAL_ADDR for addr"}},
		{"unknown name in JSON", `{"stoer": "x"}`, []string{"stoer"}},
		{"name twice", "addr = a\naddr = b", []string{"line 2", "twice"}},
		{"name twice in JSON", `{"addr": "a", "addr": "b"}`, []string{"twice"}},
		{"no value", "addr", []string{"line 1", "name = value"}},
		{"JSON cut off", `{"addr": "a"`, []string{"not JSON"}},
		{"JSON and more", `{"addr": "a"} x`, []string{"unexpected data"}},
		{"object for a value", `{"addr": {}}`, []string{"addr", "string"}},
		{"list in a list", `{"trusted-proxies": [["10.0.0.1"]]}`,
			[]string{"trusted-proxies", "contain a list"}},
		{"config in the file", "config = x", []string{"config"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := writeFile(t, "portal.conf", c.file)
			call(t, nil, "shop", "list", "--store", dir, "--config", file).want(t, exitUsage,
				append(c.want, "portal.conf")...)
		})
	}
	call(t, nil, "shop", "list", "--store", dir, "--config", filepath.Join(dir, "none")).want(t,
		exitUsage, "cannot read")
}
