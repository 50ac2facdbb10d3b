package portal_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/merchant"
)

// randomMerges is a shop with three customers, who are merged and taken apart at random.
type randomMerges struct {
	mergeShop
	r      *rand.Rand
	ids    []string
	emails []string
	orders [][]string // by customer, as if nobody had been merged
	merges []string   // that stand
	n      int
}

func newRandomMerges(t *testing.T, seed uint64) *randomMerges {
	m := &randomMerges{mergeShop: newMergeShop(t), r: rand.New(rand.NewPCG(seed, 11)), emails: []string{jan, jana, mallory}}
	m.ids = []string{m.jan, m.two, m.fedCustomer("3", mallory)}
	m.orders = [][]string{{"A-1"}, {"B-1"}, nil}
	for i := range m.ids {
		word := func(of string) string { return fmt.Sprint(of, m.r.IntN(3)) }
		_, err := m.feed().PutCustomer(t.Context(), fmt.Sprint(i+1), fmt.Appendf(nil, `{"email":%q,"first_name":%q,"title":%q,
			"addresses":[{"id":%q,"line1":%q,"city":"Nitra","country":"SK","default_shipping":%t}],
			"consents":{"newsletter":{"status":"given","at":"2026-01-0%dT10:00:00Z","source":"checkout"}},
			"updated_at":"2026-11-01T00:00:00Z"}`, m.emails[i], word("first"), []string{"", "Dr."}[m.r.IntN(2)],
			word("id"), word("Street"), m.r.IntN(2) == 0, m.r.IntN(8)+1))
		if err == nil {
			_, err = m.at(m.manager).EditCustomer(t.Context(), merchant.Edit{Customer: m.ids[i],
				Base: map[string]string{}, Values: map[string]string{"tags": word("tag")}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	m.quiet()
	return m
}

// bare returns the customers without versions, change times, jobs, totals and what is known of acts.
func (m *randomMerges) bare() []customer.Customer {
	m.t.Helper()
	var all []customer.Customer
	for _, id := range m.ids {
		c, _, err := m.customers().Get(m.t.Context(), id)
		if err != nil {
			m.t.Fatal(err)
		}
		c.ProfileVersion, c.Company.Version, c.Acts, c.Work, c.List = "", "", nil, job.List{}, nil
		c.ChangedAt, c.StaffAt, c.FedAt, c.SignedOutAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		for i := range c.Addresses {
			c.Addresses[i].Version = ""
		}
		all = append(all, c)
	}
	return all
}

// mergeRandom merges two customers who are still apart, with random choices.
func (m *randomMerges) mergeRandom() {
	m.t.Helper()
	pair := m.r.Perm(len(m.ids))
	s := m.at(m.manager)
	p, err := s.PreviewMerge(m.t.Context(), m.ids[pair[0]], m.ids[pair[1]])
	if err != nil {
		return // one of them was merged before
	}
	form := merchant.MergeForm{Survivor: p.Survivor.ID, Loser: p.Loser.ID, Seen: p.Seen, Choices: map[string]string{}}
	for _, part := range p.Differing {
		form.Choices[part] = []string{customer.SideSurvivor, customer.SideLoser}[m.r.IntN(2)]
	}
	id, err := s.Merge(m.t.Context(), form)
	if err != nil {
		m.t.Fatal(err)
	}
	m.work()
	m.wantState(id, batch.Done, "")
	m.merges = append(m.merges, id)
}

// step does something at random. A PUT with no news comes by the id of any account.
func (m *randomMerges) step() {
	m.t.Helper()
	m.clock.Move(time.Minute)
	m.n++
	switch i := m.r.IntN(len(m.ids)); m.r.IntN(4) {
	case 0:
		m.mergeRandom()
	case 1:
		m.undoRandom()
	case 2:
		number := fmt.Sprint("N-", m.n)
		m.orders[i] = append(m.orders[i], number)
		m.put(orderJSON(number, m.emails[i]))
	default:
		if _, err := m.feed().PutCustomer(m.t.Context(), fmt.Sprint(i+1), fmt.Appendf(nil, `{"updated_at":%q}`,
			m.clock.Now().Format(time.RFC3339))); err != nil {
			m.t.Error(err)
		}
	}
	m.work()
	if report, err := m.log().Verify(m.t.Context(), audit.Head{}); err != nil || !report.IsSound() {
		m.t.Fatalf("the log: %+v, %v", report, err)
	}
}

// undoRandom undoes one of the merges, unless another one stands in the way, after which nothing has changed.
func (m *randomMerges) undoRandom() {
	m.t.Helper()
	if len(m.merges) == 0 {
		return
	}
	i := m.r.IntN(len(m.merges))
	before := m.bare()
	undo := m.batchOf(m.unmerge(m.merges[i]))
	if undo.State == batch.Done {
		m.merges = slices.Delete(m.merges, i, i+1)
	} else if diff := cmp.Diff(before, m.bare()); diff != "" {
		m.t.Fatalf("an undo that was refused because of %q changed (-before +after):\n%s", undo.Why, diff)
	}
}

// TestUndoingMergesGivesBackEqualCustomers merges and takes apart at random, with orders between, until all
// are apart again: the customers are equal to what they were, and each has the orders by its own email.
func TestUndoingMergesGivesBackEqualCustomers(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("many stores: not in a short run")
	}
	for range 20 {
		seed := rand.Uint64()
		m := newRandomMerges(t, seed)
		before := m.bare()
		for range 12 {
			m.step()
		}
		for tries := 0; len(m.merges) > 0 && tries < 50; tries++ {
			m.undoRandom()
		}
		if diff := cmp.Diff(before, m.bare()); diff != "" || len(m.merges) > 0 {
			t.Errorf("seed %d: %d merges are left (-before +after):\n%s", seed, len(m.merges), diff)
		}
		for i, id := range m.ids {
			m.wantOrders(id, m.orders[i]...)
		}
		if t.Failed() {
			t.Fatalf("with the seed %d", seed)
		}
	}
}
