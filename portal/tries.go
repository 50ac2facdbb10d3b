package portal

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"postern/storage"
)

// Tries of a code are counted by address and browser (or session), whether or not there is a code, so that
// the store does the same for all. Time is cut into slots as long as a code lives: a code's tries lie in
// the slot it was made in and the next one.

// tally is where the counter of tries stands: in the present slot, and in the one before.
type tally struct{ slot, present, before int64 }

// mark is what the counter showed in a slot when a code was made: what was tried earlier does not count
// against the code.
type mark struct {
	Slot int64 `bson:"slot"`
	N    int64 `bson:"n"`
}

const slotLength = codeLife

func (t tally) mark() mark { return mark{Slot: t.slot, N: t.present} }

// since is how many tries there were after the mark, the last one included.
func (t tally) since(m mark) int64 {
	switch t.slot {
	case m.Slot:
		return t.present - m.N
	case m.Slot + 1:
		return t.present + t.before - m.N
	}
	return t.present + t.before
}

// counter names what tries are counted of.
type counter struct {
	shop, label string
	of          []string
}

// triesOfCode are the tries for an address from a browser; triesOfProof those for what a session wants to
// prove.
func triesOfCode(shop, email, browserHash string) counter {
	return counter{shop: shop, label: "code-tries", of: []string{email, browserHash}}
}

func triesOfProof(shop string, wanted proof) counter {
	return counter{shop: shop, label: "proof-tries", of: []string{wanted.Session, wanted.Kind, wanted.Email}}
}

// slots are the two counts of a counter at a time: by adds to the present slot, and the one before is only
// looked at.
func (a *App) slots(c counter, by int64, now time.Time) []storage.Count {
	slot := now.UnixMilli() / slotLength.Milliseconds()
	end := time.UnixMilli((slot + 1) * slotLength.Milliseconds()).Add(slotLength)
	key := func(slot int64) string {
		return a.bound(c.shop, c.label, limit(codeTries, slotLength), append(c.of[:len(c.of):len(c.of)], strconv.FormatInt(slot, 10))...).key
	}
	return []storage.Count{{Key: key(slot), By: by, Expires: end}, {Key: key(slot - 1), Expires: end}}
}

// countTry counts a try, together with what else is to be counted, in one commit; by zero it only looks. It
// returns the tallies of the rest, too.
func (a *App) countTry(ctx context.Context, c counter, by int64, rest ...storage.Count) (tally, []storage.Tally, error) {
	now := a.now()
	tallies, err := a.engine.Increment(ctx, now, append(a.slots(c, by, now), rest...))
	if err != nil {
		return tally{}, nil, fmt.Errorf("count: %w", err)
	}
	return tally{slot: now.UnixMilli() / slotLength.Milliseconds(), present: tallies[0].N, before: tallies[1].N}, tallies[2:], nil
}
