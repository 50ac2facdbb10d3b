package portal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
)

// byStaff has support change a customer's email.
func (h *testApp) byStaff(app *portal.App, e *employee, id, from, to string) error {
	return h.in(app, e).ChangeEmail(h.t.Context(), merchant.EmailForm{Customer: id, Email: to, Stored: from,
		Reason: "asked by phone"})
}

// TestStaffChangeAnEmailAndTheCustomerUndoesIt checks that sessions and links at the old address end, that both
// addresses are told, that the log says so, and that the old address restores itself.
func TestStaffChangeAnEmailAndTheCustomerUndoesIt(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	id := h.fedCustomer("77", jan)
	cookie, _ := h.enterWith(jan, "one")
	link, _ := h.askLink(jan, "two")
	if err := h.byStaff(h.app, e, id, jan, "JANA.nova@example.com"); err != nil {
		t.Fatal(err)
	}
	h.wantNoSession("changed", cookie)
	if _, err := h.visitor("two").Redeem(t.Context(), link); validate.KindOf(err) != validate.Gone {
		t.Errorf("a link at the old address: %v", err)
	}
	h.work()
	told := map[string]string{}
	var undo string
	for _, sent := range h.deliver() {
		told[sent.To] += sent.Subject + "\n"
		if _, text, found := strings.Cut(sent.Text, "/sign-in/undo-email/"); found {
			undo, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
		}
	}
	if !strings.Contains(told[jana], "now uses this email address") || !strings.Contains(told[jan], "was changed") {
		t.Errorf("told: %q", told)
	}
	if _, s := h.enterWith(jana, "new"); s.Customer().ID != id {
		t.Error("the new address leads elsewhere")
	}
	h.wantStaffActs(e, id, "customer.email_changed")
	if err := h.at(e).Undo(t.Context(), id, h.lastAct(e, id)); validate.KindOf(err) != validate.Conflict {
		t.Errorf("undone by staff: %v", err)
	}
	if err := h.undo(strings.TrimRight(undo, ". ")); err != nil {
		t.Fatalf("the customer's undo by %q: %v", undo, err)
	}
	h.quiet()
	if _, s := h.enterWith(jan, "again"); s.Customer().ID != id || s.Customer().Email != jan {
		t.Error("the old address is not restored")
	}
}

func TestStaffChangeAnEmailOnlyIfItIsFree(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	id, other := h.fedCustomer("77", jan), h.fedCustomer("78", jana)
	for email, want := range map[string]string{"": "email email.form", "x": "email email.form", jan: "email email.same",
		jana: "email " + merchant.KeyEmailHeld} {
		err := h.byStaff(h.app, e, id, jan, email)
		if got := fieldErrorsOf(err); !slices.Equal(got, []string{want}) {
			t.Errorf("%q: %q", email, got)
		}
		if wrong := validate.FieldErrors(err); email == jana && wrong[0].Args["Customer"] != other {
			t.Errorf("held by %q", wrong[0].Args)
		}
	}
	if err := h.byStaff(h.app, e, id, "stale@example.com", mallory); validate.KindOf(err) != validate.Conflict {
		t.Errorf("by a form from before: %v", err)
	}
	if err := h.byStaff(h.app, e, id, jan, mallory); err != nil {
		t.Fatal(err)
	}
	h.work()
	for _, sent := range h.deliver() { // nobody had signed in by the old address, so that it can undo nothing
		if sent.To != mallory && (sent.To != jan || strings.Contains(sent.Text, "/email/undo")) {
			t.Errorf("%s is told %q", sent.To, sent.Subject)
		}
	}
	h.put(orderJSON("new person's", jan))
	if record, err := h.feed().CustomerByEmail(t.Context(), jan); err != nil || record.ID == id {
		t.Errorf("the old address is not free: %v", err)
	}
	viewer := h.colleague("viewer@shop.test", staff.Viewer)
	if err := h.byStaff(h.app, viewer, id, mallory, jan); validate.KindOf(err) != validate.Denied {
		t.Errorf("a viewer: %v", err)
	}
}

func TestStaffChangeNoEmailOfAMergedAccount(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.merged(m.jan, m.two)
	err := m.byStaff(m.app, m.manager, m.jan, jan, jana)
	if got := fieldErrorsOf(err); !slices.Equal(got, []string{"email customer.email.own"}) {
		t.Errorf("%q, %v", got, err)
	}
	if err := m.byStaff(m.app, m.manager, m.two, jan, mallory); err != nil {
		t.Errorf("by the id of the merged account: %v", err)
	}
}

func TestCrashWhileStaffChangeAnEmail(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		e := h.colleague("support@shop.test", staff.Support)
		id := h.fedCustomer("77", jan)
		before, _ := h.enterWith(jan, "one")
		attempt := func(app *portal.App) error { return h.byStaff(app, e, id, jan, jana) }
		return attempt, func(bool) {
			if err := h.byStaff(h.app, e, id, jan, jana); err != nil && !slices.Contains(fieldErrorsOf(err), "email email.same") {
				t.Errorf("once more: %v", err)
			}
			h.moved(id, before)
		}
	})
}

// emailSetCase is the case of the job that tells an address which staff gave to an account.
func emailSetCase(h *testApp) {
	e := h.colleague("support@shop.test", staff.Support)
	id := h.fedCustomer("77", jan)
	h.quiet()
	h.clock.Move(time.Minute)
	if err := h.byStaff(h.app, e, id, jan, jana); err != nil {
		h.t.Fatal(err)
	}
}
