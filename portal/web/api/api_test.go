package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
	"postern/storage"
)

// order returns an order's JSON with the given updated_at and total.
func order(updated, total string) string {
	return fmt.Sprintf(`{"email":"jan@shop.test","customer_id":"c1","placed_at":"2026-03-01T10:00:00Z","updated_at":%q,`+
		`"currency":"EUR","total":%q,"lines":[{"name":"Book","quantity":"1","total":%q}]}`,
		updated, total, total)
}

const (
	morning = "2026-03-02T08:00:00Z"
	evening = "2026-03-02T20:00:00Z"
)

type problem struct {
	Type, Title, Detail, Code, Scope, Request string
	Status                                    int
	Errors                                    []struct{ Pointer, Parameter, Code, Detail string }
}

// problemOf decodes the answer as a problem and checks its envelope.
func problemOf(t *testing.T, page *webtest.Page) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal([]byte(page.Body), &p); err != nil {
		t.Fatalf("%.300s: %v", page.Body, err)
	}
	if page.Header.Get("Content-Type") != "application/problem+json" || p.Status != page.Status ||
		p.Code == "" || p.Detail == "" || p.Detail == p.Code || p.Type != "urn:postern:error:"+p.Code ||
		p.Title != http.StatusText(page.Status) || p.Request != page.Header.Get("X-Request-Id") {
		t.Errorf("problem %+v with status %d, %s", p, page.Status, page.Header.Get("Content-Type"))
	}
	return p
}

// receipt is the answer to a PUT without its warnings.
type receipt struct{ Result, Customer, Linked_by, Stored_updated_at string }

func receiptOf(t *testing.T, page *webtest.Page) (r receipt) {
	t.Helper()
	if err := json.Unmarshal([]byte(page.Body), &r); err != nil {
		t.Fatalf("%s: %v", page.Body, err)
	}
	return r
}

func TestPutOrder(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	steps := []struct {
		name, path, body string
		status           int
		result, linkedBy string
		stored           string
	}{
		{"new", "/api/v1/orders/1001", order(morning, "10.00"), 201, "created", "email", ""},
		{"again", "/api/v1/orders/1001", order(morning, "10.00"), 200, "unchanged", "kept", ""},
		{"changed", "/api/v1/orders/1001", order(evening, "12.00"), 200, "updated", "kept", ""},
		{"older", "/api/v1/orders/1001", order(morning, "10.00"), 200, "stale", "kept", evening},
		{"a slash in the number", "/api/v1/orders/2026%2F7", order(morning, "10.00"), 201,
			"created", "email", ""},
		{"the same, lower case", "/api/v1/orders/2026%2f7", order(morning, "10.00"), 200,
			"unchanged", "kept", ""},
		{"letters and spaces", "/api/v1/orders/%C4%8C%2012+a", order(morning, "10.00"), 201,
			"created", "email", ""},
	}
	for _, step := range steps {
		page := i.Put(key, step.path, step.body).Want(step.status)
		got := receiptOf(t, page)
		if want := (receipt{step.result, got.Customer, step.linkedBy, step.stored}); got != want ||
			!storage.IsID(got.Customer) {
			t.Errorf("%s: %+v, want %+v", step.name, got, want)
		}
		line := i.LogOf(page)
		for _, want := range []string{
			`"outcome":"` + step.result + `"`, `"shop":"main"`,
			fmt.Sprintf(`"bytes":%d,`, len(page.Body)), `"took_ms":`,
		} {
			if !strings.Contains(line, want) {
				t.Errorf("%s: no %s in the log: %s", step.name, want, line)
			}
		}
	}
}

func TestPutOrderListsWarnings(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	page := i.Put(i.Key("main"), "/api/v1/orders/1",
		strings.Replace(order(morning, "1.00"), `"c1"`, `0`, 1)).Want(201)
	var got struct {
		Warnings []struct{ Pointer, Code, Detail string }
	}
	if err := json.Unmarshal([]byte(page.Body), &got); err != nil {
		t.Fatal(err)
	}
	if w := got.Warnings; len(w) != 1 || w[0].Pointer != "/customer_id" ||
		w[0].Code != "customer_id.nobody_dropped" || w[0].Detail == "" {
		t.Errorf("warnings %+v", w)
	}
}

