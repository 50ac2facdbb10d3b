package shopper_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
)

// keyShape matches a message key shown in place of its text.
var keyShape = regexp.MustCompile(`\b(sign-in|link|orders?|headline|step|address(es)?|company|security|done|code|vat|period|text)\.[a-z_]+`)

// TestSignInWithoutScripts goes from a page that requires signing in, through the email, back to that page.
func TestSignInWithoutScripts(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/addresses?x=1").Want(http.StatusOK)
	if b.Page.URL.Path != "/sign-in" {
		t.Fatalf("a stranger is shown %s", b.Page.URL)
	}
	b.Submit("main form", map[string]string{"email": " Jana@Example.com"}).Want(http.StatusOK)
	if got := b.Page.Text(".masked"); b.Page.URL.Path != "/sign-in/code" || got != "Jana@Example.com" {
		t.Errorf("the waiting page is %s and names %q", b.Page.URL, got)
	}
	if !b.Page.Has("[name=code][autofocus]") {
		t.Error("the code's field has not the focus")
	}
	b.Follow("main p > a").Want(http.StatusOK)
	if got := b.Page.Attr("[name=email]", "value"); got != "Jana@Example.com" ||
		b.Page.URL.RequestURI() != "/sign-in?to=%2Faddresses%3Fx%3D1" {
		t.Errorf("back at %s the field has %q", b.Page.URL, got)
	}
	i.Deliver()
	b.Get(webtest.LinkIn(i.Mailbox.Last(jana))).Want(http.StatusOK)
	if b.Page.Text(".masked") != "j•••@e•••.com" || !b.Page.Has("form[data-auto]") {
		t.Errorf("the link page: %.800s", b.Page.Body)
	}
	b.Submit("main form", nil).Want(http.StatusOK)
	if got := b.Page.URL.RequestURI(); got != "/addresses?x=1" {
		t.Errorf("signing in leads to %s", got)
	}
}

// TestCodePageSpeaksOfOtherDevices checks that the code page explains to people who used the link on
// another device why the code does not work here.
func TestCodePageSpeaksOfOtherDevices(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for lang, want := range map[string]string{
		"en": "on another device", "sk": "na inom zariadení", "cs": "na jiném zařízení",
		"pl": "na innym urządzeniu", "de": "auf einem anderen Gerät",
	} {
		b := i.Browser()
		b.Header.Set("Accept-Language", lang)
		b.Get("/sign-in")
		b.Submit("main form", map[string]string{"email": jana}).Want(http.StatusOK)
		if b.Page.URL.Path != "/sign-in/code" || !strings.Contains(b.Page.Text("main"), want) {
			t.Errorf("in %s, %s says: %s", lang, b.Page.URL.Path, b.Page.Text("main"))
		}
	}
}

// TestCode signs in with the emailed code as people type it. A code that was never sent gets the same
// answer as a wrong one.
func TestCode(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/sign-in?to=/company")
	b.Submit("main form", map[string]string{"email": jana})
	i.Deliver()
	b.Submit("main form", map[string]string{"code": "ZZZZ ZZZZ"}).Want(http.StatusUnprocessableEntity)
	wrong := b.Page.Text(".field-error")
	if wrong == "" || b.Page.Attr("[name=code]", "value") != "ZZZZ ZZZZ" {
		t.Errorf("a wrong code is told by %q, and %q is kept", wrong, b.Page.Attr("[name=code]", "value"))
	}
	code := strings.ToLower(strings.ReplaceAll(webtest.CodeIn(i.Mailbox.Last(jana)), "-", " "))
	b.Submit("main form", map[string]string{"code": code}).Want(http.StatusOK)
	if b.Page.URL.Path != "/company" {
		t.Errorf("the code leads to %s", b.Page.URL)
	}
	stranger := i.Browser()
	stranger.Get("/sign-in")
	stranger.Submit("main form", map[string]string{"email": "never@example.com"})
	stranger.Submit("main form", map[string]string{"code": "ZZZZ ZZZZ"}).Want(http.StatusUnprocessableEntity)
	if got := stranger.Page.Text(".field-error"); got != wrong {
		t.Errorf("a code never sent is told by %q", got)
	}
}

