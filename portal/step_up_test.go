package portal_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/validate"
)

// signInByCode signs in with an emailed code, which makes the session fresh, and returns its cookie.
func (h *testApp) signInByCode(email, secret string) string {
	h.t.Helper()
	_, code := h.askLink(email, secret)
	signed, err := h.visitor(secret).EnterCode(h.t.Context(), email, code)
	if err != nil {
		h.t.Fatalf("enter code: %v", err)
	}
	return signed.Cookie
}

// stepUpCode requests a code in a session and returns it.
func (h *testApp) stepUpCode(s portal.Shopper) string {
	h.t.Helper()
	if err := s.RequestCode(h.t.Context()); err != nil {
		h.t.Fatalf("ask for a code: %v", err)
	}
	return codeIn(h.mailTo(s.Customer().Email))
}

// mailTo sends what is due and returns the only email to the address.
func (h *testApp) mailTo(email string) mail.Message {
	h.t.Helper()
	var found []mail.Message
	for _, m := range h.deliver() {
		if m.To == email {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		h.t.Fatalf("%d mails to %s: %+v", len(found), email, found)
	}
	return found[0]
}

// wrongFor returns a code that differs from the right one.
func wrongFor(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

func TestOnlyACodeMakesASessionFresh(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	byLink, _ := h.enterWith(jan, "one")
	byCode := h.signInByCode(jan, "two")
	if h.shopper(byLink).RecentlyVerified() || !h.shopper(byCode).RecentlyVerified() {
		t.Errorf("by link fresh: %v, by code: %v", h.shopper(byLink).RecentlyVerified(),
			h.shopper(byCode).RecentlyVerified())
	}
	code := h.stepUpCode(h.shopper(byLink))
	if err := h.shopper(byLink).EnterCode(t.Context(), " "+code[:4]+" "+code[5:]+" "); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(15*time.Minute - time.Millisecond)
	if !h.shopper(byLink).RecentlyVerified() {
		t.Error("not fresh for 15 minutes")
	}
	h.clock.Move(time.Millisecond)
	if h.shopper(byLink).RecentlyVerified() {
		t.Error("fresh after 15 minutes")
	}
	if err := h.shopper(byLink).EnterCode(t.Context(), code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the code once more: %v", err)
	}
}

// TestStepUpCodeOfAnother checks that a code works only in the session that requested it and only for its
// purpose.
func TestStepUpCodeOfAnother(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.newCustomer(eva)
	_, other := h.enterWith(jan, "other")
	_, stranger := h.enterWith(eva, "eva's")
	cookie, s := h.enterWith(jan, "one")
	code := h.stepUpCode(s)
	for name, try := range map[string]func() error{
		"another session of the customer": func() error { return other.EnterCode(t.Context(), code) },
		"another customer":                func() error { return stranger.EnterCode(t.Context(), code) },
		"none":                            func() error { return s.EnterCode(t.Context(), "") },
		"garbage":                         func() error { return s.EnterCode(t.Context(), "👻👻👻👻👻👻👻👻") },
		"huge": func() error {
			return s.EnterCode(t.Context(),
				fmt.Sprintf("%0100000d", 1))
		},
		"sign in": func() error {
			_, err := h.visitor("one").EnterCode(t.Context(), jan, code)
			return err
		},
	} {
		if err := try(); validate.KindOf(err) != validate.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.EnterCode(t.Context(), code); err != nil {
		t.Errorf("the right session afterwards: %v", err)
	}
	if other = h.shopper(cookie); !other.RecentlyVerified() {
		t.Error("not fresh")
	}
}

// TestStepUpCodeTwice checks that submitting the code again within a minute returns the first result.
func TestStepUpCodeTwice(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	_, s := h.enterWith(jan, "one")
	_, other := h.enterWith(jan, "other")
	code := h.stepUpCode(s)
	if err := s.EnterCode(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(59 * time.Second)
	if err := s.EnterCode(t.Context(), code); err != nil {
		t.Errorf("within a minute: %v", err)
	}
	for name, err := range map[string]error{
		"another code":    s.EnterCode(t.Context(), wrongFor(code)),
		"another session": other.EnterCode(t.Context(), code),
	} {
		if validate.KindOf(err) != validate.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.clock.Move(time.Second)
	if err := s.EnterCode(t.Context(), code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("after a minute: %v", err)
	}
}

func TestStepUpCodeHasFiveTries(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	_, s := h.enterWith(jan, "one")
	code := h.stepUpCode(s)
	for range 4 {
		if err := s.EnterCode(t.Context(), wrongFor(code)); validate.KindOf(err) != validate.Invalid {
			t.Fatal(err)
		}
	}
	if err := s.EnterCode(t.Context(), code); err != nil {
		t.Errorf("the fifth: %v", err)
	}
	code = h.stepUpCode(s)
	var in atomic.Int32
	together(guessesAtOnce(), func(int) {
		if s.EnterCode(context.Background(), wrongFor(code)) == nil {
			in.Add(1)
		}
	})
	if err := s.EnterCode(t.Context(), code); validate.KindOf(err) != validate.Invalid || in.Load() != 0 {
		t.Errorf("the right one after hundreds of wrong ones: %v; %d got in", err, in.Load())
	}
}

func TestStepUpCodeLivesTenMinutes(t *testing.T) {
	t.Parallel()
	for age, works := range map[time.Duration]bool{10*time.Minute - time.Millisecond: true,
		10 * time.Minute: false} {
		h := newTestApp(t)
		h.newCustomer(jan)
		_, s := h.enterWith(jan, "one")
		code := h.stepUpCode(s)
		h.clock.Move(age)
		if err := s.EnterCode(t.Context(), code); (err == nil) != works {
			t.Errorf("after %v: %v", age, err)
		}
	}
}

func TestSixStepUpCodesAnHour(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie, s := h.enterWith(jan, "one")
	another := h.signInByCode(jan, "two")
	var asked atomic.Int32
	together(50, func(i int) {
		session := s
		if i%2 == 0 {
			session = h.shopper(another)
		}
		switch err := session.RequestCode(context.Background()); {
		case err == nil:
			asked.Add(1)
		case validate.KindOf(err) != validate.TooMany:
			t.Errorf("ask: %v", err)
		}
	})
	if sent := len(h.deliver()); asked.Load() != 12 || sent != 12 {
		t.Errorf("%d asked for, %d sent, want 6 of each session", asked.Load(), sent)
	}
	_, third := h.enterWith(jan, "three")
	_, fourth := h.enterWith(jan, "four")
	h.deliver()
	for range 6 {
		_ = third.RequestCode(t.Context())
	}
	for n := range 4 { // three of its own and one shared by all
		if err := fourth.RequestCode(t.Context()); err != nil {
			t.Errorf("code %d of another session: %v", n+1, err)
		}
	}
	if _, err := h.shopper(another).RequestEmailChange(t.Context(),
		eva); validate.KindOf(err) != validate.TooMany {
		t.Errorf("a code for another address is a seventh: %v", err)
	}
	h.clock.Move(time.Hour)
	if code := h.stepUpCode(h.shopper(cookie)); code == "" {
		t.Error("none an hour later")
	}
}

// TestStepUpCodeDies checks that a code ends with its session, however the session ends.
func TestStepUpCodeDies(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *testApp, s, another portal.Shopper) error{
		"signed out": func(h *testApp, s, _ portal.Shopper) error { return s.SignOut(h.t.Context()) },
		"ended from afar": func(h *testApp, _, another portal.Shopper) error {
			_, err := another.EndOtherSessions(h.t.Context())
			return err
		},
		"this was not me": func(h *testApp, _, _ portal.Shopper) error { return h.raiseAlarm() },
		"address replaced": func(h *testApp, _, _ portal.Shopper) error {
			h.change(h.signInByCode(jan, "three"), jana, "three")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestApp(t)
			h.newCustomer(jan)
			_, s := h.enterWith(jan, "one")
			_, another := h.enterWith(jan, "two")
			code := h.stepUpCode(s)
			if err := end(h, s, another); err != nil {
				t.Fatal(err)
			}
			if err := s.EnterCode(t.Context(), code); validate.KindOf(err) != validate.Invalid {
				t.Errorf("the code: %v", err)
			}
		})
	}
}

// TestStepUpMailThatMayHaveArrived checks that if the first email may have arrived, its code still works,
// and that otherwise the second code replaces it.
func TestStepUpMailThatMayHaveArrived(t *testing.T) {
	t.Parallel()
	for _, unsure := range []bool{true, false} {
		h := newTestApp(t)
		h.newCustomer(jan)
		_, s := h.enterWith(jan, "one")
		if err := s.RequestCode(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.post.fail = &mail.Failure{Temporary: true, Unsure: unsure, Reason: "test"}
		first := codeIn(h.mailTo(jan))
		h.post.fail = nil
		h.clock.Move(2 * time.Minute)
		second := codeIn(h.mailTo(jan))
		if first == "" || second == "" || first == second {
			t.Fatalf("codes %q, %q", first, second)
		}
		if err := s.EnterCode(t.Context(), first); (err == nil) != unsure {
			t.Errorf("the first attempt's code, unsure %v: %v", unsure, err)
		}
		if err := s.EnterCode(t.Context(), second); (err == nil) == unsure {
			t.Errorf("the second attempt's, unsure %v: %v", unsure, err)
		}
	}
}

// TestLateStepUpMail checks that an email that could not be handed over for ten minutes is not sent, since
// its code has expired.
func TestLateStepUpMail(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	_, s := h.enterWith(jan, "one")
	if err := s.RequestCode(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(10 * time.Minute)
	if sent := h.deliver(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
}
