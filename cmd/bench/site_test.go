package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/valyala/fasthttp"

	"postern/portal/web"
	"postern/portal/web/webtest"
)

// BenchmarkOrdersPage requests a page of 20 orders in this process and without a network, for profiles:
//
//	go test ./cmd/bench -run - -bench OrdersPage -benchmem -cpuprofile cpu.out
func BenchmarkOrdersPage(b *testing.B) {
	i := webtest.Portal(b)
	key := i.Key(webtest.Bookshop().ID)
	for k := range ordersEach {
		document, err := json.Marshal(newOrder(0, k, webtest.Start()))
		if err != nil {
			b.Fatal(err)
		}
		i.Put(key, "/api/v1/orders/"+numberOf(0, k), string(document)).Want(fasthttp.StatusCreated)
	}
	i.Work()
	browser := i.Browser()
	i.SignIn(browser, emailOf(0))
	app, err := web.New(web.Config{App: i.App})
	if err != nil {
		b.Fatal(err)
	}
	cookie := "__Host-postern." + webtest.Bookshop().ID
	handle := app.Handler()
	var c fasthttp.RequestCtx
	ask := func() {
		c.Request.Reset()
		c.Response.Reset()
		c.ResetUserValues()
		c.Request.SetRequestURI("/orders")
		c.Request.Header.SetHost("account.shop.test")
		c.Request.Header.SetCookie(cookie, browser.Cookie(cookie))
		c.Request.Header.Set("Accept-Language", "en-GB,en;q=0.8,sk;q=0.5")
		handle(&c)
	}
	ask()
	if n := bytes.Count(c.Response.Body(), []byte(`class="order"`)); n != 20 {
		b.Fatalf("status %d, %d orders", c.Response.StatusCode(), n)
	}
	b.SetBytes(int64(len(c.Response.Body())))
	before := ownCPU()
	for b.Loop() {
		ask()
	}
	b.ReportMetric(float64((ownCPU()-before).Microseconds())/float64(b.N), "cpu-us/op")
}