// TestWaitingTabAfterTheLink checks that reloading the waiting tab continues after the link was opened in
// another tab of the same browser.
func TestWaitingTabAfterTheLink(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/sign-in?to=/company")
	b.Submit("main form", map[string]string{"email": jana}).Want(http.StatusOK)
	waiting := b.Page.URL.RequestURI()
	i.Deliver()
	b.Get(webtest.LinkIn(i.Mailbox.Last(jana)))
	b.Submit("main form", nil).Want(http.StatusOK)
	if b.Get(waiting).Want(http.StatusOK); b.Page.URL.Path != "/company" {
		t.Errorf("the waiting tab is led to %s: %s", b.Page.URL, b.Page.Text("main"))
	}
}

// TestTooManyCodes checks that a client over the limit of wrong codes is told so on the code page, which
// keeps its input.
func TestTooManyCodes(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/sign-in")
	b.Submit("main form", map[string]string{"email": jana})
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			for range 15 {
				i.Browser().Post("/sign-in/code", url.Values{"code": {"ZZZZ-ZZZZ"}})
			}
		})
	}
	wait.Wait()
	b.Submit("main form", map[string]string{"code": "ZZZZ ZZZZ"}).Want(http.StatusTooManyRequests)
	if text := b.Page.Text("main .field-errors"); !strings.HasPrefix(text, "Too many incorrect codes") ||
		b.Page.Attr("[name=code]", "value") != "ZZZZ ZZZZ" {
		t.Errorf("says %q, keeps %q", text, b.Page.Attr("[name=code]", "value"))
	}
}

// TestLinkRequestsAnswerAlike compares the answers for addresses that are known, unknown and over their
// limit.
func TestLinkRequestsAnswerAlike(t *testing.T) {
	t.Parallel()
	shop := webtest.Bookshop()
	shop.Settings.Registration = new(false)
	i := webtest.Portal(t, shop)
	put(t, i, "1", nil)
	answer := func(email string) []string {
		b := i.Browser()
		b.Get("/sign-in")
		page := b.Send(webtest.Request{Method: http.MethodPost, Path: "/sign-in",
			Body: url.Values{"email": {email}}.Encode(),
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded",
				"Sec-Fetch-Site": "same-origin"}})
		said := []string{http.StatusText(page.Status), page.Header.Get("Location"), page.Body}
		for _, cookie := range page.Cookies {
			said = append(said, cookie.Name, http.StatusText(len(cookie.Value)))
		}
		b.Get("/sign-in/code")
		return append(said, strings.ReplaceAll(b.Page.Body, email, "-"))
	}
	known := answer(jana)
	for range 8 {
		if diff := cmp.Diff(known, answer(jana)); diff != "" {
			t.Fatalf("asked often:\n%s", diff)
		}
	}
	if diff := cmp.Diff(known, answer("jxxx@example.com")); diff != "" {
		t.Errorf("unknown:\n%s", diff)
	}
	i.Deliver()
	if n := len(i.Mailbox.All()); n != 6 {
		t.Errorf("%d mails went out, want the 6 of an hour, all to Jana", n)
	}
}

