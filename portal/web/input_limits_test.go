package web_test

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/web"
	"postern/portal/web/webtest"
)

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	const limit = 64 << 10
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	tests := []struct {
		path   string
		size   int
		status int
	}{
		{"/test/in", limit, 200},
		{"/test/in", limit + 1, 413},
		{"/api/test/in", limit, 200},
		{"/api/test/in", limit + 1, 413},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.path, test.size), func(t *testing.T) {
			body := strings.Repeat("a", test.size)
			h.browser(t).Send(webtest.Request{Method: "POST", Path: test.path, Header: form,
				Body: body}).Want(test.status)
		})
	}
}

// TestBodyTooLargeToRead checks that a body over the server's limit is refused by its Content-Length before
// it is read.
func TestBodyTooLargeToRead(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	for path, kind := range map[string]string{"/test/in": "text/html; charset=utf-8",
		"/api/test/in": "application/problem+json"} {
		never, end := io.Pipe()
		request := httptest.NewRequest("PUT", "https://account.shop.test"+path, never)
		request.RequestURI, request.ContentLength = "", 5<<20
		response, err := h.way.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		end.Close()
		if response.StatusCode != 413 || response.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
		checkHeaders(t, response.Header, path, true)
	}
}

// TestCompressedBody checks that a compressed body is refused and never unpacked, not even for an error
// page.
func TestCompressedBody(t *testing.T) {
	h := newTestSite(t, webtest.NewShop("one", "https://one.test"),
		webtest.NewShop("two", "https://two.test"))
	const unpacked = 32 << 20 // compresses to less than the 64 KiB allowed for a request
	var bomb strings.Builder
	pack, err := gzip.NewWriterLevel(&bomb, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.CopyN(pack, zeros{}, unpacked)
	if err := errors.Join(err, pack.Close()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path, host string
		status             int
	}{
		{"GET", "/sign-in", "one.test", 200}, {"POST", "/sign-in", "one.test", 415},
		{"POST", "/sign-in/link", "two.test", 415},
		{"GET", "/sign-in", "three.test", 421}, {"GET", "/nothing", "one.test", 404},
		{"POST", portal.UnsubscribePrefix + "x", "one.test", 415},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h.browser(t).Send(webtest.Request{Method: test.method, Path: test.path, Body: bomb.String(),
			Header: map[string]string{
				"Host": test.host, "Content-Type": "multipart/form-data; boundary=x",
				"Content-Encoding": "gzip",
			}}).Want(test.status)
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > unpacked/4 {
			t.Errorf("%s %s at %s takes %d MiB", test.method, test.path, test.host, taken>>20)
		}
	}
}

// zeros is an endless reader of zero bytes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// dial opens a connection for raw bytes. A test that waits in vain fails at the connection's deadline.
func (h testSite) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", h.way.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// responses sends raw bytes over one connection, closes it for writing, and returns all responses.
func (h testSite) responses(t *testing.T, text string) []*http.Response {
	t.Helper()
	conn := h.dial(t)
	// Either call fails if the server has already answered and closed the connection.
	_, _ = io.WriteString(conn, text)
	_ = conn.CloseWrite()
	var all []*http.Response
	for r := bufio.NewReader(conn); ; {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return all
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		all = append(all, response)
	}
}

func TestRawRequests(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	const host = "Host: account.shop.test\r\n"
	tests := []struct {
		name, text string
		status     int
	}{
		{"the request line's host counts", "GET http://evil.test/test/in HTTP/1.1\r\n" + host + "\r\n", 421},
		{"even when it is ours", "GET http://account.shop.test/test/in HTTP/1.1\r\nHost: evil.test\r\n\r\n",
			200},
		{"a broken escape", "GET /api/v1/nothing/%zz HTTP/1.1\r\n" + host + "\r\n", 404},
		{"another case", "GET /TEST/in HTTP/1.1\r\n" + host + "\r\n", 404},
		{"a slash more", "GET /test/in/ HTTP/1.1\r\n" + host + "\r\n", 200},
		{"a method nobody knows", "BREW /test/in HTTP/1.1\r\n" + host + "\r\n", 400},
		{"a method not served here", "DELETE /test/panic HTTP/1.1\r\n" + host + "\r\n", 405},
		{"a header too large", "GET /test/in HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x",
			17<<10) + "\r\n\r\n", 431},
		{"a large header", "GET /test/in HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x",
			15<<10) + "\r\n\r\n", 200},
		{"two lengths", "POST /test/in HTTP/1.1\r\n" + host +
			"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
		{"no host", "GET /test/in HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET /test/in HTTP/1.1\r\n" + host + "Host: evil.test\r\n\r\n", 400},
		{"hosts in a list", "GET /test/in HTTP/1.1\r\nHost: account.shop.test, evil.test\r\n\r\n", 400},
		{"a host with a path", "GET /test/in HTTP/1.1\r\nHost: account.shop.test/evil\r\n\r\n", 400},
		{"a host with a user", "GET /test/in HTTP/1.1\r\nHost: account.shop.test@evil.test\r\n\r\n", 400},
		{"an empty host", "GET /test/in HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"another port", "GET /test/in HTTP/1.1\r\nHost: account.shop.test:81\r\n\r\n", 421},
		{"a dot behind the host", "GET /test/in HTTP/1.1\r\nHost: account.shop.test.\r\n\r\n", 421},
		{"many small headers", "GET /test/in HTTP/1.1\r\n" + host + strings.Repeat("X: x\r\n",
			4000) + "\r\n", 431},
		{"a long address", "GET /test/in?" + strings.Repeat("x",
			17<<10) + " HTTP/1.1\r\n" + host + "\r\n", 431},
		{"a body announced too large",
			"POST /test/in HTTP/1.1\r\n" + host + "Content-Length: 99999999\r\n\r\n", 413},
		{"a length that is no number",
			"POST /test/in HTTP/1.1\r\n" + host + "Content-Length: +2\r\n\r\nab", 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all := h.responses(t, test.text)
			if len(all) != 1 || all[0].StatusCode != test.status {
				t.Fatalf("%d answers %v, want one of %d", len(all), all, test.status)
			}
			checkHeaders(t, all[0].Header, "/test/in", false)
		})
	}
}

