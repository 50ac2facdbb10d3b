package portal_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (h *testApp) log() audit.Log {
	h.t.Helper()
	log, err := h.app.Operator().Log(h.t.Context(), h.shop.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return log
}

// acts returns the entries of the log, oldest first, after the worker has appended everything.
func (h *testApp) acts() []audit.Detail {
	h.t.Helper()
	h.work()
	var acts []audit.Detail
	if err := h.log().Each(h.t.Context(), audit.Query{}, func(d audit.Detail) error {
		acts = append([]audit.Detail{d}, acts...)
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return acts
}

// wantLog verifies the log and its number of entries.
func (h *testApp) wantLog(entries int64) audit.Report {
	h.t.Helper()
	report, err := h.log().Verify(h.t.Context(), audit.Head{})
	if err != nil || !report.IsSound() || report.Head.Number != entries {
		h.t.Errorf("the log has %d entries, want %d: %+v, %v", report.Head.Number, entries, report, err)
	}
	return report
}

// inLine returns an act in one line, without its id.
func inLine(a audit.Detail) string {
	line := fmt.Sprintf("%s by %s of %q", a.Kind, a.Actor, a.Customer)
	for _, c := range a.Changes {
		line += fmt.Sprintf(", %s %q -> %q", c.Field, c.Before, c.After)
	}
	if a.Reason != "" {
		line += ", because " + a.Reason
	}
	return line
}

func (h *testApp) wantActs(want ...string) {
	h.t.Helper()
	var got []string
	for _, a := range h.acts() {
		got = append(got, inLine(a))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("acts (-want +got):\n%s", diff)
	}
	h.wantLog(int64(len(want)))
}

func TestActsOfTheOperatorAreLogged(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.enterWith(jan, "one")
	id := h.find(jan).ID
	operator, err := h.app.Operator().By("anna").Because(" asked on the phone ")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, err := operator.SignOutCustomer(ctx, h.shop.ID, id); err != nil {
		t.Fatal(err)
	}
	for range 2 { // asking again changes nothing
		h.clock.Move(time.Minute)
		if _, err := operator.EraseCustomer(ctx, h.shop.ID, id, false); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		h.clock.Move(time.Minute)
		if err := operator.CancelErasure(ctx, h.shop.ID, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := operator.DeleteOrder(ctx, h.shop.ID, "1"); err != nil {
		t.Fatal(err)
	}
	by, why := fmt.Sprintf(" by operator:anna of %q", id), ", because asked on the phone"
	h.wantActs(
		"customer.signed_out"+by+why,
		"customer.erasure_requested"+by+`, erasure_at "" -> "2026-11-28T10:01:00Z"`+why,
		"customer.erasure_cancelled"+by+`, erasure_at "2026-11-28T10:01:00Z" -> ""`+why,
		"order.deleted"+by+`, order "1" -> "", placed_at "2026-03-05T10:00:00Z" -> "", total "12.50 EUR" -> ""`+why,
	)
}

// TestAFailedActIsNotLogged checks acts on customers and orders that do not exist, and a reason that is too
// long.
func TestAFailedActIsNotLogged(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	operator, ctx := h.app.Operator(), t.Context()
	_, signOut := operator.SignOutCustomer(ctx, h.shop.ID, "nobody")
	_, erase := operator.EraseCustomer(ctx, h.shop.ID, "nobody", true)
	for _, err := range []error{signOut, erase, operator.CancelErasure(ctx, h.shop.ID, "nobody"),
		operator.DeleteOrder(ctx, h.shop.ID, "nothing"), h.feed().DeleteOrder(ctx, "nothing")} {
		if validate.KindOf(err) != validate.NotFound {
			t.Errorf("%v", err)
		}
	}
	if _, err := operator.Because(strings.Repeat("x", 100_000)); validate.KindOf(err) != validate.Invalid {
		t.Errorf("a long reason: %v", err)
	}
	h.wantActs()
}

// TestChangesByTheFeedAreLogged checks what a PUT of a customer leaves in the log, and that orders and
// repeated content leave nothing.
func TestChangesByTheFeedAreLogged(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed().From("192.0.2.7")
	put := func(body string, want order.Outcome) {
		t.Helper()
		h.clock.Move(time.Minute)
		receipt, err := feed.PutCustomer(t.Context(), "77", []byte(body))
		if err != nil || receipt.Outcome != want {
			t.Fatalf("%s: %s, %v", body, receipt.Outcome, err)
		}
	}
	h.put(orderJSON("1", jan))
	put(`{"email":"jan@example.com","first_name":"Jan","updated_at":"2026-11-01T00:00:00Z"}`, order.Created)
	put(`{"email":"jan@example.com","first_name":"Jan","updated_at":"2026-11-01T00:00:00Z"}`, order.Unchanged)
	put(`{"first_name":"Jan","updated_at":"2026-11-02T00:00:00Z"}`, order.Updated)
	put(`{"first_name":"","company":{"name":"Kniha"},"addresses":[{"id":"a1","first_name":"Jan","last_name":"Novák","line1":"Hlavná 1","city":"Košice","postal_code":"040 01","country":"SK","default_billing":true}],"updated_at":"2026-11-03T00:00:00Z"}`, order.Updated)
	put(`{"first_name":"Old","updated_at":"2026-11-01T00:00:00Z","consents":{"newsletter":{"status":"given","at":"2026-10-01T00:00:00Z","source":"checkout"}}}`, order.Stale)
	put(`{"consents":{"newsletter":{"status":"withdrawn","at":"2026-10-02T00:00:00Z"}}}`, order.Updated)
	put(`{"email":"`+jana+`","updated_at":"2026-11-04T00:00:00Z"}`, order.Updated)
	h.put(orderJSON("2", jana))
	id := h.find(jana).ID
	acts := h.acts()
	by := fmt.Sprintf("customer.changed by %s of %q", acts[0].Actor, id)
	h.wantActs(
		by+`, customer_id "" -> "77", first_name "" -> "Jan"`,
		by+`, addresses.a1 "" -> "{\"first_name\":\"Jan\",\"last_name\":\"Novák\",\"line1\":\"Hlavná 1\",\"city\":\"Košice\",\"postal_code\":\"040 01\",\"country\":\"SK\"}", company.name "" -> "Kniha", default_addresses.billing "" -> "a1", first_name "Jan" -> ""`,
		by+`, consents.newsletter "" -> "given 2026-10-01T00:00:00Z checkout"`,
		by+`, consents.newsletter "given 2026-10-01T00:00:00Z checkout" -> "withdrawn 2026-10-02T00:00:00Z feed"`,
		by+`, email "jan@example.com" -> "`+jana+`"`,
	)
	for _, a := range acts {
		if a.Actor.Kind != audit.Feed || a.Actor.ID == "" || a.Address != "192.0.2.7" {
			t.Errorf("%+v from %q", a.Actor, a.Address)
		}
	}
	if err := feed.DeleteOrder(t.Context(), "2"); err != nil {
		t.Fatal(err)
	}
	if acts = h.acts(); len(acts) != 6 || acts[5].Kind != audit.OrderDeleted || acts[5].Actor.Kind != audit.Feed {
		t.Errorf("a deleted order: %+v", acts)
	}
}

// TestActsSurviveACrashAtEachWrite runs each act in a process that dies before its first write, its second
// and so on. In the end the log has the act exactly if it was done, and never twice.
func TestActsSurviveACrashAtEachWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(h *testApp, app *portal.App, id string) error
		done func(h *testApp, cookie string) bool
	}{
		"sign-out": {func(h *testApp, app *portal.App, id string) error {
			_, err := app.Operator().SignOutCustomer(h.t.Context(), h.shop.ID, id)
			return err
		}, func(h *testApp, cookie string) bool {
			_, err := h.app.Shopper(h.t.Context(), h.shop, cookie)
			return validate.KindOf(err) == validate.SignIn
		}},
		"erasure": {func(h *testApp, app *portal.App, id string) error {
			_, err := app.Operator().EraseCustomer(h.t.Context(), h.shop.ID, id, false)
			return err
		}, func(h *testApp, _ string) bool { return h.find(jan).Erasure.Pending() }},
		"order": {func(h *testApp, app *portal.App, _ string) error { return h.delete(app, "1") },
			func(h *testApp, _ string) bool { return !h.stored("1") }},
		"feed": {func(h *testApp, app *portal.App, _ string) error {
			_, err := h.feedOver(app).PutCustomer(h.t.Context(), "77",
				[]byte(`{"email":"jan@example.com","phone":"+421900123456","updated_at":"2026-11-01T00:00:00Z"}`))
			return err
		}, func(h *testApp, _ string) bool { return h.find(jan).Phone != "" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
				h.put(orderJSON("1", jan))
				cookie, _ := h.enterWith(jan, "one")
				h.quiet()
				id := h.find(jan).ID
				attempt := func(app *portal.App) error {
					err := c.do(h, app, id)
					for done := 1; err == nil && done > 0; {
						done, err = app.Worker().RunOnce(t.Context())
					}
					return err
				}
				return attempt, func(ended bool) {
					if err := h.workIn(h.app); err != nil {
						t.Fatal(err)
					}
					want := 0
					if c.done(h, cookie) {
						want = 1
					}
					if acts := h.acts(); len(acts) != want || ended && want == 0 {
						t.Errorf("%d entries, want %d", len(acts), want)
					}
					h.wantLog(int64(want))
				}
			})
		})
	}
}

// TestASignOutDoesNotEndLaterSessions checks that a customer who signs in after the operator's command stays
// signed in when the worker completes it.
func TestASignOutDoesNotEndLaterSessions(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.enterWith(jan, "one")
	h.quiet()
	if _, err := h.app.Operator().SignOutCustomer(t.Context(), h.shop.ID, h.find(jan).ID); err != nil {
		t.Fatal(err)
	}
	cookie, _ := h.enterWith(jan, "two")
	h.work()
	h.shopper(cookie)
	h.wantLog(1)
}

// TestActsOfTwoProcessesFormOneChain runs fifty goroutines that change and delete at once, and the workers of
// two processes beside them.
func TestActsOfTwoProcessesFormOneChain(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	apps := []*portal.App{h.app, portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now),
		portal.WithCountDelay(0))}
	const people, changes = 50, 4
	for n := range people {
		h.put(orderJSON(fmt.Sprintf("o-%d", n), fmt.Sprintf("p%d@example.com", n)))
	}
	var acting, working errgroup.Group
	stop := make(chan struct{})
	for _, app := range apps {
		working.Go(func() error {
			for {
				if _, err := app.Worker().RunOnce(t.Context()); err != nil {
					return err
				}
				select {
				case <-stop:
					return nil
				default:
				}
			}
		})
	}
	for n := range people {
		app := apps[n%2]
		feed := h.feedOver(app)
		acting.Go(func() error {
			for i := range changes {
				body := fmt.Appendf(nil, `{"email":"p%d@example.com","phone":"+42190012345%d","updated_at":"2026-11-0%dT00:00:00Z"}`,
					n, i, i+1)
				if _, err := feed.PutCustomer(t.Context(), fmt.Sprintf("id-%d", n), body); err != nil {
					return err
				}
			}
			return app.Operator().DeleteOrder(t.Context(), h.shop.ID, fmt.Sprintf("o-%d", n))
		})
	}
	err := acting.Wait()
	close(stop)
	if err = errors.Join(err, working.Wait()); err != nil {
		t.Fatal(err)
	}
	acts, seen := h.acts(), map[string]int{}
	for _, a := range acts {
		seen[inLine(a)]++
	}
	if len(acts) != people*(changes+1) || len(seen) != len(acts) {
		t.Errorf("%d entries, %d different ones, want %d", len(acts), len(seen), people*(changes+1))
	}
	h.wantLog(people * (changes + 1))
}

