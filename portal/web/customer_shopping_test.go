package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// shopper77 opens the page of a customer whose shop sends everything about their shopping.
func shopper77(t *testing.T) (*webtest.Installation, *webtest.Employee, string) {
	t.Helper()
	i := webtest.Portal(t)
	key := i.Key("main")
	on := true
	if _, err := i.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{Events: &on}); err != nil {
		t.Fatal(err)
	}
	i.Put(key, "/api/v1/customers/77", `{"email":"jana@example.com","first_name":"Jana","last_name":"Nováková","updated_at":"2026-01-01T10:00:00Z"}`).Want(201)
	ago := func(hours int) string {
		return i.Clock.Now().Add(time.Duration(-hours) * time.Hour).Format(time.RFC3339)
	}
	for n, lines := range []string{
		`{"name":"Ink","sku":"I-1","quantity":"2","total":"5.00"},{"name":"Shipping","kind":"shipping","quantity":"1","total":"2.00"}`,
		`{"name":"Ink (black)","sku":"I-1","quantity":"1.5","total":"2.50"},{"name":"Pen","quantity":"1","total":"9.00"}`,
	} {
		i.Put(key, fmt.Sprintf("/api/v1/orders/A%%2F%d", n), fmt.Sprintf(`{"email":"jana@example.com","placed_at":%q,"updated_at":%[1]q,"currency":"EUR","payment":"paid","total":"11.50","lines":[%s]}`,
			ago(9-n), lines)).Want(201)
	}
	i.Put(key, "/api/v1/orders/cancelled", fmt.Sprintf(`{"email":"jana@example.com","placed_at":%q,"updated_at":%[1]q,"currency":"EUR","state":"cancelled","total":"1.00","lines":[{"name":"Never sent","quantity":"1","total":"1.00"}]}`, ago(2))).Want(201)
	i.Put(key, "/api/v1/customers/77/cart", fmt.Sprintf(`{"currency":"EUR","url":"https://shop.test/cart","updated_at":%q,"lines":[{"name":"Notebook","quantity":"2","total":"7.80"},{"name":"Ruler","quantity":"1","total":"1.20"}]}`, ago(1))).Want(201)
	for code, members := range map[string]string{
		"ALL": `"percent":"12.5","uses":3`, "OWN": `"amount":"5.00","currency":"EUR","title":"For you","for":{"customer_id":"77"},"uses_per_customer":2`,
		"OVER": `"percent":"1","until":` + `"` + ago(1) + `"`, "OTHER": `"percent":"2","for":{"customer_id":"78"}`,
		"DONE": `"percent":"3","uses_per_customer":1`, "SOON": `"percent":"4","from":"2036-01-01T00:00:00Z"`,
	} {
		i.Put(key, "/api/v1/vouchers/"+code, `{`+members+`,"updated_at":"2026-01-01T10:00:00Z"}`).Want(201)
	}
	send := func(path, body string) {
		t.Helper()
		i.Browser().Send(webtest.Request{Method: "POST", Path: path, Body: body, Header: map[string]string{
			"Authorization": "Bearer " + key, "Content-Type": "application/json"}}).Want(200)
	}
	for _, code := range []string{"DONE", "OWN"} {
		send("/api/v1/vouchers/"+code+"/redeem", `{"order":"A/0","email":"jana@example.com"}`)
	}
	send("/api/v1/events", fmt.Sprintf(`[{"id":"1","type":"product_view","at":%q,"customer_id":"77","name":"Notebook","url":"https://shop.test/notebook"},
		{"id":"2","type":"product_view","at":%q,"customer_id":"77","name":"Globe"},{"id":"3","type":"product_view","at":%[1]q,"customer_id":"77","name":"Globe"}]`, ago(3), ago(4)))
	b := i.Enrol("support@shop.test", staff.Support)
	b.Get("/admin/customers?search=jana")
	page := b.Follow("main tbody a").Want(http.StatusOK)
	return i, b, page.URL.Path
}

// TestCustomersPageShowsTheirShopping checks the cards of products, of the cart and of vouchers, and that a
// product leads to its last order.
func TestCustomersPageShowsTheirShopping(t *testing.T) {
	t.Parallel()
	_, b, path := shopper77(t)
	page := b.Get(path).Want(http.StatusOK)
	for selector, want := range map[string][]string{
		"#products tbody th":       {"Ink (black) I-1", "Pen"},
		"#products tbody .number":  {"3.5", "1"},
		"#products tbody td a":     {"A/1", "A/1"},
		"#cart tbody th":           {"Notebook", "Ruler"},
		"#cart tfoot .number":      {"€9.00"},
		"#cart .row-text p a":      {"Notebook"},
		"#vouchers strong.figures": {"OWN", "SOON", "ALL"},
	} {
		got := page.Texts(selector)
		if selector == "#vouchers strong.figures" {
			slices.Sort(got[1:])
			slices.Sort(want[1:])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", selector, got, want)
		}
	}
	text := page.Text("#vouchers")
	for _, want := range []string{"€5.00", "For you", "Only for this customer", "Used 1 of 2 times", "12.5%", "3 uses left", "From 1 January 2036"} {
		if !strings.Contains(text, want) {
			t.Errorf("the vouchers lack %q: %s", want, text)
		}
	}
	if viewed := page.Texts("#cart .row-text p:first-child"); !slices.Equal(viewed, []string{"Globe", "Notebook"}) && !slices.Equal(viewed, []string{"Notebook", "Globe"}) {
		t.Errorf("viewed %q", viewed)
	}
	for _, never := range []string{"Never sent", "Shipping"} {
		if strings.Contains(page.Text("#products"), never) {
			t.Errorf("%s was not bought", never)
		}
	}
	order := b.Follow("#products tbody td a").Want(http.StatusOK)
	if order.Text("h1") != "Order A/1" || !strings.Contains(order.Text("main table"), "Pen") {
		t.Errorf("the product leads to %s: %s", order.URL, order.Text("main"))
	}
	if back := b.Follow("main .details a").Want(http.StatusOK); back.URL.Path != path {
		t.Errorf("and back to %s", back.URL)
	}
	b.Get(path + "/orders/none").Want(http.StatusNotFound)
	b.Get("/admin/customers/nobody/orders/A%2F1").Want(http.StatusNotFound)
}

// TestOrderOfAnotherCustomerIsNotFound opens an order by the page of a customer who does not own it.
func TestOrderOfAnotherCustomerIsNotFound(t *testing.T) {
	t.Parallel()
	i, b, path := shopper77(t)
	i.Put(i.Key("main"), "/api/v1/orders/X", `{"email":"eva@example.com","placed_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z","currency":"EUR","total":"1.00"}`).Want(201)
	b.Get(path + "/orders/X").Want(http.StatusNotFound)
}

// TestCustomerWithoutShopping checks the page of somebody of whom nothing is known, in a shop that takes no
// events.
func TestCustomerWithoutShopping(t *testing.T) {
	t.Parallel()
	_, b := people(t)
	b.Get("/admin/customers?search=abraham")
	page := b.Follow("main tbody a").Want(http.StatusOK)
	for selector, want := range map[string]string{"#products p": "No products bought yet.", "#cart p": "No cart.", "#vouchers p": "No vouchers."} {
		if got := page.Text(selector); got != want {
			t.Errorf("%s: %q", selector, got)
		}
	}
	if !strings.Contains(page.Text("#cart"), "doesn’t record") {
		t.Error("the page does not say that the shop takes no events")
	}
}
