package portal_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/validate"
)

const sentence = "Bookshop may send me its newsletter."

// agree gives a consent like a page that shows the wording.
func agree(t *testing.T, s portal.Shopper, purpose customer.Purpose, wording string) {
	t.Helper()
	if err := s.GiveConsent(t.Context(), purpose, wording, customer.WordingVersion(wording)); err != nil {
		t.Fatal(err)
	}
}

func TestConsents(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.signIn(jan)
	for _, purpose := range customer.Purposes() {
		if said := s.Customer().Consent(purpose); said.Status != customer.ConsentNever || !said.At.IsZero() {
			t.Errorf("%s at first: %+v", purpose, said)
		}
	}
	given := h.clock.Now()
	agree(t, s, customer.Newsletter, sentence)
	h.clock.Move(time.Minute)
	agree(t, s, customer.Newsletter, sentence)
	c := h.signIn(jan).Customer()
	want := customer.Consent{
		Purpose: customer.Newsletter, Status: customer.ConsentGiven, At: given,
		Source:  customer.SourceAccount,
		Wording: sentence, Version: customer.WordingVersion(sentence),
	}
	if diff := cmp.Diff([]customer.Consent{want}, c.ConsentHistory()); diff != "" {
		t.Errorf("given twice is once: %s", diff)
	}
	if c.Consent(customer.PartnerOffers).Status != customer.ConsentNever || !c.ShopperAt.IsZero() {
		t.Errorf("more than the one purpose changed: %+v", c)
	}
	for range 2 {
		if err := s.WithdrawConsent(t.Context(), customer.Newsletter, sentence); err != nil {
			t.Fatal(err)
		}
	}
	c = h.signIn(jan).Customer()
	if c.Consent(customer.Newsletter).Status != customer.ConsentWithdrawn || len(c.ConsentHistory()) != 2 ||
		c.ConsentHistory()[0].Status != customer.ConsentWithdrawn {
		t.Errorf("taken back: %+v", c.ConsentHistory())
	}
	agree(t, s, customer.Newsletter, sentence)
	agree(t, s, customer.Newsletter, sentence+" Weekly.")
	history := h.signIn(jan).Customer().ConsentHistory()
	if len(history) != 4 || history[0].Version == history[1].Version || history[1].Version != want.Version {
		t.Errorf("another wording is another consent: %+v", history)
	}
}

// TestConsentToWhatWasRead checks that a consent needs the wording shown on the page, while a withdrawal
// needs none.
func TestConsentToWhatWasRead(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.signIn(jan)
	for name, shown := range map[string]string{"another sentence": customer.WordingVersion("old"), "none": "",
		"a made-up one": "x"} {
		if err := s.GiveConsent(t.Context(), customer.Newsletter, sentence,
			shown); validate.KindOf(err) != validate.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.GiveConsent(t.Context(), customer.Newsletter, "",
		""); validate.KindOf(err) != validate.Conflict {
		t.Errorf("no sentence at all: %v", err)
	}
	if err := s.GiveConsent(t.Context(), "telephone", sentence,
		customer.WordingVersion(sentence)); validate.KindOf(err) != validate.Invalid {
		t.Errorf("another purpose: %v", err)
	}
	if n := len(h.signIn(jan).Customer().Consents); n != 0 {
		t.Errorf("%d things were noted", n)
	}
	if err := s.WithdrawConsent(t.Context(), customer.Newsletter, "whatever"); err != nil ||
		h.signIn(jan).Customer().Consent(customer.Newsletter).Status != customer.ConsentWithdrawn {
		t.Errorf("a no to what was never asked: %v", err)
	}
}

// TestConsentHistoryIsBounded checks that the history keeps the newest 50 records and the latest of each
// purpose.
func TestConsentHistoryIsBounded(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.signIn(jan)
	agree(t, s, customer.PartnerOffers, sentence)
	for n := range 60 {
		h.clock.Move(time.Second)
		agree(t, s, customer.Newsletter, fmt.Sprint(sentence, n))
	}
	c := h.signIn(jan).Customer()
	history := c.ConsentHistory()
	if len(history) != 50 || history[0].Wording != sentence+"59" || history[48].Wording != sentence+"11" ||
		c.Consent(customer.PartnerOffers).Status != customer.ConsentGiven {
		t.Errorf("%d are kept, from %+v to %+v", len(history), history[0], history[len(history)-1])
	}
}

// TestConsentsSideBySide checks that no consent is lost when many are given at the same time.
func TestConsentsSideBySide(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.signIn(jan)
	var wait sync.WaitGroup
	for n := range 20 {
		wait.Go(func() { agree(t, s, customer.Purposes()[n%2], fmt.Sprint(sentence, n)) })
	}
	wait.Wait()
	c := h.signIn(jan).Customer()
	seen := map[time.Time]int{}
	for _, said := range c.Consents {
		if said.Purpose == customer.Newsletter {
			seen[said.At]++
		}
	}
	if len(c.Consents) != 20 || len(seen) != 10 {
		t.Errorf("%d of 20 are noted, at %d times", len(c.Consents), len(seen))
	}
}

// told returns a feed document with the newsletter consent given at a time.
func told(status string, at time.Time, updated time.Time) []byte {
	return []byte(fmt.Sprintf(`{"email":"jan@example.com","first_name":%q,"consents":{"newsletter":{"status":%q,"at":%q,`+
		`"source":"checkout","wording":"Yes,\nplease."}},"updated_at":%q}`, status, status,
		at.Format(time.RFC3339Nano), updated.Format(time.RFC3339Nano)))
}

// TestConsentsByFeed checks that the newer statement wins, and that a customer's "no" stays until a newer
// "yes".
func TestConsentsByFeed(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed, start := h.feed(), h.clock.Now()
	state := func() customer.ConsentRecord {
		t.Helper()
		record, err := feed.Customer(t.Context(), "77")
		if err != nil {
			t.Fatal(err)
		}
		return record.Consents[customer.Newsletter]
	}
	put := func(status string, at, updated time.Time) order.Outcome {
		t.Helper()
		by := feed
		if updated.After(h.clock.Now()) {
			by = feed.WithForce("a request")
		}
		receipt, err := by.PutCustomer(t.Context(), "77", told(status, at, updated))
		if err != nil {
			t.Fatal(err)
		}
		return receipt.Outcome
	}
	put("given", start.Add(-time.Hour), start)
	got := state()
	want := customer.ConsentRecord{Status: "given", At: ptr(start.Add(-time.Hour)), Source: "checkout",
		Wording:        "Yes,\nplease.",
		WordingVersion: customer.WordingVersion("Yes,\nplease."), UnsubscribeURL: got.UnsubscribeURL}
	if diff := cmp.Diff(want, got); diff != "" || got.UnsubscribeURL == "" {
		t.Fatalf("told: %s", diff)
	}
	h.clock.Move(time.Minute)
	if err := h.signIn(jan).WithdrawConsent(t.Context(), customer.Newsletter, sentence); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name        string
		status      string
		at, updated time.Duration // since start
		outcome     order.Outcome
		want        customer.ConsentStatus
	}{
		{"the old yes again", "given", -time.Hour, time.Hour, order.Updated, "withdrawn"},
		{"a yes of the same moment", "given", time.Minute, time.Hour, order.Unchanged, "withdrawn"},
		{"a newer yes", "given", time.Minute + time.Millisecond, time.Hour, order.Updated, "given"},
		{"a newer no in a document that is stale", "withdrawn", 2 * time.Minute, 0, order.Stale, "withdrawn"},
		{"an older yes in a stale one", "given", time.Minute + 2*time.Millisecond, 0,
			order.Stale, "withdrawn"},
		{"a yes by a clock that runs ahead", "given", 5 * time.Minute, time.Hour, order.Updated, "given"},
	}
	for _, step := range steps {
		if outcome := put(step.status, start.Add(step.at),
			start.Add(step.updated)); outcome != step.outcome || state().Status != step.want {
			t.Errorf("%s: %s, and now %s", step.name, outcome, state().Status)
		}
	}
	if name := h.signIn(jan).Customer().FirstName; name != "given" {
		t.Errorf("a stale document changed the name to %s", name)
	}
	if err := h.signIn(jan).WithdrawConsent(t.Context(), customer.Newsletter, sentence); err != nil {
		t.Fatal(err)
	}
	if put("given", start.Add(5*time.Minute), start.Add(time.Hour)); state().Status != "withdrawn" {
		t.Error("the yes from the future came back over a later no")
	}
}

