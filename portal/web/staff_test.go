package web_test

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
)

// staffCookie is the name of the cookie of staff on https.
const staffCookie = "__Host-postern-staff.main"

// TestStaffSignIn goes the whole way: invitation, link, authenticator app, recovery codes, sign out, and back
// in with the app.
func TestStaffSignIn(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	if len(owner.Recovery) != 10 {
		t.Errorf("%d recovery codes: %s", len(owner.Recovery), owner.Page.Body)
	}
	if text := owner.Get("/admin").Want(http.StatusOK).Text(".role"); text != "Owner" {
		t.Errorf("the start page says %q", text)
	}
	owner.Get("/admin/security").Want(http.StatusOK)
	owner.Submit(`form[action="/admin/sign-out"]`, nil).Want(http.StatusOK)
	if owner.Get("/admin").URL.Path != "/admin/sign-in" {
		t.Errorf("signed out, /admin leads to %s", owner.Page.URL)
	}
	if page := owner.SignIn(); page.URL.Path != "/admin" {
		t.Errorf("the sign-in leads to %s: %s", page.URL, page.Text("main"))
	}
	owner.Get("/admin/sign-in")
	if owner.Page.URL.Path != "/admin" {
		t.Errorf("signed in, the sign-in page leads to %s", owner.Page.URL)
	}
}

// TestStaffSignInLeadsToTheWantedPage opens a page while signed out: after the link or the code, also a
// requested again one, and the second factor, that page is shown. A page elsewhere is not.
func TestStaffSignInLeadsToTheWantedPage(t *testing.T) {
	t.Parallel()
	i, owner := people(t)
	const wanted = "/admin/customers?search=cermak"
	for name, enter := range map[string]func(*webtest.Browser){
		"link": func(b *webtest.Browser) {
			b.Get(webtest.LinkIn(i.Mailbox.Last(owner.Email)))
			b.Submit("main form", nil)
		},
		"code": func(b *webtest.Browser) {
			b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(owner.Email))})
		},
		"second email": func(b *webtest.Browser) {
			b.Submit(`form[action$="/again"]`, nil)
			i.Deliver()
			b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(owner.Email))})
		},
		"after a typing error": func(b *webtest.Browser) {
			b.Submit("main form", map[string]string{"code": "0000-0000"}).Want(http.StatusUnprocessableEntity)
			b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(owner.Email))})
		},
	} {
		i.Clock.Move(61 * time.Minute)
		b := i.Browser()
		b.Get(wanted)
		b.Submit("main form", map[string]string{"email": "x"}).Want(http.StatusUnprocessableEntity)
		b.Submit("main form", map[string]string{"email": owner.Email})
		i.Deliver()
		enter(b)
		b.Submit("main form", map[string]string{"code": owner.Code()})
		if b.Page.URL.RequestURI() != wanted {
			t.Errorf("by %s the sign-in leads to %s", name, b.Page.URL)
		}
		b.Post("/admin/sign-out", nil)
	}
	for _, to := range []string{"https://evil.test/admin", "//evil.test/admin/x", "/orders", "/admin/sign-in/code", "/adminx"} {
		i.Clock.Move(61 * time.Minute)
		b := i.Browser()
		b.Get("/admin/sign-in?to=" + url.QueryEscape(to))
		b.Submit("main form", map[string]string{"email": owner.Email})
		i.Deliver()
		b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(owner.Email))})
		b.Submit("main form", map[string]string{"code": owner.Code()})
		if b.Page.URL.RequestURI() != "/admin" || b.Page.URL.Host != "account.shop.test" {
			t.Errorf("the wish for %s leads to %s", to, b.Page.URL)
		}
	}
}

