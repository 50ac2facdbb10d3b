package portal

import (
	"testing"
	"time"

	"postern/storage"
)

// TestTriesSinceAMark checks that attempts made before a code was created do not count against it, while
// those in the next slot do.
func TestTriesSinceAMark(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tally tally
		mark  mark
		want  int64
	}{
		{tally{slot: 7, present: 1}, mark{Slot: 7}, 1},
		{tally{slot: 7, present: 5}, mark{Slot: 7, N: 3}, 2},
		{tally{slot: 8, present: 1, before: 5}, mark{Slot: 7, N: 3}, 3},
		{tally{slot: 8, present: 2}, mark{Slot: 7}, 2},
		{tally{slot: 6, present: 5, before: 1}, mark{Slot: 7}, 6}, // written by a process whose clock is slow
	} {
		if got := test.tally.since(test.mark); got != test.want {
			t.Errorf("%+v since %+v: %d, want %d", test.tally, test.mark, got, test.want)
		}
	}
}

// TestProofsOfSessionsAreApart checks that a session's new codes push out only its own oldest ones.
func TestProofsOfSessionsAreApart(t *testing.T) {
	t.Parallel()
	now, a := noon(), &access{}
	add := func(session string) {
		a.addProof(proof{ID: storage.NewID(), Entry: storage.NewID(), Session: session, Until: now.Add(codeLife)}, false, now)
	}
	add("owner")
	first := a.Proofs[0].ID
	for range 20 {
		add("other")
	}
	if len(a.Proofs) != 1+maxProofs || a.Proofs[0].ID != first {
		t.Errorf("%d proofs, the first %+v", len(a.Proofs), a.Proofs[0])
	}
}

// TestWhatAProofIsFor checks that a code is accepted only for its kind, address and session, while it has
// attempts left and has not expired.
func TestWhatAProofIsFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	wanted := proof{Kind: mailStepUp, Email: "jan@example.com", Session: "session"}
	tests := map[string]struct {
		change func(*proof)
		tried  int64
		takes  bool
	}{
		"as wanted":       {func(*proof) {}, 1, true},
		"another kind":    {func(p *proof) { p.Kind = mailEmailCode }, 1, false},
		"another address": {func(p *proof) { p.Email = "eva@example.com" }, 1, false},
		"another session": {func(p *proof) { p.Session = "other" }, 1, false},
		"no session":      {func(p *proof) { p.Session = "" }, 1, false},
		"the fifth try":   {func(*proof) {}, 5, true},
		"the sixth try":   {func(*proof) {}, 6, false},
		"made after two":  {func(p *proof) { p.Mark.N = 2 }, 7, true},
		"its end":         {func(p *proof) { p.Until = now }, 1, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := wanted
			p.Until = now.Add(time.Millisecond)
			test.change(&p)
			if got := p.takes(wanted, tally{present: test.tried}, now); got != test.takes {
				t.Errorf("takes %v", got)
			}
		})
	}
	if (proof{Until: now.Add(time.Hour)}).takes(proof{}, tally{}, now) {
		t.Error("nothing is proven to nobody")
	}
}
