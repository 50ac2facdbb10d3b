package portal

import (
	"context"
	"errors"
	"slices"

	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/storage"
)

// Names of the bulk actions that merge two customers, and that take them apart again. Each batch has one page
// with the account that is merged (the loser); its arguments name both accounts and what was chosen.
//
// # The sequence of a merge
//
// The identifiers of an account never change: they lead to its document, and the document of a merged account
// leads on to the survivor (customer.Follow). So one write makes everything that arrives land there.
//
//  1. Both customers are locked, the smaller id first, so that of two merges in a circle one is refused.
//     A locked customer is in no other merge and is not erased.
//  2. The loser's document becomes a tombstone. From this write on its id, its emails and its id in the
//     shop's system lead to the survivor. It holds what the undo needs, and carries the job that moves its
//     orders.
//  3. The survivor takes over what was chosen, ends both people's sessions, and carries the emails to both.
//  4. The orders move to the survivor, page by page, each with a note of the account that it came from. An
//     order that arrives by one of the loser's identifiers gets the same note.
//  5. Both are unlocked. A minute later the loser's job looks once more for orders that a request wrote
//     which had found the loser before step 2.
//
// Until step 2 the merge can be stopped or refused. From there on it goes on until it is done, also after a
// crash between any two writes: each step finds what it did before. Only if the survivor would be too large
// to be stored is step 2 undone.
//
// Everything else stays under the account that it was made for, and is read for all ids of a customer: notes,
// messages and requests, cart, events, vouchers by holder key, entries of the log, and credentials.
//
// # The undo
//
//  1. Both are locked, unless the survivor is being erased or was merged into somebody else since.
//  2. The survivor gives back what it took over. If something else changed one of those fields since, this
//     is refused, and nothing has changed.
//  3. The loser's document is no tombstone any more, which gives back its identifiers at once.
//  4. The orders with the loser's note return, also those that came since, with what was written about them.
//  5. Both are unlocked, and the loser's job looks once more a minute later.
const (
	BulkMerge   = "merge"
	BulkUnmerge = "unmerge"

	ArgSurvivor = "survivor"
	ArgLoser    = "loser"
)

// MergeChoice is the argument of BulkMerge that chooses a part of an account, with a side as its value.
func MergeChoice(part string) string { return "keep." + part }

// merging is a merge or its undo in progress.
type merging struct {
	bulk
	w               Worker
	survivor, loser string
	of              string // the batch of the merge
}

func (w Worker) merging(b bulk, of string) merging {
	return merging{bulk: b, w: w, survivor: b.batch.Args[ArgSurvivor], loser: b.batch.Args[ArgLoser], of: of}
}

// mergeTwo merges the two customers of a batch.
func mergeTwo(ctx context.Context, w Worker, b bulk) error {
	m := w.merging(b, b.batch.ID)
	loser, err := m.raw(ctx, m.loser)
	if err != nil {
		return err
	}
	if loser.Tombstone.Batch != m.of {
		if err := m.beginMerge(ctx, loser); err != nil {
			return err
		}
	}
	if err := m.takeIn(ctx); err != nil {
		return errors.Join(m.retreat(ctx, err), err)
	}
	if err := w.moveMerged(ctx, b.shop, m.loser, b.progress); err != nil {
		return err
	}
	if err := m.tally(ctx, m.survivor, loser.Is); err != nil {
		return err
	}
	return m.unlock(ctx)
}

// beginMerge locks both accounts and makes the loser lead to the survivor, unless the merge failed before.
func (m merging) beginMerge(ctx context.Context, loser customer.Customer) error {
	_, err := m.app.auditLog(m.shop.ID).Find(ctx, loser.Work, m.undo(m.loser).ID)
	switch {
	case err == nil:
		return errors.Join(m.unlock(ctx), errStop(failedTooLarge))
	case ifFound(err) != nil:
		return err
	}
	if err := m.begin(ctx, m.mayMerge); err != nil {
		return err
	}
	return m.bury(ctx)
}