// TestStaffSignInByCode checks that the emailed code leads to the second factor as the link does, and a
// recovery code replaces the app once.
func TestStaffSignInByCode(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	for _, try := range []struct {
		name, want string
	}{{"first", "/admin"}, {"second", "/admin/sign-in/factor"}} {
		b := i.Browser()
		b.Get("/admin/sign-in")
		b.Submit("main form", map[string]string{"email": owner.Email})
		i.Deliver()
		b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(owner.Email))})
		if b.Page.URL.Path != "/admin/sign-in/factor" {
			t.Fatalf("the code leads to %s: %s", b.Page.URL, b.Page.Text("main"))
		}
		b.Follow(`a[href*="with=recovery"]`).Want(http.StatusOK)
		b.Submit("main form", map[string]string{"code": owner.Recovery[0]})
		if b.Page.URL.Path != try.want {
			t.Errorf("%s use of a recovery code leads to %s: %s", try.name, b.Page.URL, b.Page.Text("main"))
		}
	}
}

// TestStaffSignInTellsNobodyWhoWorksHere checks that the answers for a member and for a stranger are the
// same, and that only the member gets an email.
func TestStaffSignInTellsNobodyWhoWorksHere(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	i.Enrol("owner@shop.test", staff.Owner)
	var bodies []string
	for _, email := range []string{"owner@shop.test", "other@shop.test"} {
		b := i.Browser()
		b.Get("/admin/sign-in")
		sent := b.Submit("main form", map[string]string{"email": email}).Want(http.StatusOK)
		wrong := b.Submit("main form", map[string]string{"code": "0000-0000"}).Want(http.StatusUnprocessableEntity)
		bodies = append(bodies, strings.NewReplacer(email, "EMAIL").Replace(sent.Body+wrong.Body))
	}
	if bodies[0] != bodies[1] {
		t.Errorf("the pages differ:\n%s\n%s", bodies[0], bodies[1])
	}
	i.Deliver()
	if sent := i.Mailbox.All("other@shop.test"); len(sent) > 0 {
		t.Errorf("a stranger got %q", sent[0].Subject)
	}
}

// TestAnEndedLinkRevealsNoAddress checks that whoever has an ended link of staff or of a customer can request
// a new one, and enter its code, without a cookie or a page that names the address.
func TestAnEndedLinkRevealsNoAddress(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	i.Put(i.Key("main"), "/api/v1/customers/7", `{"email":"jan@shop.test"}`)
	shopper := i.Browser()
	i.SignIn(shopper, "jan@shop.test")
	for email, in := range map[string]string{owner.Email: "/admin/sign-in/factor", "jan@shop.test": "/orders"} {
		link := ""
		for _, m := range i.Mailbox.All(email) {
			link = cmp.Or(webtest.LinkIn(m), link)
		}
		b := i.Browser()
		b.Get(link).Want(http.StatusGone)
		b.Submit("main form", nil).Want(http.StatusOK)
		shown := b.Page.Body
		for _, name := range []string{"__Host-postern-address.main", "__Host-postern-browser.main"} {
			shown += b.Cookie(name)
			for part := range strings.SplitSeq(b.Cookie(name), ".") {
				plain, _ := base64.RawURLEncoding.DecodeString(part)
				shown += string(plain)
			}
		}
		if b.Cookie("__Host-postern-address.main") == "" || strings.Contains(shown, email) {
			t.Errorf("the browser learns %s", email)
		}
		i.Deliver()
		b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(email))})
		if b.Page.URL.Path != in {
			t.Errorf("the code of %s leads to %s: %s", email, b.Page.URL, b.Page.Text("main"))
		}
		other := i.Browser()
		other.Get("/sign-in")
		other.SetCookie("__Host-postern-address.main", b.Cookie("__Host-postern-address.main"))
		if strings.Contains(other.Get("/sign-in/code").Body, "jan@shop.test") {
			t.Error("another browser can use the cookie")
		}
	}
}

