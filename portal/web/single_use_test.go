package web_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"

	"postern/portal"
	"postern/portal/web"
	"postern/portal/web/webtest"
)

// clicksAtOnce is how many clicks are under way at a time.
const clicksAtOnce = 200

// TestThousandClicksOnOneLink lets browsers without number press the button of one link, at two servers over one store: one
// of them gets a session, all others are told that the link was used.
func TestThousandClicksOnOneLink(t *testing.T) {
	i := webtest.Portal(t)
	second, err := web.New(web.Config{App: portal.New(i.Engine, portal.WithClock(i.Clock.Now))})
	if err != nil {
		t.Fatal(err)
	}
	ways := []*webtest.Way{i.Way, webtest.Serve(t, second)}
	token := linkToken(t, i, "jana@example.com")

	const clicks = 1000
	answers := make([]answer, clicks)
	var wait sync.WaitGroup
	free := make(chan struct{}, clicksAtOnce)
	for n := range clicks {
		wait.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			answers[n] = click(ways[n%len(ways)], token, n)
		})
	}
	wait.Wait()

	statuses, sessions := map[int]int{}, 0
	for n, a := range answers {
		if a.err != nil {
			t.Fatalf("click %d: %v", n, a.err)
		}
		statuses[a.status]++
		if a.session {
			sessions++
		}
	}
	if sessions != 1 || statuses[http.StatusSeeOther] != 1 || statuses[http.StatusGone] != clicks-1 {
		t.Errorf("%d sessions, statuses %v", sessions, statuses)
	}
}

// answer is what one click came to.
type answer struct {
	status  int
	session bool
	err     error
}

// click presses the button of a link in a browser of its own.
func click(way *webtest.Way, token string, n int) answer {
	form := strings.NewReader(url.Values{"token": {token}}.Encode())
	request, err := http.NewRequest(http.MethodPost, "https://account.shop.test/sign-in/link", form)
	if err != nil {
		return answer{err: err}
	}
	secret := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%032d", n))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set("Cookie", "__Host-postern-browser="+secret)
	response, err := way.RoundTrip(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	session := false
	for _, cookie := range response.Cookies() {
		session = session || cookie.Name == "__Host-postern" && cookie.Value != ""
	}
	return answer{status: response.StatusCode, session: session}
}

// linkToken has a customer with one order ask for a link, and returns the mailed one's token.
func linkToken(t *testing.T, i *webtest.Installation, email string) string {
	t.Helper()
	i.Put(i.Key("main"), "/api/v1/orders/1", fmt.Sprintf(`{"email":%q,"placed_at":"2026-03-01T10:00:00Z",
		"updated_at":"2026-03-01T10:00:00Z","currency":"EUR","total":"1.00"}`, email)).Want(http.StatusCreated)
	browser := i.Browser()
	browser.Get("/sign-in").Want(http.StatusOK)
	browser.Submit("main form", map[string]string{"email": email}).Want(http.StatusOK)
	i.Deliver()
	link, err := url.Parse(webtest.LinkIn(i.Mailbox.Last(email)))
	if err != nil {
		t.Fatal(err)
	}
	return path.Base(link.Path)
}
