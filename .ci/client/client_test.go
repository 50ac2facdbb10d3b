package client

import (
	"context"
	"net/http"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/web/webtest"
)

// TestGeneratedClient sends, lists, reads and deletes orders with the generated client.
func TestGeneratedClient(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	api := connect(t, i, i.Key("main"))
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	email, total := "jana@shop.test", "12.50"
	order := func(number string) Order {
		return Order{Number: &number, Email: &email, PlacedAt: at, UpdatedAt: at, Currency: "EUR", Total: total}
	}
	sent, err := api.SendOrderWithResponse(t.Context(), "a/1", nil, order("a/1"))
	if err != nil || sent.JSON201 == nil || sent.JSON201.Result != "created" {
		t.Fatalf("send: %+v, %v", sent, err)
	}
	bad := order("3")
	bad.Currency = "XXQ"
	many, err := api.SendOrdersWithResponse(t.Context(), nil, []Order{order("2"), bad, order("4")})
	if err != nil || many.JSON200 == nil || many.JSON200.Refused != 1 || many.JSON200.Results[1].Status != 422 ||
		(*many.JSON200.Results[1].Errors)[0].Pointer != "/currency" {
		t.Fatalf("send several: %+v, %v", many, err)
	}
	limit := 2
	var numbers []string
	for query := (&ListOrdersParams{Limit: &limit}); ; {
		page, err := api.ListOrdersWithResponse(t.Context(), query)
		if err != nil || page.JSON200 == nil {
			t.Fatalf("list: %+v, %v", page, err)
		}
		for _, o := range page.JSON200.Orders {
			numbers = append(numbers, o.Number)
		}
		if query.Cursor = page.JSON200.Next; query.Cursor == nil {
			break
		}
	}
	if len(numbers) != 3 {
		t.Errorf("listed %v", numbers)
	}
	read, err := api.ReadOrderWithResponse(t.Context(), "a/1")
	if err != nil || read.JSON200 == nil || read.JSON200.Total != total || !read.JSON200.PlacedAt.Equal(at) {
		t.Errorf("read: %+v, %v", read, err)
	}
	gone, err := api.DeleteOrderWithResponse(t.Context(), "a/1")
	if err != nil || gone.StatusCode() != http.StatusNoContent {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	again, err := api.ReadOrderWithResponse(t.Context(), "a/1")
	if err != nil || again.ApplicationproblemJSON404 == nil || again.ApplicationproblemJSON404.Code != "order.not_found" {
		t.Errorf("read again: %+v, %v", again, err)
	}
	lists := connect(t, i, i.Key("main", portal.KeyScopes(portal.ScopeLists)))
	refused, err := lists.ReadOrderWithResponse(t.Context(), "2")
	if err != nil || refused.ApplicationproblemJSON403 == nil || *refused.ApplicationproblemJSON403.Scope != "orders" {
		t.Errorf("without the scope: %+v, %v", refused, err)
	}
}

// connect returns a client with a key.
func connect(t *testing.T, i *webtest.Installation, key string) *ClientWithResponses {
	t.Helper()
	shops, err := i.App.Shops(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	api, err := NewClientWithResponses(shops[0].BaseURL, WithHTTPClient(&http.Client{Transport: i.Way}),
		WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+key)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// TestGeneratedClientRedeemsVouchers sends a voucher, a cart and an event, and redeems the voucher, with the
// generated client.
func TestGeneratedClientRedeemsVouchers(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	api := connect(t, i, i.Key("main"))
	ctx, at := t.Context(), time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	percent, uses, email, currency := "10", 1, "jana@shop.test", "EUR"
	sent, err := api.SendVoucherWithResponse(ctx, "spring", nil, Voucher{Percent: &percent, Uses: &uses, UpdatedAt: at})
	if err != nil || sent.JSON201 == nil || sent.JSON201.Result != "created" {
		t.Fatalf("send: %+v, %v", sent, err)
	}
	for range 2 {
		used, err := api.RedeemVoucherWithResponse(ctx, "Spring", Redeem{Order: "1001"})
		if err != nil || used.JSON200 == nil || used.JSON200.Code != "SPRING" || *used.JSON200.Percent != percent {
			t.Fatalf("redeem: %+v, %v", used, err)
		}
	}
	refused, err := api.RedeemVoucherWithResponse(ctx, "spring", Redeem{Order: "1002"})
	if err != nil || refused.ApplicationproblemJSON409 == nil || refused.ApplicationproblemJSON409.Code != "voucher.used_up" {
		t.Errorf("used up: %+v, %v", refused, err)
	}
	back, err := api.GiveBackVoucherWithResponse(ctx, "spring", "1001")
	if err != nil || back.StatusCode() != http.StatusNoContent {
		t.Errorf("give back: %+v, %v", back, err)
	}
	read, err := api.ReadVoucherWithResponse(ctx, "spring")
	if err != nil || read.JSON200 == nil || read.JSON200.Used != 0 || *read.JSON200.Left != uses {
		t.Errorf("read: %+v, %v", read, err)
	}
	if made, err := api.SendCustomerWithResponse(ctx, "77", nil, Customer{Email: &email, UpdatedAt: &at}); err != nil || made.JSON201 == nil {
		t.Fatalf("customer: %+v, %v", made, err)
	}
	lines := []CartLine{{Name: "Book", Quantity: "1", Total: "12.50"}}
	if cart, err := api.SendCartWithResponse(ctx, "77", nil, Cart{Currency: &currency, Lines: &lines, UpdatedAt: at}); err != nil || cart.JSON201 == nil {
		t.Errorf("cart: %+v, %v", cart, err)
	}
	event := ShopEvent{Id: "1", Type: "visit", At: at, Email: &email}
	off, err := api.SendEventsWithResponse(ctx, []ShopEvent{event})
	if err != nil || off.ApplicationproblemJSON409 == nil || off.ApplicationproblemJSON409.Code != "events.off" {
		t.Errorf("events: %+v, %v", off, err)
	}
}