// TestEndedLinks checks that each kind of ended link has its own text and one next step.
func TestEndedLinks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		end    func(i *webtest.Installation, asker *webtest.Browser, link string)
		status int
		says   string
	}{
		{"used", func(_ *webtest.Installation, asker *webtest.Browser, link string) {
			asker.Get(link)
			asker.Submit("main form", nil)
		}, http.StatusGone, "was used on 5 March 2026 at 09:00"},
		{"replaced", func(i *webtest.Installation, asker *webtest.Browser, _ string) {
			i.SignIn(asker, jana)
		}, http.StatusGone, "because you used another link or code"},
		{"expired", func(i *webtest.Installation, _ *webtest.Browser, _ string) {
			i.Clock.Move(14 * 24 * time.Hour)
		}, http.StatusGone, "expired on 19 March 2026 at 09:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i := webtest.Portal(t)
			asker := i.Browser()
			asker.Get("/sign-in")
			asker.Submit("main form", map[string]string{"email": jana})
			i.Deliver()
			link := webtest.LinkIn(i.Mailbox.Last(jana))
			test.end(i, asker, link)
			sent := len(i.Mailbox.All())

			other := i.Browser()
			other.Get(link).Want(test.status)
			if text := other.Page.Text(".panel"); !strings.Contains(text, test.says) {
				t.Errorf("the page says %q", text)
			}
			other.Submit("main form", nil).Want(http.StatusOK)
			i.Deliver()
			if other.Page.URL.Path != "/sign-in/code" || len(i.Mailbox.All()) != sent+1 {
				t.Errorf("one tap leads to %s, %d mails", other.Page.URL, len(i.Mailbox.All())-sent)
			}
			other.Get(webtest.LinkIn(i.Mailbox.Last(jana)))
			if other.Submit("main form", nil); other.Page.URL.Path != "/orders" {
				t.Errorf("the new link leads to %s", other.Page.URL)
			}
		})
	}
}

// TestDamagedLink checks that every invalid token gets the same answer, with a field for the email.
func TestDamagedLink(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	first := b.Get("/sign-in/link/x").Want(http.StatusNotFound).Body
	for _, token := range []string{strings.Repeat("A", 64), "%2F%00", "a/b/c", strings.Repeat("é", 40)} {
		if body := b.Get("/sign-in/link/" + token).Want(http.StatusNotFound).Body; strings.Count(body,
			"\n") != strings.Count(first, "\n") {
			t.Errorf("token %q is answered otherwise: %s", token, body)
		}
	}
	b.Submit("main form", map[string]string{"email": jana}).Want(http.StatusOK)
}

// TestSecondClick checks that a used link leads a signed-in customer to the account, while live links,
// including another customer's, show their page.
func TestSecondClick(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, jana)
	dead := webtest.LinkIn(i.Mailbox.Last(jana))
	mails := len(i.Mailbox.All())
	if b.Get(dead).Want(http.StatusOK); b.Page.URL.Path != "/orders" {
		t.Errorf("a second click leads to %s", b.Page.URL)
	}
	if n := len(i.Mailbox.All()); n != mails {
		t.Errorf("%d mails more", n-mails)
	}
	other := i.Browser()
	other.Get("/sign-in")
	other.Submit("main form", map[string]string{"email": "peter@example.com"})
	i.Deliver()
	peters := webtest.LinkIn(i.Mailbox.Last("peter@example.com"))
	if b.Get(peters).Want(http.StatusOK); !strings.Contains(b.Page.Text(".note"), jana) ||
		b.Page.Has("form[data-auto]") {
		t.Errorf("the page of another's link: %.900s", b.Page.Body)
	}
	before := b.Cookie("__Host-postern.main")
	b.Submit("main form", nil).Want(http.StatusOK)
	if !strings.Contains(b.Page.Body, "peter@example.com") {
		t.Error("Peter is not signed in")
	}
	old := i.Browser()
	old.SetCookie("__Host-postern.main", before)
	if old.Get("/orders"); old.Page.URL.Path != "/sign-in" {
		t.Error("Jana's session goes on where Peter is signed in now")
	}
}

