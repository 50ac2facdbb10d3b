package portal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/credential"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

const jan = "jan@example.com"

// newCustomer creates a customer with one order.
func (h *testApp) newCustomer(email string) {
	h.t.Helper()
	h.put(orderJSON("o-"+email, email))
}

func TestLinkSignsInOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLink(jan, "browser")
	signed, err := h.visitor("browser").Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if got := h.shopper(signed.Cookie).Customer().Email; got != jan {
		t.Errorf("signed in as %s", got)
	}
	if signed.Destination != shop.Home {
		t.Errorf("leads to %s", signed.Destination)
	}
	if _, err = h.visitor("another").Redeem(t.Context(), token); validate.KindOf(err) != validate.Gone {
		t.Errorf("second use by another browser: %v", err)
	}
	page, err := h.visitor("another").Link(t.Context(), token)
	if err != nil || page.State != credential.LinkUsed || !page.At.Equal(h.clock.Now()) {
		t.Errorf("page of the used link: %+v, %v", page, err)
	}
}

func TestRepeatedClickOfTheSameBrowser(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLinkTo(jan, "browser", "/orders/1001")
	first, err := h.visitor("browser").Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Move(59 * time.Second)
	again, err := h.visitor("browser").Redeem(t.Context(), token)
	if err != nil || again != first || again.Destination != "/orders/1001" {
		t.Errorf("within a minute: %v, %+v, first %+v", err, again, first)
	}
	h.clock.Move(time.Second)
	if _, err := h.visitor("browser").Redeem(t.Context(), token); validate.KindOf(err) != validate.Gone {
		t.Errorf("after a minute: %v", err)
	}
}

// TestParallelRedemptions redeems one link many times at once in two processes over one store: one
// redemption signs in.
func TestParallelRedemptions(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	apps := []*portal.App{h.app, portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now),
		portal.WithCountDelay(0))}
	token, _ := h.askLink(jan, "asking")
	const clicks = 1000
	var won, gone atomic.Int32
	var cookie atomic.Value
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range clicks {
		ready.Add(1)
		done.Go(func() {
			visitor := apps[i%2].Visitor(h.shop, firefox(fmt.Sprintf("browser %d", i)))
			ready.Done()
			<-start
			signed, err := visitor.Redeem(context.Background(), token)
			switch {
			case err == nil:
				won.Add(1)
				cookie.Store(signed.Cookie)
			case validate.KindOf(err) == validate.Gone:
				gone.Add(1)
			default:
				t.Errorf("click %d: %v", i, err)
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	if won.Load() != 1 || gone.Load() != clicks-1 {
		t.Fatalf("%d signed in, %d were told it is used", won.Load(), gone.Load())
	}
	sessions, err := h.shopper(cookie.Load().(string)).Sessions(t.Context())
	if err != nil || len(sessions) != 1 {
		t.Errorf("%d sessions, %v", len(sessions), err)
	}
}

// TestLinkAndCodeTogether uses the link and the code of one email at the same time: one of them signs in.
func TestLinkAndCodeTogether(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	for range counted(1000) {
		token, code := h.askLink(jan, "browser")
		var in atomic.Int32
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := h.visitor("browser").Redeem(context.Background(), token); err == nil {
				in.Add(1)
			}
		})
		wait.Go(func() {
			if _, err := h.visitor("browser").EnterCode(context.Background(), jan, code); err == nil {
				in.Add(1)
			}
		})
		wait.Wait()
		if in.Load() != 1 {
			t.Fatalf("%d sessions of one mail", in.Load())
		}
		h.clock.Move(2 * time.Hour) // each address gets a limited number of emails a day
	}
}

func TestUsingOneLinkEndsTheOthers(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	first, firstCode := h.askLink(jan, "browser")
	second, _ := h.askLink(jan, "browser")
	if _, err := h.visitor("browser").Redeem(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	page, err := h.visitor("browser").Link(t.Context(), first)
	if err != nil || page.State != credential.LinkReplaced {
		t.Errorf("the other link: %+v, %v", page, err)
	}
	if _, err := h.visitor("browser").EnterCode(t.Context(), jan,
		firstCode); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the other code: %v", err)
	}
}

func TestAskingAgainEndsNoLink(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	var tokens []string
	for range 5 {
		token, _ := h.askLink(jan, "stranger")
		tokens = append(tokens, token)
	}
	h.clock.Move(time.Minute)
	if _, err := h.visitor("stranger").RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Fatal(err)
	}
	sixth := h.deliver()
	if len(sixth) != 1 || tokenIn(sixth[0]) != "" || codeIn(sixth[0]) == "" {
		t.Fatalf("the sixth mail should carry a code and no link: %+v", sixth)
	}
	for i, token := range tokens {
		if page, err := h.visitor("x").Link(t.Context(), token); err != nil ||
			page.State != credential.LinkLive {
			t.Errorf("link %d is %s, %v", i, page.State, err)
		}
	}
	if _, err := h.visitor("jan's").Redeem(t.Context(), tokens[0]); err != nil {
		t.Errorf("the first link: %v", err)
	}
}

