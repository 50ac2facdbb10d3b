package demo

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// enterAdmin signs a colleague in: by the link in the mailbox and the code beside it. It returns the code.
func (v *visit) enterAdmin(c Colleague, not string) (code string) {
	v.t.Helper()
	defer v.signingIn(c.Email)()
	b, before := v.browser, v.latest(c.Email)
	b.Get("/admin/sign-in").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"email": c.Email}).Want(http.StatusOK)
	m := v.newer(c.Email, before)
	if !strings.HasPrefix(m.Link(), v.Base+"/admin/sign-in/link/") {
		v.t.Fatalf("the link is %q", m.Link())
	}
	b.Get("/demo/mailbox/" + m.ID).Want(http.StatusOK)
	b.Follow("a.button").Want(http.StatusOK)
	b.Submit("main form", nil).Want(http.StatusOK)
	path := b.Page.URL.Path
	if path != "/admin/sign-in/factor" {
		v.t.Fatalf("the link leads to %s: %s", path, b.Page.Text("main"))
	}
	if code = v.appCode(m.ID, not); code == "" {
		v.t.Fatal("the mailbox shows no code")
	}
	b.Get(path)
	b.Submit("main form", map[string]string{"code": code})
	return code
}

// appCode returns the code beside an email, once it is another than the one that was used.
func (v *visit) appCode(id, not string) string {
	v.t.Helper()
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	deadline := time.After(patience)
	for {
		code := v.browser.Get("/demo/mailbox/" + id).Want(http.StatusOK).Text(".code")
		if code != not {
			return code
		}
		select {
		case <-beat.C:
		case <-deadline:
			return ""
		}
	}
}

// TestStaff signs in as each of the staff through mailbox and code, and looks whether the pages are those of
// the role.
func TestStaff(t *testing.T) {
	t.Parallel()
	for _, c := range Colleagues() {
		t.Run(c.Email, func(t *testing.T) {
			t.Parallel()
			d := visitShared(t)
			d.enterAdmin(c, "")
			if page := d.browser.Page; page.URL.Path != "/admin" || !strings.EqualFold(page.Text(".top .role"), string(c.Role)) {
				t.Fatalf("at %s: %s", page.URL, page.Text(".top"))
			}
			d.browser.Get("/admin/customers").Want(http.StatusOK)
			if d.browser.Get("/admin/staff").Status == http.StatusOK != (c.Role == "owner") {
				t.Errorf("the staff are shown with status %d", d.browser.Page.Status)
			}
			if text := d.browser.Get("/admin/security").Want(http.StatusOK).Text("main"); !strings.Contains(text, "Add a passkey") {
				t.Errorf("no passkey is offered: %s", text)
			}
		})
	}
}

// TestOnlyStaffEmailsShowCodes checks that no other email has a code of an app, and nothing shows its secret.
func TestOnlyStaffEmailsShowCodes(t *testing.T) {
	t.Parallel()
	d := visitShared(t)
	id := d.enter("nova@zakaznik.example").ID
	if d.browser.Get("/demo/mailbox/" + id).Want(http.StatusOK).Has(".code") {
		t.Error("a customer's email shows a code of an app")
	}
	for _, m := range d.early() {
		if m.AppCode != "" {
			t.Errorf("%q to %s shows a code of an app", m.Subject, m.To)
		}
	}
}

// TestStaffOfAnEarlierDemo starts the demo twice on one store: the staff can still sign in.
func TestStaffOfAnEarlierDemo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	runIn(t, dir).end(t)
	r := runIn(t, dir)
	t.Cleanup(func() { r.end(t) })
	d := r.visit(t)
	d.enterAdmin(Colleagues()[0], "")
	if d.browser.Page.URL.Path != "/admin" {
		t.Errorf("at %s: %s", d.browser.Page.URL, d.browser.Page.Text("main"))
	}
}
