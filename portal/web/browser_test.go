package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"postern/portal/shop"
	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

const storefront = "http://www.shop.test"

// stand is a test site that a real browser on this machine can reach, with two shops, so that unknown hosts
// are refused.
type stand struct {
	testSite
	chrome *chrome.Chrome
	base   string
}

func newStand(t *testing.T, browser *chrome.Chrome) stand {
	t.Helper()
	h := newTestSite(t, webtest.NewShop("main", "http://127.0.0.1:1"),
		webtest.NewShop("other", "http://127.0.0.2:2"))
	s := stand{testSite: h, chrome: browser, base: "http://" + h.way.Addr}
	_, err := h.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{
		BaseURL: &s.base, StorefrontURL: new(storefront + "/"), Hosts: new([]string{h.Way.Addr}),
		Accent:       new("#23586a"),
		SupportEmail: new("help@shop.test"),
		ReorderURL:   new(storefront + "/cart?add={items}"),
		Footer: &[]shop.FooterLink{{Label: "Terms", URL: storefront + "/terms"},
			{Label: "Obchodné podmienky", URL: storefront + "/terms", Lang: "sk"}, {Label: "Obchodní podmínky", URL: storefront + "/terms", Lang: "cs"},
			{Label: "Regulamin", URL: storefront + "/terms", Lang: "pl"}, {Label: "AGB", URL: storefront + "/terms", Lang: "de"}},
	})
	if err != nil {
		t.Fatalf("set the shop: %v", err)
	}
	return s
}

// tab opens a tab for the shop.
func (s stand) tab(t *testing.T, o chrome.Options) *chrome.Tab {
	t.Helper()
	o.Base, o.Storefront = s.base, storefront
	return s.chrome.Tab(t, o)
}

// stranger returns a new browser for the shop, without scripts.
func (s stand) stranger(t *testing.T) *webtest.Browser {
	t.Helper()
	return webtest.NewBrowser(t, s.base, s.way)
}

// ask opens a path in the tab, where the shopper is asked to sign in, and requests an email.
func (s stand) ask(tab *chrome.Tab, email, to string) {
	tab.Visit(to)
	tab.Type("#f-email", email)
	tab.Follow("main form button")
	s.Deliver()
}

// link returns the newest link emailed to an address.
func (s stand) link(t *testing.T, email string) string {
	t.Helper()
	link := webtest.LinkIn(s.Mailbox.Last(email))
	if link == "" {
		t.Fatalf("no link was mailed to %s", email)
	}
	return link
}

// linkFor returns a new link requested by another browser.
func (s stand) linkFor(t *testing.T, email string) string {
	t.Helper()
	b := s.stranger(t)
	b.Get("/sign-in").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"email": email}).Want(http.StatusOK)
	s.Deliver()
	return s.link(t, email)
}

// signIn signs the tab in with a link requested by another browser.
func (s stand) signIn(t *testing.T, tab *chrome.Tab, email string) {
	t.Helper()
	tab.Visit(s.linkFor(t, email))
	tab.Follow("form[data-sign-in] button")
	if got := tab.Path(); got != "/orders" {
		t.Fatalf("signed in to %s", got)
	}
}

// fill creates an order of each of the orderShapes for an address, and enough plain ones for a second page.
func (s stand) fill(t *testing.T, key, email string) {
	t.Helper()
	prefix, _, _ := strings.Cut(email, "@")
	for name, change := range orderShapes() {
		s.putOrder(t, key, email, prefix+"-"+name, change)
	}
	for n := range 24 {
		s.putOrder(t, key, email, fmt.Sprintf("%s-%d", prefix, 2001+n), map[string]any{
			"placed_at": fmt.Sprintf("2025-%02d-%02dT10:00:00Z", 1+n%12, 1+n),
		})
	}
	s.act(t, email)
	s.Work()
}

