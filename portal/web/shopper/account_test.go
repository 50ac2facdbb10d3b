package shopper_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
)

// slovak returns an address as it is typed.
func slovak() map[string]string {
	return map[string]string{
		"first_name": "Jana", "last_name": "Nová", "line1": "Obchodná 1", "city": "Bratislava",
		"postal_code": "81106", "action": "save",
	}
}

func TestAddAddress(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	b.Get("/addresses/new?country=SK").Want(http.StatusOK)
	typed := slovak()
	typed["postal_code"] = "1234567"
	b.Submit("main form", typed).Want(http.StatusUnprocessableEntity)
	if b.Page.Text("#f-postal_code-error") == "" || b.Page.Attr("[name=city]", "value") != "Bratislava" ||
		b.Page.Attr("[name=postal_code]", "value") != "1234567" {
		t.Errorf("the error is not at its field, or the typed is lost: %.900s", b.Page.Text("main"))
	}
	if got := b.Page.Text(".field-errors a"); got != "Enter a valid postal code for this country." {
		t.Errorf("the summary says %q", got)
	}
	b.Submit("main form", slovak()).Want(http.StatusOK)
	if got := b.Page.Text(".card address"); got != "Obchodná 1 811 06 Bratislava SLOVAKIA" ||
		len(b.Page.Texts(".tag")) != 2 {
		t.Errorf("the card: %q", b.Page.Text(".card"))
	}
}

// TestChangeCountry checks that without scripts another country's form is shown and keeps the fields that
// both have.
func TestChangeCountry(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	b.Get("/addresses/new?country=SK")
	typed := slovak()
	typed["country"], typed["action"] = "US", "country"
	b.Submit("main form", typed).Want(http.StatusOK)
	if !b.Page.Has("select[name=administrative_area]") || b.Page.Attr("[name=line1]",
		"value") != "Obchodná 1" {
		t.Errorf("the form for the United States: %s", b.Page.Body)
	}
	b.Get("/addresses")
	if b.Page.Has(".card") {
		t.Error("changing the country saved something")
	}
	b.Get("/addresses/new")
	b.Submit("main form", map[string]string{"country": "DE"}).Want(http.StatusOK)
	if !b.Page.Has("[name=postal_code]") {
		t.Error("without a country at first, choosing one shows no form")
	}
}