func TestLinkLivesFourteenDays(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLinkTo(jan, "browser", "/orders/1001")
	h.clock.Move(14*24*time.Hour - time.Second)
	if page, _ := h.visitor("browser").Link(t.Context(),
		token); page.State != credential.LinkLive || page.Auto {
		t.Errorf("a second before the end: %+v", page)
	}
	h.clock.Move(time.Second + time.Millisecond)
	page, err := h.visitor("browser").Link(t.Context(), token)
	if err != nil || page.State != credential.LinkExpired {
		t.Errorf("past the end: %+v, %v", page, err)
	}
	if _, err := h.visitor("browser").Redeem(t.Context(), token); validate.KindOf(err) != validate.Gone {
		t.Errorf("redeemed past the end: %v", err)
	}
	pending, err := h.visitor("browser").RequestAnotherLink(t.Context(), token, "en")
	sent := h.deliver()
	if err != nil || pending.Email != jan || len(sent) != 1 {
		t.Fatalf("asked for a new one: %+v, %v", pending, err)
	}
	signed, err := h.visitor("browser").Redeem(t.Context(), tokenIn(sent[0]))
	if err != nil || signed.Destination != "/orders/1001" {
		t.Errorf("the new one leads to %q, %v", signed.Destination, err)
	}
	_, err = h.visitor("browser").RequestAnotherLink(t.Context(), token, "en")
	page, _ = h.visitor("other").Link(t.Context(), tokenIn(h.deliver()[0]))
	if err != nil || page.Destination != "/orders/1001" {
		t.Errorf("asked long after: %+v, %v", page, err)
	}
}

// TestCodeIsEnteredThoughItCannotBeCounted checks that a sign-in succeeds even if its attempt cannot be
// taken off the counter, since the code has already been used up.
func TestCodeIsEnteredThoughItCannotBeCounted(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	_, code := h.askLink(jan, "browser")
	app := portal.New(&uncounted{Engine: h.engine}, secrettest.Ring(), portal.WithClock(h.clock.Now),
		portal.WithCountDelay(0))
	signed, err := app.Visitor(h.shop, firefox("browser")).EnterCode(t.Context(), jan, code)
	if err != nil || h.shopper(signed.Cookie).Customer().Email != jan {
		t.Error(err)
	}
}

// uncounted is a store whose counters can be incremented but not decremented.
type uncounted struct{ storage.Engine }

func (u *uncounted) Increment(ctx context.Context, now time.Time,
	counts []storage.Count) ([]storage.Tally, error) {
	if counts[0].By < 0 {
		return nil, errors.New("too late")
	}
	return u.Engine.Increment(ctx, now, counts)
}

