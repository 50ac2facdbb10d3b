package portal_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal"
	"postern/portal/credential"
	"postern/portal/shop"
	"postern/portal/validate"
)

var alarmInMail = regexp.MustCompile(`/sign-in/not-me/([A-Za-z0-9_-]{64})`)

// notices runs the worker's jobs and returns the sign-in notices.
func (h *testApp) notices() []mail.Message {
	h.t.Helper()
	h.work()
	var found []mail.Message
	for _, m := range h.deliver() {
		if alarmInMail.MatchString(m.Text) {
			found = append(found, m)
		}
	}
	return found
}

// enter signs in from a browser with a link of the given age.
func (h *testApp) enter(email, secret string, age time.Duration) portal.Shopper {
	h.t.Helper()
	token, _ := h.askLink(email, secret)
	h.clock.Move(age)
	signed, err := h.visitor(secret).Redeem(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.shopper(signed.Cookie)
}

func TestNoticeOfANewDeviceOrAnOldLink(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	steps := []struct {
		name, browser string
		age           time.Duration
		want          int
	}{
		{"a new browser", "one", time.Minute, 1},
		{"the same browser", "one", time.Minute, 0},
		{"a link of a day", "one", 24 * time.Hour, 0},
		{"a link of more than a day", "one", 24*time.Hour + time.Millisecond, 1},
		{"another browser", "two", time.Minute, 1},
	}
	for _, step := range steps {
		h.enter(jan, step.browser, step.age)
		sent := h.notices()
		if len(sent) != step.want || len(sent) > 0 &&
			(sent[0].To != jan || !strings.Contains(sent[0].Text, "Firefox, Windows")) {
			t.Errorf("%s: %d notices, want %d: %+v", step.name, len(sent), step.want, sent)
		}
		h.clock.Move(2 * time.Hour)
	}
	if again := h.notices(); len(again) != 0 {
		t.Errorf("told twice: %+v", again)
	}
}

// TestNoticeSentAgain has staff send a notice again. It has the same text, and the buttons of both emails
// work.
func TestNoticeSentAgain(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.enter(jan, "one", time.Minute)
	first := h.notices()
	box := mail.NewOutbox(h.engine, h.shop.ID)
	box.Now = h.clock.Now
	sent, err := box.List(t.Context(), mail.Sent, "", 1)
	if err != nil || len(sent.Hits) != 1 || len(first) != 1 {
		t.Fatalf("%d notices, sent %+v, %v", len(first), sent.Hits, err)
	}
	if err := box.Resend(t.Context(), sent.Hits[0].Key); err != nil {
		t.Fatal(err)
	}
	again := h.notices()
	if len(again) != 1 {
		t.Fatalf("sent again: %d notices", len(again))
	}
	plain := func(m mail.Message) string { return alarmInMail.ReplaceAllString(m.Text, "") }
	if diff := cmp.Diff(plain(first[0]), plain(again[0])); diff != "" {
		t.Errorf("what it says (-first +again):\n%s", diff)
	}
	for _, m := range append(first, again...) {
		if err := h.visitor("one").RevokeAccess(t.Context(), firstGroup(alarmInMail, m.Text)); err != nil {
			t.Errorf("its button: %v", err)
		}
	}
}

func TestNoticeSpeaksTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	if _, err := h.visitor("one").RequestLink(t.Context(), jan, "", "sk"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.visitor("one").Redeem(t.Context(), tokenIn(h.deliver()[0])); err != nil {
		t.Fatal(err)
	}
	if sent := h.notices(); len(sent) != 1 || sent[0].Lang != "sk" {
		t.Errorf("notices %+v", sent)
	}
}

func TestThisWasNotMe(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.newCustomer("eva@example.com")
	eva := h.signIn("eva@example.com")
	h.notices()
	thief := h.enter(jan, "thief", time.Minute)
	secret := firstGroup(alarmInMail, h.notices()[0].Text)
	link, code := h.askLink(jan, "thief")
	page, err := h.visitor("jan's").RevokePage(t.Context(), secret)
	if err != nil || page.Masked != validate.MaskEmail(jan) {
		t.Fatalf("page %+v, %v", page, err)
	}
	if _, err := thief.Sessions(t.Context()); err != nil {
		t.Errorf("looking ended something: %v", err)
	}
	for range 2 {
		if err := h.visitor("jan's").RevokeAccess(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := thief.Sessions(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("sessions %+v, %v", list, err)
	}
	if page, err := h.visitor("thief").Link(t.Context(), link); err != nil ||
		page.State != credential.LinkStopped {
		t.Errorf("the link: %+v, %v", page, err)
	}
	if _, err := h.visitor("thief").EnterCode(t.Context(), jan,
		code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the code: %v", err)
	}
	if list, err := eva.Sessions(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("another customer's sessions: %+v, %v", list, err)
	}
	damaged := []byte(secret)
	damaged[50] ^= 1
	for _, text := range []string{"", "x", string(damaged), link} {
		if err := h.visitor("x").RevokeAccess(t.Context(), text); validate.KindOf(err) != validate.Gone {
			t.Errorf("damaged: %v", err)
		}
	}
	h.clock.Move(14 * 24 * time.Hour)
	if err := h.visitor("x").RevokeAccess(t.Context(), secret); validate.KindOf(err) != validate.Gone {
		t.Errorf("after 14 days: %v", err)
	}
}

// sendsOf makes a browser's sign-in requests at the same time and counts the emails.
func (h *testApp) sendsOf(email string, b credential.Browser, times int) int {
	h.t.Helper()
	var wait sync.WaitGroup
	for range times {
		wait.Go(func() {
			if _, err := h.app.Visitor(h.shop, b).RequestLink(context.Background(), email, "",
				"en"); err != nil {
				h.t.Errorf("ask: %v", err)
			}
		})
	}
	wait.Wait()
	sent := 0
	for range 1 + times/10 {
		sent += len(h.deliver())
	}
	return sent
}

// TestMailsToOneAddress checks that 200 concurrent requests send exactly the hourly limit, that a day of
// floods sends at most 15 emails, and that strangers cannot use up the 5 reserved for the owner's browser.
func TestMailsToOneAddress(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h := newTestApp(t)
	h.newCustomer(jan)
	h.enter(jan, "jan's", time.Minute)
	h.notices()
	h.clock.Move(24 * time.Hour)
	if sent := h.sendsOf(jan, firefox("stranger"), 200); sent != 6 {
		t.Errorf("200 at once sent %d mails, want 6", sent)
	}
	day := 6
	for range 23 {
		h.clock.Move(time.Hour)
		day += h.sendsOf(jan, firefox("stranger"), 20)
	}
	if day != 15 {
		t.Errorf("a day of floods sent %d mails, want 15", day)
	}
	if own := h.sendsOf(jan, firefox("jan's"), 10); own != 5 {
		t.Errorf("the owner's browser got %d mails, want the 5 kept for it", own)
	}
}

// TestManyBehindOneAddress checks that 600 people behind one IP address get their sign-in emails within a
// quarter of an hour, and that requests over that limit are refused.
func TestManyBehindOneAddress(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h := newTestApp(t)
	open := true
	shop, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{Registration: &open})
	if err != nil {
		t.Fatal(err)
	}
	h.shop = shop
	const people = 700
	var wait sync.WaitGroup
	for i := range people {
		wait.Go(func() {
			_, err := h.visitor("b").RequestLink(context.Background(),
				fmt.Sprintf("p%d@example.com", i), "", "en")
			if err != nil && validate.KindOf(err) != validate.TooMany {
				t.Errorf("ask: %v", err)
			}
		})
	}
	wait.Wait()
	sent := 0
	for range 40 {
		sent += len(h.deliver())
	}
	if sent != 600 {
		t.Errorf("sent %d mails, want 600", sent)
	}
}

func TestWrongCodesOfOneClient(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h := newTestApp(t)
	h.newCustomer(jan)
	var wait sync.WaitGroup
	for i := range 299 {
		wait.Go(func() {
			_, err := h.visitor("guesser").EnterCode(context.Background(),
				fmt.Sprintf("p%d@example.com", i), "0000-0000")
			if validate.KindOf(err) != validate.Invalid {
				t.Errorf("guess: %v", err)
			}
		})
	}
	wait.Wait()
	_, code := h.askLink(jan, "browser")
	for range 2 { // the right code does not count
		if _, err := h.visitor("browser").EnterCode(t.Context(), jan, code); err != nil {
			t.Fatalf("right code: %v", err)
		}
		_, code = h.askLink(jan, "browser")
		h.clock.Move(time.Second)
	}
	if _, err := h.visitor("guesser").EnterCode(t.Context(), jan,
		"0000-0000"); validate.KindOf(err) != validate.Invalid {
		t.Errorf("guess 300: %v", err)
	}
	if _, err := h.visitor("browser").EnterCode(t.Context(), jan,
		code); validate.KindOf(err) != validate.TooMany {
		t.Errorf("guess 301: %v", err)
	}
	h.clock.Move(15 * time.Minute)
	if _, err := h.visitor("browser").EnterCode(t.Context(), jan,
		"0000-0000"); validate.KindOf(err) != validate.Invalid {
		t.Errorf("a quarter of an hour later: %v", err)
	}
}
