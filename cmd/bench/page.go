package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/valyala/fasthttp"
)

// view is a load in which a random signed-in customer views a page for each request. The page must contain
// the text.
func (o options) view(customers []customer, path, text func(customer) string) load {
	return load{
		connections: o.connections, duration: o.duration,
		write: func(i int, request *fasthttp.Request) {
			c := chosen(customers, i)
			request.SetRequestURI(path(c))
			request.Header.SetCookie(browserCookie, c.browser)
			request.Header.SetCookie(sessionCookie, c.session)
			request.Header.Set("Accept-Language", "en-GB,en;q=0.8,sk;q=0.5")
			request.Header.Set("Sec-Fetch-Site", "same-origin")
		},
		read: func(i int, answer *fasthttp.Response) error {
			if err := has(answer, fasthttp.StatusOK); err != nil {
				return err
			}
			if want := text(chosen(customers, i)); !bytes.Contains(answer.Body(), []byte(want)) {
				return fmt.Errorf("%s is not on the page of %d bytes", want, len(answer.Body()))
			}
			return nil
		},
	}
}

// chosen returns a random customer, always the same for the same request.
func chosen(customers []customer, i int) customer {
	return customers[rand.New(rand.NewPCG(uint64(i), 7)).IntN(len(customers))]
}

func has(answer *fasthttp.Response, status int) error {
	if answer.StatusCode() != status {
		return fmt.Errorf("status %d: %.300s", answer.StatusCode(), answer.Body())
	}
	return nil
}

// ordersPage is a load on the first page of the customers' order lists.
func (o options) ordersPage(customers []customer) load {
	return o.view(customers,
		func(customer) string { return "/orders" },
		func(c customer) string { return ">" + numberOf(c.place, ordersEach-20) + "<" })
}

// orderPage is a load on the pages of single orders, which differ between requests.
func (o options) orderPage(customers []customer) load {
	number := func(c customer) string { return numberOf(c.place, c.place%ordersEach) }
	return o.view(customers,
		func(c customer) string { return "/orders/" + number(c) },
		func(c customer) string { return ">Order " + number(c) + "<" })
}

// accountPages returns loads on the customers' account pages, by path.
func (o options) accountPages(customers []customer) map[string]load {
	pages := map[string]load{}
	for _, path := range []string{"/profile", "/privacy", "/company", "/security"} {
		pages[path] = o.view(customers, func(customer) string { return path },
			func(customer) string { return "<h1>" })
	}
	number := func(c customer) string { return numberOf(c.place, ordersEach-1) }
	for _, step := range []string{"/withdraw", "/return"} {
		pages["/orders/…"+step] = o.view(customers,
			func(c customer) string { return "/orders/" + number(c) + step }, number)
	}
	return pages
}

// search measures the search for the second product of the customers' orders, which two orders of three have.
// The oldest of them is not on the first page of the list.
func (b *bench) search(ctx context.Context, p *process, customers []customer) error {
	found, err := b.steady(ctx, p, b.view(customers,
		func(c customer) string {
			return fmt.Sprintf("/orders?search=garden+mug+%d", productOf(c.place, 1))
		},
		func(c customer) string {
			oldest := 0
			if c.place%3 == 0 { // that order has one line
				oldest = 1
			}
			return ">" + numberOf(c.place, oldest) + "<"
		}))
	b.row("a search by three words", found, 0)
	return err
}

// puts is a load of new orders for existing customers, sent by the shop's system.
func (b *bench) puts() load {
	now := time.Now()
	return load{
		connections: b.connections, duration: b.duration,
		write: func(i int, request *fasthttp.Request) {
			sent := newOrder(i%b.stored, ordersEach+i/b.stored, now)
			b.send(request, fasthttp.MethodPut, "/api/v1/orders/"+sent.Number, sent)
		},
		read: func(_ int, answer *fasthttp.Response) error { return has(answer, fasthttp.StatusCreated) },
	}
}

// bare is a load on the page of the bare handler.
func (o options) bare() load {
	return load{
		connections: o.connections, duration: o.duration,
		write: func(_ int, request *fasthttp.Request) { request.SetRequestURI("/orders") },
		read:  func(_ int, answer *fasthttp.Response) error { return has(answer, fasthttp.StatusOK) },
	}
}
