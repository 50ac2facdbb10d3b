package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/portal"
	"postern/portal/shop"
	"postern/storage"
)

const (
	detailed = 200    // customers whose page is looked at; each has detailOrders orders
	loyal    = 10_000 // orders of the customer who has the most

	detailOrders = 10
	leastCrowd   = 500
	crowdOrders  = 10 // one customer in so many has an order
)

// personOf returns customer c as a shop's system sends it. One in ten lives in each of ten countries, and one
// in ten of these and of all takes the newsletter.
func personOf(c int) map[string]any {
	countries := []string{"SK", "CZ", "DE", "AT", "PL", "HU", "FR", "IT", "ES", "NL"}
	city := map[string]any{"id": "1", "country": countries[c%len(countries)], "line1": "Hlavná 12", "city": "Košice",
		"postal_code": "04001", "first_name": firstOf(c), "last_name": lastOf(c)}
	p := map[string]any{
		"email": emailOf(c), "updated_at": "2026-01-01T00:00:00Z", "first_name": firstOf(c),
		"last_name": lastOf(c), "phone": phoneOf(c), "language": []string{"en", "sk", "cs", "de"}[c%4],
		"addresses": []any{city},
	}
	if takesNewsletter(c) {
		p["consents"] = map[string]any{"newsletter": map[string]any{"status": "given", "at": "2026-01-01T00:00:00Z"}}
	}
	return p
}

func takesNewsletter(c int) bool { return c/10%10 == 3 }

func firstOf(c int) string {
	names := []string{"Jana", "Ján", "Eva", "Peter", "Zuzana", "Ľubomír", "Katarína", "Štefan", "Věra", "Günther"}
	return names[c/7%len(names)]
}

// lastOf returns one of 5,000 last names, so that 200 in a million share one.
func lastOf(c int) string { return fmt.Sprintf("Kováčov%d", c*13%5000) }

func phoneOf(c int) string { return fmt.Sprintf("+421 9%08d", c) }

// crowd brings a shop's customers from to before-1, and the orders of some.
func crowd(ctx context.Context, engine storage.Engine, app *portal.App, key string, from, before int) error {
	shops, err := app.Shops(ctx)
	if err != nil {
		return err
	}
	feed, err := app.Feed(ctx, shops[0], key)
	if err != nil {
		return err
	}
	if err := eachCustomer(ctx, from, before, func(ctx context.Context, c int) error {
		body, err := json.Marshal(personOf(c))
		if err == nil {
			_, err = feed.PutCustomer(ctx, strconv.Itoa(c+1), body)
		}
		return err
	}); err != nil {
		return err
	}
	out, into := io.Pipe()
	defer out.Close() // unblocks the writer if nobody reads to the end
	go func() { into.CloseWithError(crowdsOrders(into, from, before, time.Now())) }()
	if err := bring(ctx, app, out); err != nil {
		return err
	}
	return count(ctx, engine)
}

func eachCustomer(ctx context.Context, from, before int, do func(context.Context, int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(importHands)
	for c := from; c < before && ctx.Err() == nil; c++ {
		group.Go(func() error { return do(ctx, c) })
	}
	return group.Wait()
}

// crowdsOrders writes the orders as NDJSON: one customer in crowdOrders has one, of the first some have more.
func crowdsOrders(to io.Writer, from, before int, now time.Time) error {
	out := json.NewEncoder(to)
	for c := from; c < before; c++ {
		orders := 0
		switch {
		case c == 0:
			orders = loyal
		case c <= detailed:
			orders = detailOrders
		case c%crowdOrders == 0:
			orders = 1
		}
		for k := range orders {
			o := newOrder(c, k%ordersEach, now)
			o.Number = numberOf(c, k)
			o.PlacedAt = o.PlacedAt.Add(-time.Duration(k) * time.Hour)
			if err := out.Encode(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// idsOf returns our ids of the first n customers.
func idsOf(ctx context.Context, app *portal.App, key string, n int) ([]string, error) {
	shops, err := app.Shops(ctx)
	if err != nil {
		return nil, err
	}
	feed, err := app.Feed(ctx, shops[0], key)
	if err != nil {
		return nil, err
	}
	ids := make([]string, n)
	return ids, eachCustomer(ctx, 0, n, func(ctx context.Context, c int) error {
		found, err := feed.Customer(ctx, strconv.Itoa(c+1))
		ids[c] = found.ID
		return err
	})
}

// offerLanguages lets the shop keep the languages of its customers.
func offerLanguages(ctx context.Context, app *portal.App) error {
	_, err := app.Operator().ChangeShop(ctx, shopID, shop.Settings{Languages: &[]string{"en", "sk", "cs", "de"}})
	return err
}
