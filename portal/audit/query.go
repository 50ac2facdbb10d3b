package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// Query selects entries of the log; a zero field selects all. Actor is a kind of actor or an Actor's String.
type Query struct {
	Customer string
	Merged   []string // further ids of the customer, of accounts merged into theirs
	Member   string   // of staff, whom the act is about
	Kind     Kind
	Actor    string
	From, To time.Time // to is exclusive
	Limit    int       // 1 to storage.MaxLimit
	Cursor   string    // Next or Previous of a page of the same query; "" for the first page
}

// Page is a part of the log, newest first. Next and Previous are cursors for the neighbouring pages, "" if
// there is none. Partial says that a query by a person and further conditions stopped after storage.MaxLook
// entries: there may be more, which Next finds.
type Page struct {
	Entries  []Detail
	Next     string
	Previous string
	Partial  bool
}

// List returns the entries that a query selects. A page of several accounts has no Previous.
func (l Log) List(ctx context.Context, q Query) (Page, error) {
	if len(q.Merged) > 0 {
		return l.listAccounts(ctx, q)
	}
	found, err := storage.Find[struct{}](ctx, l.details(), q.plan())
	if err != nil {
		return Page{}, err
	}
	keys := make([]string, len(found.Hits))
	for i, hit := range found.Hits {
		keys[i] = hit.Key
	}
	read, err := storage.ReadAll[Detail](ctx, l.details(), keys)
	page := Page{Next: found.Next, Previous: found.Previous, Partial: found.Partial}
	for _, hit := range read {
		if q.matches(hit.Head) { // not erased since
			page.Entries = append(page.Entries, hit.Head)
		}
	}
	return page, err
}

// listAccounts returns the entries of several accounts as one list. Its cursor is a time: entries of the same
// time stay on one page.
func (l Log) listAccounts(ctx context.Context, q Query) (all Page, err error) {
	if q.Cursor != "" {
		before, err := time.Parse(time.RFC3339Nano, q.Cursor)
		if err != nil {
			return Page{}, fmt.Errorf("%w: %w", storage.ErrCursor, err)
		}
		if q.To.IsZero() || before.Before(q.To) {
			q.To = before
		}
	}
	for _, id := range append([]string{q.Customer}, q.Merged...) {
		one := q
		one.Customer, one.Merged, one.Cursor = id, nil, ""
		one.Limit = min(2*q.Limit, storage.MaxLimit) // so that those of the same time are all there
		page, err := l.List(ctx, one)
		if err != nil {
			return Page{}, err
		}
		all.Entries = append(all.Entries, page.Entries...)
		all.Partial = all.Partial || page.Partial
	}
	slices.SortStableFunc(all.Entries, func(a, b Detail) int { return b.At.Compare(a.At) })
	end := min(len(all.Entries), q.Limit)
	for end > 0 && end < len(all.Entries) && all.Entries[end].At.Equal(all.Entries[end-1].At) {
		end++
	}
	if end < len(all.Entries) {
		all.Next = all.Entries[end-1].At.Format(time.RFC3339Nano)
	}
	all.Entries = all.Entries[:end]
	return all, nil
}

// plan returns the query of the index. Of a person's entries, which are few, the other conditions are tested;
// actor and kind have an index of their own.
func (q Query) plan() storage.Query {
	find := storage.Query{Index: byTime, Descending: true, Limit: q.Limit, Cursor: q.Cursor}
	person := q.Customer != "" || q.Member != ""
	switch {
	case q.Customer != "":
		find.Index, find.Equal = byCustomer, []any{q.Customer}
	case q.Member != "":
		find.Index, find.Equal = byMember, []any{q.Member}
	case q.Actor != "" && q.Kind != "":
		find.Index, find.Equal = byActorKind, []any{q.Actor, string(q.Kind)}
	case q.Actor != "":
		find.Index, find.Equal = byActor, []any{q.Actor}
	case q.Kind != "":
		find.Index, find.Equal = byKind, []any{string(q.Kind)}
	}
	if person && q.Kind != "" {
		find.Where = append(find.Where, storage.Is("kind", string(q.Kind)))
	}
	if person && q.Actor != "" {
		find.Where = append(find.Where, storage.Has("actors", q.Actor))
	}
	if !q.From.IsZero() {
		find.From = q.From
	}
	if !q.To.IsZero() {
		find.To = q.To
	}
	return find
}

func (q Query) matches(d Detail) bool {
	return (q.Customer == "" || d.Customer == q.Customer) && (q.Member == "" || d.Member == q.Member)
}

// Get returns an entry by the id of its act, or storage.ErrNotFound.
func (l Log) Get(ctx context.Context, act string) (Detail, error) {
	d, _, err := l.details().Get(ctx, act)
	return d, err
}

// Find returns an act by its id: one that a document still carries in its list of jobs, or one in the log.
// Otherwise it is storage.ErrNotFound. An act is recorded before the document stops carrying it, so none is
// missed.
func (l Log) Find(ctx context.Context, carried job.List, id string) (Act, error) {
	acts, err := Pending(carried)
	if err != nil {
		return Act{}, err
	}
	if at := slices.IndexFunc(acts, func(a Act) bool { return a.ID == id }); at >= 0 {
		return acts[at], nil
	}
	entry, err := l.Get(ctx, id)
	return entry.Act, err
}

// Undoable is a Conflict unless acts of this kind and age can be undone.
func Undoable(act Act, now time.Time) error {
	switch {
	case Undos()[act.Kind] == UndoNever:
		return validate.NewError(validate.Conflict, "undo.never")
	case !now.Before(act.At.Add(UndoPeriod)):
		return validate.NewError(validate.Conflict, "undo.late")
	}
	return nil
}

// Undone returns which of the acts have been undone, as far as it is recorded.
func (l Log) Undone(ctx context.Context, acts []string) (map[string]bool, error) {
	ids := make([]string, len(acts))
	for i, act := range acts {
		ids[i] = undoID(act)
	}
	found, err := storage.ReadAll[struct {
		Undoes string `bson:"undoes"`
	}](ctx, l.details(), ids)
	undone := map[string]bool{}
	for _, hit := range found {
		undone[strings.TrimPrefix(hit.Key, undoID(""))] = true
	}
	return undone, err
}

// Each visits all entries that a query selects, newest first.
func (l Log) Each(ctx context.Context, q Query, visit func(Detail) error) error {
	for q.Limit = batchSize; ; {
		page, err := l.List(ctx, q)
		if err != nil {
			return err
		}
		for _, entry := range page.Entries {
			if err := visit(entry); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}
