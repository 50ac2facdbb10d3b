package portal_test

import (
	"strings"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/customer"
	"postern/portal/validate"
)

// told runs the worker's jobs and returns the emails whose subject contains the text.
func (h *testApp) told(subject string) []mail.Message {
	h.t.Helper()
	h.work()
	var found []mail.Message
	for _, m := range h.deliver() {
		if strings.Contains(m.Subject, subject) {
			found = append(found, m)
		}
	}
	return found
}

// saveVATID saves a company with the VAT ID exactly as given.
func (h *testApp) saveVATID(cookie, id string) {
	h.t.Helper()
	s := h.shopper(cookie)
	company := s.Company()
	company.Name, company.Country, company.VATID = "Knihy s. r. o.", "SK", id
	if _, err := s.SaveCompany(h.t.Context(), company); err != nil {
		h.t.Fatal(err)
	}
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie, _ := h.enterWith(jan, "one")
	h.quiet()
	var saved customer.SavedAddress
	steps := []struct {
		name, subject string
		do            func() error
		mails         int
	}{
		{"a new address", "addresses", func() (err error) { saved, err = h.shopper(cookie).SaveAddress(t.Context(), home()); return err }, 1},
		{"three at once", "addresses", func() (err error) {
			for _, street := range []string{"Dlhá 2", "Krátka 3", "Nová 4"} {
				if _, err = h.shopper(cookie).SaveAddress(t.Context(), homeAt(street)); err != nil {
					return err
				}
			}
			return nil
		}, 1},
		{"the same once more", "addresses", func() error { _, err := h.shopper(cookie).SaveAddress(t.Context(), homeAt("Nová 4")); return err }, 0},
		{"a deleted one", "addresses", func() error { return h.shopper(cookie).DeleteAddress(t.Context(), saved.ID, saved.Version) }, 1},
		{"it put back", "addresses", func() error { return h.shopper(cookie).UndoDeleteAddress(t.Context(), saved.ID) }, 1},
		{"put back twice", "addresses", func() error { return h.shopper(cookie).UndoDeleteAddress(t.Context(), saved.ID) }, 0},
		{"another default", "addresses", func() error {
			list, err := h.shopper(cookie).Addresses(t.Context())
			if err != nil {
				return err
			}
			return h.shopper(cookie).SetDefaultAddress(t.Context(), list[0].ID, customer.UseBilling)
		}, 1},
		{"the same default", "addresses", func() error { return h.shopper(cookie).SetDefaultAddress(t.Context(), saved.ID, customer.UseShipping) }, 0},
		{"one that is none", "addresses", func() error {
			_, err := h.shopper(cookie).SaveAddress(t.Context(), customer.SavedAddress{})
			if validate.KindOf(err) == validate.Invalid {
				return nil
			}
			return err
		}, 0},
		{"a VAT ID", "VAT ID", func() error { h.saveVATID(cookie, "SK2020317068"); return nil }, 1},
		{"the same again", "VAT ID", func() error { h.saveVATID(cookie, "SK2020317068"); return nil }, 0},
		{"another", "VAT ID", func() error { h.saveVATID(cookie, "SK2022273990"); return nil }, 1},
		{"none", "VAT ID", func() error { h.saveVATID(cookie, ""); return nil }, 1},
		{"the language", "", func() error { return h.shopper(cookie).SetLanguage(t.Context(), "sk") }, 0},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		sent := h.told(step.subject)
		if len(sent) != step.mails || step.mails > 0 && (sent[0].To != jan || firstGroup(alarmInMail, sent[0].Text) == "") {
			t.Errorf("%s: %d mails, want %d: %+v", step.name, len(sent), step.mails, sent)
		}
		for _, m := range sent {
			if strings.Contains(m.Text, "Hlavná") || strings.Contains(m.Text, "SK20") {
				t.Errorf("%s: the mail holds what was changed: %s", step.name, m.Text)
			}
		}
		h.clock.Move(time.Minute)
	}
	if again := h.told(""); len(again) != 0 {
		t.Errorf("told twice: %+v", again)
	}
}

// TestChangeWhileTheMailIsWritten checks that a change made while an email is being written causes a second
// email, since the first may already be on its way.
func TestChangeWhileTheMailIsWritten(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie, _ := h.enterWith(jan, "one")
	h.quiet()
	save := func(street string) {
		t.Helper()
		if _, err := h.shopper(cookie).SaveAddress(t.Context(), homeAt(street)); err != nil {
			t.Fatal(err)
		}
	}
	save("Dlhá 2")
	app := h.dying(2) // job leased and email queued, but the job not yet removed
	if _, err := app.Worker().RunOnce(t.Context()); err == nil {
		t.Fatal("the worker lived")
	}
	save("Krátka 3")
	h.clock.Move(time.Minute)
	if sent := h.told("addresses"); len(sent) != 2 {
		t.Errorf("%d mails, want 2", len(sent))
	}
}

func TestCrashDuringAChangeNotice(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.newCustomer(jan)
		cookie, _ := h.enterWith(jan, "one")
		h.quiet()
		if _, err := h.shopper(cookie).SaveAddress(t.Context(), home()); err != nil {
			t.Fatal(err)
		}
		attempt := func(app *portal.App) error { _, err := app.Worker().RunOnce(t.Context()); return err }
		return attempt, func(bool) {
			if sent := h.told("addresses"); len(sent) != 1 {
				t.Errorf("%d mails, want 1", len(sent))
			}
		}
	})
}

// TestRevokeEndsTheSessionThatMadeAChange checks that "this wasn't me" ends the session that changed the
// address.
func TestRevokeEndsTheSessionThatMadeAChange(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	thief, _ := h.enterWith(jan, "thief's")
	h.quiet()
	if _, err := h.shopper(thief).SaveAddress(t.Context(), home()); err != nil {
		t.Fatal(err)
	}
	alarm := firstGroup(alarmInMail, h.told("addresses")[0].Text)
	if err := h.visitor("owner's").RevokeAccess(t.Context(), alarm); err != nil {
		t.Fatal(err)
	}
	h.wantNoSession("after the alarm", thief)
}

// TestChangeNoticeGoesToTheEmailAtThatTime checks that a thief who changes a postal address and then the
// email does not receive the notice of the first change.
func TestChangeNoticeGoesToTheEmailAtThatTime(t *testing.T) {
	t.Parallel()
	for _, begun := range []bool{true, false} {
		h := newTestApp(t)
		h.newCustomer(jan)
		cookie := h.signInByCode(jan, "one")
		h.quiet()
		code := h.wanted(cookie, mallory)
		if _, err := h.shopper(cookie).SaveAddress(t.Context(), home()); err != nil {
			t.Fatal(err)
		}
		if begun {
			h.work()
		}
		signed, err := h.shopper(cookie).ChangeEmail(t.Context(), mallory, code, firefox("one"))
		if err != nil {
			t.Fatal(err)
		}
		if sent := h.told("addresses"); len(sent) != 1 || sent[0].To != jan {
			t.Errorf("told to %+v", sent)
		}
		h.clock.Move(time.Second)
		if _, err := h.shopper(signed.Cookie).SaveAddress(t.Context(), homeAt("Dlhá 2")); err != nil {
			t.Fatal(err)
		}
		if sent := h.told("addresses"); len(sent) != 1 || sent[0].To != mallory {
			t.Errorf("the next told to %+v", sent)
		}
	}
}
