package demo

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/secret/secrettest"
	"postern/portal/web/webtest"
	"postern/storage/sqlite"
)

// accountPage is a page of a customer's account and the words it must show, in a field or in the text.
type accountPage struct {
	path string
	want []string
}

// TestAccounts signs in as the customers with data in their accounts and checks that it is shown.
func TestAccounts(t *testing.T) {
	t.Parallel()
	for email, pages := range map[string][]accountPage{
		"jana.kovacova@zakaznik.example": {
			{"/profile", []string{"1987-04-12", "+421 905 123 456"}},
			{"/privacy", []string{"Hájenka mi smie posielať newsletter",
				"Hájenka mi smie posielať ponuky partnerov", "odvolali"}},
		},
		"uctaren@zlatyklas.example": {{"/company",
			[]string{"SK1234567895", "Systém VIES", "patrí subjektu Pekáreň Zlatý klas, s. r. o."}}},
		"einkauf@waldholz.example": {{"/company", []string{"DE123456788", "(VIES) isn’t responding"}}},
		"biuro@lesnapolana.example": {{"/company",
			[]string{"PL1234563218", "Not found in the EU VAT register"}}},
		"odstupuje@zakaznik.example": {
			{"/orders/HJ-1500001", []string{"The withdrawal period ended"}},
			{"/orders/HJ-1500002", []string{"You bought this as a business"}},
			{"/orders/HJ-1500003", []string{"You can withdraw from the contract until",
				"made to order or personalised", "Withdraw from contract here"}},
			{"/orders/HJ-1500004", []string{"The right of withdrawal doesn’t apply to these items"}},
			{"/orders/HJ-1500005", []string{"You can withdraw from the contract until",
				"Withdraw from contract here"}},
			{"/orders/HJ-1500006", []string{"Your withdrawal from this contract was received"}},
			{"/security", []string{"Firefox, Windows"}},
		},
		"eva.vydata@zakaznik.example": {{"/profile", []string{"eva.vydata@zakaznik.example"}},
			{"/security", []string{"Firefox, Windows"}}},
		"milan.odchadza@zakaznik.example": {{"/privacy", []string{"will be deleted", "Keep"}}},
	} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			d := visitShared(t)
			d.signIn(email)
			for _, p := range pages {
				page := d.browser.Get(p.path).Want(http.StatusOK)
				seen := page.Text("main") + strings.Join(page.Attrs("main input", "value"), " ")
				for _, want := range p.want {
					if !strings.Contains(seen, want) {
						t.Errorf("%s lacks %q: %s", p.path, want, seen)
					}
				}
			}
		})
	}
}

// TestRecords reads through the API what the pages do not show: the evidence for a VAT ID and the
// statement of withdrawal.
func TestRecords(t *testing.T) {
	t.Parallel()
	d := visitShared(t)
	for email, want := range map[string]struct {
		status  customer.VATStatus
		consult string
	}{
		"uctaren@zlatyklas.example":  {customer.VATValid, "DEMO1234567895"},
		"einkauf@alpenblick.example": {customer.VATValid, "DEMOU12345675"},
		"einkauf@waldholz.example":   {customer.VATUnknown, ""},
		"biuro@lesnapolana.example":  {customer.VATInvalid, "DEMO1234563218"},
	} {
		var record struct {
			Status customer.VATStatus `json:"vat_status"`
			Check  customer.VATAnswer `json:"vat_check"`
		}
		d.read("/api/v1/customers/by-email/"+email, &record)
		if record.Status != want.status || record.Check.Consultation != want.consult {
			t.Errorf("%s: %+v", email, record)
		}
	}
	var sent struct {
		Withdrawals []struct {
			Number string `json:"number"`
			InTime bool   `json:"in_time"`
		} `json:"withdrawals"`
	}
	d.read("/api/v1/withdrawals", &sent)
	if len(sent.Withdrawals) != 1 || sent.Withdrawals[0].Number != "HJ-1500006" ||
		!sent.Withdrawals[0].InTime {
		t.Errorf("statements: %+v", sent)
	}
}

