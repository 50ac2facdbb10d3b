package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/errgroup"
)

// load is a stream of requests over persistent connections. Each connection sends its next request as soon
// as it has a response.
type load struct {
	connections int
	count       int           // total number of requests; 0 for as many as fit into duration
	duration    time.Duration // ignored if count is set
	// write prepares request i of the stream, counted from 0; read checks the response. Both are called
	// from many goroutines.
	write func(i int, request *fasthttp.Request)
	read  func(i int, answer *fasthttp.Response) error
}

// result holds the measurements of a load.
type result struct {
	requests int
	took     time.Duration
	times    []time.Duration // response times, shortest first
	cpu      time.Duration   // of the server process
	peak     memory          // of the server process
}

// perSecond returns the request rate.
func (r result) perSecond() float64 { return float64(r.requests) / r.took.Seconds() }

// cost returns the server's CPU time per request.
func (r result) cost() time.Duration { return r.cpu / time.Duration(max(1, r.requests)) }

// quantile returns the response time that the given share of requests (0 to 1) did not exceed.
func (r result) quantile(part float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(len(r.times)-1, int(part*float64(len(r.times))))]
}

// on sends the load to a server and measures it. A failed request ends it with an error, because
// measurements with failures are meaningless.
func (l load) on(ctx context.Context, p *process) (result, error) {
	before, err := p.cpu()
	if err != nil {
		return result{}, err
	}
	watch := p.watch()
	began := time.Now()
	times, err := l.send(ctx, p.address)
	took := time.Since(began)
	most := watch()
	after, cpuErr := p.cpu()
	peak, memoryErr := p.memory()
	peak.own = max(peak.own, most)
	if err := errors.Join(err, cpuErr, memoryErr); err != nil {
		return result{}, fmt.Errorf("%w; the server said: %s", err, p.said())
	}
	slices.Sort(times)
	return result{requests: len(times), took: took, times: times, cpu: after - before, peak: peak}, nil
}

// send runs all connections until they are done.
func (l load) send(ctx context.Context, address string) ([]time.Duration, error) {
	client := &fasthttp.HostClient{
		Addr: address, MaxConns: l.connections, MaxIdemponentCallAttempts: 1, ReadTimeout: patience,
		WriteTimeout: patience,
	}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	end := time.Now().Add(l.duration)
	lists, faults := make([][]time.Duration, l.connections), make([]error, l.connections)
	var hands sync.WaitGroup
	for hand := range l.connections {
		hands.Go(func() {
			for faults[hand] == nil && ctx.Err() == nil {
				i := int(next.Add(1) - 1)
				if l.count > 0 && i >= l.count || l.count == 0 && time.Now().After(end) {
					return
				}
				var took time.Duration
				took, faults[hand] = l.one(client, i)
				lists[hand] = append(lists[hand], took)
			}
		})
	}
	hands.Wait()
	return slices.Concat(lists...), cmp.Or(append(faults, ctx.Err())...)
}

// paced sends the requests at a fixed rate, whether or not earlier ones have been answered. It returns the
// time at which each was due, so that the measured time includes any delay in sending.
func (l load) paced(ctx context.Context, p *process, perSecond int) ([]time.Time, error) {
	client := &fasthttp.HostClient{
		Addr: p.address, MaxConns: l.connections, MaxConnWaitTimeout: patience, MaxIdemponentCallAttempts: 1,
		ReadTimeout: patience, WriteTimeout: patience,
	}
	defer client.CloseIdleConnections()
	group, ctx := errgroup.WithContext(ctx)
	began, due := time.Now(), make([]time.Time, l.count)
	for i := range due {
		due[i] = began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		select {
		case <-time.After(time.Until(due[i])):
		case <-ctx.Done():
			return nil, cmp.Or(group.Wait(), ctx.Err())
		}
		group.Go(func() error {
			_, err := l.one(client, i)
			return err
		})
	}
	return due, group.Wait()
}

// one sends request i and returns the response time.
func (l load) one(client *fasthttp.HostClient, i int) (time.Duration, error) {
	request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(answer)
	request.Header.SetHost(host)
	request.Header.SetUserAgent(browserName)
	l.write(i, request)
	began := time.Now()
	err := client.Do(request, answer)
	took := time.Since(began)
	if err == nil {
		err = l.read(i, answer)
	}
	if err != nil {
		err = fmt.Errorf("request %d, %s %s: %w", i, request.Header.Method(), request.URI().Path(), err)
	}
	return took, err
}

const watchPace = 50 * time.Millisecond

// watch samples the process's own memory at intervals. The returned function stops that and returns the
// maximum.
func (p *process) watch() (stop func() int64) {
	over, peak := make(chan struct{}), make(chan int64, 1)
	go func() {
		look := time.NewTicker(watchPace)
		defer look.Stop()
		var most int64
		for {
			most = max(most, p.ownMemory())
			select {
			case <-look.C:
			case <-over:
				peak <- most
				return
			}
		}
	}()
	return func() int64 {
		close(over)
		return <-peak
	}
}

// status returns the status of a URL.
func status(ctx context.Context, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	client := &http.Client{Timeout: patience}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
