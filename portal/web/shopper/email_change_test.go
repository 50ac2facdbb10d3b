package shopper_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
	"postern/templates/i18n"
)

const (
	johana  = "johana@example.com"  // Jana's new address
	ladisl  = "ladisl@example.com"  // another customer's, with the same length
	undoing = "/sign-in/undo-email" // page of the undo
)

var undoShape = regexp.MustCompile(undoing + `/([A-Za-z0-9_-]{64})`)

// undoIn returns the latest undo token emailed to an address, or "".
func undoIn(i *webtest.Installation, to string) string {
	undo := ""
	for _, message := range i.Mailbox.All(to) {
		if found := undoShape.FindStringSubmatch(message.Text); found != nil {
			undo = found[1]
		}
	}
	return undo
}

// freshly signs a browser in with an emailed code.
func freshly(i *webtest.Installation, email string) *webtest.Browser {
	b := i.Browser()
	b.Get("/sign-in")
	b.Submit("main form", map[string]string{"email": email})
	i.Deliver()
	b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(email))}).Want(http.StatusOK)
	return b
}

// TestChangeOfEmail performs a whole change in a browser signed in with a link: a code from the current
// mailbox, the new address, a code from there, and a notice to the old mailbox.
func TestChangeOfEmail(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b, other := signedIn(i), signedIn(i)
	b.Get("/profile/email").Want(http.StatusOK)
	if b.Page.URL.RequestURI() != "/security/confirm?to=%2Fprofile%2Femail" {
		t.Fatalf("leads to %s", b.Page.URL)
	}
	b.Submit("form[action='/security/confirm/send']", nil).Want(http.StatusOK)
	i.Deliver()
	b.Submit("form[action='/security/confirm/']",
		map[string]string{"code": "AAAA-AAAA"}).Want(http.StatusUnprocessableEntity)
	if b.Page.Text("#f-code-error") == "" {
		t.Error("no error at the code")
	}
	b.Submit("form[action='/security/confirm/']",
		map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(jana))}).Want(http.StatusOK)
	if b.Page.URL.Path != "/profile/email" || !strings.Contains(b.Page.Text("main"), jana) {
		t.Fatalf("after the code: %s: %s", b.Page.URL, b.Page.Text("main"))
	}
	for _, typed := range []string{"johana", jana} {
		b.Submit("main form", map[string]string{"email": typed}).Want(http.StatusUnprocessableEntity)
		if b.Page.Text("#f-email-error") == "" || b.Page.Attr("[name=email]", "value") != typed {
			t.Errorf("%q: %s", typed, b.Page.Text("main"))
		}
	}
	b.Submit("main form", map[string]string{"email": johana}).Want(http.StatusOK)
	if b.Page.URL.RequestURI() != "/profile/email/code" || !strings.Contains(b.Page.Text("main"), johana) {
		t.Fatalf("after asking: %s: %s", b.Page.URL, b.Page.Text("main"))
	}
	if b.Get("/profile/email/code").Want(http.StatusOK); !b.Page.Has("[name=code]") { // a reload
		t.Error("the page is gone when it is loaded again")
	}
	i.Deliver()
	b.Submit("main form", map[string]string{"code": "AAAA-AAAA"}).Want(http.StatusUnprocessableEntity)
	if b.Page.Text("#f-code-error") == "" {
		t.Error("no error at the code")
	}
	before := b.Cookie("__Host-postern.main")
	b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(johana))}).Want(http.StatusOK)
	if b.Page.URL.RequestURI() != "/profile?done=email.changed" || !b.Page.Has(".flash") ||
		b.Cookie("__Host-postern.main") == before {
		t.Errorf("after the code: %s: %s", b.Page.URL, b.Page.Text("main"))
	}
	if other.Get("/orders"); other.Page.URL.Path != "/sign-in" {
		t.Error("another browser is still signed in")
	}
	if b.Get("/profile/email"); b.Page.URL.Path != "/security/confirm" {
		t.Errorf("the new session is fresh: %s", b.Page.URL)
	}
	if log := i.Log.String(); strings.Contains(log, johana) || strings.Contains(log, jana) {
		t.Error("an address is in the log")
	}
}

