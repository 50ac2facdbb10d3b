package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"postern/portal/web"
	"postern/portal/web/webtest"
)

const shopHost = "Host: account.shop.test\r\n"

// talk is a connection for raw bytes whose answers are read one by one.
type talk struct {
	net.Conn
	t    *testing.T
	read *bufio.Reader
}

func (h testSite) talk(t *testing.T) *talk {
	t.Helper()
	conn := h.dial(t)
	return &talk{conn, t, bufio.NewReader(conn)}
}

// say sends raw bytes.
func (c *talk) say(format string, args ...any) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, format, args...); err != nil {
		c.t.Error(err)
	}
}

// want reads an answer while the client sends nothing more.
func (c *talk) want(status int) *http.Response {
	c.t.Helper()
	response, err := http.ReadResponse(c.read, nil)
	if err != nil {
		c.t.Errorf("%v, want an answer with %d", err, status)
		return &http.Response{}
	}
	if response.StatusCode != http.StatusContinue {
		_, _ = io.Copy(io.Discard, response.Body)
	}
	if response.StatusCode != status {
		c.t.Errorf("status %d, want %d", response.StatusCode, status)
	}
	return response
}

// wantEnd fails unless the server closes the connection.
func (c *talk) wantEnd() {
	c.t.Helper()
	if more, err := io.ReadAll(c.read); len(more) > 0 || err != nil {
		c.t.Errorf("after the answer: %.100q, %v", more, err)
	}
}

// TestHeaderDecides checks that a request a route does not accept is refused before any of its body is
// sent, and that the connection is closed.
func TestHeaderDecides(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	key := "Authorization: Bearer " + h.Key("main") + "\r\n"
	const length, inChunks, expect = "Content-Length: 4000000\r\n", "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n"
	for _, test := range []struct {
		name, header string
		status       int
	}{
		{"a page", "GET /sign-in HTTP/1.1\r\n" + shopHost + length, 413},
		{"a form", "POST /sign-in HTTP/1.1\r\n" + shopHost + length, 413},
		{"a form that waits", "POST /sign-in HTTP/1.1\r\n" + shopHost + length + expect, 413},
		{"a byte too many", "POST /sign-in HTTP/1.1\r\n" + shopHost + "Content-Length: 65537\r\n", 413},
		{"a file", "GET /healthz HTTP/1.1\r\n" + shopHost + length, 413},
		{"no route", "POST /nothing HTTP/1.1\r\n" + shopHost + length, 413},
		{"a method nobody knows", "BREW /nothing HTTP/1.1\r\n" + shopHost + length, 413},
		{"an unknown host", "POST /sign-in HTTP/1.1\r\nHost: evil.test\r\n" + length, 413},
		{"an unknown host's API", "PUT /api/v1/orders/1 HTTP/1.1\r\nHost: evil.test\r\n" + key + length, 421},
		{"a small document's route", "POST /api/v1/hand-off HTTP/1.1\r\n" + shopHost + key + length, 413},
		{"another method", "POST /api/v1/orders/1 HTTP/1.1\r\n" + shopHost + key + length, 413},
		{"an order without a key", "PUT /api/v1/orders/1 HTTP/1.1\r\n" + shopHost + length, 401},
		{"an order without a key that waits",
			"PUT /api/v1/orders/1 HTTP/1.1\r\n" + shopHost + length + expect, 401},
		{"an order with a wrong key", "PUT /api/v1/orders/1 HTTP/1.1\r\n" + shopHost +
			"Authorization: Bearer x\r\n" + length, 401},
		{"an order for another shop", "PUT /api/v1/orders/1 HTTP/1.1\r\nHost: account.other.test\r\n" +
			key + length, 401},
		{"an order above the limit", "PUT /api/v1/orders/1 HTTP/1.1\r\n" + shopHost + key +
			"Content-Length: 4194305\r\n", 413},
		{"an order by a whole address",
			"PUT http://account.shop.test/api/v1/orders/1 HTTP/1.1\r\n" + shopHost + length, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := h.talk(t)
			c.say("%s\r\n", test.header)
			c.want(test.status)
			c.wantEnd()
		})
	}
	for name, header := range map[string]string{
		"a form": "POST /sign-in HTTP/1.1\r\n", "an order without a key": "PUT /api/v1/orders/1 HTTP/1.1\r\n",
	} {
		t.Run(name+" in chunks", func(t *testing.T) {
			c := h.talk(t)
			c.say("%s%s%s\r\n%x\r\n%s\r\n", header, shopHost, inChunks, 1<<20, strings.Repeat("a", 65537))
			if status := c.want(map[bool]int{true: 413, false: 401}[name == "a form"]); !status.Close {
				t.Error("the connection stays open")
			}
			c.wantEnd()
		})
	}
}

