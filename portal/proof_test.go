package portal

import (
	"testing"
	"time"
)

// TestWhatAProofIsFor: a code counts for its kind, address and session only, with a try left, until its end.
func TestWhatAProofIsFor(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	wanted := proof{Kind: mailStepUp, Email: "jan@example.com", Session: "session"}
	tests := map[string]struct {
		change func(*proof)
		takes  bool
	}{
		"as wanted":       {func(*proof) {}, true},
		"another kind":    {func(p *proof) { p.Kind = mailEmailCode }, false},
		"another address": {func(p *proof) { p.Email = "eva@example.com" }, false},
		"another session": {func(p *proof) { p.Session = "other" }, false},
		"no session":      {func(p *proof) { p.Session = "" }, false},
		"four tries":      {func(p *proof) { p.Tries = codeTries - 1 }, true},
		"five tries":      {func(p *proof) { p.Tries = codeTries }, false},
		"its end":         {func(p *proof) { p.Until = now }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := wanted
			p.Until = now.Add(time.Millisecond)
			test.change(&p)
			if got := p.takes(wanted, now); got != test.takes {
				t.Errorf("takes %v", got)
			}
		})
	}
	if (proof{Until: now.Add(time.Hour)}).takes(proof{}, now) {
		t.Error("nothing is proven to nobody")
	}
}