// TestMailBesideASignIn signs in, with registration open, by an earlier link between any two steps of
// composing the next email. The session stays valid, and the link in the email is recognised.
func TestMailBesideASignIn(t *testing.T) {
	t.Parallel()
	for turn := 0; ; turn++ {
		h := newTestApp(t)
		shop, err := h.app.Operator().ChangeShop(t.Context(), "main", shop.Settings{Registration: ptr(true)})
		if err != nil {
			t.Fatal(err)
		}
		h.shop = shop
		token, _ := h.askLink(jan, "first")
		if _, err := h.visitor("second").RequestLink(t.Context(), jan, "", "en"); err != nil {
			t.Fatal(err)
		}
		var in portal.SignedIn
		m := &meddled{Engine: h.engine, turn: turn, meddle: func() {
			if in, err = h.visitor("first").Redeem(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}}
		h.dispatcher = h.newDispatcher(portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now),
			portal.WithCountDelay(0)))
		sent := h.deliver()
		if m.turn >= 0 {
			return
		}
		if h.shopper(in.Cookie).Customer().Email != jan {
			t.Errorf("before step %d: signed in as nobody", turn)
		}
		if len(sent) == 0 {
			continue
		}
		if page, err := h.visitor("second").Link(t.Context(), tokenIn(sent[0])); err != nil ||
			page.State == credential.LinkDamaged {
			t.Errorf("before step %d: the mail's link: %+v, %v", turn, page, err)
		}
	}
}

