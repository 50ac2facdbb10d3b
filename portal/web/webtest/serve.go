package webtest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
)

// Way is the way to a site that Serve runs. Whatever host a request is for, it goes to the site, and https
// goes there as if a proxy had taken the TLS off.
type Way struct {
	*http.Transport
	Addr string // of the listener, for requests written by hand
}

// Site is a site that can be run.
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
	transport := &http.Transport{DialContext: dial, DialTLSContext: dial, MaxIdleConnsPerHost: 64}
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

// firstAccept is a listener that tells when it is first asked for a connection.
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

// FreeAddress returns an address on this machine on which nobody listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
