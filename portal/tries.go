package portal

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"postern/storage"
)

// Tries of a code are counted by address and browser (or session), whether or not there is a code, so that
// the store does the same work for all. Time is divided into slots as long as the life of a code: the tries
// of a code fall into the slot in which it was made and the next one.

// tally holds the counter of tries in the current slot and in the previous one.
type tally struct{ slot, present, before int64 }

// mark is the state of the counter when a code was made: earlier tries do not count against the code.
type mark struct {
	Slot int64 `bson:"slot"`
	N    int64 `bson:"n"`
}

const slotLength = codeLife

func (t tally) mark() mark { return mark{Slot: t.slot, N: t.present} }

// since returns the number of tries after the mark, including the current one.
func (t tally) since(m mark) int64 {
	switch t.slot {
	case m.Slot:
		return t.present - m.N
	case m.Slot + 1:
		return t.present + t.before - m.N
	}
	return t.present + t.before
}

// counter identifies a counter of tries.
type counter struct {
	shop, label string
	of          []string
}

// triesOfCode returns the counter of tries for an address from a browser, triesOfProof that of a session
// for a proof.
func triesOfCode(shop, email, browserHash string) counter {
	return counter{shop: shop, label: "code-tries", of: []string{email, browserHash}}
}

func triesOfProof(shop string, wanted proof) counter {
	return counter{shop: shop, label: "proof-tries", of: []string{wanted.Session, wanted.Kind, wanted.Email}}
}

// slots returns the two counts of a counter at a given time. by is added to the current slot; the previous
// one is only read.
func (a *App) slots(c counter, by int64, now time.Time) []storage.Count {
	slot := now.UnixMilli() / slotLength.Milliseconds()
	end := time.UnixMilli((slot + 1) * slotLength.Milliseconds()).Add(slotLength)
	key := func(slot int64) string {
		return a.bound(c.shop, c.label, limit(codeTries, slotLength), append(c.of[:len(c.of):len(c.of)], strconv.FormatInt(slot, 10))...).key
	}
	return []storage.Count{{Key: key(slot), By: by, Expires: end}, {Key: key(slot - 1), Expires: end}}
}

// countTry counts a try together with rest in one commit; if by is zero it only reads the counter. It also
// returns the tallies of rest.
func (a *App) countTry(ctx context.Context, c counter, by int64, rest ...storage.Count) (tally, []storage.Tally, error) {
	now := a.now()
	tallies, err := a.engine.Increment(ctx, now, append(a.slots(c, by, now), rest...))
	if err != nil {
		return tally{}, nil, fmt.Errorf("count: %w", err)
	}
	return tally{slot: now.UnixMilli() / slotLength.Milliseconds(), present: tallies[0].N, before: tallies[1].N}, tallies[2:], nil
}
