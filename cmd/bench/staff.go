package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"postern/portal"
	"postern/storage"
)

// most CPU time of the pages of staff at the largest store.
const (
	listCost   = 1500 * time.Microsecond
	searchCost = 3 * time.Millisecond
	detailCost = 3 * time.Millisecond
)

// merchants measures the pages of staff, for each number of customers in a store of its own.
func (b *bench) merchants(ctx context.Context) (err error) {
	if b.store, err = b.stores.next("staff"); err != nil {
		return err
	}
	shop := &desk{bench: b}
	costs := map[string]time.Duration{}
	for _, size := range b.crowds {
		if err := shop.grow(ctx, size); err != nil {
			return err
		}
		if err := b.during(ctx, b.post.url(), func(p *process) error { return shop.measure(ctx, p, costs) }); err != nil {
			return fmt.Errorf("at %d customers: %w", size, err)
		}
	}
	return nil
}

// desk is what the measured pages of staff are about.
type desk struct {
	*bench
	clerk clerk
	size  int      // customers in the store
	ids   []string // of the first customers
}

// grow fills the store up to size customers.
func (d *desk) grow(ctx context.Context, size int) error {
	from, began := d.size, time.Now()
	d.size = size
	d.say("filling a store up to %d customers", size)
	return within(ctx, d.store, func(engine storage.Engine, app *portal.App) (err error) {
		if from == 0 {
			if d.key, err = furnish(ctx, app); err == nil {
				err = offerLanguages(ctx, app)
			}
			if err == nil {
				d.clerk, err = d.invite(ctx, app)
			}
		}
		if err == nil {
			err = crowd(ctx, engine, app, d.key, from, size)
		}
		if err == nil {
			d.ids, err = idsOf(ctx, app, d.key, min(size, acts+detailed+1))
		}
		d.say("  took %s, counting included", time.Since(began).Round(time.Second/10))
		return err
	})
}

// listed are the lists that are measured: the four orders; each with two filters, which one customer in ten
// matches each; and two of which the second is rare.
func listed() []struct{ name, query string } {
	var lists []struct{ name, query string }
	for _, filters := range []struct{ name, query string }{
		{"customers", ""}, {"customers with two filters", "&country=SK&newsletter=given"},
	} {
		for _, order := range []struct{ name, sort string }{
			{"registration", "registered"}, {"last visit", "visited"}, {"amount spent", "spent"}, {"name", "name"},
		} {
			lists = append(lists, struct{ name, query string }{
				filters.name + " by " + order.name, "sort=" + order.sort + filters.query})
		}
	}
	return append(lists, struct{ name, query string }{"customers with a rare filter", "country=SK&orders_min=50"})
}

// found are the searches that are measured, by the customer who is looked for.
func found() map[string]func(c int) string {
	return map[string]func(c int) string{
		"two names":        func(c int) string { return firstOf(c) + " " + lastOf(c) },
		"a phone number":   func(c int) string { return strings.TrimPrefix(phoneOf(c), "+421 ") },
		"part of an email": func(c int) string { return fmt.Sprintf("customer%07d", c) },
	}
}

func (d *desk) measure(ctx context.Context, p *process, costs map[string]time.Duration) error {
	if d.clerk.session == "" {
		if err := d.enter(ctx, p, &d.clerk); err != nil {
			return err
		}
	}
	if err := p.settle(ctx); err != nil {
		return err
	}
	for _, l := range listed() {
		look := d.viewAs(&d.clerk, func(int) string { return "/admin/customers?" + l.query }, `href="/admin/customers/`)
		if err := d.take(ctx, p, l.name, look, costs, listCost); err != nil {
			return err
		}
	}
	for name, text := range found() {
		look := d.viewAs(&d.clerk, func(i int) string {
			return "/admin/customers?search=" + url.QueryEscape(text(chosenOf(d.size, i)))
		}, `scope="row"`)
		if err := d.take(ctx, p, "search by "+name, look, costs, searchCost); err != nil {
			return err
		}
	}
	return errors.Join(d.details(ctx, p, costs), d.act(ctx, p), d.bulk(ctx, p))
}

// chosenOf returns a customer out of n, spread over all, always the same for the same request.
func chosenOf(n, i int) int { return int(uint64(i) * 2654435761 % uint64(n)) }

