package portal_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/validate"
)

func home() customer.SavedAddress {
	return customer.SavedAddress{Address: address.Address{
		FirstName: "Jan", LastName: "Novák", Line1: "Hlavná 1", City: "Bratislava",
		PostalCode: "81101", Country: "SK",
	}}
}

// homeAt returns home() with another street.
func homeAt(line1 string) customer.SavedAddress {
	a := home()
	a.Address.Line1 = line1
	return a
}

func TestAddressesAreKept(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	shopper := h.signIn(jan)
	first, err := shopper.SaveAddress(t.Context(), home())
	if err != nil || first.Address.PostalCode != "811 01" || !first.DefaultShipping || !first.DefaultBilling {
		t.Fatalf("first: %+v, %v", first, err)
	}
	second := home()
	second.Address.Line1, second.DefaultBilling = "Dlhá 2", true
	second, err = shopper.SaveAddress(t.Context(), second)
	if err != nil {
		t.Fatal(err)
	}
	list, err := shopper.Addresses(t.Context())
	if err != nil || len(list) != 2 || list[0].DefaultBilling || !list[0].DefaultShipping ||
		!list[1].DefaultBilling {
		t.Errorf("the default for billing moves alone: %+v, %v", list, err)
	}
	if err := shopper.SetDefaultAddress(t.Context(), second.ID, customer.UseShipping); err != nil {
		t.Fatal(err)
	}
	if list, _ = shopper.Addresses(t.Context()); list[0].DefaultShipping || !list[1].DefaultShipping {
		t.Errorf("after making it the default: %+v", list)
	}
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	shopper := h.signIn(jan)
	tests := map[string]struct {
		change func(*address.Address)
		want   []string
	}{
		"postal code of another country": {func(a *address.Address) { a.PostalCode = "SW1A 1AA" },
			[]string{"postal_code address.pattern"}},
		"no city": {func(a *address.Address) { a.City = " " },
			[]string{"city address.required"}},
		"no such country": {func(a *address.Address) { a.Country = "ZZ" },
			[]string{"country address.unknown"}},
		"long": {func(a *address.Address) { a.Line1 = strings.Repeat("x", 101) },
			[]string{"line1 address.too_long"}},
		"no telephone number": {func(a *address.Address) { a.Phone = "12" },
			[]string{"phone address.phone"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wrong := home()
			test.change(&wrong.Address)
			_, err := shopper.SaveAddress(t.Context(), wrong)
			if diff := cmp.Diff(test.want, fieldErrorsOf(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if list, err := shopper.Addresses(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("something was saved: %+v, %v", list, err)
	}
}

// TestAreaByISOCodeIsSaved checks that a form takes the code that shop systems write.
func TestAreaByISOCodeIsSaved(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	abroad := home()
	abroad.Address = address.Address{LastName: "Lee", Line1: "1 Main St", City: "San Francisco",
		AdministrativeArea: "US-CA", PostalCode: "94103", Country: "US"}
	saved, err := h.signIn(jan).SaveAddress(t.Context(), abroad)
	if err != nil || saved.Address.AdministrativeArea != "CA" {
		t.Errorf("%+v, %v", saved, err)
	}
}

// TestTwoTabsSaveOneAddress checks that when several tabs showing the same version save at once, one save
// succeeds and the others report a conflict.
func TestTwoTabsSaveOneAddress(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	shopper := h.signIn(jan)
	shown, err := shopper.SaveAddress(t.Context(), home())
	if err != nil {
		t.Fatal(err)
	}
	var saved, told atomic.Int32
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			tab := shown
			tab.Address.Line1 = fmt.Sprintf("Hlavná %d", i)
			_, err := shopper.SaveAddress(t.Context(), tab)
			switch {
			case err == nil:
				saved.Add(1)
			case validate.KindOf(err) == validate.Conflict:
				told.Add(1)
			}
		})
	}
	wait.Wait()
	if saved.Load() != 1 || told.Load() != 19 {
		t.Errorf("%d saved, %d were told", saved.Load(), told.Load())
	}
	if err := shopper.DeleteAddress(t.Context(), shown.ID,
		shown.Version); validate.KindOf(err) != validate.Conflict {
		t.Errorf("deleting what was changed: %v", err)
	}
}

// TestAddressIsAddedBesideAnother saves another address between any two steps of adding an address.
func TestAddressIsAddedBesideAnother(t *testing.T) {
	t.Parallel()
	for turn := 0; ; turn++ {
		h := newTestApp(t)
		h.newCustomer(jan)
		cookie, _ := h.enterWith(jan, "one")
		m := &meddled{Engine: h.engine, turn: turn, meddle: func() {
			if _, err := h.shopper(cookie).SaveAddress(t.Context(), homeAt("Dlhá 2")); err != nil {
				t.Fatal(err)
			}
		}}
		shopper, err := portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now),
			portal.WithCountDelay(0)).Shopper(t.Context(), h.shop, cookie)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := shopper.SaveAddress(t.Context(), home())
		if err != nil {
			t.Fatalf("before step %d: %v", turn, err)
		}
		list, err := shopper.Addresses(t.Context())
		if m.turn >= 0 {
			return
		}
		if err != nil || len(list) != 2 || list[0].DefaultShipping == list[1].DefaultShipping ||
			list[0].ID != saved.ID && list[1].ID != saved.ID {
			t.Errorf("before step %d: %+v, %v", turn, list, err)
		}
	}
}

