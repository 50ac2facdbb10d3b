package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/portal/shop"
	"postern/portal/web/webtest"
)

// fillShopping sends a cart with long names, events and vouchers of a customer by the shop system's id.
func (s stand) fillShopping(t *testing.T, key, id string) {
	t.Helper()
	if _, err := s.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{Events: new(true)}); err != nil {
		t.Fatal(err)
	}
	at := s.Clock.Now().Add(-time.Hour).Format(time.RFC3339)
	send := func(method, path string, body any) {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		if page := s.Browser().Send(webtest.Request{Method: method, Path: path, Body: string(text), Header: map[string]string{
			"Authorization": "Bearer " + key, "Content-Type": "application/json"}}); page.Status >= 300 {
			t.Fatalf("%s: %s", path, page.Body)
		}
	}
	type members = map[string]any
	send("PUT", "/api/v1/customers/"+id+"/cart", members{"currency": "EUR", "url": storefront + "/cart", "updated_at": at, "lines": []members{
		{"name": "Field notes", "sku": "FN-3", "quantity": "2", "total": "17.80", "url": storefront + "/field-notes"},
		{"name": strings.Repeat("Donaudampfschifffahrtsgesellschaft", 3), "quantity": "1.25", "total": "1234567.89"}}})
	var events []members
	for n, name := range []string{"Field notes", strings.Repeat("W", 80), "كتاب"} {
		events = append(events, members{"id": fmt.Sprint(n), "type": "product_view", "at": at, "customer_id": id, "name": name, "url": storefront + "/p"})
	}
	send("POST", "/api/v1/events", events)
	for code, voucher := range map[string]members{
		"SPRING-" + id:                     {"percent": "12.5", "title": "Spring sale", "uses": 500, "until": "2036-01-01T00:00:00Z"},
		strings.Repeat("W", 40) + "-" + id: {"amount": "5.00", "currency": "EUR", "for": members{"customer_id": id}, "uses_per_customer": 2},
		"LATER-" + id:                      {"percent": "4", "from": "2035-01-01T00:00:00Z", "uses": 1},
	} {
		voucher["updated_at"] = at
		send("PUT", "/api/v1/vouchers/"+code, voucher)
	}
}
