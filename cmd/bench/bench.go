package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"postern/portal"
	"postern/storage"
)

// bench is one run of the benchmark.
type bench struct {
	options
	progress io.Writer
	dir      string // for all temporary files
	stores   *stores
	post     *post
	store    string // the store that is being measured
	key      string // API key of its shop's feed
	stored   int    // number of customers in it

	starts  []time.Duration // times from the server's start to its first 200
	rows    []row
	figures []figure
}

// say prints progress.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// run runs all measurements and removes all temporary files and databases.
func (b *bench) run(ctx context.Context) (err error) {
	parent := ""
	if b.options.store != "" && !isServer(b.options.store) {
		parent = b.options.store
	}
	if b.dir, err = os.MkdirTemp(parent, "postern-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.stores, err = newStores(b.options.store, b.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stores.remove(context.WithoutCancel(ctx))) }()
	if b.post, err = openPost(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.post.server.Close()) }()
	if b.store, err = b.stores.next("main"); err != nil {
		return err
	}
	return b.measure(ctx)
}

// part is one of the measurements, which can be chosen alone.
type part struct {
	name string
	do   func(context.Context) error
}

func (b *bench) parts() []part {
	return []part{{"import", b.imports}, {"pages", b.lists}, {"links", b.signIns}, {"feed", b.feed},
		{"times", b.asking}, {"staff", b.merchants}}
}

func (b *bench) measure(ctx context.Context) error {
	if err := b.build(ctx); err != nil {
		return err
	}
	if b.only == "links" || b.only == "feed" { // these use the store that the pages leave
		if err := b.grow(ctx, b.sizes[0]); err != nil {
			return err
		}
	}
	for _, part := range b.parts() {
		if b.only != "" && b.only != part.name {
			continue
		}
		if err := part.do(ctx); err != nil {
			return err
		}
	}
	b.usualStart()
	return nil
}

// imports compares an import with the store alone.
func (b *bench) imports(ctx context.Context) error {
	b.say("importing %d orders, and inserting the same into the store alone", b.sample)
	compared, err := b.compareImport(ctx)
	if err != nil {
		return err
	}
	b.figure("import", fmt.Sprintf("%.0f orders/s", compared.imported), "")
	b.figure("import with its counting", fmt.Sprintf("%.0f orders/s", compared.counted),
		atLeast(compared.counted, 5000))
	b.figure("CPU of an order, imported and counted", millis(compared.cpu)+" ms", "")
	b.figure("the same documents into the store alone", fmt.Sprintf("%.0f orders/s", compared.alone), "")
	b.figure("import, against the store alone", fmt.Sprintf("%.2f", compared.imported/compared.alone),
		atLeast(compared.imported/compared.alone, 0.25))
	return nil
}

// lists measures the pages of signed-in customers for each size of the store.
func (b *bench) lists(ctx context.Context) error {
	for i, size := range b.sizes {
		last := i == len(b.sizes)-1
		if err := b.grow(ctx, size); err != nil {
			return err
		}
		customers, err := b.pages(ctx, size, last)
		if err == nil && last {
			err = b.profiled(ctx, customers)
		}
		if err != nil {
			return fmt.Errorf("at %d orders: %w", size, err)
		}
	}
	b.flatness()
	return nil
}

// build builds the server unless one was given.
func (b *bench) build(ctx context.Context) error {
	if b.binary != "" {
		return nil
	}
	b.say("building the portal")
	b.binary = filepath.Join(b.dir, "portal")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "postern/cmd/portal").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the portal: %w: %s", err, out)
	}
	return nil
}

// grow fills the store up to size orders.
func (b *bench) grow(ctx context.Context, size int) error {
	from, began := b.stored, time.Now()
	b.stored = size / ordersEach
	b.say("filling the store up to %d orders", b.stored*ordersEach)
	return within(ctx, b.store, func(engine storage.Engine, app *portal.App) (err error) {
		if from == 0 {
			if b.key, err = furnish(ctx, app); err != nil {
				return err
			}
		}
		err = fill(ctx, engine, app, from, b.stored)
		b.say("  took %s, counting included", time.Since(began).Round(time.Second/10))
		return err
	})
}

// serve starts the server with a mail server and waits for its first 200.
func (b *bench) serve(ctx context.Context, mailServer string) (*process, error) {
	file, err := b.secretFile()
	if err != nil {
		return nil, err
	}
	p, err := start(b.dir, b.binary, "serve", "--store", b.store, "--secret-key-file", file, "--addr",
		"127.0.0.1:0", "--smtp", mailServer,
		"--trusted-proxies", "127.0.0.1")
	if err != nil {
		return nil, err
	}
	took, err := p.answers(ctx, "/sign-in")
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	b.starts = append(b.starts, took)
	return p, nil
}

