package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"postern/cmd/portal/demo"
	"postern/mail"
	"postern/portal"
	"postern/portal/secret"
	"postern/portal/web"
	"postern/storage"
	"postern/templates/i18n"
)

// parts are the components of a server.
type parts struct {
	engine      storage.Engine
	secret      *secret.Ring
	texts       *i18n.Catalogue
	sender      mail.Sender
	log         *slog.Logger
	trusted     []netip.Prefix
	options     []portal.Option
	drain       time.Duration // time limit for work in progress at shutdown
	certificate *certificate  // nil for plain HTTP
	metrics     *metrics      // nil for none
	traces      *traces       // nil for none

	activity *storage.Activity // counts this process's writes to the store
	load     *load             // counts the requests in progress
}

// server is the running portal: product, site, dispatcher and worker with one store. The demo uses the same
// server.
type server struct {
	parts
	app        *portal.App
	worker     portal.Worker
	dispatcher *mail.Dispatcher
	monitor    *mailMonitor
	backlog    *backlog
	site       site
	beside     map[string]func(context.Context) error // what runs in parallel with the site until it ends
	mountDemo  func(*demo.Fixture) error              // adds the demo's pages to the site
}

// site is the part of the web framework's application that the server needs to run it.
type site interface {
	Listener(net.Listener) error
	ShutdownWithContext(context.Context) error
}

func newServer(p parts) (*server, error) {
	p.activity, p.load = storage.NewActivity(p.engine), &load{}
	s := &server{parts: p, app: p.product("site"), monitor: newMailMonitor()}
	s.worker = s.app.Worker()
	if p.metrics != nil { // give each part a store that counts its operations
		s.worker = p.product("worker").Worker()
		p.metrics.observe(s.monitor)
	}
	s.backlog = &backlog{engine: p.engine, shops: shopIDs(s.app), now: time.Now}
	s.monitor.report = s.reportMail
	if p.metrics != nil {
		p.metrics.outbox(s.backlog)
		p.metrics.jobs(s.app.Worker().Jobs())
	}
	pages, err := web.New(web.Config{
		App: s.app, Log: p.log, Trusted: p.trusted, Observers: p.observers(),
		RefusalStep: web.DefaultRefusalStep,
		Checks:      []web.Check{mailCheck(s.monitor, s.backlog), clockCheck(p.engine, time.Now)},
	})
	if err != nil {
		return nil, fmt.Errorf("build the site: %w", err)
	}
	s.site = pages
	s.mountDemo = func(fixture *demo.Fixture) error { return demo.Mount(pages, fixture) }
	if err := s.makeDispatcher(); err != nil {
		return nil, err
	}
	s.beside = map[string]func(context.Context) error{"worker": s.worker.Run, "dispatcher": s.dispatch}
	s.beside["mail server probe"] = s.probeMail
	if p.certificate != nil {
		p.certificate.log = p.log
		s.beside["certificate"] = p.certificate.watch
	}
	return s, nil
}

// product returns the product with the store of one part of the server.
func (p parts) product(part string) *portal.App {
	options := append(slices.Clone(p.options), portal.WithLog(p.log), portal.WithActivity(p.activity.Writes),
		portal.WithLoad(p.load.inFlight))
	return portal.New(p.store(part), p.secret, options...)
}

func (p parts) store(part string) storage.Engine {
	if p.metrics == nil {
		return p.activity
	}
	return p.metrics.engine(p.activity, part)
}

func (p parts) observers() []web.Observer {
	all := []web.Observer{p.load.observe}
	if p.traces != nil {
		all = append(all, p.traces.watch)
	}
	if p.metrics != nil {
		all = append(all, p.metrics.observeRequest)
	}
	return all
}

func (s *server) makeDispatcher() error {
	renderer, err := mail.LoadRenderer()
	if err != nil {
		return fmt.Errorf("read the email layouts: %w", err)
	}
	s.dispatcher = &mail.Dispatcher{
		Engine: s.store("mail"), Writes: s.activity.Writes, Log: s.log,
		Sender: s.monitor.sender(s.sender), Shops: shopIDs(s.app), Alive: s.monitor.alive,
		Compose: s.monitor.composer(s.worker.Composer(s.texts, renderer)),
	}
	return nil
}

