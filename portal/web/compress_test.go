package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"postern/portal/web/webtest"
	"postern/static"
)

// unpacked returns the body of an answer as a browser reads it.
func unpacked(t *testing.T, page *webtest.Page) string {
	t.Helper()
	body := []byte(page.Body)
	var err error
	switch page.Header.Get("Content-Encoding") {
	case "gzip":
		var from *gzip.Reader
		if from, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(from)
		}
	case "br":
		body, err = fasthttp.AppendUnbrotliBytes(nil, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestCompression checks that text is compressed for clients that accept it, except a shopper's page opened
// from another site.
func TestCompression(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	sheet, err := static.URL("css/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	signedIn := byCode(h.Installation)
	for _, test := range []struct {
		name   string
		b      *webtest.Browser
		path   string
		header map[string]string
		want   string
	}{
		{"a page for nobody", h.browser(t), "/sign-in",
			map[string]string{"Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Site": "none"}, "gzip"},
		{"a shopper's page from our own", signedIn, "/orders",
			map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}, "gzip"},
		{"a typed address", signedIn, "/orders",
			map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "none"}, "gzip"},
		{"t verify this request", signedIn, "/orders?search=x",
			map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "cross-site"}, ""},
		{"from a sibling", signedIn, "/orders?search=x",
			map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-site"}, ""},
		{"from who knows where", signedIn, "/orders?search=x",
			map[string]string{"Accept-Encoding": "gzip"}, ""},
		{"an error page", h.browser(t), "/nothing",
			map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "none"}, "gzip"},
		{"not asked for", h.browser(t), "/sign-in", map[string]string{"Accept-Encoding": "identity"}, ""},
		{"refused", h.browser(t), "/sign-in", map[string]string{"Accept-Encoding": "gzip;q=0, *"}, ""},
		{"weighted", h.browser(t), "/sign-in",
			map[string]string{"Accept-Encoding": "br;q=1.0, GZIP ;q=0.5", "Sec-Fetch-Site": "none"}, "gzip"},
		{"a small answer", h.browser(t), "/healthz", map[string]string{"Accept-Encoding": "gzip"}, ""},
		{"a file, from anywhere", signedIn, sheet,
			map[string]string{"Accept-Encoding": "gzip, br", "Sec-Fetch-Site": "cross-site"}, "br"},
		{"a file for an older browser", h.browser(t), sheet,
			map[string]string{"Accept-Encoding": "gzip"}, "gzip"},
		{"a picture", h.browser(t), h.browser(t).Send(webtest.Request{Path: "/favicon.ico"}).Header.Get("Location"),
			map[string]string{"Accept-Encoding": "gzip"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			plain := test.b.Send(webtest.Request{Path: test.path,
				Header: map[string]string{"Accept-Encoding": "identity"}})
			page := test.b.Send(webtest.Request{Path: test.path, Header: test.header})
			if got := page.Header.Get("Content-Encoding"); got != test.want {
				t.Errorf("encoded as %q, want %q", got, test.want)
			}
			if body := unpacked(t, page); len(body) != len(plain.Body) {
				t.Errorf("unpacked to %d bytes, not to %d", len(body), len(plain.Body))
			}
			if test.want != "" && len(page.Body) > len(plain.Body)*3/5 {
				t.Errorf("%d bytes of %d", len(page.Body), len(plain.Body))
			}
			text := strings.HasPrefix(page.Header.Get("Content-Type"), "text/")
			if vary := page.Header.Get("Vary"); text && vary != "Accept-Encoding" {
				t.Errorf("Vary is %q", vary)
			}
			head := test.b.Send(webtest.Request{Method: http.MethodHead, Path: test.path,
				Header: test.header})
			if a, b := page.Header.Get("Content-Encoding"), head.Header.Get("Content-Encoding"); a != b ||
				head.Body != "" {
				t.Errorf("HEAD is encoded as %q, GET as %q", b, a)
			}
		})
	}
}