func TestCustomers(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	const body = `{"email":"Jan+shop@Shop.test","first_name":"Jan","last_name":"Novák","updated_at":"` +
		morning + `"}`
	made := receiptOf(t, i.Put(key, "/api/v1/customers/a%2F7", body).Want(201))
	if want := (receipt{"created", made.Customer, "", ""}); made != want || !storage.IsID(made.Customer) {
		t.Errorf("put: %+v", made)
	}
	older := strings.Replace(body, morning, "2026-03-01T08:00:00Z", 1)
	if got := receiptOf(t, i.Put(key, "/api/v1/customers/a%2F7", older).Want(200)); got != (receipt{"stale",
		made.Customer, "", morning}) {
		t.Errorf("an older one: %+v", got)
	}
	read := func(path string) *webtest.Page {
		return i.Browser().Send(webtest.Request{Path: path,
			Header: map[string]string{"Authorization": "bearer " + key}})
	}
	for _, path := range []string{"/api/v1/customers/a%2F7",
		"/api/v1/customers/by-email/jan%2Bshop%40shop.test"} {
		page := read(path).Want(200)
		var got map[string]any
		if err := json.Unmarshal([]byte(page.Body), &got); err != nil {
			t.Fatal(err)
		}
		want := []any{"a/7", "jan+shop@shop.test", "Novák"}
		if diff := cmp.Diff(want, []any{got["customer_id"], got["email"], got["last_name"]}); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		if got := page.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s is %s", path, got)
		}
	}
	problemOf(t, read("/api/v1/customers/nobody").Want(404))
	problemOf(t, read("/api/v1/customers/by-email/nobody%40shop.test").Want(404))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	i := newPortal(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	key, foreign := i.Key("main"), i.Key("other")
	for name, given := range map[string]string{
		"none": "", "basic": "Basic " + key, "no scheme": key, "empty": "Bearer ",
		"unknown": "Bearer postern_XYZ",
		"cut":     "Bearer " + key[:len(key)-1], "another shop's": "Bearer " + foreign,
		"more": "Bearer " + key + " x",
	} {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{"Authorization": given}
			for _, request := range []webtest.Request{
				{Method: "PUT", Path: "/api/v1/orders/1", Body: order(morning, "1.00"), Header: header},
				{Method: "PUT", Path: "/api/v1/customers/1", Body: "{}", Header: header},
				{Path: "/api/v1/customers/1", Header: header},
				{Path: "/api/v1/customers/by-email/jan%40shop.test", Header: header},
			} {
				page := i.Browser().Send(request).Want(401)
				problemOf(t, page)
				if got := page.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
					t.Errorf("WWW-Authenticate is %q", got)
				}
			}
		})
	}
	i.Put(key, "/api/v1/orders/1", order(morning, "1.00")).Want(201)
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	put := func(body string, header map[string]string) *webtest.Page {
		all := map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"}
		for name, value := range header {
			all[name] = value
		}
		return i.Browser().Send(webtest.Request{Method: "PUT", Path: "/api/v1/orders/1",
			Body: body, Header: all})
	}
	good := order(morning, "1.00")
	tests := []struct {
		name, body string
		header     map[string]string
		status     int
		pointer    string // of the first invalid field
	}{
		{"no type", good, map[string]string{"Content-Type": ""}, 415, ""},
		{"a form's type", good, map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			415, ""},
		{"text", good, map[string]string{"Content-Type": "text/plain"}, 415, ""},
		{"another charset", good, map[string]string{"Content-Type": "application/json; charset=latin1"},
			415, ""},
		{"compressed", good, map[string]string{"Content-Encoding": "gzip"}, 415, ""},
		{"UTF-8 said", good, map[string]string{"Content-Type": "application/json; charset=UTF-8"}, 201, ""},
		{"UTF-8 said as many do", good,
			map[string]string{"Content-Type": "application/json; charset=utf8"}, 200, ""},
		{"a byte order mark", "\ufeff" + good, nil, 200, ""},
		{"two byte order marks", "\ufeff\ufeff" + good, nil, 422, ""},
		{"empty", "", nil, 422, ""},
		{"not JSON", "{", nil, 422, ""},
		{"a wrong quantity", strings.Replace(good, `"quantity":"1"`, `"quantity":"one"`, 1), nil, 422,
			"/lines/0/quantity"},
		{"too large", `{"x":"` + strings.Repeat("a", 4<<20-8) + `"}`, nil, 422, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page := put(test.body, test.header).Want(test.status)
			if test.status < 400 {
				return
			}
			p := problemOf(t, page)
			if test.pointer == "" {
				return
			}
			if len(p.Errors) == 0 || p.Errors[0].Pointer != test.pointer || p.Errors[0].Code == "" {
				t.Errorf("errors %+v, want one at %s", p.Errors, test.pointer)
			}
		})
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	page := i.Browser().Send(webtest.Request{Method: "DELETE", Path: "/api/v1/customers/1"}).Want(405)
	problemOf(t, page)
	if allow := page.Header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "PUT") {
		t.Errorf("Allow is %q", allow)
	}
	problemOf(t, i.Browser().Send(webtest.Request{Path: "/api/v1/nothing"}).Want(404))
	problemOf(t, i.Browser().Send(webtest.Request{Path: "/api/v2/customers/1"}).Want(404))
}
