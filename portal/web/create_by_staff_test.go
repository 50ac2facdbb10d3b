package web_test

import (
	"net/http"
	"strings"
	"testing"
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
