package web_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/web"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
)

// slots is the number of large bodies that the site receives at a time.
const slots = 8

// largePut returns the header of a request with a large order of the given length.
func (h testSite) largePut(key string, number, length int) string {
	return fmt.Sprintf("PUT /api/v1/orders/%d HTTP/1.1\r\n%sAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		number, shopHost, key, length)
}

// TestStalledBodiesGiveTheirSlotsBack checks that a client that sends only the start of a large body holds
// its slot no longer than its deadline.
func TestStalledBodiesGiveTheirSlotsBack(t *testing.T) {
	t.Parallel()
	h := newTestSite(t).with(t, web.Config{Reading: 300 * time.Millisecond})
	key := h.Key("main")
	var stalled sync.WaitGroup
	for n := range slots {
		stalled.Go(func() {
			c := h.talk(t)
			defer c.Close()
			c.say("%s{", h.largePut(key, n, 100_000))
			c.want(http.StatusRequestTimeout)
		})
	}
	stalled.Wait()
	order := largeOrder(100_000)
	c := h.talk(t)
	c.say("%s%s", h.largePut(key, 102, len(order)), order)
	c.want(http.StatusCreated)
}

// fragile is a store that can panic when an order is inserted.
type fragile struct {
	storage.Engine
	broken atomic.Bool
}

func (f *fragile) Insert(ctx context.Context, collection string, r storage.Record) error {
	if f.broken.Load() && collection == "orders" {
		panic("at " + dsn)
	}
	return f.Engine.Insert(ctx, collection, r)
}

// TestPanicsGiveTheirSlotsBack sends more large bodies than there are slots, each of which ends in a panic.
func TestPanicsGiveTheirSlotsBack(t *testing.T) {
	t.Parallel()
	store := &fragile{Engine: storagetest.Open(t, portal.Collections()...)}
	h := testSite{Installation: webtest.PortalOver(t, store)}.with(t, web.Config{})
	key, order := h.Key("main"), largeOrder(100_000)
	store.broken.Store(true)
	for n := range slots + 1 {
		c := h.talk(t)
		c.say("%s%s", h.largePut(key, 102, len(order)), order)
		if c.want(http.StatusInternalServerError); t.Failed() {
			t.Fatalf("request %d", n)
		}
		c.Close()
	}
	store.broken.Store(false)
	c := h.talk(t)
	c.say("%s%s", h.largePut(key, 102, len(order)), order)
	c.want(http.StatusCreated)
}

// TestGrownContextsAreNotKept checks that a connection that has sent a form with as many fields as the
// largest order keeps no more memory than one that has sent a small form. It does not run in parallel,
// since it measures the memory of the whole process.
func TestGrownContextsAreNotKept(t *testing.T) {
	const connections, most = 100, 24 << 10 // additional bytes for each connection
	h := newTestSite(t)
	field := "line/%d=" + strings.Repeat("x", 40) + "&"
	var large strings.Builder
	for n := range order.MaxLines {
		fmt.Fprintf(&large, field, n)
	}
	held := func(form string) int64 {
		t.Helper()
		before := heap()
		open := make([]*talk, connections)
		for n := range open {
			open[n] = h.talk(t)
			open[n].say("POST /orders/1/return HTTP/1.1\r\n%sSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
				"Content-Length: %d\r\n\r\n%s", shopHost, len(form), form)
			open[n].want(http.StatusSeeOther)
		}
		taken := heap() - before
		for _, c := range open {
			c.Close()
		}
		return taken / connections
	}
	held("a=1") // memory that is allocated only once
	small := held("a=1")
	if large := held(large.String() + "a=1"); large-small > most {
		t.Errorf("a connection holds %d bytes after a small form and %d after a large one", small, large)
	}
}

// heap returns the memory in use after garbage collection; two collections empty the pools.
func heap() int64 {
	var stats runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// exhausted is a listener whose first calls to Accept fail because the process has no file descriptors
// left.
type exhausted struct {
	net.Listener
	left atomic.Int32
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return e.Listener.Accept()
}

// exhaustedSite is a site whose listener has no file descriptors at first.
type exhaustedSite struct{ *web.Site }

func (s exhaustedSite) Listener(from net.Listener) error {
	short := &exhausted{Listener: from}
	short.left.Store(3)
	return s.Site.Listener(short)
}

// TestWantOfFileDescriptorsEndsNoServer checks that the server continues once file descriptors are
// available again.
func TestWantOfFileDescriptorsEndsNoServer(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	site, err := web.New(web.Config{App: h.App})
	if err != nil {
		t.Fatal(err)
	}
	webtest.NewBrowser(t, "https://account.shop.test",
		webtest.Serve(t, exhaustedSite{site})).Get("/healthz").Want(http.StatusOK)
}

// TestRefusalsOfTheAPIAreProblems checks the raw answers, including refusals before any of the body is
// read.
func TestRefusalsOfTheAPIAreProblems(t *testing.T) {
	t.Parallel()
	store := &absent{Engine: storagetest.Open(t, portal.Collections()...)}
	shops := []webtest.Shop{webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test")}
	h := testSite{Installation: webtest.PortalOver(t, store, shops...)}.with(t, web.Config{})
	key := "Authorization: Bearer " + h.Key("main") + "\r\n"
	put := "PUT /api/v1/orders/1 HTTP/1.1\r\n"
	down := func() func() { store.gone.Store(true); return func() { store.gone.Store(false) } }
	for _, test := range []struct {
		name, request, code string
		status              int
		during              func() (end func())
	}{
		{"a body too large for any route", put + shopHost + key + "Content-Length: 5000000\r\n\r\n",
			"error.too_large", 413, nil},
		{"a body too large for its route",
			"POST /api/v1/hand-off HTTP/1.1\r\n" + shopHost + key + "Content-Length: 70000\r\n\r\n",
			"error.too_large", 413, nil},
		{"an unknown host", put + "Host: nobody.test\r\n" + key + "Content-Length: 2\r\n\r\n{}",
			"error.misdirected", 421, nil},
		{"an unknown host with a large body",
			put + "Host: nobody.test\r\n" + key + "Content-Length: 100000\r\n\r\n",
			"error.misdirected", 421, nil},
		{"too many lines", put + shopHost + key + strings.Repeat("X: 1\r\n",
			101) + "Content-Length: 2\r\n\r\n{}", "request.header", 431, nil},
		{"a header too large", put + shopHost + key + "X: " + strings.Repeat("x", 20<<10) + "\r\n\r\n",
			"request.header", 431, nil},
		{"a path too long", "GET /api/v1/" + strings.Repeat("x",
			20<<10) + " HTTP/1.1\r\n" + shopHost + "\r\n", "request.header", 431, nil},
		{"too many parameters", "GET /api/v1/messages?" + strings.Repeat("a=1&",
			301) + " HTTP/1.1\r\n" + shopHost + key + "\r\n", "request.header", 431, nil},
		{"a store that is away", "GET /api/v1/messages HTTP/1.1\r\n" + shopHost + key + "\r\n",
			"error.unavailable", 503, down},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.during != nil {
				defer test.during()()
			}
			c := h.talk(t)
			c.say("%s", test.request)
			response, err := http.ReadResponse(c.read, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			kind := response.Header.Get("Content-Type")
			if response.StatusCode != test.status || kind != "application/problem+json" ||
				!strings.Contains(string(body), `"code":"`+test.code+`"`) {
				t.Errorf("%d %s: %s", response.StatusCode, kind, body)
			}
			if retry := response.Header.Get("Retry-After"); (retry != "") != (test.status == 503) {
				t.Errorf("Retry-After %q", retry)
			}
		})
	}
}
