package web_test

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web"
	"postern/portal/web/webtest"
	"postern/storage/storagetest"
)

// class says who may use a route.
type class string

// The classes. What a stolen old session or link could ruin is fresh.
const (
	file     class = "file"      // anyone, on any host or by content: no cookie, no person
	visitor  class = "visitor"   // anyone in a browser; its forms come from our own pages
	shopper  class = "shopper"   // a signed-in customer
	fresh    class = "fresh"     // a customer who entered a mailed code within 15 minutes
	feed     class = "feed"      // a machine with a key, no cookie
	oneClick class = "one-click" // what is signed in the address decides, from anywhere (RFC 8058)
)

// routeClasses has every route of the site: what is not in it fails, and so does what is in it and does not exist.
func routeClasses() map[string]class {
	classes := map[string]class{}
	for of, routes := range map[class][]string{
		file: {"GET /healthz", "GET /readyz", "GET /static/*", "GET /brand/:file", "GET /favicon.ico"},
		visitor: {
			"GET /",
			"GET /sign-in", "POST /sign-in", "POST /sign-in/again", "GET /sign-in/code", "POST /sign-in/code", "GET /sign-in/continue",
			"GET /sign-in/link", "POST /sign-in/link", "GET /sign-in/link/*", "POST /sign-in/link/again",
			"GET /sign-in/not-me", "POST /sign-in/not-me", "GET /sign-in/not-me/*",
			"GET /sign-in/undo-email", "POST /sign-in/undo-email", "GET /sign-in/undo-email/*",
			"POST /sign-out",
			"GET /withdraw", "POST /withdraw", "GET /withdraw/confirm", "POST /withdraw/confirm",
			"GET /unsubscribe/:token",
		},
		shopper: {
			"GET /orders", "GET /orders/:number",
			"GET /orders/:number/withdraw", "POST /orders/:number/withdraw",
			"GET /orders/:number/message", "POST /orders/:number/message", "GET /orders/:number/return", "POST /orders/:number/return",
			"GET /orders/:number/cancel", "POST /orders/:number/cancel",
			"GET /orders/:number/withdraw/confirm", "POST /orders/:number/withdraw/confirm",
			"GET /addresses", "GET /addresses/new", "POST /addresses/new", "GET /addresses/:id", "POST /addresses/:id",
			"POST /addresses/:id/delete", "POST /addresses/:id/undo", "POST /addresses/:id/default",
			"GET /company", "POST /company",
			"GET /profile", "POST /profile", "POST /profile/language",
			"GET /privacy", "POST /privacy", "POST /privacy/keep",
			"GET /security", "POST /security/end", "POST /security/end-others",
			"GET /security/confirm", "POST /security/confirm", "POST /security/confirm/send",
		},
		fresh: {
			"GET /profile/email", "POST /profile/email", "GET /profile/email/code", "POST /profile/email/code",
			"GET /privacy/export", "GET /privacy/export/data.json", "GET /privacy/export/orders.csv", "GET /privacy/erase", "POST /privacy/erase",
		},
		feed: {
			"PUT /api/v1/orders/:number", "PUT /api/v1/customers/:id", "GET /api/v1/customers/:id", "GET /api/v1/customers/by-email/:email",
			"POST /api/v1/customers/:id/sign-in-mail", "POST /api/v1/hand-off", "GET /api/v1/withdrawals",
			"GET /api/v1/requests", "GET /api/v1/messages",
		},
		oneClick: {"POST /unsubscribe/:token"},
	} {
		for _, route := range routes {
			classes[route] = of
		}
	}
	return classes
}

// sensitive begins the paths that must be fresh, whatever the table says: the e-mail, the export and the erasure.
func sensitive(path string) bool {
	for _, root := range []string{"/profile/email", "/privacy/export", "/privacy/erase"} {
		if path == root || strings.HasPrefix(path, root+"/") || strings.HasPrefix(path, root+".") {
			return true
		}
	}
	return false
}

