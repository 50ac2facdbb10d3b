package portal_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/credential"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
)

// in returns the actor of a person's latest session in another process.
func (h *testApp) in(app *portal.App, e *employee) merchant.Staff {
	h.t.Helper()
	s, err := merchant.Enter(h.t.Context(), app, h.shop, e.cookie, firefox("browser of "+e.email))
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// colleague is enrolled without the emails about it.
func (h *testApp) colleague(email string, role staff.Role) *employee {
	h.t.Helper()
	e := h.enrolled(email, role)
	h.quiet()
	return e
}

func TestCrashWhileACustomerIsDisabled(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		e := h.colleague("support@shop.test", staff.Support)
		h.newCustomer(jan)
		cookie, s := h.enterWith(jan, "one")
		link, code := h.askLink(jan, "two")
		id := s.Customer().ID
		h.clock.Move(time.Minute)
		attempt := func(app *portal.App) error {
			_, err := h.in(app, e).DisableCustomer(t.Context(), id, "fraud")
			return err
		}
		return attempt, func(done bool) {
			c, err := h.at(e).ReadCustomer(t.Context(), id)
			if err != nil || done && c.Disabled.Reason != "fraud" {
				t.Fatalf("%+v, %v", c.Disabled, err)
			}
			if c.Disabled.IsZero() {
				h.shopper(cookie)
				return
			}
			h.wantNoSession("disabled, before any job ran", cookie)
			h.wantLinkGone(link, code)
			if err := h.at(e).EnableCustomer(t.Context(), id, ""); err != nil {
				t.Error(err)
			}
			h.wantNoSession("enabled, before any job ran", cookie)
			h.wantLinkGone(link, code)
			h.quiet()
			h.wantNoSession("enabled", cookie)
			h.enterWith(jan, "three")
			h.wantStaffActs(e, id, "customer.enabled", "customer.disabled")
		}
	})
}

func (h *testApp) wantLinkGone(link, code string) {
	h.t.Helper()
	if page, err := h.visitor("two").Link(h.t.Context(), link); err != nil || page.State != credential.LinkExpired {
		h.t.Errorf("the link is %s, %v", page.State, err)
	}
	if _, err := h.visitor("two").Redeem(h.t.Context(), link); validate.KindOf(err) != validate.Gone {
		h.t.Errorf("the link signs in: %v", err)
	}
	if _, err := h.visitor("two").EnterCode(h.t.Context(), jan, code); validate.KindOf(err) != validate.Invalid {
		h.t.Errorf("the code signs in: %v", err)
	}
}

