package portal

import (
	"context"
	"errors"
	"slices"
	"sync"

	"postern/portal/order"
)

// countRounds lets requests for counts that are due at the same time count each customer once: after an
// import, many requests name the same customers. In each shop one round is counted at a time, and what
// becomes due during it belongs to the next.
type countRounds struct {
	mu    sync.Mutex
	shops map[string]*shopRounds
}

type shopRounds struct {
	next     *countRound // may be joined, nil for none
	counting bool
}

// countRound is what one round counts.
type countRound struct {
	months map[string][]string // by customer
	lead   chan struct{}       // receives the task of counting, which one of those waiting takes
	ended  chan struct{}       // closed at the end
	failed map[string]error    // then, by customer
}

// count returns when the months have been counted by do, which the callers call for one another: with the
// months of all that joined the round. do returns the errors by customer. count returns those of its own
// customers.
func (c *countRounds) count(ctx context.Context, shop string, months []order.CustomerMonth,
	do func(months map[string][]string) map[string]error) error {
	return c.await(ctx, shop, c.join(shop, months), months, do)
}

// await returns when a round that was joined with the months has ended, which it may have to lead.
func (c *countRounds) await(ctx context.Context, shop string, round *countRound, months []order.CustomerMonth,
	do func(months map[string][]string) map[string]error) error {
	select {
	case <-round.ended:
	case <-ctx.Done():
		return ctx.Err()
	case <-round.lead:
		c.begin(shop)
		round.failed = do(round.months)
		c.end(shop)
		close(round.ended)
	}
	var errs []error
	for customer := range customersOf(months) {
		errs = append(errs, round.failed[customer])
	}
	return errors.Join(errs...)
}

func customersOf(months []order.CustomerMonth) map[string]bool {
	customers := map[string]bool{}
	for _, m := range months {
		customers[m.Customer] = true
	}
	return customers
}

func (c *countRounds) join(shop string, months []order.CustomerMonth) *countRound {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.shops[shop]
	if s == nil {
		if c.shops == nil {
			c.shops = map[string]*shopRounds{}
		}
		s = &shopRounds{}
		c.shops[shop] = s
	}
	if s.next == nil {
		s.next = &countRound{months: map[string][]string{}, lead: make(chan struct{}, 1),
			ended: make(chan struct{})}
		if !s.counting {
			s.start()
		}
	}
	for _, m := range months {
		if named := s.next.months[m.Customer]; !slices.Contains(named, m.Month) {
			s.next.months[m.Customer] = append(named, m.Month)
		}
	}
	return s.next
}

// start lets one of those who wait for the next round count it.
func (s *shopRounds) start() {
	s.counting = true
	s.next.lead <- struct{}{}
}

// begin closes the round that is counted now for others.
func (c *countRounds) begin(shop string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shops[shop].next = nil
}

func (c *countRounds) end(shop string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.shops[shop]
	if s.counting = false; s.next != nil {
		s.start()
	}
}
