package main

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postern/portal/job"
)

// jobs adds metrics of the background jobs, which are collected on request.
func (m *metrics) jobs(runner *job.Runner) {
	kind := []string{"kind"}
	m.registry.MustRegister(jobCollector{
		runner: runner,
		due: prometheus.NewDesc("portal_jobs_due",
			"Background jobs whose time has come, by kind, of each collection up to a thousand documents.",
			kind, nil),
		running: prometheus.NewDesc("portal_jobs_running",
			"Background jobs that are being done, by kind.", kind, nil),
		failed: prometheus.NewDesc("portal_jobs_failed",
			"Background jobs that were given up, by kind.", kind, nil),
		oldest: prometheus.NewDesc("portal_jobs_oldest_seconds",
			"For how long the due background job that was asked for first has been due, by kind.", kind, nil),
	})
}

type jobCollector struct {
	runner                       *job.Runner
	due, running, failed, oldest *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c jobCollector) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.due, c.running, c.failed, c.oldest} {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (c jobCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	stats, err := c.runner.Stats(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(c.due, errors.New("the store does not answer"))
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, kind string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, kind)
	}
	for kind, s := range stats {
		gauge(c.due, float64(s.Due), kind)
		gauge(c.running, float64(s.Running), kind)
		gauge(c.failed, float64(s.Failed), kind)
		gauge(c.oldest, s.Oldest.Seconds(), kind)
	}
}