func (s *server) dispatch(ctx context.Context) error {
	defer s.monitor.ended.Store(true)
	return s.dispatcher.Run(ctx)
}

// serveMetrics makes the server answer /metrics on a separate listener.
func (s *server) serveMetrics(listener net.Listener) {
	s.beside["metrics"] = func(ctx context.Context) error { return s.metrics.serve(ctx, listener) }
}

// scheme returns the scheme of the site's URLs.
func (s *server) scheme() string {
	if s.certificate != nil {
		return "https"
	}
	return "http"
}

func shopIDs(app *portal.App) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		shops, err := app.Shops(ctx)
		var ids []string
		for _, shop := range shops {
			ids = append(ids, shop.ID)
		}
		return ids, err
	}
}

// drainTime is the default time limit for work in progress at shutdown.
const drainTime = 20 * time.Second

// noticeTime is how long background work may take to notice the shutdown.
const noticeTime = time.Second

// run serves on the listener until ctx ends, and then completes the requests, emails and jobs in progress
// if time allows. Unfinished work stays in the store for the next server.
func (s *server) run(ctx context.Context, listener net.Listener) error {
	if s.certificate != nil {
		listener = s.certificate.listen(listener)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var behind sync.WaitGroup
	for part, run := range s.beside {
		behind.Go(func() { s.logFault(part, run(background)) })
	}
	served := make(chan error, 1)
	go func() { served <- s.site.Listener(listener) }()
	var err error
	select {
	case ended := <-served:
		err = fmt.Errorf("serve: %w", ended)
		served <- nil
	case <-ctx.Done():
		s.log.Info("stopping", "at_most", s.drain)
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.drain)
	defer cancel()
	err = errors.Join(err, s.closeSite(draining, listener, served))
	stop() // after the last request, so that its jobs are seen; the others stay in the store
	err = errors.Join(err, s.await(draining, &behind))
	if s.traces != nil {
		s.logFault("traces", s.traces.close(ctx))
	}
	s.log.Info("stopped", "all_done", err == nil)
	return err
}

// closeSite accepts no more requests and waits for those in progress.
func (s *server) closeSite(draining context.Context, listener net.Listener, served <-chan error) error {
	err := s.site.ShutdownWithContext(draining)
	// A server that is stopped before it has started does not know its listener.
	if closing := listener.Close(); !errors.Is(closing, net.ErrClosed) {
		err = errors.Join(err, closing)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return failf("Stopped while requests were still running after %s. Set a longer --shutdown-timeout.",
			s.drain)
	}
	if ended := <-served; err == nil && !errors.Is(ended, net.ErrClosed) {
		err = ended
	}
	return err
}

// await waits for the background work.
func (s *server) await(draining context.Context, behind *sync.WaitGroup) error {
	ended := make(chan struct{})
	go func() {
		behind.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-draining.Done():
	}
	select { // requests may have used up the time
	case <-ended:
		return nil
	case <-time.After(noticeTime):
		return failf("Stopped while emails or jobs were still running after %s. They are in the store, and the next server continues them.", s.drain)
	}
}

func (s *server) logFault(part string, err error) {
	if err != nil {
		s.log.Error(part+" stopped", "error", err)
	}
}

// newLog returns a logger in one of the two formats.
func newLog(form string, to io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if form == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// parseProxies parses addresses and networks such as "192.0.2.7" and "10.0.0.0/8", and adds any problems.
func parseProxies(list []string, wrong *problems) (prefixes []netip.Prefix) {
	for _, text := range list {
		text = strings.TrimSpace(text)
		if address, err := netip.ParseAddr(text); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			wrong.add("--trusted-proxies: %q is neither an address such as 192.0.2.7 nor a network such as 10.0.0.0/8.", text)
			continue
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes
}