func TestBadConsentsByFeed(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	now := h.clock.Now().Format(time.RFC3339)
	for name, test := range map[string]struct{ consents, want string }{
		"no status": {`{"newsletter":{"at":"` + now + `"}}`,
			"/consents/newsletter/status consent.status"},
		"never asked": {`{"newsletter":{"status":"never_asked","at":"` + now + `"}}`,
			"/consents/newsletter/status consent.status"},
		"no time": {`{"partner_offers":{"status":"given"}}`,
			"/consents/partner_offers/at text.required"},
		"no such time": {`{"newsletter":{"status":"given","at":"yesterday"}}`,
			"/consents/newsletter/at time.form"},
		"in the future": {`{"newsletter":{"status":"given","at":"2026-11-21T10:05:01Z"}}`,
			"/consents/newsletter/at consent.future"},
		"another purpose": {`{"telephone":{"status":"given","at":"` + now + `"}}`,
			"/consents/telephone json.unknown"},
		"a list": {`[]`, "/consents json.type"},
	} {
		body := `{"email":"jan@example.com","consents":` + test.consents + `,"updated_at":"` + now + `"}`
		_, err := feed.PutCustomer(t.Context(), "77", []byte(body))
		if diff := cmp.Diff([]string{test.want}, fieldErrorsOf(err)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestSourcesOfConsents checks that a feed cannot claim that a consent was given in the account.
func TestSourcesOfConsents(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	at := h.clock.Now().Add(-time.Hour)
	for given, want := range map[string]string{"": "feed", "account": "feed", "unsubscribe": "feed",
		"checkout": "checkout", "fair in Brno": "fair in Brno"} {
		at = at.Add(time.Minute)
		when := at.Format(time.RFC3339)
		body := fmt.Sprintf(`{"email":"jan@example.com","consents":{"newsletter":{"status":"given","at":%q,"source":%q}},"updated_at":%q}`,
			when, given, when)
		if _, err := feed.PutCustomer(t.Context(), "77", []byte(body)); err != nil {
			t.Fatal(err)
		}
		record, err := feed.Customer(t.Context(), "77")
		if err != nil || record.Consents[customer.Newsletter].Source != want {
			t.Errorf("%q became %+v, %v", given, record.Consents[customer.Newsletter], err)
		}
	}
	record, err := feed.CustomerByEmail(t.Context(), jan)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(record.Consents[customer.PartnerOffers])
	var plain map[string]any
	if err != nil || json.Unmarshal(text, &plain) != nil || len(plain) != 2 ||
		plain["status"] != "never_asked" {
		t.Errorf("never asked reads as %s, %v", text, err)
	}
}
