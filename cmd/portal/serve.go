package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"postern/mail/smtp"
	"postern/portal"
	"postern/portal/vies"
	"postern/storage"
	"postern/storage/sqlite"
)

// serveCommand runs the portal.
type serveCommand struct {
	storeFlag
	smtpFlag
	dkimFlag
	Addr           string   `help:"The address to listen on. Without --tls-cert, put a reverse proxy with TLS in front of it." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert        string   `name:"tls-cert" help:"Serve TLS with this certificate, a PEM file with its chain. A renewed file is loaded within seconds." placeholder:"FILE"`
	TLSKey         string   `name:"tls-key" help:"The private key of the certificate, a PEM file." placeholder:"FILE"`
	Log            string   `help:"The log format on standard error: text or json." default:"text" placeholder:"FORMAT"`
	LogLevel       string   `help:"Minimum log level: debug, info, warn or error." default:"info" placeholder:"LEVEL"`
	MetricsAddr    string   `help:"The address where Prometheus reads /metrics; off by default. Anyone who can reach it can read them." placeholder:"HOST:PORT"`
	VIES           string   `name:"vies" help:"The URL of VIES, which checks customers' VAT IDs, or none." default:"https://ec.europa.eu/taxation_customs/vies/rest-api" placeholder:"URL"`
	Init           bool     `help:"Start with a new, empty store. Without it, a store that does not exist is an error, since --store may be mistyped."`
	InsecureHTTP   bool     `name:"insecure-http" help:"Serve shops over plain http on hosts other than this machine. Anyone on the network path can then read sign-in links and cookies."`
	TrustedProxies []string `help:"Addresses or networks of reverse proxies whose X-Forwarded-For is trusted, separated by commas." placeholder:"NET"`

	ShutdownTimeout string `help:"How long running requests and emails may take to finish on shutdown." default:"20s" placeholder:"TIME"`
}

// Help implements kong.HelpProvider.
func (serveCommand) Help() string {
	return `A portal needs a store, a mail server and a shop:

  portal shop create main --name "Bookshop" --base-url https://account.shop.example --sender-email account@shop.example
  PORTAL_SMTP_PASSWORD=... portal serve --smtp smtp://account@mail.shop.example:587

Or with a file, postern.conf, and "portal serve --config postern.conf":

  store = /srv/postern
  smtp = smtp://account@mail.shop.example:587
  smtp-password-file = /run/secrets/smtp

` + smtpOptions + `

"portal mail test" tests the mail server. One server can use an embedded store; the other commands work alongside it. On SIGINT or SIGTERM the server finishes running requests and emails, for at most --shutdown-timeout. On SIGHUP it reloads the TLS certificate, if it has one.

/healthz reports that the server responds, /readyz the state of store, mail and clock. Without a reverse proxy, use --tls-cert and --tls-key:

  portal serve --addr :443 --tls-cert /etc/postern/fullchain.pem --tls-key /etc/postern/privkey.pem --smtp ...

Traces go to the OpenTelemetry collector in OTEL_EXPORTER_OTLP_ENDPOINT, by http/protobuf; the other OTEL_ variables apply, too. Metrics and traces contain routes and shops, but no names, emails or tokens.`
}

// setup holds the checked settings of serve.
type setup struct {
	level       slog.Level
	trusted     []netip.Prefix
	sender      *smtp.Sender
	certificate *certificate  // nil without TLS
	drain       time.Duration // time limit for work in progress at shutdown
}

// Run serves until ctx ends.
func (c serveCommand) Run(ctx context.Context, w *environment) error {
	s, err := c.check(w)
	if err != nil {
		return err
	}
	if c.isNew() && !c.Init {
		return c.noStore("create a shop in it first (\"portal help shop create\"), or add --init to start with an empty one")
	}
	engine, err := c.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, w, s, engine), engine.Close())
}

// check reads all settings and returns all problems at once.
func (c serveCommand) check(w *environment) (setup, error) {
	var s setup
	var err error
	wrong := w.settings
	c.checkAddresses(&wrong)
	if c.Log != "text" && c.Log != "json" {
		wrong.add("--log: must be text or json, not %q.", c.Log)
	}
	if err := s.level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		wrong.add("--log-level: must be debug, info, warn or error, not %q.", c.LogLevel)
	}
	if s.drain, err = time.ParseDuration(c.ShutdownTimeout); err != nil || s.drain <= 0 {
		wrong.add("--shutdown-timeout: must be a duration such as 20s or 2m, not %q.", c.ShutdownTimeout)
	}
	s.trusted = parseProxies(c.TrustedProxies, &wrong)
	c.checkStore(&wrong)
	s.certificate = c.readCertificate(&wrong)
	s.sender = c.sender(w, &wrong)
	if keys := c.load(&wrong); s.sender != nil {
		s.sender.Keys = keys
	}
	checkTraces(w.env, &wrong)
	return s, wrong.usage("help serve")
}

func (c serveCommand) checkAddresses(wrong *problems) {
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		wrong.add("--addr: %q is not an address to listen on; write host:port, such as 127.0.0.1:8080.",
			c.Addr)
	}
	if u, err := url.Parse(c.VIES); c.VIES != none &&
		(err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		wrong.add("--vies: %q is not a URL such as https://vies.example/rest-api, or none.", c.VIES)
	}
	if c.MetricsAddr == "" {
		return
	}
	_, port, err := net.SplitHostPort(c.MetricsAddr)
	switch {
	case err != nil:
		wrong.add("--metrics-addr: %q is not an address to listen on; write host:port, such as 127.0.0.1:9090.", c.MetricsAddr)
	case c.MetricsAddr == c.Addr && port != "0":
		wrong.add("--metrics-addr: must differ from --addr, because metrics are not public.")
	}
}

func (c serveCommand) readCertificate(wrong *problems) *certificate {
	switch {
	case c.TLSCert == "" && c.TLSKey == "":
		return nil
	case c.TLSKey == "":
		wrong.add("--tls-key: name the private key of --tls-cert, too.")
		return nil
	case c.TLSCert == "":
		wrong.add("--tls-cert: name the certificate of --tls-key, too.")
		return nil
	}
	read, err := readCertificate(c.TLSCert, c.TLSKey)
	if err != nil {
		wrong.add("--tls-cert and --tls-key: %s.", err)
	}
	return read
}

func (c serveCommand) serve(ctx context.Context, w *environment, s setup, engine storage.Engine) error {
	if store, embedded := engine.(*sqlite.Store); embedded {
		if err := store.Lock(); err != nil {
			return failf("%s.", strings.TrimPrefix(err.Error(), "sqlite: "))
		}
	}
	ring, err := c.ring(ctx, engine)
	if err != nil {
		return err
	}
	p := parts{
		engine: engine, secret: ring, texts: w.texts, sender: s.sender, log: newLog(c.Log, w.stderr, s.level),
		trusted:     s.trusted,
		certificate: s.certificate, drain: s.drain,
	}
	if c.InsecureHTTP {
		p.options = append(p.options, portal.WithInsecureHTTP())
	}
	if c.VIES != none {
		p.options = append(p.options, portal.WithVATChecker(vies.New(c.VIES)))
	}
	if c.MetricsAddr != "" {
		p.metrics = newMetrics()
	}
	if wantsTraces(w.env) {
		traces, err := newTraces(ctx, p.log)
		if err != nil {
			return err
		}
		p.traces = traces
	}
	server, err := newServer(p)
	if err != nil {
		return err
	}
	s.sender.Domain = server.mailDomain
	defer server.reloadOnSIGHUP()()
	return c.listen(ctx, w, server)
}

// listen opens the ports, prints their addresses and runs the server.
func (c serveCommand) listen(ctx context.Context, w *environment, server *server) error {
	listener, err := listen(ctx, c.Addr, "--addr")
	if err != nil {
		return err
	}
	if c.MetricsAddr != "" {
		metrics, err := listen(ctx, c.MetricsAddr, "--metrics-addr")
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer metrics.Close()
		server.serveMetrics(metrics)
		w.say("Metrics are at http://%s/metrics", metrics.Addr())
	}
	if err := c.announce(ctx, w, server, listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	return server.run(ctx, listener)
}

// listen opens a port. An error names the flag to change.
func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, failf("Cannot listen on %s: %s. Choose another address with %s.", address, err, flag)
	}
	return listener, nil
}

// announce prints the portal's URLs. It refuses to serve a shop's cookies over plain HTTP unless that was
// requested.
func (c serveCommand) announce(ctx context.Context, w *environment, server *server, at net.Addr) error {
	shops, err := server.app.Shops(ctx)
	if err != nil {
		return err
	}
	if len(shops) == 0 && onMongoDB(c.Store) && !c.Init {
		return failf("The database in --store has no shop. Check its name, or add --init to start with an empty one.")
	}
	var plain problems
	for _, shop := range shops {
		if !shop.Secure() && !c.InsecureHTTP && !onLoopback(shop.BaseURL) {
			plain.add("The base URL of shop %s is %s: without https, anyone on the network path can read sign-in links. "+
				"Change it with \"portal shop set %s --base-url https://…\", or allow it with --insecure-http.", shop.ID, shop.BaseURL, shop.ID)
		}
	}
	if err := plain.usage("help serve"); err != nil {
		return err
	}
	address := server.scheme() + "://" + at.String()
	server.log.InfoContext(ctx, "started", "version", versionName(), "store", c.kind(), "address", address,
		"shops", len(shops))
	w.say("The portal listens on %s", address)
	for _, shop := range shops {
		w.say("  shop %s: %s at %s", shop.ID, shop.Name, shop.BaseURL)
	}
	if len(shops) == 0 {
		w.note("There is no shop yet, so nobody can sign in. Create one while the server runs:\n"+
			"  portal shop create main --store %s --name \"Bookshop\" --base-url https://account.shop.example --sender-email account@shop.example", c.shownStore())
	}
	return nil
}

// kind returns the kind of the store.
func (f storeFlag) kind() string {
	if onMongoDB(f.Store) {
		return "mongodb"
	}
	return "sqlite"
}

// shownStore returns the store without a password that its URL may contain.
func (f storeFlag) shownStore() string {
	if strings.Contains(f.Store, "://") {
		return "mongodb://…"
	}
	return f.Store
}
