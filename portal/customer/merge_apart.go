package customer

import (
	"slices"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
)

// Revive takes the account out of the one it was merged into, given by its id. Nothing from before lets the
// customer in. What the customer withdrew while the accounts were one is withdrawn from both.
func (c *Customer) Revive(undo audit.Act, withdrawn []Consent) error {
	before := c.Fields()
	for _, said := range withdrawn {
		if c.Consent(said.Purpose).Status != ConsentWithdrawn {
			c.Remember(said)
		}
	}
	c.leave(undo)
	c.tellMerge(undo.At, ToldUndone, c.Email)
	c.EndAccess(undo)
	return c.Carry(undo, before)
}

// Return is Revive for an account that the other one has never taken in: nobody was told, and who has signed in
// stays so.
func (c *Customer) Return(undo audit.Act) error {
	before := c.Fields()
	c.leave(undo)
	return c.Carry(undo, before)
}

// leave makes the account one of its own again, and schedules the return of its orders.
func (c *Customer) leave(undo audit.Act) {
	from := c.Tombstone.Into
	c.Tombstone, c.ChangedAt = Tombstone{}, undo.At
	c.Acts = without(c.Acts, func(a FieldAct) bool { return a.Act == undo.Undoes })
	c.Work.Cancel(KindMergeMove)
	c.Work.Cancel(KindMergeForget)
	c.Work.Add(job.Request{Kind: KindMergeMove, Args: job.Args{ArgFrom: from}, At: undo.At, Slow: true})
}

// GiveBackOrders takes what is noted about orders that return to another account.
func (c *Customer) GiveBackOrders(returns func(number string) bool) (answered []Answered, asked []Asked) {
	for _, a := range c.Answered {
		if returns(a.Order) {
			answered = append(answered, a)
		}
	}
	for _, a := range c.Asked {
		if returns(a.Order) {
			asked = append(asked, a)
		}
	}
	c.Answered = without(c.Answered, func(a Answered) bool { return returns(a.Order) })
	c.Asked = without(c.Asked, func(a Asked) bool { return returns(a.Order) })
	return answered, asked
}

// TakeBackOrders takes over what another account noted about orders that returned.
func (c *Customer) TakeBackOrders(answered []Answered, asked []Asked) {
	for _, a := range answered {
		c.Answered = append(without(c.Answered, func(b Answered) bool { return a.Order == b.Order }), a)
	}
	for _, a := range asked {
		c.Asked = append(without(c.Asked, func(b Asked) bool { return a.Order == b.Order }), a)
	}
}

// takeVAT takes over the evidence about the VAT ID of an account whose company was taken over. The customer's own
// answers are kept.
func (c *Customer) takeVAT(loser Customer) {
	own, theirs := c.VAT.History, slices.Clone(loser.VAT.History)
	theirs = theirs[min(len(theirs), max(0, len(theirs)+len(own)-maxVATHistory)):]
	for i := range theirs {
		theirs[i].Merge = loser.Tombstone.Batch
	}
	c.VAT = loser.VAT
	if !c.VAT.Last.IsZero() {
		c.VAT.Last.Merge = loser.Tombstone.Batch
	}
	c.VAT.History = slices.Concat(own, theirs)
	slices.SortStableFunc(c.VAT.History, func(a, b VATAnswer) int { return a.At.Compare(b.At) })
}

// giveBackVAT drops the answers that a merge brought, and those since about the VAT ID that it brought. The
// customer's own evidence holds again.
func (c *Customer) giveBackVAT(merge audit.Act) {
	brought := ""
	for _, change := range merge.Changes {
		if change.Field == "company.vat_id" {
			brought = change.After
		}
	}
	e := &c.VAT
	e.History = without(e.History, func(a VATAnswer) bool {
		return a.Merge == merge.Batch || brought != "" && a.VATID == brought && !a.At.Before(merge.At.Truncate(time.Millisecond))
	})
	if e.VATID == c.Company.VATID && (e.Last.Merge == "" || e.Last.Merge != merge.Batch) {
		return
	}
	*e = VATEvidence{History: e.History}
	for _, a := range slices.Backward(e.History) {
		if a.VATID == c.Company.VATID && a.VATID != "" {
			e.VATID, e.Status, e.Last, e.NextAt = a.VATID, a.Status, a, a.At.Add(vatFresh)
			break
		}
	}
}
