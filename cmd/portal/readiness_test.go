package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postern/mail"
	"postern/portal"
	"postern/portal/order"
	"postern/portal/web"
	"postern/storage"
	"postern/storage/storagetest"
)

// clockwork is a store whose clock differs by off.
type clockwork struct {
	storage.Engine
	off time.Duration
	err error
}

func (c clockwork) Clock(context.Context) (time.Time, error) { return time.Now().Add(c.off), c.err }

func TestClockCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		engine storage.Engine
		state  string
		ready  bool
	}{
		"in step":          {clockwork{}, "ok", true},
		"a little fast":    {clockwork{off: -25 * time.Second}, "ok", true},
		"a little slow":    {clockwork{off: 25 * time.Second}, "ok", true},
		"too fast":         {clockwork{off: -35 * time.Second}, "off", false},
		"too slow":         {clockwork{off: 35 * time.Second}, "off", false},
		"no answer":        {clockwork{err: errors.New("away")}, "unknown", false},
		"no clock":         {struct{ storage.Engine }{}, "unknown", true},
		"a store as it is": {storagetest.Open(t, portal.Collections()...), "ok", true},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := clockCheck(c.engine, time.Now).Run(t.Context())
			if state != c.state || (err == nil) != c.ready {
				t.Errorf("%s, %v", state, err)
			}
		})
	}
}

// desk is a dispatcher with its mail monitor, over a store with a shop.
type desk struct {
	now     time.Time
	engine  storage.Engine
	monitor *mailMonitor
	backlog *backlog
	box     mail.Outbox
	counted map[string]int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{now: time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC),
		engine: storagetest.Open(t, portal.Collections()...), counted: map[string]int{}}
	clock := func() time.Time { return d.now }
	d.monitor = newMailMonitor()
	d.monitor.now, d.monitor.count = clock, func(outcome string) { d.counted[outcome]++ }
	d.monitor.missed = func(string) { d.counted["missed"]++ }
	d.monitor.alive()
	d.monitor.back.Store(d.now.Unix())
	d.backlog = &backlog{engine: d.engine, now: clock,
		shops: func(context.Context) ([]string, error) { return []string{"main", "other"}, nil }}
	d.box = mail.NewOutbox(d.engine, "other")
	d.box.Now = clock
	return d
}

func (d *desk) add(t *testing.T) {
	t.Helper()
	if _, err := d.box.Add(t.Context(), mail.Entry{Kind: "order", To: "jana@example.com"}); err != nil {
		t.Fatal(err)
	}
}

// late makes an email wait for too long.
func (d *desk) late(t *testing.T) {
	t.Helper()
	d.add(t)
	d.now = d.now.Add(mailPatience + time.Second)
	d.monitor.alive()
}

// refuse makes the mail server refuse the shop's sender.
func (d *desk) refuse(t *testing.T) {
	t.Helper()
	d.add(t)
	dispatcher := &mail.Dispatcher{
		Engine: d.engine, Shops: d.backlog.shops, Now: func() time.Time { return d.now },
		Compose: d.monitor.composer(composed(nil)),
		Sender: d.monitor.sender(&post{send: &mail.Failure{Temporary: true, Cause: mail.SenderRefused,
			Code: 553, Reason: "not you"}}),
	}
	_, _ = dispatcher.Once(t.Context()) // fails as the test intends
}

// away records that the mail server is unavailable for a cause, or available again if cause is "".
func (d *desk) away(cause string) { d.monitor.missing(mail.Failure{Cause: cause}) }

// cause returns why the mail server is unavailable, or "".
func (d *desk) cause() string {
	cause, _ := d.monitor.away()
	return cause
}

// TestReportsOnce checks that a lasting fault is reported when it starts, at intervals, and when it ends.
func TestReportsOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var reported []string
	d.monitor.report = func(f mail.Failure) { reported = append(reported, f.Cause) }
	for range 3 {
		d.away(mail.SignInRefused)
		d.now = d.now.Add(time.Minute)
	}
	d.away(mail.CertificateUntrusted)
	d.now = d.now.Add(sayEvery)
	d.away(mail.CertificateUntrusted)
	d.away("")
	d.away("")
	want := []string{mail.SignInRefused, mail.CertificateUntrusted, mail.CertificateUntrusted, ""}
	if !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
}

func TestMailCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(*desk)
		state   string
		ready   bool
	}{
		"nothing to do":              {func(*desk) {}, "ok", true},
		"a mail that waits":          {func(d *desk) { d.add(t); d.now = d.now.Add(mailPatience); d.monitor.alive() }, "ok", true},
		"a mail that waits too long": {func(d *desk) { d.late(t) }, "late", false},
		"a dispatcher that hangs": {func(d *desk) { d.now = d.now.Add(dispatcherPatience + time.Second) },
			"stopped", false},
		"a dispatcher that ended": {func(d *desk) { d.monitor.ended.Store(true) }, "stopped", false},
		"a mail server out of reach": {func(d *desk) { d.away(mail.ServerUnreachable) },
			"server_unreachable", true},
		"out of reach for long": {func(d *desk) { d.away(mail.ServerUnreachable); d.late(t) },
			"server_unreachable", true},
		"back a moment ago": {func(d *desk) { d.away(mail.ServerUnreachable); d.late(t); d.away("") },
			"ok", true},
		"a wrong password": {func(d *desk) { d.away(mail.SignInRefused) },
			"sign_in_refused", false},
		"a wrong password later on": {func(d *desk) { d.away(""); d.away(mail.SignInRefused) },
			"sign_in_refused", true},
		"an untrusted certificate": {func(d *desk) { d.away(mail.CertificateUntrusted) },
			"certificate_untrusted", false},
		"no encryption": {func(d *desk) { d.away(mail.TLSUnavailable) },
			"tls_unavailable", false},
		"turned away": {func(d *desk) { d.away(mail.ServerRefused) }, "server_refused", false},
		"put right":   {func(d *desk) { d.away(mail.SignInRefused); d.away("") }, "ok", true},
		"back, and still nothing sent": {func(d *desk) {
			d.away(mail.ServerUnreachable)
			d.late(t)
			d.away("")
			d.late(t)
		}, "late", false},
		"a shop's sender is refused": {func(d *desk) { d.refuse(t); d.late(t) }, "sender_refused", true},
		"a store that does not reply": {func(d *desk) { d.backlog.engine = storagetest.Open(t) },
			"unknown", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			c.happens(d)
			state, err := mailCheck(d.monitor, d.backlog).Run(t.Context())
			if state != c.state || (err == nil) != c.ready {
				t.Errorf("%s, %v", state, err)
			}
		})
	}
}

// TestMailMonitorKnowsAFullServer uses a mail server that accepts one connection at a time. Refusing a second
// one does not make it unreachable.
func TestMailMonitorKnowsAFullServer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	server := &post{}
	sender := d.monitor.sender(server)
	first, err := sender.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server.connect = errors.New("421 too many connections")
	refused := func(name, cause string) {
		t.Helper()
		if _, err := sender.Connect(t.Context()); err == nil || d.cause() != cause {
			t.Errorf("a connection refused %s: away %q, %v", name, d.cause(), err)
		}
	}
	refused("beside an open one", "")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	refused("without one", mail.ServerUnreachable)
}

// post is a mail server that returns the given errors.
type post struct{ connect, send error }

func (p *post) Connect(context.Context) (mail.Conn, error) { return p, p.connect }
func (p *post) Send(context.Context, mail.Message) error   { return p.send }
func (p *post) Close() error                               { return nil }
func composed(to error) mail.Composer {
	return func(context.Context, string, string, mail.Entry) (mail.Message, error) {
		return mail.Message{From: "a@b.example"}, to
	}
}

// TestMailMonitor dispatches an email with each possible result and checks what was recorded.
func TestMailMonitor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		compose, connect, send error
		outcome                string
		away                   bool
	}{
		"sent":          {outcome: mailSent},
		"dropped":       {compose: fmt.Errorf("nobody: %w", mail.ErrDrop), outcome: mailDropped},
		"not composed":  {compose: errors.New("the store is away"), outcome: mailFault},
		"no server":     {connect: &mail.Failure{Temporary: true, Down: true}, outcome: "missed", away: true},
		"refused":       {send: &mail.Failure{}, outcome: mailRefused},
		"not now":       {send: &mail.Failure{Temporary: true}, outcome: mailDeferred},
		"no answer":     {send: &mail.Failure{Temporary: true, Unsure: true}, outcome: mailUnsure},
		"unknown error": {send: errors.New("strange"), outcome: mailUnsure},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.add(t)
			d.now = d.now.Add(dispatcherPatience + time.Second)
			dispatcher := &mail.Dispatcher{
				Engine: d.engine, Shops: d.backlog.shops, Alive: d.monitor.alive,
				Now:     func() time.Time { return d.now },
				Compose: d.monitor.composer(composed(c.compose)),
				Sender:  d.monitor.sender(&post{c.connect, c.send}),
			}
			_, _ = dispatcher.Once(t.Context()) // failures are counted
			if len(d.counted) != 1 || d.counted[c.outcome] != 1 {
				t.Errorf("counted %v, want one %s", d.counted, c.outcome)
			}
			if (d.cause() != "") != c.away || d.monitor.still() > 0 {
				t.Errorf("away: %q; still for %s", d.cause(), d.monitor.still())
			}
		})
	}
}