// largeOrder returns an order of the given size in bytes.
func largeOrder(size int) string {
	begin := `{"email":"jan@shop.test","customer_id":"c1","placed_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-02T08:00:00Z",` +
		`"currency":"EUR","total":"1.00","lines":[{"name":"Book","quantity":"1","total":"1.00"}]}`
	return begin + strings.Repeat(" ", size-len(begin))
}

// TestLargeOrderArrives sends a large order in every way a client may, and checks that it releases its
// slot.
func TestLargeOrderArrives(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	order := largeOrder(4 << 20)
	put := "PUT /api/v1/orders/%s HTTP/1.1\r\n" + shopHost + "Authorization: Bearer " + h.Key("main") +
		"\r\nContent-Type: application/json\r\n"
	sized := fmt.Sprintf("Content-Length: %d\r\n", len(order))
	chunks := func(c *talk) {
		for part := order; part != ""; part = part[min(100_000, len(part)):] {
			n := min(100_000, len(part))
			c.say("%x\r\n%s\r\n", n, part[:n])
		}
		c.say("0\r\n\r\n")
	}
	for round := range 10 { // more rounds than slots
		c := h.talk(t)
		status := map[bool]int{true: 201, false: 200}
		number := fmt.Sprint("a", round)
		c.say(put+sized+"\r\n%s", number, order)
		c.want(status[true])
		c.say(put+sized+"Expect: 100-continue\r\n\r\n", number)
		c.want(100)
		c.say("%s", order)
		c.want(status[false])
		c.say(put+"Transfer-Encoding: chunked\r\n\r\n", number)
		chunks(c)
		c.want(status[false])
		c.say("GET /test/in HTTP/1.1\r\n" + shopHost + "\r\n") // the connection still works
		c.want(200)
	}
}

// TestLargeBodiesHaveSlots checks that large bodies beyond the number of slots are refused with Retry-After
// and not read, and that a client that disconnects releases its slot.
func TestLargeBodiesHaveSlots(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	put := "PUT /api/v1/orders/%d HTTP/1.1\r\n" + shopHost + "Authorization: Bearer " + h.Key("main") +
		"\r\nContent-Type: application/json\r\n"
	held := make([]*talk, 8)
	for n := range held {
		held[n] = h.talk(t)
		held[n].say(put+"Content-Length: 100000\r\n\r\n{", n)
	}
	turnedAway := func(c *talk) bool {
		response, err := http.ReadResponse(c.read, nil)
		if err != nil || response.StatusCode != http.StatusServiceUnavailable {
			return false
		}
		if response.Header.Get("Retry-After") == "" || !response.Close {
			t.Errorf("turned away with %v", response.Header)
		}
		return true
	}
	// The slots are taken only once the bytes arrive, which no answer confirms.
	retry(t, "no request is turned away", func() bool {
		c := h.talk(t)
		defer c.Close()
		c.say(put+"Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n", 100)
		return turnedAway(c)
	})
	small := h.talk(t)
	small.say(put+"Content-Length: 2\r\n\r\n{}", 101) // needs no slot
	small.want(422)
	for _, c := range held {
		c.Close()
	}
	order := largeOrder(100_000)
	retry(t, "no slot is given back", func() bool {
		c := h.talk(t)
		defer c.Close()
		c.say(put+"Content-Length: %d\r\n\r\n%s", 102, len(order), order)
		response, err := http.ReadResponse(c.read, nil)
		return err == nil && response.StatusCode < 300
	})
}

