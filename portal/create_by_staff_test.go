package portal_test

import (
	"strings"
	"sync"
	"testing"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

func newJan() merchant.NewCustomer {
	return merchant.NewCustomer{Form: storage.NewID(), Invite: true, Reason: "ordered by phone",
		Consents: []merchant.ConsentSaid{{Purpose: customer.Newsletter, Status: "given", Note: "by phone",
			At: "2026-03-01T10:00"}}, Address: home(),
		Values: map[string]string{"email": " Jan@Example.com ", "first_name": "Jan", "last_name": "Novák", "tags": "vip",
			"birth_date": "1980-05-31", "language": "en", "tax_exempt.reason": "Diplomat"}}
}

func TestCrashWhileStaffCreateACustomer(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		e := h.colleague("support@shop.test", staff.Support)
		form := newJan()
		attempt := func(app *portal.App) error {
			_, err := h.in(app, e).CreateCustomer(t.Context(), form)
			return err
		}
		return attempt, func(bool) {
			id, err := h.at(e).CreateCustomer(t.Context(), form)
			if err != nil {
				t.Fatal(err)
			}
			c, err := h.at(e).ReadCustomer(t.Context(), id)
			if err != nil || c.Email != jan || c.Name() != "Jan Novák" || c.TaxExempt.Reason != "Diplomat" ||
				c.List == nil || c.List.Guest || c.List.Newsletter != customer.ConsentGiven || len(c.Addresses) != 1 {
				t.Errorf("%+v, %v", c, err)
			}
			h.wantStaffActs(e, id, "customer.created")
			sent := h.deliver()
			if len(sent) != 1 || !strings.Contains(sent[0].Text, "has created an account for you") {
				t.Fatalf("%d emails", len(sent))
			}
			signed, err := h.visitor("one").Redeem(t.Context(), tokenIn(sent[0]))
			if err != nil || h.shopper(signed.Cookie).Customer().ID != id {
				t.Errorf("the invitation leads elsewhere: %v", err)
			}
			h.put(orderJSON("later", jan))
			if h.find(jan).ID != id {
				t.Error("the email leads to another customer")
			}
		}
	})
}

// TestAnIdentifierWithoutACustomerIsCompletedByAnOrder crashes between the two writes and lets an order come
// first.
func TestAnIdentifierWithoutACustomerIsCompletedByAnOrder(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	form := newJan()
	form.Invite = false
	if _, err := h.in(h.dying(1), e).CreateCustomer(t.Context(), form); err == nil {
		t.Fatal("it did not crash")
	}
	h.put(orderJSON("1", jan))
	id, err := h.at(e).CreateCustomer(t.Context(), form)
	if err != nil || h.find(jan).ID != id {
		t.Errorf("%s, %v", id, err)
	}
}

func TestTwoFormsForOneEmailCreateOneCustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("support@shop.test", staff.Support)
	s := h.at(e)
	forms := []merchant.NewCustomer{newJan(), newJan()}
	for i := range forms {
		forms[i].Invite = false
	}
	ids := make([]string, 20)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			id, err := s.CreateCustomer(t.Context(), forms[i%2])
			if found := validate.FieldErrors(err); err != nil && (len(found) != 1 || found[0].Field != "email" ||
				found[0].Args["Customer"] == "") {
				t.Error(err)
			}
			ids[i] = id
		})
	}
	all.Wait()
	if ids[0] != "" && ids[1] != "" || ids[0]+ids[1] != h.find(jan).ID {
		t.Errorf("%q and %q", ids[0], ids[1])
	}
	h.wantStaffActs(e, h.find(jan).ID, "customer.created")
	wrong := newJan()
	wrong.Values = map[string]string{"email": "jan", "birth_date": "x", "phone": "1", "tax_exempt.certificate": "C"}
	if _, err := s.CreateCustomer(t.Context(), wrong); len(validate.FieldErrors(err)) != 4 {
		t.Errorf("wrong fields: %v", err)
	}
}
