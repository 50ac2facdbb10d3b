package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"
	"golang.org/x/net/idna"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/web"
	"postern/portal/web/webtest"
)

// These are the only origins to which a shopper of Bookshop may be sent.
const (
	ownOrigin  = "https://account.shop.test"
	shopOrigin = "https://www.shop.test"
)

// strayWishes returns destinations that have caused open redirects elsewhere: prefixes that a browser may
// read as another host, each with several spellings of one.
func strayWishes() []string {
	beginnings := []string{
		"//", "///", "////", `/\`, `\\`, `\/`, `/\/`, "/\t/", "/\n/", "/\r/", "\t//", " //", "\x00//",
		"\u00a0//", "\ufeff//", "/%09/", "/%2f", "/%5c", "%2f%2f",
		"/.//", "/..//", "/./\\", ".//", "..//", "/;//", "/orders//", "//www.shop.test@",
		"//account.shop.test:x@", "／／", "∕∕", "⁄⁄", "/／", "/\u2028/",
		"http://", "http:", "https:", "https:/", "https://", "https:///", `https:\\`, `https:/\`, "HTTPS://",
		"hTtPs:/", "h\tttps://", "https\n://", "https://@",
		"https://www.shop.test@", "https://www.shop.test:443@", "https://www.shop.test%2f@",
		"https://www.shop.test%40", `https://www.shop.test\@`,
		"https://www.shop.test.", "https://www.shop.test%00.", "https://www.shop.test\t.",
		"https://www.shop.test:80.", "https://www.shop.test,",
		"javascript:alert(1)//", "java\nscript:", "\x01javascript:", "JAVASCRIPT://www.shop.test/%0a",
		"data:text/html,", "vbscript:", "blob:https://",
		"ftp://", "file://", "ws://", "mailto:x@", "view-source:https://", "/orders\r\nLocation: https://",
		"/orders%0d%0aLocation:%20https://", "/\u0085/",
		"/%2F%2f", "/%252f", "/%5C", "/%255c", "/.%2f", "/..%5c", "/%2e/", "/%2e%2e%2f", "?//", "#//", "@",
		"www.shop.test@", "/@", "/orders?next=//", "/orders#//",
	}
	hosts := []string{"evil.test", "evil.test/orders", "evil.test:443/", "evil%2etest", "ｅｖｉｌ.test",
		"evil。test", "2130706433", "[::1]", "xn--evil-test", "EVIL.TEST?x=1", "user@evil.test#y",
		"www.shop.test.evil.test", "evil.test/{", "evil.test/a b|^`\"<>"}
	var wishes []string
	for _, beginning := range beginnings {
		for _, host := range hosts {
			wishes = append(wishes, beginning+host)
		}
	}
	slices.Sort(wishes)
	return slices.Compact(wishes)
}

var schemeShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// lands returns the origin that a browser reaches from a page of the portal with text as the URL, following
// the URL Standard. If in doubt, it assumes the worse one.
func lands(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(text)
	scheme := "https:"
	if named := schemeShape.FindString(text); named != "" {
		scheme, text = strings.ToLower(named), text[len(named):]
		if scheme != "https:" && scheme != "http:" {
			return scheme
		}
	} else if !strings.HasPrefix(text, "//") {
		return ownOrigin
	}
	authority := strings.TrimLeft(text, "/") // any number of slashes means the same
	if end := strings.IndexAny(authority, "/?#"); end >= 0 {
		authority = authority[:end]
	}
	host, err := url.PathUnescape(authority[strings.LastIndexByte(authority, '@')+1:])
	if err != nil {
		return "undecided"
	}
	host, port, _ := strings.Cut(host, ":")
	if port != "" && port != "443" {
		host += ":" + port
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	return scheme + "//" + host
}

// leadsAstray reports whether text leads to an origin that is not the shop's.
func leadsAstray(text string) bool {
	origin := lands(text)
	return origin != ownOrigin && origin != shopOrigin
}

// TestLands checks that lands recognises foreign origins.
func TestLands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/orders": ownOrigin, "": ownOrigin, "?a=//b": ownOrigin, "https://www.shop.test/cart": shopOrigin,
		"//evil.test": "https://evil.test",
		`/\evil.test`: "https://evil.test", "/\t/evil.test": "https://evil.test",
		"https:evil.test": "https://evil.test", "HTTP://x.test:80": "http://x.test:80",
		"https://www.shop.test@evil.test/": "https://evil.test", "javascript:alert(1)": "javascript:",
		"https://www.shop.test.evil.test": "https://www.shop.test.evil.test",
		"https:///www.shop.test":          shopOrigin, "https://ｅｖｉｌ.test": "https://evil.test",
		" //evil.test": "https://evil.test",
	} {
		if got := lands(text); got != want {
			t.Errorf("%q lands at %q, want %q", text, got, want)
		}
	}
}

