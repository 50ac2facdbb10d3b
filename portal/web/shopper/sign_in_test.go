package shopper_test

import (
	"net/http"
	"testing"

	"postern/portal/web/webtest"
)

const jana = "jana@example.com"

// TestSignInWithoutScripts walks from a page that needs signing in, over the mail, back to that page.
func TestSignInWithoutScripts(t *testing.T) {
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/addresses?x=1").Want(http.StatusOK)
	if b.Page.URL.Path != "/sign-in" {
		t.Fatalf("a stranger is shown %s", b.Page.URL)
	}
	b.Submit("main form", map[string]string{"email": "Jana@Example.com "}).Want(http.StatusOK)
	if got := b.Page.Text(".masked"); b.Page.URL.Path != "/sign-in/code" || got != "j•••@e•••.com" {
		t.Errorf("the waiting page is %s and names %q", b.Page.URL, got)
	}
	i.Deliver()
	mailed := i.Mailbox.Last(jana)
	b.Get(webtest.LinkIn(mailed)).Want(http.StatusOK)
	b.Submit("main form", nil).Want(http.StatusOK)
	if got := b.Page.URL.RequestURI(); got != "/addresses?x=1" {
		t.Errorf("signing in leads to %s", got)
	}
	t.Log(mailed.Text)
}
