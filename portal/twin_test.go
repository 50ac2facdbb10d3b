package portal_test

import (
	"testing"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/secret/secrettest"
)

// TestTwinOfARequestGetsTheSameAnswer sends each form twice, the second time between any two steps of the first: a double click
// that two processes answer at once. Both must succeed, and what was asked for is kept once.
func TestTwinOfARequestGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T, portal.Shopper) func(portal.Shopper) error{
		"cancellation": func(*testing.T, portal.Shopper) func(portal.Shopper) error {
			return func(s portal.Shopper) error {
				return s.AskCancel(t.Context(), portal.Request{Number: "new", Text: "Too late.", Lang: "en"})
			}
		},
		"return": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			r := giveBack(t, s)
			return func(s portal.Shopper) error { return s.AskReturn(t.Context(), r) }
		},
		"message": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			m := message(s, "Hello")
			return func(s portal.Shopper) error { return s.WriteMessage(t.Context(), m) }
		},
		"company": func(*testing.T, portal.Shopper) func(portal.Shopper) error {
			return func(s portal.Shopper) error {
				_, err := s.SaveCompany(t.Context(), portal.Company{Name: "Kniha", Country: "SK"})
				return err
			}
		},
		"profile": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			p := s.Profile()
			p.FirstName, p.LastName = "Jana", "Nová"
			return func(s portal.Shopper) error { _, err := s.SaveProfile(t.Context(), p); return err }
		},
		"address": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			saved, err := s.SaveAddress(t.Context(), portal.SavedAddress{Address: twinAddress("Hlavná 1")})
			if err != nil {
				t.Fatal(err)
			}
			saved.Address = twinAddress("Hlavná 2")
			return func(s portal.Shopper) error { _, err := s.SaveAddress(t.Context(), saved); return err }
		},
		"deletion of an address": func(t *testing.T, s portal.Shopper) func(portal.Shopper) error {
			saved, err := s.SaveAddress(t.Context(), portal.SavedAddress{Address: twinAddress("Hlavná 1")})
			if err != nil {
				t.Fatal(err)
			}
			return func(s portal.Shopper) error { return s.DeleteAddress(t.Context(), saved.ID, saved.Version) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sendTwins(t, prepare)
		})
	}
}

func twinAddress(line string) address.Address {
	return address.Address{FirstName: "Jana", LastName: "Nová", Line1: line, City: "Košice", PostalCode: "04001", Country: "SK"}
}

func sendTwins(t *testing.T, prepare func(*testing.T, portal.Shopper) func(portal.Shopper) error) {
	for step := 0; ; step++ {
		h, s := inquiryHouse(t)
		send := prepare(t, s)
		cookie, _ := h.enterWith(jan, "twin")
		var twin error
		m := &meddled{Engine: h.engine, turn: step, meddle: func() { twin = send(h.shopper(cookie)) }}
		app := portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now))
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
		if m.turn >= 0 {
			return
		}
	}
}