// classHouse is a portal over a store that counts writes, and its routes without the HEAD that comes with each GET.
func classHouse(t *testing.T) (*webtest.Installation, *writes, []string) {
	t.Helper()
	store := &writes{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store)
	site, err := web.New(web.Config{App: i.App, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, route := range site.GetRoutes(true) {
		if route.Method != fiber.MethodHead {
			routes = append(routes, route.Method+" "+route.Path)
		}
	}
	return i, store, routes
}

func TestEveryRouteHasAClass(t *testing.T) {
	_, _, routes := classHouse(t)
	classes := routeClasses()
	for _, route := range routes {
		of, classed := classes[route]
		_, path, _ := strings.Cut(route, " ")
		switch {
		case !classed:
			t.Errorf("%s has no class", route)
		case sensitive(path) && of != fresh:
			t.Errorf("%s is %s: it must be %s", route, of, fresh)
		case strings.HasPrefix(path, "/api/") != (of == feed):
			t.Errorf("%s is %s", route, of)
		}
		delete(classes, route)
	}
	for route := range classes {
		t.Errorf("%s is in the table and not on the site", route)
	}
	if len(routes) < 40 {
		t.Errorf("only %d routes", len(routes))
	}
}

// ofClass are the routes of some classes, sorted, as requests of a browser's own page.
func ofClass(classes ...class) []webtest.Request {
	var requests []webtest.Request
	all := routeClasses()
	for _, route := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(classes, all[route]) {
			method, path, _ := strings.Cut(route, " ")
			header := map[string]string{"Sec-Fetch-Site": "same-origin"}
			if all[route] == feed {
				header["Content-Type"] = "application/json"
			}
			requests = append(requests, webtest.Request{Method: method, Path: fill(path), Header: header})
		}
	}
	return requests
}

// wantNothingWritten fails when the requests write.
func wantNothingWritten(t *testing.T, store *writes, name string, do func()) {
	t.Helper()
	before := store.n.Load()
	do()
	if n := store.n.Load() - before; n != 0 {
		t.Errorf("%s: %d documents were written", name, n)
	}
}

// byLink is a browser signed in by a link, which is not fresh.
func byLink(i *webtest.Installation) *webtest.Browser {
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	return b
}

// byCode is a browser signed in by the code of the mail, which is fresh.
func byCode(i *webtest.Installation) *webtest.Browser {
	b := i.Browser()
	b.Get("/sign-in")
	b.Submit("main form", map[string]string{"email": "jana@example.com"})
	i.Deliver()
	b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last("jana@example.com"))})
	return b
}

// TestStrangersStayOut: without a session, with one that ended, and with one of garbage, what is a customer's leads to the
// sign-in.
func TestStrangersStayOut(t *testing.T) {
	i, store, _ := classHouse(t)
	ended := byLink(i)
	old := ended.Cookie("__Host-postern.main")
	ended.Post("/sign-out", nil)
	for name, cookie := range map[string]string{"none": "", "ended": old, "garbage": "x"} {
		wantNothingWritten(t, store, name, func() {
			for _, request := range ofClass(shopper, fresh) {
				b := i.Browser()
				if cookie != "" {
					b.SetCookie("__Host-postern.main", cookie)
				}
				page := b.Send(request)
				if to := page.Header.Get("Location"); page.Status != http.StatusSeeOther || !strings.HasPrefix(to, "/sign-in") {
					t.Errorf("%s, session %s: %d to %s", request.Method+" "+request.Path, name, page.Status, to)
				}
			}
		})
	}
}

