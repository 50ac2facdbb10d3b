package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// open leads a person to the page of the customer whom a search finds, and returns its path.
func open(b *webtest.Employee, search string) string {
	b.Get("/admin/customers?search=" + url.QueryEscape(search))
	b.Follow("main tbody a").Want(http.StatusOK)
	return b.Page.URL.Path
}

func home(city string) typed {
	return typed{"first_name": "Jan", "last_name": "Čermák", "line1": "Dlouhá 1", "postal_code": "110 00", "city": city}
}

func TestStaffKeepTheAddressesOfACustomer(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	path := open(b, "cermak")
	b.Follow(`main a[href$="/addresses/new"]`).Want(http.StatusOK)
	page := b.Submit("main form", typed{"city": "Praha"}).Want(http.StatusUnprocessableEntity)
	if page.Attr("[name=city]", "value") != "Praha" || !page.Has(".field-errors a") {
		t.Error("what was typed is lost")
	}
	b.Submit("main form", home("Praha")).Want(http.StatusOK)
	if text := b.Page.Text("main"); !strings.Contains(text, "Dlouhá 1") || !strings.Contains(text, "Delivery address · Billing address") {
		t.Errorf("after adding: %s", text)
	}
	b.Get(path + "/addresses/new")
	b.Submit("main form", home("Brno")).Want(http.StatusOK)
	other := i.Enrol("manager@shop.test", staff.Manager)
	links := b.Page.Attrs(`.card a[href*="/addresses/"]`, "href")
	b.Get(links[1]).Want(http.StatusOK)
	other.Get(links[1]).Want(http.StatusOK)
	saved := b.Submit("main form", typed{"city": "Brno-střed", "reason": "moved"}).Want(http.StatusOK)
	act := saved.Attr(".flash [name=act]", "value")
	if page := other.Submit("main form", typed{"city": "Ostrava"}).Want(http.StatusConflict); !strings.Contains(page.Text("main"), "Brno-střed") {
		t.Errorf("the two versions are not side by side: %s", page.Text("main"))
	}
	b.Submit(`form[action$="/default"]`, nil).Want(http.StatusOK)
	b.Post(path+"/undo", url.Values{"act": {act}}).Want(http.StatusOK) // the default is another field
	if text := strings.Join(b.Page.Texts("main address"), " "); strings.Contains(text, "Brno-střed") || !strings.Contains(text, "Brno") {
		t.Errorf("after undoing: %s", text)
	}
	b.Submit(`form[action$="/delete"]`, nil).Want(http.StatusOK)
	if text := strings.Join(b.Page.Texts("main address"), " "); strings.Contains(text, "Praha") {
		t.Errorf("not deleted: %s", text)
	}
	b.Submit(".flash form", nil).Want(http.StatusOK)
	if text := strings.Join(b.Page.Texts("main address"), " "); !strings.Contains(text, "Praha") {
		t.Errorf("not put back: %s", text)
	}
	customer := i.Browser()
	i.SignIn(customer, "jan.cermak@example.com")
	i.Work()
	if text := customer.Get("/privacy").Text("#activity"); !strings.Contains(text, "adresy") {
		t.Errorf("the customer reads: %s", text)
	}
	b.Get(path + "/addresses/unknown").Want(http.StatusNotFound)
}
