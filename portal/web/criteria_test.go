package web_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
)

// counted returns the number of repetitions: full in a full run, otherwise a hundredth of it.
func counted(full int) int {
	if os.Getenv("PORTAL_TEST_FULL") != "" {
		return full
	}
	return max(1, full/100)
}

// writes is a store that counts its writes.
type writes struct {
	storage.Engine
	n atomic.Int64
}

func (w *writes) Insert(ctx context.Context, collection string, r storage.Record) error {
	w.n.Add(1)
	return w.Engine.Insert(ctx, collection, r)
}

func (w *writes) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	w.n.Add(1)
	return w.Engine.Replace(ctx, collection, r, read)
}

func (w *writes) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	w.n.Add(1)
	return w.Engine.Delete(ctx, collection, id, read)
}

// TestScannersDoNotUseLinks opens links with every method and header that scanners use. Nothing is written,
// and each link still signs in. A full run opens each of a hundred links a thousand times.
func TestScannersDoNotUseLinks(t *testing.T) {
	t.Parallel()
	store := &writes{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store)
	emails := make([]string, max(5, counted(100)))
	for n := range emails {
		emails[n] = fmt.Sprintf("p%d@example.com", n)
	}
	_, links := askAll(t, i, emails)
	before := store.n.Load()
	each := max(2*len(waysToLook()), counted(1000))
	for _, link := range links {
		for n := range each {
			lookAt(t, i, link, waysToLook()[n%len(waysToLook())])
		}
	}
	if n := store.n.Load() - before; n != 0 {
		t.Errorf("looking wrote %d documents", n)
	}
	for _, link := range links {
		b := i.Browser()
		b.Get(link)
		if b.Submit("main form", nil); b.Page.URL.Path != "/orders" {
			t.Errorf("a link leads to %s afterwards", b.Page.URL)
		}
	}
	t.Logf("%d looks at %d links", each*len(links), len(links))
}

// look is a way in which programs open pages.
type look struct {
	method string
	header map[string]string
	old    bool // HTTP/1.0
}

func waysToLook() []look {
	return []look{
		{method: http.MethodGet}, {method: http.MethodHead}, {method: http.MethodOptions}, {old: true},
		{method: http.MethodGet, header: map[string]string{"Range": "bytes=0-99"}},
		{method: http.MethodGet, header: map[string]string{"If-None-Match": "*",
			"If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT"}},
		{method: http.MethodGet, header: map[string]string{"Sec-Purpose": "prefetch;prerender"}},
		{method: http.MethodGet, header: map[string]string{"Purpose": "prefetch"}},
		{method: http.MethodPut}, {method: http.MethodDelete}, {method: http.MethodPatch},
		{method: http.MethodPost}, {method: "PROPFIND"},
	}
}

// lookAt opens a link once in a new browser and checks that it does not sign in.
func lookAt(t *testing.T, i *webtest.Installation, link string, by look) {
	t.Helper()
	if by.old {
		answer := exchange(t, i.Way.Addr,
			"GET "+linkPath(t, link)+" HTTP/1.0\r\nHost: account.shop.test\r\n\r\n")
		if !strings.HasPrefix(answer, "HTTP/1.1 200") {
			t.Fatalf("HTTP/1.0: %.80s", answer)
		}
		return
	}
	scanner := i.Browser()
	page := scanner.Send(webtest.Request{Method: by.method, Path: link, Header: by.header})
	if page.Status >= 500 || page.Status == 0 || scanner.Cookie("__Host-postern.main") != "" {
		t.Fatalf("%s %v: %d", by.method, by.header, page.Status)
	}
}

// askAll requests a link for each address in a new browser, and returns the browsers and the emailed links.
// A client may request 600 in a quarter of an hour.
func askAll(t *testing.T, i *webtest.Installation, emails []string) ([]*webtest.Browser, []string) {
	t.Helper()
	browsers, links := make([]*webtest.Browser, len(emails)), make([]string, len(emails))
	for n, email := range emails {
		browsers[n] = i.Browser()
		browsers[n].Send(webtest.Request{Method: http.MethodPost, Path: "/sign-in",
			Body: url.Values{"email": {email}}.Encode(), Header: map[string]string{
				"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
			}}).Want(http.StatusSeeOther)
	}
	i.Deliver()
	for n, email := range emails {
		if links[n] = webtest.LinkIn(i.Mailbox.Last(email)); links[n] == "" {
			t.Fatalf("no link was mailed to %s", email)
		}
	}
	return browsers, links
}

