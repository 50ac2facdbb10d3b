package portal_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/secret"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// withSecret returns the app of the same installation with the given secrets, current one first; "n" is the
// new one.
func (h *testApp) withSecret(letters ...string) *portal.App {
	h.t.Helper()
	var secrets [][]byte
	for _, letter := range letters {
		secrets = append(secrets, bytes.Repeat([]byte(letter), secret.Bytes))
	}
	ring, err := secret.New(secrets[0], secrets[1:]...)
	if err != nil {
		h.t.Fatal(err)
	}
	return portal.New(h.engine, ring, portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
}

// credentials counts the customers' credentials documents.
func (h *testApp) credentials() int {
	h.t.Helper()
	at := slices.IndexFunc(portal.Collections(),
		func(c storage.Collection) bool { return c.Name == "credentials" })
	docs := storage.Open[struct{}](h.engine, "main", portal.Collections()[at])
	page, err := storage.Find[struct{}](h.t.Context(), docs,
		storage.Query{Index: "customer", Limit: storage.MaxLimit})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(page.Hits)
}

// TestStoreKnowsItsSecret checks that a store accepts the first secret it gets and refuses any other,
// unless it comes with the previous one.
func TestStoreKnowsItsSecret(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	if begun, err := portal.Begun(t.Context(), h.engine); err != nil || !begun { // has a shop
		t.Errorf("begun %v, %v", begun, err)
	}
	for _, step := range []struct {
		secrets []string
		want    error
	}{
		{[]string{"T"}, nil}, {[]string{"T"}, nil}, {[]string{"n"}, portal.ErrOtherSecret},
		{[]string{"T", "n"}, nil},
		{[]string{"n", "x"}, portal.ErrOtherSecret}, {[]string{"n", "T"}, nil}, {[]string{"n", "T"}, nil},
		{[]string{"n"}, nil},
		{[]string{"T"}, portal.ErrOtherSecret},
	} {
		if err := h.withSecret(step.secrets...).TakeSecret(t.Context()); !errors.Is(err, step.want) {
			t.Errorf("%v: %v, want %v", step.secrets, err, step.want)
		}
	}
	if err := h.app.Ready(t.Context()); !errors.Is(err, portal.ErrOtherSecret) {
		t.Errorf("a process with the secret before is ready: %v", err)
	}
}

// TestReplacedSecretEndsLinksAndSessions checks that replacing the secret ends all sessions, links and
// codes, that unsubscribing and "this wasn't me" still work, and that in the end only the credentials
// document of the new secret is left.
func TestReplacedSecretEndsLinksAndSessions(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	if err := h.app.TakeSecret(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.newCustomer(jan)
	token, _ := h.askLink(jan, "first")
	signed, err := h.visitor("first").Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	h.work()
	alarm := firstGroup(alarmInMail, h.deliver()[0].Text)
	link, code := h.askLink(jan, "second")
	record, err := h.feed().CustomerByEmail(t.Context(), jan)
	if err != nil {
		t.Fatal(err)
	}
	unsubscribe := record.Consents[customer.Newsletter].UnsubscribeURL[len("https://main.example.com"+
		portal.UnsubscribePrefix):]

	if err := h.withSecret("n", "T").TakeSecret(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.app = h.withSecret("n")
	h.dispatcher = h.newDispatcher(h.app)
	if h.shop, err = h.app.Operator().ChangeShop(t.Context(), "main", shop.Settings{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Shopper(t.Context(), h.shop, signed.Cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the session: %v", err)
	}
	if _, err := h.visitor("second").Redeem(t.Context(), link); validate.KindOf(err) != validate.Gone {
		t.Errorf("the link: %v", err)
	}
	if _, err := h.visitor("second").EnterCode(t.Context(), jan,
		code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the code: %v", err)
	}
	if purpose, err := h.visitor("x").Unsubscription(unsubscribe); err != nil ||
		purpose != customer.Newsletter {
		t.Errorf("the one-click address: %q, %v", purpose, err)
	}
	shopper := h.signIn(jan)
	if list, err := shopper.Sessions(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("sessions %+v, %v", list, err)
	}
	if err := h.visitor("x").RevokeAccess(t.Context(), alarm); err != nil {
		t.Errorf("\"this wasn't me\": %v", err)
	}
	if list, err := shopper.Sessions(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after the alarm: %+v, %v", list, err)
	}
	if n := h.credentials(); n != 2 {
		t.Errorf("%d documents", n)
	}
	h.clock.Move(16 * 24 * time.Hour)
	h.sweep()
	if n := h.credentials(); n != 1 {
		t.Errorf("%d documents when nothing of the secret before matters any more", n)
	}
	if portal.New(h.engine, secrettest.Ring()).TakeSecret(t.Context()) == nil {
		t.Error("the secret before is taken")
	}
}
