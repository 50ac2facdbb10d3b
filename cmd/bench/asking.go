package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/portal"
	"postern/storage"
)

// asking measures the cost of requesting a link. It uses a store in which no link has been requested
// before, so that the first count for an address and its client costs the same with and without an account.
func (b *bench) asking(ctx context.Context) (err error) {
	if b.store, err = b.stores.next("asking"); err != nil {
		return err
	}
	paced := max(1, int(float64(b.rate)*b.paced.Seconds()))
	b.stored = paced + b.warmUps() + b.pairs
	b.say("filling a store with %d customers", b.stored)
	if err := b.people(ctx, b.stored); err != nil {
		return err
	}
	if err := b.during(ctx, b.post.url(),
		func(p *process) error { return b.handOver(ctx, p, paced) }); err != nil {
		return err
	}
	shoppers := door{path: "/sign-in", known: paced, unknown: b.stored}
	err = b.during(ctx, nobody(), func(p *process) error {
		return b.askPairs(ctx, p, shoppers, "mail server away")
	})
	if err != nil {
		return err
	}
	err = b.during(ctx, b.post.url(), func(p *process) error {
		b.post.dally(b.late)
		defer b.post.dally(0) // emails in progress when the server stops need not wait
		return b.askPairs(ctx, p, shoppers, fmt.Sprintf("mail server %s late", b.late))
	})
	if err != nil {
		return err
	}
	return b.askStaff(ctx)
}

// askStaff compares the times at the sign-in page of staff. A shop has few of them, so each address comes
// often.
func (b *bench) askStaff(ctx context.Context) error {
	staffs := door{path: "/admin/sign-in", known: 0, unknown: 2 * b.stored, many: min(staffMembers, b.stored)}
	err := within(ctx, b.store, func(_ storage.Engine, app *portal.App) error {
		shops, err := app.Shops(ctx)
		for n := 0; n < staffs.many && err == nil; n++ {
			_, err = app.Operator().InviteStaff(ctx, shops[0].ID, emailOf(n), "viewer")
		}
		return err
	})
	if err != nil {
		return err
	}
	return b.during(ctx, nobody(), func(p *process) error {
		return b.askPairs(ctx, p, staffs, "of staff")
	})
}

// staffMembers is a large shop's staff.
const staffMembers = 100

// people adds n customers without orders to the store.
func (b *bench) people(ctx context.Context, n int) error {
	return within(ctx, b.store, func(_ storage.Engine, app *portal.App) error {
		key, err := furnish(ctx, app)
		if err != nil {
			return err
		}
		shops, err := app.Shops(ctx)
		if err != nil {
			return err
		}
		feed, err := app.Feed(ctx, shops[0], key)
		if err != nil {
			return err
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(importHands)
		for c := range n {
			body := fmt.Appendf(nil, `{"email":%q,"updated_at":"2026-01-01T00:00:00Z"}`, emailOf(c))
			group.Go(func() error {
				_, err := feed.PutCustomer(ctx, strconv.Itoa(c+1), body)
				return err
			})
		}
		return group.Wait()
	})
}

// mostHandOver is the time within which 99 of 100 emails must have reached the mail server.
const mostHandOver = 2 * time.Second

// handOver requests links for the first n customers at a fixed rate. For each it measures the time from
// when the request was due until the mail server had the whole email.
func (b *bench) handOver(ctx context.Context, p *process, n int) error {
	b.say("asking for %d links, %d a second, with a mail server", n, b.rate)
	customers := make([]customer, n)
	for place := range customers {
		customers[place] = newCustomer(place)
	}
	b.post.clear()
	due, err := askFor(customers, b.connections).paced(ctx, p, b.rate)
	if err != nil {
		return fmt.Errorf("%w; the server said: %s", err, p.said())
	}
	if err := b.collect(ctx, customers); err != nil {
		return err
	}
	var r result
	for i, c := range customers {
		r.times = append(r.times, b.post.arrival(emailOf(c.place)).Sub(due[i]))
	}
	slices.Sort(r.times)
	slow := r.quantile(0.99)
	b.figure(fmt.Sprintf("from asked for to handed over, %d a second for %s", b.rate, b.paced),
		fmt.Sprintf("p50 %s ms, p99 %s ms, most %s ms", millis(r.quantile(0.5)), millis(slow),
			millis(r.quantile(1))),
		atMost(slow.Seconds()*1000, mostHandOver.Seconds()*1000, "ms p99"))
	return nil
}
