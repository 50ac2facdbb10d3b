package mail

import (
	"time"

	"postern/storage"
)

// The states of an entry.
const (
	Waiting = "waiting" // to be sent at NextAt
	// Deferred is like Waiting, but for entries that will most likely be dropped. They are processed when
	// nothing else waits, and for an hour at most.
	Deferred = "deferred"
	Sent     = "sent"
	Dropped  = "dropped" // there was nothing to send
	Failed   = "failed"  // refused permanently or given up; staff may resend it
)

const (
	// Keep is how long a failed or sent entry is kept, so that staff can see and resend it.
	Keep = 30 * 24 * time.Hour
	// keepDropped is Keep for dropped entries. Strangers cause most of them, so they must not fill the
	// store.
	keepDropped = 24 * time.Hour
	// keepThrottled is keepDropped for throttled entries, which only need to be counted.
	keepThrottled = 10 * time.Minute
	// deferredLife is how long a deferred entry may wait for the dispatcher to be idle.
	deferredLife = time.Hour
)

// Entry is one email to send: its content, for the Composer, and its delivery state. Kind and Payload have
// meaning only for the Composer. Payload must hold no secret, and is emptied when the entry is dropped.
type Entry struct {
	Kind    string            `bson:"kind"`
	To      string            `bson:"to"`
	Lang    string            `bson:"lang,omitempty"`
	Payload map[string]string `bson:"payload,omitempty"`
	State   string            `bson:"state"`

	CreatedAt time.Time `bson:"created_at"`
	// NextAt is when the entry is processed next: a waiting one is sent, any other is deleted.
	NextAt   time.Time `bson:"next_at"`
	SentAt   time.Time `bson:"sent_at,omitempty"`
	ResentAt time.Time `bson:"resent_at,omitempty"` // when staff requested it again, which restarts its life

	Attempts int `bson:"attempts"` // started since CreatedAt or ResentAt
	// Composed means that the Composer has seen the entry before, but no attempt followed because there was
	// no connection.
	Composed  bool   `bson:"composed,omitempty"`
	LastError string `bson:"last_error,omitempty"`
	// Unsure means that an attempt ended without a response or is in progress: a message of this entry may
	// have arrived.
	Unsure bool `bson:"unsure"`
	// Throttled marks an entry that is stored as dropped from the start, so that no other entry waits for
	// it.
	Throttled bool `bson:"throttled"`
	// Lease identifies the attempt in progress. An attempt that finds a different value has lost the entry.
	Lease string `bson:"lease,omitempty"`
}

const (
	byTurn = "by_turn" // due entries, by state
	byDue  = "by_due"  // due entries of all shops
	byAge  = "by_age"  // the entries that staff list
	byTo   = "by_to"   // the entries sent to an address
)

// Collection declares the outbox. Index heads hold no payload, because lists never show it.
func Collection() storage.Collection {
	return storage.Collection{Name: "outbox", Indexes: []storage.Index{
		{
			Name: byTurn,
			Fields: []storage.Field{{Path: "state", Kind: storage.String},
				{Path: "next_at", Kind: storage.Time}},
			Head: []string{"kind", "state", "created_at", "resent_at", "throttled"},
		},
		{
			Name: byDue, AllShops: true,
			Fields: []storage.Field{{Path: "state", Kind: storage.String},
				{Path: "next_at", Kind: storage.Time}},
		},
		{
			Name: byAge,
			Fields: []storage.Field{{Path: "state", Kind: storage.String},
				{Path: "created_at", Kind: storage.Time}},
			Head: listed(),
		},
		{
			Name: byTo, Head: listed(),
			Fields: []storage.Field{{Path: "to", Kind: storage.String},
				{Path: "created_at", Kind: storage.Time}},
		},
	}}
}

// listed are the fields that lists show.
func listed() []string {
	return []string{"kind", "to", "lang", "state", "created_at", "next_at", "sent_at", "resent_at", "attempts",
		"last_error", "unsure", "throttled"}
}

// due reports whether the entry should be sent now.
func (e *Entry) due(now time.Time) bool {
	return (e.State == Waiting || e.State == Deferred) && !e.NextAt.After(now)
}

// hasten makes a waiting entry due now, unless an attempt is in progress.
func (e *Entry) hasten(now time.Time) error {
	if e.Lease != "" || !e.NextAt.After(now) {
		return storage.ErrUnchanged
	}
	e.NextAt = now
	return nil
}

// end returns when to give up the entry.
func (e *Entry) end(life time.Duration) time.Time {
	if e.State == Deferred {
		life = deferredLife
	}
	if e.ResentAt.After(e.CreatedAt) {
		return e.ResentAt.Add(life)
	}
	return e.CreatedAt.Add(life)
}

// fail marks the entry as failed, so that staff may resend it.
func (e *Entry) fail(now time.Time) { e.State, e.NextAt = Failed, now.Add(Keep) }

// send marks the entry as sent. It keeps the payload, so that the message can be composed again if staff
// resend it.
func (e *Entry) send(now time.Time) {
	e.State, e.LastError, e.Unsure = Sent, "", false
	e.SentAt, e.NextAt = now, now.Add(Keep)
}

// drop marks the entry as dropped.
func (e *Entry) drop(now time.Time) {
	e.State, e.Payload, e.LastError, e.Unsure = Dropped, nil, "", false
	e.NextAt = now.Add(keepDropped)
	if e.Throttled {
		e.NextAt = now.Add(keepThrottled)
	}
}