// unmergeTwo undoes the merge of another batch.
func unmergeTwo(ctx context.Context, w Worker, b bulk) error {
	m := w.merging(b, b.batch.Args["batch"])
	loser, err := m.raw(ctx, m.loser)
	if err != nil {
		return err
	}
	switch done, err := m.app.auditLog(m.shop.ID).Find(ctx, loser.Work, m.undo(m.loser).ID); {
	case err == nil && done.Batch != b.batch.ID:
		return validate.NewError(validate.Conflict, "undo.already")
	case ifFound(err) != nil:
		return err
	case err != nil:
		if err := m.takeApart(ctx); err != nil {
			return err
		}
	}
	if err := beginUndo(ctx, b); err != nil {
		return err
	}
	if err := w.returnMerged(ctx, b.shop, m.loser, m.survivor, b.progress); err != nil {
		return err
	}
	if err := m.tally(ctx, m.loser, func(string) bool { return true }); err != nil {
		return err
	}
	if err := m.forget(ctx); err != nil {
		return err
	}
	return m.unlock(ctx)
}

// takeApart makes two accounts of one. Once the survivor has given back what it took over, it goes on to the
// end.
func (m merging) takeApart(ctx context.Context) error {
	survivor, err := m.raw(ctx, m.survivor)
	if err != nil {
		return err
	}
	if survivor.Merging != m.batch.ID || slices.ContainsFunc(survivor.Merged, m.isOf) {
		if err := m.begin(ctx, m.mayUnmerge); err != nil {
			return err
		}
		if err := m.giveBack(ctx); err != nil {
			return err
		}
	}
	return m.revive(ctx)
}

func (m merging) isOf(held customer.Merged) bool { return held.Batch == m.of }

// raw returns the document with an id, also that of a merged account.
func (m merging) raw(ctx context.Context, id string) (customer.Customer, error) {
	c, _, err := m.app.customerDocs(m.shop.ID).Get(ctx, id)
	return c, err
}

// begin locks both customers, unless the batch must stop. What it locked is unlocked again if it may not go
// on.
func (m merging) begin(ctx context.Context, may func(customer.Customer) error) error {
	err := m.w.mayGoOn(ctx, m.bulk)
	present, _, failed := batch.Docs(m.app.engine, m.shop.ID).Get(ctx, m.batch.ID)
	switch {
	case failed != nil:
		return failed
	case err == nil && present.State == batch.Stopping:
		err = errStop("")
	}
	ids := []string{m.survivor, m.loser}
	slices.Sort(ids)
	for _, id := range ids {
		if err == nil {
			err = m.lock(ctx, id, may)
		}
	}
	if err == nil {
		return nil
	}
	if failed := m.unlock(ctx); failed != nil {
		return failed
	}
	return err
}

func (m merging) lock(ctx context.Context, id string, may func(customer.Customer) error) error {
	_, err := m.app.customerDocs(m.shop.ID).Change(ctx, id, func(c *customer.Customer) error {
		if err := errors.Join(c.MayMerge(m.batch.ID), may(*c)); err != nil {
			return err
		}
		if c.Merging == m.batch.ID {
			return storage.ErrUnchanged
		}
		c.Merging = m.batch.ID
		return nil
	})
	return err
}

func (m merging) unlock(ctx context.Context) error {
	for _, id := range []string{m.survivor, m.loser} {
		_, err := m.app.customerDocs(m.shop.ID).Change(ctx, id, func(c *customer.Customer) error {
			if c.Merging != m.batch.ID {
				return storage.ErrUnchanged
			}
			c.Merging = ""
			return nil
		})
		if ifFound(err) != nil {
			return err
		}
	}
	return nil
}

func (m merging) mayMerge(c customer.Customer) error {
	if !c.Tombstone.IsZero() {
		return validate.NewError(validate.Conflict, "merge.already")
	}
	if len(c.Merged) >= customer.MaxMerged {
		return validate.NewError(validate.Conflict, "merge.too_many")
	}
	return nil
}

func (m merging) mayUnmerge(c customer.Customer) error {
	if c.ID == m.survivor && !c.Tombstone.IsZero() {
		return validate.NewError(validate.Conflict, "merge.chained")
	}
	return nil
}

// giveBack lets the survivor give back what it took over, unless it did so before.
func (m merging) giveBack(ctx context.Context) error {
	log := m.app.auditLog(m.shop.ID)
	undo := m.undo(m.survivor)
	err := m.change(ctx, m.survivor, func(c *customer.Customer) error {
		if _, err := log.Find(ctx, c.Work, undo.ID); !errors.Is(err, storage.ErrNotFound) {
			return errOr(err, storage.ErrUnchanged)
		}
		earlier, err := log.Find(ctx, c.Work, undo.Undoes)
		if err == nil {
			err = audit.Undoable(earlier, m.app.now())
		}
		if err == nil {
			err = c.GiveBack(earlier, undo)
		}
		return err
	})
	if err == nil {
		return nil
	}
	if _, refused := whySkipped(err); refused == nil { // nothing has changed yet
		return errors.Join(m.unlock(ctx), err)
	}
	return err
}

