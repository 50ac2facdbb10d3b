package credential

// Tries of a code are counted by address and browser (or session), whether or not there is a code, so that
// the store does the same work for all. Time is divided into slots as long as the life of a code: the tries
// of a code fall into the slot in which it was made and the next one.

// Tally holds the counter of tries in the current slot and in the previous one.
type Tally struct{ Slot, Current, Before int64 }

// Mark is the state of the counter when a code was made: earlier tries do not count against the code.
type Mark struct {
	Slot int64 `bson:"slot"`
	N    int64 `bson:"n"`
}

const SlotLength = CodeLife

func (t Tally) Mark() Mark { return Mark{Slot: t.Slot, N: t.Current} }

// since returns the number of tries after the mark, including the current one.
func (t Tally) since(m Mark) int64 {
	switch t.Slot {
	case m.Slot:
		return t.Current - m.N
	case m.Slot + 1:
		return t.Current + t.Before - m.N
	}
	return t.Current + t.Before
}

// Counter identifies a counter of tries.
type Counter struct {
	Shop, Label string
	Of          []string
}

// TriesOfCode returns the counter of tries for an address from a browser, TriesOfChallenge that of a session
// for a proof.
func TriesOfCode(shop, email, browserHash string) Counter {
	return Counter{Shop: shop, Label: "code-tries", Of: []string{email, browserHash}}
}

func TriesOfChallenge(shop string, wanted Challenge) Counter {
	return Counter{Shop: shop, Label: "challenge-tries", Of: []string{wanted.Session, wanted.Kind, wanted.Email}}
}