// TestSmuggling sends bytes that a proxy may read as one request. The server must never read a second
// request from them, since its answer would go to the next customer.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	const (
		host     = "Host: account.shop.test\r\n"
		smuggled = "GET /test/in HTTP/1.1\r\n" + host + "\r\n"
		chunked  = "Transfer-Encoding: chunked\r\n"
		form     = "Content-Type: application/x-www-form-urlencoded\r\n"
		post     = "POST /test/in HTTP/1.1\r\n" + host + form
	)
	length := func(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }
	ended := "0\r\n\r\n" + smuggled // the end of a chunked body, and more of the body to a reader that uses the length
	tests := []struct{ name, text string }{
		{"length and coding", post + length(ended) + chunked + "\r\n" + ended},
		{"coding and length", post + chunked + length(ended) + "\r\n" + ended},
		{"a short length and coding", post + "Content-Length: 4\r\n" + chunked + "\r\n" +
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled)},
		{"no length and coding", post + "Content-Length: 0\r\n" + chunked + "\r\n" + ended},
		{"two lengths", post + length(smuggled) + "Content-Length: 0\r\n\r\n" + smuggled},
		{"the same length twice", post + length(smuggled) + length(smuggled) + "\r\n" + smuggled + smuggled},
		{"lengths in a list", post + "Content-Length: 0, " + fmt.Sprint(len(smuggled)) +
			"\r\n\r\n" + smuggled},
		{"a length with a sign", post + "Content-Length: +0\r\n\r\n" + smuggled},
		{"a negative length", post + "Content-Length: -1\r\n\r\n" + smuggled},
		{"a length of hexadecimal", post + "Content-Length: 0x0\r\n\r\n" + smuggled},
		{"a space before the colon", post + length(ended) + "Transfer-Encoding : chunked\r\n\r\n" + ended},
		{"a length with a space before the colon", post + "Content-Length : 0\r\n\r\n" + smuggled},
		{"a tab before the coding", post + length(ended) + "Transfer-Encoding:\tchunked\r\n\r\n" + ended},
		{"a vertical tab before the coding",
			post + length(ended) + "Transfer-Encoding: \x0bchunked\r\n\r\n" + ended},
		{"an unknown coding", post + length(ended) + "Transfer-Encoding: xchunked\r\n\r\n" + ended},
		{"the coding identity", post + length(ended) + "Transfer-Encoding: identity\r\n\r\n" + ended},
		{"identity alone", post + "Transfer-Encoding: identity\r\n\r\n" + smuggled},
		{"two codings", post + length(ended) + chunked + "Transfer-Encoding: identity\r\n\r\n" + ended},
		{"codings in a list", post + length(ended) + "Transfer-Encoding: chunked, identity\r\n\r\n" + ended},
		{"a quoted coding", post + length(ended) + "Transfer-Encoding: \"chunked\"\r\n\r\n" + ended},
		{"a folded coding", post + length(ended) + "Transfer-Encoding:\r\n chunked\r\n\r\n" + ended},
		{"a coding behind a folded line", post + length(ended) + "X: x\r\n " + chunked + "\r\n" + ended},
		{"a coding behind a bare line feed", post + length(ended) + "X: x\n" + chunked + "\r\n" + ended},
		{"a coding behind a bare carriage return",
			post + length(ended) + "X: x\r" + chunked + "\r\n" + ended},
		{"a coding in HTTP/1.0", "POST /test/in HTTP/1.0\r\n" + host + form + length(ended) + chunked +
			"\r\n" + ended},
		{"a line feed in a chunk's extension",
			post + chunked + "\r\n2;\nxx\r\n" + fmt.Sprintf("%x",
				len(smuggled)+2) + "\r\n0\r\n\r\n" + smuggled},
		{"a chunk size ended by a line feed", post + chunked + "\r\n0\n\r\n" + smuggled},
		{"a chunk ended by a line feed", post + chunked + "\r\n1\r\nx\n0\r\n\r\n" + smuggled},
		{"a chunk size with a sign", post + chunked + "\r\n+0\r\n\r\n" + smuggled},
		{"a chunk size of hexadecimal", post + chunked + "\r\n0x0\r\n\r\n" + smuggled},
		{"a chunk size too large for a number", post + chunked + "\r\n10000000000000000\r\n\r\n" + smuggled},
		{"a length in the trailer", post + chunked + "\r\n0\r\nContent-Length: 9\r\n\r\n" + smuggled},
		{"a body of GET", "GET /test/in HTTP/1.1\r\n" + host + length(smuggled) + "\r\n" + smuggled},
		{"a body of HEAD", "HEAD /test/in HTTP/1.1\r\n" + host + length(smuggled) + "\r\n" + smuggled},
		{"a header named like a request", "GET /test/in HTTP/1.1\r\n" + host + "X: x\r\n\x00\r\n" + smuggled},
		{"lines ended by bare line feeds",
			strings.ReplaceAll("GET /test/in HTTP/1.1\r\n"+host+length(smuggled)+"\r\n", "\r\n",
				"\n") + smuggled},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if all := h.responses(t, test.text); len(all) > 1 {
				t.Errorf("%d answers: %d and %d", len(all), all[0].StatusCode, all[1].StatusCode)
			}
		})
	}
	if all := h.responses(t, post+"Content-Length: 0\r\n\r\n"+smuggled); len(all) != 2 {
		t.Errorf("two honest requests have %d answers: the test sees nothing", len(all))
	}
	if all := h.responses(t, post+chunked+"\r\n"+ended); len(all) != 2 || all[0].StatusCode != http.StatusOK {
		t.Errorf("an honest chunked request and another have %d answers", len(all))
	}
}