// TestAddressOfUnknownCountryKeepsItsFields checks that an address with an invalid country keeps its other
// fields when a country is chosen.
func TestAddressOfUnknownCountryKeepsItsFields(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	b.Get("/addresses/new?country=SK")
	typed := slovak()
	typed["country"], typed["action"] = "Narnia", "country"
	b.Submit("main form", typed).Want(http.StatusOK)
	b.Submit("main form", map[string]string{"country": "DE", "action": "country"}).Want(http.StatusOK)
	for name, want := range map[string]string{"line1": "Obchodná 1", "city": "Bratislava",
		"postal_code": "81106"} {
		if got := b.Page.Attr("[name="+name+"]", "value"); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// TestSummaryLinksToFieldsThatAreShown saves an address without a country and with an unknown one. Each line
// of the summary links to a field of the page, although the others' errors are known, too.
func TestSummaryLinksToFieldsThatAreShown(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	for _, country := range []string{"", "XX"} {
		b.Get("/addresses/new?country=SK")
		b.Submit("main form", map[string]string{"country": country, "last_name": "", "phone": "030 123 privat",
			"action": "save"}).Want(http.StatusUnprocessableEntity)
		links := b.Page.Attrs(".field-errors a", "href")
		if len(links) != 1 || links[0] != "#f-country" || b.Page.Text("#f-country-error") == "" {
			t.Errorf("country %q: the summary links to %v", country, links)
		}
		if got := b.Page.Text(".field-errors a"); !strings.Contains(strings.ToLower(got), "country") {
			t.Errorf("country %q: the summary says %q", country, got)
		}
	}
}

// TestTwoTabs saves one address from two windows: the second shows both versions and can still save its
// own.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	first := signedIn(i)
	first.Get("/addresses/new?country=SK")
	first.Submit("main form", slovak())
	edit := first.Page.Attr(".card .actions a", "href")
	second := i.Browser()
	second.SetCookie("__Host-postern.main", first.Cookie("__Host-postern.main"))
	first.Get(edit)
	second.Get(edit)
	first.Submit("main form", map[string]string{"line1": "Dunajská 2"}).Want(http.StatusOK)
	second.Submit("main form", map[string]string{"line1": "Laurinská 3"}).Want(http.StatusConflict)
	both := second.Page.Texts(".card address")
	if len(both) != 2 || !strings.Contains(both[0], "Laurinská 3") ||
		!strings.Contains(both[1], "Dunajská 2") {
		t.Errorf("the choice is between %q", both)
	}
	second.Submit("main form", nil).Want(http.StatusOK)
	if got := second.Page.Texts(".card address"); len(got) != 1 || !strings.Contains(got[0], "Laurinská 3") {
		t.Errorf("kept: %q", got)
	}
	second.Get(edit)
	first.Get("/addresses")
	first.Submit("form[action$='/delete']", nil)
	second.Submit("main form", map[string]string{"line1": "Nová 4"}).Want(http.StatusConflict)
	if second.Page.Attr("main form", "action") != "/addresses/new" || second.Page.Attr("[name=line1]",
		"value") != "Nová 4" {
		t.Errorf("an address deleted meanwhile: %.600s", second.Page.Text("main"))
	}
}

func TestDeleteAndUndo(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	b.Get("/addresses/new?country=SK")
	b.Submit("main form", slovak())
	before := b.Page.Text(".cards")
	b.Submit("form[action$='/delete']", nil).Want(http.StatusOK)
	if b.Page.Has(".card") || !b.Page.Has(".flash form") {
		t.Fatalf("after deleting: %s", b.Page.Text("main"))
	}
	undo := b.Page.Attr(".flash form", "action")
	b.Submit(".flash form", nil).Want(http.StatusOK)
	if diff := cmp.Diff(before, b.Page.Text(".cards")); diff != "" {
		t.Errorf("undone:\n%s", diff)
	}
	b.Post(undo, nil).Want(http.StatusOK)
	if n := len(b.Page.Texts(".card")); n != 1 {
		t.Errorf("undone twice: %d addresses", n)
	}
	for _, name := range []string{"../../sign-out", "x"} {
		if b.Get("/addresses?done=address.deleted&undo=" + name); b.Page.Has(".flash form") {
			t.Errorf("a link offers to undo %q", name)
		}
	}
}

func TestDefaultAddress(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	for _, street := range []string{"Hlavná 1", "Krátka 2"} {
		b.Get("/addresses/new?country=SK")
		typed := slovak()
		typed["line1"] = street
		b.Submit("main form", typed)
	}
	b.Submit("form[action$='/default']", map[string]string{"use": "billing"}).Want(http.StatusOK)
	if names := b.Page.Attrs("form[action$='/default'] button", "aria-label"); !slices.Equal(names,
		[]string{"Set as default billing address: Jana Nová", "Set as default delivery address: Jana Nová"}) {
		t.Errorf("the buttons are called %q", names)
	}
	if got := b.Page.Texts(".card .tags"); len(got) != 2 || got[0] != "Delivery" ||
		got[1] != "Billing" {
		t.Errorf("the defaults: %q", got)
	}
	b.Post(b.Page.Attr("form[action$='/default']", "action"), nil).Want(http.StatusUnprocessableEntity)
}

func TestCompany(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, country, typed string
		saved, wrong         string // either of the two
	}{
		{"as printed", "SK", "SK2022273990", "SK2022273990", ""},
		{"spaces and lower case", "SK", " sk 2022 273 990 ", "SK2022273990", ""},
		{"Greece by its ISO code", "GR", "GR094014201", "EL094014201", ""},
		{"none", "SK", "", "", ""},
		{"a digit off", "SK", "SK2022273991", "", "typing errors"},
		{"too short", "SK", "SK202227399", "", "for example SK"},
	}
	i := webtest.Portal(t)
	b := signedIn(i)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.Get("/company")
			b.Submit("main form", map[string]string{"name": "Kniha s.r.o.", "country": test.country,
				"vat_id": test.typed, "action": "save"})
			if test.wrong == "" {
				b.Page.Want(http.StatusOK)
				if got := b.Page.Attr("[name=vat_id]", "value"); got != test.saved || !b.Page.Has(".flash") {
					t.Errorf("saved as %q", got)
				}
				return
			}
			b.Page.Want(http.StatusUnprocessableEntity)
			if got := b.Page.Text("#f-vat_id-error"); !strings.Contains(got, test.wrong) ||
				b.Page.Attr("[name=vat_id]", "value") != test.typed {
				t.Errorf("the error: %q; kept: %q", got, b.Page.Attr("[name=vat_id]", "value"))
			}
		})
	}
}