// TestErasureEmptiesTheLog erases a customer while acts are still pending, and checks that the log keeps its
// entries and nothing about the customer.
func TestErasureEmptiesTheLog(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.put(orderJSON("2", jan))
	h.put(orderJSON("3", jana))
	if _, err := h.feed().PutCustomer(t.Context(), "77", []byte(
		`{"email":"jan@example.com","phone":"+421900123456","updated_at":"2026-11-01T00:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	id := h.find(jan).ID
	if err := h.delete(h.app, "1"); err != nil {
		t.Fatal(err)
	}
	h.putCustomer("78", jana)
	if err := h.delete(h.dying(1), "2"); !errors.Is(err, errDead) { // pending when the erasure comes
		t.Fatal(err)
	}
	if _, err := h.app.Operator().EraseCustomer(t.Context(), h.shop.ID, id, true); err != nil {
		t.Fatal(err)
	}
	if err := h.workIn(h.app); err != nil {
		t.Fatal(err)
	}
	if report := h.wantLog(6); report.Erased != 4 {
		t.Errorf("%d entries are erased, want 4", report.Erased)
	}
	if all := h.everything(); strings.Contains(all, id) || strings.Contains(all, "421900123456") {
		t.Error("the store still knows the customer")
	}
}

// TestPendingActsSurviveAnErasure erases a customer whose acts the worker never recorded before.
func TestPendingActsSurviveAnErasure(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.putCustomer("77", jan)
		id := h.find(jan).ID
		if _, err := h.app.Operator().EraseCustomer(t.Context(), h.shop.ID, id, true); err != nil {
			t.Fatal(err)
		}
		attempt := func(app *portal.App) error {
			for range 2 {
				for done := 1; done > 0; {
					var err error
					if done, err = app.Worker().RunOnce(t.Context()); err != nil {
						return err
					}
				}
				h.clock.Move(time.Minute)
			}
			return nil
		}
		return attempt, func(bool) {
			for range 2 {
				if err := h.workIn(h.app); err != nil {
					t.Fatal(err)
				}
			}
			if report := h.wantLog(3); report.Erased != 2 {
				t.Errorf("%d entries are erased, want 2", report.Erased)
			}
			if strings.Contains(h.everything(), id) {
				t.Error("the store still knows the customer")
			}
		}
	})
}

// TestAnOrderThatIsBeingDeletedCanComeBack sends an order again before the worker has completed its deletion.
func TestAnOrderThatIsBeingDeletedCanComeBack(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.work()
	if err := h.delete(h.dying(1), "1"); !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	if err := h.delete(h.app, "1"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if outcome := h.put(orderJSON("1", jana)); outcome != order.Created {
		t.Errorf("sent again: %s", outcome)
	}
	if acts := h.acts(); len(acts) != 1 || acts[0].Kind != audit.OrderDeleted {
		t.Errorf("acts: %+v", acts)
	}
	for email, want := range map[string]int64{jan: 0, jana: 1} {
		if got := h.find(email).Orders; got != want {
			t.Errorf("%s has %d orders, want %d", email, got, want)
		}
	}
}

// TestCustomersSeeOnlyActsOnThemselves checks the activity and the download of one customer among several, in
// two shops.
func TestCustomersSeeOnlyActsOnThemselves(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	other := *h
	other.shop = h.open("other", shop.Settings{})
	for _, email := range []string{jan, jana} {
		h.putCustomer("id of "+email, email)
		other.putCustomer("id of "+email, email)
	}
	h.work()
	cookie := h.signInByCode(jan, "one")
	s := h.shopper(cookie)
	page, err := s.Activity(t.Context(), "", 10)
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Customer != s.Customer().ID || page.Next != "" {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := s.Activity(t.Context(), "damaged", 10); validate.KindOf(err) != validate.NotFound {
		t.Errorf("a damaged cursor: %v", err)
	}
	h.wantLog(2)
	other.wantLog(2)
	h.download(s, `"acts_of_the_shop": [`, `"customer.changed"`, `"by": "feed"`, `"id of jan@example.com"`)
}

// download checks that a customer's download contains the texts.
func (h *testApp) download(s portal.Shopper, texts ...string) {
	h.t.Helper()
	var out bytes.Buffer
	if err := s.Export(h.t.Context(), &out); err != nil {
		h.t.Fatal(err)
	}
	for _, text := range texts {
		if !strings.Contains(out.String(), text) {
			h.t.Errorf("the download lacks %q: %s", text, out.String())
		}
	}
	if strings.Contains(out.String(), "id of "+jana) {
		h.t.Error("the download has acts on another customer")
	}
}

// TestLogCSVIsFormulaSafe exports the log and reads it as CSV.
func TestLogCSVIsFormulaSafe(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	if _, err := h.feed().PutCustomer(t.Context(), "=1+2", []byte(
		`{"email":"jan@example.com","first_name":"@SUM(A1),=B2","updated_at":"2026-11-01T00:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	h.work()
	var out bytes.Buffer
	if err := h.app.Operator().LogCSV(t.Context(), h.shop.ID, audit.Query{}, &out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v, %v", rows, err)
	}
	for i, want := range [][]string{{"number", "field", "before", "after"}, {"1", "customer_id", "", "'=1+2"},
		{"1", "first_name", "", "'@SUM(A1), =B2"}} {
		if got := []string{rows[i][0], rows[i][7], rows[i][8], rows[i][9]}; !cmp.Equal(got, want) {
			t.Errorf("row %d: %q, want %q", i, got, want)
		}
	}
}

// TestListingWithACursorOfAnotherList checks that the operator gets an error and no other page.
func TestListingWithACursorOfAnotherList(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	h.putCustomer("78", jana)
	h.work()
	page, err := h.log().List(t.Context(), audit.Query{Limit: 1})
	if err != nil || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	_, err = h.log().List(t.Context(), audit.Query{Limit: 1, Customer: "x", Cursor: page.Next})
	if !errors.Is(err, storage.ErrCursor) {
		t.Error(err)
	}
}