// TestSlowClients checks that requests that arrive too slowly are cut off, wherever they stall, and that
// the site still serves others.
func TestSlowClients(t *testing.T) {
	h := newTestSite(t).with(t, web.Config{Reading: time.Second})
	const begin = "POST /test/in HTTP/1.1\r\nHost: account.shop.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for name, test := range map[string]struct{ first, drop string }{
		"nothing":        {"", ""},
		"a header":       {begin, "X-Slow: x\r\n"},
		"a header line":  {begin + "X-Slow: ", "x"},
		"a body":         {begin + "Content-Length: 60000\r\n\r\n", "x"},
		"a chunked body": {begin + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := h.dial(t)
			began := time.Now()
			gone := make(chan string)
			go func() {
				said, _ := io.ReadAll(conn)
				gone <- string(said)
			}()
			dripping := time.NewTicker(20 * time.Millisecond)
			defer dripping.Stop()
			io.WriteString(conn, test.first)
			for {
				select {
				case said := <-gone:
					if took := time.Since(began); took > 30*time.Second || strings.Contains(said, " 200 ") {
						t.Errorf("cut off after %s with %.100q", took, said)
					}
					h.way.CloseIdleConnections() // one that is just timing out would get a 408
					if page := h.browser(t).Get("/test/in"); page.Status != http.StatusOK {
						t.Errorf("others get %d", page.Status)
					}
					return
				case <-dripping.C:
					io.WriteString(conn, test.drop) // fails after the cut
				}
			}
		})
	}
}

