package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/vies"
	"postern/portal/web"
	"postern/storage"
	"postern/storage/sqlite"
	"postern/templates/i18n"
)

// running is a portal with the demo's content, served on ports of this machine.
type running struct {
	*Fixture

	mu      sync.Mutex
	signIns map[string]*sync.Mutex // by email: of two links in the mailbox, a test could take the other's

	stop func() error
}

// sharedDir is the directory of the shared demo's store.
var sharedDir string

// shared is the demo of all tests that change nothing but what belongs to one customer.
var shared = sync.OnceValues(func() (*running, error) { return run(sharedDir) })

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "portal-demo-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sharedDir = filepath.Join(dir, "shared")
	status := m.Run()
	if _, err := os.Stat(sharedDir); err == nil { // a test started it
		if r, err := shared(); err == nil && r.stop() != nil {
			fmt.Fprintln(os.Stderr, "the shared demo's store does not close")
			status = 1
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

// run starts the demo on the store in a directory.
func run(dir string) (*running, error) {
	ctx, cancel := context.WithCancel(context.Background())
	engine, err := sqlite.OpenUnsynced(ctx, dir, portal.Collections()...)
	if err != nil {
		cancel()
		return nil, err
	}
	r := &running{signIns: map[string]*sync.Mutex{}}
	ended, err := r.serve(ctx, engine)
	if err != nil {
		cancel()
		return nil, errors.Join(err, engine.Close())
	}
	r.stop = func() error {
		cancel()
		ended.Wait()
		return engine.Close()
	}
	return r, nil
}

// serve fills the store and serves until ctx ends. ended waits for everything that was started.
func (r *running) serve(ctx context.Context, engine storage.Engine) (ended *sync.WaitGroup, err error) {
	register, err := StartVIES(ctx)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { register.Close() })
	texts, err := i18n.Load()
	if err != nil {
		return nil, err
	}
	activity := storage.NewActivity(engine)
	options := []portal.Option{
		portal.WithInsecureHTTP(), portal.WithCountDelay(0), portal.WithVATChecker(vies.New(register.URL)),
		portal.WithActivity(activity.Writes), portal.WithLog(slog.New(slog.DiscardHandler)),
	}
	product := func(more ...portal.Option) *portal.App {
		return portal.New(activity, secrettest.Ring(),
			append(options[:len(options):len(options)], more...)...)
	}
	site, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	shop, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, site.Close())
	}
	r.Fixture, err = New(ctx, Config{
		App: product(), AppAt: func(now func() time.Time) *portal.App { return product(portal.WithClock(now)) },
		Engine: engine, Texts: texts, Mailbox: NewMailbox(),
		Base: strings.Replace("http://"+site.Addr().String(), "127.0.0.1", "localhost", 1), Storefront: "http://" + shop.Addr().String(),
	})
	if err == nil {
		err = r.Fill(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, site.Close(), shop.Close())
	}
	return r.start(ctx, activity, site, shop)
}

// start starts what runs beside each other: site, worker, dispatcher and storefront.
func (r *running) start(ctx context.Context, activity *storage.Activity, site,
	shop net.Listener) (*sync.WaitGroup, error) {
	log := slog.New(slog.DiscardHandler)
	pages, err := web.New(web.Config{App: r.App, Log: log})
	if err != nil {
		return nil, err
	}
	if err := Mount(pages, r.Fixture); err != nil {
		return nil, err
	}
	renderer, err := mail.LoadRenderer()
	if err != nil {
		return nil, err
	}
	worker := r.App.Worker()
	dispatcher := &mail.Dispatcher{
		Engine: activity, Writes: activity.Writes, Sender: r.Mailbox, Log: log,
		Compose: worker.Composer(r.Texts, renderer),
		Shops:   func(context.Context) ([]string, error) { return []string{shopID}, nil },
	}
	context.AfterFunc(ctx, func() {
		pages.Shutdown()
		site.Close() // Shutdown has no effect on a site that does not listen yet
	})
	var ended sync.WaitGroup
	for part, serve := range map[string]func(context.Context) error{
		"site": func(context.Context) error { return pages.Listener(site) },
		"shop": func(ctx context.Context) error { return r.ServeStorefront(ctx, shop) },
		"mail": dispatcher.Run, "worker": worker.Run,
	} {
		ended.Go(func() {
			if err := serve(ctx); err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, part, err)
			}
		})
	}
	return &ended, nil
}

// signingIn locks the sign-in of a customer, so that of two tests that request a link each takes its own.
func (r *running) signingIn(email string) (unlock func()) {
	r.mu.Lock()
	lock, found := r.signIns[email]
	if !found {
		lock = &sync.Mutex{}
		r.signIns[email] = lock
	}
	r.mu.Unlock()
	lock.Lock()
	return lock.Unlock
}
