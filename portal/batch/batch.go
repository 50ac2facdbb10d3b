// Package batch is a bulk change of customers: which action, on a selection that is frozen as pages of
// customers' ids before anything changes, how far it got, and what happened to those that it left out. The id
// of each act follows from the batch and the customer, so that working through a page again changes nothing
// twice.
//
// It must not know what an action does, or customers' documents.
package batch

import (
	"fmt"
	"slices"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// State is how far a batch is.
type State string

// The states. A batch that is ready or stopped can be started, which goes on where it was.
const (
	Selecting State = "selecting" // the customers are being frozen
	Ready     State = "ready"     // previewed; nothing has changed
	Running   State = "running"
	Stopping  State = "stopping" // at the end of the present page
	Stopped   State = "stopped"
	Done      State = "done"
)

// Batch is a bulk change. Its key is the id.
type Batch struct {
	ID        string            `bson:"id"`
	Action    string            `bson:"action"`
	Args      map[string]string `bson:"args,omitempty"`
	Reason    string            `bson:"reason,omitempty"`
	By        audit.Actor       `bson:"by"`
	Address   string            `bson:"address,omitempty"` // the client's IP address
	Selection Selection         `bson:"selection"`
	State     State             `bson:"state"`
	Why       string            `bson:"why,omitempty"` // it stopped: a message key, "" where somebody stopped it
	CreatedAt time.Time         `bson:"created_at"`
	StartedAt time.Time         `bson:"started_at,omitempty"`
	EndedAt   time.Time         `bson:"ended_at,omitempty"`

	Total int64 `bson:"total"` // customers frozen so far
	// Conflicts is how many of them cannot be undone, because something else has changed the same since.
	Conflicts int64  `bson:"conflicts,omitempty"`
	Pages     int    `bson:"pages"`            // frozen so far
	Next      int    `bson:"next"`             // the page to be worked through next
	Cursor    string `bson:"cursor,omitempty"` // of the selection
	Tally     `bson:",inline"`

	UndoneBy string   `bson:"undone_by,omitempty"` // the batch that undoes this one
	Work     job.List `bson:"work,omitempty"`
}

// Tally counts what happened to customers.
type Tally struct {
	Changed int64 `bson:"changed"`
	Skipped int64 `bson:"skipped"`
	Failed  int64 `bson:"failed"`
}

// Add adds another tally.
func (t *Tally) Add(other Tally) {
	t.Changed, t.Skipped, t.Failed = t.Changed+other.Changed, t.Skipped+other.Skipped, t.Failed+other.Failed
}

// Selection is which customers were chosen: the ticked ones, or all that matched filters and a search.
type Selection struct {
	Ticked  bool              `bson:"ticked,omitempty"`
	Filters map[string]string `bson:"filters,omitempty"`
	Search  string            `bson:"search,omitempty"`
}

// PageSize is the number of customers on a page.
const PageSize = 500

// Page is a part of a batch's customers. Its key follows from the batch and its number.
type Page struct {
	Batch   string    `bson:"batch"`
	IDs     []string  `bson:"ids,omitempty"`
	Begun   bool      `bson:"begun,omitempty"` // work began, and may have ended with the process
	Ended   bool      `bson:"ended,omitempty"`
	Left    []Left    `bson:"left,omitempty"`
	Tally   Tally     `bson:"tally"`
	Expires time.Time `bson:"expires"`
}

// Left is a customer whom a batch left as they were.
type Left struct {
	Customer string `bson:"customer"`
	Failed   bool   `bson:"failed,omitempty"` // otherwise skipped
	Why      string `bson:"why"`              // a message key
}

// Kept is how long a batch is kept, so that it can be undone for audit.UndoPeriod; DraftLife how long one
// that was never started is.
const (
	Kept      = audit.UndoPeriod + 24*time.Hour
	DraftLife = 24 * time.Hour
)

// Expires is when a batch is removed with its pages.
func (b Batch) Expires() time.Time {
	if b.StartedAt.IsZero() {
		return b.CreatedAt.Add(DraftLife)
	}
	return b.StartedAt.Add(Kept)
}

// IsBusy reports whether a worker has something to do for the batch.
func (b Batch) IsBusy() bool { return slices.Contains([]State{Selecting, Running, Stopping}, b.State) }

// Worked is the number of customers whom the batch has dealt with.
func (b Batch) Worked() int64 { return b.Changed + b.Skipped + b.Failed }

// ActID returns the id of the batch's act on a customer.
func ActID(batch, customer string) string { return batch + "-" + customer }

// PageKey returns the key of a page, numbered from 0.
func PageKey(batch string, n int) string { return fmt.Sprintf("%s-%06d", batch, n) }

// Start sets a batch to work. It is a Conflict unless the batch is ready or stopped.
func (b *Batch) Start(now time.Time) error {
	switch b.State {
	case Ready, Stopped:
		if b.UndoneBy != "" {
			return validate.NewError(validate.Conflict, "undo.already")
		}
	case Running, Stopping:
		return storage.ErrUnchanged
	default:
		return validate.NewError(validate.Conflict, "batch.not_ready")
	}
	if b.StartedAt.IsZero() {
		b.StartedAt = now
	}
	b.State, b.Why, b.EndedAt = Running, "", time.Time{}
	b.Work.Ensure(job.Request{Kind: KindRun, At: now, Slow: true}, time.Time{})
	return nil
}

// Stop makes a batch stop at the end of the present page. One that does not run is left as it is.
func (b *Batch) Stop() error {
	if b.State != Running {
		return storage.ErrUnchanged
	}
	b.State = Stopping
	return nil
}

// End records that a batch has stopped or is done.
func (b *Batch) End(state State, why string, now time.Time) {
	b.State, b.Why, b.EndedAt = state, why, now
}

// The kinds of jobs of a batch.
const (
	KindSelect = "batch_select"
	KindRun    = "batch_run"
)

// The indexes of batches and pages.
const (
	ByCreated = "created"
	ByExpiry  = "expires"
)

// Collection declares the collection of batches.
func Collection() storage.Collection {
	created := storage.Field{Path: "created_at", Kind: storage.Time}
	return storage.Collection{Name: "batches", Indexes: append(job.Indexes(),
		storage.Index{Name: ByCreated, Fields: []storage.Field{created}})}
}

// Docs opens the batches of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Batch] {
	return storage.Open[Batch](engine, shop, Collection())
}

// PageCollection declares the collection of pages.
func PageCollection() storage.Collection {
	expires := storage.Field{Path: "expires", Kind: storage.Time}
	return storage.Collection{Name: "batch_pages", Indexes: []storage.Index{
		{Name: ByExpiry, Fields: []storage.Field{expires}}}}
}

// PageDocs opens the pages of a shop's batches.
func PageDocs(engine storage.Engine, shop string) storage.Docs[Page] {
	return storage.Open[Page](engine, shop, PageCollection())
}

// Touched returns the customers of a page whom the batch changed. Of a page that was begun and not ended, it
// returns all, who may have been changed.
func (p Page) Touched() []string {
	if !p.Begun {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.IDs), func(id string) bool {
		return slices.ContainsFunc(p.Left, func(l Left) bool { return l.Customer == id })
	})
}

// End records that all customers of the page were dealt with, and who was left as they were.
func (p *Page) End(left []Left) {
	p.Ended, p.Left = true, append(slices.Clone(p.Left), left...)
	p.Tally.Changed = int64(len(p.IDs) - len(left))
	for _, l := range left {
		if l.Failed {
			p.Tally.Failed++
		} else {
			p.Tally.Skipped++
		}
	}
}