// during starts the server, runs do and stops the server.
func (b *bench) during(ctx context.Context, mailServer string, do func(*process) error) error {
	p, err := b.serve(ctx, mailServer)
	if err != nil {
		return err
	}
	return errors.Join(do(p), p.stop())
}

// pages measures the pages of signed-in customers at the current size of the store.
func (b *bench) pages(ctx context.Context, size int, last bool) ([]customer, error) {
	customers := pick(b.customers, b.stored)
	b.say("signing %d customers in", len(customers))
	err := b.during(ctx, b.post.url(), func(p *process) error { return b.signIn(ctx, p, customers) })
	if err != nil {
		return nil, err
	}
	return customers, b.during(ctx, nobody(), func(p *process) error {
		if err := p.settle(ctx); err != nil {
			return err
		}
		idle, err := p.memory()
		if err != nil {
			return err
		}
		orders, err := b.steady(ctx, p, b.ordersPage(customers))
		if err != nil {
			return err
		}
		b.pageRow(size, orders, idle)
		if !last {
			return nil
		}
		one, err := b.steady(ctx, p, b.orderPage(customers))
		b.row("an order's page", one, 0)
		return errors.Join(err, b.search(ctx, p, customers), b.account(ctx, p, customers),
			b.measureBare(ctx, p, customers[0]), b.longOrder(ctx, p, customers))
	})
}

// account measures the account pages, each for part of the time.
func (b *bench) account(ctx context.Context, p *process, customers []customer) error {
	pages := b.accountPages(customers)
	for _, path := range slices.Sorted(maps.Keys(pages)) {
		look := pages[path]
		look.duration /= 4
		got, err := b.steady(ctx, p, look)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		b.row(path, got, 0)
	}
	return nil
}

// steady measures a load after a warm-up with a fifth of it.
func (b *bench) steady(ctx context.Context, p *process, l load) (result, error) {
	warm := l
	warm.duration /= 5
	if _, err := warm.on(ctx, p); err != nil {
		return result{}, err
	}
	return l.on(ctx, p)
}

// measureBare measures the bare handler with a page as large as the orders page.
func (b *bench) measureBare(ctx context.Context, p *process, c customer) error {
	size := 0
	look := b.ordersPage([]customer{c})
	look.count, look.connections = 1, 1
	look.read = func(_ int, answer *fasthttp.Response) error {
		size = len(answer.Body())
		return nil
	}
	if _, err := look.on(ctx, p); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, err := start(b.dir, self, bareCommand, "-size", fmt.Sprint(size))
	if err != nil {
		return err
	}
	got, err := b.steady(ctx, bare, b.bare())
	b.rows = append([]row{{name: fmt.Sprintf("%s%d bytes from memory", bareRow, size),
		result: got}}, b.rows...)
	return errors.Join(err, bare.stop())
}

// signIns measures requesting links, emailing them and redeeming them. During the requests the server has
// no mail server, so that the result contains only their own cost.
func (b *bench) signIns(ctx context.Context) error {
	customers := pick(b.links, b.stored)
	b.say("asking for %d links, mailing and redeeming them", len(customers))
	b.post.clear()
	err := b.during(ctx, nobody(), func(p *process) error {
		asked, err := askFor(customers, b.connections).on(ctx, p)
		b.row("asking for a link", asked, 400*time.Microsecond)
		return err
	})
	if err != nil {
		return err
	}
	err = b.during(ctx, b.post.url(), func(*process) error { return b.collect(ctx, customers) })
	if err != nil {
		return err
	}
	b.figure("mails, from the outbox to a mail server", fmt.Sprintf("%.0f a second", b.post.perSecond()),
		atLeast(b.post.perSecond(), 500))
	return b.during(ctx, nobody(), func(p *process) error {
		redeemed, err := redeem(customers, b.connections).on(ctx, p)
		b.row("redeeming a link", redeemed, 500*time.Microsecond)
		b.figure("links redeemed", fmt.Sprintf("%.0f a second", redeemed.perSecond()),
			atLeast(redeemed.perSecond(), 2000))
		return err
	})
}

// feed measures the requests of a shop's system.
func (b *bench) feed(ctx context.Context) error {
	b.say("putting orders")
	return b.during(ctx, nobody(), func(p *process) error {
		if err := p.settle(ctx); err != nil {
			return err
		}
		put, err := b.puts().on(ctx, p)
		b.row("PUT of an order", put, 500*time.Microsecond)
		return errors.Join(err, b.batches(ctx, p))
	})
}

// profiled writes a CPU profile if one was requested.
func (b *bench) profiled(ctx context.Context, customers []customer) error {
	if b.profile == "" {
		return nil
	}
	b.say("profiling the orders page")
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p, err := start(b.dir, self, siteCommand, "-store", b.store, "-profile", b.profile)
	if err != nil {
		return err
	}
	_, err = b.steady(ctx, p, b.ordersPage(customers))
	return errors.Join(err, p.stop())
}
