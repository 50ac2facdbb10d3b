package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/mail"
	"postern/portal/web/webtest"
)

// goOn follows redirects to any site, and Refresh headers, as browsers do.
func (d *visit) goOn(b *webtest.Browser) *webtest.Page {
	d.t.Helper()
	for range 20 {
		target, moved := b.Page.Redirect()
		if _, way, refreshed := strings.Cut(b.Page.Header.Get("Refresh"), "url="); refreshed {
			var err error
			if target, err = url.Parse(way); err != nil {
				d.t.Fatal(err)
			}
			moved = true
		}
		if !moved {
			return b.Page
		}
		b.Send(webtest.Request{Path: target.String()})
	}
	d.t.Fatalf("going round in circles at %s", b.Page.URL)
	return nil
}

func (d *visit) open(b *webtest.Browser, address string) *webtest.Page {
	d.t.Helper()
	b.Send(webtest.Request{Path: address})
	return d.goOn(b).Want(http.StatusOK)
}

const shopFirm = "uctaren@zlatyklas.example"

// wantGreeting checks the shop's page for the signed-in customer.
func (d *visit) wantGreeting(b *webtest.Browser, shop string) {
	d.t.Helper()
	page := b.Page
	if page.URL.String() != shop+"/" || page.Text("h2") != "Hello Žofia" {
		d.t.Fatalf("not signed in at the shop: %s: %s", page.URL, page.Text("main"))
	}
	for _, fact := range []string{shopFirm, "Pekáreň Zlatý klas, s. r. o.", "SK1234567895",
		"Námestie sv. Egídia 112/18, 058 01 Poprad, SK"} {
		if !strings.Contains(page.Text("main ul"), fact) {
			d.t.Errorf("the check-out lacks %q: %s", fact, page.Text("main ul"))
		}
	}
}

// TestStorefront requests a link from the shop in one browser and clicks it in another, which is then
// signed in at the shop. The first browser is still waiting and signs in with the code of another email.
func TestStorefront(t *testing.T) {
	t.Parallel()
	d := visitShared(t)
	shop := d.Storefront
	defer d.signingIn(shopFirm)()
	before := d.latest(shopFirm)
	a, b := webtest.NewBrowser(t, d.Base, nil), webtest.NewBrowser(t, d.Base, nil)

	if d.open(a, shop+"/"); a.Page.Text("h1") != "Hájenka" {
		t.Errorf("the demo's shop calls itself %s", a.Page.Text("h1"))
	}
	d.open(a, a.Page.Attr("a.button", "href"))
	if !strings.HasPrefix(a.Page.URL.String(), d.Base+"/sign-in?") {
		t.Fatalf("the shop's sign-in is %s", a.Page.URL)
	}
	a.Submit("main form", map[string]string{"email": shopFirm}).Want(http.StatusOK)
	first := d.newer(shopFirm, before)

	b.Get(first.Link()).Want(http.StatusOK)
	b.Submit("main form", nil)
	d.goOn(b)
	d.wantGreeting(b, shop)
	if orders := d.open(b, b.Page.Attr("a.button", "href")); orders.URL.String() != d.Base+"/orders" {
		t.Errorf("My orders leads to %s", orders.URL)
	}

	a.Submit("main form", map[string]string{"code": webtest.CodeIn(mail.Message{Text: first.Text})}).Want(http.StatusUnprocessableEntity)
	a.Submit("form[action='/sign-in/again']", nil).Want(http.StatusOK)
	second := d.newer(shopFirm, first)
	a.Submit("main form", map[string]string{"code": webtest.CodeIn(mail.Message{Text: second.Text})})
	d.goOn(a)
	d.wantGreeting(a, shop)

	a.Submit("form[action='/sign-out']", nil)
	if d.goOn(a); a.Page.Has("form[action='/sign-out']") || !a.Page.Has("a.button[href='/sign-in']") {
		t.Errorf("signed out of the shop: %s", a.Page.Text("main"))
	}
	d.open(a, shop+"/sign-in")
	d.wantGreeting(a, shop) // the portal's session still exists, so no email is needed
}

// TestStorefrontEndsInNoCircle returns to the shop in ways that cannot work, and checks that they end after
// one retry.
func TestStorefrontEndsInNoCircle(t *testing.T) {
	t.Parallel()
	d := visitShared(t)
	shop := d.Storefront
	for name, secret := range map[string]string{"without the secret": "", "with another": secretText()} {
		b := webtest.NewBrowser(t, d.Base, nil)
		for _, path := range []string{"/signed-in?again=yes&code=" + secretText(), "/signed-in",
			"/signed-in?error=x"} {
			if secret != "" {
				b.SetCookie(shopVerifier, secret)
			}
			page := b.Send(webtest.Request{Path: shop + path}).Want(http.StatusForbidden)
			if page.Text("[role=alert]") == "" || !page.Has("a.button[href='/sign-in']") {
				t.Errorf("%s, %s: %s", name, path, page.Body)
			}
		}
		d.open(b, shop+"/signed-in?code="+secretText())
		if b.Page.URL.Path != "/sign-in" || !strings.Contains(b.Page.URL.RawQuery, "again") {
			t.Errorf("%s, the way begins again at %s", name, b.Page.URL)
		}
	}
	refusing := webtest.NewBrowser(t, d.Base, nil)
	refusing.RefuseCookies()
	if refusing.Send(webtest.Request{Path: shop +
		"/"}).Want(http.StatusOK); refusing.Page.Has("form[action='/sign-out']") {
		t.Error("a stranger is greeted")
	}
}
