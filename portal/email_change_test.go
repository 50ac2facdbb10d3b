package portal_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/validate"
)

const (
	jana    = "jana.nova@example.com" // Jan's new address
	mallory = "mallory@example.net"   // wants to take over the account
)

var undoInMail = regexp.MustCompile(`/sign-in/undo-email/([A-Za-z0-9_-]{64})`)

// wanted requests a change of address in a session and returns the code emailed to the new address, or ""
// if the email has none.
func (h *testApp) wanted(cookie, email string) string {
	h.t.Helper()
	if _, err := h.shopper(cookie).RequestEmailChange(h.t.Context(), email); err != nil {
		h.t.Fatalf("ask for %s: %v", email, err)
	}
	return codeIn(h.mailTo(email))
}

// change moves the account of a fresh session to another address and returns the new session.
func (h *testApp) change(cookie, email, secret string) string {
	h.t.Helper()
	signed, err := h.shopper(cookie).ChangeEmail(h.t.Context(), email, h.wanted(cookie, email),
		firefox(secret))
	if err != nil {
		h.t.Fatalf("change to %s: %v", email, err)
	}
	return signed.Cookie
}

// refresh makes a session fresh with a code from the account's own mailbox.
func (h *testApp) refresh(cookie string) string {
	h.t.Helper()
	s := h.shopper(cookie)
	if err := s.EnterCode(h.t.Context(), h.stepUpCode(s)); err != nil {
		h.t.Fatal(err)
	}
	return cookie
}

// undoMail runs the worker's jobs and returns the email sent to a former address and its undo token.
func (h *testApp) undoMail(email string) (m mail.Message, undo string) {
	h.t.Helper()
	h.work()
	for _, sent := range h.deliver() {
		if found := firstGroup(undoInMail, sent.Text); found != "" && sent.To == email {
			m, undo = sent, found
		}
	}
	if undo == "" {
		h.t.Fatalf("no undo was mailed to %s", email)
	}
	return m, undo
}

// quiet runs all pending jobs and discards their emails.
func (h *testApp) quiet() {
	h.t.Helper()
	h.work()
	h.deliver()
}

// wantNoSession fails if any of the cookies opens the account, in this or another process.
func (h *testApp) wantNoSession(when string, cookies ...string) {
	h.t.Helper()
	for n, app := range []*portal.App{h.app,
		portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))} {
		for i, cookie := range cookies {
			if s, err := app.Shopper(h.t.Context(), h.shop, cookie); validate.KindOf(err) != validate.SignIn {
				h.t.Errorf("%s: session %d opens %s in process %d: %v", when, i, s.Customer().Email, n, err)
			}
		}
	}
}

// orders returns the numbers of a customer's orders.
func (h *testApp) orders(cookie string) []string {
	h.t.Helper()
	page, err := h.shopper(cookie).Orders(h.t.Context(), order.Query{Period: ""})
	if err != nil {
		h.t.Fatal(err)
	}
	return sorted(numbers(page))
}

func TestChangeOfEmail(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	old, _ := h.enterWith(jan, "old")
	link, _ := h.askLink(jan, "elsewhere")
	spare, _ := h.enterWith(jan, "spare") // ends the link
	cookie := h.signInByCode(jan, "one")
	live, code := h.askLink(jan, "elsewhere")
	now := h.change(cookie, jana, "one")
	if s := h.shopper(now); s.Customer().Email != jana || s.RecentlyVerified() {
		t.Errorf("after the change: %s, fresh %v", s.Customer().Email, s.RecentlyVerified())
	}
	h.wantNoSession("after the change", old, spare, cookie)
	for _, text := range []string{link, live} {
		if _, err := h.visitor("elsewhere").Redeem(t.Context(), text); validate.KindOf(err) != validate.Gone {
			t.Errorf("a link of the old address: %v", err)
		}
	}
	if _, err := h.visitor("elsewhere").EnterCode(t.Context(), jan,
		code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("a code of the old address: %v", err)
	}
	told, undo := h.undoMail(jan)
	masked, _ := validate.MaskApart(jana, jan)
	if !strings.Contains(told.Text, masked) || strings.Contains(told.Text, jana) || undo == "" {
		t.Errorf("the mail to the old address: %s", told.Text)
	}
	if again, _ := h.enterWith(jana, "two"); h.shopper(again).Customer().ID != h.shopper(now).Customer().ID {
		t.Error("the new address is another customer's")
	}
}

