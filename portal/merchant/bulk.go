package merchant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postern/portal"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// MaxTicked is how many ticked customers one batch can have; a form may not have many more fields.
const MaxTicked = 250

// Bulk is a form for a bulk change: of the ticked customers, or of all that match filters and a search.
type Bulk struct {
	Action  string
	Args    map[string]string
	Reason  string
	Ticked  []string
	Filters map[string]string
	Search  string
}

// NewBatch stores a bulk change for its preview and returns its id. Nothing changes before StartBatch. Field
// errors are at "action", "ids", "reason", the names of the filters and those of the action's arguments.
func (s Staff) NewBatch(ctx context.Context, form Bulk) (string, error) {
	b, err := s.readBulk(ctx, form)
	if err != nil {
		return "", err
	}
	return s.addBatch(ctx, b, form.Ticked)
}

func (s Staff) readBulk(ctx context.Context, form Bulk) (batch.Batch, error) {
	if !s.May(staff.PermissionBulk) || !s.May(portal.BulkPermission(form.Action)) {
		return batch.Batch{}, denied()
	}
	b := s.draft(form.Action, map[string]string{})
	for _, name := range portal.BulkArgs(form.Action) {
		b.Args[name] = strings.TrimSpace(form.Args[name])
	}
	f := &validate.Validator{}
	b.Reason = f.Text("reason", form.Reason, validate.MaxText)
	if b.Selection.Ticked = len(form.Ticked) > 0; !b.Selection.Ticked {
		b.Selection.Filters, b.Selection.Search = maps.Clone(form.Filters), strings.TrimSpace(form.Search)
		customer.Query{Filters: form.Filters}.Conditions(f, s.place())
	} else if len(form.Ticked) > MaxTicked || slices.ContainsFunc(form.Ticked, isNoID) {
		f.Reject("ids", "batch.too_many")
	}
	if len(f.Rejected) > 0 {
		return b, validate.InvalidFields(f.Rejected)
	}
	return b, s.app.CheckBulk(ctx, s.shop, &b, false)
}

// isNoID reports whether a text can be no customer's id.
func isNoID(text string) bool {
	return text == "" || len(text) > storage.MaxKey/2 || !utf8.ValidString(text) || strings.ContainsRune(text, 0)
}

func (s Staff) draft(action string, args map[string]string) batch.Batch {
	return batch.Batch{ID: storage.NewID(), Action: action, Args: args, By: s.actor(), Address: s.address,
		State: batch.Selecting, CreatedAt: s.app.Now()}
}

// addBatch stores a batch. Ticked customers are frozen at once, others by a job.
func (s Staff) addBatch(ctx context.Context, b batch.Batch, ticked []string) (string, error) {
	if b.Selection.Ticked {
		ids := slices.Compact(slices.Sorted(slices.Values(ticked)))
		p := batch.Page{Batch: b.ID, IDs: ids, Expires: b.CreatedAt.Add(batch.Kept + batch.DraftLife)}
		if err := s.batchPages().Insert(ctx, batch.PageKey(b.ID, 0), p); err != nil {
			return "", err
		}
		b.State, b.Total, b.Pages = batch.Ready, int64(len(ids)), 1
	} else {
		b.Work.Add(job.Request{Kind: batch.KindSelect, At: s.app.Now(), Slow: true})
	}
	return b.ID, s.batches().Insert(ctx, b.ID, b)
}

func (s Staff) batches() storage.Docs[batch.Batch] { return batch.Docs(s.app.Engine(), s.shop.ID) }

func (s Staff) batchPages() storage.Docs[batch.Page] {
	return batch.PageDocs(s.app.Engine(), s.shop.ID)
}

// DeleteGroup prepares the batch that deletes a group: it takes the members out, and can be undone.
func (s Staff) DeleteGroup(ctx context.Context, id string) (string, error) {
	if !s.May(staff.PermissionGroups) || !s.May(staff.PermissionBulk) {
		return "", denied()
	}
	b := s.draft(portal.BulkDeleteGroup, map[string]string{"group": id})
	b.Selection.Filters = membersOf(id)
	if err := s.app.CheckBulk(ctx, s.shop, &b, true); err != nil {
		return "", err
	}
	return s.addBatch(ctx, b, nil)
}

