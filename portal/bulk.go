package portal

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/group"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// bulkAction is what a batch does to each customer.
type bulkAction struct {
	kind audit.Kind // of each act
	args []string   // the names of its arguments
	// check checks the arguments before the batch is made; nil for none. Errors are at their names.
	check func(context.Context, bulk, *validate.Validator) error
	// begin runs before the first customer is changed, and again after a crash; nil for nothing.
	begin func(context.Context, bulk) error
	// alter changes one customer. A Conflict or Invalid error skips them.
	alter func(context.Context, bulk, *customer.Customer, audit.Act) error
	// page works on the customers of a page in place of alter and changes none. It returns those left out.
	page func(Worker, context.Context, bulk, []string) ([]batch.Left, error)
	// needs is what the person must be allowed, "" for staff.PermissionBulk.
	needs staff.Permission
	// effect says that the act does something even if no field changes, by a job.
	effect bool
	// run does all of the batch instead, where it is more than an act on each customer. It can be repeated
	// after a crash. A Conflict or an errStop ends the batch.
	run func(context.Context, Worker, bulk) error
	// hidden says that no list offers the action.
	hidden bool
}

// bulk is a batch with the shop, for the functions of its action.
type bulk struct {
	app   *App
	shop  shop.Shop
	batch batch.Batch
}

// Names of bulk actions that other code asks for.
const (
	BulkDeleteGroup = "delete_group"
	BulkUndo        = "undo"
	BulkExport      = "export"
	BulkErase       = "erase"
)

// bulkActions is the table of bulk actions. An entry here, with its texts, adds one.
func bulkActions() map[string]bulkAction {
	return map[string]bulkAction{
		"add_tag":    {kind: audit.CustomerChanged, args: []string{"tag"}, check: checkTag, alter: setTag(true)},
		"remove_tag": {kind: audit.CustomerChanged, args: []string{"tag"}, check: checkTag, alter: setTag(false)},
		"add_group": {kind: audit.CustomerChanged, args: []string{"group"}, check: checkGroup,
			alter: setGroup(true)},
		"remove_group": {kind: audit.CustomerChanged, args: []string{"group"}, check: checkGroup,
			alter: setGroup(false)},
		"withdraw_consent": {kind: audit.CustomerChanged, args: []string{"purpose", "source"},
			check: checkWithdrawal,
			alter: withdrawConsent},
		"disable":      {kind: audit.CustomerDisabled, check: checkReason, alter: disable},
		"enable":       {kind: audit.CustomerEnabled, alter: enable},
		"send_link":    {kind: audit.CustomerLinkSent, effect: true, alter: sendLink},
		"end_sessions": {kind: audit.CustomerSignedOut, effect: true, alter: endSessions},
		BulkExport:     {kind: audit.CustomersExported, begin: logExport, page: Worker.exportPage},
		BulkErase: {kind: audit.CustomerErasureRequested, alter: requestErasure,
			needs: staff.PermissionErase},
		BulkDeleteGroup: {kind: audit.CustomerChanged, args: []string{"group"}, check: checkGroup, hidden: true,
			begin: deleteGroup, alter: setGroup(false)},
		BulkUndo: {kind: audit.CustomerUndone, args: []string{"batch"}, hidden: true, begin: beginUndo,
			alter: undoOne},
		BulkMerge:   {kind: audit.CustomerMerged, needs: staff.PermissionMerge, hidden: true, effect: true, check: checkMerge, run: mergeTwo},
		BulkUnmerge: {kind: audit.CustomerUndone, needs: staff.PermissionMerge, hidden: true, effect: true, run: unmergeTwo},
	}
}

// BulkActions returns the names of the actions that a list offers, in their order.
func BulkActions() []string {
	return []string{"add_tag", "remove_tag", "add_group", "remove_group", "withdraw_consent", "disable",
		"enable",
		"send_link", "end_sessions", BulkExport, BulkErase}
}

// BulkPermission returns what somebody must be allowed who carries an action out.
func BulkPermission(action string) staff.Permission {
	return cmp.Or(bulkActions()[action].needs, staff.PermissionBulk)
}