// TestCompanyCountry checks that the numbers have the country's names, without scripts.
func TestCompanyCountry(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	b.Get("/company")
	b.Submit("main form", map[string]string{"name": "Buch GmbH", "country": "DE",
		"action": "country"}).Want(http.StatusOK)
	if got := b.Page.Text("label[for=f-vat_id]"); got != "USt-IdNr." || b.Page.Attr("[name=name]",
		"value") != "Buch GmbH" {
		t.Errorf("the VAT ID is called %q", got)
	}
	if b.Get("/company"); b.Page.Attr("[name=name]", "value") != "" {
		t.Error("changing the country saved something")
	}
}

// TestCompanyInTwoTabs checks that the second of two windows shows what the first saved and can overwrite
// it.
func TestCompanyInTwoTabs(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	first := signedIn(i)
	second := i.Browser()
	second.SetCookie("__Host-postern.main", first.Cookie("__Host-postern.main"))
	first.Get("/company")
	second.Get("/company")
	first.Submit("main form", map[string]string{"name": "First", "country": "SK",
		"action": "save"}).Want(http.StatusOK)
	second.Submit("main form", map[string]string{"name": "Second"}).Want(http.StatusConflict)
	if got := second.Page.Texts(".card dd"); !slices.Equal(got, []string{"Second", "First", "Slovakia"}) ||
		second.Page.Attr("[name=name]", "value") != "Second" || second.Page.Has(".field-errors") {
		t.Errorf("the second window: %s", second.Page.Text("main"))
	}
	second.Submit("main form", nil).Want(http.StatusOK)
	if got := second.Page.Attr("[name=name]", "value"); got != "Second" {
		t.Errorf("kept: %q", got)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	here := signedIn(i)
	others := []*webtest.Browser{signedIn(i), signedIn(i), signedIn(i)}
	here.Get("/security").Want(http.StatusOK)
	if n := len(here.Page.Texts("form[action='/security/end']")); n != 3 {
		t.Fatalf("%d other sessions", n)
	}
	here.Submit("form[action='/security/end']", nil).Want(http.StatusOK)
	if n := len(here.Page.Texts("form[action='/security/end']")); n != 2 || !here.Page.Has(".flash") {
		t.Errorf("%d other sessions after one was ended", n)
	}
	here.Submit("form[action='/security/end-others']", nil).Want(http.StatusOK)
	if here.Page.Has("form[action='/security/end']") {
		t.Error("others are left")
	}
	for n, other := range others {
		if other.Get("/orders"); other.Page.URL.Path != "/sign-in" {
			t.Errorf("browser %d is still signed in", n)
		}
	}
	if here.Get("/orders").Want(http.StatusOK); here.Page.URL.Path != "/orders" {
		t.Error("this browser is signed out")
	}
}
