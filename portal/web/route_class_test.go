package web_test

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web"
	"postern/portal/web/api"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
	"postern/storage/storagetest"
)

// sensitive reports whether a path must require a recent code, independently of the route table: changing
// the email, the export and the erasure.
func sensitive(path string) bool {
	for _, root := range []string{"/profile/email", "/privacy/export", "/privacy/erase"} {
		if path == root || strings.HasPrefix(path, root+"/") || strings.HasPrefix(path, root+".") {
			return true
		}
	}
	return false
}

// newCountingSite returns a portal over a store that counts writes, and a second site with the same routes
// for their table.
func newCountingSite(t *testing.T) (*webtest.Installation, *writes, *web.Site) {
	t.Helper()
	store := &writes{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store)
	site, err := web.New(web.Config{App: i.App,
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	return i, store, site
}

// TestEveryMountedRouteIsInTheTable checks that the table, which declares a class and limits for each
// route, lists every mounted route, and that each is mounted once.
func TestEveryMountedRouteIsInTheTable(t *testing.T) {
	t.Parallel()
	_, _, site := newCountingSite(t)
	mounted := map[string]int{}
	for _, route := range site.GetRoutes(true) {
		if route.Method != fiber.MethodHead {
			mounted[route.Method+" "+route.Path]++
		}
	}
	for _, route := range site.Routes() {
		name := route.Method + " " + route.Path
		if mounted[name] != 1 {
			t.Errorf("%s is in the table and %d times on the site", name, mounted[name])
		}
		delete(mounted, name)
	}
	for name := range mounted {
		t.Errorf("%s is on the site and not in the table", name)
	}
	if len(site.Routes()) < 40 {
		t.Errorf("only %d routes", len(site.Routes()))
	}
}

func TestEveryRouteHasItsClass(t *testing.T) {
	t.Parallel()
	_, _, site := newCountingSite(t)
	classes := []gate.Class{gate.File, gate.Public, gate.Customer, gate.StepUp, gate.FeedKey, gate.OneClick,
		gate.StaffHalf, gate.StaffOnly, gate.StaffFresh}
	for _, route := range site.Routes() {
		switch {
		case !slices.Contains(classes, route.Class):
			t.Errorf("%s %s has the class %q", route.Method, route.Path, route.Class)
		case sensitive(route.Path) && route.Class != gate.StepUp:
			t.Errorf("%s %s is %s: it must be %s", route.Method, route.Path, route.Class, gate.StepUp)
		case strings.HasPrefix(route.Path, gate.APIPrefix) != (route.Class == gate.FeedKey) &&
			!slices.Contains([]string{api.DocumentPath, api.DocsPath}, route.Path):
			t.Errorf("%s %s is %s", route.Method, route.Path, route.Class)
		}
	}
}

// TestLargeBodiesNeedAKeyOrASession checks that requests open to everyone have small bodies and forms.
func TestLargeBodiesNeedAKeyOrASession(t *testing.T) {
	t.Parallel()
	_, _, site := newCountingSite(t)
	open := []gate.Class{gate.File, gate.Public, gate.OneClick}
	for _, route := range site.Routes() {
		if slices.Contains(open, route.Class) && (route.MaxBody() > 64<<10 || route.MaxFields() > 300) {
			t.Errorf("%s %s is %s and takes %d bytes and %d fields",
				route.Method, route.Path, route.Class, route.MaxBody(), route.MaxFields())
		}
		most := 4 << 20
		switch route.Method + " " + route.Path {
		case "POST /api/v1/orders":
			most = 16 << 20 // up to a thousand orders
		case "POST /orders/:number/return":
			most = 5*5<<20 + 512<<10 // five photos
		}
		if route.MaxBody() > most || route.MaxFields() > 2000 {
			t.Errorf("%s %s takes %d bytes and %d fields",
				route.Method, route.Path, route.MaxBody(), route.MaxFields())
		}
	}
}

// ofClass returns sorted requests for the routes of some classes, as sent from one of our own pages.
func ofClass(site *web.Site, classes ...gate.Class) []webtest.Request {
	var requests []webtest.Request
	for _, route := range site.Routes() {
		if slices.Contains(classes, route.Class) {
			header := map[string]string{"Sec-Fetch-Site": "same-origin"}
			if route.Class == gate.FeedKey {
				header["Content-Type"] = "application/json"
			}
			requests = append(requests, webtest.Request{Method: route.Method, Path: fill(route.Path),
				Header: header})
		}
	}
	slices.SortFunc(requests, func(a, b webtest.Request) int {
		return cmp.Or(cmp.Compare(a.Method, b.Method), cmp.Compare(a.Path, b.Path))
	})
	return requests
}

// wantNothingWritten fails if do writes to the store.
func wantNothingWritten(t *testing.T, store *writes, name string, do func()) {
	t.Helper()
	before := store.n.Load()
	do()
	if n := store.n.Load() - before; n != 0 {
		t.Errorf("%s: %d documents were written", name, n)
	}
}

// byLink returns a browser signed in with a link, so its session is not fresh.
func byLink(i *webtest.Installation) *webtest.Browser {
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	return b
}

// byCode returns a browser signed in with an emailed code, so its session is fresh.
func byCode(i *webtest.Installation) *webtest.Browser {
	b := i.Browser()
	b.Get("/sign-in")
	b.Submit("main form", map[string]string{"email": "jana@example.com"})
	i.Deliver()
	b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last("jana@example.com"))})
	return b
}