// TestLetters checks the emails from the days before, the only ones a newcomer sees, and the hint whom
// to sign in as.
func TestLetters(t *testing.T) {
	t.Parallel()
	d := visitShared(t)
	page := d.browser.Get("/demo/mailbox").Want(http.StatusOK)
	early := d.early()
	if len(early) < 8 || len(early) > 9 {
		t.Errorf("%d mails in the beginning: %s", len(early), page.Text("main ul"))
	}
	for _, m := range early {
		if !page.Has(fmt.Sprintf(`main li a[href="/demo/mailbox/%s"]`, m.ID)) {
			t.Errorf("the page lacks mail %s", m.ID)
		}
	}
	if !strings.Contains(page.Text("main"), People()[0].Email) {
		t.Error("the mailbox does not say whom to sign in as")
	}
	for to, want := range map[string][]string{
		"eva.slobodna@zakaznik.example":   {d.Base + "/sign-in/undo-email/"},
		"milan.odchadza@zakaznik.example": {d.Base + "/privacy"},
		"odstupuje@zakaznik.example":      {"received this withdrawal", "HJ-1500005", "Martina"},
		"pomoc@hajenka.example":           {"Where may I send", "a size too small", "HJ-1500006"},
	} {
		mails := slices.DeleteFunc(d.early(), func(m Mail) bool { return m.To != to })
		all := ""
		for _, m := range mails {
			all += m.Text
		}
		if len(mails) != len(want) || slices.ContainsFunc(want,
			func(text string) bool { return !strings.Contains(all, text) }) {
			t.Errorf("%d mails to %s: %s", len(mails), to, all)
		}
	}
	text := d.mailed("eva.slobodna@zakaznik.example")[0].Text
	_, token, _ := strings.Cut(text, "/sign-in/undo-email/")
	undo := d.browser.Get("/sign-in/undo-email/" + strings.Fields(token)[0]).Want(http.StatusOK)
	if !undo.Has("form[data-sign-in] button") {
		t.Errorf("the change cannot be undone: %s", undo.Text("main"))
	}
}

// TestNewcomer signs in with a new address. That creates an account, which is asked for a name; the
// shop's own customers are not.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	d := visitShared(t)
	d.enter("niekto@inde.example")
	if page := d.browser.Page; page.URL.Path != "/profile" || !page.Has("#f-first_name[required]") {
		t.Errorf("the new account is led to %s: %s", page.URL, page.Text("main"))
	}
}

// TestErasedCustomerStaysErased starts the demo on an earlier demo's store in which a customer has since been
// erased.
func TestErasedCustomerStaysErased(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	runIn(t, dir).end(t)
	engine, err := sqlite.OpenUnsynced(t.Context(), dir, portal.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(8 * day)
	for range 2 { // an erasure has two halves
		app := portal.New(engine, secrettest.Ring(), portal.WithClock(func() time.Time { return later }))
		if err := drain(t.Context(), app.Worker()); err != nil {
			t.Fatal(err)
		}
		later = later.Add(2 * time.Minute)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	r := runIn(t, dir)
	t.Cleanup(func() { r.end(t) })
	d := r.visit(t)
	page := d.browser.Send(webtest.Request{
		Path:   "/api/v1/customers/by-email/milan.odchadza@zakaznik.example",
		Header: map[string]string{"Authorization": "Bearer " + d.Key},
	})
	page.Want(http.StatusNotFound)
	if mails := d.mailed("milan.odchadza@zakaznik.example"); len(mails) != 0 {
		t.Errorf("what was done before is done again: %+v", mails)
	}
	d.signIn("eva.vydata@zakaznik.example")
}

// TestPeople signs in as each customer, opens one of their orders, and checks the number of orders.
func TestPeople(t *testing.T) {
	t.Parallel()
	for _, p := range People() {
		t.Run(p.Email, func(t *testing.T) {
			t.Parallel()
			d := visitShared(t)
			d.signIn(p.Email)
			if p.orders == 0 {
				return
			}
			if text := d.browser.Page.Text(".heading"); !strings.Contains(text, fmt.Sprint(p.orders)) {
				t.Errorf("not %d orders: %q", p.orders, text)
			}
			d.browser.Follow("a.order").Want(http.StatusOK)
		})
	}
}
