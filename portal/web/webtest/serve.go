package webtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Way is the transport to a site that Serve runs. It sends requests for any host to the site, and treats
// https as if a proxy had terminated TLS.
type Way struct {
	*http.Transport
	Addr string // of the listener, for raw connections
	// Watch is called with each request, its response and the response's body; nil for nothing. The response's
	// own body has been read.
	Watch func(request *http.Request, response *http.Response, body []byte)
}

// RoundTrip implements http.RoundTripper.
func (w *Way) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.Transport.RoundTrip(request)
	if err != nil || w.Watch == nil {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return response, errors.Join(err, response.Body.Close())
	}
	w.Watch(request, response, body)
	response.Body = struct {
		io.Reader
		io.Closer
	}{bytes.NewReader(body), response.Body}
	return response, nil
}

// Site is a site that Serve can run.
type Site interface {
	Listener(net.Listener) error
	Shutdown() error
}

// Serve runs the site on a loopback port until the test ends.
func Serve(t testing.TB, site Site) *Way {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	accepting, served := &firstAccept{Listener: listener, called: make(chan struct{})}, make(chan error, 1)
	go func() { served <- site.Listener(accepting) }()
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, listener.Addr().String())
	}
	transport := &http.Transport{DialContext: dial, DialTLSContext: dial, MaxIdleConnsPerHost: 64,
		ExpectContinueTimeout: time.Second}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		select { // a Shutdown before the site accepts would have no effect
		case <-accepting.called:
		case err := <-served:
			t.Errorf("serve: %v", err)
			return
		}
		if err := site.Shutdown(); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &Way{Transport: transport, Addr: listener.Addr().String()}
}

// firstAccept is a listener that signals the first call of Accept.
type firstAccept struct {
	net.Listener
	once   sync.Once
	called chan struct{}
}

// Accept implements net.Listener.
func (l *firstAccept) Accept() (net.Conn, error) {
	l.once.Do(func() { close(l.called) })
	return l.Listener.Accept()
}

// FreeAddress returns an address of this machine that nothing listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
