package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
)

// said is a filled form for a consent, as of some time ago.
func said(status, how string, at time.Time) typed {
	return typed{"status": status, "note": how, "at": at.UTC().Format("2006-01-02T15:04")}
}

func TestStaffRecordAConsentWithItsSource(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	const eva, path = "eva@example.com", "/consents/newsletter"
	b.Get("/admin/customers?search=" + url.QueryEscape(eva))
	b.Follow("main tbody a").Want(http.StatusOK)
	home := b.Page.URL.Path
	now := i.Clock.Now()
	b.Follow(`main a[href$="` + path + `"]`).Want(http.StatusOK)
	if !strings.Contains(b.Page.Text("main"), "Art. 7 GDPR") {
		t.Error("the rule does not stand at the form")
	}
	for name, wrong := range map[string]typed{
		"nothing": {}, "no source": said("withdrawn", " ", now.Add(-time.Hour)), "no time": {"status": "withdrawn", "note": "by phone"},
		"the future": said("withdrawn", "by phone", now.Add(time.Hour)), "another state": said("never_asked", "by phone", now.Add(-time.Hour)),
		"before the last decision": said("withdrawn", "by phone", now.AddDate(-1, 0, 0)),
		"a source of a novel":      said("withdrawn", strings.Repeat("ž", 300), now.Add(-time.Hour)),
	} {
		b.Get(home + path)
		if page := b.Submit("main form", wrong); page.Status != http.StatusUnprocessableEntity || !page.Has(".field-errors a") {
			t.Errorf("%s: %d %s", name, page.Status, page.Text("main"))
		}
	}
	other := i.Enrol("manager@shop.test", staff.Manager)
	b.Get(home + path)
	other.Get(home + path)
	page := b.Submit("main form", said("withdrawn", "by phone on 3 March", now.Add(-time.Hour))).Want(http.StatusOK)
	act := page.Attr(".flash [name=act]", "value")
	if text := page.Text("main"); !strings.Contains(text, "Consent withdrawn") || !strings.Contains(text, "by phone on 3 March") {
		t.Errorf("after saving: %s", text)
	}
	if page := other.Submit("main form", said("given", "in the shop", now)); page.Status != http.StatusUnprocessableEntity &&
		page.Status != http.StatusConflict {
		t.Errorf("the other person overrides it: %d", page.Status)
	}
	page = b.Post(home+"/undo", url.Values{"act": {act}}).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "Consent given") {
		t.Errorf("after undoing: %s", text)
	}
	b.Get(home + path)
	act = b.Submit("main form", said("withdrawn", "by phone", now.Add(-time.Minute))).Want(http.StatusOK).Attr(".flash [name=act]", "value")
	customer := i.Browser()
	i.SignIn(customer, eva)
	customer.Get("/privacy").Want(http.StatusOK)
	if text := customer.Page.Text(".said"); !strings.Contains(text, "by phone") {
		t.Errorf("the customer reads: %s", text)
	}
	customer.Submit("main form", map[string]string{}).Want(http.StatusOK) // gives it again
	b.Post(home+"/undo", url.Values{"act": {act}}).Want(http.StatusConflict)
}
