package portal_test

import (
	"bytes"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/shop"
	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

func TestShopSettings(t *testing.T) {
	t.Parallel()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 40, 20))); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		settings shop.Settings
		want     []string
	}{
		"a logo":               {shop.Settings{Logo: ptr(picture.Bytes())}, nil},
		"an accent that reads": {shop.Settings{Accent: ptr("#0B5D3B")}, nil},
		"an accent too pale": {shop.Settings{Accent: ptr("#ffee00")},
			[]string{"accent accent.contrast"}},
		"no colour": {shop.Settings{Accent: ptr("red;}")}, []string{"accent accent.form"}},
		"a text as a logo": {shop.Settings{Logo: ptr([]byte("<svg/>"))},
			[]string{"logo logo.format"}},
		"10 minutes": {shop.Settings{LinkLife: ptr(10 * time.Minute)}, nil},
		"less than ten minutes": {shop.Settings{LinkLife: ptr(9 * time.Minute)},
			[]string{"link_life shop.link_life"}},
		"more than 14 days": {shop.Settings{LinkLife: ptr(15 * 24 * time.Hour)},
			[]string{"link_life shop.link_life"}},
		"plain http": {shop.Settings{BaseURL: ptr("http://shop.example.com")},
			[]string{"base_url shop.insecure"}},
		"http on loopback": {shop.Settings{BaseURL: ptr("http://127.0.0.1:8080")}, nil},
		"a base URL with a path": {shop.Settings{BaseURL: ptr("https://shop.example.com/portal")},
			[]string{"base_url shop.base_url"}},
		"a host of another shop": {shop.Settings{Hosts: ptr([]string{"other.example.com"})},
			[]string{"hosts shop.host_taken"}},
		"another port of that shop": {shop.Settings{BaseURL: ptr("https://other.example.com:8443")},
			[]string{"base_url shop.host_shared"}},
		"a further port of it": {shop.Settings{Hosts: ptr([]string{"other.example.com:81"})},
			[]string{"hosts shop.host_shared"}},
		"the host of another shop": {shop.Settings{BaseURL: ptr("https://other.example.com")},
			[]string{"base_url shop.host_taken"}},
		"an origin with a path": {shop.Settings{AllowedOrigins: ptr([]string{"https://shop.example.com/x"})},
			[]string{"allowed_origins shop.origin"}},
		"no such zone": {shop.Settings{TimeZone: ptr("Europe/Bratislawa")},
			[]string{"time_zone shop.time_zone"}},
		"no such currency": {shop.Settings{Currency: ptr("EUX")},
			[]string{"currency money.currency"}},
		"a default not offered": {shop.Settings{Language: ptr("fr")},
			[]string{"language shop.language"}},
		"a language without texts": {shop.Settings{Languages: ptr([]string{"en", "xx", "."})},
			[]string{"languages shop.no_language", "languages shop.no_language"}},
		"a host that is a page": {shop.Settings{Hosts: ptr([]string{"shop.example.com/x"})},
			[]string{"hosts shop.host"}},
		"no host": {shop.Settings{Hosts: ptr([]string{""})}, []string{"hosts shop.host"}},
		"a script in the foot": {shop.Settings{Footer: ptr([]shop.FooterLink{{Label: "x",
			URL: "javascript:alert(1)"}})}, []string{"footer url.form"}},
		"no name, no sender: both": {shop.Settings{Name: ptr(" "), SenderEmail: ptr("x")},
			[]string{"name text.required", "sender_email email.form"}},
		"a link in no language":      {shop.Settings{Footer: ptr([]shop.FooterLink{{Label: "x", URL: "https://shop.example.com/x", Lang: "xx"}})}, []string{"footer shop.no_language"}},
		"more links than a foot has": {shop.Settings{Footer: ptr(slices.Repeat([]shop.FooterLink{{Label: "Terms", URL: "https://shop.example.com/terms"}}, 13))}, []string{"footer json.too_many"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := newTestApp(t)
			h.open("other", shop.Settings{})
			_, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, test.settings)
			if diff := cmp.Diff(test.want, fieldErrorsOf(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTooPaleAccentNamesTheNearestThatPasses(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	_, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{Accent: ptr("#ffee00")})
	nearest := validate.FieldErrors(err)[0].Args["Nearest"]
	if _, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID,
		shop.Settings{Accent: &nearest}); err != nil {
		t.Errorf("the shade named, %s: %v", nearest, err)
	}
}

// TestSenderNameIsTheShopsUnlessSet checks the sender name of emails, both in a new shop and in one of an
// earlier version, which stored the default.
func TestSenderNameIsTheShopsUnlessSet(t *testing.T) {
	t.Parallel()
	old, _ := openGolden(t)
	old.deliver()
	fresh := newTestApp(t)
	fresh.newCustomer(jan)
	for name, h := range map[string]*testApp{"new": fresh, "of an earlier version": old} {
		t.Run(name, func(t *testing.T) {
			for _, step := range []struct {
				settings shop.Settings
				want     string
			}{
				{shop.Settings{}, "Bookshop"},
				{shop.Settings{Name: ptr("Books & Co")}, "Books & Co"},
				{shop.Settings{SenderName: ptr("Eva of Books & Co")}, "Eva of Books & Co"},
				{shop.Settings{Name: ptr("Books")}, "Eva of Books & Co"},
				{shop.Settings{SenderName: ptr("")}, "Books"},
			} {
				h.set(step.settings)
				h.clock.Move(time.Hour)
				if _, err := h.visitor("x").RequestLink(t.Context(), jan, "", "en"); err != nil {
					t.Fatal(err)
				}
				if sent := h.deliver(); len(sent) != 1 || sent[0].FromName != step.want {
					t.Errorf("%+v, want %s", sent, step.want)
				}
			}
		})
	}
}

// TestFormerBaseURLIsFree checks that a shop with a new base URL releases the host of the old one and keeps
// its additional hosts.
func TestFormerBaseURLIsFree(t *testing.T) {
	t.Parallel()
	old, _ := openGolden(t)
	for name, h := range map[string]*testApp{"new": newTestApp(t), "of an earlier version": old} {
		t.Run(name, func(t *testing.T) {
			former := strings.TrimPrefix(h.shop.BaseURL, "https://")
			h.set(shop.Settings{Hosts: ptr(append(slices.Clone(h.shop.Hosts), "further.example.com"))})
			h.set(shop.Settings{BaseURL: ptr("https://moved.example.com")})
			settings := shop.Settings{Name: ptr("Other"), SenderEmail: ptr("a@b.example"),
				BaseURL: ptr("https://" + former)}
			if _, err := h.app.Operator().CreateShop(t.Context(), "heir", settings); err != nil {
				t.Errorf("a shop at the old address: %v %v", err, validate.FieldErrors(err))
			}
			for host, want := range map[string]string{former: "heir", "moved.example.com": "main",
				"further.example.com": "main"} {
				if shop, err := h.app.ShopByHost(t.Context(), host); err != nil || shop.ID != want {
					t.Errorf("%s: shop %q, want %s, %v", host, shop.ID, want, err)
				}
			}
			moved := shop.Settings{BaseURL: ptr("https://further.example.com")}
			if _, err := h.app.Operator().ChangeShop(t.Context(), "heir",
				moved); len(validate.FieldErrors(err)) != 1 {
				t.Errorf("a further host of another shop: %v", err)
			}
		})
	}
}

// TestOriginsAreAsBrowsersSendThem checks that origins have no default port, since browsers never send one.
func TestOriginsAreAsBrowsersSendThem(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	shop := h.set(shop.Settings{
		BaseURL: ptr("https://Account.example:443/"), StorefrontURL: ptr("https://shop.example:443/sk"),
		AllowedOrigins: ptr([]string{"https://pictures.example:443", "http://plain.example:80/",
			"https://own.example:80"}),
		Hosts: ptr([]string{"My.example:443", "my.example:8443"}),
	}).shop
	if shop.BaseURL != "https://account.example" || shop.Origin() != shop.BaseURL {
		t.Errorf("base URL %s, origin %s", shop.BaseURL, shop.Origin())
	}
	for _, origin := range []string{"https://account.example", "https://shop.example",
		"https://pictures.example", "http://plain.example", "https://own.example:80"} {
		if !shop.ServesOrigin(origin) {
			t.Errorf("%s is not among %v", origin, shop.Origins())
		}
	}
	for _, host := range []string{"account.example", "my.example", "my.example:8443"} {
		if !shop.Answers(host) {
			t.Errorf("does not answer on %s: %v", host, shop.Hosts)
		}
	}
}

func TestShopByHost(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	if shop, err := h.app.ShopByHost(t.Context(), "anything.test"); err != nil || shop.ID != h.shop.ID {
		t.Errorf("a single shop answers everywhere: %v", err)
	}
	other := h.open("other", shop.Settings{})
	tests := map[string]string{"main.example.com": h.shop.ID, "OTHER.example.com": other.ID,
		"anything.test": "", "": "", "main.example.com:443": h.shop.ID, "main.example.com:80": ""}
	for host, want := range tests {
		shop, err := h.app.ShopByHost(t.Context(), host)
		if shop.ID != want || want == "" && validate.KindOf(err) != validate.NotFound {
			t.Errorf("%q: shop %q, %v", host, shop.ID, err)
		}
	}
}

func TestCreateShopTwice(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	settings := shop.Settings{Name: ptr("x"), SenderEmail: ptr("a@b.example"),
		BaseURL: ptr("https://x.example.com")}
	if _, err := h.app.Operator().CreateShop(t.Context(), "main",
		settings); validate.KindOf(err) != validate.Conflict {
		t.Errorf("an id that exists: %v", err)
	}
	for _, id := range []string{"", "Main", "a/b", "_", strings.Repeat("a", 40)} {
		if _, err := h.app.Operator().CreateShop(t.Context(), id,
			settings); validate.KindOf(err) != validate.Invalid {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	operator := h.app.Operator()
	other := h.open("other", shop.Settings{})
	key, err := operator.CreateKey(t.Context(), h.shop.ID, "feed")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Feed(t.Context(), h.shop, key); err != nil {
		t.Errorf("own key: %v", err)
	}
	if _, err := h.app.Feed(t.Context(), other, key); validate.KindOf(err) != validate.SignIn {
		t.Errorf("at another shop: %v", err)
	}
	for _, wrong := range []string{"", key[:len(key)-1], key + "x", "postern_"} {
		if _, err := h.app.Feed(t.Context(), h.shop, wrong); validate.KindOf(err) != validate.SignIn {
			t.Errorf("wrong key: %v", err)
		}
	}
	list, err := operator.Keys(t.Context(), h.shop.ID)
	if err != nil || len(list) != 1 || list[0].Name != "feed" {
		t.Fatalf("keys %+v, %v", list, err)
	}
	if err := operator.RevokeKey(t.Context(), h.shop.ID, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Feed(t.Context(), h.shop, key); validate.KindOf(err) != validate.SignIn {
		t.Errorf("a revoked key: %v", err)
	}
	if err := operator.RevokeKey(t.Context(), h.shop.ID,
		list[0].ID); validate.KindOf(err) != validate.NotFound {
		t.Errorf("revoked twice: %v", err)
	}
}

func TestCanonicalEmail(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"jan@example.com":                          "jan@example.com",
		"  Jan.Novak+shop@EXAMPLE.com ":            "jan.novak+shop@example.com",
		"o'brien@example.com":                      "o'brien@example.com",
		"jan@žluťoučký.cz":                         "jan@xn--luouk-uva4it5a4g.cz",
		"jan@example.com, eva@x.cz":                "",
		"Jan Novák <Jan@example.com>":              "jan@example.com",
		"\"Novák, Jan\" <jan@example.com>,":        "jan@example.com",
		"<jan@example.com>":                        "jan@example.com",
		"mailto:jan@example.com":                   "jan@example.com",
		"MAILTO:jan@example.com?subject=Order%201": "jan@example.com",
		"<mailto:jan@example.com>":                 "jan@example.com",
		"'jan@example.com'":                        "jan@example.com",
		"jan@example.com;":                         "jan@example.com",
		"jan@example.com).":                        "",
		"eva@x.cz <jan@example.com>":               "",
		"Jan <jan@example.com> <eva@x.cz>":         "",
		"Jan <jan@example.com>, Eva <eva@x.cz>":    "",
		"ｊａｎ＠ｅｘａｍｐｌｅ．ｃｏｍ":                          "jan@example.com",
		"Taro..Y@docomo.ne.jp":                     "taro..y@docomo.ne.jp",
		"taro.@docomo.ne.jp":                       "taro.@docomo.ne.jp",
		".taro@ezweb.ne.jp":                        ".taro@ezweb.ne.jp",
		"taro..y@a2.ezweb.ne.jp":                   "taro..y@a2.ezweb.ne.jp",
		"ﬁona@example.com":                         "",
		"..@docomo.ne.jp":                          "",
		"jan.@notdocomo.ne.jp.example":             "",
		`"jan"@example.com`:                        "",
		`jan@example.com\r\nBcc: x@y.z`:            "",
		"jan@example.com\r\nBcc: x@y.z":            "",
		"jan@example":                              "",
		"jan＠example.com":                          "jan@example.com",
		"jan@@example.com":                         "",
		"@example.com":                             "",
		"jan@":                                     "",
		"jan@[192.0.2.1]":                          "",
		".jan@example.com":                         "",
		"jan..x@example.com":                       "",
		"jan(comment)@example.com":                 "",
		"ján@example.com":                          "ján@example.com",
		"Jörg@Exämple.de":                          "jörg@xn--exmple-cua.de",
		"jo\u0308rg@exa\u0308mple.de":              "jörg@xn--exmple-cua.de",
		"用户@例子.广告":                                 "用户@xn--fsqu00a.xn--4rr70v",
		"δοκιμή@παράδειγμα.δοκιμή":                 "δοκιμή@xn--hxajbheg2az3al.xn--jxalpdlp",
		"\u212aarl@example.com":                    "karl@example.com",
		"j\u00a0an@example.com":                    "",
		"j\u0007an@example.com":                    "",
		"ja\ufffdn@example.com":                    "",
		"jan\u202e@example.com":                    "jan@example.com",
		"\ufeffjan@example.com\u200b":              "jan@example.com",
		strings.Repeat("ö", 33) + "@example.com":   "",
		"jan@exa mple.com":                         "",
		"jan@example.com.":                         "jan@example.com",
		"":                                         "",
		strings.Repeat("a", 65) + "@example.com":   "",
		"jan@" + strings.Repeat("a.", 130) + "com": "",
	}
	for text, want := range tests {
		if got, ok := validate.CanonicalEmail(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
}

func FuzzCanonicalEmail(f *testing.F) {
	f.Add("Jan@Example.com")
	f.Add("jan@žluťoučký.cz")
	f.Add("JO\u0308RG@例子。广告")
	f.Fuzz(func(t *testing.T, text string) {
		email, ok := validate.CanonicalEmail(text)
		if !ok {
			return
		}
		if again, ok := validate.CanonicalEmail(email); !ok || again != email {
			t.Errorf("%q became %q, and that %q", text, email, again)
		}
		if strings.ContainsAny(email, "\r\n \"<>,;") || strings.Count(email, "@") != 1 {
			t.Errorf("%q became %q", text, email)
		}
	})
}

func TestMaskEmail(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{"jan@example.com": "j•••@e•••.com",
		"x@a.b.sk": "x•••@a•••.sk"} {
		if got := validate.MaskEmail(email); got != want {
			t.Errorf("%s: %s, want %s", email, got, want)
		}
	}
}

// TestMasksTellAddressesApart checks that two masked addresses on one page differ, with no more letters
// shown than needed.
func TestMasksTellAddressesApart(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, a, b, wantA, wantB string }{
		{"they differ anyway", "jan@example.com", "eva@example.com", "j•••@e•••.com", "e•••@e•••.com"},
		{"the second letter", "emma@zeta.example", "eric@zeta.example", "em•••@z•••.example",
			"er•••@z•••.example"},
		{"the last letter is nearer", "emma.novak@zeta.example", "emma.novy@zeta.example",
			"e•••k@z•••.example", "e•••y@z•••.example"},
		{"only the domain", "emma@zeta.example", "emma@zulu.example", "e•••@ze•••.example",
			"e•••@zu•••.example"},
		{"one begins the other", "jan@a.sk", "jana@a.sk", "j•••n@a•••.sk", "j•••a@a•••.sk"},
		{"no local part but a letter", "a@aa.sk", "a@ab.sk", "a•••@aa•••.sk", "a•••@ab•••.sk"},
		{"letters of two bytes", "éa@x.sk", "éb@x.sk", "éa•••@x•••.sk", "éb•••@x•••.sk"},
		{"the same", "jan@a.sk", "jan@a.sk", "j•••@a•••.sk", "j•••@a•••.sk"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := validate.MaskApart(test.a, test.b)
			if a != test.wantA || b != test.wantB {
				t.Errorf("%s and %s, want %s and %s", a, b, test.wantA, test.wantB)
			}
		})
	}
}
