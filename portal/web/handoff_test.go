package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
)

const (
	callBack  = shopOrigin + "/signed-in?from=cart#top"
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func startOf(returnTo, challenge string) string {
	return "/sign-in?" + url.Values{"return_to": {returnTo}, "code_challenge": {challenge}}.Encode()
}

// post sends a document to the API.
func post(i *webtest.Installation, key, path string, document any) *webtest.Page {
	body, _ := json.Marshal(document) // strings cannot fail
	return i.Browser().Send(webtest.Request{Method: http.MethodPost, Path: path, Body: string(body),
		Header: map[string]string{
			"Authorization": "Bearer " + key, "Content-Type": "application/json",
		}})
}

type wire map[string]string

// codeOn reads the code from the page that returns to the shop, and checks that its redirect and its link
// agree.
func codeOn(t *testing.T, page *webtest.Page) string {
	t.Helper()
	way, _ := strings.CutPrefix(page.Want(http.StatusOK).Header.Get("Refresh"), "0; url=")
	rest, found := strings.CutPrefix(way, shopOrigin+"/signed-in?from=cart&code=")
	code, last := strings.CutSuffix(rest, "#top")
	if !found || !last || len(code) != 43 || page.Attr(".panel a.main", "href") != way {
		t.Fatalf("%s leads to %q and %q", page.URL, way, page.Attr(".panel a.main", "href"))
	}
	return code
}

// TestBackToTheStorefront goes from the shop to the sign-in, by link or by code, and back, and lets the
// shop look up the customer.
func TestBackToTheStorefront(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	key := i.Key("main")
	for _, way := range []string{"link", "link elsewhere", "code", "code of a second mail",
		"signed in already", "straight to our own page"} {
		t.Run(way, func(t *testing.T) {
			email := strings.ReplaceAll(way, " ", "") + "@example.com"
			b := i.Browser()
			if way == "signed in already" {
				i.SignIn(b, email)
			}
			b.Get(startOf(callBack, challenge)).Want(http.StatusOK)
			if way == "straight to our own page" {
				b.Get(strings.Replace(startOf(callBack, challenge), "/sign-in", "/sign-in/continue",
					1)).Want(http.StatusOK)
			}
			if way != "signed in already" {
				b = signInBy(i, b, email, way)
			}
			code := codeOn(t, b.Page)
			var record struct{ Email string }
			page := post(i, key, "/api/v1/hand-off",
				wire{"code": code, "return_to": callBack, "code_verifier": verifier}).Want(http.StatusOK)
			if err := json.Unmarshal([]byte(page.Body), &record); err != nil || record.Email != email {
				t.Errorf("the shop is told %s: %v", page.Body, err)
			}
			if page.Header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
			post(i, key, "/api/v1/hand-off",
				wire{"code": code, "return_to": callBack, "code_verifier": verifier}).Want(http.StatusGone)
			b.Get("/orders").Want(http.StatusOK)
		})
	}
	if text := i.Log.String(); strings.Contains(text, "code=") || strings.Contains(text, verifier) {
		t.Error("the log holds a code or a verifier")
	}
}

// signInBy requests a sign-in in b and completes it in the browser that it returns.
func signInBy(i *webtest.Installation, b *webtest.Browser, email, way string) *webtest.Browser {
	b.Submit("main form", map[string]string{"email": email}).Want(http.StatusOK)
	if way == "code of a second mail" {
		b.Submit("form[action='/sign-in/again']", nil).Want(http.StatusOK)
	}
	i.Clock.Move(time.Second)
	i.Deliver()
	if strings.HasPrefix(way, "code") {
		b.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last(email))})
		return b
	}
	if way == "link elsewhere" {
		b = i.Browser()
	}
	b.Get(webtest.LinkIn(i.Mailbox.Last(email))).Want(http.StatusOK)
	b.Submit("main form", nil)
	return b
}