// TestLinkRequestForAReservedEmail checks that a sign-in request for a former address emails a link, but no
// code, to the current one: the code could not be entered on the waiting page.
func TestLinkRequestForAReservedEmail(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.change(h.signInByCode(jan, "one"), jana, "one")
	h.undoMail(jan)
	if _, err := h.visitor("two").RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Fatal(err)
	}
	m := h.mailTo(jana)
	if codeIn(m) != "" {
		t.Errorf("a code for another address: %s", m.Text)
	}
	if _, err := h.visitor("two").Redeem(t.Context(), tokenIn(m)); err != nil {
		t.Errorf("the link: %v", err)
	}
}

// TestOrdersNeverMove imports orders of the old address before, during and after its reservation, and the
// earlier orders again.
func TestOrdersNeverMove(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("before", jan))
	h.put(orderJSON("before-2", jan, `"email"`, `"customer_id":"77","email"`))
	cookie := h.change(h.signInByCode(jan, "one"), jana, "one")
	h.put(orderJSON("held", jan))
	h.put(orderJSON("new", jana))
	if diff := cmp.Diff([]string{"before", "before-2", "held", "new"}, h.orders(cookie)); diff != "" {
		t.Error(diff)
	}
	h.clock.Move(14*24*time.Hour - time.Millisecond)
	h.quiet()
	cookie, _ = h.enterWith(jana, "two")
	h.put(orderJSON("last", jan))
	h.clock.Move(time.Millisecond)
	h.work()
	later := []string{`"updated_at":"2026-03-05T10:00:00Z"`, `"updated_at":"2026-11-20T10:00:00Z"`}
	for _, number := range []string{"before", "held", "last"} {
		if got := h.put(orderJSON(number, jan, later...)); got != order.Updated {
			t.Errorf("%s: %s", number, got)
		}
	}
	if found, err := h.feed().CustomerByEmail(t.Context(), jan); validate.KindOf(err) != validate.NotFound {
		t.Errorf("what the account has already makes somebody new of its old address: %+v, %v", found, err)
	}
	h.put(orderJSON("somebody else's", jan))
	h.quiet()
	if diff := cmp.Diff([]string{"before", "before-2", "held", "last", "new"}, h.orders(cookie)); diff != "" {
		t.Errorf("after the address was given up: %s", diff)
	}
	other, _ := h.enterWith(jan, "three")
	if diff := cmp.Diff([]string{"somebody else's"}, h.orders(other)); diff != "" {
		t.Error(diff)
	}
}

