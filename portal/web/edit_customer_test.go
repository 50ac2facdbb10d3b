package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// openEdit opens the form with Jan Čermák's data.
func openEdit(b *webtest.Employee) {
	b.Get("/admin/customers?search=cermak")
	b.Follow("main tbody a").Want(http.StatusOK)
	b.Follow("main .heading a").Want(http.StatusOK)
}

type typed = map[string]string

func TestStaffEditACustomerAndUndoIt(t *testing.T) {
	t.Parallel()
	_, b := people(t)
	openEdit(b)
	page := b.Submit("main form", typed{"first_name": "Ján", "tags": "VIP, slow  payer",
		"tax_exempt.reason": "Diplomat"}).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "Ján Čermák") || !strings.Contains(text, "slow payer") {
		t.Errorf("after saving: %s", text)
	}
	act := page.Attr(".flash [name=act]", "value")
	page = b.Submit(".flash form", nil).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "Jan Čermák") || strings.Contains(text, "slow payer") {
		t.Errorf("after undoing: %s", text)
	}
	b.Post(page.URL.Path+"/undo", url.Values{"act": {act}}).Want(http.StatusConflict)
}

func TestTwoPeopleEditOneCustomer(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	other := i.Enrol("manager@shop.test", staff.Manager)
	openEdit(b)
	openEdit(other)
	other.Submit("main form", typed{"first_name": "Honza", "tags": "vip"}).Want(http.StatusOK)
	page := b.Submit("main form", typed{"last_name": "Čermáková", "tags": "slow"}).Want(http.StatusOK)
	if text := page.Text("main .heading"); !strings.Contains(text, "Honza Čermáková") || !strings.Contains(text, "vip") ||
		!strings.Contains(text, "slow") {
		t.Errorf("different fields are not merged: %s", text)
	}
	openEdit(b)
	openEdit(other)
	other.Submit("main form", typed{"first_name": "Johann"}).Want(http.StatusOK)
	page = b.Submit("main form", typed{"first_name": "Jean", "phone": "+420 777 111 222"}).Want(http.StatusConflict)
	if text := page.Text("main form"); !strings.Contains(text, "Johann") || page.Attr("[name=first_name]", "value") != "Jean" {
		t.Errorf("the two values are not shown side by side: %s", text)
	}
	page = b.Submit("main form", nil).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "Jean") || !strings.Contains(text, "777 111 222") {
		t.Errorf("saved again: %s", text)
	}
}

func TestEditRefusesWhatIsWrongAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	openEdit(b)
	page := b.Submit("main form", typed{"birth_date": "2999-01-01", "phone": "123", "company.vat_id": "CZ1",
		"tax_exempt.certificate": "C-1", "first_name": strings.Repeat("ž", 600)}).Want(http.StatusUnprocessableEntity)
	if links := page.Attrs(".field-errors a", "href"); len(links) != 5 {
		t.Errorf("the summary has %v: %s", links, page.Text(".field-errors"))
	}
	if page.Attr("[name=phone]", "value") != "123" {
		t.Error("what was typed is lost")
	}
	openEdit(b)
	b.Submit("main form", typed{"first_name": "  \u202eأحمد 👩‍👩‍👧 e\u0301  "}).Want(http.StatusOK)
	viewer := i.Enrol("viewer@shop.test", staff.Viewer)
	path := b.Page.URL.Path
	viewer.Get(path).Want(http.StatusOK)
	viewer.Get(path + "/edit").Want(http.StatusForbidden)
	viewer.Post(path+"/undo", url.Values{"act": {"x"}}).Want(http.StatusForbidden)
	b.Post(path+"/undo", url.Values{"act": {"x"}}).Want(http.StatusNotFound)
}
