package merchant

import (
	"context"
	"fmt"

	"postern/portal"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/staff"
	"postern/portal/validate"
)

// MergePreview is what a merge of two customers would do.
type MergePreview struct {
	Survivor, Loser customer.Customer
	Differing       []string // the parts of which one must be chosen
	Orders          int64    // of the loser, which move
	Seen            string   // identifies the values that were compared
}

// MergeForm merges one customer into another. Choices says for each differing part whose value stays.
type MergeForm struct {
	Survivor, Loser string
	Choices         map[string]string // customer.SideSurvivor or SideLoser, by part
	Seen            string            // of the preview
	Reason          string
}

// mostToMerge is how many customers a search for the other one offers.
const mostToMerge = 20

// FindToMerge searches the customers that another one can be merged with.
func (s Staff) FindToMerge(ctx context.Context, id, text string) ([]customer.Row, error) {
	if !s.May(staff.PermissionMerge) {
		return nil, denied()
	}
	found, err := s.Customers(ctx, customer.Query{Search: text})
	var rows []customer.Row
	for _, row := range found.Rows {
		if row.ID != id && len(rows) < mostToMerge {
			rows = append(rows, row)
		}
	}
	return rows, err
}

// PreviewMerge returns what a merge would do. Merging a customer with themselves is Invalid at "loser"; one
// that takes part in another merge, was merged before, or is being erased, is a Conflict.
func (s Staff) PreviewMerge(ctx context.Context, survivor, loser string) (MergePreview, error) {
	if !s.May(staff.PermissionMerge) {
		return MergePreview{}, denied()
	}
	var p MergePreview
	b := s.draftMerge(MergeForm{Survivor: survivor, Loser: loser})
	err := s.app.CheckBulk(ctx, s.shop, &b, true)
	if err == nil {
		p.Survivor, err = s.ReadCustomer(ctx, survivor)
	}
	if err == nil {
		p.Loser, err = s.ReadCustomer(ctx, loser)
	}
	if err != nil {
		return p, err
	}
	counts, err := order.NumbersDocs(s.app.Engine(), s.shop.ID).Read(ctx, loser)
	counts.Doc.Adopt()
	p.Orders = counts.Doc.Total()
	p.Differing = customer.DifferingParts(p.Survivor, p.Loser)
	for _, part := range p.Differing {
		p.Seen += fmt.Sprintf("%s %q %q\n", part, p.Survivor.Part(part), p.Loser.Part(part))
	}
	p.Seen = secret.Hash(p.Seen)
	return p, err
}

// Merge starts a batch that merges two customers, and returns its id. It requires a fresh second factor.
// Field errors are at "keep." and a part that was not chosen, and at "reason"; values that changed since the
// preview are a Conflict.
func (s Staff) Merge(ctx context.Context, form MergeForm) (string, error) {
	if err := s.requireFresh(); err != nil {
		return "", err
	}
	if err := s.requireStill(ctx, staff.PermissionMerge); err != nil {
		return "", err
	}
	p, err := s.PreviewMerge(ctx, form.Survivor, form.Loser)
	if err != nil {
		return "", err
	}
	if form.Seen != p.Seen {
		return "", validate.NewError(validate.Conflict, "merge.changed")
	}
	f := &validate.Validator{}
	b := s.draftMerge(form)
	b.Reason, b.Total = f.Text("reason", form.Reason, validate.MaxText), p.Orders
	for _, part := range p.Differing {
		choice := form.Choices[part]
		if choice != customer.SideSurvivor && choice != customer.SideLoser {
			f.Reject(portal.MergeChoice(part), "merge.choose")
		}
		b.Args[portal.MergeChoice(part)] = choice
	}
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return "", err
	}
	if err := b.Start(s.app.Now()); err != nil {
		return "", err
	}
	return b.ID, s.batches().Insert(ctx, b.ID, b)
}

func (s Staff) draftMerge(form MergeForm) batch.Batch {
	b := s.draft(portal.BulkMerge, map[string]string{portal.ArgSurvivor: form.Survivor,
		portal.ArgLoser: form.Loser})
	b.State = batch.Ready
	return b
}

// undoMerge stores the batch that undoes a merge, for its preview.
func (s Staff) undoMerge(ctx context.Context, merge batch.Batch) (string, error) {
	if merge.State != batch.Done {
		return "", validate.NewError(validate.Conflict, "batch.not_ready")
	}
	b := s.draft(portal.BulkUnmerge, map[string]string{"batch": merge.ID,
		portal.ArgSurvivor: merge.Args[portal.ArgSurvivor], portal.ArgLoser: merge.Args[portal.ArgLoser]})
	b.State = batch.Ready
	return b.ID, s.batches().Insert(ctx, b.ID, b)
}
