// Package web is the portal's site: it serves the handlers of the other packages through one middleware
// chain. It owns the chain's order, the headers of every response, the access log, and the one table that
// maps an error's kind to a status, for pages and for the API.
//
// It must not know the contents of a page or the work of a use case.
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
	"postern/portal/web/shopper"
	"postern/templates/i18n"
)

// Config is the configuration of the site.
type Config struct {
	App     *portal.App
	Log     *slog.Logger   // nil for none
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is believed
	Timeout time.Duration  // of one request; 0 for DefaultTimeout
	// RefusalStep delays the answers to refused codes to a multiple of it, so that their timing reveals
	// nothing: DefaultRefusalStep if strangers can reach the site, 0 for no delay.
	RefusalStep time.Duration
	// Reading is the time limit for a body, and for a header if it is less than HeaderTime; 0 for
	// DefaultReading.
	Reading     time.Duration
	Connections Connections // limits on connections
	Checks      []Check     // conditions of /readyz besides the store
	Observers   []Observer  // called for each request
}

const (
	// DefaultTimeout is the time limit for a request.
	DefaultTimeout = 15 * time.Second
	// DefaultRefusalStep is longer than refusing a code takes on a machine that is not overloaded, and too
	// short for a person to notice.
	DefaultRefusalStep = 50 * time.Millisecond
	// DefaultReading is the time limit for a body: slow clients are cut off.
	DefaultReading = 30 * time.Second
	// HeaderTime is the time limit for a header.
	HeaderTime = 10 * time.Second
)

// maxHeader is the maximum size of a header in bytes.
const maxHeader = 16 << 10

// Timeouts of a connection.
const (
	writeTimeout = 30 * time.Second
	idleTimeout  = 75 * time.Second
)

// site is the whole web site, served by one Fiber app.
type site struct {
	app         *portal.App
	log         *slog.Logger
	gate        *gate.Gate
	words       *i18n.Catalogue
	pages       *page.Pages
	area        *page.Area // of the error pages
	checks      []Check
	observers   []Observer
	icons       icons
	refusalStep time.Duration
	packer      packer

	readable map[string]bool // the patterns of the pages there are
}

// Site is the site, ready to listen.
type Site struct {
	*fiber.App
	site  *site
	peers *peers
}

// Listener serves on a listener until Shutdown, within the limits on connections.
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
	s := &site{app: config.App, area: shopper.Area(), log: config.Log,
		observers:   config.Observers,
		refusalStep: config.RefusalStep}
	s.checks = append([]Check{{Name: "store", Run: s.storeAnswers}}, config.Checks...)
	var err error
	if s.words, err = i18n.Load(); err != nil {
		return nil, err
	}
	if s.pages, err = page.Load(); err != nil {
		return nil, err
	}
	s.gate = gate.New(gate.Config{App: config.App, Trusted: config.Trusted, Timeout: config.Timeout,
		Language: s.pages.Language})
	app := fiber.New(s.settings(config.Reading))
	s.guard(app, config.Reading)
	s.mount(app)
	s.readable = readable(app)
	return &Site{App: app, site: s, peers: newPeers(config)}, nil
}

// settings returns Fiber's configuration. Fiber does not handle proxies (it would believe the left end of
// X-Forwarded-For, and X-Forwarded-Host), paths stay escaped until a handler calls gate.Param, and a form
// is parsed only on demand. A trailing slash makes no difference, since some proxies add one.
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
		ErrorHandler:                 s.handleError,
	}
}

// mount builds the site. This is the only place that defines the order of the middleware:
//
//  1. respond: headers, deadline, panics, errors, observers and the log, around all that follows
//  2. Identify: request id, client address
//  3. health checks and the site's own files, on any host
//  4. FindShop, then the headers that depend on the shop
//  5. RefuseForgery
//  6. the shop's files, then pages and the API
func (s *site) mount(app *fiber.App) {
	app.Use(s.respond, s.gate.Identify)
	add(app, s.anyHost())
	app.Use(s.gate.FindShop, s.shopHeaders, s.gate.RefuseForgery)
	add(app, s.ofShop())
}
