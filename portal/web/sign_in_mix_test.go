package web_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/web/webtest"
)

// These are the ways in which people open a link, chosen by wayOf: in the browser that requested it, on
// another device, in the browser inside an email app, which they leave with "open in browser", and behind a
// scanner that opens every link first.
const (
	sameBrowser = "the same browser"
	otherDevice = "another device"
	inApp       = "inside a mail program"
	scanned     = "behind a scanner"
)

func wayOf(n int) string {
	switch n % 20 {
	case 0:
		return scanned
	case 1, 2:
		return inApp
	case 3, 4, 5, 6, 7:
		return otherDevice
	}
	return sameBrowser
}

// TestFirstClick has people sign in as they do in practice, each in one of these ways and between seconds
// and thirteen days after the request, many at the same time. At least 999 of 1,000 must be signed in by
// their first click.
func TestFirstClick(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	people := counted(10_000)
	failed := map[string]int{}
	for _, e := range events(people, i.Clock.Now()) {
		i.Clock.Move(e.at.Sub(i.Clock.Now()))
		if e.person.link == "" {
			browsers, links := askAll(t, i, []string{e.person.email})
			e.person.asking, e.person.link = browsers[0], links[0]
		} else if !e.person.clicks(t, i) {
			failed[e.person.way]++
		}
	}
	all := 0
	for way, n := range failed {
		all += n
		t.Logf("%s: %d are not in", way, n)
	}
	if all*1000 > people {
		t.Errorf("%d of %d are not in", all, people)
	}
	t.Logf("%d of %d are in by the first click", people-all, people)
}

// person requests a link and clicks it later.
type person struct {
	way, email string
	asking     *webtest.Browser
	link       string // "" until requested
}

type event struct {
	at     time.Time
	person *person
}

// events returns everything people do, in order of time: each requests a link and clicks it after a delay
// whose logarithm is uniformly distributed.
func events(people int, start time.Time) []event {
	const soonest, latest = 2 * time.Second, 13 * 24 * time.Hour
	random := rand.New(rand.NewPCG(13, 14))
	var all []event
	for n := range people {
		p := &person{way: wayOf(n), email: fmt.Sprintf("person%d@example.com", n)}
		asks := start.Add(time.Duration(n) * 7 * time.Minute)
		waits := time.Duration(float64(soonest) * math.Exp(random.Float64()*math.Log(float64(latest)/float64(soonest))))
		all = append(all, event{asks, p}, event{asks.Add(waits.Truncate(time.Millisecond)), p})
	}
	slices.SortStableFunc(all, func(a, b event) int { return a.at.Compare(b.at) })
	return all
}

// clicks opens the link in the person's way and presses the button once. It reports whether the person is
// signed in.
func (p *person) clicks(t *testing.T, i *webtest.Installation) bool {
	t.Helper()
	reader, link := p.asking, p.link
	switch p.way {
	case otherDevice:
		reader = i.Browser()
	case inApp:
		reader = i.Browser()
		app := i.Browser()
		app.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148")
		if app.Get(link); app.Page.Has("form[data-auto]") {
			return false
		}
		link = app.Page.URL.String() // the URL that "open in browser" uses
	case scanned:
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
			lookAt(t, i, link, look{method: method})
		}
	}
	return pressesOnce(reader, link, p.email)
}

// pressesOnce opens a link, presses its button, and reports whether the browser is then signed in as that
// customer.
func pressesOnce(b *webtest.Browser, link, email string) bool {
	if b.Get(link); b.Page.Status != http.StatusOK || !b.Page.Has("form[data-sign-in]") {
		return false
	}
	b.Submit("form[data-sign-in]", nil)
	return b.Page.Status == http.StatusOK && b.Page.URL.Path == "/orders" &&
		b.Cookie("__Host-postern.main") != "" && strings.Contains(b.Page.Body, email)
}

// TestScannerComesFirst has scanners open links as soon as they are emailed. One second to ten minutes
// later people press the button, half of them in the browser that requested the link: everyone is signed
// in.
func TestScannerComesFirst(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	random := rand.New(rand.NewPCG(8, 8))
	const together = 100
	for round := range counted(10_000) / together {
		emails, waits := make([]string, together), make([]time.Duration, together)
		for n := range together {
			emails[n] = fmt.Sprintf("person%d-%d@example.com", round, n)
			waits[n] = time.Second + time.Duration(random.IntN(599_000))*time.Millisecond
		}
		slices.Sort(waits)
		askers, links := askAll(t, i, emails)
		for n, link := range links {
			lookAt(t, i, link, look{method: http.MethodGet})
			lookAt(t, i, link, waysToLook()[n%len(waysToLook())])
		}
		scanned := i.Clock.Now()
		for n, link := range links {
			i.Clock.Move(scanned.Add(waits[n]).Sub(i.Clock.Now()))
			reader := askers[n]
			if n%2 == 1 {
				reader = i.Browser()
			}
			if !pressesOnce(reader, link, emails[n]) {
				t.Fatalf("%s behind a scanner: %s, %d", waits[n], reader.Page.URL.Path, reader.Page.Status)
			}
		}
		i.Clock.Move(time.Hour)
	}
}

// TestBrowserThatRefusesCookies requests and clicks a link in a browser that blocks cookies. Every attempt
// shows the reason without a redirect loop, and the link still works where cookies are allowed.
func TestBrowserThatRefusesCookies(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	b.RefuseCookies()
	if b.Get("/orders").Want(http.StatusOK); b.Page.URL.Path != "/sign-in" {
		t.Fatalf("at %s", b.Page.URL)
	}
	b.Submit("main form", map[string]string{"email": jana}).Want(http.StatusUnprocessableEntity) // fails after ten redirects
	if said := b.Page.Text("[role=alert]"); !strings.Contains(said, "blocking cookies") {
		t.Errorf("after asking the page says %q", said)
	}
	i.Deliver()
	message := i.Mailbox.Last(jana)
	link := webtest.LinkIn(message)
	b.Get(link).Want(http.StatusOK)
	for range 3 {
		if b.Page.Has("form[data-auto]") {
			t.Fatal("a script presses the button again and again")
		}
		b.Submit("form[data-sign-in]", nil).Want(http.StatusUnprocessableEntity)
		if said := b.Page.Text("[role=alert]"); !strings.Contains(said, "Allow cookies") ||
			len(b.Page.Texts("form[data-sign-in] button")) != 1 {
			t.Fatalf("the page says %q", said)
		}
	}
	b.Post("/sign-in/code", map[string][]string{"code": {webtest.CodeIn(message)}}).Want(http.StatusOK)
	if b.Page.URL.Path != "/sign-in" {
		t.Errorf("the code leads to %s", b.Page.URL)
	}
	if !pressesOnce(i.Browser(), link, jana) {
		t.Error("the link is spent")
	}
}
