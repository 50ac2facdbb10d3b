package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
)

// signInAs signs a person of the staff in as the customer whom a search finds, to "read" or to "write", and
// returns the path of the customer's page.
func signInAs(b *webtest.Employee, search, mode string) string {
	path := open(b, search)
	b.Follow(`main a[href$="/sign-in-as"]`).Want(http.StatusOK)
	form := typed{"reason": "help", "text": "ticket 7"}
	if b.Page.Has("[name=mode]") { // only for a role that may change the customer
		form["mode"] = mode
	}
	b.Submit("main form", form).Want(http.StatusOK)
	return path
}

// TestAVisitOnlyViewsUnlessChosenOtherwise checks the two ways to sign in as a customer, each with what it allows.
func TestAVisitOnlyViewsUnlessChosenOtherwise(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	open(b, "cermak")
	page := b.Follow(`main a[href$="/sign-in-as"]`).Want(http.StatusOK)
	picks := page.Texts(".pick")
	if len(picks) != 2 || !strings.Contains(picks[0], "Nothing can be changed.") || !strings.Contains(picks[1], "You can change the profile") ||
		page.Attr("[name=mode][checked]", "value") != "read" {
		t.Errorf("the choice is %q", picks)
	}
	page = b.Submit("main form", typed{"mode": "write"}).Want(http.StatusUnprocessableEntity)
	if page.Attr("[name=mode][checked]", "value") != "write" {
		t.Error("a refusal forgets the choice")
	}
}

func TestStaffSignInAsTheCustomer(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	path := open(b, "cermak")
	b.Follow(`main a[href$="/sign-in-as"]`).Want(http.StatusOK)
	b.Submit("main form", typed{"reason": ""}).Want(http.StatusUnprocessableEntity)
	b.Submit("main form", typed{"reason": "other", "text": " "}).Want(http.StatusUnprocessableEntity)
	page := b.Submit("main form", typed{"reason": "help", "text": "ticket 7"}).Want(http.StatusOK)
	if page.URL.Path != "/orders" || !strings.Contains(page.Text("main"), "2024-0001") {
		t.Fatalf("the sign-in leads to %s: %s", page.URL, page.Text("main"))
	}
	banner := page.Text(".as-banner")
	if !strings.Contains(banner, "Jan Čermák") || !strings.Contains(banner, "10:30") && !strings.Contains(banner, "9:30") {
		t.Errorf("the banner says %q", banner)
	}
	if short := page.Text(".as-banner .as-short"); short != "Jako Jan Čermák" {
		t.Errorf("where there is little room, the banner says %q", short)
	}
	b.Submit(".as-banner form", nil).Want(http.StatusOK)
	if b.Page.URL.Path != path || !strings.Contains(b.Page.Text(".flash"), "no longer signed in") {
		t.Errorf("the end leads to %s: %s", b.Page.URL, b.Page.Text(".flash"))
	}
	if page := b.Get("/orders"); page.URL.Path != "/sign-in" {
		t.Errorf("after the end, /orders leads to %s", page.URL)
	}
	i.Work()
	if text := b.Get(path).Text("#timeline"); !strings.Contains(text, "Signed in as the customer") || !strings.Contains(text, "ticket 7") {
		t.Errorf("the timeline says %s", text)
	}
}

// TestRoutesOpenToStaffAsTheCustomer tries every customers' and every public route as somebody of the staff who
// is signed in as the customer. A new route is closed.
func TestRoutesOpenToStaffAsTheCustomer(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	_, _, site := newCountingSite(t) // for its table of routes
	i.Clock.Move(time.Second)
	manager := i.Enrol("manager@shop.test", staff.Manager)
	open := mayOpenAsCustomer()
	signInAs(b, "cermak", "read")
	signInAs(manager, "cermak", "write")
	for _, route := range site.Routes() {
		if gate.IsAdminPath(route.Path) || route.Class != gate.Customer && route.Class != gate.StepUp && route.Class != gate.Public {
			continue
		}
		name := route.Method + " " + route.Path
		for mode, person := range map[string]*webtest.Employee{"read": b, "write": manager} {
			page := person.Send(webtest.Request{Method: route.Method, Path: fill(route.Path),
				Header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
			allowed := open[name] == mode || open[name] == "read"
			if denied := page.Status == http.StatusForbidden; denied == allowed || page.Status >= 500 {
				t.Errorf("%s to %s: %d", name, mode, page.Status)
			}
			if page.Status == http.StatusForbidden && !page.Has(".as-banner form") {
				t.Errorf("%s to %s: the refusal has no banner", name, mode)
			}
			if text := page.Text(".cures"); page.Status == http.StatusForbidden && strings.Contains(text, "your orders") {
				t.Errorf("%s to %s: the refusal offers staff orders of their own: %s", name, mode, text)
			}
		}
		delete(open, name)
	}
	for name := range open {
		t.Errorf("there is no route %s", name)
	}
}

// mayOpenAsCustomer is the table of the customers' routes for staff who are signed in as the customer: "read"
// for all of them, "write" for those who may change the customer. A new route is in neither column.
func mayOpenAsCustomer() map[string]string {
	return map[string]string{
		"GET /":                       "read",
		"GET /api/v1/docs":            "read",
		"GET /orders":                 "read",
		"GET /orders/:number":         "read",
		"GET /orders/:number/message": "read",
		"GET /orders/:number/returns/:id/photos/:photo":         "read",
		"GET /orders/:number/returns/:id/photos/:photo/preview": "read",
		"GET /addresses":              "read",
		"GET /company":                "read",
		"GET /profile":                "read",
		"GET /addresses/new":          "write",
		"POST /addresses/new":         "write",
		"GET /addresses/:id":          "write",
		"POST /addresses/:id":         "write",
		"POST /addresses/:id/delete":  "write",
		"POST /addresses/:id/undo":    "write",
		"POST /addresses/:id/default": "write",
		"POST /company":               "write",
		"POST /profile":               "write",
	}
}