func TestBacklog(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	want := func(waiting int, overdue time.Duration) {
		t.Helper()
		found, err := d.backlog.look(t.Context())
		if err != nil || found.waiting != waiting || found.overdue != overdue {
			t.Errorf("found %+v, %v; want %d waiting, overdue %s", found, err, waiting, overdue)
		}
	}
	want(0, 0)
	d.add(t)
	want(0, 0) // too recent
	d.now = d.now.Add(time.Minute)
	d.add(t)
	want(2, time.Minute)
	d.now = d.now.Add(-time.Hour) // a clock that was set back
	want(2, 0)
}

// TestRefusedSenderIsInTheMetrics checks that the metrics show one shop's refused sender until its email
// has been sent.
func TestRefusedSenderIsInTheMetrics(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	m := newMetrics()
	m.outbox(d.backlog)
	want := func(figure string) {
		t.Helper()
		if got := scraped(t, m); !strings.Contains(got, "\nportal_outbox_senders_refused "+figure+"\n") {
			t.Errorf("want %s in\n%s", figure, got)
		}
	}
	want("0")
	d.refuse(t)
	d.now = d.now.Add(time.Minute)
	want("1")
}

// TestStaleDeliveriesAreCounted checks that stale deliveries are counted by route and result.
func TestStaleDeliveriesAreCounted(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	for _, outcome := range []order.Outcome{order.Stale, order.Created, order.Stale, ""} {
		_, told := m.observeRequest(t.Context())
		told(web.ResponseInfo{Method: "PUT", Route: "/api/v1/orders/:number", Status: 200, Outcome: outcome})
	}
	const line = "portal_feed_deliveries_total{result=\"stale\",route=\"/api/v1/orders/:number\"} 2\n"
	if got := scraped(t, m); !strings.Contains(got, line) {
		t.Errorf("want %s in\n%s", line, got)
	}
}

// scraped returns what Prometheus would read.
func scraped(t *testing.T, m *metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(answer,
		httptest.NewRequest("GET", "/metrics", nil))
	return answer.Body.String()
}

// TestServeHealth checks a running server with the health command.
func TestServeHealth(t *testing.T) {
	t.Parallel()
	server := start(t, nil, "serve", "--store", shopStore(t), "--smtp", "smtp://mail.example",
		"--addr", "127.0.0.1:0")
	address := server.wait("listens on http://")
	call(t, nil, "health", "--addr", address).want(t, exitOK, "ok")
	call(t, map[string]string{"PORTAL_ADDR": address}, "health", "--ready").want(t, exitOK, `"ready":true`,
		`"store"`, `"mail"`, `"clock"`)
	_, port, _ := net.SplitHostPort(address)
	call(t, nil, "health", "--addr", "0.0.0.0:"+port).want(t, exitOK, "ok")
	call(t, nil, "health", "--addr", address, "--tls-cert", newPair(t, "x").cert).want(t,
		exitFailure, "No response")
	call(t, nil, "health", "--addr", address, "--tls-cert", "/nowhere").want(t, exitFailure, "/nowhere")
	server.end()
	call(t, nil, "health", "--addr", address).want(t, exitFailure, "No response from "+address)
	sick := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request) {
		http.Error(w, "sick", http.StatusServiceUnavailable)
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go sick.Serve(listener)
	defer sick.Close()
	call(t, nil, "health", "--addr", listener.Addr().String()).want(t, exitFailure, "sick", "503")
}

// TestReachable covers addresses that stand for all addresses of a machine.
func TestReachable(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"0.0.0.0:1": "127.0.0.1:1", "[::]:1": "127.0.0.1:1", ":1": "127.0.0.1:1", "10.0.0.1:1": "10.0.0.1:1",
		"[::1]:1":        "[::1]:1",
		"shop.example:1": "shop.example:1", "nonsense": "nonsense",
	} {
		if got := reachable(at); got != want || strings.HasPrefix(got, ":") {
			t.Errorf("%s is reached at %s, want %s", at, got, want)
		}
	}
}
