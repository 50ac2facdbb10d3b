package shopper_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
)

func TestPrivacy(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	b.Get("/privacy").Want(http.StatusOK)
	if got := b.Page.Texts("main form button"); len(got) != 2 || got[0] != "Subscribe Newsletter" ||
		got[1] != "Subscribe Partner offers" || b.Page.Has("main [checked]") {
		t.Fatalf("the choices: %q", got)
	}
	sentence := b.Page.Text(".row-text p")
	b.Submit("main form", nil).Want(http.StatusOK)
	if got := b.Page.Texts("main form button"); got[0] != "Unsubscribe Newsletter" ||
		got[1] != "Subscribe Partner offers" || !b.Page.Has(".flash") {
		t.Errorf("after agreeing: %q", got)
	}
	history := b.Page.Texts(".said .row-text p")
	want := []string{
		"Newsletter: consent given on 5 March 2026 at 09:00 in your account",
		"“" + sentence + "”",
	}
	if diff := cmp.Diff(want, history); diff != "" {
		t.Errorf("the history: %s", diff)
	}
	b.Submit("main form", nil).Want(http.StatusOK)
	if got := b.Page.Text("main form button"); got != "Subscribe Newsletter" ||
		len(b.Page.Texts(".said li")) != 2 {
		t.Errorf("after taking it back: %s", b.Page.Text("main"))
	}
	b.Post("/privacy", url.Values{"purpose": {"telephone"}, "say": {"give"}}).Want(http.StatusConflict)
	b.Post("/privacy", url.Values{"purpose": {"telephone"},
		"say": {"withdraw"}}).Want(http.StatusUnprocessableEntity)
}

// TestConsentOfAnotherTab checks that a page with outdated wording cannot give a consent, but can withdraw
// it.
func TestConsentOfAnotherTab(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	first := signedIn(i)
	second := i.Browser()
	second.SetCookie("__Host-postern.main", first.Cookie("__Host-postern.main"))
	first.Get("/privacy")
	second.Get("/privacy")
	second.Post("/profile/language", url.Values{"lang": {"de"}, "back": {"/privacy"}})
	first.Submit("main form", nil).Want(http.StatusConflict)
	if !first.Page.Has(".field-errors") || first.Page.Attr("main form button", "value") != "give" {
		t.Errorf("a sentence nobody read was agreed to: %s", first.Page.Text("main"))
	}
	first.Submit("main form", nil).Want(http.StatusOK)
	second.Post("/profile/language", url.Values{"lang": {"en"}, "back": {"/privacy"}})
	first.Submit("main form", nil).Want(http.StatusOK)
	if got := first.Page.Attr("main form button", "value"); got != "give" {
		t.Error("not taken back")
	}
}

// unsubscribeLink returns the path in the unsubscribe URL that a feed gets with the customer's record for a
// purpose.
func unsubscribeLink(t *testing.T, i *webtest.Installation, email, purpose string) string {
	t.Helper()
	page := i.Browser().Send(webtest.Request{
		Path:   "/api/v1/customers/by-email/" + url.PathEscape(email),
		Header: map[string]string{"Authorization": "Bearer " + i.Key("main")},
	}).Want(http.StatusOK)
	var record struct {
		Consents map[string]struct {
			Status         string
			UnsubscribeURL string `json:"unsubscribe_url"`
		}
	}
	if err := json.Unmarshal([]byte(page.Body), &record); err != nil {
		t.Fatal(err)
	}
	path, found := strings.CutPrefix(record.Consents[purpose].UnsubscribeURL, "https://account.shop.test")
	if !found || !strings.HasPrefix(path, "/unsubscribe/") {
		t.Fatalf("read-out: %s", page.Body)
	}
	return path
}

func TestUnsubscribeByButton(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	account := signedIn(i)
	account.Get("/privacy")
	account.Submit("main form", nil)
	link := unsubscribeLink(t, i, jana, "newsletter")
	b := i.Browser()
	for range 2 {
		b.Get(link).Want(http.StatusOK)
	}
	if account.Get("/privacy"); account.Page.Attr("main form button", "value") != "withdraw" ||
		b.Page.Has("nav.nav") {
		t.Error("looking took it back")
	}
	for range 2 {
		b.Get(link)
		b.Submit("main form", nil).Want(http.StatusOK)
		if b.Page.Has("main form") || b.Page.Attr("main a", "href") != "/sign-in?to=%2Fprivacy" ||
			len(b.Page.Texts("main a")) != 1 {
			t.Errorf("after pressing: %s", b.Page.Text("main"))
		}
	}
	account.Get("/privacy")
	if got := account.Page.Text(".said .row-text p"); account.Page.Attr("main form button",
		"value") != "give" || !strings.HasSuffix(got, "with the unsubscribe link in an email") {
		t.Errorf("in the account: %s", account.Page.Text("main"))
	}
	if strings.Contains(i.Log.String(), strings.TrimPrefix(link, "/unsubscribe/")) ||
		!strings.Contains(i.Log.String(), `"/unsubscribe/:token"`) {
		t.Error("the log holds the address, or no line of it")
	}
}