// retry repeats done until it succeeds, for conditions that the server notices only later.
func retry(t *testing.T, fault string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(end) {
			t.Fatal(fault)
		}
	}
}

// TestManyFields checks that forms, queries, headers and cookies with too many parts are refused before
// they are parsed. The form of a large order has a field for each line.
func TestManyFields(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	fields := func(n int) string { return strings.TrimSuffix(strings.Repeat("a=1&", n), "&") }
	const part = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
	multipart := map[string]string{"Content-Type": "multipart/form-data; boundary=x"}
	for _, test := range []struct {
		name    string
		request webtest.Request
		status  int
	}{
		{"300 fields", webtest.Request{Method: "POST", Path: "/test/in", Header: form,
			Body: fields(300)}, 200},
		{"301 fields", webtest.Request{Method: "POST", Path: "/test/in", Header: form,
			Body: fields(301)}, 413},
		{"30,000 empty fields", webtest.Request{Method: "POST", Path: "/test/in", Header: form,
			Body: strings.Repeat("&", 30_000)}, 413},
		{"parts where no files are taken", webtest.Request{Method: "POST", Path: "/test/in", Header: multipart,
			Body: part + "--x--"}, 415},
		{"301 parts where no files are taken", webtest.Request{Method: "POST", Path: "/test/in", Header: multipart,
			Body: strings.Repeat(part, 301) + "--x--"}, 413},
		{"a line each", webtest.Request{Method: "POST", Path: "/orders/1/return", Header: form,
			Body: fields(1019) + "&owner=x"}, 403},
		{"more than lines", webtest.Request{Method: "POST", Path: "/orders/1/return", Header: form,
			Body: fields(1021)}, 413},
		{"a query", webtest.Request{Path: "/test/in?" + fields(301)}, 431},
		{"cookies", webtest.Request{Path: "/test/in",
			Header: map[string]string{"Cookie": strings.Repeat("a=1;", 301)}}, 431},
		{"header lines", webtest.Request{Path: "/test/in"}, 431},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := h.browser(t)
			if test.name == "header lines" {
				for n := range 101 {
					b.Header.Set(fmt.Sprint("X-", n), "x")
				}
			}
			b.Send(test.request).Want(test.status)
		})
	}
}

