package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/portal/staff"
)

func TestStaffCreateACustomer(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	b.Get("/admin/customers").Want(http.StatusOK)
	b.Follow(`.heading a[href="/admin/customers/new"]`).Want(http.StatusOK)
	page := b.Submit("main form", typed{"email": "eva@example.com", "first_name": "Eva", "invite": "yes"}).
		Want(http.StatusUnprocessableEntity)
	if page.Attr("[name=first_name]", "value") != "Eva" || !page.Has("[name=invite][checked]") || !page.Has(".field-errors a") {
		t.Errorf("what was typed is lost: %s", page.Text("main form"))
	}
	if b.Follow(`.note a`).Want(http.StatusOK); !strings.Contains(b.Page.Text("main"), "eva@example.com") {
		t.Errorf("the link leads to %s", b.Page.URL)
	}
	b.Get("/admin/customers/new")
	form := b.Page
	b.Submit("main form", typed{"email": "novy@example.com", "first_name": "Nový", "invite": "yes"}).Want(http.StatusOK)
	path := b.Page.URL.Path
	if !strings.Contains(b.Page.Text("main"), "novy@example.com") {
		t.Errorf("created: %s", b.Page.Text("main"))
	}
	b.Page = form
	b.Submit("main form", typed{"email": "novy@example.com", "first_name": "Nový", "invite": "yes"}).Want(http.StatusOK)
	if b.Page.URL.Path != path {
		t.Errorf("sent twice: %s and %s", path, b.Page.URL.Path)
	}
	i.Work()
	i.Deliver()
	if sent := i.Mailbox.All("novy@example.com"); len(sent) != 1 {
		t.Errorf("%d invitations", len(sent))
	}
}

// TestStaffCreateACustomerWithEverything fills every part of the form. The fields of the address appear once
// a country is chosen, and nothing that was typed is lost.
func TestStaffCreateACustomerWithEverything(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	group := groupID(newGroup(b, "Regulars"))
	all := typed{"email": "novy@example.com", "first_name": "Nový", "last_name": "Zákazník", "tags": "vip",
		"groups." + group: "yes", "consents.newsletter.status": "given", "consents.newsletter.note": "by phone",
		"consents.newsletter.at": "2026-03-04T09:30", "address.country": "SK", "disabled": "yes", "reason": "on trial"}
	b.Get("/admin/customers/new").Want(http.StatusOK)
	if b.Page.Has(`[name="address.city"]`) {
		t.Error("there are fields of an address without a country")
	}
	with := maps.Clone(all)
	with["action"] = "country"
	page := b.Submit("main form", with).Want(http.StatusOK)
	if page.Attr(`[name="consents.newsletter.note"]`, "value") != "by phone" || !page.Has(`[name="groups.`+group+`"][checked]`) ||
		!page.Has(`[name=disabled][checked]`) {
		t.Errorf("what was typed is lost: %s", page.Body)
	}
	wrong := typed{"action": "save", "invite": "yes", "reason": "", "address.line1": "Hlavná 1", "address.postal_code": "x",
		"consents.newsletter.note": "", "consents.newsletter.at": "2026-03-06T09:30", "consents.partner_offers.note": "letter"}
	page = b.Submit("main form", wrong).Want(http.StatusUnprocessableEntity)
	for _, field := range []string{"invite", "reason", "address.city", "address.postal_code", "consents.newsletter.note",
		"consents.newsletter.at", "consents.partner_offers.status", "consents.partner_offers.at"} {
		if page.Text(`[id="f-`+field+`-error"]`) == "" {
			t.Errorf("no error at %s: %s", field, page.Text(".field-errors"))
		}
	}
	page = b.Submit("main form", typed{"action": "save", "invite": "", "reason": "on trial", "address.city": "Košice",
		"address.postal_code": "040 01", "consents.newsletter.note": "by phone", "consents.newsletter.at": "2026-03-04T09:30",
		"consents.partner_offers.note": ""}).Want(http.StatusOK)
	for _, want := range []string{"Nový Zákazník", "Hlavná 1", "040 01 Košice", "Regulars", "vip", "Disabled", "on trial",
		"by phone", "Consent given"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the customer lacks %q: %s", want, page.Text("main"))
		}
	}
	i.Work()
	if len(i.Mailbox.All("novy@example.com")) != 0 {
		t.Error("an email was sent")
	}
	b.Post("/admin/customers/new", url.Values{"form": {b.Page.URL.Path}, "email": {"x2@example.com"}}).Want(http.StatusUnprocessableEntity)
	b.Get("/admin/customers/new")
	form := b.Page.Attr("[name=form]", "value")
	b.Post("/admin/customers/new", url.Values{"form": {form}, "email": {"x2@example.com"}, "groups.nobody": {"yes"}}).
		Want(http.StatusUnprocessableEntity)
}