// TestOneWinner submits one link in many browsers at the same time.
func TestOneWinner(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/sign-in")
	b.Submit("main form", map[string]string{"email": jana})
	i.Deliver()
	link := webtest.LinkIn(i.Mailbox.Last(jana))
	var wait sync.WaitGroup
	won := make(chan bool, 20)
	for range cap(won) {
		wait.Go(func() {
			other := i.Browser()
			other.Get(link)
			other.Submit("main form", nil)
			won <- other.Cookie("__Host-postern.main") != ""
		})
	}
	wait.Wait()
	close(won)
	winners := 0
	for in := range won {
		if in {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d browsers are signed in by one link", winners)
	}
}

// TestRepeatedClick submits the same form twice from one browser: both answers are the same success.
func TestRepeatedClick(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, jana)
	token := url.Values{"token": {strings.TrimPrefix(mustPath(t, webtest.LinkIn(i.Mailbox.Last(jana))),
		"/sign-in/link/")}}
	if b.Post("/sign-in/link", token).Want(http.StatusOK); b.Page.URL.Path != "/orders" {
		t.Errorf("a double click ends at %s", b.Page.URL)
	}
	b.Get("/security")
	if n := len(b.Page.Texts(".rows > li")); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

func mustPath(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// TestOpeningALinkDoesNotUseIt opens a link a hundred times as scanners do, and then as a person without our
// cookie.
func TestOpeningALinkDoesNotUseIt(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/sign-in")
	b.Submit("main form", map[string]string{"email": jana})
	i.Deliver()
	link := webtest.LinkIn(i.Mailbox.Last(jana))
	for n := range 100 {
		method := []string{http.MethodGet, http.MethodHead}[n%2]
		scanner := i.Browser()
		if page := scanner.Send(webtest.Request{Method: method, Path: link}); page.Status != http.StatusOK ||
			scanner.Cookie("__Host-postern.main") != "" {
			t.Fatalf("%s %d: %d", method, n, page.Status)
		}
	}
	bare := i.Browser()
	token := url.Values{"token": {strings.TrimPrefix(mustPath(t, link), "/sign-in/link/")}}
	bare.Post("/sign-in/link", token).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(bare.Page.Text(".note"), "cookie") {
		t.Errorf("without cookies the page says %q", bare.Page.Text(".note"))
	}
	if bare.Submit("main form", nil).Want(http.StatusOK); bare.Page.URL.Path != "/orders" {
		t.Errorf("the button then leads to %s", bare.Page.URL)
	}
}

// TestToTheStorefront checks that a sign-in ends on one of our pages that continues to the shop and to no
// other site.
func TestToTheStorefront(t *testing.T) {
	t.Parallel()
	tests := []struct{ to, link string }{
		{"https://www.shop.test/cart?a=1&b=2", "https://www.shop.test/cart?a=1&b=2"},
		{"https://evil.test/", ""}, {"//evil.test/", ""}, {`/\evil.test`, ""}, {"javascript:alert(1)", ""},
		{"https://www.shop.test@evil.test/", ""}, {"https://www.shop.test.evil.test/", ""},
		{"/%09/evil.test", ""},
	}
	for _, test := range tests {
		t.Run(test.to, func(t *testing.T) {
			i := webtest.Portal(t)
			b := i.Browser()
			b.Get("/sign-in?to=" + url.QueryEscape(test.to))
			b.Submit("main form", map[string]string{"email": jana})
			i.Deliver()
			b.Get(webtest.LinkIn(i.Mailbox.Last(jana)))
			b.Submit("main form", nil)
			if b.Page.URL.Host != "account.shop.test" {
				t.Fatalf("a form leads to %s", b.Page.URL)
			}
			if got := b.Page.Attr(".panel a.main", "href"); got != test.link {
				t.Errorf("the page %s leads on to %q", b.Page.URL, got)
			}
			if test.link != "" {
				sayWhoIsThere(t, i, b)
			}
			page := b.Send(webtest.Request{Path: "/sign-in/continue?to=" + url.QueryEscape(test.to)})
			if refresh := page.Header.Get("Refresh"); test.link == "" && refresh != "" || test.link != "" &&
				refresh != "0; url="+test.link {
				t.Errorf("Refresh: %q", refresh)
			}
		})
	}
}

// sayWhoIsThere checks the page that continues to the shop: a customer's is in their own language, and a
// stranger's does not claim that anyone is signed in.
func sayWhoIsThere(t *testing.T, i *webtest.Installation, b *webtest.Browser) {
	t.Helper()
	way, stranger := b.Page.URL.RequestURI(), i.Browser()
	b.Post("/profile/language", url.Values{"lang": {"sk"}, "back": {"/company"}}).Want(http.StatusOK)
	if title := b.Get(way).Text("h1"); title != "Ste prihlásení" {
		t.Errorf("a customer reads %q", title)
	}
	if title := stranger.Get(way).Text("h1"); title != "Back to shop" {
		t.Errorf("a stranger reads %q", title)
	}
}

// TestVisitorsLanguage checks that the language chosen by a visitor is kept up to the email, without a
// cookie.
func TestVisitorsLanguage(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.Get("/sign-in?to=/company")
	b.Follow("nav.languages a[lang=sk]")
	b.Submit("main form", map[string]string{"email": jana}).Want(http.StatusOK)
	if b.Page.Attr("html", "lang") != "sk" {
		t.Errorf("the waiting page %s is in %q", b.Page.URL, b.Page.Attr("html", "lang"))
	}
	i.Deliver()
	if got := i.Mailbox.Last(jana).Lang; got != "sk" {
		t.Errorf("the mail is in %q", got)
	}
	b.Submit("form[action='/sign-in/again']", nil).Want(http.StatusOK)
	if b.Page.Attr("html", "lang") != "sk" || !b.Page.Has(".flash") {
		t.Errorf("asking again: %s %.300s", b.Page.URL, b.Page.Text("main"))
	}
}

// TestSignOut checks that signing out ends the session itself, not only its cookie.
func TestSignOut(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	secret := b.Cookie("__Host-postern.main")
	b.Submit("form[action='/sign-out']", nil).Want(http.StatusOK)
	if b.Page.URL.Path != "/sign-in" || !b.Page.Has(".flash") ||
		b.Cookie("__Host-postern-browser.main") == "" {
		t.Errorf("signing out ends at %s", b.Page.URL)
	}
	b.SetCookie("__Host-postern.main", secret)
	if b.Get("/orders"); b.Page.URL.Path != "/sign-in" {
		t.Error("the session still lives")
	}
}

// TestThisWasNotMe checks that opening the page of a notice has no effect, and that its button signs out
// every browser.
func TestThisWasNotMe(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	thief := signedIn(i)
	i.Work()
	i.Deliver()
	found := regexp.MustCompile(`/sign-in/not-me/\S+`).FindString(i.Mailbox.Last(jana).Text)
	if found == "" {
		t.Fatalf("no notice was mailed: %s", i.Mailbox.Last(jana).Text)
	}
	owner := i.Browser()
	owner.Get(found).Want(http.StatusOK)
	if thief.Get("/orders"); thief.Page.URL.Path != "/orders" {
		t.Error("opening the page ends sessions")
	}
	owner.Submit("main form", nil).Want(http.StatusOK)
	if owner.Page.URL.Path != "/sign-in" || !owner.Page.Has(".flash") {
		t.Errorf("the button leads to %s", owner.Page.URL)
	}
	if thief.Get("/orders"); thief.Page.URL.Path != "/sign-in" {
		t.Error("the thief is still in")
	}
	owner.Get("/sign-in/not-me/x").Want(http.StatusGone)
}

// TestLinkDoesNotTellItsAddress checks that whoever has a link that ended sees its address only masked, also
// on the page that waits for the new one.
func TestLinkDoesNotTellItsAddress(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner, other := i.Browser(), i.Browser()
	owner.Get("/sign-in")
	owner.Submit("main form", map[string]string{"email": jana}).Want(http.StatusOK)
	i.Deliver()
	link := webtest.LinkIn(i.Mailbox.Last(jana))
	owner.Get(link)
	owner.Submit("main form", nil).Want(http.StatusOK)
	other.Get(link).Want(http.StatusGone)
	other.Submit("main form", nil).Want(http.StatusOK)
	if got := other.Page.Text(".masked"); got != "j•••@e•••.com" || strings.Contains(other.Page.Body, jana) {
		t.Errorf("the page that waits names %q", got)
	}
	if other.Follow("main p > a"); other.Page.Attr("[name=email]", "value") != "" {
		t.Error("the way back tells the address")
	}
}
