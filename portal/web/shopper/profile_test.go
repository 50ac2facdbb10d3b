package shopper_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
	"postern/templates/i18n"
)

func TestProfile(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	b.Get("/profile").Want(http.StatusOK)
	if b.Page.Attr("[name=birth_date]", "autocomplete") != "bday" || b.Page.Text(".masked") != jana ||
		b.Page.Attr(".row-text + a", "href") != "/profile/email" {
		t.Errorf("the form: %s", b.Page.Text("main"))
	}
	for _, path := range []string{"/security", "/privacy"} {
		if !b.Page.Has("main a[href='" + path + "']") {
			t.Errorf("no way to %s", path)
		}
	}
	b.Submit("main form", map[string]string{
		"title": "Ing.", "first_name": "Jana", "last_name": "Nová", "birth_date": "1980-05-31",
		"phone": "+421905123456", "language": "en",
	}).Want(http.StatusOK)
	if !b.Page.Has(".flash") || b.Page.URL.Path != "/profile" || b.Page.Attr("[name=phone]",
		"value") != "+421 905 123 456" || b.Page.Attr("[name=birth_date]", "value") != "1980-05-31" {
		t.Errorf("saved: %s", b.Page.Body)
	}
	if got := b.Page.Text(".menu-name"); got != "Jana Nová" {
		t.Errorf("the menu says %q", got)
	}
	b.Submit("main form", map[string]string{"language": "sk"}).Want(http.StatusOK)
	if b.Page.Attr("html", "lang") != "sk" || b.Page.Attr("[name=phone]", "value") != "+421 905 123 456" {
		t.Errorf("in Slovak: %s", b.Page.Text("main"))
	}
}

func TestProfileErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, field, typed, says string }{
		{"birth in the future", "birth_date", "2026-03-06", "must be in the past"},
		{"birth before 1900", "birth_date", "1066-10-14", "from 1900"},
		{"no such day", "birth_date", "1981-02-29", "date doesn’t exist"},
		{"as it is spoken", "birth_date", "31. mája 1980", "1980-05-31"},
		{"no telephone number", "phone", "call me", "without words or letters"},
		{"a long name", "first_name", strings.Repeat("x", 501), "500 characters or fewer"},
		{"a language made up", "language", "xx", "isn’t available"},
	}
	i := webtest.Portal(t)
	b := signedIn(i)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.Get("/profile")
			b.Submit("main form", map[string]string{"title": "Ing.",
				test.field: test.typed}).Want(http.StatusUnprocessableEntity)
			if got := b.Page.Text("#f-" + test.field + "-error"); !strings.Contains(got, test.says) ||
				b.Page.Attr("[name=title]", "value") != "Ing." {
				t.Errorf("the error: %q", got)
			}
			if got := b.Page.Attr("input[name="+test.field+"]", "value"); test.field != "language" &&
				got != test.typed {
				t.Errorf("typed %q, kept %q", test.typed, got)
			}
			if got := b.Page.Text(".field-errors a"); !strings.HasSuffix(got, b.Page.Text("#f-"+test.field+"-error")) {
				t.Errorf("the summary: %q", got)
			}
		})
	}
	if b.Get("/profile"); b.Page.Attr("[name=title]", "value") != "" {
		t.Error("something was saved")
	}
}

// TestMarksThatTurnNamesAroundAreTakenOut checks that direction marks, which come with pasted text and are
// invisible, are removed.
func TestMarksThatTurnNamesAroundAreTakenOut(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	b.Get("/profile")
	b.Submit("main form", map[string]string{"first_name": "a\u200fb",
		"last_name": "Nov\u202eá"}).Want(http.StatusOK)
	if got := b.Page.Attr("[name=first_name]", "value") + " " + b.Page.Attr("[name=last_name]",
		"value"); got != "ab Nová" {
		t.Errorf("kept %q", got)
	}
}

// TestHostileNames checks that unusual and hostile names are shown exactly as typed, in the form and in the
// menu.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	for _, name := range []string{
		strings.Repeat("Ž", 200), "محمد عبد الله", "Z̈̈̈̈̈̈̈̈ọ́", "👩‍👩‍👧‍👦 Nová",
		`"><script>alert(1)</script>`, "{{.Email}}", "' OR 1=1 --", "&amp;",
	} {
		b.Get("/profile")
		b.Submit("main form", map[string]string{"first_name": name, "last_name": ""}).Want(http.StatusOK)
		if got := b.Page.Attr("[name=first_name]", "value"); got != name {
			t.Errorf("%q is shown as %q", name, got)
		}
		if got := b.Page.Text(".menu-name"); got != strings.Join(strings.Fields(name), " ") ||
			b.Page.Has("main script:not([src])") {
			t.Errorf("%q in the menu: %q", name, got)
		}
	}
}

