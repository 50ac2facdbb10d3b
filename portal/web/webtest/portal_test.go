package webtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/web/webtest"
)

// TestMailbox checks that the portal's emails are real: their link and code work.
func TestMailbox(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	shops, err := i.App.Shops(t.Context())
	if err != nil || len(shops) != 1 {
		t.Fatalf("shops %v: %v", shops, err)
	}
	const email = "jan@shop.test"
	visitor := i.App.Visitor(shops[0], credential.Browser{Secret: strings.Repeat("s", 43)})
	if _, err := visitor.RequestLink(t.Context(), email, "/orders/1", "en"); err != nil {
		t.Fatal(err)
	}
	i.Mailbox.Refuse(&mail.Failure{Temporary: true, Down: true, Reason: "down"})
	i.Deliver()
	if got := i.Mailbox.All(); len(got) != 0 {
		t.Errorf("a mailbox that refuses took %v", got)
	}
	i.Mailbox.Refuse(nil)
	i.Clock.Move(5 * time.Minute)
	i.Work()
	message := i.Mailbox.Last(email)
	link, code := webtest.LinkIn(message), webtest.CodeIn(message)
	token, found := strings.CutPrefix(link, shops[0].BaseURL+"/sign-in/link/")
	page, err := visitor.Link(t.Context(), token)
	if !found || err != nil || page.State != credential.LinkLive {
		t.Errorf("link %q is %q: %v", link, page.State, err)
	}
	if in, err := visitor.EnterCode(t.Context(), email, code); err != nil || in.Destination != "/orders/1" {
		t.Errorf("code %q leads to %q: %v", code, in.Destination, err)
	}
	if got := i.Mailbox.Last("other@shop.test"); got.To != "" || len(i.Mailbox.All(email)) != 1 {
		t.Errorf("mails %v", i.Mailbox.All())
	}
}

func TestPutByKey(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	const customer = `{"email":"jan@shop.test","updated_at":"2026-03-01T10:00:00Z"}`
	i.Put(i.Key("main"), "/api/v1/customers/1", customer).Want(http.StatusCreated)
	i.Browser().Get("/healthz").Want(http.StatusOK)
}
