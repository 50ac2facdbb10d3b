package portal_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// fedApp returns a test app whose feed has introduced Jan as customer 77.
func fedApp(t *testing.T) (*testApp, portal.Feed) {
	t.Helper()
	h := newTestApp(t)
	feed := h.feed()
	if _, err := feed.PutCustomer(t.Context(), "77",
		[]byte(`{"email":"`+jan+`","language":"de","updated_at":"2026-11-21T10:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	return h, feed
}

func TestMailSignIn(t *testing.T) {
	t.Parallel()
	h, feed := fedApp(t)
	if err := feed.MailSignIn(t.Context(), "77", []byte(`{"destination":"/orders/1001"}`), ""); err != nil {
		t.Fatal(err)
	}
	sent := h.deliver()
	if len(sent) != 1 || sent[0].To != jan || codeIn(sent[0]) != "" ||
		sent[0].Subject != "Melden Sie sich in Ihrem Konto bei Bookshop an" {
		t.Fatalf("sent: %+v", sent)
	}
	if !strings.Contains(sent[0].Text,
		"Mit dem Link in dieser E-Mail melden Sie sich in Ihrem Konto bei Bookshop an") ||
		strings.Contains(sent[0].Text, "Angefordert") {
		t.Errorf("the words: %s", sent[0].Text)
	}
	signed, err := h.visitor("any browser").Redeem(t.Context(), tokenIn(sent[0]))
	if err != nil || signed.Destination != "/orders/1001" ||
		h.shopper(signed.Cookie).Customer().Email != jan {
		t.Errorf("leads to %q: %v", signed.Destination, err)
	}
	for body, want := range map[string]string{
		`{"destination":"https://evil.example/"}`: "/destination destination.form",
		`{"destination":"//evil.example"}`:        "/destination destination.form",
		`{"destination":"/sign-in"}`:              "/destination destination.form",
		`{"destination":7}`:                       "/destination json.type", `{"to":"/"}`: "/to json.unknown",
	} {
		if err := feed.MailSignIn(t.Context(), "77", []byte(body), ""); cmp.Diff([]string{want},
			fieldErrorsOf(err)) != "" {
			t.Errorf("%s: %v", body, err)
		}
	}
	if err := feed.MailSignIn(t.Context(), "78", []byte(`{}`),
		""); validate.KindOf(err) != validate.NotFound {
		t.Errorf("an unknown id: %v", err)
	}
	if sent := h.deliver(); len(sent) != 0 {
		t.Errorf("%d mails of refused requests", len(sent))
	}
}

// TestMailSignInUnderWay repeats a request before each step of the first. The repeat gets the same answer
// or, while the first is still in progress, a conflict, and one email is sent.
func TestMailSignInUnderWay(t *testing.T) {
	t.Parallel()
	conflicts := 0
	for turn := 0; ; turn++ {
		h, feed := fedApp(t)
		ask := func(feed portal.Feed) error { return feed.MailSignIn(t.Context(), "77", []byte(`{}`), "one") }
		var twin error
		m := &meddled{Engine: h.engine, turn: turn, meddle: func() { twin = ask(feed) }}
		err := ask(h.feedOver(portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now))))
		for _, answer := range []error{err, twin} {
			var own *validate.Error
			if validate.KindOf(answer) == validate.Conflict && errors.As(answer, &own) &&
				own.Key == "idempotency.running" {
				conflicts++
			} else if answer != nil {
				t.Errorf("before step %d: %v", turn, answer)
			}
		}
		if sent := h.deliver(); len(sent) != 1 {
			t.Errorf("before step %d: %d emails", turn, len(sent))
		}
		if m.turn >= 0 {
			break
		}
	}
	if conflicts == 0 {
		t.Error("none met the other under way")
	}
}

// TestMailSignInLimits checks that a shop can send six sign-in emails an hour and fifteen a day to an
// address, and that sign-in requests made at the portal, even by strangers, do not count.
func TestMailSignInLimits(t *testing.T) {
	t.Parallel()
	h, feed := fedApp(t)
	mails := 0
	ask := func() error {
		err := feed.MailSignIn(t.Context(), "77", []byte(`{}`), "")
		for _, m := range h.deliver() {
			mails++
			if _, err := h.visitor("b").Redeem(t.Context(), tokenIn(m)); err != nil {
				t.Fatal(err)
			}
		}
		return err
	}
	for range 30 {
		if _, err := h.visitor("stranger's").RequestLink(t.Context(), jan, "", "en"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.visitor("b").Redeem(t.Context(), tokenIn(h.deliver()[0])); err != nil { // ends the other links
		t.Fatal(err)
	}
	for i := range 7 {
		if err := ask(); (validate.KindOf(err) == validate.TooMany) != (i >= 6) {
			t.Errorf("mail %d of the hour: %v", i+1, err)
		}
	}
	for i := range 12 {
		if i%5 == 0 {
			h.clock.Move(61 * time.Minute)
		}
		if err := ask(); (validate.KindOf(err) == validate.TooMany) != (i >= 9) {
			t.Errorf("mail %d of the day: %v", i+7, err)
		}
	}
	if mails != 15 {
		t.Errorf("%d mails went out by the feed", mails)
	}
}

// TestMailSignInWithFiveLinks checks that when the maximum number of links is live, the email leads to the
// sign-in page instead.
func TestMailSignInWithFiveLinks(t *testing.T) {
	t.Parallel()
	h, feed := fedApp(t)
	for n := range 6 {
		if err := feed.MailSignIn(t.Context(), "77", []byte(`{"destination":"/orders/1001"}`),
			""); err != nil {
			t.Fatal(err)
		}
		sent := h.deliver()
		if len(sent) != 1 || (tokenIn(sent[0]) == "") != (n == 5) || strings.Contains(sent[0].Text,
			"/sign-in?to=%2Forders%2F1001") != (n == 5) {
			t.Fatalf("mail %d: %+v", n+1, sent)
		}
	}
}

// greeter returns a test app whose shop sends an email for a first order.
func greeter(t *testing.T) *testApp {
	t.Helper()
	h := newTestApp(t)
	shop, err := h.app.Operator().ChangeShop(t.Context(), "main", shop.Settings{FirstOrderMail: ptr(true)})
	if err != nil {
		t.Fatal(err)
	}
	h.shop = shop
	return h
}

// placed returns an order placed that long before the app's current time.
func (h *testApp) placed(number, email string, ago time.Duration) []byte {
	at := h.clock.Now().Add(-ago).Format(time.RFC3339)
	return orderJSON(number, email, "2026-03-05T10:00:00Z", at)
}

// orderInMail is the plain link to an order.
var orderInMail = regexp.MustCompile(`https://main\.example\.com(/orders/\S+)`)

// greeted returns the orders to which the first-order emails link.
func (h *testApp) greeted() []string {
	h.t.Helper()
	h.work()
	list := []string{}
	for _, m := range h.deliver() {
		if tokenIn(m) != "" || codeIn(m) != "" || strings.Contains(m.Text+m.HTML, "/sign-in") {
			h.t.Errorf("the mail to %s has a secret: it may be forwarded", m.To)
		}
		list = append(list, m.To+" "+firstGroup(orderInMail, m.Text))
	}
	return sorted(list)
}

func TestFirstOrderMail(t *testing.T) {
	t.Parallel()
	h := greeter(t)
	want := func(name string, list ...string) {
		t.Helper()
		if list == nil {
			list = []string{}
		}
		if diff := cmp.Diff(list, h.greeted()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	first := h.placed("2026/7 č", jan, time.Hour)
	h.put(first)
	want("the first order", jan+" /orders/2026%2F7%20%C4%8D")
	h.put(first)
	h.put(h.placed("2026/7 č", jan, 0))
	h.put(h.placed("8", jan, 0))
	h.put(h.placed("6", jan, 2*time.Hour))
	want("sent again, changed, a second one, and one placed before")

	h.put(h.placed("a", eva, 48*time.Hour))
	want("two days old", eva+" /orders/a")
	h.put(h.placed("b", "ota@example.com", 48*time.Hour+time.Second))
	h.put(h.placed("c", "ota@example.com", time.Minute))
	want("a history, and an order behind it")
	h.clock.Move(40 * 24 * time.Hour)
	h.put(h.placed("d", jan, 0))
	want("long after the entry in the outbox is gone")

	if _, err := h.app.Operator().ChangeShop(t.Context(), "main",
		shop.Settings{FirstOrderMail: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	h.put(h.placed("e", "una@example.com", 0))
	want("switched off")
}

// TestFirstOrderMovedAway moves the first order to another customer and lets the outbox forget its email.
// The next order does not count as the first.
func TestFirstOrderMovedAway(t *testing.T) {
	t.Parallel()
	h := greeter(t)
	h.put(h.placed("1", jan, time.Minute))
	if list := h.greeted(); len(list) != 1 {
		t.Fatalf("mails: %q", list)
	}
	h.clock.Move(time.Hour)
	h.put(h.placed("1", eva, time.Minute))
	h.clock.Move(40 * 24 * time.Hour)
	box := mail.NewOutbox(h.engine, "main")
	box.Now = h.clock.Now
	if n, err := box.Sweep(t.Context(), 100); n != 1 || err != nil {
		t.Fatalf("%d mails forgotten, %v", n, err)
	}
	h.put(h.placed("2", jan, time.Minute))
	if list := h.greeted(); len(list) != 0 {
		t.Errorf("mailed again: %q", list)
	}
}

// TestFirstOrderMailsTogether stores several orders of new customers before the worker runs. Each customer
// gets one email, which links to the order placed first.
func TestFirstOrderMailsTogether(t *testing.T) {
	t.Parallel()
	h := greeter(t)
	var want []string
	for c := range 5 {
		email := fmt.Sprintf("c%d@example.com", c)
		for n := range 4 {
			h.put(h.placed(fmt.Sprintf("%d-%d", c, n), email, time.Duration(10+(n*7+c)%4)*time.Minute))
		}
		oldest := 0
		for n := range 4 {
			if (n*7+c)%4 > (oldest*7+c)%4 {
				oldest = n
			}
		}
		want = append(want, fmt.Sprintf("%s /orders/%d-%d", email, c, oldest))
	}
	together(4, func(int) {
		if _, err := h.app.Worker().RunOnce(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if diff := cmp.Diff(want, h.greeted()); diff != "" {
		t.Error(diff)
	}
}

// TestFirstOrderInterrupted stops the process after each write between the order and its email. The feed
// retries unanswered requests, another process continues, and exactly one email is sent.
func TestFirstOrderInterrupted(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		if _, err := h.app.Operator().ChangeShop(t.Context(), "main",
			shop.Settings{FirstOrderMail: ptr(true)}); err != nil {
			t.Fatal(err)
		}
		order := h.placed("1", jan, time.Minute)
		attempt := func(app *portal.App) error {
			if _, err := app.Operator().ImportOrders(t.Context(), "main", bytes.NewReader(oneLine(order)),
				func(int) {}); err != nil {
				return err
			}
			_, err := app.Worker().RunOnce(t.Context())
			return err
		}
		return attempt, func(bool) {
			h.put(order)
			if list := h.greeted(); len(list) != 1 {
				t.Errorf("mails: %q", list)
			}
		}
	})
}

// TestFirstOrderOfTheErased erases the email, in the order or in the account, before the worker handles the
// first order.
func TestFirstOrderOfTheErased(t *testing.T) {
	t.Parallel()
	for _, collection := range []string{"orders", "customers"} {
		h := greeter(t)
		h.put(h.placed("1", jan, 0))
		docs := storage.Open[map[string]any](h.engine, "main", storedCollection(t, collection))
		key := "1"
		if collection == "customers" {
			record, err := h.feed().CustomerByEmail(t.Context(), jan)
			if err != nil {
				t.Fatal(err)
			}
			key = record.ID
		}
		if _, err := docs.Change(t.Context(), key, func(doc *map[string]any) error {
			if (*doc)["email"] != jan {
				t.Errorf("no e-mail in %v", *doc)
			}
			delete(*doc, "email")
			if collection == "orders" {
				(*doc)["erased_at"] = h.clock.Now()
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if list := h.greeted(); len(list) != 0 {
			t.Errorf("without the address in %s: %q", collection, list)
		}
	}
}

func storedCollection(t *testing.T, name string) storage.Collection {
	t.Helper()
	for _, c := range portal.Collections() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no collection %s", name)
	return storage.Collection{}
}

// TestFirstOrderOff checks that a shop with default settings sends no first-order email.
func TestFirstOrderOff(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(h.placed("1", jan, 0))
	if list := h.greeted(); len(list) != 0 {
		t.Errorf("mailed unasked: %q", list)
	}
}