// TestCookiesOfStaffAndCustomersAreApart checks that neither cookie is accepted at the other's door, and that
// neither link is.
func TestCookiesOfStaffAndCustomersAreApart(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	i.Put(i.Key("main"), "/api/v1/customers/7", `{"email":"owner@shop.test"}`)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	customer := i.Browser()
	i.SignIn(customer, "owner@shop.test")
	const shopperCookie = "__Host-postern.main"
	swapped := i.Browser()
	swapped.SetCookie(shopperCookie, owner.Cookie(staffCookie))
	swapped.SetCookie(staffCookie, customer.Cookie(shopperCookie))
	for path, door := range map[string]string{"/admin": "/admin/sign-in", "/orders": "/sign-in"} {
		if page := swapped.Get(path); page.URL.Path != door {
			t.Errorf("%s with the other cookie leads to %s", path, page.URL)
		}
	}
	swapped.SetCookie(shopperCookie, strings.TrimPrefix(owner.Cookie(staffCookie), "staff_"))
	swapped.SetCookie(staffCookie, "staff_"+customer.Cookie(shopperCookie))
	for path, door := range map[string]string{"/admin": "/admin/sign-in", "/orders": "/sign-in"} {
		if page := swapped.Get(path); page.URL.Path != door {
			t.Errorf("%s with the other cookie's secret leads to %s", path, page.URL)
		}
	}
}

