package portal_test

import (
	"testing"

	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// openTo opens registration with the given required fields.
func (h *testApp) openTo(fields ...string) {
	h.t.Helper()
	shop, err := h.app.Operator().ChangeShop(h.t.Context(), h.shop.ID,
		shop.Settings{Registration: ptr(true), RequiredFields: &fields})
	if err != nil {
		h.t.Fatal(err)
	}
	h.shop = shop
}

func TestRegisteredCustomersFillRequiredFields(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.openTo("company", "names", "phone", "names")
	if diff := cmp.Diff([]string{"names", "phone", "company"}, h.shop.RequiredFields); diff != "" {
		t.Errorf("the setting: %s", diff)
	}
	s := h.signIn(jan)
	if diff := cmp.Diff([]string{"first_name", "last_name", "phone", "company"},
		s.RequiredFields()); diff != "" || !s.ProfileIncomplete() {
		t.Errorf("asked for: %s", diff)
	}
	_, err := s.SaveProfile(t.Context(), customer.Profile{FirstName: "Jan", BirthDate: "2999-01-01"})
	want := []string{"birth_date birth_date.future", "last_name text.required", "phone text.required",
		"company text.required"}
	if diff := cmp.Diff(want, fieldErrorsOf(err)); diff != "" {
		t.Errorf("too little: %s", diff)
	}
	p := whole()
	p.Company = "Kniha s. r. o."
	if _, err := s.SaveProfile(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	again := h.signIn(jan)
	if again.ProfileIncomplete() || again.Company().Name != p.Company || again.Company().Version == "" {
		t.Errorf("after all was said: %v, company %+v", again.RequiredFields(), again.Company())
	}
	shown := again.Profile()
	shown.LastName = ""
	if _, err := again.SaveProfile(t.Context(), shown); validate.KindOf(err) != validate.Invalid {
		t.Errorf("a required field is emptied: %v", err)
	}
	shown.LastName, shown.Company = "Nový", "Iná s. r. o."
	if _, err := again.SaveProfile(t.Context(), shown); err != nil ||
		h.signIn(jan).Company().Name != p.Company {
		t.Errorf("the company is its own page's: %v", err)
	}
}

// TestImportedCustomersSkipRequiredFields checks that customers from orders or from the shop's system have no
// required fields and may leave any field empty.
func TestImportedCustomersSkipRequiredFields(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.openTo("title", "names", "birth_date", "phone", "company")
	h.newCustomer(jan)
	h.put(orderJSON("1", "eva@example.com"))
	if _, err := h.feed().PutCustomer(t.Context(), "77",
		[]byte(`{"email":"iva@example.com","updated_at":"2026-01-01T00:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	h.work()
	for _, email := range []string{jan, "eva@example.com", "iva@example.com"} {
		s := h.signIn(email)
		if s.ProfileIncomplete() || s.RequiredFields() != nil {
			t.Errorf("%s is asked for %v", email, s.RequiredFields())
		}
		if _, err := s.SaveProfile(t.Context(), customer.Profile{Title: "Dr.", Company: "X"}); err != nil ||
			h.signIn(email).Company().Name != "" {
			t.Errorf("%s: %v", email, err)
		}
	}
}

func TestFieldsNobodyIsAskedFor(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	fields := []string{"names", "shoe_size"}
	_, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{RequiredFields: &fields})
	if diff := cmp.Diff([]string{"required_fields shop.required_field"}, fieldErrorsOf(err)); diff != "" {
		t.Error(diff)
	}
	h.openTo()
	if h.signIn(jan).ProfileIncomplete() {
		t.Error("a shop that asks for nothing asks")
	}
}
