package portal_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/address"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// traces are personal details of one customer. Each must be somewhere in the store before the erasure and
// nowhere after it.
var traces = map[string]string{
	"e-mail address": "zdenka.stopova@example.com", "former address": "zdenka.predtym@example.com",
	"first name": "Zdenka", "last name": "Stopová",
	"street": "Krivolaká 77", "order's street": "Závozná 5", "company": "Stopovo s. r. o.",
	"VAT ID": "SK2021853504", "phone": "+421905123456",
	"tracking number": "SLEDUJ-99", "note": "zvoniť u susedov", "engraving": "Milovanej Zdenke",
	"card": "•••• 4711", "pickup point": "Výdajňa pod mostom",
}

// person creates a customer with every kind of data that the product stores and signs them in with a code.
func (h *testApp) person() portal.Shopper {
	h.t.Helper()
	former, email := traces["former address"], traces["e-mail address"]
	h.put(h.tracedOrder("E-1", former))
	body := fmt.Sprintf(`{"email":%q,"first_name":"Zdenka","last_name":"Stopová","phone":%q,"updated_at":"2026-03-06T10:00:00Z"}`, former, traces["phone"])
	if _, err := h.feed().PutCustomer(h.t.Context(), "4711", []byte(body)); err != nil {
		h.t.Fatal(err)
	}
	cookie := h.signInByCode(former, "browser")
	cookie = h.change(cookie, email, "browser")
	h.put(h.tracedOrder("E-2", email))
	s := h.shopper(cookie)
	a := customer.SavedAddress{Address: address.Address{
		FirstName: "Zdenka", LastName: "Stopová", Line1: traces["street"], City: "Bratislava",
		PostalCode: "81106", Country: "SK",
	}}
	if _, err := s.SaveAddress(h.t.Context(), a); err != nil {
		h.t.Fatal(err)
	}
	if _, err := s.SaveCompany(h.t.Context(),
		customer.Company{Name: traces["company"], Country: "SK", VATID: traces["VAT ID"]}); err != nil {
		h.t.Fatal(err)
	}
	h.work()
	h.deliver()
	return h.shopper(h.signInByCode(email, "browser"))
}

func (h *testApp) tracedOrder(number, email string) []byte {
	return orderJSON(number, email, `"lines"`, fmt.Sprintf(`"customer_id":"4711","customer_note":%q,"payment_method":"Visa %s","vat_id":%q,
		"shipping_address":{"first_name":"Zdenka","last_name":"Stopová","line1":%q,"city":"Nitra","country":"SK"},
		"shipments":[{"carrier":"DHL","number":%q,"pickup_point":%q}],"lines"`,
		traces["note"], traces["card"], traces["VAT ID"], traces["order's street"], traces["tracking number"],
		traces["pickup point"]),
		`"name":"Book"`, fmt.Sprintf(`"name":"Book","options":[{"name":"Engraving","value":%q}]`,
			traces["engraving"]))
}

// erase requests an erasure and runs it to completion.
func (h *testApp) erase(s portal.Shopper) {
	h.t.Helper()
	asked, err := s.RequestErasure(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.work()
	h.deliver()
	h.clock.Move(asked.At.Sub(h.clock.Now()))
	h.work()
	h.clock.Move(time.Minute)
	h.work()
}

// TestErasure searches the store's files and the log for the traces, before and after the erasure.
func TestErasure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log bytes.Buffer
	h := goldenApp(t, dir)
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.app = portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0),
		portal.WithLog(logger))
	h.dispatcher = h.newDispatcher(h.app)
	h.dispatcher.Log = logger
	h.shop = h.open("main", shop.Settings{})
	s := h.person()
	before := bytesBelow(t, dir)
	for name, trace := range traces {
		if !bytes.Contains(before, []byte(trace)) {
			t.Errorf("the %s is not even stored", name)
		}
	}
	h.erase(s)
	walked := h.everything()
	if err := h.engine.Close(); err != nil { // merges the store's write-ahead log into its file
		t.Fatal(err)
	}
	after := bytesBelow(t, dir)
	for name, trace := range traces {
		if strings.Contains(walked, trace) {
			t.Errorf("a document holds the %s", name)
		}
		if bytes.Contains(after, []byte(trace)) {
			t.Errorf("the files of the store hold the %s", name)
		}
		if strings.Contains(log.String(), trace) {
			t.Errorf("the log holds the %s", name)
		}
	}
	if !strings.Contains(walked, "E-1") || !strings.Contains(walked, "E-2") {
		t.Error("the orders are gone, too")
	}
}