// TestStrictHeaders checks that a header that two readers may read differently is answered with 400 and
// closes the connection.
func TestStrictHeaders(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	const line = "GET /test/in HTTP/1.1\r\n"
	for _, test := range []struct {
		name, text string
		status     int
	}{
		{"as it should be", line + shopHost + "\r\n", 200},
		{"HTTP/1.0", "GET /test/in HTTP/1.0\r\n" + shopHost + "\r\n", 200},
		{"an empty line in front", "\r\n" + line + shopHost + "\r\n", 200},
		{"LF alone", "GET /test/in HTTP/1.1\nHost: account.shop.test\n\n", 400},
		{"LF alone after the request line", "GET /test/in HTTP/1.1\n" + shopHost + "\r\n", 400},
		{"LF alone after a field", line + "Host: account.shop.test\nX: x\r\n\r\n", 400},
		{"LF alone at the end", line + shopHost + "\n", 400},
		{"LF alone in front", "\n" + line + shopHost + "\r\n", 400},
		{"LF alone in a later request",
			line + shopHost + "\r\nGET /test/in HTTP/1.1\n" + shopHost + "\r\n", 400},
		{"a body behind LF alone", "POST /test/in HTTP/1.1\n" + shopHost + "Content-Length: 5\r\n\r\n", 400},
		{"CR alone in a field", line + shopHost + "X: a\rb\r\n\r\n", 400},
		{"CR alone in the request line", "GET /test/in\r HTTP/1.1\r\n" + shopHost + "\r\n", 400},
		{"a folded field", line + shopHost + "X: a\r\n b\r\n\r\n", 400},
		{"a folded field, by a tab", line + shopHost + "X: a\r\n\tb\r\n\r\n", 400},
		{"a folded host", line + "Host:\r\n account.shop.test\r\n\r\n", 400},
		{"a space in front of all fields", line + " X: a\r\n" + shopHost + "\r\n", 400},
		{"a space in front of the colon", line + "Host : account.shop.test\r\n\r\n", 400},
		{"a space in a name", line + shopHost + "X Y: a\r\n\r\n", 400},
		{"a space in a long name", line + shopHost + strings.Repeat("X", 80) + " Y: a\r\n\r\n", 400},
		{"a tab in a name", line + shopHost + "X\tY: a\r\n\r\n", 400},
		{"a name in brackets", line + shopHost + "(X): a\r\n\r\n", 400},
		{"all that a name may have", line + shopHost + "X!#$%&'*+-.^_`|~9: a\r\n\r\n", 200},
		{"no colon", line + shopHost + "X\r\n\r\n", 400},
		{"no name", line + shopHost + ": x\r\n\r\n", 400},
		{"NUL", line + shopHost + "X: a\x00b\r\n\r\n", 400},
		{"a user", line + "Host: me@account.shop.test\r\n\r\n", 400},
		{"a user and a password", line + "Host: me:pw@account.shop.test\r\n\r\n", 400},
		{"a user in the request line",
			"GET http://me@account.shop.test/test/in HTTP/1.1\r\n" + shopHost + "\r\n", 400},
		{"a path in the host", line + "Host: account.shop.test/x\r\n\r\n", 400},
		{"a space in the host", line + "Host: account.shop.test x\r\n\r\n", 400},
		{"two hosts", line + shopHost + shopHost + "\r\n", 400},
		{"no host", line + "\r\n", 400},
		{"HTTP/0.9", "GET /test/in HTTP/0.9\r\n" + shopHost + "\r\n", 400},
		{"HTTP/1.2", "GET /test/in HTTP/1.2\r\n" + shopHost + "\r\n", 400},
		{"HTTP/2.0", "GET /test/in HTTP/2.0\r\n" + shopHost + "\r\n", 400},
		{"HTTP/3.0", "GET /test/in HTTP/3.0\r\n" + shopHost + "\r\n", 400},
		{"no version", "GET /test/in\r\n" + shopHost + "\r\n", 400},
		{"a garbled version", "GET /test/in HTTP/1.10\r\n" + shopHost + "\r\n", 400},
		{"a version in small letters", "GET /test/in http/1.1\r\n" + shopHost + "\r\n", 400},
		{"two spaces", "GET  /test/in HTTP/1.1\r\n" + shopHost + "\r\n", 400},
		{"a tab for a space", "GET\t/test/in HTTP/1.1\r\n" + shopHost + "\r\n", 400},
		{"a space in the method", "GE T /test/in HTTP/1.1\r\n" + shopHost + "\r\n", 400},
		{"fields behind a body", "POST /test/in HTTP/1.1\r\n" + shopHost +
			"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := h.talk(t)
			c.say("%s", test.text)
			if strings.Contains(test.name, "a later request") {
				c.want(200)
			}
			if c.want(test.status); test.status == 400 {
				c.wantEnd()
			}
		})
	}
}