// TestForwardedByStrangers checks that a stranger's headers change neither the client address that limits
// use, nor the shop, nor the targets of links and cookies.
func TestForwardedByStrangers(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	forged := map[string]string{
		"X-Forwarded-For": "203.0.113.77", "X-Real-Ip": "203.0.113.77",
		"Forwarded":        "for=203.0.113.77;host=account.other.test;proto=http",
		"X-Forwarded-Host": "account.other.test", "X-Forwarded-Proto": "http", "X-Forwarded-Scheme": "http",
		"X-Forwarded-Port": "81",
		"X-Original-Url":   "/api/test/who", "X-Rewrite-Url": "/api/test/who", "X-Forwarded-Prefix": "/evil",
		"X-Request-Id":           "chosen-by-a-stranger",
		"X-Http-Method-Override": "DELETE",
	}
	for _, site := range []struct {
		name, who string
		testSite
	}{
		{"a stranger", "127.0.0.1 main", h.with(t, web.Config{})},
		{"a proxy", "203.0.113.77 main", h},
	} {
		t.Run(site.name, func(t *testing.T) {
			b := webtest.NewBrowser(t, "https://account.shop.test", site.way)
			page := b.Send(webtest.Request{Path: "/test/who", Header: forged}).Want(200)
			if page.Body != site.who {
				t.Errorf("the request is taken for %q, want %q", page.Body, site.who)
			}
			chosen := page.Header.Get("X-Request-Id") == "chosen-by-a-stranger"
			if chosen != (site.name == "a proxy") {
				t.Errorf("request %q", page.Header.Get("X-Request-Id"))
			}
			page = b.Send(webtest.Request{Path: "/orders", Header: forged}).Want(303)
			if to := page.Header.Get("Location"); to != "/sign-in?to=%2Forders" {
				t.Errorf("leads to %q", to)
			}
			page = b.Send(webtest.Request{Path: "/sign-in", Header: forged}).Want(200)
			for _, cookie := range page.Cookies {
				if !cookie.Secure || !strings.HasPrefix(cookie.Name, "__Host-") {
					t.Errorf("cookie %s", cookie.Raw)
				}
			}
			if len(page.Cookies) == 0 || strings.Contains(page.Body, "evil") || strings.Contains(page.Body,
				"account.other.test") {
				t.Errorf("%d cookies; the page: %s", len(page.Cookies), page.Body)
			}
		})
	}
}