// wantActs fails unless the log has exactly these acts of staff on a customer, newest first.
func (h *testApp) wantStaffActs(e *employee, id string, kinds ...string) {
	h.t.Helper()
	h.work()
	c, err := h.at(e).ReadCustomer(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	events, _, err := h.at(e).Timeline(h.t.Context(), c, merchant.SourceActs, time.Time{})
	if err != nil {
		h.t.Fatal(err)
	}
	var got []string
	for _, event := range events {
		if act := event.Act; act.Actor.Kind == "staff" && act.Kind != audit.CustomerViewed {
			got = append(got, string(act.Kind))
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(kinds) {
		h.t.Errorf("the log has %v, want %v", got, kinds)
	}
}

// TestDisabledCustomerGetsALinkForTheirRightsOnly checks the email, and that its link and session end when
// the customer is enabled.
func TestDisabledCustomerGetsALinkForTheirRightsOnly(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	id := h.fedCustomer("77", jan)
	if _, err := h.at(e).DisableCustomer(t.Context(), id, " \t"); validate.KindOf(err) != validate.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	act, err := h.at(e).DisableCustomer(t.Context(), id, "fraud")
	if err != nil || act == "" {
		t.Fatal(act, err)
	}
	if again, err := h.at(e).DisableCustomer(t.Context(), id, "fraud"); err != nil || again != "" {
		t.Errorf("once more: %q, %v", again, err)
	}
	token, code := h.askLink(jan, "one")
	if token == "" || code != "" {
		t.Fatalf("the email has the link %q and the code %q", token, code)
	}
	signed, err := h.visitor("one").Redeem(t.Context(), token)
	if err != nil || signed.Destination != "/closed" {
		t.Fatalf("to %q, %v", signed.Destination, err)
	}
	if s := h.shopper(signed.Cookie); !s.IsClosed() {
		t.Error("the session opens everything")
	}
	waiting, _ := h.askLink(jan, "two")
	if err := h.feed().MailSignIn(t.Context(), "77", nil, ""); validate.KindOf(err) != validate.Conflict {
		t.Errorf("the feed mails a link: %v", err)
	}
	if err := h.at(e).MailSignIn(t.Context(), id, ""); validate.KindOf(err) != validate.Conflict {
		t.Errorf("staff mail a link: %v", err)
	}
	h.put(orderJSON("of the disabled", jan))
	h.clock.Move(time.Minute)
	if err := h.at(e).Undo(t.Context(), id, act); err != nil {
		t.Fatal(err)
	}
	h.wantNoSession("enabled", signed.Cookie)
	if _, err := h.visitor("two").Redeem(t.Context(), waiting); validate.KindOf(err) != validate.Gone {
		t.Errorf("the link of the disabled account works: %v", err)
	}
	if _, s := h.enterWith(jan, "three"); s.IsClosed() || s.Customer().ID != id {
		t.Error("the account is not open again")
	}
}

// fedCustomer creates a customer as the shop's system does and returns the id.
func (h *testApp) fedCustomer(feedID, email string) string {
	h.t.Helper()
	receipt, err := h.feed().PutCustomer(h.t.Context(), feedID,
		fmt.Appendf(nil, `{"email":%q,"updated_at":"2026-01-01T00:00:00Z"}`, email))
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt.Customer
}

func TestEmailQueuedByTheShopIsDroppedForADisabledCustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	id := h.fedCustomer("77", jan)
	if err := h.feed().MailSignIn(t.Context(), "77", nil, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.at(e).DisableCustomer(t.Context(), id, "fraud"); err != nil {
		t.Fatal(err)
	}
	if sent := h.deliver(); len(sent) > 0 {
		t.Errorf("sent %q", sent[0].Subject)
	}
}

// TestStaffSendALinkAndEndEverything also checks that the log says so, that nothing is sent beyond the
// limits, and that somebody who lost the role sends nothing.
func TestStaffSendALinkAndEndEverything(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	id := h.fedCustomer("77", jan)
	if err := h.at(e).MailSignIn(t.Context(), id, "asked by phone"); err != nil {
		t.Fatal(err)
	}
	h.work()
	sent := h.deliver()
	if len(sent) != 1 || sent[0].To != jan || !strings.Contains(sent[0].Text, "/sign-in/link/") {
		t.Fatalf("sent %v", sent)
	}
	signed, err := h.visitor("one").Redeem(t.Context(), tokenIn(sent[0]))
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Move(time.Minute)
	if n, err := h.at(e).SignOutCustomer(t.Context(), id, ""); err != nil || n != 1 {
		t.Errorf("ended %d, %v", n, err)
	}
	h.wantNoSession("ended", signed.Cookie)
	h.wantStaffActs(e, id, "customer.signed_out", "customer.link_sent")
	if err := h.at(e).Undo(t.Context(), id, h.lastAct(e, id)); validate.KindOf(err) != validate.Conflict {
		t.Errorf("undone: %v", err)
	}
	limited := false
	for range 20 {
		if err := h.at(e).MailSignIn(t.Context(), id, ""); validate.KindOf(err) == validate.TooMany {
			limited = true
		}
	}
	if !limited {
		t.Error("there is no limit")
	}
	stale := h.at(e)
	if err := h.app.Operator().SetStaffRole(t.Context(), h.shop.ID, e.email, string(staff.Viewer)); err != nil {
		t.Fatal(err)
	}
	if _, err := stale.SignOutCustomer(t.Context(), id, ""); validate.KindOf(err) != validate.SignIn {
		t.Errorf("without the role: %v", err)
	}
	if _, err := stale.DisableCustomer(t.Context(), id, "x"); validate.KindOf(err) != validate.SignIn {
		t.Errorf("without the role: %v", err)
	}
}

// lastAct returns the id of the last act of staff on a customer.
func (h *testApp) lastAct(e *employee, id string) string {
	h.t.Helper()
	h.work()
	c, err := h.at(e).ReadCustomer(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	events, _, err := h.at(e).Timeline(h.t.Context(), c, merchant.SourceActs, time.Time{})
	for _, event := range events {
		if event.Act.Kind != audit.CustomerViewed {
			return event.Act.ID
		}
	}
	h.t.Fatalf("no act of staff: %v", err)
	return ""
}

func TestCrashWhileStaffSendALink(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		e := h.colleague("support@shop.test", staff.Support)
		id := h.fedCustomer("77", jan)
		attempt := func(app *portal.App) error {
			err := h.in(app, e).MailSignIn(t.Context(), id, "")
			for done := 1; err == nil && done > 0; {
				done, err = app.Worker().RunOnce(t.Context())
			}
			return err
		}
		return attempt, func(done bool) {
			h.work()
			sent := len(h.deliver())
			c, err := h.at(e).ReadCustomer(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			events, _, err := h.at(e).Timeline(t.Context(), c, merchant.SourceActs, time.Time{})
			logged := 0
			for _, event := range events {
				if event.Act.Kind == "customer.link_sent" {
					logged++
				}
			}
			if err != nil || sent != logged || done && sent != 1 {
				t.Errorf("%d emails, %d entries of the log, %v", sent, logged, err)
			}
		}
	})
}

func TestTwoPeopleDisableACustomerAtOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	one, two := h.colleague("one@shop.test", staff.Support), h.colleague("two@shop.test", staff.Manager)
	id := h.fedCustomer("77", jan)
	var acts [20]string
	var all sync.WaitGroup
	for i := range acts {
		s := h.at([]*employee{one, two}[i%2])
		all.Go(func() {
			act, err := s.DisableCustomer(t.Context(), id, fmt.Sprint("reason ", i))
			if err != nil {
				t.Error(err)
			}
			acts[i] = act
		})
	}
	all.Wait()
	if made := strings.Join(acts[:], ""); made == "" || h.lastAct(one, id) != made {
		t.Errorf("acts: %q, the log has %q", acts, h.lastAct(one, id))
	}
	h.wantStaffActs(one, id, "customer.disabled")
}

func TestStaffEraseACustomerAndUndoIt(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e, support := h.colleague("manager@shop.test", staff.Manager), h.colleague("support@shop.test", staff.Support)
	id := h.fedCustomer("77", jan)
	if _, err := h.at(support).EraseCustomer(t.Context(), id, ""); validate.KindOf(err) != validate.Denied {
		t.Errorf("support may: %v", err)
	}
	act, err := h.at(e).EraseCustomer(t.Context(), id, "asked by letter")
	if err != nil || act == "" {
		t.Fatal(act, err)
	}
	if again, err := h.at(e).EraseCustomer(t.Context(), id, ""); err != nil || again != "" {
		t.Errorf("once more: %q, %v", again, err)
	}
	h.work()
	if sent := h.deliver(); len(sent) != 1 || sent[0].To != jan {
		t.Errorf("%d emails", len(sent))
	}
	if err := h.at(e).Undo(t.Context(), id, act); err != nil {
		t.Fatal(err)
	}
	if c, err := h.at(e).ReadCustomer(t.Context(), id); err != nil || c.Erasure.Pending() {
		t.Errorf("still pending: %v", err)
	}
	if _, err := h.at(e).EraseCustomer(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	for reason, want := range map[string]validate.Kind{"asked": validate.Denied, "": validate.Invalid} {
		if err := h.at(support).CancelErasure(t.Context(), id, reason); validate.KindOf(err) != want {
			t.Errorf("by support, %q: %v", reason, err)
		}
	}
	h.quiet()
	if err := h.at(e).CancelErasure(t.Context(), id, "asked by phone"); err != nil {
		t.Fatal(err)
	}
	h.work()
	if sent := h.deliver(); len(sent) != 1 || sent[0].To != jan || !strings.Contains(sent[0].Subject, "will not be deleted") {
		t.Errorf("%d emails about the cancelled erasure", len(sent))
	}
	h.clock.Move(20 * time.Minute)
	if _, err := h.at(e).EraseCustomer(t.Context(), id, ""); validate.KindOf(err) != validate.StepUp {
		t.Errorf("with an old second factor: %v", err)
	}
	if act, err = h.at(h.colleague("other@shop.test", staff.Owner)).EraseCustomer(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(7 * 24 * time.Hour)
	h.work()
	owner := h.colleague("third@shop.test", staff.Owner)
	if err := h.at(owner).Undo(t.Context(), id, act); validate.KindOf(err) != validate.NotFound {
		t.Errorf("undone after the date: %v", err)
	}
}
