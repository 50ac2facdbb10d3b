package credential

import (
	"testing"

	"postern/storage"
)

// TestTriesSinceAMark checks that attempts made before a code was created do not count against it, while
// those in the next slot do.
func TestTriesSinceAMark(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		tally Tally
		mark  Mark
		want  int64
	}{
		{Tally{Slot: 7, Current: 1}, Mark{Slot: 7}, 1},
		{Tally{Slot: 7, Current: 5}, Mark{Slot: 7, N: 3}, 2},
		{Tally{Slot: 8, Current: 1, Before: 5}, Mark{Slot: 7, N: 3}, 3},
		{Tally{Slot: 8, Current: 2}, Mark{Slot: 7}, 2},
		{Tally{Slot: 6, Current: 5, Before: 1}, Mark{Slot: 7}, 6}, // written by a process whose clock is slow
	} {
		if got := test.tally.since(test.mark); got != test.want {
			t.Errorf("%+v since %+v: %d, want %d", test.tally, test.mark, got, test.want)
		}
	}
}

// TestChallengesOfSessionsAreSeparate checks that a session's new codes push out only its own oldest ones.
func TestChallengesOfSessionsAreSeparate(t *testing.T) {
	t.Parallel()
	now, a := noon(), &Credentials{}
	add := func(session string) {
		a.AddChallenge(Challenge{ID: storage.NewID(), Entry: storage.NewID(), Session: session,
			Until: now.Add(CodeLife)}, false, now)
	}
	add("owner")
	first := a.Challenges[0].ID
	for range 20 {
		add("other")
	}
	if len(a.Challenges) != 1+maxChallenges || a.Challenges[0].ID != first {
		t.Errorf("%d proofs, the first %+v", len(a.Challenges), a.Challenges[0])
	}
}
