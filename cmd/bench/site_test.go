package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"postern/portal/web"
	"postern/portal/web/webtest"
)

// BenchmarkPages requests pages in this process and without a network, for profiles:
//
//	go test ./cmd/bench -run - -bench Pages/orders -benchmem -cpuprofile cpu.out
func BenchmarkPages(b *testing.B) {
	i := webtest.Portal(b)
	key := i.Key(webtest.Bookshop().ID)
	for k := range ordersEach {
		putOrder(b, i, key, newOrder(0, k, webtest.Start()))
	}
	i.Work()
	browser := i.Browser()
	i.SignIn(browser, emailOf(0))
	cookie := "__Host-postern." + webtest.Bookshop().ID
	app, err := web.New(web.Config{App: i.App})
	if err != nil {
		b.Fatal(err)
	}
	for _, page := range []struct{ name, path, shows string }{
		{"orders", "/orders", ">" + numberOf(0, ordersEach-20) + "<"},
		{"search", fmt.Sprintf("/orders?search=garden+mug+%d", productOf(0, 1)), ">" + numberOf(0, 1) + "<"},
		{"order", "/orders/" + numberOf(0, 1), ">Order " + numberOf(0, 1) + "<"},
		{"long", "/orders/" + longNumber(0), ">Order " + longNumber(0) + "<"},
	} {
		if page.name == "long" {
			putOrder(b, i, key, newLongOrder(0, webtest.Start()))
		}
		b.Run(page.name, func(b *testing.B) {
			repeat(b, app.Handler(), page.shows, func(request *fasthttp.Request) {
				request.SetRequestURI(page.path)
				request.Header.SetHost("account.shop.test")
				request.Header.SetCookie(cookie, browser.Cookie(cookie))
				request.Header.Set("Accept-Language", "en-GB,en;q=0.8,sk;q=0.5")
			})
		})
	}
}

func putOrder(b *testing.B, i *webtest.Installation, key string, order sentOrder) {
	document, err := json.Marshal(order)
	if err != nil {
		b.Fatal(err)
	}
	sent := strings.ReplaceAll(string(document), storefront, "https://www.shop.test") // for pictures of the shop's own
	i.Put(key, "/api/v1/orders/"+order.Number, sent).Want(fasthttp.StatusCreated)
}

// repeat makes the same request again and again. The answer must contain the text.
func repeat(b *testing.B, handle fasthttp.RequestHandler, text string, write func(*fasthttp.Request)) {
	var c fasthttp.RequestCtx
	ask := func() {
		c.Request.Reset()
		c.Response.Reset()
		c.ResetUserValues()
		write(&c.Request)
		handle(&c)
	}
	ask()
	if !bytes.Contains(c.Response.Body(), []byte(text)) {
		b.Fatalf("status %d, without %s", c.Response.StatusCode(), text)
	}
	b.SetBytes(int64(len(c.Response.Body())))
	before := ownCPU()
	for b.Loop() {
		ask()
	}
	b.ReportMetric(float64((ownCPU()-before).Microseconds())/float64(b.N), "cpu-us/op")
}
