// Package web is the portal's site: it puts the handlers of the other packages behind one middleware chain,
// owns the chain's order, the headers of every answer, the access log and the one table that turns an
// error's kind into a status, for pages and for the API.
//
// It must not know what a page shows or what a use-case does.
package web

import (
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/templates/i18n"
)

// Config is what the site is made of.
type Config struct {
	App     *portal.App
	Log     *slog.Logger   // nil for none
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is believed
	Timeout time.Duration  // of one request; 0 for DefaultTimeout
	// Pace makes the answers to refused codes leave at full steps of it, so that their time shows nothing:
	// DefaultPace where strangers can reach the site, 0 for at once.
	Pace time.Duration
	// Reading is the time in which a body must have come, and a header if that is less than HeaderTime; 0
	// for DefaultReading.
	Reading     time.Duration
	Connections Connections // how many there may be
	Checks      []Check     // what /readyz asks besides the store
	Watches     []Watch     // who is told of requests
}

const (
	// DefaultTimeout is the time that one request may take.
	DefaultTimeout = 15 * time.Second
	// DefaultPace is longer than a refused code takes on a machine that is not overloaded, and too short
	// for a person to notice.
	DefaultPace = 50 * time.Millisecond
	// DefaultReading is the time that a body may take to come: a slow client is cut off, not waited for.
	DefaultReading = 30 * time.Second
	// HeaderTime is the time that a header may take.
	HeaderTime = 10 * time.Second
)

// maxHeader is the most bytes of a header.
const maxHeader = 16 << 10

// Times of a connection.
const (
	writeTimeout = 30 * time.Second
	idleTimeout  = 75 * time.Second
)

// site is the whole of the web, behind one Fiber app.
type site struct {
	app     *portal.App
	log     *slog.Logger
	gate    *gate.Gate
	words   *i18n.Catalogue
	pages   *page.Pages
	checks  []Check
	watches []Watch
	icons   icons
	pace    time.Duration
	packer  packer

	readable map[string]bool // the patterns of the pages there are
}

// Site is the site, ready to listen.
type Site struct {
	*fiber.App
	site  *site
	peers *peers
}

// Listener serves on a listener until Shutdown, within the bounds of connections.
func (s *Site) Listener(from net.Listener) error {
	return s.App.Listener(&listener{Listener: from, peers: s.peers})
}

// Routes is the table of routes.
func (s *Site) Routes() []gate.Route { return s.site.routes() }

// New builds the site.
func New(config Config) (*Site, error) {
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	if config.Reading <= 0 {
		config.Reading = DefaultReading
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &site{app: config.App, log: config.Log, watches: config.Watches, pace: config.Pace}
	s.checks = append([]Check{{Name: "store", Run: s.storeAnswers}}, config.Checks...)
	var err error
	if s.words, err = i18n.Load(); err != nil {
		return nil, err
	}
	if s.pages, err = page.Load(); err != nil {
		return nil, err
	}
	s.gate = gate.New(gate.Config{App: config.App, Trusted: config.Trusted, Timeout: config.Timeout, Language: s.pages.Language})
	app := fiber.New(s.settings(config.Reading))
	s.guard(app, config.Reading)
	s.mount(app)
	s.readable = readable(app)
	return &Site{App: app, site: s, peers: newPeers(config)}, nil
}

// settings are Fiber's. Proxies are not its business (it would believe the left end of X-Forwarded-For, and
// X-Forwarded-Host), paths stay escaped until a handler asks gate.Param, and a form is parsed only when
// asked for. A slash at the end of a path changes nothing: proxies add one.
func (s *site) settings(reading time.Duration) fiber.Config {
	return fiber.Config{
		Immutable:                    true, // strings of a request must outlive it
		CaseSensitive:                true,
		UnescapePath:                 false, // "a%2Fb" is one order number, not two path segments
		EnableTrustedProxyCheck:      true,
		BodyLimit:                    gate.MaxBody,
		ReadBufferSize:               maxHeader,
		ReadTimeout:                  min(reading, HeaderTime),
		StreamRequestBody:            true, // guard reads it
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		DisablePreParseMultipartForm: true,
		DisableStartupMessage:        true,
		ErrorHandler:                 s.outsideChain,
	}
}

// mount lays out the site. This is the one place where the order of the middleware stands:
//
//  1. answer: headers, deadline, panics, errors, watches and the log, around all that follows
//  2. Identify: request id, client address
//  3. health checks and the site's own files, on any host
//  4. FindShop, then the headers that depend on the shop
//  5. RefuseForgery
//  6. the shop's files, then pages and the API
func (s *site) mount(app *fiber.App) {
	app.Use(s.answer, s.gate.Identify)
	add(app, s.anyHost())
	app.Use(s.gate.FindShop, s.shopHeaders, s.gate.RefuseForgery)
	add(app, s.ofShop())
}