func TestProfileInTwoTabs(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	first := signedIn(i)
	second := i.Browser()
	second.SetCookie("__Host-postern.main", first.Cookie("__Host-postern.main"))
	first.Get("/profile")
	second.Get("/profile")
	first.Submit("main form", map[string]string{"first_name": "First",
		"phone": "+421905123456"}).Want(http.StatusOK)
	second.Submit("main form", map[string]string{"first_name": "Second"}).Want(http.StatusConflict)
	if got := second.Page.Text(".card"); !strings.Contains(got, "First") || !strings.Contains(got,
		"+421 905 123 456") || second.Page.Attr("[name=first_name]", "value") != "Second" {
		t.Errorf("the second window: %s", second.Page.Text("main"))
	}
	second.Submit("main form", nil).Want(http.StatusOK)
	if got := second.Page.Attr("[name=first_name]", "value"); got != "Second" || second.Page.Has(".card") {
		t.Errorf("kept: %q", got)
	}
}

// TestCompanyOfTheOtherTab checks that the company field is gone once another window has saved a company,
// and that the page says so.
func TestCompanyOfTheOtherTab(t *testing.T) {
	t.Parallel()
	i := asking(t, "company")
	first := signedIn(i)
	second := i.Browser()
	second.SetCookie("__Host-postern.main", first.Cookie("__Host-postern.main"))
	first.Get("/profile")
	second.Get("/profile")
	first.Submit("main form", map[string]string{"company": "First"}).Want(http.StatusOK)
	second.Submit("main form", map[string]string{"company": "Second"}).Want(http.StatusConflict)
	if got := second.Page.Text(".card"); second.Page.Has("[name=company]") || !strings.Contains(got,
		"Company name") || !strings.Contains(got, "First") {
		t.Errorf("the second window: %s", second.Page.Text("main"))
	}
}

// asking returns a portal whose shop requires the given fields at registration.
func asking(t *testing.T, fields ...string) *webtest.Installation {
	shop := webtest.Bookshop()
	shop.Settings.RequiredFields = &fields
	return webtest.Portal(t, shop)
}

func TestRegistrationAsks(t *testing.T) {
	t.Parallel()
	i := asking(t, "names", "birth_date", "company")
	b := i.Browser()
	if page := i.SignIn(b, jana); page.URL.RequestURI() != "/profile?to=%2Forders" {
		t.Fatalf("led to %s", page.URL)
	}
	for field, required := range map[string]bool{"first_name": true, "last_name": true, "birth_date": true,
		"company": true, "phone": false, "title": false} {
		if b.Page.Has("[name="+field+"][required]") != required ||
			strings.Contains(b.Page.Text("label[for=f-"+field+"]"), "(optional)") == required {
			t.Errorf("%s: %s", field, b.Page.Text("label[for=f-"+field+"]"))
		}
	}
	b.Submit("main form", map[string]string{"first_name": "Jana",
		"birth_date": "1980-05-31"}).Want(http.StatusUnprocessableEntity)
	if diff := cmp.Diff([]string{"#f-last_name", "#f-company"},
		b.Page.Attrs(".field-errors a", "href")); diff != "" ||
		b.Page.Attr("[name=to]", "value") != "/orders" {
		t.Errorf("what is missing: %s", diff)
	}
	b.Follow(".actions a").Want(http.StatusOK)
	if b.Page.URL.Path != "/orders" {
		t.Errorf("later leads to %s", b.Page.URL)
	}
	b.Get("/addresses").Want(http.StatusOK)
	again := i.Browser()
	i.SignIn(again, jana)
	again.Submit("main form", map[string]string{"first_name": "Jana", "last_name": "Nová",
		"birth_date": "1980-05-31", "company": "Kniha"}).Want(http.StatusOK)
	if again.Page.URL.Path != "/orders" || !again.Page.Has(".flash") {
		t.Errorf("saved, and led to %s", again.Page.URL)
	}
	third := i.Browser()
	if page := i.SignIn(third, jana); page.URL.Path != "/orders" {
		t.Errorf("asked once more: %s", page.URL)
	}
	if third.Get("/company"); third.Page.Attr("[name=name]", "value") != "Kniha" {
		t.Error("the company is not kept")
	}
}