// TestEmailUndoPage checks that opening the undo page has no effect, and that the undo restores the address
// once and then no longer works.
func TestEmailUndoPage(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := freshly(i, jana)
	b.Get("/profile/email")
	b.Submit("main form", map[string]string{"email": johana})
	i.Deliver()
	b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(johana))}).Want(http.StatusOK)
	i.Work()
	undo := undoIn(i, jana)
	owner := i.Browser()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		owner.Send(webtest.Request{Method: method, Path: undoing + "/" + undo}).Want(http.StatusOK)
	}
	if text := owner.Page.Text("main"); strings.Contains(text, johana) || strings.Contains(text, jana) ||
		!strings.Contains(text, "jo•••@e•••.com") || !strings.Contains(text, "ja•••@e•••.com") {
		t.Errorf("the page: %s", text)
	}
	if b.Get("/orders"); b.Page.URL.Path != "/orders" {
		t.Error("looking undid it")
	}
	owner.Submit("main form", nil).Want(http.StatusOK)
	if owner.Page.URL.RequestURI() != "/sign-in?done=email.restored" || !owner.Page.Has(".flash") {
		t.Errorf("after the undo: %s: %s", owner.Page.URL, owner.Page.Text("main"))
	}
	if b.Get("/orders"); b.Page.URL.Path != "/sign-in" {
		t.Error("the session since is still signed in")
	}
	owner.Get(undoing + "/" + undo).Want(http.StatusGone)
	owner.Post(undoing, map[string][]string{"token": {undo}}).Want(http.StatusGone)
	owner.Get(undoing + "/" + undo[:40]).Want(http.StatusGone)
	if owner.Get(undoing); owner.Page.URL.Path != "/sign-in" {
		t.Errorf("without a token: %s", owner.Page.URL)
	}
	again := freshly(i, jana)
	if again.Get("/profile/email"); !strings.Contains(again.Page.Text("main"), jana) {
		t.Errorf("the address is not back: %s", again.Page.Text("main"))
	}
}

// TestAddressInUseLooksFree checks that a free address and one in use get identical answers and cookies.
func TestAddressInUseLooksFree(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	i.SignIn(i.Browser(), ladisl)
	type answer struct {
		Status int
		Header http.Header
		Body   string
	}
	ask := func(email string) []answer {
		b := freshly(i, jana)
		b.Get("/profile/email")
		var answers []answer
		for _, request := range []webtest.Request{
			{Method: http.MethodPost, Path: "/profile/email", Body: "email=" + email},
			{Method: http.MethodGet, Path: "/profile/email/code"},
			{Method: http.MethodPost, Path: "/profile/email/code", Body: "code=AAAAAAAA"},
		} {
			request.Header = map[string]string{"Content-Type": "application/x-www-form-urlencoded",
				"Sec-Fetch-Site": "same-origin"}
			page := b.Send(request)
			for _, name := range []string{"X-Request-Id", "Date"} {
				page.Header.Del(name)
			}
			for _, cookie := range page.Cookies {
				page.Header.Set("Set-Cookie", cookie.Name+strings.Repeat("x", len(cookie.Value)))
			}
			answers = append(answers, answer{page.Status, page.Header,
				strings.ReplaceAll(page.Body, email, "-")})
		}
		return answers
	}
	if diff := cmp.Diff(ask(johana), ask(ladisl)); diff != "" {
		t.Error(diff)
	}
}

// TestEmailChangeWithoutAWish checks the code page without a pending address, and 15 minutes after a code
// in the middle of a change.
func TestEmailChangeWithoutAWish(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := freshly(i, jana)
	if b.Get("/profile/email/code").Want(http.StatusOK); b.Page.URL.Path != "/profile/email" {
		t.Errorf("leads to %s", b.Page.URL)
	}
	b.Submit("main form", map[string]string{"email": johana})
	i.Deliver()
	i.Clock.Move(15 * time.Minute)
	b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(johana))}).Want(http.StatusOK)
	if b.Page.URL.RequestURI() != "/security/confirm?to=%2Fprofile%2Femail%2Fcode" {
		t.Errorf("leads to %s", b.Page.URL)
	}
}

// wantRefusal checks that a form is shown again with the reason above it.
func wantRefusal(t *testing.T, page *webtest.Page, status int, says string) {
	t.Helper()
	page.Want(status)
	if text := page.Text("main .field-errors"); !strings.Contains(text, says) || !page.Has("main form") {
		t.Errorf("%s says %q: %s", page.URL, text, page.Text("main"))
	}
}

// TestCodesRunOut checks that exceeding the limit of codes is reported at the form, which keeps its input,
// both for a change of address and for the current mailbox.
func TestCodesRunOut(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := freshly(i, jana)
	for range 6 {
		b.Get("/profile/email")
		b.Submit("main form", map[string]string{"email": johana}).Want(http.StatusOK)
	}
	b.Get("/profile/email")
	wantRefusal(t, b.Submit("main form", map[string]string{"email": johana}), http.StatusTooManyRequests,
		"6 codes in the last hour")
	if got := b.Page.Attr("[name=email]", "value"); got != johana {
		t.Errorf("kept %q", got)
	}
	stale := signedIn(i)
	const send = "form[action='/security/confirm/send']"
	stale.Get("/security/confirm?to=/profile/email")
	for range 6 {
		stale.Submit(send, nil).Want(http.StatusOK)
	}
	wantRefusal(t, stale.Submit(send, nil), http.StatusTooManyRequests, "6 codes in the last hour")
	if !stale.Page.Has("[name=code]") || stale.Page.Attr("[name=to]", "value") != "/profile/email" {
		t.Errorf("the field or the way on is lost: %s", stale.Page.Text("main"))
	}
}

