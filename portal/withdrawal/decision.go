package withdrawal

import (
	"slices"
	"time"

	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// Decision is what the shop did about a statement, with its words to the consumer. State is one of States.
type Decision struct {
	State string    `bson:"state" json:"state"`
	At    time.Time `bson:"at" json:"at"`
	Text  string    `bson:"text,omitempty" json:"text,omitzero"`
}

// The states of a statement. The goods may never be recorded as received: the shop must refund as soon as it
// has a proof that they were sent (Art. 13(3)), and services have none.
const (
	Waiting  = "waiting"
	Received = "received" // the goods are back
	Refunded = "refunded"
	Rejected = "rejected" // there was no right to withdraw
)

// States lists what the shop can decide, in the order in which it happens.
func States() []string { return []string{Received, Refunded, Rejected} }

// State returns what was decided last, or Waiting.
func (w Withdrawal) State() string {
	if len(w.Decided) == 0 {
		return Waiting
	}
	return w.Decided[len(w.Decided)-1].State
}

// Open lists the decisions that are still possible.
func (w Withdrawal) Open() []string {
	switch w.State() {
	case Waiting:
		return States()
	case Received:
		return []string{Refunded, Rejected}
	}
	return nil
}

// KindDecided is the job that emails a decision, and ArgState its argument.
const (
	KindDecided = "withdrawal_decided"
	ArgState    = "state"
)

// MaxText is the maximum length of a decision's text in characters.
const MaxText = 2000

// Decide adds a decision and requests its email. It is storage.ErrUnchanged if it is the last one already,
// and a Conflict if an earlier one excludes it. Field errors are at "state" and "text": a rejection has a
// reason.
func (w *Withdrawal) Decide(made Decision) error {
	f := &validate.Validator{}
	made.Text = f.Prose("text", made.Text, MaxText)
	if !slices.Contains(States(), made.State) {
		f.Reject("state", "request.state")
	} else if made.State == Rejected {
		made.Text = f.Required("text", made.Text)
	}
	switch err := validate.InvalidFields(f.Rejected); {
	case err != nil:
		return err
	case w.State() == made.State && w.Decided[len(w.Decided)-1].Text == made.Text:
		return storage.ErrUnchanged
	case !slices.Contains(w.Open(), made.State):
		return validate.NewError(validate.Conflict, "withdrawal.decided")
	}
	w.Decided = append(slices.Clone(w.Decided), made)
	if made.State != Received {
		w.Ended = made.State
	}
	w.Work.Add(job.Request{Kind: KindDecided, At: made.At, Args: job.Args{ArgState: made.State}})
	return nil
}

// Undecided returns the query that finds the statements about which something is left to decide, oldest
// first: in the order of their refund deadlines.
func Undecided() storage.Query {
	return storage.Query{Index: ByPlace, Where: []storage.Condition{storage.Exists("ended", false)}}
}
