package inquiry

import (
	"context"
	"slices"
	"time"

	"postern/portal/order"
	"postern/portal/validate"
	"postern/storage"
)

// Decision is what the shop decided on a request, with its words to the customer. State is one of Decisions.
type Decision struct {
	State string    `bson:"state" json:"state"`
	At    time.Time `bson:"at" json:"at"`
	Text  string    `bson:"text,omitempty" json:"text,omitzero"`
}

// Decisions lists what the shop can decide on a kind of request, in the order in which that happens.
func Decisions(kind string) []string {
	if kind == RequestCancel {
		return []string{order.ReturnApproved, order.ReturnDeclined}
	}
	return []string{order.ReturnApproved, order.ReturnDeclined, order.ReturnReceived, order.ReturnRefunded}
}

// State returns the state of a request: what was decided last, or order.ReturnRequested.
func (r Record) State() string {
	switch {
	case r.Declined != nil:
		return order.ReturnDeclined
	case len(r.Decided) > 0:
		return r.Decided[len(r.Decided)-1].State
	}
	return order.ReturnRequested
}

// Open lists the decisions that are still possible on a request.
func (r Record) Open() []string {
	all, state := Decisions(r.Kind), r.State()
	if state == order.ReturnDeclined {
		return nil
	}
	at := slices.Index(all, state)
	return slices.DeleteFunc(all[at+1:], func(next string) bool {
		return next == order.ReturnDeclined && at > slices.Index(all, order.ReturnApproved)
	})
}

// Decide adds a decision. It is storage.ErrNotFound for what is no request, storage.ErrUnchanged if it is the
// last one already, and a Conflict if an earlier decision excludes it.
func (in *Inquiry) Decide(made Decision) error {
	r := in.Record("")
	switch {
	case in.Channel != ChannelRequests:
		return storage.ErrNotFound
	case !slices.Contains(Decisions(in.Kind), made.State):
		return validate.InvalidFields([]validate.FieldError{{Field: "state", Key: "request.state"}})
	case r.State() == made.State && r.LastText() == made.Text:
		return storage.ErrUnchanged
	case !slices.Contains(r.Open(), made.State) && in.Declined != nil:
		return validate.NewError(validate.Conflict, "request.declined")
	case !slices.Contains(r.Open(), made.State):
		return validate.NewError(validate.Conflict, "request.decided")
	case made.State == order.ReturnDeclined:
		in.Declined = &Decline{At: made.At, Text: made.Text}
	default:
		in.Decided = append(slices.Clone(in.Decided), made)
	}
	return nil
}

// LastText returns the shop's words with what it decided last, "" for none.
func (r Record) LastText() string {
	switch {
	case r.Declined != nil:
		return r.Declined.Text
	case len(r.Decided) > 0:
		return r.Decided[len(r.Decided)-1].Text
	}
	return ""
}

// Undecided returns the query that finds the requests of a kind on which the shop has decided nothing yet,
// oldest first.
func Undecided(kind string) storage.Query {
	return storage.Query{Index: ByChannel, Equal: []any{ChannelRequests}, Where: []storage.Condition{
		storage.Is("kind", kind), storage.Exists("declined", false), storage.Exists("decided", false)}}
}

// Waits reports whether the last message about the order of a customer's message is the customer's.
func Waits(ctx context.Context, docs storage.Docs[Inquiry], in Inquiry) (bool, error) {
	page, err := storage.Find[Inquiry](ctx, docs, storage.Query{Index: ByOrder,
		Equal: []any{in.Customer, in.Order}, Descending: true, Limit: 1,
		Where: []storage.Condition{storage.Is("channel", ChannelMessages, ChannelAnswers)}})
	if err != nil || len(page.Hits) == 0 {
		return false, err
	}
	return page.Hits[0].Head.Channel == ChannelMessages, nil
}
