package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"text/tabwriter"
	"time"

	"postern/portal"
	"postern/portal/vies"
	"postern/storage"
	"postern/storage/sqlite"
)

// demoCommand runs the portal with made-up content. It uses the server of serve, but sends email to a
// mailbox page.
type demoCommand struct {
	Addr  string `help:"The address to listen on; port 0 picks a free one." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Store string `setting:"demo-store" help:"Keep the demo's store in this directory. By default it is temporary and deleted at the end." placeholder:"DIR"`

	StorefrontAddr string `help:"The address that the demo's shop listens on; port 0 picks a free one." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
}

// Help implements kong.HelpProvider.
func (demoCommand) Help() string {
	return `Starts a portal for a made-up shop with some customers and orders. No email leaves this machine: the page /demo/mailbox shows it, and /demo/mailbox.json has it for programs.

  portal demo
  portal demo --addr 127.0.0.1:9000

The command prints what to open and which customers exist. Anyone who can reach the address can sign in as any of them.`
}

// Run serves the demo until ctx ends.
func (c demoCommand) Run(ctx context.Context, w *world) error {
	listener, err := listen(ctx, c.Addr, "--addr")
	if err != nil {
		return err
	}
	dir, remove, err := c.directory()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	engine, err := openDemo(ctx, dir)
	if err != nil {
		return errors.Join(err, listener.Close(), remove())
	}
	ring, err := storeFlag{Store: dir}.ring(ctx, engine)
	if err != nil {
		return errors.Join(err, listener.Close(), engine.Close(), remove())
	}
	return errors.Join(c.show(ctx, w, parts{engine: engine, secret: ring}, listener), engine.Close(), remove())
}

// directory returns the store's directory and a function that removes it if it is temporary.
func (c demoCommand) directory() (dir string, remove func() error, err error) {
	if c.Store != "" {
		return c.Store, func() error { return nil }, nil
	}
	dir, err = os.MkdirTemp("", "portal-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

func openDemo(ctx context.Context, dir string) (storage.Engine, error) {
	store, err := sqlite.Open(ctx, dir, portal.Collections()...)
	if err != nil {
		return nil, failf("Cannot open the demo's store in %s: %s", dir, err)
	}
	if err := store.Lock(); err != nil {
		return nil, errors.Join(failf("%s.", err), store.Close())
	}
	return store, nil
}

// show fills the store, prints an introduction and serves.
func (c demoCommand) show(ctx context.Context, w *world, p parts, listener net.Listener) error {
	base := "http://" + reachable(listener.Addr().String())
	shop, err := listen(ctx, c.StorefrontAddr, "--storefront-addr")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { _ = shop.Close() }() // closes it again if it was served
	box := &mailbox{now: time.Now}
	register, err := startDemoRegister(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { _ = register.stop() }()
	p.texts, p.sender, p.log, p.drain = w.texts, box, newLog("text", w.stderr, slog.LevelWarn), drainTime
	p.options = []portal.Option{portal.WithInsecureHTTP(), portal.WithCountDelay(0), portal.WithVATChecker(vies.New(register.url))}
	server, err := newServer(p)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	set, err := newStage(ctx, server, box, base, "http://"+reachable(shop.Addr().String()))
	if err == nil {
		err = set.fill(ctx)
	}
	if err == nil {
		err = server.besideShop(shop, set)
	}
	if err == nil {
		err = server.mount(box, base)
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	tellDemo(w, set)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var loading sync.WaitGroup
	loading.Go(func() { loadLargest(ctx, w, set) })
	err = server.run(ctx, listener)
	stop()
	loading.Wait()
	return err
}

// besideShop makes the server run the demo's shop too.
func (s *server) besideShop(listener net.Listener, set *stage) error {
	shop, err := newStorefront(set.base, set.storefront, set.key)
	s.beside["storefront"] = func(ctx context.Context) error { return shop.serve(ctx, listener) }
	return err
}

// loadLargest imports the orders of the largest customer while the portal is already running.
func loadLargest(ctx context.Context, w *world, set *stage) {
	err := set.bring(ctx, set.largest())
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.note("Cannot load the 10,000 orders: %s", w.explain(err)[0])
	default:
		w.note("All 10,000 orders are loaded.")
	}
}

// tellDemo prints everything that a new user needs.
func tellDemo(w *world, set *stage) {
	w.say("The demo portal is at %s", set.base)
	w.say("")
	w.say("Sign in as one of these customers; their email arrives in the mailbox:")
	out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	for _, p := range people() {
		fmt.Fprintf(out, "  %s\t%s\n", p.Email, p.Special)
	}
	// The mailbox page has the same information, so errors are ignored.
	_ = out.Flush()
	w.say("")
	w.say("Shop:     %s  (Hájenka, which signs customers in through the portal)", set.storefront)
	w.say("Mailbox:  %s/demo/mailbox", set.base)
	w.say("          %s/demo/mailbox.json", set.base)
	w.say("API key:  %s", set.key)
	w.say("  curl -H 'Authorization: Bearer %s' %s/api/v1/customers/by-email/%s", set.key, set.base, people()[0].Email)
	w.say("")
	w.say("Any other email creates a new account, which is asked for a name.")
	w.say("A local server replaces VIES, as described above; the shop has a VAT ID of its own.")
	w.say("The 10,000 orders of nakup@velkosklad.example are still loading; everything else is ready.")
	w.say("Stop with Ctrl-C.")
}