// TestHandOffAnswersAlike checks that every faulty exchange gets the same answer.
func TestHandOffAnswersAlike(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	key := i.Key("main")
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	type problem struct {
		Status                    int
		Type, Title, Detail, Code string
	}
	var first problem
	for n, wrong := range []wire{
		{"code": "never", "return_to": callBack, "code_verifier": verifier},
		{"return_to": shopOrigin}, {"code_verifier": strings.Repeat("a", 43)}, {"code_verifier": ""},
		{"code": ""}, {},
	} {
		body := wire{"code": codeOn(t, b.Get(startOf(callBack, challenge))), "return_to": callBack,
			"code_verifier": verifier}
		for name, value := range wrong {
			body[name] = value
		}
		if len(wrong) == 0 {
			i.Clock.Move(time.Minute)
		}
		var told problem
		if err := json.Unmarshal([]byte(post(i, key, "/api/v1/hand-off", body).Want(http.StatusGone).Body),
			&told); err != nil {
			t.Fatal(err)
		}
		if first.Status == 0 {
			first = told
		}
		if diff := cmp.Diff(first, told); diff != "" || told.Code != "hand_off.gone" || told.Detail == "" {
			t.Errorf("wrong way %d: %s %+v", n, diff, told)
		}
	}
	code := codeOn(t, b.Get(startOf(callBack, challenge)))
	right := wire{"code": code, "return_to": callBack, "code_verifier": verifier}
	post(i, "postern_x", "/api/v1/hand-off", right).Want(http.StatusUnauthorized)
	i.Put(key, "/api/v1/hand-off", "{}").Want(http.StatusMethodNotAllowed)
	post(i, key, "/api/v1/hand-off",
		wire{"code": code, "redirect_uri": callBack}).Want(http.StatusUnprocessableEntity)
	b.Send(webtest.Request{Method: http.MethodPost, Path: "/api/v1/hand-off", Body: "code=" + code,
		Header: map[string]string{
			"Authorization": "Bearer " + key, "Content-Type": "application/x-www-form-urlencoded",
		}}).Want(http.StatusUnsupportedMediaType)
	post(i, key, "/api/v1/hand-off", right).Want(http.StatusOK)
}

// TestNoCodeForNobody checks that prefetches, HEAD requests and strangers get no code.
func TestNoCodeForNobody(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	path := strings.Replace(startOf(callBack, challenge), "/sign-in", "/sign-in/continue", 1)
	page := b.Send(webtest.Request{Path: path}).Want(http.StatusSeeOther)
	if target, _ := page.Redirect(); target == nil || target.RequestURI() != startOf(callBack, challenge) {
		t.Errorf("a stranger is led to %s", target)
	}
	i.SignIn(b, "jana@example.com")
	for _, header := range []map[string]string{
		{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "Prefetch"},
		{"Sec-Purpose": "prefetch;anonymous-client-ip"}, {"X-Moz": "prefetch"},
	} {
		page := b.Send(webtest.Request{Path: path, Header: header}).Want(http.StatusTooEarly)
		if page.Header.Get("Refresh") != "" || strings.Contains(page.Body, "code=") {
			t.Errorf("%v gets a code", header)
		}
	}
	if page := b.Send(webtest.Request{Method: http.MethodHead,
		Path: path}); page.Header.Get("Refresh") != "" {
		t.Error("a HEAD gets a code")
	}
	codeOn(t, b.Get(path))
}

// nearReturns returns addresses that look similar to the shop's origin.
func nearReturns() []string {
	var wishes []string
	for _, host := range []string{
		"www.shop.test.", "www.shop.test:443", "www.shop.test:", "www.shop.test:0443", "www.shop.test:80",
		"shop.test", "www.www.shop.test", "wwww.shop.test", "www.shop.tes",
		"www.shop.test.evil.test", "www.shop.testevil", "www-shop.test", "www.shop.test%2eevil.test",
		"www.shop.test%00", "www.shop.test%00.evil.test", "www.shop.test\x00.evil.test",
		"www.shop.test\u2024evil.test", "www.shop。test", "ｗｗｗ.shop.test", "www.ѕhop.test",
		"xn--www-shop-test", "www.shop.test@evil.test", "evil.test@www.shop.test", "x:y@www.shop.test",
		"www.shop.test\\evil.test", "www.shop.test\\@evil.test", "www.shop.test\t", "www.shop.test\r\n",
		"www.shop.test ", " www.shop.test", "[www.shop.test]", "www.shop.test%5c@evil.test",
		"www.shop.test#@evil.test", "www.shop.test;evil.test", "www.shop.test,evil.test", "account.shop.test",
		"ACCOUNT.shop.test", "account.shop.test:443", "127.0.0.1", "localhost",
	} {
		for _, scheme := range []string{"https://", "http://", "//", "https:", "https:/", "https:///",
			`https:\\`, "HTTPS://", "https://\t", "javascript://", "data://", "ws://", " https://"} {
			wishes = append(wishes, scheme+host+"/signed-in")
		}
	}
	for _, code := range []string{"?code=x", "?a=1&code=x", "?Code=x", "?%63ode=x", "?code[]=x",
		"?a;code=x", "?%zz"} {
		wishes = append(wishes, shopOrigin+"/signed-in"+code)
	}
	return append(wishes, strayWishes()...)
}

