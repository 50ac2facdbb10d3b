package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// people are the customers of the tests, with an order each.
func people(t *testing.T) (*webtest.Installation, *webtest.Employee) {
	t.Helper()
	i := webtest.Portal(t)
	key := i.Key("main")
	put := func(id, body string) { i.Put(key, "/api/v1/customers/"+id, body) }
	put("1", `{"email":"jan.cermak@example.com","first_name":"Jan","last_name":"Čermák","phone":"+420777888999","updated_at":"2026-01-01T10:00:00Z","language":"cs",
		"company":{"name":"Łąka s. r. o.","country":"CZ","registration_number":"00123456"}}`)
	put("2", `{"email":"eva@example.com","first_name":"Eva","last_name":"Abrahámová","updated_at":"2026-01-01T10:00:00Z","language":"sk",
		"consents":{"newsletter":{"status":"given","at":"2026-01-01T10:00:00Z","source":"checkout"}}}`)
	put("3", `{"email":"x@example.com","first_name":"`+strings.Repeat("Ž", 100)+`","last_name":"محمد","updated_at":"2026-01-01T10:00:00Z"}`)
	for n, email := range map[string]string{"2024-0001": "jan.cermak@example.com", "2024-0002": "adam@example.com"} {
		placed := i.Clock.Now().Add(-time.Hour).Format(time.RFC3339)
		i.Put(key, "/api/v1/orders/"+n, fmt.Sprintf(`{"number":%q,"email":%q,"placed_at":%q,"updated_at":%[3]q,
			"currency":"EUR","payment":"paid","fulfillment":"delivered","total":"12.50","lines":[{"name":"Book","quantity":"1","total":"12.50"}]}`, n, email, placed)).Want(http.StatusCreated)
	}
	i.Clock.Move(order.StandardCountDelay)
	if _, err := i.App.Worker().RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	return i, i.Enrol("support@shop.test", staff.Support)
}

// listed returns the emails in the list at a path.
func listed(b *webtest.Employee, path string) []string {
	page := b.Get(path).Want(http.StatusOK)
	var emails []string
	for _, email := range []string{"jan.cermak@example.com", "eva@example.com", "x@example.com", "adam@example.com"} {
		if strings.Contains(page.Text("main table"), email) {
			emails = append(emails, email)
		}
	}
	return emails
}

func TestStaffFindACustomer(t *testing.T) {
	t.Parallel()
	_, b := people(t)
	const jan, eva = "jan.cermak@example.com", "eva@example.com"
	for text, want := range map[string]string{
		"cermak": jan, "ČERMÁK": jan, "jan cermak": jan, "cermak jan": jan, "+420 777 888 999": jan, "777888999": jan,
		"0777888999": jan, "00420777888999": jan, "jan.cer": jan, "cermak@exam": jan, jan: jan, "JAN.CERMAK@example.com": jan,
		"2024-0001": jan, "laka": jan, "00123456": jan, "abraham": eva, "2": eva, "محمد": "x@example.com",
	} {
		if got := listed(b, "/admin/customers?search="+url.QueryEscape(text)); !slices.Equal(got, []string{want}) {
			t.Errorf("%q finds %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"novak", "$ne", "' OR 1=1", "<script>", "\x00", strings.Repeat("a ", 500), "😀", "main/x", "../q"} {
		page := b.Get("/admin/customers?search=" + url.QueryEscape(text)).Want(http.StatusOK)
		if strings.Contains(page.Body, "<script>'") || page.Text("main table") != "" {
			t.Errorf("%q finds %s", text, page.Text("main table"))
		}
	}
}

func TestTheListHasFourOrdersAndFilters(t *testing.T) {
	t.Parallel()
	_, b := people(t)
	for path, want := range map[string][]string{
		"?":                                        {"jan.cermak@example.com", "eva@example.com", "x@example.com", "adam@example.com"},
		"?status=guest":                            {"adam@example.com"},
		"?newsletter=given":                        {"eva@example.com"},
		"?country=CZ&company=yes":                  {"jan.cermak@example.com"},
		"?orders_min=1&spent_max=12,50":            {"jan.cermak@example.com", "adam@example.com"},
		"?orders_min=1&search=cermak":              {"jan.cermak@example.com"},
		"?language=sk&sort=name":                   {"eva@example.com"},
		"?sort=visited&registered_from=2020-01-01": {"jan.cermak@example.com", "eva@example.com", "x@example.com", "adam@example.com"},
	} {
		if got := listed(b, "/admin/customers"+path); !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", path, got, want)
		}
	}
	page := b.Get("/admin/customers?sort=name").Want(http.StatusOK)
	if text := page.Text("main tbody"); strings.Index(text, "Abrah") > strings.Index(text, "Čermák") {
		t.Errorf("by name: %s", text)
	}
	page = b.Get("/admin/customers?country=CZ&newsletter=given").Want(http.StatusOK)
	if paths := page.Attrs("main .chips .button", "href"); !slices.Equal(paths, []string{
		"/admin/customers?newsletter=given", "/admin/customers?country=CZ"}) {
		t.Errorf("to loosen are %v", paths)
	}
	for _, path := range []string{"?sort=x", "?status=x", "?orders_min=-1", "?cursor=x", "?registered_from=2026-13-01"} {
		b.Get("/admin/customers" + path).Want(http.StatusUnprocessableEntity)
	}
	b.Get("/admin/customers?unknown=1").Want(http.StatusOK)
}

func TestACustomersPageShowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	b.Get("/admin/customers?search=cermak")
	page := b.Follow("main tbody a").Want(http.StatusOK)
	text := page.Text("main")
	for _, want := range []string{"Jan Čermák", "jan.cermak@example.com", "Łąka s. r. o.", "00123456", "2024-0001", "12.50", "Registered"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q: %s", want, text)
		}
	}
	path := page.URL.Path
	for _, other := range []string{path + "x", "/admin/customers/main%2F1", "/admin/customers/%00"} {
		if got := b.Get(other); got.Status != http.StatusNotFound {
			t.Errorf("%s: %d", other, got.Status)
		}
	}
	b.Get(path + "?cursor=x").Want(http.StatusUnprocessableEntity)
	viewer := i.Enrol("viewer@shop.test", staff.Viewer)
	viewer.Get(path).Want(http.StatusOK)
	stranger := i.Browser()
	if got := stranger.Get(path); got.URL.Path != "/admin/sign-in" {
		t.Errorf("a stranger is at %s", got.URL)
	}
	i.Clock.Move(time.Second)
}
