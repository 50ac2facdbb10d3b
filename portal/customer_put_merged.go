package portal

import (
	"context"
	"errors"
	"slices"

	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/validate"
)

// applyToPresent writes the change to the customer that its account leads to. If that changes meanwhile, because
// of a merge or its undo, it starts over.
func (f Feed) applyToPresent(ctx context.Context, change customerChange,
	outcome order.Outcome) (order.Receipt, error) {
	for range customer.MoveTries {
		present, err := f.app.present(ctx, f.shop.ID, change.account)
		if err != nil {
			return order.Receipt{}, err
		}
		receipt, err := f.apply(ctx, present, change, outcome)
		if !errors.Is(err, errLeadsElsewhere) {
			return receipt, err
		}
	}
	return order.Receipt{}, validate.NewError(validate.Conflict, "error.conflict")
}

// errLeadsElsewhere says that the account of a change was merged, or taken out again, since it was looked at.
var errLeadsElsewhere = errors.New("portal: the account leads to another customer by now")

// mayChange is errLeadsElsewhere unless the change still belongs to the customer, and that is the one who was
// looked at.
func (change customerChange) mayChange(c, seen customer.Customer) error {
	if c.ID != seen.ID || !c.Is(change.account) {
		return errLeadsElsewhere
	}
	return nil
}

// isOfMerged reports whether the id of a change is that of an account that was merged into the customer's.
func (change customerChange) isOfMerged(c customer.Customer) bool {
	return change.account != c.ID
}

// keepAddresses makes the change leave the addresses alone, with a warning if it has any: each of the shop
// system's two records knows only its own ones, and after an undo they would be the other person's.
func (change *customerChange) keepAddresses() []validate.FieldError {
	if !change.replaceAddresses {
		return nil
	}
	change.replaceAddresses = false
	return []validate.FieldError{{Field: "/addresses", Key: "customer.addresses_of_merged"}}
}

// told returns the consents of the change. What was given by the id of a merged account goes with that if the
// merge is undone; what was withdrawn stays withdrawn.
func (change customerChange) told(c customer.Customer) []customer.Consent {
	at := slices.IndexFunc(c.Merged, func(m customer.Merged) bool { return m.ID == change.account })
	if at < 0 {
		return change.consents
	}
	told := slices.Clone(change.consents)
	for i := range told {
		if told[i].Status == customer.ConsentGiven {
			told[i].Merge = c.Merged[at].Batch
		}
	}
	return told
}