// TestAnotherCodeForTheNewAddress checks that the page that asks for the code can send another one.
func TestAnotherCodeForTheNewAddress(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := freshly(i, jana)
	b.Get("/profile/email")
	b.Submit("main form", map[string]string{"email": "a@example.com"}).Want(http.StatusOK)
	i.Deliver()
	first := webtest.CodeIn(i.Mailbox.Last("a@example.com"))
	b.Submit("form[action='/profile/email/']", nil).Want(http.StatusOK)
	i.Deliver()
	again := webtest.CodeIn(i.Mailbox.Last("a@example.com"))
	b.Submit("form[action='/profile/email/code']", map[string]string{"code": again}).Want(http.StatusOK)
	if first == again || b.Page.URL.Path != "/profile" {
		t.Errorf("codes %q and %q lead to %s", first, again, b.Page.URL)
	}
}

// TestEmailChangesRunOut checks that a fourth change in a day is refused, with a message on the code page.
func TestEmailChangesRunOut(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	from := jana
	for n, to := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		i.Clock.Move(time.Hour) // emails are limited per hour, too
		b := freshly(i, from)
		b.Get("/profile/email")
		b.Submit("main form", map[string]string{"email": to}).Want(http.StatusOK)
		i.Deliver()
		b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(to))})
		if n < 3 {
			b.Page.Want(http.StatusOK)
		} else {
			wantRefusal(t, b.Page, http.StatusTooManyRequests, "3 times today")
		}
		from = to
	}
}

// TestLanguageOfTheStepUp checks that changing the language keeps the code field and the destination, and
// that from an error page it leads to an existing page.
func TestLanguageOfTheStepUp(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	b.Get("/privacy/erase")
	b.Submit("form[action='/security/confirm/send']", nil).Want(http.StatusOK)
	b.Submit(".languages", map[string]string{"lang": "sk"}).Want(http.StatusOK)
	if !b.Page.Has("[name=code]") || b.Page.Attr("[name=to]", "value") != "/privacy/erase" {
		t.Errorf("in Slovak, %s: %s", b.Page.URL, b.Page.Text("main"))
	}
	b.Post("/addresses/none/delete", nil).Want(http.StatusNotFound)
	if b.Submit(".languages", map[string]string{"lang": "en"}).Want(http.StatusOK); b.Page.URL.Path != "/orders" {
		t.Errorf("after an error: %s", b.Page.URL)
	}
}

// TestEmailPagesInEveryLanguage checks the pages of a change and of its undo in all languages.
func TestEmailPagesInEveryLanguage(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	i := webtest.Portal(t)
	b := freshly(i, jana)
	b.Get("/profile/email")
	b.Submit("main form", map[string]string{"email": johana})
	secret, browser, pending := b.Cookie("__Host-postern.main"), b.Cookie("__Host-postern-browser.main"), b.Cookie("__Host-postern-address.main")
	stale := signedIn(i)
	var wait sync.WaitGroup
	for _, lang := range words.Languages() {
		b.Post("/profile/language", map[string][]string{"lang": {lang},
			"back": {"/company"}}).Want(http.StatusOK)
		other := i.Browser()
		other.SetCookie("__Host-postern.main", secret)
		other.SetCookie("__Host-postern-browser.main", browser)
		other.SetCookie("__Host-postern-address.main", pending)
		for _, path := range []string{"/profile/email", "/profile/email/code"} {
			wantLanguage(t, other.Get(path).Want(http.StatusOK), lang)
		}
		for _, path := range []string{"/security/confirm", "/security/confirm?sent=yes"} {
			wantLanguage(t, stale.Get(path).Want(http.StatusOK), lang)
		}
	}
	i.Deliver()
	b.Get("/profile/email/code")
	b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(johana))}).Want(http.StatusOK)
	i.Work()
	undo := undoIn(i, jana)
	for _, lang := range words.Languages() {
		wait.Go(func() {
			visitor := i.Browser()
			visitor.Header.Set("Accept-Language", lang)
			wantLanguage(t, visitor.Get(undoing+"/"+undo).Want(http.StatusOK), lang)
			wantLanguage(t, visitor.Get(undoing+"/damaged").Want(http.StatusGone), lang)
		})
	}
	wait.Wait()
}
