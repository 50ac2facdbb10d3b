package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/web/webtest"
)

// patience is how long a test waits for things that should happen immediately.
const patience = 5 * time.Minute

// visit is a test's use of a running demo, with a browser of its own.
type visit struct {
	*running
	t       *testing.T
	browser *webtest.Browser
}

// visitShared visits the demo that all tests share.
func visitShared(t *testing.T) *visit {
	t.Helper()
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return r.visit(t)
}

// visitOwn visits a new demo that ends with the test.
func visitOwn(t *testing.T) *visit {
	t.Helper()
	r := runIn(t, filepath.Join(t.TempDir(), "demo"))
	t.Cleanup(func() { r.end(t) })
	return r.visit(t)
}

func runIn(t *testing.T, dir string) *running {
	t.Helper()
	r, err := run(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) end(t *testing.T) {
	t.Helper()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func (r *running) visit(t *testing.T) *visit {
	return &visit{running: r, t: t, browser: webtest.NewBrowser(t, r.Base, nil)}
}

// mails returns all emails, newest first.
func (v *visit) mails() []Mail {
	v.t.Helper()
	var mails []Mail
	if err := json.Unmarshal([]byte(v.browser.Send(webtest.Request{Path: "/demo/mailbox.json"}).Want(http.StatusOK).Body), &mails); err != nil {
		v.t.Fatal(err)
	}
	return mails
}

// mailed returns the emails to an address, newest first.
func (v *visit) mailed(to string) []Mail {
	v.t.Helper()
	return slices.DeleteFunc(v.mails(), func(m Mail) bool { return m.To != to })
}

// early returns the emails that the demo had in the beginning: those of the days before.
func (v *visit) early() []Mail {
	v.t.Helper()
	return slices.DeleteFunc(v.mails(), func(m Mail) bool { return time.Since(m.At) < 20*time.Hour })
}

// latest returns the newest email with a sign-in link to an address, or the zero value.
func (v *visit) latest(to string) Mail {
	v.t.Helper()
	mails := v.mailed(to)
	if at := slices.IndexFunc(mails, func(m Mail) bool { return m.Link() != "" }); at >= 0 {
		return mails[at]
	}
	return Mail{}
}

// newer waits for an email with a sign-in link that arrived after the given one, and returns the newest.
func (v *visit) newer(to string, than Mail) Mail {
	v.t.Helper()
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	deadline := time.After(patience)
	for {
		if m := v.latest(to); m.ID != than.ID {
			return m
		}
		select {
		case <-beat.C:
		case <-deadline:
			v.t.Fatalf("no mail to %s", to)
		}
	}
}

// signIn signs a customer in and checks that the orders are shown first.
func (v *visit) signIn(email string) {
	v.t.Helper()
	if v.enter(email); v.browser.Page.URL.Path != "/orders" {
		v.t.Fatalf("signing in leads to %s: %.300s", v.browser.Page.URL, v.browser.Page.Body)
	}
}

// enter signs in as a newcomer does: it requests a link, opens the mailbox and follows the email. It returns
// the email.
func (v *visit) enter(email string) Mail {
	v.t.Helper()
	defer v.signingIn(email)()
	b, before := v.browser, v.latest(email)
	b.Get("/sign-in").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"email": email}).Want(http.StatusOK)
	m := v.newer(email, before)
	if !strings.HasPrefix(m.Link(), v.Base+"/sign-in/link/") || !strings.Contains(m.HTML, m.Link()) {
		v.t.Fatalf("no link in the mail:\n%s", m.Text)
	}
	b.Get("/demo/mailbox").Want(http.StatusOK)
	b.Follow(fmt.Sprintf(`li a[href="/demo/mailbox/%s"]`, m.ID)).Want(http.StatusOK)
	b.Follow("a.button").Want(http.StatusOK)
	b.Submit("main form", nil).Want(http.StatusOK)
	return m
}

// read reads a JSON document of the API with the shop system's key.
func (v *visit) read(path string, into any) {
	v.t.Helper()
	page := v.browser.Send(webtest.Request{Path: path,
		Header: map[string]string{"Authorization": "Bearer " + v.Key}})
	if err := json.Unmarshal([]byte(page.Want(http.StatusOK).Body), into); err != nil {
		v.t.Fatal(err)
	}
}
