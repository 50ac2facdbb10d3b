package portal_test

import (
	"errors"
	"testing"
	"time"

	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// TestAFormCannotLeadAnEmailToAnotherCustomer sends a form of a new customer whose id is another customer's,
// and one form with two emails.
func TestAFormCannotLeadAnEmailToAnotherCustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	victim := h.fedCustomer("77", jan)
	form := merchant.NewCustomer{Form: victim, Values: map[string]string{"email": "evil@example.com"}}
	id, err := h.at(e).CreateCustomer(t.Context(), form)
	if err == nil && id == victim {
		t.Fatal("the form leads to the other customer")
	}
	held, _, err := identifier.Docs(h.engine, h.shop.ID).Get(t.Context(), identifier.EmailKey("evil@example.com"))
	if err == nil && held.Customer == victim || err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the email leads to %q, %v", held.Customer, err)
	}
	form.Form = storage.NewID()
	first, err := h.at(e).CreateCustomer(t.Context(), form)
	form.Values = map[string]string{"email": "corrected@example.com"}
	second, failed := h.at(e).CreateCustomer(t.Context(), form)
	if err = errors.Join(err, failed); first == second || err != nil && validate.KindOf(err) != validate.Invalid {
		t.Errorf("the same form with another email: %s, %s, %v", first, second, err)
	}
}

// TestUndoNeverOverridesTheCustomersWithdrawal undoes the withdrawals of consents that a feed reported, and
// that the customer repeated after staff.
func TestUndoNeverOverridesTheCustomersWithdrawal(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	id := h.fedCustomer("77", jan)
	said := func(status customer.ConsentStatus, source string) func(*customer.Customer) error {
		return func(c *customer.Customer) error {
			c.Remember(customer.Consent{Purpose: customer.Newsletter, Status: status, At: h.clock.Now(), Source: source})
			return nil
		}
	}
	change := func(alter func(*customer.Customer) error) {
		t.Helper()
		h.clock.Move(time.Minute)
		if _, err := customer.Change(t.Context(), customer.Docs(h.engine, h.shop.ID), id, h.clock.Now, alter); err != nil {
			t.Fatal(err)
		}
	}
	change(said(customer.ConsentGiven, "checkout"))
	h.clock.Move(time.Hour)
	c := h.find(jan)
	act, err := h.at(e).RecordConsent(t.Context(), merchant.ConsentSaid{Customer: id, Purpose: customer.Newsletter,
		Status: "withdrawn", At: h.clock.Now().In(h.shop.Location()).Format(merchant.MomentForm), Note: "by phone",
		Stored: merchant.ConsentState(c.Customer, customer.Newsletter)})
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Move(time.Minute)
	s := h.shopper(h.signInByCode(jan, "one"))
	if err := s.WithdrawConsent(t.Context(), customer.Newsletter, ""); err != nil {
		t.Fatal(err)
	}
	if err := h.at(e).Undo(t.Context(), id, act); validate.KindOf(err) != validate.Conflict {
		t.Errorf("staff undo what the customer confirmed: %v", err)
	}
	if c := h.find(jan); c.Consent(customer.Newsletter).Status != customer.ConsentWithdrawn {
		t.Errorf("the consent is %s", c.Consent(customer.Newsletter).Status)
	}
}