// TestRequestsInARow checks that several requests on one connection are all read correctly, even if they
// arrive together.
func TestRequestsInARow(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	const (
		get  = "GET /test/in HTTP/1.1\r\n" + shopHost + "\r\n"
		post = "POST /test/in HTTP/1.1\r\n" + shopHost +
			"Content-Type: application/x-www-form-urlencoded\r\n"
		sized  = post + "Content-Length: 5\r\n\r\na=b&c"
		chunks = post + "Transfer-Encoding: chunked\r\n\r\n5\r\na=b&c\r\n0\r\n\r\n"
	)
	c := h.talk(t)
	for _, text := range []string{get, sized, chunks, get} {
		c.say("%s", text)
		c.want(200)
	}
	c.say("%s", get+sized+get+sized+sized+get)
	for range 6 {
		c.want(200)
	}
	c.say("%s", sized[:len(sized)-1])
	c.say("%s", sized[len(sized)-1:]+get)
	c.want(200)
	c.want(200)
}

// TestConnectionsAreBounded checks the limits on connections: for each peer that is not a trusted proxy,
// and in total.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	proxy := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	for _, test := range []struct {
		name   string
		config web.Config
		text   string // sent by each
		held   int    // connections that may stay open
	}{
		{"of one peer", web.Config{Connections: web.Connections{PerPeer: 5}}, "", 5},
		{"unfinished of one peer", web.Config{Connections: web.Connections{Arriving: 3}},
			"GET /test/in HTTP/1.1\r\n", 3},
		{"all", web.Config{Connections: web.Connections{Total: 7}, Trusted: proxy}, "", 7},
		{"a proxy's", web.Config{Connections: web.Connections{PerPeer: 5, Arriving: 3}, Trusted: proxy},
			"GET /test/in HTTP/1.1\r\n", 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newTestSite(t).with(t, test.config)
			ended := make(chan *talk)
			var open []*talk
			for range 20 {
				c := h.talk(t)
				c.say("%s", test.text)
				open = append(open, c)
				go func() {
					_, _ = c.read.Peek(1)
					ended <- c
				}()
				if test.text != "" {
					c.say("X: x\r\n") // in a separate packet
				}
			}
			for range 20 - test.held {
				<-ended
			}
			select {
			case <-ended:
				t.Errorf("fewer than %d connections stay", test.held)
			default:
			}
			for _, c := range open {
				c.Close()
			}
			for range test.held {
				<-ended
			}
			retry(t, "no connection is let in again", func() bool {
				c := h.talk(t)
				defer c.Close()
				c.say("GET /test/in HTTP/1.1\r\n" + shopHost + "\r\n")
				response, err := http.ReadResponse(c.read, nil)
				return err == nil && response.StatusCode == 200
			})
		})
	}
}

// TestUploadsHaveSlotsOfTheirOwn checks that slow uploads of photos are refused beyond their number, and keep
// no shop's system from sending large orders.
func TestUploadsHaveSlotsOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	h.Put(h.Key("main"), "/api/v1/orders/1", largeOrder(1000))
	b := h.browser(t)
	h.SignIn(b, "jana@example.com")
	post := "POST /orders/1/return HTTP/1.1\r\n" + shopHost + "Cookie: __Host-postern.main=" + b.Cookie("__Host-postern.main") +
		"\r\nSec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n"
	for range 4 {
		c := h.talk(t)
		defer c.Close()
		c.say("%s\r\n--b", post)
	}
	retry(t, "no upload is turned away", func() bool {
		h.Clock.Move(5 * time.Minute) // a customer may begin twenty an hour
		c := h.talk(t)
		defer c.Close()
		c.say("%sExpect: 100-continue\r\n\r\n", post)
		response, err := http.ReadResponse(c.read, nil)
		return err == nil && response.StatusCode == http.StatusServiceUnavailable
	})
	order := largeOrder(100_000)
	c := h.talk(t)
	c.say("%s%s", h.largePut(h.Key("main"), 2, len(order)), order)
	c.want(http.StatusCreated)
}