// TestOpenRedirectsRejected tries each wish as the destination of an email, on the page that continues to the
// destination, and on the sign-in page of a signed-in customer.
func TestOpenRedirectsRejected(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("hundreds of wishes: not in a short run")
	}
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	wishes := strayWishes()
	good := []string{"/orders/1?a=b", "https://www.shop.test/cart?a=1#b"}
	kept := mailDestinations(t, i, append(good, wishes...))
	if diff := cmp.Diff(good, kept[:len(good)]); diff != "" {
		t.Errorf("good destinations: %s", diff)
	}
	kept = kept[len(good):]
	astray := 0
	for n, wish := range wishes {
		if leadsAstray(kept[n]) {
			t.Errorf("%q is kept in a mail as %q", wish, kept[n])
		}
		for _, path := range []string{"/sign-in/continue?to=", "/sign-in?to="} {
			page := b.Send(webtest.Request{Path: path + url.QueryEscape(wish)})
			checkWay(t, page, wish)
		}
		if leadsAstray(wish) {
			astray++
		}
	}
	if astray < 500 {
		t.Errorf("%d of %d wishes would lead astray", astray, len(wishes))
	}
}

// mailDestinations requests an email for each wish and returns the destinations of the links.
func mailDestinations(t *testing.T, i *webtest.Installation, wishes []string) []string {
	t.Helper()
	shops, err := i.App.Shops(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(n int) {
		client := credential.Browser{IP: netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)})} // keeps each client below its limit
		if _, err := i.App.Visitor(shops[0], client).RequestLink(t.Context(),
			fmt.Sprintf("w%d@example.com", n), wishes[n], "en"); err != nil {
			t.Errorf("%q: %v", wishes[n], err)
		}
	}
	// Run a few at a time: with a single-connection server the last of many would miss their deadline.
	const together = 16
	for first := 0; first < len(wishes); first += together {
		var wait sync.WaitGroup
		for n := first; n < min(first+together, len(wishes)); n++ {
			wait.Go(func() { ask(n) })
		}
		wait.Wait()
	}
	kept := make([]string, len(wishes))
	found, cursor := 0, ""
	for box := mail.NewOutbox(i.Engine, "main"); ; {
		page, err := box.List(t.Context(), mail.Waiting, cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range page.Hits {
			entry, err := box.Get(t.Context(), hit.Key)
			if err != nil {
				t.Fatal(err)
			}
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(entry.To, "w"), "@example.com"))
			if err != nil {
				t.Fatalf("a mail to %s", entry.To)
			}
			kept[n] = entry.Payload["destination"]
			found++
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if found != len(wishes) {
		t.Fatalf("%d of %d mails found", found, len(wishes))
	}
	return kept
}

// checkWay checks every redirect and link in an answer that sends the browser on.
func checkWay(t *testing.T, page *webtest.Page, wish string) {
	t.Helper()
	if page.Status != http.StatusSeeOther && page.Status != http.StatusOK {
		t.Errorf("%q: status %d", wish, page.Status)
	}
	ways := append(page.Header["Location"], page.Attrs(".panel a.main", "href")...)
	if _, refresh, found := strings.Cut(page.Header.Get("Refresh"), "url="); found {
		ways = append(ways, refresh)
	}
	if len(ways) == 0 {
		t.Errorf("%q leads nowhere", wish)
	}
	for _, way := range ways {
		if leadsAstray(way) {
			t.Errorf("%q leads to %q", wish, way)
		}
	}
}

// FuzzDestination checks that no requested destination makes the browser leave the shop.
func FuzzDestination(f *testing.F) {
	i := webtest.Portal(f)
	site, err := web.New(web.Config{App: i.App})
	if err != nil {
		f.Fatal(err)
	}
	b := byCode(i)
	session := "__Host-postern.main=" + b.Cookie("__Host-postern.main")
	for n, wish := range strayWishes() {
		if n%7 == 0 {
			f.Add(wish)
		}
	}
	f.Add("https://www.shop.test/cart?a=1#b")
	f.Add("/%2fevil.example/{")
	f.Fuzz(func(t *testing.T, wish string) {
		for _, way := range wishWays() {
			answer := way.ask(site.Handler(), wish, session)
			_, refresh, _ := strings.Cut(string(answer.Header.Peek("Refresh")), "url=")
			location := string(answer.Header.Peek("Location"))
			if status := answer.StatusCode(); status != http.StatusSeeOther && status != http.StatusOK {
				t.Errorf("%s %q: status %d", way.path, wish, status)
			}
			if cause := pathOf(location); leadsAstray(cause) {
				t.Errorf("%s %q leads to %q, which is %q unescaped", way.path, wish, location, cause)
			}
			if leadsAstray(refresh) || leadsAstray(location) || refresh+location == "" {
				t.Errorf("%s %q leads to %q%q", way.path, wish, refresh, location)
			}
		}
	})
}

// wishWay is a request that continues to a destination given in a page's query or in a form field.
type wishWay struct{ path, field, form string }