// revive takes the loser out of the survivor.
func (m merging) revive(ctx context.Context) error {
	survivor, err := m.raw(ctx, m.survivor)
	if err != nil {
		return err
	}
	return m.change(ctx, m.loser, func(c *customer.Customer) error {
		if c.Tombstone.Batch != m.of {
			return storage.ErrUnchanged
		}
		return c.Revive(m.undo(m.loser), survivor.WithdrawnSince(c.Tombstone.At))
	})
}

// forget empties what the log says of the survivor about the merge and its undo, which is the loser's data. What
// it says of the loser stays.
func (m merging) forget(ctx context.Context) error {
	survivor, err := m.raw(ctx, m.survivor)
	if err == nil {
		err = m.app.recordPending(ctx, m.shop.ID, survivor.Work)
	}
	if err != nil {
		return err
	}
	act := audit.New(audit.CustomerSeparated, audit.Actor{Kind: audit.Worker}, m.app.now())
	act.ID, act.Customer = m.app.secret.ID(m.shop.ID, "unmerged", m.batch.ID), m.survivor
	undo := m.undo(m.survivor)
	return m.app.auditLog(m.shop.ID).Separate(ctx, []string{undo.Undoes, undo.ID}, act)
}

// undo returns the act that undoes the merge's act on one of the two.
func (m merging) undo(id string) audit.Act {
	undo := audit.UndoOf(batch.ActID(m.of, id), m.batch.By, m.app.now())
	undo.Customer, undo.Reason, undo.Address, undo.Batch = id, m.batch.Reason, m.batch.Address, m.batch.ID
	return undo
}

// change changes one of the two documents, also that of a merged account.
func (m merging) change(ctx context.Context, id string, alter func(*customer.Customer) error) error {
	_, err := m.app.customerDocs(m.shop.ID).Change(ctx, id, func(c *customer.Customer) error {
		if err := alter(c); err != nil {
			return err
		}
		c.Settle(m.app.now())
		return nil
	})
	return err
}

// progress adds moved orders to the tally of the batch.
func (b bulk) progress(ctx context.Context, moved int) error {
	_, err := batch.Docs(b.app.engine, b.shop.ID).Change(ctx, b.batch.ID, func(stored *batch.Batch) error {
		stored.Changed += int64(moved)
		stored.Total = max(stored.Total, stored.Worked())
		return nil
	})
	return err
}

// tally counts the orders that were moved to an account, by the account that they came from: the progress
// misses those of a page after which the process died.
func (m merging) tally(ctx context.Context, id string, from func(string) bool) error {
	moved, query := int64(0), storage.Query{Index: order.ByPlaced, Equal: []any{id}, Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[order.Row](ctx, m.app.orderDocs(m.shop.ID), query)
		if err != nil {
			return err
		}
		found, err := m.w.movedFrom(ctx, m.shop, page.Hits, from)
		if err != nil {
			return err
		}
		moved += int64(len(found))
		if query.Cursor = page.Next; query.Cursor == "" {
			break
		}
	}
	_, err := batch.Docs(m.app.engine, m.shop.ID).Change(ctx, m.batch.ID, func(stored *batch.Batch) error {
		if stored.Changed == moved && stored.Total == moved {
			return storage.ErrUnchanged
		}
		stored.Changed, stored.Total = moved, moved
		return nil
	})
	return err
}

// checkMerge checks the two customers of a merge before it is stored.
func checkMerge(ctx context.Context, b bulk, f *validate.Validator) error {
	survivor, loser := b.batch.Args[ArgSurvivor], b.batch.Args[ArgLoser]
	if survivor == loser {
		f.Reject(ArgLoser, "merge.same")
		return nil
	}
	for _, id := range []string{survivor, loser} {
		c, err := b.app.customer(ctx, b.shop.ID, id)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			return validate.NotFoundIfMissing(err)
		case err != nil:
			return err
		case c.ID != id:
			return validate.NewError(validate.Conflict, "merge.already")
		}
		if err := c.MayMerge(""); err != nil {
			return err
		}
	}
	return nil
}
