package portal

import (
	"testing"
	"time"

	"postern/portal/credential"
)

// TestChallengeMatchesItsPurpose checks that a code is accepted only for its kind, address and session, while
// it has attempts left and has not expired.
func TestChallengeMatchesItsPurpose(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	wanted := credential.Challenge{Kind: credential.MailStepUp, Email: "jan@example.com", Session: "session"}
	tests := map[string]struct {
		change func(*credential.Challenge)
		tried  int64
		takes  bool
	}{
		"as wanted":       {func(*credential.Challenge) {}, 1, true},
		"another kind":    {func(p *credential.Challenge) { p.Kind = mailEmailCode }, 1, false},
		"another address": {func(p *credential.Challenge) { p.Email = "eva@example.com" }, 1, false},
		"another session": {func(p *credential.Challenge) { p.Session = "other" }, 1, false},
		"no session":      {func(p *credential.Challenge) { p.Session = "" }, 1, false},
		"the fifth try":   {func(*credential.Challenge) {}, 5, true},
		"the sixth try":   {func(*credential.Challenge) {}, 6, false},
		"made after two":  {func(p *credential.Challenge) { p.Mark.N = 2 }, 7, true},
		"its end":         {func(p *credential.Challenge) { p.Until = now }, 1, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := wanted
			p.Until = now.Add(time.Millisecond)
			test.change(&p)
			if got := p.Accepts(wanted, credential.Tally{Current: test.tried}, now); got != test.takes {
				t.Errorf("takes %v", got)
			}
		})
	}
	if (credential.Challenge{Until: now.Add(time.Hour)}).Accepts(credential.Challenge{},
		credential.Tally{}, now) {
		t.Error("nothing is proven to nobody")
	}
}