// act leaves more acts of the shop on a customer's account than fit on a page.
func (s stand) act(t *testing.T, email string) {
	t.Helper()
	operator, err := s.App.Operator().Because("Stolen mobile phone, reported by telephone")
	if err != nil {
		t.Fatal(err)
	}
	account, err := operator.FindCustomer(t.Context(), "main", email)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if _, err := operator.SignOutCustomer(t.Context(), "main", account.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func (s stand) putOrder(t *testing.T, key, email, number string, change map[string]any) {
	t.Helper()
	document := map[string]any{
		"email": email, "placed_at": "2026-02-20T10:00:00Z", "updated_at": "2026-03-01T10:00:00Z",
		"currency": "EUR",
		"payment":  "paid", "fulfillment": "delivered", "total": "24.90",
		"lines": []any{notebook("24.90")},
	}
	maps.Copy(document, change)
	body, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	s.stranger(t).Send(webtest.Request{
		Method: http.MethodPut, Path: "/api/v1/orders/" + number, Body: string(body),
		Header: map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"},
	}).Want(http.StatusCreated)
}

type object = map[string]any

// notebook is a line of one notebook.
func notebook(price string) object {
	return object{"id": "1", "sku": "N-1", "name": "Notebook", "quantity": "1", "total": price, "picture": storefront + "/p/1.png"}
}

// orderShapes returns orders that look different, by the suffix of their number.
func orderShapes() map[string]map[string]any {
	home := object{"first_name": "Jana", "last_name": "Nováková", "line1": "Hlavná 12", "city": "Bratislava",
		"postal_code": "811 01", "country": "SK"}
	shapes := moreOrderShapes(home)
	maps.Copy(shapes, map[string]map[string]any{
		"shipped": {
			"fulfillment": "shipped", "subtotal": "60.00", "discount": "6.00", "shipping": "3.90",
			"tax": "9.65", "total": "57.90",
			"lines": []any{
				object{"id": "1", "sku": "B-1", "name": "Field notes", "quantity": "2", "unit_price": "15.00",
					"total":   "30.00",
					"picture": storefront + "/p/1.png", "url": storefront + "/field-notes",
					"options": []any{object{"name": "Cover", "value": "Blue"}}},
				object{"id": "2", "name": "A pencil", "quantity": "1", "total": "30.00",
					"picture": storefront + "/p/2.png", "fulfillment": "processing"},
			},
			"shipments": []any{object{"carrier": "DHL", "number": "JD014600003SK",
				"url": "https://dhl.test/t", "shipped_at": "2026-03-03T08:00:00Z",
				"expected_to": "2026-03-06T12:00:00Z", "items": []any{object{"line": "1", "quantity": "2"}}}},
			"shipping_address": home, "billing_address": home,
			"discounts":          []any{object{"label": "Spring", "code": "MAY", "amount": "6.00"}},
			"taxes":              []any{object{"label": "VAT", "rate": "20", "amount": "9.65"}},
			"prices_include_tax": true,
			"notes":              []any{object{"text": "We put a card in.", "at": "2026-03-02T10:00:00Z"}},
			"customer_note":      "Ring twice.\nThank you.",
			"links": object{"invoice": storefront + "/invoice.pdf",
				"storefront": storefront + "/order"},
			"shipping_method": "Courier", "payment_method": "Card", "vat_id": "SK2020317068",
			"events": []any{object{"type": "placed", "at": "2026-02-20T10:00:00Z"},
				object{"type": "paid", "at": "2026-02-20T10:01:00Z"},
				object{"type": "shipped", "at": "2026-03-03T08:00:00Z"}},
		},
		"unpaid": {
			"payment": "pending", "payment_kind": "transfer", "fulfillment": "unfulfilled",
			"links":     object{"payment": storefront + "/pay"},
			"placed_at": "2026-03-04T10:00:00Z",
		},
		"cancelled": {"state": "cancelled", "payment": "refunded", "refunded": "24.90",
			"fulfillment": "cancelled"},
		"digital": {"is_digital": true, "fulfillment": "delivered", "placed_at": "2024-05-01T10:00:00Z"},
		"odd": {
			"source_status": "awaiting_gnomes", "source_label": "Waiting for the gnomes", "currency": "JPY",
			"total": "1200", "payment": "gnome_debt",
			"fulfillment": "partially_shipped", "placed_at": "2024-03-01T10:00:00Z",
			"lines": []any{object{"name": strings.Repeat("Donaudampfschifffahrtsgesellschaft", 4),
				"quantity": "0.125", "total": "1200"}},
			"shipments": []any{object{"carrier": "Packeta", "number": strings.Repeat("Z123", 12),
				"pickup_point": "Corner shop"},
				object{"carrier": "DHL", "delivered_at": "2024-03-09T10:00:00Z"}},
			"billing_address": home,
		},
	})
	return shapes
}
