package api_test

import (
	"strings"
	"testing"

	"postern/portal/web/webtest"
)

// TestForceReplacesNewerContent checks that a wrong future date can be repaired and that the log says who
// did it and what was replaced.
func TestForceReplacesNewerContent(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	const future = "2036-01-01T00:00:00Z"
	customer := func(at string) string { return `{"email":"jan@shop.test","updated_at":"` + at + `"}` }
	for path, body := range map[string]func(at string) string{
		"/api/v1/orders/1":    func(at string) string { return order(at, "1.00") },
		"/api/v1/customers/7": customer,
	} {
		i.Put(key, path+"?force=true", body(future)).Want(201)
		if page := i.Put(key, path, body(morning)).Want(200); !strings.Contains(page.Body, `"stale"`) {
			t.Fatalf("%s unforced: %s", path, page.Body)
		}
		page := i.Put(key, path+"?force=true", body(morning)).Want(200)
		if !strings.Contains(page.Body, `"updated"`) {
			t.Errorf("%s forced: %s", path, page.Body)
		}
		if log := i.LogOf(page); !strings.Contains(log, "replaced by force") || !strings.Contains(log,
			`"replaced":"`+future) {
			t.Errorf("%s is logged as %s", path, log)
		}
		if page := i.Put(key, path, body(morning)).Want(200); !strings.Contains(page.Body, `"unchanged"`) {
			t.Errorf("%s once more: %s", path, page.Body)
		}
	}
}

// TestSameCustomerIsUnchanged checks that sending the same customer again writes nothing, so that the time
// of the last change stays.
func TestSameCustomerIsUnchanged(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	const path = "/api/v1/customers/7"
	body := `{"email":"jan@shop.test","first_name":"Jan","company":{"name":"Fern"},"addresses":[{"last_name":"N","city":"Brno","country":"CZ","default_billing":true},
{"id":"x","last_name":"N","city":"Zlín","country":"CZ"}],"updated_at":"` + morning + `"}`
	i.Put(key, path, body).Want(201)
	read := func() string {
		return i.Browser().Send(webtest.Request{Method: "GET", Path: path,
			Header: map[string]string{"Authorization": "Bearer " + key}}).Want(200).Body
	}
	before := read()
	i.Clock.Move(3600e9)
	if page := i.Put(key, path, body).Want(200); !strings.Contains(page.Body, `"unchanged"`) ||
		read() != before {
		t.Errorf("%s; %s, before %s", page.Body, read(), before)
	}
	if page := i.Put(key, path, strings.Replace(body, "Brno", "Praha",
		1)).Want(200); !strings.Contains(page.Body, `"updated"`) || read() == before {
		t.Errorf("another city: %s", page.Body)
	}
}

// TestRefusalIsLoggedWithItsCode checks that the request's log line says what was wrong.
func TestRefusalIsLoggedWithItsCode(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	log := i.LogOf(i.Put(key, "/api/v1/customers/7", `{"email":"no","updated_at":"`+morning+`"}`).Want(422))
	for _, want := range []string{`"level":"INFO"`, `"code":"error.invalid"`, `"pointer":"/email"`,
		`"fault":"email.form"`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in %s", want, log)
		}
	}
	if log := i.LogOf(i.Browser().Get("/no/such/page").Want(404)); !strings.Contains(log,
		`"code":"error.not_found"`) {
		t.Errorf("a page: %s", log)
	}
}