// TestHalfWayIsNotIn checks that somebody with only the link reaches no page of staff.
func TestHalfWayIsNotIn(t *testing.T) {
	t.Parallel()
	i, _, site := newCountingSite(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	half := *owner
	half.Browser = i.Browser()
	half.OpenLink()
	before := half.Cookie(staffCookie)
	for _, request := range ofClass(site, gate.StaffOnly, gate.StaffFresh) {
		page := half.Send(request)
		if to := page.Header.Get("Location"); page.Status != http.StatusSeeOther ||
			!strings.HasPrefix(to, "/admin/sign-in") {
			t.Errorf("%s %s: %d to %s", request.Method, request.Path, page.Status, to)
		}
	}
	i.Clock.Move(time.Minute)
	half.Get("/admin/sign-in/factor")
	half.Submit("main form", map[string]string{"code": half.Code()})
	if half.Get("/admin").URL.Path != "/admin" {
		t.Fatalf("with the code: %s", half.Page.URL)
	}
	if half.Cookie(staffCookie) == before {
		t.Error("the second factor left the cookie as it was")
	}
	thief := i.Browser()
	thief.SetCookie(staffCookie, before)
	if thief.Get("/admin").URL.Path != "/admin/sign-in/factor" && thief.Page.URL.Path != "/admin/sign-in" {
		t.Errorf("the cookie from before the second factor opens %s", thief.Page.URL)
	}
}

// TestHalfWayKeepsThePageOpenedSince opens a page between the link and the second factor: after a wrong and a
// right code, it is shown.
func TestHalfWayKeepsThePageOpenedSince(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	i.Clock.Move(time.Minute)
	owner.Browser = i.Browser()
	owner.OpenLink()
	const wanted = "/admin/customers?search=cermak"
	if owner.Get(wanted); owner.Page.URL.Path != "/admin/sign-in/factor" {
		t.Fatalf("half-way, the page leads to %s", owner.Page.URL)
	}
	owner.Submit("main form", map[string]string{"code": "x"}).Want(http.StatusUnprocessableEntity)
	owner.Follow(`a[href*="with=recovery"]`).Want(http.StatusOK)
	owner.Submit("main form", map[string]string{"code": owner.Recovery[0]})
	if owner.Page.URL.RequestURI() != wanted {
		t.Errorf("the second factor leads to %s", owner.Page.URL)
	}
}

// mayOpen is the table of roles and routes of the pages of staff. A new route is missing in it, which
// TestRolesOfRoutes reports.
func mayOpen() map[string][]staff.Role {
	all, owner := staff.Roles(), []staff.Role{staff.Owner}
	editors, managers := []staff.Role{staff.Owner, staff.Manager, staff.Support}, []staff.Role{staff.Owner, staff.Manager}
	table := map[string][]staff.Role{}
	for _, row := range []struct {
		route string
		roles []staff.Role
	}{
		{"GET /admin", all},
		{"POST /admin/language", all},
		{"GET /admin/confirm", all},
		{"POST /admin/confirm", all},
		{"GET /admin/security", all},
		{"POST /admin/security/end", all},
		{"POST /admin/security/end-others", all},
		{"GET /admin/security/recovery", all},
		{"POST /admin/security/recovery", all},
		{"GET /admin/customers", all},
		{"GET /admin/customers/:id", all},
		{"GET /admin/customers/:id/edit", editors},
		{"POST /admin/customers/:id/edit", editors},
		{"POST /admin/customers/:id/undo", editors},
		{"GET /admin/customers/:id/erase", []staff.Role{staff.Owner, staff.Manager}},
		{"POST /admin/customers/:id/erase", []staff.Role{staff.Owner, staff.Manager}},
		{"GET /admin/customers/:id/keep", managers},
		{"POST /admin/customers/:id/keep", managers},
		{"GET /admin/customers/new", editors},
		{"POST /admin/customers/new", editors},
		{"GET /admin/customers/:id/addresses/new", editors},
		{"POST /admin/customers/:id/addresses/new", editors},
		{"GET /admin/customers/:id/addresses/:address", editors},
		{"POST /admin/customers/:id/addresses/:address", editors},
		{"POST /admin/customers/:id/addresses/:address/delete", editors},
		{"POST /admin/customers/:id/addresses/:address/default", editors},
		{"POST /admin/customers/:id/notes", editors},
		{"POST /admin/customers/:id/notes/:note", editors},
		{"POST /admin/customers/:id/messages", editors},
		{"POST /admin/customers/:id/requests/:request", editors},
		{"GET /admin/log", []staff.Role{staff.Owner, staff.Manager}},
		{"GET /admin/log/log.csv", []staff.Role{staff.Owner, staff.Manager}},
		{"GET /admin/staff", owner},
		{"GET /admin/staff/invite", owner},
		{"POST /admin/staff/invite", owner},
		{"GET /admin/staff/:id", owner},
		{"POST /admin/staff/:id/role", owner},
		{"POST /admin/staff/:id/reset-factor", owner},
		{"POST /admin/staff/:id/sign-out", owner},
		{"POST /admin/staff/:id/end", owner},
		{"POST /admin/staff/:id/remove", owner},
		{"GET /admin/customers/:id/orders/:number", all},
		{"GET /admin/customers/:id/sign-in-as", editors},
		{"POST /admin/customers/:id/sign-in-as", editors},
		{"POST /admin/sign-out-as", editors},
		{"GET /admin/customers/:id/link", editors},
		{"POST /admin/customers/:id/link", editors},
		{"GET /admin/customers/:id/sign-out", editors},
		{"POST /admin/customers/:id/sign-out", editors},
		{"GET /admin/customers/:id/email", editors},
		{"POST /admin/customers/:id/email", editors},
		{"GET /admin/customers/:id/merge", []staff.Role{staff.Owner, staff.Manager}},
		{"POST /admin/customers/:id/merge", []staff.Role{staff.Owner, staff.Manager}},
		{"GET /admin/customers/:id/enable", editors},
		{"POST /admin/customers/:id/enable", editors},
		{"GET /admin/customers/:id/disable", editors},
		{"POST /admin/customers/:id/disable", editors},
	} {
		table[row.route] = row.roles
	}
	table["GET /admin/customers/:id/consents/:purpose"] = editors
	table["POST /admin/customers/:id/consents/:purpose"] = editors
	return withOtherRoutes(table)
}

// withOtherRoutes adds the parts of the table that have functions of their own.
func withOtherRoutes(table map[string][]staff.Role) map[string][]staff.Role {
	maps.Copy(table, mayOpenGroups())
	maps.Copy(table, mayOpenViews())
	maps.Copy(table, mayOpenWork())
	for _, route := range ownPasskeyRoutes() {
		table[route] = staff.Roles()
	}
	return table
}

// ownPasskeyRoutes returns the routes to one's own passkeys, which are open to everybody on the staff.
func ownPasskeyRoutes() []string {
	return []string{
		"GET /admin/security/passkeys/new", "POST /admin/security/passkeys/new",
		"POST /admin/security/passkeys/options", "POST /admin/security/passkeys/confirm",
		"GET /admin/security/passkeys/:key", "POST /admin/security/passkeys/:key/name",
		"POST /admin/security/passkeys/:key/remove",
	}
}

// TestRolesOfRoutes requests every route of staff as each role.
func TestRolesOfRoutes(t *testing.T) {
	t.Parallel()
	i, _, site := newCountingSite(t)
	table := mayOpen()
	people := map[staff.Role]*webtest.Employee{}
	for _, role := range staff.Roles() {
		people[role] = i.Enrol(string(role)+"@shop.test", role)
	}
	for _, route := range site.Routes() {
		name := route.Method + " " + route.Path
		isStaff := route.Class == gate.StaffOnly || route.Class == gate.StaffFresh
		if isStaff != (route.Permission != "") || isStaff && !gate.IsAdminPath(route.Path) {
			t.Errorf("%s has the class %s and the permission %q", name, route.Class, route.Permission)
		}
		if !isStaff {
			continue
		}
		may, listed := table[name]
		if !listed {
			t.Errorf("%s is missing in the table of roles", name)
		}
		delete(table, name)
		for role, person := range people {
			page := person.Send(webtest.Request{Method: route.Method, Path: fill(route.Path),
				Header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
			denied := page.Status == http.StatusForbidden
			if allowed := slices.Contains(may, role); denied == allowed || page.Status >= 500 ||
				strings.HasPrefix(page.Header.Get("Location"), "/admin/sign-in") {
				t.Errorf("%s as %s: %d, allowed %t", name, role, page.Status, allowed)
			}
		}
	}
	for name := range table {
		t.Errorf("there is no route %s", name)
	}
}

// TestActsOnStaffNeedAFreshFactor checks that 15 minutes after the second factor, the fresh routes ask for it
// once more and change nothing, and that the code brings back to the page.
func TestActsOnStaffNeedAFreshFactor(t *testing.T) {
	t.Parallel()
	i, store, site := newCountingSite(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	i.Clock.Move(15*time.Minute + time.Millisecond)
	owner.Get("/admin/security").Want(http.StatusOK) // records that the session is in use
	wantNothingWritten(t, store, "stale", func() {
		for _, request := range ofClass(site, gate.StaffFresh) {
			page := owner.Send(request)
			if to := page.Header.Get("Location"); page.Status != http.StatusSeeOther ||
				!strings.HasPrefix(to, "/admin/confirm?to=") {
				t.Errorf("%s %s: %d to %s", request.Method, request.Path, page.Status, to)
			}
		}
	})
	owner.Get("/admin/staff/invite")
	if owner.Page.URL.Path != "/admin/confirm" {
		t.Fatalf("the invitation leads to %s", owner.Page.URL)
	}
	owner.Submit("main form", map[string]string{"code": "000000"}).Want(http.StatusUnprocessableEntity)
	owner.Submit("main form", map[string]string{"code": owner.Code()})
	if owner.Page.URL.Path != "/admin/staff/invite" {
		t.Errorf("the code leads to %s", owner.Page.URL)
	}
}

// TestOwnerLooksAfterStaff invites a person on the page, changes the role, resets the factor and removes
// them.
func TestOwnerLooksAfterStaff(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	owner.Get("/admin/staff").Want(http.StatusOK)
	owner.Follow(`a[href="/admin/staff/invite"]`)
	owner.Submit("main form", map[string]string{"email": "x", "role": "viewer"}).Want(http.StatusUnprocessableEntity)
	owner.Submit("main form", map[string]string{"email": "viewer@shop.test"}).Want(http.StatusOK)
	code := owner.Page.Text(".once-code")
	i.Work()
	if invitation := i.Mailbox.Last("viewer@shop.test").Text; strings.Contains(invitation, code) ||
		!strings.Contains(invitation, "/admin/sign-in") || strings.Contains(invitation, "/link/") {
		t.Errorf("the invitation says %s", invitation)
	}
	viewer := &webtest.Employee{}
	*viewer = *owner
	viewer.Browser, viewer.Email = i.Browser(), "viewer@shop.test"
	viewer.OpenLink()
	viewer.SetUp(code)
	i.Work()
	if told := i.Mailbox.Last(owner.Email); !strings.Contains(told.Subject, "viewer@shop.test can now sign in") {
		t.Errorf("the owner was told %q", told.Subject)
	}
	path := memberPath(t, owner, "viewer@shop.test")
	if text := owner.Get(path).Want(http.StatusOK).Text("main"); !strings.Contains(text, "Firefox") {
		t.Errorf("the person's page shows no session: %s", text)
	}
	owner.Submit(`form[action$="/role"]`, map[string]string{"role": "support"}).Want(http.StatusOK)
	if viewer.Get("/admin").URL.Path != "/admin/sign-in" {
		t.Errorf("after a change of role the person is at %s", viewer.Page.URL)
	}
	owner.Submit(`form[action$="/reset-factor"]`, nil).Want(http.StatusOK)
	again := owner.Page.Text(".once-code")
	i.Clock.Move(time.Minute)
	viewer.OpenLink()
	if viewer.Page.URL.Path != "/admin/sign-in/enrol" {
		t.Errorf("after the reset the link leads to %s", viewer.Page.URL)
	}
	viewer.SetUp(again)
	viewer.Get("/admin").Want(http.StatusOK)
	owner.Get(path)
	owner.Submit(`form[action$="/remove"]`, nil).Want(http.StatusOK)
	if viewer.Get("/admin").URL.Path != "/admin/sign-in" {
		t.Errorf("the removed person is at %s", viewer.Page.URL)
	}
	own := memberPath(t, owner, owner.Email)
	if text := owner.Get(own).Text("main"); !strings.Contains(text, "There must be an owner") {
		t.Errorf("the last owner's page does not say why nobody can remove them: %s", text)
	}
	owner.Post(own+"/remove", url.Values{}).Want(http.StatusConflict)
	owner.Submit(`form[action$="/role"]`, map[string]string{"role": "viewer"}).Want(http.StatusConflict)
	if text := owner.Page.Text(".field-errors"); !strings.Contains(text, "There must be an owner") {
		t.Errorf("the last owner reads %q", text)
	}
}

func memberPath(t *testing.T, e *webtest.Employee, email string) string {
	t.Helper()
	for n, text := range e.Get("/admin/staff").Texts(".list tbody th a") {
		if text == email {
			return e.Page.Attrs(".list tbody th a", "href")[n]
		}
	}
	t.Fatalf("%s is not on the list", email)
	return ""
}

// TestFormOfAnotherPersonIsRefused checks that a form from the page of one person does nothing for the next
// who signs in with the same browser, and that a form from another site does nothing.
func TestFormOfAnotherPersonIsRefused(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner, other := i.Enrol("owner@shop.test", staff.Owner), i.Enrol("second@shop.test", staff.Owner)
	name := owner.Get("/admin/staff/invite").Attr("input[name=owner]", "value")
	if name == "" {
		t.Fatal("the form names no owner")
	}
	form := url.Values{"email": {"x@shop.test"}, "role": {"owner"}, "owner": {name}}
	other.Post("/admin/staff/invite", form).Want(http.StatusForbidden)
	page := owner.Send(webtest.Request{Method: http.MethodPost, Path: "/admin/staff/invite", Body: form.Encode(),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}})
	page.Want(http.StatusForbidden)
	if members, err := i.App.Operator().Staff(t.Context(), "main"); err != nil || len(members) != 2 {
		t.Errorf("%d members, %v", len(members), err)
	}
}

// TestStaffSessionsEnd checks the idle and the absolute end of a session.
func TestStaffSessionsEnd(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	i.Clock.Move(8*time.Hour - time.Minute)
	owner.Get("/admin")
	if owner.Page.URL.Path != "/admin" {
		t.Fatalf("before the idle end: %s", owner.Page.URL)
	}
	i.Clock.Move(4*time.Hour + time.Minute)
	if owner.Get("/admin").URL.Path != "/admin/sign-in" {
		t.Errorf("after 12 hours: %s", owner.Page.URL)
	}
	owner.SignIn()
	i.Clock.Move(8 * time.Hour)
	if owner.Get("/admin").URL.Path != "/admin/sign-in" {
		t.Errorf("after 8 idle hours: %s", owner.Page.URL)
	}
}
