package portal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/storage"
)

func (h *testApp) customers() storage.Docs[customer.Customer] {
	return customer.Docs(h.engine, h.shop.ID)
}

// row returns the only customer in the list by an index.
func (h *testApp) row(index string) customer.Row {
	h.t.Helper()
	page, err := storage.Find[customer.Row](h.t.Context(), h.customers(), storage.Query{Index: index, Limit: 10})
	if err != nil || len(page.Hits) != 1 {
		h.t.Fatalf("%d customers by %s, %v", len(page.Hits), index, err)
	}
	return page.Hits[0].Head
}

// counted lets the worker count the orders that were put.
func (h *testApp) counted() {
	h.t.Helper()
	h.clock.Move(order.StandardCountDelay)
	h.work()
}

func TestTotalsOfACustomerFollowTheOrders(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	update := 0
	put := func(number, placed, total, status, more string) {
		update++
		body := fmt.Sprintf(`{"number":%q,"email":%q,"placed_at":%q,"updated_at":"2026-03-09T10:00:%02dZ","currency":"EUR",%s,`+
			`"lines":[{"name":"Cup","quantity":"1","total":%q}],"total":%q%s}`, number, jan, placed, update, status, total, total, more)
		h.put([]byte(body))
	}
	paid := `"payment":"paid","fulfillment":"delivered"`
	put("1", "2025-12-31T12:00:00Z", "10.00", paid, "")
	put("2", "2026-03-01T12:00:00Z", "30.00", paid, `,"refunded":"5.00"`)
	put("3", "2026-03-02T12:00:00Z", "99.00", `"state":"cancelled","payment":"pending","fulfillment":"unfulfilled"`, "")
	put("4", "2026-03-03T12:00:00Z", "7.00", `"payment":"paid","fulfillment":"returned"`, "")
	h.counted()
	got := h.row(customer.BySpent).List
	if got.Orders != 4 || got.Spent != 4200 || got.Currency != "EUR" || got.Other ||
		got.LastOrderAt.Format(time.DateOnly) != "2026-03-03" {
		t.Errorf("listed are %+v", got)
	}
	counts, _, err := order.CountsDocs(h.engine, h.shop.ID).Get(t.Context(), h.find(jan).ID)
	sum := counts.Sum()
	want := order.Month{Orders: 4, Cancelled: 1, Returned: 1, Spent: map[string]int64{"EUR": 4200},
		First: time.Date(2025, 12, 31, 12, 0, 0, 0, time.UTC), Last: time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)}
	if diff := cmp.Diff(want, sum); diff != "" || err != nil {
		t.Errorf("sum (-want +got):\n%s%v", diff, err)
	}
	put("1", "2025-12-31T12:00:00Z", "10.00", `"state":"cancelled","payment":"refunded","fulfillment":"unfulfilled"`, "")
	h.counted()
	if got := h.row(customer.BySpent).List; got.Orders != 4 || got.Spent != 3200 {
		t.Errorf("after a cancellation, %d orders and %d", got.Orders, got.Spent)
	}
}

func TestAVisitIsWrittenOnceAnHour(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.counted()
	if got := h.row(customer.ByVisited).List; !got.VisitedAt.IsZero() || !got.Guest {
		t.Errorf("before the first visit: %v, guest %v", got.VisitedAt, got.Guest)
	}
	cookie, _ := h.enterWith(jan, "browser")
	first := h.clock.Now()
	version := func() int64 {
		_, v, err := h.customers().Get(t.Context(), h.find(jan).ID)
		if err != nil {
			t.Fatal(err)
		}
		return v.N
	}
	before := version()
	if got := h.row(customer.ByVisited).List; !got.VisitedAt.Equal(first) || got.Guest {
		t.Errorf("visited at %v, want %v; guest %v", got.VisitedAt, first, got.Guest)
	}
	h.clock.Move(59 * time.Minute)
	h.shopper(cookie)
	if version() != before {
		t.Error("a visit within the hour was written")
	}
	h.clock.Move(time.Minute)
	h.shopper(cookie)
	h.shopper(cookie)
	if got := h.row(customer.ByVisited).List.VisitedAt; version() != before+1 || !got.Equal(h.clock.Now()) {
		t.Errorf("visited at %v, after %d writes", got, version()-before)
	}
}

func TestAnErasedCustomerLeavesTheLists(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.counted()
	if _, err := h.app.Operator().EraseCustomer(t.Context(), h.shop.ID, h.find(jan).ID, true); err != nil {
		t.Fatal(err)
	}
	h.work()
	for _, index := range []string{customer.ByRegistered, customer.ByVisited, customer.BySpent, customer.ByName} {
		page, err := storage.Find[customer.Row](t.Context(), h.customers(), storage.Query{Index: index, Limit: 10})
		if err != nil || len(page.Hits) != 0 {
			t.Errorf("%d customers by %s, %v", len(page.Hits), index, err)
		}
	}
}

// TestListsFollowTheShopsLanguageAndCurrency changes the settings that the lists are made by. Customers of an
// earlier version have no list fields at all: the worker lists them when it begins.
func TestListsFollowTheShopsLanguageAndCurrency(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	for i := range 3 {
		h.put(orderJSON(fmt.Sprint(i), fmt.Sprintf("c%d@example.com", i)))
	}
	h.counted()
	h.set(shop.Settings{Language: ptr("sk"), Currency: ptr("CZK")})
	h.clock.Move(shop.CacheLife)
	h.work()
	h.wantForms(customer.ListForm("sk", "CZK"))

	for _, id := range h.ids() {
		if _, err := h.customers().Change(t.Context(), id, func(c *customer.Customer) error {
			c.ListForm, c.NameKey, c.Terms, c.Marks, c.List = "", "", nil, nil, nil
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := storage.Open[shop.Shop](h.engine, shop.Installation, shop.Collection()).Change(t.Context(), h.shop.ID, func(s *shop.Shop) error {
		s.ListForm = ""
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.app.Worker().Jobs().Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.work()
	h.wantForms(customer.ListForm("sk", "CZK"))
}

func (h *testApp) ids() (ids []string) {
	h.t.Helper()
	page, err := storage.Find[struct{}](h.t.Context(), h.customers(),
		storage.Query{Index: customer.ByChanged, Limit: storage.MaxLimit})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, hit := range page.Hits {
		ids = append(ids, hit.Key)
	}
	return ids
}

// wantForms checks that all customers are listed in a form.
func (h *testApp) wantForms(form string) {
	h.t.Helper()
	page, err := storage.Find[customer.Row](h.t.Context(), h.customers(),
		storage.Query{Index: customer.ByName, Limit: storage.MaxLimit})
	if err != nil || len(page.Hits) != len(h.ids()) {
		h.t.Errorf("%d of %d customers are listed, %v", len(page.Hits), len(h.ids()), err)
	}
	for _, id := range h.ids() {
		c, _, err := h.customers().Get(h.t.Context(), id)
		if err != nil || c.ListForm != form || c.List.Orders != 1 || !slices.IsSorted(c.Terms) {
			h.t.Errorf("form %q, list %+v, %v", c.ListForm, c.List, err)
		}
	}
}

func otherLanguage(h *testApp) {
	h.put(orderJSON("1", jan))
	h.counted()
	h.set(shop.Settings{Language: ptr("sk")})
	h.clock.Move(shop.CacheLife)
}