func TestOpeningALinkDoesNotUseIt(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLink(jan, "browser")
	for range 100 {
		if _, err := h.visitor("scanner").Link(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.visitor("browser").Redeem(t.Context(), token); err != nil {
		t.Errorf("after the scanner: %v", err)
	}
}

func TestOnlyTheAskingBrowserGoesOnByItself(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLink(jan, "browser")
	auto := func(secret string) bool {
		page, err := h.visitor(secret).Link(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return page.Auto
	}
	if !auto("browser") || auto("another") || auto("") {
		t.Errorf("asking browser %v, another %v, none %v", auto("browser"), auto("another"), auto(""))
	}
	h.clock.Move(15*time.Minute + time.Millisecond)
	if auto("browser") {
		t.Error("after a quarter of an hour")
	}
}

func TestDamagedTokens(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	other := h.open("other", shop.Settings{})
	token, _ := h.askLink(jan, "browser")
	flipped := []byte(token)
	flipped[40] ^= 1
	tests := map[string]string{
		"empty": "", "cut": token[:63], "longer": token + "A", "altered": string(flipped),
		"not base64": strings.Repeat("!", 64), "unknown": strings.Repeat("A", 64),
		"huge": strings.Repeat("A", 1<<20),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			page, err := h.visitor("browser").Link(t.Context(), text)
			if err != nil || page != (credential.LinkPage{State: credential.LinkDamaged}) {
				t.Errorf("page %+v, %v", page, err)
			}
			_, err = h.visitor("browser").Redeem(t.Context(), text)
			var failed *validate.Error
			if !errors.As(err, &failed) || failed.Kind != validate.Gone || failed.Key != "link.damaged" {
				t.Errorf("redeem: %v", err)
			}
			if _, err := h.visitor("browser").RequestAnotherLink(t.Context(), text,
				"en"); validate.KindOf(err) != validate.Gone {
				t.Errorf("ask again: %v", err)
			}
		})
	}
	t.Run("of another shop", func(t *testing.T) {
		stranger := h.app.Visitor(other, firefox("browser"))
		if page, err := stranger.Link(t.Context(), token); err != nil ||
			page.State != credential.LinkDamaged {
			t.Errorf("page %+v, %v", page, err)
		}
		if _, err := stranger.Redeem(t.Context(), token); validate.KindOf(err) != validate.Gone {
			t.Errorf("redeem: %v", err)
		}
	})
	if _, err := h.visitor("browser").Redeem(t.Context(), token); err != nil {
		t.Errorf("the real one afterwards: %v", err)
	}
}

func TestCookiesBlocked(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLink(jan, "browser")
	if _, err := h.visitor("").Redeem(t.Context(), token); validate.KindOf(err) != validate.Invalid {
		t.Errorf("without a cookie: %v", err)
	}
	if _, err := h.visitor("browser").Redeem(t.Context(), token); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	ask := func() string { _, code := h.askLink(jan, "browser"); return code }
	enter := func(secret, email, code string) error {
		_, err := h.visitor(secret).EnterCode(t.Context(), email, code)
		return err
	}
	same := func(name string, err error) {
		t.Helper()
		if got := fieldErrorsOf(err); len(got) != 1 || got[0] != "code code.wrong" {
			t.Errorf("%s: %v", name, err)
		}
	}
	code := ask()
	same("of another browser", enter("another", jan, code))
	same("without a browser", enter("", jan, code))
	same("never sent", enter("browser", "nobody@example.com", code))
	same("no code", enter("browser", jan, "12"))
	if err := enter("browser", "JAN@example.com",
		strings.ToLower(strings.ReplaceAll(code, "-", " "))); err != nil {
		t.Errorf("typed in lower case with a space: %v", err)
	}
	h.clock.Move(time.Minute)
	same("used", enter("browser", jan, code))

	code = ask()
	h.clock.Move(10 * time.Minute)
	same("ten minutes old", enter("browser", jan, code))
}

// TestCodeTwiceFromTheSameBrowser checks that submitting the code again within a minute returns the first
// result.
func TestCodeTwiceFromTheSameBrowser(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	_, code := h.askLinkTo(jan, "browser", "/orders/1001")
	first, err := h.visitor("browser").EnterCode(t.Context(), jan, code)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Move(59 * time.Second)
	again, err := h.visitor("browser").EnterCode(t.Context(), jan, code)
	if err != nil || again != first || again.Destination != "/orders/1001" {
		t.Errorf("within a minute: %v, %+v, first %+v", err, again, first)
	}
	if infos, err := h.shopper(first.Cookie).Sessions(t.Context()); err != nil || len(infos) != 1 {
		t.Errorf("%d sessions, %v", len(infos), err)
	}
	wrong := func(name, secret, code string) {
		t.Helper()
		if _, err := h.visitor(secret).EnterCode(t.Context(), jan,
			code); validate.KindOf(err) != validate.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong("another browser", "another", code)
	wrong("another code", "browser", wrongFor(code))
	h.clock.Move(time.Second)
	wrong("after a minute", "browser", code)

	_, code = h.askLink(jan, "browser")
	signed, err := h.visitor("browser").EnterCode(t.Context(), jan, code)
	if err == nil {
		err = h.shopper(signed.Cookie).SignOut(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	wrong("after signing out", "browser", code)
}

func TestFiveTriesEndACodeButNoLink(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, code := h.askLink(jan, "browser")
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			if _, err := h.visitor("browser").EnterCode(context.Background(), jan,
				"0000-0000"); validate.KindOf(err) != validate.Invalid {
				t.Errorf("a guess: %v", err)
			}
		})
	}
	wait.Wait()
	if _, err := h.visitor("browser").EnterCode(t.Context(), jan,
		code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the right code after a hundred guesses: %v", err)
	}
	if _, err := h.visitor("browser").Redeem(t.Context(), token); err != nil {
		t.Errorf("the link: %v", err)
	}
}

func TestLateMailHasNoCode(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	if _, err := h.visitor("browser").RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(10 * time.Minute)
	messages := h.deliver()
	if len(messages) != 1 || codeIn(messages[0]) != "" || tokenIn(messages[0]) == "" {
		t.Errorf("mails %+v", messages)
	}
}

func TestUnknownAddressGetsNoMail(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	if _, err := h.visitor("browser").RequestLink(t.Context(), "nobody@example.com", "", "en"); err != nil {
		t.Fatal(err)
	}
	if sent := h.deliver(); len(sent) != 0 {
		t.Errorf("sent %d mails", len(sent))
	}
}

func TestOpenRegistrationMakesTheAccountAtTheClick(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	open := true
	if _, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID,
		shop.Settings{Registration: &open}); err != nil {
		t.Fatal(err)
	}
	token, _ := h.askLink("new@example.com", "browser")
	if _, err := h.feed().CustomerByEmail(t.Context(),
		"new@example.com"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("before the click: %v", err)
	}
	signed, err := h.visitor("browser").Redeem(t.Context(), token)
	if err != nil || h.shopper(signed.Cookie).Customer().Email != "new@example.com" {
		t.Errorf("at the click: %v", err)
	}
}

func TestMailGoesToTheStoredAddress(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	if _, err := h.visitor("browser").RequestLink(t.Context(), "  JAN@Example.COM ", "", "en"); err != nil {
		t.Fatal(err)
	}
	if sent := h.deliver(); len(sent) != 1 || sent[0].To != jan {
		t.Errorf("sent %+v", sent)
	}
}