// TestStolenSessionCannotChangeTheEmail checks that neither a ten-day-old session nor a ten-day-old link
// can change the email, whatever is tried, and that a session loses that right again 15 minutes after a
// code.
func TestStolenSessionCannotChangeTheEmail(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	stolen, _ := h.enterWith(jan, "owner's")
	link, _ := h.askLink(jan, "owner's")
	fresh := h.signInByCode(jan, "codes")
	ended := link
	link, _ = h.askLink(jan, "owner's")
	code := h.wanted(fresh, mallory)
	h.clock.Move(10 * 24 * time.Hour)
	signed, err := h.visitor("thief's").Redeem(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	for name, cookie := range map[string]string{"session": stolen, "link": signed.Cookie,
		"once fresh": fresh} {
		s := h.shopper(cookie)
		if _, err := s.RequestEmailChange(t.Context(), mallory); validate.KindOf(err) != validate.StepUp {
			t.Errorf("%s: ask: %v", name, err)
		}
		if _, err := s.ChangeEmail(t.Context(), mallory, code,
			firefox("thief's")); validate.KindOf(err) != validate.StepUp {
			t.Errorf("%s: change: %v", name, err)
		}
		if err := s.EnterCode(t.Context(), code); validate.KindOf(err) != validate.Invalid {
			t.Errorf("%s: confirm with a code for something else: %v", name, err)
		}
	}
	if _, err := h.visitor("thief's").Redeem(t.Context(), ended); validate.KindOf(err) != validate.Gone {
		t.Errorf("a dead link: %v", err)
	}
	if sent := h.deliver(); len(sent) != 0 {
		t.Errorf("something was sent: %+v", sent)
	}
	if email := h.shopper(stolen).Customer().Email; email != jan {
		t.Errorf("the account belongs to %s", email)
	}
}

// TestRecentVerificationExpires checks that a session is fresh for exactly 15 minutes after the code, even in
// the middle of a change.
func TestRecentVerificationExpires(t *testing.T) {
	t.Parallel()
	for age, kind := range map[time.Duration]validate.Kind{15*time.Minute - time.Millisecond: 0,
		15 * time.Minute: validate.StepUp} {
		h := newTestApp(t)
		h.newCustomer(jan)
		cookie := h.signInByCode(jan, "one")
		h.clock.Move(age - 5*time.Minute)
		code := h.wanted(cookie, jana)
		h.clock.Move(5 * time.Minute)
		if _, err := h.shopper(cookie).ChangeEmail(t.Context(), jana, code,
			firefox("one")); validate.KindOf(err) != kind || err == nil && kind != 0 {
			t.Errorf("after %v: %v", age, err)
		}
	}
}

// TestCodesHaveOnePurpose checks that a code for a new address does not make a session fresh, that a
// step-up code confirms no address, and that neither works for another address or session.
func TestCodesHaveOnePurpose(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie, other := h.signInByCode(jan, "one"), h.signInByCode(jan, "two")
	stepUp, code := h.stepUpCode(h.shopper(cookie)), h.wanted(cookie, jana)
	try := func(cookie, email, code string) error {
		_, err := h.shopper(cookie).ChangeEmail(t.Context(), email, code, firefox("one"))
		return err
	}
	for name, err := range map[string]error{
		"step-up for the new address": try(cookie, jana, stepUp),
		"step-up for the present one": try(cookie, jan, stepUp),
		"another address":             try(cookie, mallory, code),
		"another session":             try(other, jana, code),
		"no address":                  try(cookie, "", code),
		"the new one for step-up":     h.shopper(cookie).EnterCode(t.Context(), code),
	} {
		if diff := cmp.Diff([]string{"code code.wrong"}, fieldErrorsOf(err)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if err := try(cookie, strings.ToUpper(jana), strings.ToLower(code)); err != nil {
		t.Errorf("the right one: %v", err)
	}
}

func TestBadNewAddresses(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.signInByCode(jan, "one")
	for text, want := range map[string]string{
		"": "email email.form", "nobody": "email email.form", "a@b": "email email.form",
		"a,b@example.com":                             "email email.form",
		"a@example.com\r\nBcc: x@y.sk":                "email email.form",
		strings.Repeat("x", 100_000) + "@example.com": "email email.form",
		jan: "email email.same", " JAN@example.COM ": "email email.same",
	} {
		_, err := h.shopper(cookie).RequestEmailChange(t.Context(), text)
		if diff := cmp.Diff([]string{want}, fieldErrorsOf(err)); diff != "" {
			t.Errorf("%.40q: %s", text, diff)
		}
	}
	if sent := h.deliver(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

// TestAddressInUseIsNotTold checks that an address in use and a free one get the same answers and cause the
// same store operations. Only the email reveals the difference: it goes to the owner of the address and has
// no code.
func TestAddressInUseIsNotTold(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.newCustomer(eva)
	free := "ada" + eva[3:]
	cookie := h.signInByCode(jan, "one")
	engine := &counting{Engine: h.engine}
	app := portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
	done := map[string][]string{}
	var sent []mail.Message
	for _, email := range []string{free, eva} {
		s, err := app.Shopper(t.Context(), h.shop, cookie)
		if err != nil {
			t.Fatal(err)
		}
		engine.done = nil
		pending, err := s.RequestEmailChange(t.Context(), email)
		if err != nil || pending != (portal.Pending{Email: email, Masked: validate.MaskEmail(email)}) {
			t.Errorf("%s: %+v, %v", email, pending, err)
		}
		done[email] = sorted(engine.done)
		sent = append(sent, h.deliver()...)
		engine.done = nil
		_, err = s.ChangeEmail(t.Context(), email, "AAAA-AAAA", firefox("one"))
		if diff := cmp.Diff([]string{"code code.wrong"}, fieldErrorsOf(err)); diff != "" {
			t.Errorf("%s: %s", email, diff)
		}
		done[email] = append(done[email], engine.done...)
	}
	if diff := cmp.Diff(done[free], done[eva]); diff != "" {
		t.Errorf("the store can tell: %s", diff)
	}
	if len(sent) != 2 {
		t.Fatalf("%d mails", len(sent))
	}
	for _, m := range sent {
		if code := codeIn(m); (code == "") != (m.To == eva) || m.To == eva && strings.Contains(m.Text, jan) {
			t.Errorf("to %s: %s", m.To, m.Text)
		}
	}
}

// TestAddressTakenMeanwhile creates an account at the new address after its code was sent and before it is
// entered.
func TestAddressTakenMeanwhile(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.signInByCode(jan, "one")
	code := h.wanted(cookie, eva)
	h.newCustomer(eva)
	_, err := h.shopper(cookie).ChangeEmail(t.Context(), eva, code, firefox("one"))
	if diff := cmp.Diff([]string{"code code.wrong"}, fieldErrorsOf(err)); diff != "" {
		t.Error(diff)
	}
	hers, _ := h.enterWith(eva, "eva's")
	if h.shopper(cookie).Customer().Email != jan ||
		h.shopper(hers).Customer().ID == h.shopper(cookie).Customer().ID {
		t.Error("two customers were merged")
	}
}

func TestThreeChangesADay(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.signInByCode(jan, "one")
	for n := range 7 {
		email := fmt.Sprintf("jan%d@example.com", n)
		code := h.wanted(cookie, email)
		signed, err := h.shopper(cookie).ChangeEmail(t.Context(), email, code, firefox("one"))
		if n == 3 {
			if validate.KindOf(err) != validate.TooMany {
				t.Errorf("the fourth: %v", err)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		h.quiet()
		h.clock.Move(time.Hour)
		cookie = h.refresh(signed.Cookie)
	}
	h.clock.Move(24 * time.Hour)
	h.change(h.refresh(cookie), jana, "one")
}

// TestCodesToOneAddress checks that customers cannot flood somebody else's address, that they get no error,
// and that a refused request does not count against the next customer.
func TestCodesToOneAddress(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	sent := 0
	for n := range 7 {
		email := fmt.Sprintf("m%d@example.com", n)
		h.newCustomer(email)
		cookie := h.signInByCode(email, email)
		for range 6 {
			if _, err := h.shopper(cookie).RequestEmailChange(context.Background(), jan); err != nil {
				t.Fatal(err)
			}
		}
		now := len(h.deliver())
		if want := min(5, 30-sent); now != want {
			t.Errorf("customer %d: %d mails, want %d", n+1, now, want)
		}
		sent += now
	}
	if sent != 30 {
		t.Errorf("%d mails in a day, want 30", sent)
	}
}
