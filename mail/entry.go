package mail

import (
	"time"

	"postern/storage"
)

// The states of an entry.
const (
	Waiting = "waiting" // to be sent at NextAt
	// Deferred is Waiting for what is most likely to be dropped: it is looked at when no other mail waits,
	// and for an hour.
	Deferred = "deferred"
	Sent     = "sent"
	Dropped  = "dropped" // there was nothing to send
	Failed   = "failed"  // refused for good, or given up; staff may resend it
)

const (
	// Keep is how long a failed or sent entry stays for staff to see and to resend.
	Keep = 30 * 24 * time.Hour
	// keepDropped is Keep for what there was nothing to send for. Strangers cause most of it, so that it
	// must not fill the store.
	keepDropped = 24 * time.Hour
	// keepThrottled is keepDropped for what was throttled: it is never more than counted.
	keepThrottled = 10 * time.Minute
	// deferredLife is how long a deferred entry may wait for a moment in which there is nothing else to do.
	deferredLife = time.Hour
)

// Entry is one mail to be sent: what it is about, for the Composer, and how its sending goes. Kind and
// Payload mean something to the Composer only; Payload must hold no secret, and is emptied once the mail is
// dropped.
type Entry struct {
	Kind    string            `bson:"kind"`
	To      string            `bson:"to"`
	Lang    string            `bson:"lang,omitempty"`
	Payload map[string]string `bson:"payload,omitempty"`
	State   string            `bson:"state"`

	CreatedAt time.Time `bson:"created_at"`
	// NextAt is when the entry is looked at again: a waiting one to be sent, any other to be deleted.
	NextAt   time.Time `bson:"next_at"`
	SentAt   time.Time `bson:"sent_at,omitempty"`
	ResentAt time.Time `bson:"resent_at,omitempty"` // when staff asked for it again; its life begins anew

	Attempts int `bson:"attempts"` // begun since CreatedAt or ResentAt
	// Composed says that the Composer had the entry before, though no attempt came of it: the mail got no
	// connection.
	Composed  bool   `bson:"composed,omitempty"`
	LastError string `bson:"last_error,omitempty"`
	// Unsure says that an attempt ended without an answer, or is going on: a message of this entry may have
	// arrived.
	Unsure bool `bson:"unsure"`
	// Throttled marks an entry that is stored like any other, but as dropped: nothing ever waits behind it.
	Throttled bool `bson:"throttled"`
	// Lease is the mark of the attempt going on; who finds another one there has lost the entry.
	Lease string `bson:"lease,omitempty"`
}

const (
	byTurn = "by_turn" // what is due, in every state
	byDue  = "by_due"  // the same of all shops
	byAge  = "by_age"  // what staff see
	byTo   = "by_to"   // what an address was sent
)

// Collections declares what the package stores. The heads hold no payload: a list never shows it.
func Collections() []storage.Collection {
	return []storage.Collection{{Name: "outbox", Indexes: []storage.Index{
		{
			Name:   byTurn,
			Fields: []storage.Field{{Path: "state", Kind: storage.String}, {Path: "next_at", Kind: storage.Time}},
			Head:   []string{"kind", "state", "created_at", "resent_at", "throttled"},
		},
		{
			Name: byDue, AllShops: true,
			Fields: []storage.Field{{Path: "state", Kind: storage.String}, {Path: "next_at", Kind: storage.Time}},
		},
		{
			Name:   byAge,
			Fields: []storage.Field{{Path: "state", Kind: storage.String}, {Path: "created_at", Kind: storage.Time}},
			Head: []string{"kind", "to", "lang", "state", "created_at", "next_at", "sent_at", "resent_at", "attempts",
				"last_error", "unsure", "throttled"},
		},
		{Name: byTo, Fields: []storage.Field{{Path: "to", Kind: storage.String}}},
	}}}
}

// due reports whether it is the entry's turn.
func (e *Entry) due(now time.Time) bool {
	return (e.State == Waiting || e.State == Deferred) && !e.NextAt.After(now)
}

// hasten makes a waiting entry due now, unless an attempt at it is going on.
func (e *Entry) hasten(now time.Time) error {
	if e.Lease != "" || !e.NextAt.After(now) {
		return storage.ErrUnchanged
	}
	e.NextAt = now
	return nil
}

// end is when the entry is given up.
func (e *Entry) end(life time.Duration) time.Time {
	if e.State == Deferred {
		life = deferredLife
	}
	if e.ResentAt.After(e.CreatedAt) {
		return e.ResentAt.Add(life)
	}
	return e.CreatedAt.Add(life)
}

// fail puts the entry on the list of what staff may resend.
func (e *Entry) fail(now time.Time) { e.State, e.NextAt = Failed, now.Add(Keep) }

// send ends the entry's life as sent. The payload stays, so that the mail can be composed again for staff
// who resend it.
func (e *Entry) send(now time.Time) {
	e.State, e.LastError, e.Unsure = Sent, "", false
	e.SentAt, e.NextAt = now, now.Add(Keep)
}

// drop ends the entry's life as dropped.
func (e *Entry) drop(now time.Time) {
	e.State, e.Payload, e.LastError, e.Unsure = Dropped, nil, "", false
	e.NextAt = now.Add(keepDropped)
	if e.Throttled {
		e.NextAt = now.Add(keepThrottled)
	}
}