// TestDeletedAddressIsForgotten checks that a deleted address is removed from the store once it can no
// longer be restored.
func TestDeletedAddressIsForgotten(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	shopper := h.signIn(jan)
	secret := home()
	secret.Address.Line1 = "Tajná 99"
	saved, err := shopper.SaveAddress(t.Context(), secret)
	if err == nil {
		err = shopper.DeleteAddress(t.Context(), saved.ID, saved.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		after time.Duration
		kept  bool
	}{{24*time.Hour - time.Millisecond, true}, {time.Millisecond, false}} {
		h.clock.Move(test.after)
		h.work()
		if kept := strings.Contains(h.everything(), "Tajná 99"); kept != test.kept {
			t.Errorf("after another %s it is kept: %t", test.after, kept)
		}
	}
}

func TestChangesAreLimited(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie, _ := h.enterWith(jan, "one")
	saved, err := h.shopper(cookie).SaveAddress(t.Context(), home())
	if err != nil {
		t.Fatal(err)
	}
	for range 98 {
		if err := h.shopper(cookie).SetDefaultAddress(t.Context(), saved.ID, customer.UseBilling); err != nil {
			t.Fatal(err)
		}
	}
	h.saveVATID(cookie, "SK2020317068")
	again := h.shopper(cookie).Company()
	again.Name = "Knihy a. s."
	if again, err = h.shopper(cookie).SaveCompany(t.Context(), again); err != nil {
		t.Errorf("what nobody is told of: %v", err)
	}
	again.VATID = "SK2022273990"
	if _, err := h.shopper(cookie).SaveCompany(t.Context(), again); validate.KindOf(err) != validate.TooMany {
		t.Errorf("a VAT ID over the limit: %v", err)
	}
	if _, err := h.shopper(cookie).SaveAddress(t.Context(),
		homeAt("Dlhá 2")); validate.KindOf(err) != validate.TooMany {
		t.Errorf("an address over the limit: %v", err)
	}
	if again, err := h.shopper(cookie).SaveAddress(t.Context(), home()); err != nil || again.ID != saved.ID {
		t.Errorf("one that is there, over the limit: %+v, %v", again, err)
	}
	h.clock.Move(time.Hour)
	if _, err := h.shopper(cookie).SaveAddress(t.Context(), homeAt("Dlhá 2")); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestDeletedAddressComesBack(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	shopper := h.signIn(jan)
	saved, err := shopper.SaveAddress(t.Context(), home())
	if err != nil {
		t.Fatal(err)
	}
	if err := shopper.DeleteAddress(t.Context(), saved.ID, saved.Version); err != nil {
		t.Fatal(err)
	}
	if err := shopper.DeleteAddress(t.Context(), saved.ID, saved.Version); err != nil {
		t.Errorf("deleted twice by one form: %v", err)
	}
	if err := shopper.DeleteAddress(t.Context(), saved.ID,
		"another"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("deleted by another form: %v", err)
	}
	for range 2 {
		if err := shopper.UndoDeleteAddress(t.Context(), saved.ID); err != nil {
			t.Fatal(err)
		}
	}
	list, err := shopper.Addresses(t.Context())
	if err != nil || len(list) != 1 || !list[0].DefaultShipping || list[0].Address.Line1 != "Hlavná 1" {
		t.Errorf("after the undo: %+v, %v", list, err)
	}
	if err := shopper.DeleteAddress(t.Context(), list[0].ID, list[0].Version); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(24*time.Hour + time.Millisecond)
	if err := shopper.UndoDeleteAddress(t.Context(), saved.ID); validate.KindOf(err) != validate.Gone {
		t.Errorf("undone too late: %v", err)
	}
}

func TestAddressesAreTheCustomersOwn(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.newCustomer("eva@example.com")
	saved, err := h.signIn(jan).SaveAddress(t.Context(), home())
	if err != nil {
		t.Fatal(err)
	}
	eva := h.signIn("eva@example.com")
	if _, err := eva.Address(t.Context(), saved.ID); validate.KindOf(err) != validate.NotFound {
		t.Errorf("read: %v", err)
	}
	if _, err := eva.SaveAddress(t.Context(), saved); validate.KindOf(err) != validate.NotFound {
		t.Errorf("saved: %v", err)
	}
	if err := eva.DeleteAddress(t.Context(), saved.ID,
		saved.Version); validate.KindOf(err) != validate.NotFound {
		t.Errorf("deleted: %v", err)
	}
}

func TestCompany(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	tests := map[string]struct {
		country, vatID string
		stored         string
		errors         []string
	}{
		"as it is":            {"SK", "SK2020317068", "SK2020317068", nil},
		"spaces and dots":     {"SK", " sk 2020.317 068 ", "SK2020317068", nil},
		"without a prefix":    {"SK", "2020317068", "SK2020317068", nil},
		"GR for EL":           {"GR", "GR094259216", "EL094259216", nil},
		"of another country":  {"SK", "DE136695976", "DE136695976", nil},
		"none":                {"SK", "", "", nil},
		"checksum off by one": {"SK", "SK2020317069", "", []string{"vat_id vat.checksum"}},
		"too short":           {"SK", "SK202031706", "", []string{"vat_id vat.format"}},
		"unknown country":     {"", "QQ123", "", []string{"vat_id vat.country"}},
		"country of no shape": {"ZZ", "", "", []string{"country address.unknown"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			shopper := h.signIn(jan)
			h.clock.Move(time.Hour)
			company := shopper.Company()
			company.Name, company.Country, company.VATID = "Knihy s. r. o.", test.country, test.vatID
			saved, err := shopper.SaveCompany(t.Context(), company)
			if diff := cmp.Diff(test.errors, fieldErrorsOf(err)); diff != "" {
				t.Error(diff)
			}
			if test.errors == nil && saved.VATID != test.stored {
				t.Errorf("stored as %q, want %q", saved.VATID, test.stored)
			}
		})
	}
	shopper := h.signIn(jan)
	old := shopper.Company()
	if _, err := shopper.SaveCompany(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	old.Name = "Another tab's"
	if _, err := shopper.SaveCompany(t.Context(), old); validate.KindOf(err) != validate.Conflict {
		t.Errorf("saved over another tab's: %v", err)
	}
}

func TestReadOut(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	body := `{"email":"jan@example.com","first_name":"Jan","last_name":"Novák","updated_at":"2026-01-01T00:00:00Z",
		"addresses":[{"id":"a1","default_billing":true,"line1":"Hlavná 1","city":"Bratislava","postal_code":"81101","country":"sk"}]}`
	if receipt, err := feed.PutCustomer(t.Context(), "77", []byte(body)); err != nil ||
		receipt.Outcome != order.Created {
		t.Fatalf("put: %s, %v", receipt.Outcome, err)
	}
	shopper := h.signIn(jan)
	company := shopper.Company()
	company.Name, company.VATID = "Knihy s. r. o.", "SK2020317068"
	if _, err := shopper.SaveCompany(t.Context(), company); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() (customer.Record, error){
		"by id": func() (customer.Record, error) { return feed.Customer(t.Context(), "77") },
		"by email": func() (customer.Record,
			error) {
			return feed.CustomerByEmail(t.Context(), "Jan@Example.com")
		},
	} {
		record, err := read()
		if err != nil || record.FeedID != "77" || record.LastName != "Novák" ||
			record.Company.VATID != "SK2020317068" ||
			len(record.Addresses) != 1 || record.Addresses[0].PostalCode != "811 01" ||
			!record.Addresses[0].DefaultBilling {
			t.Errorf("%s: %+v, %v", name, record, err)
		}
	}
	if _, err := feed.Customer(t.Context(), "78"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("unknown: %v", err)
	}
}

// TestTwoAddressesWithOneID checks that a feed cannot send two addresses with the same id. Otherwise both
// could be the default, and the customer could not edit the second.
func TestTwoAddressesWithOneID(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	put := func(ids ...string) error {
		var list []string
		for _, id := range ids {
			list = append(list, fmt.Sprintf(`{"id":%q,"default_billing":true,"line1":"Hlavná 1","city":"Bratislava","postal_code":"81101","country":"SK"}`, id))
		}
		body := fmt.Sprintf(`{"email":"jan@example.com","updated_at":"2026-01-01T00:00:00Z","addresses":[%s]}`, strings.Join(list, ","))
		_, err := feed.PutCustomer(t.Context(), "77", []byte(body))
		return err
	}
	want := []string{"/addresses/2/id address.id_twice", "/addresses/4/id address.id_twice"}
	if diff := cmp.Diff(want, fieldErrorsOf(put("a", "b", "a", "c", " b "))); diff != "" {
		t.Error(diff)
	}
	if err := put("a", "", "b", ""); err != nil {
		t.Errorf("without ids, which are given: %v", err)
	}
}

func TestPutCustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	put := func(id, body string) (order.Outcome, error) {
		receipt, err := feed.PutCustomer(t.Context(), id, []byte(body))
		return receipt.Outcome, err
	}
	h.put(orderJSON("guest", jan))
	steps := []struct {
		name, id, body string
		want           order.Outcome
		kind           validate.Kind
	}{
		{"no e-mail for a new one", "77", `{"updated_at":"2026-01-02T00:00:00Z"}`, "", validate.Invalid},
		{"links the guest", "77", `{"email":"jan@example.com","first_name":"Jan","updated_at":"2026-01-02T00:00:00Z"}`, order.Created, 0},
		{"older", "77", `{"first_name":"Ján","updated_at":"2026-01-01T00:00:00Z"}`, order.Stale, 0},
		{"absent stays", "77", `{"last_name":"Novák","updated_at":"2026-01-03T00:00:00Z"}`, order.Updated, 0},
		{"address of another", "78", `{"email":"jan@example.com","updated_at":"2026-01-03T00:00:00Z"}`, "",
			validate.Conflict},
		{"another customer", "78", `{"email":"eva@example.com","updated_at":"2026-01-03T00:00:00Z"}`,
			order.Created, 0},
		{"moves to a taken address", "78", `{"email":"jan@example.com","updated_at":"2026-01-04T00:00:00Z"}`,
			"", validate.Conflict},
		{"moves", "78", `{"email":"eva.new@example.com","updated_at":"2026-01-04T00:00:00Z"}`,
			order.Updated, 0},
		{"takes the address given up",
			"79", `{"email":"eva@example.com","updated_at":"2026-01-04T00:00:00Z"}`, order.Created, 0},
		{"unknown member", "77", `{"passwd":"x","updated_at":"2026-01-05T00:00:00Z"}`, "", validate.Invalid},
		{"no time", "77", `{"first_name":"x"}`, "", validate.Invalid},
		{"bad VAT ID", "77", `{"company":{"vat_id":"SK2020317069"},"updated_at":"2026-01-05T00:00:00Z"}`, "",
			validate.Invalid},
	}
	for _, step := range steps {
		got, err := put(step.id, step.body)
		if got != step.want || err != nil && validate.KindOf(err) != step.kind || err == nil &&
			step.want == "" {
			t.Errorf("%s: %q, %v", step.name, got, err)
		}
	}
	record, err := feed.Customer(t.Context(), "77")
	if err != nil || record.FirstName != "Jan" || record.LastName != "Novák" || record.Email != jan {
		t.Errorf("customer 77: %+v, %v", record, err)
	}
}

// TestFeedDoesNotUndoTheShopper checks that feed data older than the shopper's own change is treated as
// stale.
func TestFeedDoesNotUndoTheShopper(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	put := func(at time.Time) order.Outcome {
		t.Helper()
		body := fmt.Sprintf(`{"email":"jan@example.com","addresses":[],"updated_at":%q}`,
			at.Format(time.RFC3339))
		receipt, err := feed.PutCustomer(t.Context(), "77", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return receipt.Outcome
	}
	h.newCustomer(jan)
	shopper := h.signIn(jan)
	if _, err := shopper.SaveAddress(t.Context(), home()); err != nil {
		t.Fatal(err)
	}
	if got := put(h.clock.Now().Add(-time.Hour)); got != order.Stale {
		t.Errorf("the first of an id, older than the shopper's change: %s", got)
	}
	if got := put(h.clock.Now().Add(-time.Minute)); got != order.Stale {
		t.Errorf("older than the shopper's change: %s", got)
	}
	if list, _ := shopper.Addresses(t.Context()); len(list) != 1 {
		t.Errorf("the shopper's address is gone")
	}
	if got := put(h.clock.Now().Add(time.Minute)); got != order.Updated {
		t.Errorf("newer: %s", got)
	}
}