func bytesBelow(t *testing.T, dir string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		all = append(all, content...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// everything returns the text of every document in the store.
func (h *testApp) everything() string {
	h.t.Helper()
	walker, ok := h.engine.(storage.Walker)
	if !ok {
		h.t.Skip("the store cannot be walked")
	}
	var all strings.Builder
	for _, collection := range portal.Collections() {
		for after := ""; ; {
			entries, err := walker.Walk(h.t.Context(), collection.Name,
				storage.Walk{After: after, Limit: 1000, Bodies: true})
			if err != nil {
				h.t.Fatal(err)
			}
			for _, entry := range entries {
				fmt.Fprintf(&all, "%s %s\n", entry.ID, entry.Doc)
				after = entry.ID
			}
			if len(entries) == 0 {
				break
			}
		}
	}
	return all.String()
}

// erasureMails sends what is due and returns the texts of the erasure emails by address.
func (h *testApp) erasureMails() map[string]string {
	h.t.Helper()
	told := map[string]string{}
	for _, m := range h.told("will be deleted") {
		told[m.To] = m.Text
	}
	return told
}

// TestErasureTakesSevenDays checks that the account works for exactly seven days, during which the request
// can be cancelled, and is then gone.
func TestErasureTakesSevenDays(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	if _, err := h.signIn(jan).RequestErasure(t.Context()); validate.KindOf(err) != validate.StepUp {
		t.Errorf("without a fresh code: %v", err)
	}
	s := h.shopper(h.signInByCode(jan, "browser"))
	asked, err := s.RequestErasure(t.Context())
	if err != nil || asked.At != h.clock.Now().Add(7*24*time.Hour) {
		t.Fatalf("%+v %v", asked, err)
	}
	h.clock.Move(time.Minute)
	if again, err := s.RequestErasure(t.Context()); err != nil || again != asked {
		t.Errorf("asked once more: %+v %v", again, err)
	}
	told := h.erasureMails()
	if len(told) != 1 || !strings.Contains(told[jan], "28\u00a0November\u00a02026") ||
		!strings.Contains(told[jan], "/privacy") {
		t.Errorf("mails: %+v", told)
	}
	if err := s.CancelErasure(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(8 * 24 * time.Hour)
	h.work()
	s = h.shopper(h.signInByCode(jan, "browser"))
	if s.Customer().Erasure != (customer.Erasure{}) {
		t.Errorf("kept: %+v", s.Customer())
	}
	if _, err := s.RequestErasure(t.Context()); err != nil {
		t.Fatal(err)
	}
	cookie := h.signInByCode(jan, "another")
	h.clock.Move(7*24*time.Hour - time.Millisecond)
	h.work()
	h.shopper(cookie)
	h.clock.Move(time.Millisecond)
	h.work()
	if _, err := h.app.Shopper(t.Context(), h.shop, cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the session lives: %v", err)
	}
	if err := s.CancelErasure(t.Context()); err == nil {
		t.Error("an account that is being erased was kept")
	}
}

// TestErasureIsCancelled checks that a pending erasure email is not sent once the request has been
// cancelled.
func TestErasureIsCancelled(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.shopper(h.signInByCode(jan, "browser"))
	if _, err := s.RequestErasure(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.work()
	if err := s.CancelErasure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if told := h.erasureMails(); len(told) != 0 {
		t.Errorf("told all the same: %v", told)
	}
	for n := range 5 {
		_, err := s.RequestErasure(t.Context())
		if n < 4 == (validate.KindOf(err) == validate.TooMany) {
			t.Errorf("wish %d of the day: %v", n+2, err)
		}
		if _, again := s.RequestErasure(t.Context()); validate.KindOf(again) != validate.KindOf(err) {
			t.Errorf("wish %d of the day: %v, the same once more: %v", n+2, err, again)
		}
		if err := s.CancelErasure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// wantUndone submits an undo and checks that a month later the account is still Jan's and no erasure is
// planned.
func (h *testApp) wantUndone(undo string) {
	h.t.Helper()
	h.work()
	if err := h.undo(undo); err != nil {
		h.t.Fatal(err)
	}
	h.clock.Move(30 * 24 * time.Hour)
	h.quiet()
	if c := h.signIn(jan).Customer(); c.Erasure != (customer.Erasure{}) {
		h.t.Errorf("taken back: %+v", c.Erasure)
	}
}

// TestErasureWaitsForTheUndo checks that a thief who moved an account cannot have it erased before the
// owner's time to undo has passed, and that the owner is also notified at the old address.
func TestErasureWaitsForTheUndo(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.change(h.signInByCode(jan, "thief"), "thief@example.com", "thief")
	_, undo := h.undoMail(jan)
	h.clock.Move(time.Hour)
	s := h.shopper(h.refresh(cookie))
	asked, err := s.RequestErasure(t.Context())
	if err != nil || asked.At != h.clock.Now().Add(14*24*time.Hour-time.Hour) ||
		!s.ErasureDate().Equal(asked.At) {
		t.Fatalf("%+v %v", asked, err)
	}
	if told := h.erasureMails(); len(told) != 2 || !strings.Contains(told[jan], "It restores your email") ||
		strings.Contains(told[jan], "/privacy") {
		t.Errorf("mails: %v", told)
	}
	h.clock.Move(asked.At.Sub(h.clock.Now()) - time.Millisecond)
	h.wantUndone(undo)
}

// TestErasureWaitsForALaterChange checks that moving an account postpones an erasure requested earlier, and
// that both addresses are emailed the new date.
func TestErasureWaitsForALaterChange(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.signInByCode(jan, "thief")
	if _, err := h.shopper(cookie).RequestErasure(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.erasureMails()
	h.clock.Move(6 * 24 * time.Hour)
	cookie = h.change(h.refresh(cookie), "thief@example.com", "thief")
	if at := h.shopper(cookie).Customer().Erasure.At; !at.Equal(h.clock.Now().Add(14 * 24 * time.Hour)) {
		t.Errorf("it comes at %s, %s after the change", at, at.Sub(h.clock.Now()))
	}
	var undo string
	told := 0
	h.work()
	for _, m := range h.deliver() {
		if link := firstGroup(undoInMail, m.Text); link != "" {
			undo = link
		}
		if strings.Contains(m.Subject, "will be deleted") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d mails with the new date, want 2", told)
	}
	h.clock.Move(14*24*time.Hour - time.Millisecond)
	h.wantUndone(undo)
}

// TestErasureIsToldOnce checks that each address gets one email, with the final date, when the date changes
// before the email is written.
func TestErasureIsToldOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.signInByCode(jan, "one")
	code := h.wanted(cookie, jana)
	if _, err := h.shopper(cookie).RequestErasure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.shopper(cookie).ChangeEmail(t.Context(), jana, code, firefox("one")); err != nil {
		t.Fatal(err)
	}
	if told := h.told("will be deleted"); len(told) != 2 {
		t.Errorf("%d mails to two addresses", len(told))
	}
}

// beginErasure leaves the customer in the minute between the two halves of an erasure.
func (h *testApp) beginErasure() {
	h.t.Helper()
	asked, err := h.person().RequestErasure(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.Move(asked.At.Sub(h.clock.Now()))
	h.work()
}

// TestComesWhileErased checks that feed documents sent between the two halves of an erasure are refused as
// temporarily unavailable, and create a new customer when sent again.
func TestComesWhileErased(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.beginErasure()
	email := traces["e-mail address"]
	customer := fmt.Appendf(nil, `{"email":%q,"updated_at":"2026-11-20T10:00:00Z"}`, email)
	if _, err := h.feed().PutOrder(t.Context(), "E-9",
		h.tracedOrder("E-9", email)); validate.KindOf(err) != validate.Unavailable {
		t.Errorf("an order: %v", err)
	}
	for _, id := range []string{"4711", "4712"} {
		if _, err := h.feed().PutCustomer(t.Context(), id,
			customer); validate.KindOf(err) != validate.Unavailable {
			t.Errorf("customer %s: %v", id, err)
		}
	}
	if sent := h.visitorAsks(email); sent != 0 {
		t.Errorf("%d mails to sign in", sent)
	}
	h.clock.Move(time.Minute)
	h.work()
	if _, err := h.feed().PutOrder(t.Context(), "E-9", h.tracedOrder("E-9", email)); err != nil {
		t.Fatal(err)
	}
	h.work()
	if page, err := h.signIn(email).Orders(t.Context(), order.Query{}); err != nil || len(page.Rows) != 1 ||
		page.Total != 1 {
		t.Errorf("%+v %v", page, err)
	}
}

// TestAddressesNobodyHas checks that with open registration an address that was entered and never used is
// deleted.
func TestAddressesNobodyHas(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.openTo()
	link, _ := h.askLink("typed@example.com", "browser")
	h.clock.Move(44*24*time.Hour - time.Millisecond)
	h.sweep()
	if page, err := h.visitor("x").Link(t.Context(), link); err != nil ||
		page.State != credential.LinkExpired {
		t.Errorf("forgotten too early: %+v %v", page, err)
	}
	h.clock.Move(time.Millisecond)
	h.sweep()
	if err := mail.NewOutbox(h.engine, h.shop.ID).Forget(t.Context(), "typed@example.com"); err != nil { // its month has passed, too
		t.Fatal(err)
	}
	if all := h.everything(); strings.Contains(all, "typed@example.com") {
		t.Error("the address is kept for good")
	}
	if page, err := h.visitor("x").Link(t.Context(), link); err != nil ||
		page.State != credential.LinkDamaged {
		t.Errorf("%+v %v", page, err)
	}
}

// TestErasedOrders checks that later feed data can change an erased order's status and amounts but never
// restores personal data.
func TestErasedOrders(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.erase(h.person())
	email := traces["e-mail address"]
	later := h.tracedOrder("E-2", email)
	later = bytes.Replace(later, []byte(`"updated_at":"2026-03-05T10:00:00Z"`),
		[]byte(`"updated_at":"2026-04-05T10:00:00Z"`), 1)
	later = bytes.Replace(later, []byte(`"payment":"paid"`),
		[]byte(`"payment":"refunded","refunded":"12.50"`), 1)
	for want, body := range map[order.Outcome][]byte{order.Unchanged: h.tracedOrder("E-1", email),
		order.Updated: later} {
		if got := h.put(body); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := h.put(h.tracedOrder("E-2", email)); got != order.Stale {
		t.Errorf("an older one is %s", got)
	}
	h.work()
	all := h.everything()
	for name, trace := range traces {
		if strings.Contains(all, trace) {
			t.Errorf("the %s is back", name)
		}
	}
	if !strings.Contains(all, "refunded") || !strings.Contains(all, "erased_at") {
		t.Error("the status did not change, or the order does not say that it is erased")
	}
	body := fmt.Sprintf(`{"email":%q,"updated_at":"2026-11-20T10:00:00Z"}`, email)
	if _, err := h.feed().PutCustomer(t.Context(), "4711",
		[]byte(body)); validate.KindOf(err) != validate.Gone {
		t.Errorf("the shop's record brought them back: %v", err)
	}
	if _, err := h.feed().Customer(t.Context(), "4711"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("the feed reads them: %v", err)
	}
	if h.visitorAsks(email) != 0 {
		t.Error("a sign-in mail is sent")
	}
}

func (h *testApp) visitorAsks(email string) int {
	h.t.Helper()
	if _, err := h.visitor("x").RequestLink(h.t.Context(), email, "", "en"); err != nil {
		h.t.Fatal(err)
	}
	return len(h.deliver())
}

// TestErasedComesBack checks that a new order makes an erased person a customer again, with that order
// only.
func TestErasedComesBack(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("other", "eva@example.com"))
	h.erase(h.person())
	email := traces["e-mail address"]
	h.put(h.tracedOrder("E-3", email))
	h.work()
	s := h.signIn(email)
	other := []byte(`{"email":"eva@example.com","updated_at":"2026-11-20T10:00:00Z"}`)
	if _, err := h.feed().PutCustomer(t.Context(), "4711", other); validate.KindOf(err) != validate.Gone {
		t.Errorf("the erased id leads to somebody who was a customer before: %v", err)
	}
	page, err := s.Orders(t.Context(), order.Query{})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Number != "E-3" || page.Total != 1 {
		t.Errorf("%+v %v", page, err)
	}
	body := fmt.Sprintf(`{"email":%q,"first_name":"Zdenka","updated_at":"2026-11-20T10:00:00Z"}`, email)
	if _, err := h.feed().PutCustomer(t.Context(), "4711", []byte(body)); err != nil {
		t.Errorf("the shop's record of them: %v", err)
	}
}

// TestErasureIsResumed stops the worker at each of its writes in turn and checks that the next worker
// completes the erasure.
func TestErasureIsResumed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a stop at every write: not in a short run")
	}
	for n := 1; ; n++ {
		h := newTestApp(t)
		asked, err := h.person().RequestErasure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.work()
		h.deliver()
		h.clock.Move(asked.At.Sub(h.clock.Now()))
		died := h.workUntil(n)
		h.clock.Move(time.Minute)
		died = h.workUntil(n) || died
		for range 3 { // for the dead process's lease and the gap between the two halves
			h.work()
			h.clock.Move(time.Minute)
		}
		all := h.everything()
		for name, trace := range traces {
			if strings.Contains(all, trace) {
				t.Errorf("after a stop at write %d a document holds the %s", n, name)
			}
		}
		if !died {
			return
		}
	}
}

// workUntil runs the jobs with a store that fails at its n-th write, and reports whether it failed.
func (h *testApp) workUntil(n int) bool {
	h.t.Helper()
	_, err := h.dying(n).Worker().RunOnce(h.t.Context())
	return err != nil
}

// TestManyOrdersAreErased erases more orders than fit in one batch.
func TestManyOrdersAreErased(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("more orders than a batch: not in a short run")
	}
	h := newTestApp(t)
	s := h.person()
	var orders []byte
	for i := range 1200 {
		order := oneLine(h.tracedOrder(fmt.Sprintf("M-%d", i), traces["e-mail address"]))
		orders = append(append(orders, order...), '\n')
	}
	report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, bytes.NewReader(orders), func(int) {})
	if err != nil || report.Created != 1200 {
		t.Fatal(report, err)
	}
	h.erase(s)
	const marks = 1200 + 2 + 1 // the two orders of the person, and their id in the shop's system
	if all := h.everything(); strings.Contains(all, traces["order's street"]) || strings.Count(all, "erased_at") != marks {
		t.Errorf("%d marks of an erasure, want %d", strings.Count(all, "erased_at"), marks)
	}
}

// TestOutboxForgets checks that the outbox loses the emails of the erased customer and no others.
func TestOutboxForgets(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.erase(h.person())
	h.askLink(jan, "x")
	page, err := mail.NewOutbox(h.engine, h.shop.ID).List(t.Context(), mail.Sent, "", 100)
	if err != nil || len(page.Hits) != 1 || page.Hits[0].Head.To != jan {
		t.Errorf("%+v %v", page.Hits, err)
	}
}
