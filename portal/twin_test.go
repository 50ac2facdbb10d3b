package portal_test

import (
	"errors"
	"maps"
	"testing"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/secret/secrettest"
	"postern/portal/validate"
)

// TestTwinOfARequestGetsTheSameAnswer sends each form twice, the second time between any two steps of the
// first, like a double click answered by two processes. Both requests must succeed, and the data is stored
// once.
func TestTwinOfARequestGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	forms := addressForms()
	maps.Copy(forms, map[string]formOf{
		"cancellation": func(*testing.T, portal.Shopper) func(portal.Shopper) error {
			return func(s portal.Shopper) error {
				return s.RequestCancellation(t.Context(),
					portal.Request{Number: "new", Text: "Too late.", Lang: "en"})
			}
		},
		"return": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			r := giveBack(t, s)
			return func(s portal.Shopper) error { return s.RequestReturn(t.Context(), r) }
		},
		"message": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			m := message(s, "Hello")
			return func(s portal.Shopper) error { return s.WriteMessage(t.Context(), m) }
		},
		"company": func(*testing.T, portal.Shopper) func(portal.Shopper) error {
			return func(s portal.Shopper) error {
				_, err := s.SaveCompany(t.Context(), customer.Company{Name: "Kniha", Country: "SK"})
				return err
			}
		},
		"profile": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			p := s.Profile()
			p.FirstName, p.LastName = "Jana", "Nová"
			return func(s portal.Shopper) error { _, err := s.SaveProfile(t.Context(), p); return err }
		},
		"profile of a firm": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			if _, err := s.SaveCompany(t.Context(),
				customer.Company{Name: "Kniha", Country: "SK"}); err != nil {
				t.Fatal(err)
			}
			p := s.Profile()
			p.LastName, p.Language = "Nová", ""
			return func(s portal.Shopper) error { _, err := s.SaveProfile(t.Context(), p); return err }
		},
		"erasure": func(*testing.T, portal.Shopper) func(portal.Shopper) error {
			return func(s portal.Shopper) error { _, err := s.RequestErasure(t.Context()); return err }
		},
		"cancelled erasure": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			if _, err := s.RequestErasure(t.Context()); err != nil {
				t.Fatal(err)
			}
			return func(s portal.Shopper) error { return s.CancelErasure(t.Context()) }
		},
		"withdrawn consent": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			agree(t, s, customer.Newsletter, sentence)
			return func(s portal.Shopper) error {
				return s.WithdrawConsent(t.Context(), customer.Newsletter, sentence)
			}
		},
		"consent": func(*testing.T, portal.Shopper) func(portal.Shopper) error {
			return func(s portal.Shopper) error {
				return s.GiveConsent(t.Context(), customer.Purposes()[0], "Yes.",
					customer.WordingVersion("Yes."))
			}
		},
	})
	for name, prepare := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sendTwins(t, prepare)
		})
	}
}

// formOf prepares a customer and returns the function that submits the form.
type formOf func(*testing.T, portal.Shopper) func(portal.Shopper) error

func addressForms() map[string]formOf {
	return map[string]formOf{
		"first address": func(t *testing.T, _ portal.Shopper) func(portal.Shopper) error {
			return func(s portal.Shopper) error {
				_, err := s.SaveAddress(t.Context(), customer.SavedAddress{Address: twinAddress("Hlavná 1")})
				return err
			}
		},
		"another address": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			if _, err := s.SaveAddress(t.Context(),
				customer.SavedAddress{Address: twinAddress("Hlavná 1")}); err != nil {
				t.Fatal(err)
			}
			return func(s portal.Shopper) error {
				_, err := s.SaveAddress(t.Context(),
					customer.SavedAddress{Address: twinAddress("Hlavná 2"), DefaultBilling: true})
				return err
			}
		},
		"address": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			saved, err := s.SaveAddress(t.Context(), customer.SavedAddress{Address: twinAddress("Hlavná 1")})
			if err != nil {
				t.Fatal(err)
			}
			saved.Address = twinAddress("Hlavná 2")
			return func(s portal.Shopper) error { _, err := s.SaveAddress(t.Context(), saved); return err }
		},
		"deletion of an address": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			saved, err := s.SaveAddress(t.Context(), customer.SavedAddress{Address: twinAddress("Hlavná 1")})
			if err != nil {
				t.Fatal(err)
			}
			return func(s portal.Shopper) error {
				return s.DeleteAddress(t.Context(), saved.ID,
					saved.Version)
			}
		},
		"undo of that": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			saved, err := s.SaveAddress(t.Context(), customer.SavedAddress{Address: twinAddress("Hlavná 1")})
			if err == nil {
				err = s.DeleteAddress(t.Context(), saved.ID, saved.Version)
			}
			if err != nil {
				t.Fatal(err)
			}
			return func(s portal.Shopper) error { return s.UndoDeleteAddress(t.Context(), saved.ID) }
		},
	}
}

