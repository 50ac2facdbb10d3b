package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/cmd/portal/demo"
	"postern/portal/customer"
	"postern/portal/web/webtest"
)

// demoVisit is a running demo with a browser.
type demoVisit struct {
	*running
	base, key string
	browser   *webtest.Browser
}

func startDemo(t *testing.T, args ...string) *demoVisit {
	t.Helper()
	d := &demoVisit{running: start(t, nil, append([]string{"demo", "--addr", "127.0.0.1:0"}, args...)...)}
	d.base = d.wait("The demo portal is at ")
	d.key = d.wait("API key:  ")
	d.browser = webtest.NewBrowser(t, d.base, nil)
	return d
}

// newest waits for an email with a sign-in link to an address and returns the newest.
func (d *demoVisit) newest(to string) demo.Mail {
	d.t.Helper()
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	deadline := time.After(patience)
	for {
		var mails []demo.Mail
		if err := json.Unmarshal([]byte(d.browser.Get("/demo/mailbox.json").Want(http.StatusOK).Body),
			&mails); err != nil {
			d.t.Fatal(err)
		}
		if i := slices.IndexFunc(mails,
			func(m demo.Mail) bool { return m.To == to && m.Link() != "" }); i >= 0 {
			return mails[i]
		}
		select {
		case <-beat.C:
		case <-deadline:
			d.t.Fatalf("no mail to %s", to)
		}
	}
}

// signIn signs a customer in and checks that the orders are shown first.
func (d *demoVisit) signIn(email string) {
	d.t.Helper()
	if d.enter(email); d.browser.Page.URL.Path != "/orders" {
		d.t.Fatalf("signing in leads to %s: %.300s", d.browser.Page.URL, d.browser.Page.Body)
	}
}

// enter signs in as a newcomer does: it requests a link, opens the mailbox and follows the email.
func (d *demoVisit) enter(email string) {
	d.t.Helper()
	b := d.browser
	b.Get("/sign-in").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"email": email}).Want(http.StatusOK)
	m := d.newest(email)
	if !strings.HasPrefix(m.Link(), d.base+"/sign-in/link/") || !strings.Contains(m.HTML, m.Link()) {
		d.t.Fatalf("no link in the mail:\n%s", m.Text)
	}
	b.Get("/demo/mailbox").Want(http.StatusOK)
	b.Follow(fmt.Sprintf(`li a[href="/demo/mailbox/%s"]`, m.ID)).Want(http.StatusOK)
	b.Follow("a.button").Want(http.StatusOK)
	b.Submit("main form", nil).Want(http.StatusOK)
}

// TestDemo is a newcomer's first visit, over HTTP alone, until the largest customer is loaded.
func TestDemo(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	b := d.browser
	const email = "jana.kovacova@zakaznik.example"
	for _, p := range demo.People() {
		if !strings.Contains(d.said(), p.Email) {
			t.Errorf("%s is not printed", p.Email)
		}
	}
	d.signIn(email)

	year := time.Now().AddDate(-1, 0, 0).Year()
	b.Get(fmt.Sprintf("/orders?period=custom&from=%d-01-01&to=%d-12-31", year, year)).Want(http.StatusOK)
	rows := b.Page.Attrs("a.order", "href")
	if len(rows) < 5 {
		t.Fatalf("%d orders in %d", len(rows), year)
	}
	for _, date := range b.Page.Texts(".order-head") {
		if !strings.Contains(date, fmt.Sprint(year)) {
			t.Errorf("not of %d: %s", year, date)
		}
	}
	b.Follow("a.order").Want(http.StatusOK)
	if number := strings.TrimPrefix(rows[0], "/orders/"); !strings.Contains(b.Page.Text("main"),
		strings.SplitN(number, "?", 2)[0]) {
		t.Errorf("the page of order %s does not name it", number)
	}
	d.checkPictures()
	d.editAddress()
	d.saveVATID()
	d.readBack(email)

	b.Get("/orders")
	b.Submit(`form[action="/sign-out"]`, nil).Want(http.StatusOK)
	if b.Get("/orders").Want(http.StatusOK); b.Page.URL.Path != "/sign-in" {
		t.Errorf("after signing out the orders are at %s", b.Page.URL)
	}
	if os.Getenv("PORTAL_TEST_REQUIRE") != "" { // loading them takes most of a minute
		d.wait("All 10,000 orders are loaded")
		d.signIn("nakup@velkosklad.example")
		b.Get("/orders?search=HJ-0210000").Want(http.StatusOK)
		if rows := b.Page.Attrs("a.order", "href"); len(rows) != 1 {
			t.Errorf("the last of the 10,000 is found %d times", len(rows))
		}
	}
	if status := d.end(); status != exitOK {
		t.Errorf("status %d:\n%s", status, d.said())
	}
}