// TestFreshRoutes: a session by a link, and one whose code was entered 15 minutes and a millisecond ago, are led to the code
// page by every fresh route and change nothing; a fresh one is let through. Other routes of a customer need no code.
func TestFreshRoutes(t *testing.T) {
	i, store, _ := classHouse(t)
	linked, coded := byLink(i), byCode(i)
	for _, request := range ofClass(fresh) {
		if request.Method != http.MethodGet {
			continue // some end the account
		}
		if page := coded.Send(request); strings.HasPrefix(page.Header.Get("Location"), "/security/confirm") || page.Status >= 400 {
			t.Errorf("%s %s, fresh: %d to %s", request.Method, request.Path, page.Status, page.Header.Get("Location"))
		}
	}
	i.Clock.Move(15*time.Minute + time.Millisecond)
	for name, b := range map[string]*webtest.Browser{"by a link": linked, "15 minutes ago": coded} {
		b.Get("/security").Want(http.StatusOK) // notes that the session is used
		wantNothingWritten(t, store, name, func() {
			for _, request := range ofClass(fresh) {
				page := b.Send(request)
				if to := page.Header.Get("Location"); page.Status != http.StatusSeeOther || !strings.HasPrefix(to, "/security/confirm?to=") {
					t.Errorf("%s, %s: %d to %s", request.Method+" "+request.Path, name, page.Status, to)
				}
			}
		})
		for _, request := range ofClass(shopper) {
			if request.Method != http.MethodGet {
				continue
			}
			page := b.Send(request)
			if to := page.Header.Get("Location"); page.Status >= 500 || strings.HasPrefix(to, "/sign-in") {
				t.Errorf("GET %s, %s: %d to %s", request.Path, name, page.Status, to)
			}
		}
	}
}

// TestFeedRoutesTakeAKey, and nothing else: no session, no key of another shape.
func TestFeedRoutesTakeAKey(t *testing.T) {
	i, store, _ := classHouse(t)
	b := byCode(i)
	wantNothingWritten(t, store, "without a key", func() {
		for _, given := range []string{"", "Bearer", "Bearer x", "Basic eDp4", "Bearer " + strings.Repeat("A", 5000)} {
			for _, request := range ofClass(feed) {
				request.Header["Authorization"] = given
				page := b.Send(request)
				if page.Status != http.StatusUnauthorized || page.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s with %.10q: %d", request.Method, request.Path, given, page.Status)
				}
			}
		}
	})
	key := i.Key("main")
	for _, request := range ofClass(feed) {
		request.Header["Authorization"] = "Bearer " + key
		if page := i.Browser().Send(request); page.Status == http.StatusUnauthorized || page.Status >= 500 {
			t.Errorf("%s %s with a key: %d", request.Method, request.Path, page.Status)
		}
	}
}

// TestOtherSitesChangeNothing: a form of another site is refused in a fresh session by all but what takes no cookie.
func TestOtherSitesChangeNothing(t *testing.T) {
	i, store, _ := classHouse(t)
	b := byCode(i)
	for name, header := range map[string]map[string]string{
		"another site": {"Sec-Fetch-Site": "cross-site"}, "a sibling": {"Sec-Fetch-Site": "same-site"},
		"another origin": {"Origin": "https://evil.test"}, "an origin of none": {"Origin": "null"},
	} {
		wantNothingWritten(t, store, name, func() {
			for _, request := range ofClass(visitor, shopper, fresh) {
				if request.Method == http.MethodGet {
					continue
				}
				request.Header = header
				if page := b.Send(request); page.Status != http.StatusForbidden || len(page.Cookies) > 0 {
					t.Errorf("%s %s from %s: %d", request.Method, request.Path, name, page.Status)
				}
			}
			for _, request := range ofClass(oneClick) {
				request.Header = header
				if page := b.Send(request); page.Status == http.StatusForbidden || page.Status >= 500 || len(page.Cookies) > 0 {
					t.Errorf("%s %s from %s: %d", request.Method, request.Path, name, page.Status)
				}
			}
		})
	}
	if b.Get("/security").Want(http.StatusOK); b.Page.URL.Path != "/security" {
		t.Error("signed out by another site")
	}
}

// TestFilesAreNobodys: what is public sets no cookie and asks for none; what a visitor looks at writes nothing.
func TestFilesAreNobodys(t *testing.T) {
	i, store, _ := classHouse(t)
	wantNothingWritten(t, store, "looking", func() {
		for _, request := range ofClass(file, visitor) {
			if request.Method != http.MethodGet {
				continue
			}
			page := i.Browser().Send(request)
			if page.Status >= 500 || page.Status == http.StatusUnauthorized {
				t.Errorf("GET %s: %d", request.Path, page.Status)
			}
			if cookies := len(page.Cookies); cookies > 0 && routeClasses()["GET "+request.Path] == file {
				t.Errorf("GET %s sets %d cookies", request.Path, cookies)
			}
		}
	})
}