// TestOpenReturnURLsAreRejected tries each of nearReturns as return_to on the sign-in page and on our own
// page, signed in, and in the destination of an email. A code goes only to the shop's origin.
func TestOpenReturnURLsAreRejected(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("hundreds of wishes: not in a short run")
	}
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	wishes := nearReturns()
	destinations := make([]string, len(wishes))
	for n, wish := range wishes {
		destinations[n] = "/sign-in/continue?" + url.Values{"return_to": {wish}}.Encode()
	}
	kept := mailDestinations(t, i, destinations)
	tried := 0
	for n, wish := range wishes {
		if n%200 == 0 {
			i.Clock.Move(time.Hour) // codes are limited per hour
		}
		if kept[n] != "" && (kept[n] != destinations[n] || leadsAstray(wish)) {
			t.Errorf("%q is kept in a mail as %q", wish, kept[n])
		}
		for _, path := range []string{"/sign-in/continue?return_to=", "/sign-in?return_to=",
			"/sign-in?to=" + url.QueryEscape("/sign-in/continue?return_to=")} {
			escaped := url.QueryEscape(wish)
			if strings.Contains(path, "to=%2F") {
				escaped = url.QueryEscape(escaped)
			}
			page := b.Send(webtest.Request{Path: path + escaped})
			checkWay(t, page, wish)
			checkCode(t, page, wish)
		}
		if leadsAstray(wish) {
			tried++
		}
	}
	if tried < 500 {
		t.Errorf("%d of %d wishes would lead astray", tried, len(wishes))
	}
	if good := b.Get(startOf(shopOrigin+"/", "")); !strings.Contains(good.Header.Get("Refresh"),
		shopOrigin+"/?code=") {
		t.Errorf("the origin itself leads to %q", good.Header.Get("Refresh"))
	}
}

// checkCode checks that a code is given only to the shop's own origin, as the only parameter of that name.
func checkCode(t *testing.T, page *webtest.Page, wish string) {
	t.Helper()
	_, way, found := strings.Cut(page.Header.Get("Refresh"), "url=")
	if !found {
		return
	}
	u, err := url.Parse(way)
	if err != nil || lands(way) != shopOrigin || len(u.Query()["code"]) != 1 || slices.ContainsFunc(
		[]string{"code[]", "Code", "CODE"}, func(name string) bool { return u.Query().Has(name) }) {
		t.Errorf("%q takes a code to %q", wish, way)
	}
}

// TestLongReturn uses the longest allowed address through the whole sign-in.
func TestLongReturn(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	long := shopOrigin + "/?x=" + strings.Repeat("%2F", (1000-len(shopOrigin)-4)/3)
	b.Get(startOf(long, challenge)).Want(http.StatusOK)
	b.Submit("main form", map[string]string{"email": "jana@example.com"}).Want(http.StatusOK)
	b.Submit("form[action='/sign-in/again']", nil).Want(http.StatusOK)
	i.Deliver()
	b.Get(webtest.LinkIn(i.Mailbox.Last("jana@example.com")))
	if way := b.Submit("main form", nil).Want(http.StatusOK).Header.Get("Refresh"); !strings.HasPrefix(way,
		"0; url="+long+"&code=") {
		t.Errorf("leads to %.200s", way)
	}
	b.Get("/orders")
	if page := b.Get(startOf(long+strings.Repeat("a", 5000), challenge)); page.URL.Path != "/orders" {
		t.Errorf("a longer one leads to %s", page.URL.Path)
	}
}

// TestSignInMail requests an email as a shop system does.
func TestSignInMail(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	key := i.Key("main")
	i.Put(key, "/api/v1/customers/a%2F7",
		`{"email":"jana@example.com","updated_at":"2026-03-01T10:00:00Z"}`).Want(http.StatusCreated)
	const path = "/api/v1/customers/a%2F7/sign-in-mail"
	if page := post(i, key, path, wire{"destination": "/company"}).Want(http.StatusAccepted); page.Body != "{}" {
		t.Errorf("answered with %s", page.Body)
	}
	i.Deliver()
	b := i.Browser()
	b.Get(webtest.LinkIn(i.Mailbox.Last("jana@example.com"))).Want(http.StatusOK)
	if b.Submit("main form", nil).Want(http.StatusOK); b.Page.URL.Path != "/company" {
		t.Errorf("the link leads to %s", b.Page.URL)
	}
	if page := post(i, key, path, wire{"destination": "https://evil.test/"}).Want(http.StatusUnprocessableEntity); !strings.Contains(page.Body, `"pointer":"/destination"`) {
		t.Errorf("a stray destination: %s", page.Body)
	}
	post(i, key, "/api/v1/customers/none/sign-in-mail", wire{}).Want(http.StatusNotFound)
	post(i, "postern_none", path, wire{}).Want(http.StatusUnauthorized)
	for n := range 6 {
		want := http.StatusAccepted
		if n == 5 {
			want = http.StatusTooManyRequests
		}
		post(i, key, path, wire{"destination": fmt.Sprintf("/orders/%d", n)}).Want(want)
	}
}
