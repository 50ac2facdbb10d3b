package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/web"
	"postern/portal/web/webtest"
)

const day = 24 * time.Hour

// process returns a separate server over the installation's store, whose clock differs by off. Its timeout
// is long enough for a store that handles one request at a time.
func process(t *testing.T, i *webtest.Installation, off time.Duration) *webtest.Way {
	t.Helper()
	now := func() time.Time { return i.Clock.Now().Add(off) }
	site, err := web.New(web.Config{
		App: portal.New(i.Engine, secrettest.Ring(), portal.WithClock(now)), Timeout: time.Minute,
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, // otherwise it accepts only a few connections
	})
	if err != nil {
		t.Fatal(err)
	}
	return webtest.Serve(t, site)
}

const shopAddress = "https://account.shop.test"

// TestLinksPastTheirEnd submits links a millisecond after they expire, at a server started later, which
// knows only the stored data: none of them signs in. A link of the same age works one second before it
// expires.
func TestLinksPastTheirEnd(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	all := counted(10_000)
	together := min(all, 500)
	for round := range all / together {
		emails := make([]string, together+1)
		for n := range emails {
			emails[n] = fmt.Sprintf("late%d-%d@example.com", round, n)
		}
		askers, links := askAll(t, i, emails)
		i.Clock.Move(14*day - time.Second)
		if !pressesOnce(askers[together], links[together], emails[together]) {
			t.Fatal("a second before the end")
		}
		i.Clock.Move(time.Second + time.Millisecond)
		restarted := process(t, i, 0)
		for n, link := range links[:together] {
			b := webtest.NewBrowser(t, shopAddress, restarted)
			b.SetCookie("__Host-postern-browser.main", askers[n].Cookie("__Host-postern-browser.main"))
			if n%10 == 0 && b.Get(link).Status != http.StatusGone {
				t.Fatalf("the page of link %d: %d", n, b.Page.Status)
			}
			b.Post("/sign-in/link", url.Values{"token": {path.Base(linkPath(t, link))}})
			if b.Page.Status != http.StatusGone || b.Cookie("__Host-postern.main") != "" {
				t.Fatalf("link %d past its end: %d at %s", n, b.Page.Status, b.Page.URL)
			}
		}
	}
}

// TestSessionsEndByClocksThatDiffer creates, uses and checks sessions at two servers whose clocks are five
// minutes apart. A session ends exactly fourteen days after its last use and thirty days after its start,
// as measured by the server that recorded the time and the one that checks it, so it ends at most five
// minutes early or late.
func TestSessionsEndByClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		i := webtest.Portal(t)
		servers := []server{{i.Way, 0}, {process(t, i, off), off}}
		for n := range 8 { // all combinations of made, used and judges
			made, used, judges := servers[n&1], servers[n>>1&1], servers[n>>2&1]
			t.Run(fmt.Sprintf("off by %s, %s %s %s", off, made.off, used.off, judges.off),
				func(t *testing.T) {
					in := func(who string) *webtest.Browser {
						return made.signIn(t, i,
							fmt.Sprintf("%s%d@example.com", who, n))
					}
					last, late := in("idle"), in("late")
					i.Clock.Move(day)
					used.opens(t, last)
					used.opens(t, late)
					judges.ends(t, i, 14*day+used.off-judges.off, last, late)

					last, late = in("busy"), in("tired")
					for range 4 {
						i.Clock.Move(7 * day)
						used.opens(t, last)
						used.opens(t, late)
					}
					judges.ends(t, i, 2*day+made.off-judges.off, last, late)
				})
		}
	}
}

// server is a process and the offset of its clock.
type server struct {
	way *webtest.Way
	off time.Duration
}

// signIn signs a new browser in at this server.
func (s server) signIn(t *testing.T, i *webtest.Installation, email string) *webtest.Browser {
	t.Helper()
	_, links := askAll(t, i, []string{email})
	b := webtest.NewBrowser(t, shopAddress, s.way)
	if !pressesOnce(b, links[0], email) {
		t.Fatalf("%s is not in: %d at %s", email, b.Page.Status, b.Page.URL)
	}
	return b
}

// lets opens a page of this server with the browser's session, and reports whether it is accepted.
func (s server) lets(t *testing.T, b *webtest.Browser) bool {
	t.Helper()
	here := webtest.NewBrowser(t, shopAddress, s.way)
	here.SetCookie("__Host-postern.main", b.Cookie("__Host-postern.main"))
	return here.Get("/orders").Want(http.StatusOK).URL.Path == "/orders"
}

func (s server) opens(t *testing.T, b *webtest.Browser) {
	t.Helper()
	if !s.lets(t, b) {
		t.Fatal("a session in use is refused")
	}
}

// ends checks that last is accepted one second before the session ends, and that late is refused at the
// end. It takes two browsers, since a visit counts as use.
func (s server) ends(t *testing.T, i *webtest.Installation, after time.Duration, last,
	late *webtest.Browser) {
	t.Helper()
	i.Clock.Move(after - time.Second)
	if !s.lets(t, last) {
		t.Error("refused a second before the end")
	}
	i.Clock.Move(time.Second)
	if s.lets(t, late) {
		t.Error("let in at the end")
	}
}