// BulkUndoUntil returns the first moment when a batch cannot be undone as a whole: an erasure only until the
// first accounts are erased.
func BulkUndoUntil(b batch.Batch) time.Time {
	if audit.Undos()[bulkActions()[b.Action].kind] == audit.UndoUntil {
		return b.StartedAt.Add(customer.ErasureDelay)
	}
	return b.StartedAt.Add(audit.UndoPeriod)
}

// BulkNumber returns the number of customers that somebody must type to start a batch, 0 for no need to.
func BulkNumber(b batch.Batch) int64 {
	if b.Action == BulkErase {
		return b.Total - b.Conflicts
	}
	return 0
}

// BulkArgs returns the names of an action's arguments.
func BulkArgs(action string) []string { return bulkActions()[action].args }

// BulkUndoable reports whether a batch with the action can be undone.
func BulkUndoable(action string) bool {
	return audit.Undos()[bulkActions()[action].kind] != audit.UndoNever
}

// CheckBulk checks a batch before it is stored. Field errors are at the names of the arguments; an action
// that no list offers must be one that the caller asks for by its name.
func (a *App) CheckBulk(ctx context.Context, s shop.Shop, b *batch.Batch, hidden bool) error {
	action, known := bulkActions()[b.Action]
	if !known || action.hidden != hidden {
		return validate.InvalidFields([]validate.FieldError{{Field: "action", Key: "batch.unknown"}})
	}
	if action.check == nil {
		return nil
	}
	f := &validate.Validator{}
	if err := action.check(ctx, bulk{app: a, shop: s, batch: *b}, f); err != nil {
		return err
	}
	return validate.InvalidFields(f.Rejected)
}

func checkTag(_ context.Context, b bulk, f *validate.Validator) error {
	switch tags := customer.ReadTags(f, "tag", b.batch.Args["tag"]); {
	case len(f.Rejected) > 0:
	case len(tags) != 1:
		f.Reject("tag", "tag.missing")
	default:
		b.batch.Args["tag"] = tags[0]
	}
	return nil
}

func setTag(on bool) func(context.Context, bulk, *customer.Customer, audit.Act) error {
	return func(_ context.Context, b bulk, c *customer.Customer, _ audit.Act) error {
		if c.SetTag(b.batch.Args["tag"], on); len(c.Tags) > customer.MaxTags {
			return validate.NewError(validate.Conflict, "tags.too_many")
		}
		return nil
	}
}

func checkGroup(ctx context.Context, b bulk, f *validate.Validator) error {
	read, err := group.Docs(b.app.engine, b.shop.ID).Read(ctx, group.Key)
	if _, found := read.Doc.ByID(b.batch.Args["group"]); err == nil && !found {
		f.Reject("group", "group.gone")
	}
	return err
}

func setGroup(member bool) func(context.Context, bulk, *customer.Customer, audit.Act) error {
	return func(ctx context.Context, b bulk, c *customer.Customer, act audit.Act) error {
		return ChangeGroup(ctx, b.app, b.shop, c, GroupChange{Group: b.batch.Args["group"], Member: member,
			Act: act})
	}
}

func checkWithdrawal(_ context.Context, b bulk, f *validate.Validator) error {
	if !slices.Contains(customer.Purposes(), customer.Purpose(b.batch.Args["purpose"])) {
		f.Reject("purpose", "filter.unknown")
	}
	if b.batch.Args["source"] = f.Text("source", b.batch.Args["source"],
		validate.MaxWord); b.batch.Args["source"] == "" {
		f.Reject("source", "consent.source_missing")
	}
	return nil
}

// withdrawConsent records that a customer who had consented does not any more. Nobody can consent for them.
func withdrawConsent(_ context.Context, b bulk, c *customer.Customer, act audit.Act) error {
	purpose := customer.Purpose(b.batch.Args["purpose"])
	if c.Consent(purpose).Status == customer.ConsentGiven {
		c.Remember(customer.Consent{Purpose: purpose, Status: customer.ConsentWithdrawn, At: act.At,
			Source: customer.SourceStaff, Note: b.batch.Args["source"]})
	}
	return nil
}