// UndoBatch prepares the batch that undoes another one. Its preview names the customers on whom something
// else has changed the same since; they stay as they are. It is a Conflict if the batch cannot be undone, or
// not any more.
func (s Staff) UndoBatch(ctx context.Context, id string) (string, error) {
	b, err := s.readBatch(ctx, id)
	switch {
	case err != nil:
		return "", err
	case b.IsBusy() || b.StartedAt.IsZero():
		return "", validate.NewError(validate.Conflict, "batch.not_ready")
	case !portal.BulkUndoable(b.Action):
		return "", validate.NewError(validate.Conflict, "undo.never")
	case !s.app.Now().Before(portal.BulkUndoUntil(b)):
		return "", validate.NewError(validate.Conflict, lateUndo(b))
	}
	if b.Action == portal.BulkMerge {
		return s.undoMerge(ctx, b)
	}
	return s.addBatch(ctx, s.draft(portal.BulkUndo, map[string]string{"batch": id}), nil)
}

// lateUndo is the message key for a batch that cannot be undone any more.
func lateUndo(b batch.Batch) string {
	if b.Action == portal.BulkErase {
		return "undo.late_erasure"
	}
	return "undo.late"
}

func (s Staff) readBatch(ctx context.Context, id string) (batch.Batch, error) {
	if !s.May(staff.PermissionBulk) {
		return batch.Batch{}, denied()
	}
	b, _, err := s.batches().Get(ctx, id)
	return b, validate.NotFoundIfMissing(err)
}

// StartBatch lets a worker carry a batch out, which requires a fresh second factor. A stopped one goes on
// where it was. The acts are those of the person who starts it. For an action that requires it, typed must be
// the number of the customers; otherwise, the error is at "number".
func (s Staff) StartBatch(ctx context.Context, id, typed string) error {
	if err := s.requireFresh(); err != nil {
		return err
	}
	return s.changeBatch(ctx, id, func(b *batch.Batch) error {
		if err := s.requireStill(ctx, portal.BulkPermission(b.Action)); err != nil {
			return err
		}
		if number := portal.BulkNumber(*b); number > 0 && digitsOf(typed) != strconv.FormatInt(number, 10) {
			return wrongField("number", "batch.number.wrong")
		}
		if err := b.Start(s.app.Now()); err != nil {
			return err
		}
		b.By, b.Address = s.actor(), s.address
		return nil
	})
}

// digitsOf returns a number without the signs that separate its thousands.
func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune(".,'’", r) {
			return -1
		}
		return r
	}, text)
}

// StopBatch stops a batch at the end of its present page. What it changed stays, until the batch is undone.
func (s Staff) StopBatch(ctx context.Context, id string) error {
	return s.changeBatch(ctx, id, (*batch.Batch).Stop)
}

func (s Staff) changeBatch(ctx context.Context, id string, alter func(*batch.Batch) error) error {
	_, err := s.batches().Change(ctx, id, func(b *batch.Batch) error {
		if err := s.requireStill(ctx, staff.PermissionBulk); err != nil {
			return err
		}
		return alter(b)
	})
	return validate.NotFoundIfMissing(err)
}

// BatchView is a batch with what its page shows.
type BatchView struct {
	batch.Batch
	Email    string         // of who made or started it, "" for somebody who left
	Group    string         // the name of the group that it is about, "" for none
	Undoes   batch.Batch    // the batch that it undoes, zero for none
	Undoable bool           // it can be undone, or will be
	Until    time.Time      // when it cannot be undone any more
	Examples []customer.Row // the first customers of the selection
	// Unmatched is how many of those in the preview no longer match the selection, of the first Checked.
	Unmatched, Checked int64

	Left     []LeftRow // a part of the report
	NextLeft string    // the cursor of what follows, "" for nothing

	Survivor, Loser MergeSide // of a merge or its undo
	Moved           int64     // orders that the merge moved, of its undo
}

// MergeSide is a customer of a merge: the present name or email, the own address, and the shop system's id, ""
// for none. It is zero for somebody who was erased.
type MergeSide struct{ ID, Name, Email, FeedID string }

// LeftRow is a customer whom the batch left as they were.
type LeftRow struct {
	batch.Left
	Row customer.Row // without a name for somebody who was erased
}

const maxExamples = 5

// Batch returns a batch, or validate.NotFound. cursor is that of the report, "" for its first part.
func (s Staff) Batch(ctx context.Context, id, cursor string) (BatchView, error) {
	b, err := s.readBatch(ctx, id)
	if err != nil {
		return BatchView{}, err
	}
	v := BatchView{Batch: b, Undoable: portal.BulkUndoable(b.Action), Until: portal.BulkUndoUntil(b)}
	if err := s.nameBatch(ctx, &v); err != nil {
		return v, err
	}
	if b.State == batch.Ready && b.Pages > 0 {
		first, _, err := s.batchPages().Get(ctx, batch.PageKey(b.ID, 0))
		if err == nil {
			v.Examples, err = s.readRows(ctx, first.IDs[:min(len(first.IDs), maxExamples)], nil)
		}
		if err == nil {
			v.Unmatched, v.Checked, err = s.app.Unmatched(ctx, s.shop.ID, b)
		}
		if err != nil {
			return v, err
		}
	}
	return v, s.addLeft(ctx, &v, cursor)
}