func linkPath(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// exchange sends raw bytes and reads the whole answer.
func exchange(t *testing.T, address, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

var (
	changing  = regexp.MustCompile(`(?m)^(X-Request-Id|Date): .*$`)
	cookieSet = regexp.MustCompile(`(__Host-postern-(?:browser|address).main=)([^;]*)`)
)

// masked hides parts that differ at random, keeping only the length of a cookie's value.
func masked(answer string) string {
	answer = changing.ReplaceAllString(answer, "$1: -")
	return cookieSet.ReplaceAllStringFunc(answer, func(set string) string {
		name, value, _ := strings.Cut(set, "=")
		return fmt.Sprintf("%s=%d bytes", name, len(value))
	})
}

// TestAnswersTellNobodyApart compares answers byte by byte for addresses that are known, unknown, another
// shop's or over their limit, and for a client over its limit: to a sign-in request, to another email and
// to wrong codes.
func TestAnswersTellNobodyApart(t *testing.T) {
	t.Parallel()
	shop, other := webtest.NewShop("main", "https://account.shop.test"), webtest.NewShop("other",
		"https://other.shop.test")
	shop.Settings.Registration, other.Settings.Registration = new(false), new(false)
	i := webtest.Portal(t, shop, other)
	for id, email := range map[string]string{"main": "jana@example.com", "other": "ella@example.com"} {
		body := fmt.Sprintf(`{"number":"1","email":%q,"placed_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z","currency":"EUR","total":"1.00"}`, email)
		if _, err := i.App.Operator().ImportOrders(t.Context(), id, strings.NewReader(body),
			func(int) {}); err != nil {
			t.Fatal(err)
		}
	}
	flood := func(email, client string, times int) {
		for range times {
			send(t, i, client, "/sign-in", url.Values{"email": {email}}.Encode(), "")
		}
	}
	flood("joan@example.com", "10.0.0.9", 20)
	flood("anna@example.com", "10.0.0.8", 20)
	kinds := []struct{ name, email, client string }{
		{"known", "jana@example.com", "10.0.0.1"}, {"unknown", "nele@example.com", "10.0.0.2"},
		{"of another shop", "ella@example.com", "10.0.0.3"},
		{"asked often, unknown", "joan@example.com", "10.0.0.4"},
		{"asked often", "anna@example.com", "10.0.0.8"},
	}
	first := responsesTo(t, i, kinds[0].email, kinds[0].client)
	if !strings.Contains(first, "303 See Other") || !strings.Contains(first,
		"__Host-postern-browser.main=") || !strings.Contains(first, "422") {
		t.Fatalf("the answers:\n%s", first)
	}
	for range max(2, counted(500)) {
		for _, kind := range kinds {
			if diff := cmp.Diff(first, responsesTo(t, i, kind.email, kind.client)); diff != "" {
				t.Fatalf("%s:\n%s", kind.name, diff)
			}
		}
		i.Deliver()
	}
}

// responsesTo returns the responses to a sign-in request, to the waiting page, to a request for another
// email, and to a wrong code.
func responsesTo(t *testing.T, i *webtest.Installation, email, client string) string {
	t.Helper()
	secret := strings.Repeat("A", 43)
	cookie := "__Host-postern-browser.main=" + secret + "; __Host-postern-address.main=" +
		base64.RawURLEncoding.EncodeToString([]byte(email))
	var all bytes.Buffer
	for _, step := range []struct{ path, body, cookie string }{
		{"/sign-in", url.Values{"email": {email}}.Encode(), ""}, {"/sign-in/code", "", cookie},
		{"/sign-in/again", "x=y", cookie},
		{"/sign-in/code", "code=ZZZZ-ZZZZ", cookie},
	} {
		answer := masked(send(t, i, client, step.path, step.body, step.cookie))
		all.WriteString(strings.NewReplacer(email, "-", validate.MaskEmail(email), "-").Replace(answer))
	}
	return all.String()
}

// send sends a raw GET, or a POST if there is a body, and returns the whole answer.
func send(t *testing.T, i *webtest.Installation, client, path, body, cookie string) string {
	t.Helper()
	head := "GET"
	if body != "" {
		head = "POST"
	}
	head += " " + path + " HTTP/1.1\r\nHost: account.shop.test\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\nX-Forwarded-For: " + client
	if cookie != "" {
		head += "\r\nCookie: " + cookie
	}
	if body != "" {
		head += fmt.Sprintf("\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d",
			len(body))
	}
	return exchange(t, i.Way.Addr, head+"\r\n\r\n"+body)
}

// TestPlantedSessions signs in with a session id chosen by an attacker in a cookie, in the query and in a
// header. The new session differs from it, and the planted one gives no access.
func TestPlantedSessions(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for n := range counted(10_000) {
		if n%10 == 0 {
			i.Clock.Move(24 * time.Hour) // keeps the address below its limit
		}
		email := fmt.Sprintf("p%d@example.com", n%20)
		planted := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%048d", n))
		if n%2 == 1 && webtest.LinkIn(i.Mailbox.Last(email)) != "" { // starts like the customer's own
			planted = strings.TrimPrefix(linkPath(t, webtest.LinkIn(i.Mailbox.Last(email))),
				"/sign-in/link/")[:22] + planted[22:]
		}
		b := i.Browser()
		b.SetCookie("__Host-postern.main", planted)
		b.Header.Set("X-Session-Id", planted)
		b.Get("/sign-in?__Host-postern.main=" + planted)
		b.Submit("main form", map[string]string{"email": email})
		i.Deliver()
		b.Get(webtest.LinkIn(i.Mailbox.Last(email)))
		b.Submit("main form", nil)
		if b.Page.URL.Path != "/orders" || b.Cookie("__Host-postern.main") == planted {
			t.Fatalf("%d: at %s with the planted session: %v", n, b.Page.URL,
				b.Cookie("__Host-postern.main") == planted)
		}
		attacker := i.Browser()
		attacker.SetCookie("__Host-postern.main", planted)
		if attacker.Get("/orders"); attacker.Page.URL.Path != "/sign-in" {
			t.Fatalf("%d: the planted session opens %s", n, attacker.Page.URL)
		}
	}
}
