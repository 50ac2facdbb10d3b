package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/web"
	"postern/storage"
	"postern/templates/i18n"
)

// parts are what a server is put together from.
type parts struct {
	engine  storage.Engine
	sender  mail.Sender
	log     *slog.Logger
	trusted []netip.Prefix
	options []portal.Option
}

// server is the portal as it runs: product, site, dispatcher and worker over one store. The demo is this same server.
type server struct {
	app        *portal.App
	dispatcher *mail.Dispatcher
	log        *slog.Logger
	site       site
	mount      func(box *mailbox, base string) error // adds the demo's pages to the site
}

// site is the part of the web framework's application that running it needs.
type site interface {
	Listener(net.Listener) error
	ShutdownWithContext(context.Context) error
}

func newServer(p parts) (*server, error) {
	app := portal.New(p.engine, append(p.options, portal.WithLog(p.log))...)
	pages, err := web.New(web.Config{App: app, Log: p.log, Trusted: p.trusted})
	if err != nil {
		return nil, fmt.Errorf("build the site: %w", err)
	}
	catalogue, err := i18n.Load()
	if err != nil {
		return nil, fmt.Errorf("load the catalogues: %w", err)
	}
	renderer, err := mail.NewRenderer()
	if err != nil {
		return nil, fmt.Errorf("read the layouts of mails: %w", err)
	}
	dispatcher := &mail.Dispatcher{
		Engine: p.engine, Shops: shopIDs(app), Compose: app.Worker().Composer(catalogue, renderer), Sender: p.sender, Log: p.log,
	}
	mount := func(box *mailbox, base string) error {
		extra, err := newDemoPages(box, base, people())
		if err == nil {
			mountDemo(pages, extra)
		}
		return err
	}
	return &server{app: app, dispatcher: dispatcher, log: p.log, site: pages, mount: mount}, nil
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

// drainTime is how long requests in hand may take once the server was told to stop.
const drainTime = 20 * time.Second

// run serves on the listener until ctx ends, and finishes the requests, the mail and the job in hand.
func (s *server) run(ctx context.Context, listener net.Listener) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var behind sync.WaitGroup
	behind.Go(func() { s.logFault("dispatcher", s.dispatcher.Run(background)) })
	behind.Go(func() { s.logFault("worker", s.app.Worker().Run(background)) })
	err := s.serve(ctx, listener)
	stop() // after the last request, so that what it asked for was seen; the rest waits in the store
	behind.Wait()
	return err
}

func (s *server) serve(ctx context.Context, listener net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- s.site.Listener(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err := s.site.ShutdownWithContext(draining)
	// A server that was told to stop before it had begun knows of no listener to close.
	if closing := listener.Close(); !errors.Is(closing, net.ErrClosed) {
		err = errors.Join(err, closing)
	}
	if ended := <-served; err == nil && !errors.Is(ended, net.ErrClosed) {
		err = ended
	}
	return err
}

func (s *server) logFault(part string, err error) {
	if err != nil {
		s.log.Error(part+" stopped", "error", err)
	}
}

// newLog is the log in one of its two forms.
func newLog(form string, to io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if form == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// parseProxies reads addresses and networks, "192.0.2.7" and "10.0.0.0/8".
func parseProxies(list []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		if address, err := netip.ParseAddr(text); err == nil {
			prefixes = append(prefixes, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address such as 192.0.2.7 nor a network such as 10.0.0.0/8", text)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