// wishWays returns all of them, for a shopper who has just entered a code.
func wishWays() []wishWay {
	return []wishWay{
		{path: "/sign-in/continue", field: "to"}, {path: "/sign-in", field: "to"},
		{path: "/security/confirm", field: "to"},
		{path: "/profile/language", field: "back", form: "lang=en"},
		{path: "/profile", field: "to", form: "language=en&version="},
	}
}

func (w wishWay) ask(handler fasthttp.RequestHandler, wish, cookie string) *fasthttp.Response {
	pair := w.field + "=" + url.QueryEscape(wish)
	if w.form == "" {
		return ask(handler, w.path+"?"+pair, cookie)
	}
	form := w.form
	if strings.HasSuffix(form, "version=") { // each save needs the current version
		shown := regexp.MustCompile(`name="version" value="([^"]*)"`).FindSubmatch(ask(handler,
			w.path, cookie).Body())
		form += string(shown[1])
	}
	return submitTo(handler, w.path, form+"&"+pair, cookie)
}

// pathOf returns the path of a location as a proxy or browser may unescape it.
func pathOf(location string) string {
	path, _, _ := strings.Cut(location, "?")
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// submitTo submits one of our own forms to the handler without a network.
func submitTo(handler fasthttp.RequestHandler, path, form, cookie string) *fasthttp.Response {
	var ctx fasthttp.RequestCtx
	ctx.Request.Header.SetMethod(http.MethodPost)
	ctx.Request.SetRequestURI(path)
	ctx.Request.Header.SetHost("account.shop.test")
	ctx.Request.Header.Set("Cookie", cookie)
	ctx.Request.Header.Set("Sec-Fetch-Site", "same-origin")
	ctx.Request.Header.SetContentType("application/x-www-form-urlencoded")
	ctx.Request.SetBodyString(form)
	handler(&ctx)
	return &ctx.Response
}

// ask sends a GET to the handler without a network, so that a cookie may contain any byte.
func ask(handler fasthttp.RequestHandler, path, cookie string) *fasthttp.Response {
	var ctx fasthttp.RequestCtx
	ctx.Request.Header.SetMethod(http.MethodGet)
	ctx.Request.SetRequestURI(path)
	ctx.Request.Header.SetHost("account.shop.test")
	ctx.Request.Header.Set("Cookie", cookie)
	handler(&ctx)
	return &ctx.Response
}

// FuzzCookies checks that only the real cookie signs in and that no cookie breaks a page.
func FuzzCookies(f *testing.F) {
	i := webtest.Portal(f)
	site, err := web.New(web.Config{App: i.App})
	if err != nil {
		f.Fatal(err)
	}
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	session, browser := b.Cookie("__Host-postern.main"), b.Cookie("__Host-postern-browser.main")
	if got := ask(site.Handler(), "/orders",
		"__Host-postern.main="+session).StatusCode(); got != http.StatusOK {
		f.Fatalf("the real session is answered with %d", got)
	}
	for _, text := range []string{"", "x", session[:63], session + "A", strings.ToLower(session),
		session[32:] + session[:32], browser,
		browser + ".amFuYUBleGFtcGxlLmNvbQ", browser + ".", browser + ".AA.AA", "\x00\xff",
		strings.Repeat("A", 64), strings.Repeat("=;", 2000), `"` + session[:10]} {
		f.Add(text, browser)
		f.Add(session[:40], text)
	}
	f.Fuzz(func(t *testing.T, given, from string) {
		if strings.Contains(given+from, session) {
			return
		}
		cookie := "__Host-postern.main=" + given + "; __Host-postern-browser.main=" + from
		for path, most := range map[string]int{"/orders": http.StatusSeeOther, "/sign-in": http.StatusOK,
			"/sign-in/code": http.StatusSeeOther} {
			answer := ask(site.Handler(), path, cookie)
			status := answer.StatusCode()
			if path == "/orders" && status != http.StatusSeeOther || status > most {
				t.Errorf("%s with %q is answered with %d", path, cookie, status)
			}
			if answer.Header.PeekCookie("__Host-postern.main") != nil &&
				strings.Contains(string(answer.Header.PeekCookie("__Host-postern.main")), given) &&
				len(given) > 20 {
				t.Errorf("%s with %q gives that session", path, cookie)
			}
		}
	})
}

// TestPagesLinkNowhereElse checks that a page whose path looks like another host does not link to that
// host.
func TestPagesLinkNowhereElse(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	site, err := web.New(web.Config{App: i.App})
	if err != nil {
		t.Fatal(err)
	}
	session := "__Host-postern.main=" + byCode(i).Cookie("__Host-postern.main")
	for _, path := range []string{"//evil.test/x", "/%2fevil.test/{", "/\\evil.test", "/%5cevil.test"} {
		for _, cookie := range []string{"", session} {
			body := string(ask(site.Handler(), path, cookie).Body())
			for _, found := range regexp.MustCompile(`(?:href|action|value)="([^"]*)"`).FindAllStringSubmatch(body, -1) {
				if to := html.UnescapeString(found[1]); leadsAstray(to) && to != "en" {
					t.Errorf("%s links to %q", path, to)
				}
			}
		}
	}
}
