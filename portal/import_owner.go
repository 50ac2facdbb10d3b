package portal

import (
	"context"
	"sync"
	"time"

	"postern/portal/order"
)

// ownerLife is how long an import may use an owner that it has found. Finding the owner and writing an order
// takes as long when the store is busy; the halves of an erasure are a minute apart for that reason.
const ownerLife = time.Second

// buyer is what a delivery says of its buyer.
type buyer struct{ feedCustomer, email string }

// importOwners keeps the owners found by one import for a moment, because a file often has the orders of one
// customer side by side. Orders of the same buyer that arrive at once find, and create, the customer once.
type importOwners struct {
	mu     sync.Mutex
	owners map[buyer]*importOwner
	begun  time.Time // when the oldest was looked for
}

// importOwner is the owner for a buyer, or the search for it.
type importOwner struct {
	found chan struct{} // closed at the end
	owner order.Ownership
	err   error
}

// find returns the buyer's owner, for which it calls find unless it was called a moment ago. Errors are not
// kept.
func (c *importOwners) find(ctx context.Context, of buyer,
	find func() (order.Ownership, error)) (order.Ownership, error) {
	c.mu.Lock()
	now := time.Now() // not the App's clock: the owners age in real time
	if c.owners == nil || now.Sub(c.begun) >= ownerLife {
		c.owners, c.begun = map[buyer]*importOwner{}, now
	}
	kept, ok := c.owners[of]
	if !ok {
		kept = &importOwner{found: make(chan struct{})}
		c.owners[of] = kept
	}
	c.mu.Unlock()
	if ok {
		select {
		case <-kept.found:
			return kept.owner, kept.err
		case <-ctx.Done():
			return order.Ownership{}, ctx.Err()
		}
	}
	kept.owner, kept.err = find()
	if kept.err != nil {
		c.mu.Lock()
		if c.owners[of] == kept {
			delete(c.owners, of)
		}
		c.mu.Unlock()
	}
	close(kept.found)
	return kept.owner, kept.err
}