const oneClick = "List-Unsubscribe=One-Click"

// TestOneClick sends what mail programs send: no cookie, any origin, one of two encodings. The answer is a
// page, never a redirect.
func TestOneClick(t *testing.T) {
	t.Parallel()
	const boundary = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"
	tests := []struct {
		name   string
		header map[string]string
		body   string
		status int
	}{
		{"as a form", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, oneClick, 200},
		{"in parts", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, boundary, 200},
		{"in broken parts", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, "--y", 200},
		{"by a web mail", map[string]string{"Content-Type": "application/x-www-form-urlencoded",
			"Origin": "https://mail.test", "Sec-Fetch-Site": "cross-site"}, oneClick, 200},
		{"from nowhere", map[string]string{"Content-Type": "application/x-www-form-urlencoded",
			"Origin": "null"}, oneClick, 200},
		{"with no body", nil, "", 200},
		{"as JSON", map[string]string{"Content-Type": "application/json"}, "{}", 415},
		{"compressed", map[string]string{"Content-Type": "application/x-www-form-urlencoded",
			"Content-Encoding": "gzip"}, oneClick, 415},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i := webtest.Portal(t)
			account := signedIn(i)
			account.Get("/privacy")
			account.Submit("main form", nil)
			link := unsubscribeLink(t, i, jana, "newsletter")
			b := i.Browser()
			b.RefuseCookies()
			for range 2 {
				page := b.Send(webtest.Request{Method: http.MethodPost, Path: link, Body: test.body,
					Header: test.header}).Want(test.status)
				if len(page.Cookies) > 0 {
					t.Errorf("set %v", page.Cookies)
				}
			}
			account.Get("/privacy")
			if took := account.Page.Attr("main form button",
				"value") == "give"; took != (test.status == 200) {
				t.Errorf("taken back: %v", took)
			}
		})
	}
}

// TestOneClickEdited checks that an edited link is unknown and that its answer reveals nothing more.
func TestOneClickEdited(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	account := signedIn(i)
	account.Get("/privacy")
	account.Submit("main form", nil)
	link := unsubscribeLink(t, i, jana, "newsletter")
	wrong := []string{
		link[:len(link)-1], link + "A", link[:40] + "-_" + link[42:], link + "%0A", link + "/x",
		"/unsubscribe/", "/unsubscribe/x",
		"/unsubscribe/" + strings.Repeat("A", 4000),
	}
	for _, edited := range wrong {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			page := i.Browser().Send(webtest.Request{Method: method, Path: edited, Header: map[string]string{
				"Content-Type": "application/x-www-form-urlencoded",
			}}).Want(http.StatusNotFound)
			if strings.Contains(page.Body, jana) || strings.Contains(page.Body, "j•••") {
				t.Errorf("%s tells whose it is", edited)
			}
		}
	}
	if account.Get("/privacy"); account.Page.Attr("main form button", "value") != "withdraw" {
		t.Error("an edited address took it back")
	}
}

// TestForgedFormsElsewhere checks that only the one-click path accepts a form from another site.
func TestForgedFormsElsewhere(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	for _, path := range []string{
		"/privacy", "/profile", "/company", "/sign-in", "/sign-out", "/security/end-others", "/unsubscribe",
		"/unsubscribex/a", "/profile/unsubscribe/a",
	} {
		b.Send(webtest.Request{Method: http.MethodPost, Path: path, Body: oneClick, Header: map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://mail.test",
			"Sec-Fetch-Site": "cross-site",
		}}).Want(http.StatusForbidden)
	}
	if b.Get("/orders"); b.Page.URL.Path != "/orders" {
		t.Error("a forged form ended the session")
	}
}

// TestDownloadsLeadToTheirPage checks that without a session, or without a fresh one, a file's URL leads to
// the page that offers it.
func TestDownloadsLeadToTheirPage(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b, stranger := freshly(i, jana), i.Browser()
	if b.Get("/privacy/export?status=open").Want(http.StatusOK); b.Page.Has("a[download]") {
		t.Error("what comes in place of a file is saved as one")
	}
	files := b.Page.Attrs(".rows a", "href")
	for _, file := range files {
		if disposition := b.Get(file).Want(http.StatusOK).Header.Get("Content-Disposition"); !strings.HasPrefix(disposition, "attachment") {
			t.Errorf("%s: %q", file, disposition)
		}
	}
	i.Clock.Move(16 * time.Minute)
	for n, file := range files {
		page := []string{"/privacy/export", "/privacy/export?status=open"}[n]
		if to := b.Get(file).URL; to.Path != "/security/confirm" || to.Query().Get("to") != page {
			t.Errorf("%s, not fresh: %s", file, to)
		}
		if to := stranger.Get(file).URL; to.Path != "/sign-in" || to.Query().Get("to") != page {
			t.Errorf("%s, not signed in: %s", file, to)
		}
	}
}
