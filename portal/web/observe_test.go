package web_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"postern/portal/order"
	"postern/portal/web"
	"postern/portal/web/webtest"
)

// TestWatch checks that watchers get data about requests without any text chosen by the client.
func TestWatch(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []web.ResponseInfo
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	h = h.with(t, web.Config{Observers: []web.Observer{func(ctx context.Context) (context.Context,
		func(web.ResponseInfo)) {
		return ctx, func(a web.ResponseInfo) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, a)
		}
	}}})
	const host = "Host: account.shop.test\r\n\r\n"
	for _, text := range []string{
		"GET /sign-in/link/canary?x=canary HTTP/1.1\r\n" + host,
		"HEAD /healthz HTTP/1.1\r\nHost: canary\r\n\r\n",
		"GET /canary HTTP/1.1\r\n" + host,
		"GET /test/panic HTTP/1.1\r\n" + host,
		"GET /test/in HTTP/1.1\r\nHost: canary\r\n\r\n",
		"CANARY /test/in HTTP/1.1\r\n" + host,
		"CANARY /test/in HTTP/1.1\r\nCanary : x\r\n" + host,
	} {
		h.responses(t, text)
	}
	want := []web.ResponseInfo{
		{Method: "GET", Route: "/sign-in/link/*", Status: 404, Shop: "main"},
		{Method: "HEAD", Route: "/healthz", Status: 200},
		{Method: "GET", Route: "-", Status: 404, Shop: "main"},
		{Method: "GET", Route: "/test/panic", Status: 500, Shop: "main"},
		{Method: "GET", Route: "-", Status: 421},
		{Method: "other", Route: "-", Status: 400},
		{Method: "GET", Route: "-", Status: 400}, // for an unreadable request
	}
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff(want, told, cmpopts.IgnoreFields(web.ResponseInfo{}, "Took")); diff != "" {
		t.Error(diff)
	}
	for _, a := range told {
		if a.Took <= 0 {
			t.Errorf("%s %s took %s", a.Method, a.Route, a.Took)
		}
	}
}

// TestStaleDeliveriesAreTold checks that watchers learn of stale deliveries, for the metrics.
func TestStaleDeliveriesAreTold(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var outcomes []order.Outcome
	h := newTestSite(t)
	h = h.with(t, web.Config{Observers: []web.Observer{func(ctx context.Context) (context.Context,
		func(web.ResponseInfo)) {
		return ctx, func(a web.ResponseInfo) {
			mu.Lock()
			defer mu.Unlock()
			outcomes = append(outcomes, a.Outcome)
		}
	}}})
	key := h.Key("main")
	for _, day := range []string{"02", "01"} {
		h.browser(t).Send(webtest.Request{
			Method: "PUT", Path: "/api/v1/customers/7",
			Body:   `{"email":"jana@example.com","updated_at":"2026-01-` + day + `T00:00:00Z"}`,
			Header: map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"},
		})
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []order.Outcome{order.Created, order.Stale}; !slices.Equal(outcomes, want) {
		t.Errorf("told %q, want %q", outcomes, want)
	}
}