// TestRegistrationKeepsTheDestination checks that a new customer continues to the requested page, if it is a
// safe one.
func TestRegistrationKeepsTheDestination(t *testing.T) {
	t.Parallel()
	i := asking(t, "names")
	b := i.Browser()
	b.Get("/sign-in?to=" + url.QueryEscape("/orders?search=A%201&period=2026"))
	b.Submit("main form", map[string]string{"email": jana})
	i.Deliver()
	b.Get(webtest.LinkIn(i.Mailbox.Last(jana)))
	if b.Submit("main form", nil); b.Page.URL.Path != "/profile" {
		t.Fatalf("led to %s", b.Page.URL)
	}
	b.Submit("main form", map[string]string{"first_name": "Jana", "last_name": "Nová"}).Want(http.StatusOK)
	if query := b.Page.URL.Query(); b.Page.URL.Path != "/orders" || query.Get("search") != "A 1" ||
		query.Get("period") != "2026" {
		t.Errorf("went on to %s", b.Page.URL)
	}
	for wish, want := range map[string]string{
		"https://evil.test/": "/orders", "//evil.test": "/orders", `/\evil.test`: "/orders",
		"javascript:alert(1)": "/orders", "/sign-out": "/orders",
		"/\tevil.test": "/orders", "https://www.shop.test.evil.test/": "/orders",
		"https://www.shop.test@evil.test/": "/orders",
		"/company":                         "/company",
		"/sign-in/continue?return_to=https%3A%2F%2Fwww.shop.test%2Fin": "/sign-in/continue",
		"https://www.shop.test/cart":                                   "/sign-in/continue",
	} {
		b.Get("/profile?to=" + url.QueryEscape(wish)).Want(http.StatusOK)
		if later, err := url.Parse(b.Page.Attr(".actions a", "href")); err != nil || later.Path != want ||
			later.Host != "" {
			t.Errorf("%q: later leads to %v", wish, later)
		}
		if b.Submit("main form", nil).Want(http.StatusOK); b.Page.URL.Path != want ||
			b.Page.URL.Host != "account.shop.test" {
			t.Errorf("%q leads to %s", wish, b.Page.URL)
		}
	}
}

// TestNobodyElseIsAsked checks that a customer with an order is not asked for the fields required at
// registration.
func TestNobodyElseIsAsked(t *testing.T) {
	t.Parallel()
	i := asking(t, "title", "names", "birth_date", "phone", "company")
	put(t, i, "1001", nil)
	b := i.Browser()
	if page := i.SignIn(b, jana); page.URL.Path != "/orders" {
		t.Errorf("led to %s", page.URL)
	}
	if b.Get("/profile"); b.Page.Has("main [required]") || b.Page.Has(".mark") ||
		b.Page.Has("[name=company]") {
		t.Errorf("asked for: %s", b.Page.Text("main form"))
	}
}

// TestAccountPagesInEveryLanguage checks the profile and privacy pages with all their possible content.
func TestAccountPagesInEveryLanguage(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	i := asking(t, "names")
	b := signedIn(i)
	token := unsubscribeLink(t, i, jana, "newsletter")
	for _, lang := range words.Languages() {
		b.Post("/profile/language", url.Values{"lang": {lang}, "back": {"/privacy"}}).Want(http.StatusOK)
		b.Submit("main form", nil)
		wantLanguage(t, b.Page, lang)
		b.Submit("main form", nil)
		wantLanguage(t, b.Page, lang)
		b.Post("/privacy", url.Values{"purpose": {"newsletter"}, "say": {"give"},
			"wording": {"old"}}).Want(http.StatusConflict)
		wantLanguage(t, b.Page, lang)
		for _, path := range []string{"/profile", "/profile?to=/orders", "/profile?done=profile.saved"} {
			wantLanguage(t, b.Get(path), lang)
		}
		wantLanguage(t, b.Submit("main form",
			map[string]string{"birth_date": "2999-01-01", "phone": "x"}), lang)
		wantLanguage(t, b.Post("/profile",
			url.Values{"first_name": {"A"}, "last_name": {"B"},
				"version": {"old"}}).Want(http.StatusConflict), lang)
		visitor := i.Browser()
		visitor.Header.Set("Accept-Language", lang)
		wantLanguage(t, visitor.Get(token), lang)
		wantLanguage(t, visitor.Submit("main form", nil), lang)
		wantLanguage(t, visitor.Get("/unsubscribe/damaged").Want(http.StatusNotFound), lang)
	}
}