// TestStrangersStayOut checks that without a session, or with an ended or invalid one, a customer's routes
// redirect to the sign-in.
func TestStrangersStayOut(t *testing.T) {
	t.Parallel()
	i, store, site := newCountingSite(t)
	ended := byLink(i)
	old := ended.Cookie("__Host-postern.main")
	ended.Post("/sign-out", nil)
	for name, cookie := range map[string]string{"none": "", "ended": old, "garbage": "x"} {
		wantNothingWritten(t, store, name, func() {
			for _, request := range ofClass(site, gate.Customer, gate.StepUp) {
				b := i.Browser()
				if cookie != "" {
					b.SetCookie("__Host-postern.main", cookie)
				}
				page := b.Send(request)
				if to := page.Header.Get("Location"); page.Status != http.StatusSeeOther ||
					!strings.HasPrefix(to, "/sign-in") {
					t.Errorf("%s, session %s: %d to %s", request.Method+" "+request.Path, name,
						page.Status, to)
				}
			}
		})
	}
}

// TestRoutesThatRequireARecentCode checks that fresh routes redirect sessions that signed in by a link, or
// entered a code more than 15 minutes ago, to the code page and change nothing. They accept a fresh session,
// and a customer's other routes need no code.
func TestRoutesThatRequireARecentCode(t *testing.T) {
	t.Parallel()
	i, store, site := newCountingSite(t)
	linked, coded := byLink(i), byCode(i)
	for _, request := range ofClass(site, gate.StepUp) {
		if request.Method != http.MethodGet {
			continue // some of them delete the account
		}
		if page := coded.Send(request); strings.HasPrefix(page.Header.Get("Location"), "/security/confirm") ||
			page.Status >= 400 {
			t.Errorf("%s %s, fresh: %d to %s", request.Method, request.Path, page.Status,
				page.Header.Get("Location"))
		}
	}
	i.Clock.Move(15*time.Minute + time.Millisecond)
	for name, b := range map[string]*webtest.Browser{"by a link": linked, "15 minutes ago": coded} {
		b.Get("/security").Want(http.StatusOK) // records that the session is in use
		wantNothingWritten(t, store, name, func() {
			for _, request := range ofClass(site, gate.StepUp) {
				page := b.Send(request)
				if to := page.Header.Get("Location"); page.Status != http.StatusSeeOther ||
					!strings.HasPrefix(to, "/security/confirm?to=") {
					t.Errorf("%s, %s: %d to %s", request.Method+" "+request.Path, name, page.Status, to)
				}
			}
		})
		for _, request := range ofClass(site, gate.Customer) {
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

// TestFeedRoutesTakeAKey checks that a feed's routes accept only a key, neither a session nor any other
// kind of authorization.
func TestFeedRoutesTakeAKey(t *testing.T) {
	t.Parallel()
	i, store, site := newCountingSite(t)
	b := byCode(i)
	wantNothingWritten(t, store, "without a key", func() {
		for _, given := range []string{"", "Bearer", "Bearer x", "Basic eDp4",
			"Bearer " + strings.Repeat("A", 5000)} {
			for _, request := range ofClass(site, gate.FeedKey) {
				request.Header["Authorization"] = given
				page := b.Send(request)
				if page.Status != http.StatusUnauthorized || page.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s with %.10q: %d", request.Method, request.Path, given, page.Status)
				}
			}
		}
	})
	key := i.Key("main")
	for _, request := range ofClass(site, gate.FeedKey) {
		request.Header["Authorization"] = "Bearer " + key
		if page := i.Browser().Send(request); page.Status == http.StatusUnauthorized || page.Status >= 500 {
			t.Errorf("%s %s with a key: %d", request.Method, request.Path, page.Status)
		}
	}
}

// TestOtherSitesChangeNothing checks that even in a fresh session every route that uses cookies refuses
// forms from other sites.
func TestOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	i, store, site := newCountingSite(t)
	b := byCode(i)
	for name, header := range map[string]map[string]string{
		"another site": {"Sec-Fetch-Site": "cross-site"}, "a sibling": {"Sec-Fetch-Site": "same-site"},
		"another origin": {"Origin": "https://evil.test"}, "an origin of none": {"Origin": "null"},
	} {
		wantNothingWritten(t, store, name, func() {
			for _, request := range ofClass(site, gate.Public, gate.Customer, gate.StepUp) {
				if request.Method == http.MethodGet {
					continue
				}
				request.Header = header
				if page := b.Send(request); page.Status != http.StatusForbidden || len(page.Cookies) > 0 {
					t.Errorf("%s %s from %s: %d", request.Method, request.Path, name, page.Status)
				}
			}
			for _, request := range ofClass(site, gate.OneClick) {
				request.Header = header
				if page := b.Send(request); page.Status == http.StatusForbidden || page.Status >= 500 ||
					len(page.Cookies) > 0 {
					t.Errorf("%s %s from %s: %d", request.Method, request.Path, name, page.Status)
				}
			}
		})
	}
	if b.Get("/security").Want(http.StatusOK); b.Page.URL.Path != "/security" {
		t.Error("signed out by another site")
	}
}

// TestFilesAreNobodys checks that files neither set nor need cookies, and that a visitor's page views write
// nothing.
func TestFilesAreNobodys(t *testing.T) {
	t.Parallel()
	i, store, site := newCountingSite(t)
	wantNothingWritten(t, store, "looking", func() {
		files := ofClass(site, gate.File)
		for _, request := range slices.Concat(files, ofClass(site, gate.Public)) {
			if request.Method != http.MethodGet {
				continue
			}
			page := i.Browser().Send(request)
			if page.Status >= 500 || page.Status == http.StatusUnauthorized {
				t.Errorf("GET %s: %d", request.Path, page.Status)
			}
			if cookies := len(page.Cookies); cookies > 0 && slices.ContainsFunc(files,
				func(f webtest.Request) bool { return f.Path == request.Path }) {
				t.Errorf("GET %s sets %d cookies", request.Path, cookies)
			}
		}
	})
}