func (d *demoVisit) checkPictures() {
	d.t.Helper()
	pictures := d.browser.Page.Attrs("main img", "src")
	if len(pictures) == 0 {
		d.t.Error("the order shows no picture")
	}
	for _, picture := range pictures {
		page := d.browser.Get(picture).Want(http.StatusOK)
		if kind := page.Header.Get("Content-Type"); kind != "image/png" ||
			!strings.HasPrefix(page.Body, "\x89PNG") {
			d.t.Errorf("%s is %s", picture, kind)
		}
	}
}

func (d *demoVisit) editAddress() {
	d.t.Helper()
	d.browser.Get("/addresses").Want(http.StatusOK)
	d.browser.Follow(".card .links a").Want(http.StatusOK)
	d.browser.Submit("main form", map[string]string{"line1": "Mlynská 1/A"}).Want(http.StatusOK)
	if d.browser.Page.URL.Path != "/addresses" || !strings.Contains(d.browser.Page.Text("main"),
		"Mlynská 1/A") {
		d.t.Errorf("the address is not saved: %s", d.browser.Page.Text("main"))
	}
}

func (d *demoVisit) saveVATID() {
	d.t.Helper()
	d.browser.Get("/company").Want(http.StatusOK)
	d.browser.Submit("main form", map[string]string{"name": "Jana Kováčová - ATELIÉR", "country": "SK",
		"vat_id": "SK1234567896"})
	d.browser.Page.Want(http.StatusUnprocessableEntity)
	d.browser.Submit("main form", map[string]string{"vat_id": "sk 1234567895"}).Want(http.StatusOK)
}

// readBack reads the customer with the printed key.
func (d *demoVisit) readBack(email string) {
	d.t.Helper()
	page := d.browser.Send(webtest.Request{Path: "/api/v1/customers/by-email/" + email,
		Header: map[string]string{"Authorization": "Bearer " + d.key}})
	var record struct {
		ID        string           `json:"customer_id"`
		Company   customer.Company `json:"company"`
		Addresses []struct {
			Line1           string `json:"line1"`
			DefaultShipping bool   `json:"default_shipping"`
		} `json:"addresses"`
	}
	if err := json.Unmarshal([]byte(page.Want(http.StatusOK).Body), &record); err != nil {
		d.t.Fatal(err)
	}
	if record.ID != "c-1001" || record.Company.VATID != "SK1234567895" ||
		record.Company.Name != "Jana Kováčová - ATELIÉR" {
		d.t.Errorf("read back: %s", page.Body)
	}
	if len(record.Addresses) != 2 || record.Addresses[0].Line1 != "Mlynská 1/A" ||
		!record.Addresses[0].DefaultShipping {
		d.t.Errorf("addresses read back: %+v", record.Addresses)
	}
}

// TestDemoKeepsItsStore runs the demo twice on one directory: changes from the first run are kept, although
// the address differs.
func TestDemoKeepsItsStore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	first := startDemo(t, "--store", dir)
	first.signIn("jana.kovacova@zakaznik.example")
	first.editAddress()
	first.end()
	second := startDemo(t, "--store", dir)
	second.signIn("jana.kovacova@zakaznik.example")
	second.browser.Get("/addresses")
	if text := second.browser.Page.Text("main"); !strings.Contains(text, "Mlynská 1/A") {
		t.Errorf("lost: %s", text)
	}
	second.browser.Get("/orders")
	second.checkPictures()
}

func TestDemoLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	call(t, nil, "demo", "--addr", "127.0.0.1:0", "--store", dir).want(t, exitFailure, `"main"`,
		"its own directory")
	call(t, nil, "shop", "list", "--store", dir).want(t, exitOK, "Bookshop")
	env := map[string]string{"PORTAL_STORE": dir, "PORTAL_ADDR": "127.0.0.1:0"}
	kept := start(t, env, "demo") // ignores a store configured for serve
	kept.wait("The demo portal is at ")
	kept.end()
	if text := call(t, nil, "shop", "list", "--store", dir).out; strings.Contains(text, "hajenka") {
		t.Error("the demo wrote into another's store")
	}
}

func TestDemoRemovesItsStore(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	d := start(t, nil, "demo", "--addr", "127.0.0.1:0")
	d.wait("The demo portal is at ")
	entries, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("while it runs: %v, %v", entries, err)
	}
	d.end()
	if entries, err = os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