func endSessions(_ context.Context, _ bulk, c *customer.Customer, act audit.Act) error {
	c.EndAccess(act)
	return nil
}

// checkReason requires the reason for which accounts are closed, which the customers can read.
func checkReason(_ context.Context, b bulk, f *validate.Validator) error {
	if b.batch.Reason == "" {
		f.Reject("reason", "customer.disable.reason_missing")
	}
	return nil
}

func disable(_ context.Context, b bulk, c *customer.Customer, act audit.Act) error {
	err := c.Disable(act.Reason, b.app.now())
	if errors.Is(err, storage.ErrUnchanged) {
		return nil
	}
	c.EndAccess(act)
	return err
}

func enable(_ context.Context, _ bulk, c *customer.Customer, _ audit.Act) error {
	if err := c.Enable(); !errors.Is(err, storage.ErrUnchanged) {
		return err
	}
	return nil
}

// requestErasure schedules the erasure of an account as one by one. One that is scheduled stays as it is.
func requestErasure(_ context.Context, b bulk, c *customer.Customer, _ audit.Act) error {
	if err := c.RequestErasure(b.app.now()); !errors.Is(err, storage.ErrUnchanged) {
		return err
	}
	return nil
}

// sendLink emails a sign-in link, which counts against the limits of the address.
func sendLink(ctx context.Context, b bulk, c *customer.Customer, act audit.Act) error {
	if !c.Disabled.IsZero() {
		return validate.NewError(validate.Conflict, "customer.link.disabled")
	}
	if err := b.app.CountSignInEmail(ctx, b.shop.ID, c.Email); err != nil {
		return err
	}
	c.MailSignIn(act, customer.LinkByStaff)
	return nil
}

// deleteGroup marks the group as deleted, so that nobody joins it while its members leave.
func deleteGroup(ctx context.Context, b bulk) error {
	return b.changeGroups(ctx, audit.GroupDeleted, b.batch.Args["group"], (*group.Groups).Delete)
}

// beginUndo notes at the batch to be undone which one undoes it, and brings a group back that it deleted.
func beginUndo(ctx context.Context, b bulk) error {
	undone, err := batch.Docs(b.app.engine, b.shop.ID).Change(ctx, b.batch.Args["batch"],
		func(of *batch.Batch) error {
			of.UndoneBy = b.batch.ID
			return nil
		})
	if err != nil || undone.Action != BulkDeleteGroup {
		return ifFound(err)
	}
	return b.changeGroups(ctx, audit.GroupRestored, undone.Args["group"], (*group.Groups).Restore)
}

// groupChanger changes one of the groups, given by its id.
type groupChanger func(all *group.Groups, id string, now time.Time) error

func (b bulk) changeGroups(ctx context.Context, kind audit.Kind, id string, alter groupChanger) error {
	act := b.act(kind, "")
	act.ID = batch.ActID(b.batch.ID, id)
	_, err := group.Docs(b.app.engine, b.shop.ID).Change(ctx, group.Key, func(all *group.Groups) error {
		before := all.Fields()
		if err := alter(all, id, b.app.now()); err != nil {
			return err
		}
		if len(audit.Changes(before, all.Fields())) == 0 {
			return storage.ErrUnchanged
		}
		return all.Carry(act, before)
	})
	return err
}

// act returns the batch's act on a customer.
func (b bulk) act(kind audit.Kind, id string) audit.Act {
	act := audit.New(kind, b.batch.By, b.app.now())
	if kind == audit.CustomerUndone {
		act = audit.UndoOf(batch.ActID(b.batch.Args["batch"], id), b.batch.By, b.app.now())
	} else {
		act.ID = batch.ActID(b.batch.ID, id)
	}
	act.Customer, act.Reason, act.Address, act.Batch = id, b.batch.Reason, b.batch.Address, b.batch.ID
	return act
}

// undoOne undoes the act of another batch on a customer.
func undoOne(ctx context.Context, b bulk, c *customer.Customer, undo audit.Act) error {
	return c.UndoRecorded(ctx, b.app.auditLog(b.shop.ID), undo, b.app.now())
}
