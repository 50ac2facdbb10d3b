package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"postern/mail"
	"postern/portal/web"
	"postern/storage"
)

// metrics holds the server's metrics for Prometheus. Labels have few values, and all come from this program
// rather than from requests, so they contain no addresses and no secrets.
type metrics struct {
	registry *prometheus.Registry
	inHand   prometheus.Gauge
	answers  *prometheus.CounterVec
	took     *prometheus.HistogramVec
	feed     *prometheus.CounterVec
	mails    *prometheus.CounterVec
	missed   *prometheus.CounterVec
	store    *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		inHand: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "portal_http_requests_in_flight", Help: "Requests in progress.",
		}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portal_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "portal_http_request_duration_seconds",
			Help:    "Time from a request to its response, by route and method.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15},
		}, []string{"route", "method"}),
		feed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portal_feed_deliveries_total",
			Help: "Documents sent by feeds, by route and result (created, updated, unchanged, stale).",
		}, []string{"route", "result"}),
		mails: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portal_mail_attempts_total",
			Help: "Attempts to send an email, by outcome: sent, dropped, refused, deferred, unsure, fault.",
		}, []string{"outcome"}),
		missed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portal_mail_connections_failed_total",
			Help: "Failed connections to the mail server, by cause.",
		}, []string{"cause"}),
		store: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "portal_store_operations_total",
			Help: "Store operations (lists and writes) by component (site, mail, worker), operation and outcome (ok, refused, failed).",
		}, []string{"component", "operation", "outcome"}),
	}
	for _, outcome := range []string{mailSent, mailDropped, mailRefused, mailDeferred,
		mailUnsure, mailFault} {
		m.mails.WithLabelValues(outcome) // starts at zero, so that the first increment is visible
	}
	for _, cause := range mail.Causes() {
		m.missed.WithLabelValues(cause)
	}
	m.registry.MustRegister(m.inHand, m.answers, m.took, m.feed, m.mails, m.missed, m.store,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector())
	return m
}

// observeRequest implements web.Observer.
func (m *metrics) observeRequest(ctx context.Context) (context.Context, func(web.ResponseInfo)) {
	m.inHand.Inc()
	return ctx, func(a web.ResponseInfo) {
		m.inHand.Dec()
		m.answers.WithLabelValues(a.Route, a.Method, strconv.Itoa(a.Status)).Inc()
		if a.Outcome != "" {
			m.feed.WithLabelValues(a.Route, string(a.Outcome)).Inc()
		}
		m.took.WithLabelValues(a.Route, a.Method).Observe(a.Took.Seconds())
	}
}

// observe connects the metrics to the mail monitor.
func (m *metrics) observe(monitor *mailMonitor) {
	monitor.count = func(outcome string) { m.mails.WithLabelValues(outcome).Inc() }
	monitor.missed = func(cause string) { m.missed.WithLabelValues(cause).Inc() }
	for _, state := range append(mail.Causes(), "ok") {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "portal_mail_server_state",
			Help:        "1 for the last known state of the mail server, 0 for all others.",
			ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 {
			if cause, _ := monitor.away(); cmp.Or(cause, "ok") == state {
				return 1
			}
			return 0
		}))
	}
}

// engine returns a store that counts the operations of one part of the server.
func (m *metrics) engine(engine storage.Engine, part string) storage.Engine {
	return meteredEngine{engine, func(operation string, err error) {
		m.store.WithLabelValues(part, operation, outcomeOfStore(err)).Inc()
	}}
}

func outcomeOfStore(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrExists), errors.Is(err,
		storage.ErrConflict):
		return "refused"
	}
	return "failed"
}

// outbox adds metrics of the outboxes, which are collected on request.
func (m *metrics) outbox(b *backlog) {
	state := func(state string) *prometheus.Desc {
		return prometheus.NewDesc("portal_outbox_mails",
			"Emails in the outbox by state, up to a thousand of each shop.",
			nil, prometheus.Labels{"state": state})
	}
	m.registry.MustRegister(outboxCollector{
		backlog: b, waiting: state("waiting"), failed: state("failed"),
		refused: prometheus.NewDesc("portal_outbox_senders_refused",
			"Shops whose sender email the mail server refuses.", nil, nil),
		overdue: prometheus.NewDesc("portal_outbox_overdue_seconds",
			"How long the oldest due email has been due.", nil, nil),
	})
}

type outboxCollector struct {
	backlog                           *backlog
	waiting, failed, refused, overdue *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c outboxCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.waiting
	to <- c.failed
	to <- c.refused
	to <- c.overdue
}

// Collect implements prometheus.Collector.
func (c outboxCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	found, err := c.backlog.look(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(c.waiting, errors.New("the store does not respond"))
		return
	}
	for desc, value := range map[*prometheus.Desc]float64{
		c.waiting: float64(found.waiting), c.failed: float64(found.failed),
		c.overdue: found.overdue.Seconds(),
		c.refused: float64(found.refused),
	} {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
}

// serve answers /metrics on the listener until ctx ends. If the store fails, its metrics are omitted and
// the rest is returned.
func (m *metrics) serve(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry,
		promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second,
		MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