func TestRetryReplacesTheLinkOnlyWhenItSurelyFailed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		failure mail.Failure
		first   credential.LinkState
	}{
		"refused": {mail.Failure{Temporary: true, Reason: "451"}, credential.LinkDamaged},
		"no answer at the end": {mail.Failure{Temporary: true, Unsure: true, Reason: "dropped"},
			credential.LinkLive},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := newTestApp(t)
			h.newCustomer(jan)
			h.post.fail = &test.failure
			if _, err := h.visitor("browser").RequestLink(t.Context(), jan, "", "en"); err != nil {
				t.Fatal(err)
			}
			lost := h.deliver()
			h.post.fail = nil
			h.clock.Move(time.Minute)
			sent := h.deliver()
			if len(lost) != 1 || len(sent) != 1 {
				t.Fatalf("%d attempts, then %d", len(lost), len(sent))
			}
			if page, _ := h.visitor("x").Link(t.Context(), tokenIn(lost[0])); page.State != test.first {
				t.Errorf("the first link is %s, want %s", page.State, test.first)
			}
			if page, _ := h.visitor("x").Link(t.Context(),
				tokenIn(sent[0])); page.State != credential.LinkLive {
				t.Errorf("the second link is %s", page.State)
			}
		})
	}
}

func TestFloodOfRequestsIsThrottledAndTheLinkStillWorks(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLink(jan, "jan's")
	for range 40 {
		if _, err := h.visitor("stranger").RequestLink(t.Context(), jan, "", "en"); err != nil {
			t.Fatal(err)
		}
	}
	sent := 0
	for range 5 {
		sent += len(h.deliver())
	}
	if sent > 5 {
		t.Errorf("a flood of 40 sent %d mails", sent)
	}
	if _, err := h.visitor("jan's").Redeem(t.Context(), token); err != nil {
		t.Errorf("the link from before: %v", err)
	}
}

func TestDestination(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	origins := []string{"https://shop.example.com"}
	sh, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{AllowedOrigins: &origins})
	if err != nil {
		t.Fatal(err)
	}
	h.shop = sh
	h.newCustomer(jan)
	tests := map[string]string{
		"/orders/1001":                       "/orders/1001",
		"/orders?period=30d":                 "/orders?period=30d",
		"https://shop.example.com/cart":      "https://shop.example.com/cart",
		"https://shop.example.com.evil.test": shop.Home,
		"https://shop.example.com@evil.test": shop.Home,
		"http://shop.example.com/":           shop.Home,
		"//evil.test":                        shop.Home,
		`/\evil.test`:                        shop.Home,
		"/\tevil.test":                       shop.Home,
		"javascript:alert(1)":                shop.Home,
		"orders":                             shop.Home,
		"/sign-in/code":                      shop.Home,
		"/" + strings.Repeat("a", 600):       shop.Home,
	}
	for wish, want := range tests {
		if _, err := h.visitor("browser").RequestLink(t.Context(), jan, wish, "en"); err != nil {
			t.Fatal(err)
		}
		h.clock.Move(11 * time.Minute)
		signed, err := h.visitor("browser").Redeem(t.Context(), tokenIn(h.deliver()[0]))
		if err != nil || signed.Destination != want {
			t.Errorf("%q leads to %q, want %q (%v)", wish, signed.Destination, want, err)
		}
		h.clock.Move(24 * time.Hour)
	}
}

// TestNoUsableSecretIsStored searches the stored outbox for the link's token, its secret and the code.
func TestNoUsableSecretIsStored(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, code := h.askLink(jan, "browser")
	for _, state := range []string{mail.Waiting, mail.Sent} {
		page, err := mail.NewOutbox(h.engine, h.shop.ID).List(t.Context(), state, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range page.Hits {
			entry, err := mail.NewOutbox(h.engine, h.shop.ID).Get(t.Context(), hit.Key)
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprintf("%+v", entry); strings.Contains(text, token[22:]) ||
				strings.Contains(text, code) {
				t.Errorf("the outbox holds a secret: %s", text)
			}
		}
	}
}