// take measures a page and compares its cost with that at the first size.
func (d *desk) take(ctx context.Context, p *process, name string, look load, costs map[string]time.Duration,
	most time.Duration) error {
	got, err := d.steady(ctx, p, look)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	d.row(fmt.Sprintf("%s, %s", name, grouped(d.size)), got, most)
	if small := costs[name]; small > 0 {
		ratio := float64(got.cost()) / float64(small)
		d.figure(fmt.Sprintf("CPU of %s, %s customers against %s", name, grouped(d.size), grouped(d.crowds[0])),
			fmt.Sprintf("%.2f", ratio), atMost(ratio, 1.2, ""))
	} else {
		costs[name] = got.cost()
	}
	return nil
}

// details measures the page of customers with some orders, and of one with many.
func (d *desk) details(ctx context.Context, p *process, costs map[string]time.Duration) error {
	few := d.viewAs(&d.clerk, func(i int) string { return "/admin/customers/" + d.ids[1+i%min(detailed, len(d.ids)-1)] }, `id="timeline"`)
	many := d.viewAs(&d.clerk, func(int) string { return "/admin/customers/" + d.ids[0] }, `id="timeline"`)
	return errors.Join(
		d.take(ctx, p, fmt.Sprintf("a customer with %d orders", detailOrders), few, costs, detailCost),
		d.take(ctx, p, fmt.Sprintf("a customer with %s orders", grouped(loyal)), many, costs, detailCost))
}

// acts is how many customers are added to a group, one by one.
const acts = 500

// act measures single acts until each is in the log.
func (d *desk) act(ctx context.Context, p *process) error {
	path, err := d.clerk.submit(ctx, p, "/admin/groups/new", url.Values{"name": {fmt.Sprint("Group ", d.size)}})
	if err != nil {
		return err
	}
	path, _, _ = strings.Cut(path, "?")
	group := strings.TrimPrefix(path, "/admin/groups/")
	if err := p.settle(ctx); err != nil {
		return err
	}
	began, err := p.cpu()
	if err != nil {
		return err
	}
	customers := d.ids[:min(acts, len(d.ids))]
	done, err := load{
		connections: d.connections, count: len(customers),
		write: func(i int, request *fasthttp.Request) {
			d.clerk.write(request)
			submit(request, "/admin/customers/"+customers[i]+"/groups", url.Values{"group": {group}}.Encode())
		},
		read: func(_ int, answer *fasthttp.Response) error { return has(answer, fasthttp.StatusSeeOther) },
	}.on(ctx, p)
	if err == nil {
		err = p.settle(ctx)
	}
	if err != nil {
		return err
	}
	ended, err := p.cpu()
	done.cpu = ended - began
	d.row(fmt.Sprintf("an act and its entry in the log, %s", grouped(d.size)), done, 0)
	return err
}

// leastActs is how many acts a second a bulk change must do.
const leastActs = 1000

// manyOf returns filters that 10,000 customers match, if the shop has as many, and their number.
func (d *desk) manyOf() (filters url.Values, n int) {
	filters, n = url.Values{"all": {"yes"}}, d.size
	for _, f := range [][2]string{{"newsletter", "given"}, {"country", "SK"}} {
		if n >= 10*loyal {
			filters.Set(f[0], f[1])
			n /= 10
		}
	}
	return filters, n
}

// bulk measures a bulk change: from Start until the page says that it is done.
func (d *desk) bulk(ctx context.Context, p *process) error {
	form, n := d.manyOf()
	form.Set("action", "add_tag")
	form.Set("add_tag.tag", fmt.Sprint("bench-", d.size))
	path, err := d.clerk.submit(ctx, p, "/admin/batches/new", form)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(path, "/admin/batches/") {
		return fmt.Errorf("the bulk change was refused: %.300s", path)
	}
	if err := d.await(ctx, p, path, "/start"); err != nil {
		return err
	}
	watch, began := p.watch(), time.Now()
	if _, err := d.clerk.submit(ctx, p, path+"/start", nil); err != nil {
		return err
	}
	err = d.await(ctx, p, path, "/undo")
	rate := rate(n, began)
	at := fmt.Sprintf(", %s of %s customers", grouped(n), grouped(d.size))
	d.figure("bulk change"+at, fmt.Sprintf("%.0f acts/s", rate), atLeast(rate, leastActs))
	own := watch()
	d.figure("memory during it"+at, fmt.Sprintf("%.0f MB", mb(own)), atMost(mb(own), 200, "MB"))
	return err
}

// await looks at a page until it has a form that leads to an end of its own path.
func (d *desk) await(ctx context.Context, p *process, path, end string) error {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(10 * patience); time.Now().Before(deadline); {
		page, err := d.clerk.get(ctx, p, path)
		if err != nil || strings.Contains(page, `action="`+path+end+`"`) {
			return err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("%s does not come to %s", path, end)
}
