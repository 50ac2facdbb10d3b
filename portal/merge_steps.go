package portal

import (
	"context"
	"errors"
	"slices"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/storage"
)

// bury makes the loser lead to the survivor. If an erasure of either was asked for since they were locked, the
// merge is refused.
func (m merging) bury(ctx context.Context) error {
	act := m.act(audit.CustomerMerged, m.loser)
	var tried error
	for range customer.MoveTries {
		loser, unproven, err := m.look(ctx, m.loser)
		if err == nil {
			err = m.mayStill(ctx)
		}
		t := customer.Tombstone{Into: m.survivor, Batch: m.of, At: act.At, Unproven: unproven}
		if err == nil {
			err = m.change(ctx, m.loser, func(c *customer.Customer) error {
				if c.Tombstone.Batch == m.of {
					return storage.ErrUnchanged
				}
				if err := errors.Join(c.MayMerge(m.of), sameEmail(*c, loser)); err != nil {
					return err
				}
				return c.MergeInto(t, act)
			})
		}
		if tried = err; !errors.Is(err, errOtherEmail) {
			break
		}
	}
	if tried == nil {
		return nil
	}
	if _, other := whySkipped(tried); other == nil { // nothing has changed yet
		return errors.Join(m.unlock(ctx), tried)
	}
	return tried
}

// errOtherEmail says that an account has another address than the one of which it is known whether anybody had
// signed in by it.
var errOtherEmail = errors.New("portal: the email changed during the merge")

func sameEmail(c, seen customer.Customer) error {
	if c.Email != seen.Email {
		return errOtherEmail
	}
	return nil
}

// mayStill is a Conflict if the survivor must not be merged any more.
func (m merging) mayStill(ctx context.Context) error {
	survivor, err := m.raw(ctx, m.survivor)
	if err != nil {
		return err
	}
	return survivor.MayMerge(m.of)
}

// look reads one of the two, with the address if nobody has signed in by it.
func (m merging) look(ctx context.Context, id string) (c customer.Customer, unproven []string, err error) {
	if c, err = m.raw(ctx, id); err != nil {
		return c, nil, err
	}
	doc, _, err := m.app.credentialDocs(m.shop.ID).Get(ctx, m.app.credentialsID(m.shop.ID, c.Email))
	if ifFound(err) != nil {
		return c, nil, err
	}
	if doc.Customer != c.ID || !doc.WasUsed() {
		unproven = []string{c.Email}
	}
	return c, unproven, nil
}

// takeIn lets the survivor take in the loser, unless it did so before.
func (m merging) takeIn(ctx context.Context) error {
	loser, err := m.raw(ctx, m.loser)
	if err != nil {
		return err
	}
	choices := map[string]string{}
	for _, part := range customer.MergeParts() {
		choices[part] = m.batch.Args[MergeChoice(part)]
	}
	unproven := loser.Tombstone.Unproven
	for range customer.MoveTries {
		var seen customer.Customer
		var own []string
		if seen, own, err = m.look(ctx, m.survivor); err != nil {
			return err
		}
		loser.Tombstone.Unproven = slices.Concat(own, unproven)
		err = m.change(ctx, m.survivor, func(c *customer.Customer) error {
			if slices.ContainsFunc(c.Merged, m.isOf) {
				return storage.ErrUnchanged
			}
			if err := sameEmail(*c, seen); err != nil {
				return err
			}
			return c.TakeIn(loser, choices, m.act(audit.CustomerMerged, m.survivor))
		})
		if !errors.Is(err, errOtherEmail) {
			return err
		}
	}
	return err
}

// retreat takes the loser out again if the survivor cannot take it in, because the account would be too large.
func (m merging) retreat(ctx context.Context, why error) error {
	if _, other := whySkipped(why); other != nil {
		return nil // the merge is tried again
	}
	err := m.change(ctx, m.loser, func(c *customer.Customer) error {
		if c.Tombstone.Batch != m.of {
			return storage.ErrUnchanged
		}
		return c.Return(m.undo(m.loser))
	})
	return errors.Join(err, m.unlock(ctx))
}
