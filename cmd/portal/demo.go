package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"postern/cmd/portal/demo"
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

The command prints what to open and which customers and staff exist. Anyone who can reach the address can sign in as any of them.`
}

// Run serves the demo until ctx ends.
func (c demoCommand) Run(ctx context.Context, w *environment) error {
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
	return errors.Join(c.show(ctx, w, parts{engine: engine, secret: ring}, listener),
		engine.Close(), remove())
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
func (c demoCommand) show(ctx context.Context, w *environment, p parts, listener net.Listener) error {
	shop, err := listen(ctx, c.StorefrontAddr, "--storefront-addr")
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { _ = shop.Close() }() // closes it again if it was served
	register, err := demo.StartVIES(ctx)
	if err != nil {
		return errors.Join(failf("Cannot serve the demo's VIES: %s", err), listener.Close())
	}
	defer func() { _ = register.Close() }()
	box := demo.NewMailbox()
	server, err := c.newServer(w, p, box, register)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	fixture, err := c.fill(ctx, server, demo.Config{
		Mailbox: box, Base: named(siteURL(listener)), Storefront: siteURL(shop),
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server.beside["storefront"] = func(ctx context.Context) error {
		return fixture.ServeStorefront(ctx,
			shop)
	}
	introduce(w, fixture)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var loading sync.WaitGroup
	loading.Go(func() { loadLargest(ctx, w, fixture) })
	err = server.run(ctx, listener)
	stop()
	loading.Wait()
	return err
}

// siteURL returns the base URL of what is served on the listener.
func siteURL(listener net.Listener) string { return "http://" + reachable(listener.Addr().String()) }

// named returns the URL of this machine with a host name, because browsers make no passkeys for an IP address.
func named(base string) string {
	for _, address := range []string{"//127.0.0.1:", "//[::1]:"} {
		base = strings.Replace(base, address, "//localhost:", 1)
	}
	return base
}

// newServer returns a server that delivers to the mailbox and asks the demo's VIES.
func (demoCommand) newServer(w *environment, p parts, box *demo.Mailbox,
	register *demo.VIES) (*server, error) {
	p.texts, p.sender, p.log, p.drain = w.texts, box, newLog("text", w.stderr, slog.LevelWarn), drainTime
	p.options = []portal.Option{portal.WithInsecureHTTP(), portal.WithCountDelay(0),
		portal.WithVATChecker(vies.New(register.URL))}
	return newServer(p)
}

// fill fills the server's store and adds the demo's pages to its site.
func (demoCommand) fill(ctx context.Context, s *server, config demo.Config) (*demo.Fixture, error) {
	config.App, config.Engine, config.Texts = s.app, s.engine, s.texts
	config.AppAt = func(now func() time.Time) *portal.App {
		p := s.parts
		p.options = append(slices.Clone(p.options), portal.WithClock(now))
		return p.product("backdated")
	}
	fixture, err := demo.New(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := fixture.Fill(ctx); err != nil {
		return nil, err
	}
	return fixture, s.mountDemo(fixture)
}

// loadLargest imports the orders of the largest customer while the portal is already running.
func loadLargest(ctx context.Context, w *environment, fixture *demo.Fixture) {
	err := fixture.LoadLargest(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		w.note("Cannot load the 10,000 orders: %s", w.explain(err)[0])
	default:
		w.note("All 10,000 orders are loaded.")
	}
}

// introduce prints everything that a new user needs.
func introduce(w *environment, fixture *demo.Fixture) {
	w.say("The demo portal is at %s", fixture.Base)
	w.say("")
	w.say("Sign in as one of these customers; their email arrives in the mailbox:")
	out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	people := demo.People()
	for _, p := range people {
		fmt.Fprintf(out, "  %s\t%s\n", p.Email, p.Special)
	}
	// The mailbox page has the same information, so errors are ignored.
	_ = out.Flush()
	w.say("")
	w.say("Staff:    %s/admin  (sign in as one of these; the mailbox shows the code of the authenticator app, too)",
		fixture.Base)
	for _, c := range demo.Colleagues() {
		fmt.Fprintf(out, "  %s\t%s\n", c.Email, c.Special)
	}
	_ = out.Flush()
	w.say("Shop:     %s  (Hájenka, which signs customers in through the portal)", fixture.Storefront)
	w.say("Mailbox:  %s/demo/mailbox", fixture.Base)
	w.say("          %s/demo/mailbox.json", fixture.Base)
	w.say("API key:  %s", fixture.Key)
	w.say("  curl -H 'Authorization: Bearer %s' %s/api/v1/customers/by-email/%s", fixture.Key, fixture.Base,
		people[0].Email)
	w.say("")
	w.say("Any other email creates a new account, which is asked for a name.")
	w.say("A local server replaces VIES, as described above; the shop has a VAT ID of its own.")
	w.say("The 10,000 orders of nakup@velkosklad.example are still loading; everything else is ready.")
	w.say("Stop with Ctrl-C.")
}
