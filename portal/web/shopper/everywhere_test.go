package shopper_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/shop"
	"postern/portal/web/webtest"
)

// TestSummariesFollowTheForm checks that the errors above a form are in the order of its fields, also where
// the country decides about it.
func TestSummariesFollowTheForm(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", nil)
	put(t, i, "2", fields{"fulfillment": "delivered", "lines": []fields{
		{"name": "A book", "quantity": "3", "total": "9"}, {"name": "A pen", "quantity": "2", "total": "3.50"}}})
	b := signedIn(i)
	long := strings.Repeat("x", 300)
	for path, typed := range map[string]map[string]string{
		"/addresses/new?country=SK": {"first_name": long, "last_name": "", "line1": "", "city": "", "postal_code": "x", "phone": "x"},
		"/addresses/new?country=HU": {"first_name": long, "last_name": "", "line1": "", "city": "", "postal_code": "x", "phone": "x"},
		"/addresses/new?country=US": {"first_name": long, "last_name": "", "line1": "", "city": "", "postal_code": "x", "phone": "x"},
		"/addresses/new?country=JP": {"first_name": long, "last_name": "", "line1": "", "postal_code": "x", "phone": "x"},
		"/company":                  {"name": long + long, "country": "SK", "registration_number": long, "tax_number": long, "vat_id": "1"},
		"/profile":                  {"title": long, "first_name": long, "last_name": long, "birth_date": "x", "phone": "x"},
		"/withdraw":                 {"name": "", "number": "", "email": "x", "goods": ""},
		"/orders/2/return":          {"line/0": "9", "line/1": "8", "reason": "x", "text": strings.Repeat("x", 2001)},
		"/orders/2/withdraw":        {"name": "", "line/0": "9", "line/1": "8", "what": "parts"},
	} {
		b.Get(path).Want(http.StatusOK)
		page := b.Submit("main form", typed)
		var summary []string
		for _, link := range page.Attrs(".field-errors li a", "href") {
			summary = append(summary, strings.TrimPrefix(link, "#"))
		}
		var form []string
		for _, id := range page.Attrs("main form input, main form select, main form textarea", "id") {
			if slices.Contains(summary, id) {
				form = append(form, id)
			}
		}
		if diff := cmp.Diff(form, summary); diff != "" || len(summary) < 3 {
			t.Errorf("%s answers %d (-form +summary):\n%s", path, page.Status, diff)
		}
	}
}

// TestTitleSaysThatAFormWasRefused checks the title of the document, which a screen reader reads out first.
func TestTitleSaysThatAFormWasRefused(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for lang, word := range map[string]string{"en": "Error: ", "sk": "Chyba: ", "cs": "Chyba: ", "de": "Fehler: ", "pl": "Błąd: "} {
		b := i.Browser()
		b.Header.Set("Accept-Language", lang)
		if b.Get("/sign-in"); strings.HasPrefix(b.Page.Text("title"), word) {
			t.Errorf("%s: before it is sent the form is called %q", lang, b.Page.Text("title"))
		}
		heading := b.Page.Text("h1")
		b.Submit("main form", map[string]string{"email": "nobody"}).Want(http.StatusUnprocessableEntity)
		if got := b.Page.Text("title"); !strings.HasPrefix(got, word+heading) || b.Page.Text("h1") != heading {
			t.Errorf("%s: the refused form is called %q", lang, got)
		}
	}
}

