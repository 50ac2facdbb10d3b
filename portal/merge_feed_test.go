package portal_test

import (
	"testing"
	"time"

	"postern/portal/customer"
)

// wantRead checks what the feed reads of the newsletter by jana's id and by her email.
func (m mergeShop) wantRead(when string, want customer.ConsentStatus) {
	m.t.Helper()
	byID, err := m.feed().Customer(m.t.Context(), "2")
	if got := byID.Consents[customer.Newsletter].Status; err != nil || got != want {
		m.t.Errorf("%s the feed reads %q by the id, want %q: %v", when, got, want, err)
	}
	byEmail, err := m.feed().CustomerByEmail(m.t.Context(), jana)
	if got := byEmail.Consents[customer.Newsletter].Status; err != nil || got != want {
		m.t.Errorf("%s the feed reads %q by the email, want %q: %v", when, got, want, err)
	}
}

// TestMergedIDReadsAWithdrawal checks it before the merged address is confirmed, and after the
// merged account was forgotten.
func TestMergedIDReadsAWithdrawal(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.say("2", "given", m.clock.Now().Add(-time.Hour))
	token := m.unsubscribeToken(jana, customer.Newsletter)
	m.merged(m.jan, m.two)
	m.wantRead("merged,", customer.ConsentGiven)
	m.clock.Move(time.Minute)
	m.unsubscribe(token)
	m.wantRead("withdrawn,", customer.ConsentWithdrawn)
	m.clock.Move(32 * 24 * time.Hour)
	m.work()
	if c, _, err := m.customers().Get(t.Context(), m.two); err != nil || len(c.Consents) > 0 {
		t.Errorf("not forgotten: %+v, %v", c.Consents, err)
	}
	m.wantRead("forgotten,", customer.ConsentWithdrawn)
}