// TestTwinOfTheFifthErasureGetsTheSameAnswer checks that the last request within the limit is not refused
// when it is sent several times at once.
func TestTwinOfTheFifthErasureGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.shopper(h.signInByCode(jan, "browser"))
	ask := func() error { _, err := s.RequestErasure(t.Context()); return err }
	for range 4 {
		if err := errors.Join(ask(), s.CancelErasure(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	answers := make(chan error, 8)
	together(cap(answers), func(int) { answers <- ask() })
	for range cap(answers) {
		if err := <-answers; err != nil {
			t.Errorf("the fifth of a day, sent several times at once: %v", err)
		}
	}
	if err := errors.Join(s.CancelErasure(t.Context()), ask()); validate.KindOf(err) != validate.TooMany {
		t.Errorf("the sixth: %v", err)
	}
}

// TestTwinOfAnEmailChange enters the code of a change of email twice, the second time between any two steps
// of the first. The code opens one session, as a link does: one of the two is signed in at the new email, and
// the other changes nothing.
func TestTwinOfAnEmailChange(t *testing.T) {
	t.Parallel()
	for step := 0; ; step++ {
		h := newTestApp(t)
		h.newCustomer(jan)
		cookie := h.signInByCode(jan, "browser")
		code := h.wanted(cookie, jana)
		change := func(app *portal.App) (portal.SignedIn, error) {
			s, err := app.Shopper(t.Context(), h.shop, cookie)
			if err != nil {
				return portal.SignedIn{}, err
			}
			return s.ChangeEmail(t.Context(), jana, code, firefox("browser"))
		}
		var twin portal.SignedIn
		var twinErr error
		m := &meddled{Engine: h.engine, turn: step, meddle: func() { twin, twinErr = change(h.app) }}
		signed, err := change(portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0)))
		if m.turn >= 0 { // the meddling came after the last step
			if step < 5 {
				t.Errorf("a change takes %d steps", step)
			}
			return
		}
		if (err == nil) == (twinErr == nil) {
			t.Fatalf("before step %d: %v; its twin: %v", step, err, twinErr)
		}
		if err != nil {
			signed = twin
		}
		if got := h.shopper(signed.Cookie).Customer().Email; got != jana {
			t.Errorf("before step %d: the account's email is %s", step, got)
		}
	}
}

func twinAddress(line string) address.Address {
	return address.Address{FirstName: "Jana", LastName: "Nová", Line1: line, City: "Košice",
		PostalCode: "04001", Country: "SK"}
}

func sendTwins(t *testing.T, prepare func(*testing.T, portal.Shopper) func(portal.Shopper) error) {
	for step := 0; ; step++ {
		h, s := inquiryApp(t)
		send := prepare(t, h.shopper(h.signInByCode(jan, "first")))
		cookie := h.signInByCode(jan, "twin")
		var twin error
		m := &meddled{Engine: h.engine, turn: step, meddle: func() { twin = send(h.shopper(cookie)) }}
		app := portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
		late, err := app.Shopper(t.Context(), h.shop, cookie)
		if err == nil {
			err = send(late)
		}
		if err != nil || twin != nil {
			t.Fatalf("before step %d: %v; its twin: %v", step, err, twin)
		}
		for _, number := range []string{"new", "sent"} {
			if kept := about(t, s, number); len(kept) > 1 {
				t.Errorf("before step %d: kept %q about %s", step, kept, number)
			}
		}
		wantApart(t, s)
		if m.turn >= 0 {
			return
		}
	}
}

// wantApart checks that no address is stored twice and that each use has one default.
func wantApart(t *testing.T, s portal.Shopper) {
	t.Helper()
	list, err := s.Addresses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen, shipping, billing := map[address.Address]bool{}, 0, 0
	for _, a := range list {
		if seen[a.Address] {
			t.Errorf("%s is there twice", a.Address.Line1)
		}
		seen[a.Address] = true
		if a.DefaultShipping {
			shipping++
		}
		if a.DefaultBilling {
			billing++
		}
	}
	if len(list) > 0 && (shipping != 1 || billing != 1) {
		t.Errorf("defaults: %d to ship to, %d to bill to", shipping, billing)
	}
}
