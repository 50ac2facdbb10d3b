package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
	"postern/storage"
)

// visited is a shop with a customer of whom the pages have everything to show, and who is signed in.
type visited struct {
	stand
	id    string
	email string
	own   *webtest.Browser // the customer's
	posts map[*regexp.Regexp]string
	gets  map[*regexp.Regexp]string
}

func newVisited(t *testing.T) visited {
	t.Helper()
	v := visited{stand: newStand(t, nil), email: "eva@example.com"}
	_, err := v.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{OrderEmails: new(shop.OrderEmails())})
	if err != nil {
		t.Fatal(err)
	}
	key := v.Key("main")
	v.Put(key, "/api/v1/customers/7", `{"email":"eva@example.com","first_name":"Eva","last_name":"Abrahámová","language":"en",
		"updated_at":"2026-01-01T10:00:00Z","company":{"name":"Łąka s. r. o.","country":"CZ"},
		"addresses":[{"id":"a","first_name":"Eva","last_name":"Abrahámová","line1":"Dlouhá 1","city":"Praha","postal_code":"110 00","country":"CZ"},
			{"id":"b","first_name":"Eva","last_name":"Abrahámová","line1":"Krátka 2","city":"Bratislava","postal_code":"811 01","country":"SK"}]}`)
	v.fill(t, key, v.email)
	for _, order := range []string{"eva-shipped", "eva-unpaid"} {
		v.stranger(t).Send(webtest.Request{Method: http.MethodPost, Path: "/api/v1/orders/" + order + "/messages",
			Body:   `{"author":"Adam","text":"Hello"}`,
			Header: map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"}}).
			Want(http.StatusCreated)
	}
	v.Work()
	v.own = v.stranger(t)
	v.SignIn(v.own, v.email)
	v.Clock.Move(time.Minute)
	v.Work()
	account, err := v.App.Operator().FindCustomer(t.Context(), "main", v.email)
	if err != nil {
		t.Fatal(err)
	}
	v.id = account.ID
	v.posts, v.gets = v.patterns(http.MethodPost), v.patterns(http.MethodGet)
	return v
}

// patterns returns the patterns of the customers' and the public routes.
func (v visited) patterns(method string) map[*regexp.Regexp]string {
	parameter := regexp.MustCompile(`:\w+`)
	found := map[*regexp.Regexp]string{}
	for _, route := range v.site.Routes() {
		if route.Method == method && !gate.IsAdminPath(route.Path) {
			pattern := strings.ReplaceAll(parameter.ReplaceAllString(route.Path, `[^/]+`), "*", ".*")
			found[regexp.MustCompile("^"+pattern+"/?$")] = method + " " + route.Path
		}
	}
	return found
}

// opens begins a visit in a browser of staff.
func (v visited) opens(b *webtest.Employee, mode string) {
	b.Get("/admin/customers/" + v.id + "/sign-in-as").Want(http.StatusOK)
	form := typed{"reason": "help", "text": "ticket 7"}
	if b.Page.Has("[name=mode]") {
		form["mode"] = mode
	}
	b.Submit("main form", form).Want(http.StatusOK)
}

// isOpen reports whether a visit may send a request. A path such as /addresses/new is that of several routes,
// of which either is open or none.
func (v visited) isOpen(method, path, mode string) bool {
	routes := v.gets
	if method == http.MethodPost {
		routes = v.posts
	}
	for pattern, name := range routes {
		if open := mayOpenAsCustomer()[name]; pattern.MatchString(path) && (open == "read" || open == mode) {
			return true
		}
	}
	return false
}

// walk opens every page that links lead to, from the list of orders, and checks each.
func (v visited) walk(b *webtest.Employee, mode string, check func(*webtest.Page)) (pages int) {
	waiting, seen := []string{"/orders", "/profile?to=/orders", "/addresses?done=address.deleted&undo=x"}, map[string]bool{}
	for len(waiting) > 0 {
		path := waiting[0]
		waiting = waiting[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		page := b.Get(path).Want(http.StatusOK)
		if !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
			continue
		}
		pages++
		check(page)
		for _, href := range page.Attrs("a[href]", "href") {
			to, err := page.URL.Parse(href)
			if err == nil && to.Host == page.URL.Host && strings.HasPrefix(to.Scheme, "http") {
				waiting = append(waiting, to.RequestURI())
			}
		}
	}
	return pages
}

// TestClosedFunctionsAreNotOffered walks all pages of a customer, with every kind of order, during a visit.
func TestClosedFunctionsAreNotOffered(t *testing.T) {
	t.Parallel()
	v := newVisited(t)
	people := map[string]*webtest.Employee{"read": v.Enrol("support@shop.test", staff.Support),
		"write": v.Enrol("manager@shop.test", staff.Manager)}
	for mode, b := range people {
		v.opens(b, mode)
		forms := map[string]bool{}
		pages := v.walk(b, mode, func(page *webtest.Page) {
			v.wantNothingClosed(t, page, mode, forms)
			if !page.Has("body > .skip + .as-banner form") {
				t.Errorf("%s, %s: no banner above everything", mode, page.URL)
			}
			if title := page.Text("title"); !strings.HasPrefix(title, "As Eva Abrahámová: ") {
				t.Errorf("%s, %s: the title is %q", mode, page.URL, title)
			}
		})
		if pages < 20 {
			t.Errorf("%s: only %d pages", mode, pages)
		}
		if got := len(forms); mode == "read" && got > 0 || mode == "write" && got < 5 {
			t.Errorf("%s: the forms %v", mode, forms)
		}
	}
	b := people["write"]
	closed := b.Get("/privacy").Want(http.StatusForbidden)
	v.wantNothingClosed(t, closed, "write", map[string]bool{})
	if !strings.Contains(closed.Text("main"), "Only the customer can do this") {
		t.Errorf("the closed page says %s", closed.Text("main"))
	}
}

// wantNothingClosed checks the forms, buttons and links of a page, and collects the forms that change something.
func (v visited) wantNothingClosed(t *testing.T, page *webtest.Page, mode string, forms map[string]bool) {
	t.Helper()
	for selector, attribute := range map[string]string{"form": "action", "[formaction]": "formaction", "a[href]": "href"} {
		method := http.MethodPost
		if attribute == "href" {
			method = http.MethodGet
		}
		for n, given := range page.Attrs(selector, attribute) {
			to, err := page.URL.Parse(given)
			if err != nil {
				t.Fatal(err)
			}
			method := method
			if selector == "form" && page.Attrs("form", "method")[n] == "get" {
				method = http.MethodGet
			}
			switch {
			case to.String() == v.base+"/admin/sign-out-as", strings.HasPrefix(given, "#"):
			case to.Host != page.URL.Host || to.Scheme == "mailto":
				if to.Path == "/pay" || to.Path == "/cart" || to.Path == "/order" || to.Path == "/" {
					t.Errorf("%s, %s: %s leads to the storefront", mode, page.URL, given)
				}
			case !v.isOpen(method, to.Path, mode):
				t.Errorf("%s, %s: %s %s is closed and offered", mode, page.URL, method, given)
			case method == http.MethodPost:
				forms[given] = true
			}
		}
	}
}

// stored returns all documents of all collections.
func (v visited) stored(t *testing.T) map[string]string {
	t.Helper()
	walker, ok := v.store.Engine.(storage.Walker)
	if !ok {
		t.Fatal("the store cannot be walked")
	}
	all := map[string]string{}
	for _, collection := range portal.Collections() {
		for after, more := "", true; more; {
			entries, err := walker.Walk(t.Context(), collection.Name, storage.Walk{After: after, Limit: 1000, Bodies: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				all[collection.Name+" "+entry.ID], after = fmt.Sprintf("%q", entry.Doc), entry.ID
			}
			more = len(entries) > 0
		}
	}
	return all
}

// TestViewingChangesNoDocument opens all pages in a visit that may only view, and sends every form.
func TestViewingChangesNoDocument(t *testing.T) {
	t.Parallel()
	v := newVisited(t)
	b := v.Enrol("support@shop.test", staff.Support)
	v.opens(b, "read")
	v.Clock.Move(6 * time.Minute) // after which a session of the customer's would note that it was used
	v.Work()
	before := v.stored(t)
	if len(before) < 50 {
		t.Fatalf("only %d documents", len(before))
	}
	unread := v.unread(t)
	v.walk(b, "read", func(page *webtest.Page) {
		if strings.Contains(page.URL.Path, "eva-shipped") && !page.Has("#messages .tag") {
			t.Error("the message is not shown as unread")
		}
	})
	number := regexp.MustCompile(`:number`)
	for _, route := range v.site.Routes() {
		if route.Method != http.MethodPost || route.Class != gate.Customer && route.Class != gate.StepUp {
			continue
		}
		path := fill(number.ReplaceAllString(route.Path, "eva-shipped"))
		page := b.Send(webtest.Request{Method: http.MethodPost, Path: path,
			Header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
		if page.Status != http.StatusForbidden {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
	v.Work()
	if diff := cmp.Diff(before, v.stored(t)); diff != "" {
		t.Errorf("a visit that may only view changed: %s", diff)
	}
	if now := v.unread(t); len(unread) != 2 || !cmp.Equal(unread, now) {
		t.Errorf("unread are %q, and were %q", now, unread)
	}
}

func (v visited) unread(t *testing.T) []string {
	t.Helper()
	c, _, err := customer.Docs(v.Engine, "main").Get(t.Context(), v.id)
	if err != nil {
		t.Fatal(err)
	}
	return c.UnreadOrders()
}

// TestChangesDuringAVisit saves the forms that are open to somebody who may write, and undoes a change.
func TestChangesDuringAVisit(t *testing.T) {
	t.Parallel()
	v := newVisited(t)
	b := v.Enrol("manager@shop.test", staff.Manager)
	v.opens(b, "write")
	b.Get("/profile")
	b.Submit("main form", typed{"last_name": "Nováková"}).Want(http.StatusOK)
	b.Get("/company")
	b.Submit("main form", typed{"name": "Nováková s. r. o."}).Want(http.StatusOK)
	b.Get("/addresses")
	b.Submit(`form[action$="/delete"]`, nil).Want(http.StatusOK)
	b.Submit(".flash form", nil).Want(http.StatusOK)
	b.Get("/addresses/new")
	b.Submit("main form", typed{"first_name": "Eva", "last_name": "Nováková", "line1": "Nová 3", "city": "Brno",
		"postal_code": "602 00", "country": "CZ"}).Want(http.StatusOK)
	b.Submit(".as-banner form", nil).Want(http.StatusOK)
	v.Work()
	timeline := b.Get("/admin/customers/" + v.id).Text("#timeline")
	for _, want := range []string{"Nováková", "ticket 7", "manager@shop.test"} {
		if !strings.Contains(timeline, want) {
			t.Errorf("the timeline lacks %q: %s", want, timeline)
		}
	}
	acts := b.Page.Attrs(`#timeline [name=act]`, "value")
	if len(acts) < 4 {
		t.Fatalf("%d acts can be undone", len(acts))
	}
	b.Post("/admin/customers/"+v.id+"/undo", url.Values{"act": {acts[0]}}).Want(http.StatusOK)
	if v.own.Get("/addresses").Text("main") == "" || strings.Contains(v.own.Page.Text("main"), "Nová 3") {
		t.Errorf("after the undo: %s", v.own.Page.Text("main"))
	}
	if v.own.Get("/profile").Attr("[name=last_name]", "value") != "Nováková" {
		t.Error("the customer does not see the change")
	}
}

// TestVisitKeepsTheCustomersOwnSession signs the customer in with the browser of staff.
func TestVisitKeepsTheCustomersOwnSession(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	i.SignIn(b.Browser, "eva@example.com")
	signInAs(b, "cermak", "read")
	if page := b.Get("/profile"); page.Text(".as-banner strong") == "" || strings.Contains(page.Text("main"), "eva@example.com") {
		t.Errorf("the visit shows %s", page.Text("main"))
	}
	cookie := regexp.MustCompile(`^__Host-postern-as\.main=as_[^;]+; max-age=43200; path=/; HttpOnly; secure; SameSite=Lax$`)
	b.Get("/admin/customers?search=cermak")
	b.Follow("main tbody a")
	b.Follow(`main a[href$="/sign-in-as"]`)
	fields := url.Values{"reason": {"help"}}
	for _, name := range b.Page.Attrs("main form [type=hidden]", "name") {
		fields.Set(name, b.Page.Attr("main form [name="+name+"]", "value"))
	}
	first := b.Cookie("__Host-postern-as.main")
	began := b.Send(webtest.Request{Method: http.MethodPost, Path: b.Page.URL.Path, Body: fields.Encode(), Header: map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}})
	set := maps.Collect(func(yield func(string, bool) bool) {
		for _, line := range began.Header.Values("Set-Cookie") {
			yield(line, cookie.MatchString(line))
		}
	})
	if len(set) != 1 || !set[began.Header.Get("Set-Cookie")] {
		t.Errorf("the cookie is %v", set)
	}
	second := b.Cookie("__Host-postern-as.main")
	if first == "" || second == first {
		t.Error("the new visit has the cookie of the old one")
	}
	b.SetCookie("__Host-postern-as.main", first)
	if page := b.Get("/orders"); page.Has(".as-banner") || !gate.IsAdminPath(page.URL.Path) {
		t.Errorf("the old visit goes on: %s", page.URL)
	}
	if b.Cookie("__Host-postern-as.main") != "" {
		t.Error("the cookie of a visit that is over stays")
	}
	b.SetCookie("__Host-postern-as.main", second)
	b.Get("/orders").Want(http.StatusOK)
	b.Submit(".as-banner form", nil)
	if page := b.Get("/profile").Want(http.StatusOK); page.Has(".as-banner") || !strings.Contains(page.Text("main"), "eva@example.com") {
		t.Errorf("afterwards the customer's own session shows %s", page.Text("main"))
	}
}

// TestCustomerSeesTheVisit reads the customer's page of security before, during and after two visits.
func TestCustomerSeesTheVisit(t *testing.T) {
	t.Parallel()
	v := newVisited(t)
	if v.own.Get("/security").Want(http.StatusOK).Has("#visits") {
		t.Errorf("before: %s", v.own.Page.Text("#visits"))
	}
	support, manager := v.Enrol("support@shop.test", staff.Support), v.Enrol("manager@shop.test", staff.Manager)
	v.opens(support, "read")
	v.wantVisits(t, "during the first", "5 March 2026 at 09:01, by the shop’s staff (role: Support)",
		"View only, until 09:31 at the latest.", "Reason: The customer asked for help: ticket 7", "In progress")
	v.Clock.Move(time.Minute)
	support.Submit(".as-banner form", nil).Want(http.StatusOK)
	v.opens(manager, "write")
	_, err := v.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{StaffNames: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	second := []string{"5 March 2026 at 09:02, by manager@shop.test (role: Manager)",
		"With the right to change your profile, addresses and company, until 09:32 at the latest.",
		"Reason: The customer asked for help: ticket 7"}
	first := []string{"5 March 2026 at 09:01, by support@shop.test (role: Support)",
		"View only, until 09:31 at the latest.", "Reason: The customer asked for help: ticket 7"}
	v.wantVisits(t, "during the second", slices.Concat(second, []string{"In progress"}, first)...)
	v.Clock.Move(30 * time.Minute)
	v.Work()
	v.wantVisits(t, "after both", slices.Concat(second, first)...)
	if !strings.Contains(v.own.Get("/privacy").Text("#activity"), "Signed in as you") {
		t.Error("the page of privacy lacks the visits")
	}
}

func (v visited) wantVisits(t *testing.T, when string, want ...string) {
	t.Helper()
	got := v.own.Get("/security").Want(http.StatusOK).Texts("#visits .row-text p, #visits .status")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got): %s", when, diff)
	}
}