// TestLanguageAtSignIn checks that pages do not change their language at the sign-in without a word and a way
// back.
func TestLanguageAtSignIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stored, browser, query string
		said, back                   string // the confirmation and its button
		lang                         string // after the button, if there is one
	}{
		{"the account has another language", "sk", "de", "", "Váš účet sa zobrazuje v slovenčine.", "Deutsch", "de"},
		{"the visitor chose another language", "sk", "sk", "?lang=pl", "Váš účet sa zobrazuje v slovenčine.", "Polski", "pl"},
		{"no language is known, and the visitor chose one", "", "en", "?lang=cs", "Your account is shown in English.", "Čeština", "cs"},
		{"the same language", "sk", "sk", "", "", "", "sk"},
		{"no language is known", "", "de", "", "", "", "de"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := webtest.Portal(t)
			more := fields{}
			if test.stored != "" {
				more["language"] = test.stored
			}
			put(t, i, "1", more)
			b := i.Browser()
			b.Header.Set("Accept-Language", test.browser)
			b.Get("/sign-in" + test.query)
			b.Submit("main form", map[string]string{"email": jana}).Want(http.StatusOK)
			i.Deliver()
			b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(jana))}).Want(http.StatusOK)
			if b.Page.URL.Path != "/orders" || b.Page.Text(".flash p") != test.said || b.Page.Text(".flash button") != test.back {
				t.Errorf("%s says %q and offers %q", b.Page.URL, b.Page.Text(".flash p"), b.Page.Text(".flash button"))
			}
			if test.back != "" {
				b.Submit(".flash form", nil).Want(http.StatusOK)
			}
			if got := b.Page.Attr("html", "lang"); got != test.lang || b.Page.URL.Path != "/orders" {
				t.Errorf("%s is in %q", b.Page.URL, got)
			}
			b.Get("/orders?done=language&undo=xx")
			if b.Page.Has(".flash button") {
				t.Error("a language that the shop does not have is offered")
			}
		})
	}
}

// TestUsedLinkInTheSameBrowser checks that a link that was used before leads a signed-in customer on, and
// says so.
func TestUsedLinkInTheSameBrowser(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/sign-in?to=/addresses")
	b.Submit("main form", map[string]string{"email": jana}).Want(http.StatusOK)
	i.Deliver()
	link := webtest.LinkIn(i.Mailbox.Last(jana))
	b.Get(link)
	if b.Submit("main form", nil).Want(http.StatusOK); b.Page.Has(".flash") {
		t.Errorf("the first time it says %q", b.Page.Text(".flash"))
	}
	b.Get(link).Want(http.StatusOK)
	if got := b.Page.Text(".flash p"); b.Page.URL.Path != "/addresses" ||
		got != "You’ve already used that link. You’re still signed in." {
		t.Errorf("the second time %s says %q", b.Page.URL, got)
	}
}

// TestFooterInTheLanguageOfThePage checks that links with a language are on the pages in it, in place of
// those without one.
func TestFooterInTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	own := webtest.Bookshop()
	own.Settings.Footer = &[]shop.FooterLink{{Label: "Terms", URL: "https://shop.test/terms"},
		{Label: "Obchodné podmienky", URL: "https://shop.test/sk/podmienky", Lang: "sk"},
		{Label: "Doprava", URL: "https://shop.test/sk/doprava", Lang: "sk"}, {Label: "AGB", URL: "https://shop.test/agb", Lang: "de"}}
	i := webtest.Portal(t, own)
	for lang, want := range map[string][]string{"en": {"Terms"}, "pl": {"Terms"}, "de": {"AGB"},
		"sk": {"Obchodné podmienky", "Doprava"}} {
		if diff := cmp.Diff(want, i.Browser().Get("/sign-in?lang="+lang).Texts(".foot-links a")); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
	}
}

// TestErrorPagesShareALayout checks that each page that only says what is wrong is one card with a heading
// and one main action.
func TestErrorPagesShareALayout(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", nil)
	visitor, customer := i.Browser(), signedIn(i)
	for name, page := range map[string]*webtest.Page{
		"unknown path": visitor.Get("/nothing"), "unknown path, signed in": customer.Get("/nothing"),
		"unknown order": customer.Get("/orders/none"), "damaged link": i.Browser().Get("/sign-in/link/damaged"),
	} {
		if len(page.Texts("main .panel")) != 1 || len(page.Texts("main .panel h1")) != 1 ||
			len(page.Texts("main .panel .button.main")) != 1 || page.Status < 400 {
			t.Errorf("%s: %d, %.400s", name, page.Status, page.Body)
		}
	}
}