// nameBatch adds what names the batch: the person, the group, the batch that it undoes.
func (s Staff) nameBatch(ctx context.Context, v *BatchView) error {
	group := v.Args["group"]
	if v.Action == portal.BulkUndo {
		read, err := s.batches().Read(ctx, v.Args["batch"])
		if err != nil {
			return err
		}
		v.Undoes, group = read.Doc, read.Doc.Args["group"]
	}
	if v.Action == portal.BulkUnmerge {
		read, err := s.batches().Read(ctx, v.Args["batch"])
		if err != nil {
			return err
		}
		v.Moved = read.Doc.Changed
	}
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return err
	}
	if m, found := roster.ByID(v.By.ID); found {
		v.Email = m.Email
	}
	if err := s.nameSides(ctx, v); err != nil {
		return err
	}
	if group != "" {
		all, err := s.readGroups(ctx)
		v.Group = all.NameOf(group)
		return err
	}
	return nil
}

// nameSides adds the customers of a merge.
func (s Staff) nameSides(ctx context.Context, v *BatchView) error {
	for arg, side := range map[string]*MergeSide{portal.ArgSurvivor: &v.Survivor, portal.ArgLoser: &v.Loser} {
		if v.Args[arg] == "" {
			continue
		}
		c, _, err := s.customers().Get(ctx, v.Args[arg]) // also one who was merged
		if err == nil && c.Erasure.Begun.IsZero() {
			*side = MergeSide{ID: c.ID, Name: cmp.Or(c.Name(), c.Email), Email: c.Email, FeedID: c.FeedID}
		} else if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	return nil
}

// Batches returns a page of the batches, the latest first, with the cursors of the neighbouring pages.
func (s Staff) Batches(ctx context.Context, cursor string) (list []BatchView, next, previous string,
	err error) {
	if !s.May(staff.PermissionBulk) {
		return nil, "", "", denied()
	}
	found, err := storage.Find[struct{}](ctx, s.batches(), storage.Query{Index: batch.ByCreated,
		Descending: true,
		Limit:      customer.PerPage, Cursor: cursor})
	if errors.Is(err, storage.ErrCursor) {
		return nil, "", "", wrongField("cursor", "cursor.bad")
	}
	ids := make([]string, len(found.Hits))
	for i, hit := range found.Hits {
		ids[i] = hit.Key
	}
	if err != nil {
		return nil, "", "", err
	}
	read, err := storage.ReadAll[batch.Batch](ctx, s.batches(), ids)
	for _, hit := range read {
		v := BatchView{Batch: hit.Head}
		if err := s.nameBatch(ctx, &v); err != nil {
			return nil, "", "", err
		}
		list = append(list, v)
	}
	return list, found.Next, found.Previous, err
}

// leftOnPage is how many customers a part of the report has, and maxLeftPages on how many pages it looks for
// them.
const (
	leftOnPage   = 100
	maxLeftPages = 50
)

// addLeft adds the part of the report at a cursor: the number of a page of customers and of a customer on it.
func (s Staff) addLeft(ctx context.Context, v *BatchView, cursor string) error {
	var n, from int
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d.%d", &n, &from); err != nil || n < 0 || from < 0 {
			return wrongField("cursor", "cursor.bad")
		}
	}
	var left []batch.Left
	if v.Skipped+v.Failed+v.Conflicts == 0 {
		return nil
	}
	for end := min(n+maxLeftPages, v.Pages); n < end && len(left) < leftOnPage; n, from = n+1, 0 {
		p, _, err := s.batchPages().Get(ctx, batch.PageKey(v.ID, n))
		if err != nil {
			return validate.NotFoundIfMissing(err)
		}
		rest := p.Left[min(from, len(p.Left)):]
		taken := min(len(rest), leftOnPage-len(left))
		left = append(left, rest[:taken]...)
		if taken < len(rest) {
			v.NextLeft = fmt.Sprintf("%d.%d", n, from+taken)
			break
		}
	}
	if v.NextLeft == "" && n < v.Pages {
		v.NextLeft = fmt.Sprintf("%d.0", n)
	}
	ids := make([]string, len(left))
	for i, l := range left {
		ids[i] = l.Customer
	}
	hits, err := storage.ReadAll[customer.Row](ctx, s.customers(), ids)
	rows := map[string]customer.Row{}
	for _, row := range rowsOf(hits) {
		rows[row.ID] = row
	}
	for _, l := range left {
		v.Left = append(v.Left, LeftRow{Left: l, Row: rows[l.Customer]})
	}
	return err
}
