package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	longLines  = 120 // lines of a long order
	longOrders = 50  // the maximum number of them
)

// longNumber returns the number of customer c's long order.
func longNumber(c int) string { return fmt.Sprintf("L%07d", c) }

// newLongOrder returns an order with many lines.
func newLongOrder(c int, now time.Time) sentOrder {
	o := newOrder(c, 0, now)
	o.Number, o.Lines = longNumber(c), nil
	o.fillLines(c, 0, longLines)
	return o
}

// longOrder measures the pages of orders with many lines, which the shop's system sends first. They change
// the customers' lists, so this comes after the measurement of these.
func (b *bench) longOrder(ctx context.Context, p *process, customers []customer) error {
	customers, now := customers[:min(longOrders, len(customers))], time.Now()
	send := load{
		connections: b.connections, count: len(customers),
		write: func(i int, request *fasthttp.Request) {
			sent := newLongOrder(customers[i].place, now)
			b.send(request, fasthttp.MethodPut, "/api/v1/orders/"+sent.Number, sent)
		},
		read: func(_ int, answer *fasthttp.Response) error { return has(answer, fasthttp.StatusCreated) },
	}
	if _, err := send.on(ctx, p); err != nil {
		return err
	}
	if err := p.settle(ctx); err != nil {
		return err
	}
	number := func(c customer) string { return longNumber(c.place) }
	look, err := b.steady(ctx, p, b.view(customers,
		func(c customer) string { return "/orders/" + number(c) },
		func(c customer) string { return ">Order " + number(c) + "<" }))
	b.row(fmt.Sprintf("the page of an order of %d lines", longLines), look, 0)
	return err
}

// batches measures requests with several orders each, one after the other, as from one shop's system.
func (b *bench) batches(ctx context.Context, p *process) error {
	now := time.Now()
	send := load{
		connections: 1, duration: b.duration,
		write: func(i int, request *fasthttp.Request) {
			orders := make([]sentOrder, b.batch)
			for n := range orders {
				place := i*b.batch + n
				orders[n] = newOrder(place%b.stored, batchesFrom+place/b.stored, now)
			}
			b.send(request, fasthttp.MethodPost, "/api/v1/orders", orders)
		},
		read: func(_ int, answer *fasthttp.Response) error {
			if !bytes.Contains(answer.Body(), []byte(`"refused":0`)) {
				return fmt.Errorf("orders were refused: %.300s", answer.Body())
			}
			return has(answer, fasthttp.StatusOK)
		},
	}
	if err := p.settle(ctx); err != nil {
		return err
	}
	sent, err := send.on(ctx, p)
	if err != nil {
		return err
	}
	if sent.requests == 0 {
		return errors.New("no orders were sent")
	}
	name := grouped(b.batch) + " orders in one request"
	b.row("POST of "+name, sent, 0)
	b.figure(name, fmt.Sprintf("%.0f orders/s", sent.perSecond()*float64(b.batch)), "")
	b.figure("CPU of each of "+name, millis(sent.cost()/time.Duration(b.batch))+" ms",
		atMost(sent.cost().Seconds()*1000/float64(b.batch), 0.5, "ms"))
	return nil
}

// batchesFrom is the place among a customer's orders from which on those are that are sent several at a time.
const batchesFrom = 1_000_000

// send makes a request of the shop's system.
func (b *bench) send(request *fasthttp.Request, method, path string, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // an order contains only texts and times
	}
	request.Header.SetMethod(method)
	request.SetRequestURI(path)
	request.Header.SetContentType("application/json")
	request.Header.Set("Authorization", "Bearer "+b.key)
	request.SetBodyRaw(body)
}
