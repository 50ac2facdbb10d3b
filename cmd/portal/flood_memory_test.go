package main

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"time"
)

// floodSockets is the number of clients that announce a large body and send none of it.
const floodSockets = 2000

// floodPeak is the most memory, in bytes, that the server may use during the flood.
const floodPeak = 250 << 20

// announcement returns what the nth client sends: large bodies announced in every way, bodies just below
// the limit, and headers that do not end.
func announcement(n int) string {
	const host, large = "Host: 127.0.0.1\r\n", "Content-Length: 4000000\r\n"
	const form = "Content-Type: application/x-www-form-urlencoded\r\n"
	all := []string{
		"POST /sign-in HTTP/1.1\r\n" + host + form + large + "\r\n",
		"PUT /api/v1/orders/1 HTTP/1.1\r\n" + host + large + "\r\n",
		"POST /sign-in HTTP/1.1\r\n" + host + form + "Transfer-Encoding: chunked\r\n\r\n3d0900\r\n",
		"PUT /api/v1/orders/1 HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3d0900\r\n",
		"POST /sign-in HTTP/1.1\r\n" + host + form + large + "Expect: 100-continue\r\n\r\n",
		"POST /nothing HTTP/1.1\r\nHost: evil.example\r\n" + large + "\r\n",
		"POST /sign-in HTTP/1.1\r\n" + host + form + "Content-Length: 65536\r\n\r\na",
		"POST /sign-in HTTP/1.1\r\n" + host + form + large,
	}
	return all[n%len(all)]
}

// TestFloodOfAnnouncedBodies floods the server from one address for each socket, and through one trusted
// proxy. The server's memory stays small and others can sign in.
func TestFloodOfAnnouncedBodies(t *testing.T) {
	needFlood(t)
	for _, test := range []struct {
		name, proxy string
		more        []string
	}{
		{name: "from 2,000 addresses"},
		{"from one trusted proxy", "127.0.0.1", []string{"--trusted-proxies", "127.0.0.1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := startFloodServer(t, test.more...)
			quiet := server.slowestSignIn(t, test.proxy, "127.99.1")
			before := server.peak(t)
			server.announce(t, test.proxy)
			flooded := server.slowestSignIn(t, test.proxy, "127.99.2")
			peak := server.peak(t)
			t.Logf("memory %d MB, before %d MB; slowest sign-in %s, before %s", peak>>20,
				before>>20, flooded, quiet)
			if peak > floodPeak {
				t.Errorf("the server took %d MB, more than %d", peak>>20, floodPeak>>20)
			}
			if limit := max(2*time.Second, 5*quiet); flooded > limit {
				t.Errorf("a sign-in took %s, more than %s", flooded, limit)
			}
		})
	}
}

// announce opens all sockets, which stay open until the test ends or the server closes them.
func (s *floodServer) announce(t *testing.T, proxy string) {
	t.Helper()
	var opening sync.WaitGroup
	turns := make(chan struct{}, 50)
	for n := range floodSockets {
		turns <- struct{}{}
		opening.Go(func() {
			defer func() { <-turns }()
			from := proxy
			if from == "" {
				from = fmt.Sprintf("127.%d.%d.%d", 10+n/40_000, n/200%200, 1+n%200)
			}
			socket, err := s.dialFrom(t.Context(), from)
			if err != nil {
				t.Errorf("socket %d: %v", n, err)
				return
			}
			t.Cleanup(func() { socket.Close() })
			_, _ = io.WriteString(socket, announcement(n)) // fails if the server has hung up
		})
	}
	opening.Wait()
}
