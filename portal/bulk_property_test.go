package portal_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// bareCustomers returns the customers without versions, marks, change times, jobs and what is known of acts.
func (b bulkShop) bareCustomers(n int) []customer.Customer {
	b.t.Helper()
	var all []customer.Customer
	for i := range n {
		c := b.customerOf(fmt.Sprintf("c%05d", i))
		c.ProfileVersion, c.Company.Version, c.Acts, c.Work = "", "", nil, job.List{}
		c.ChangedAt, c.StaffAt = time.Time{}, time.Time{}
		all = append(all, c)
	}
	return all
}

// single makes one act on a customer and returns it, with no changes if it changed nothing.
func (b bulkShop) single(r *rand.Rand, id string) audit.Act {
	b.t.Helper()
	act := audit.New(audit.CustomerChanged, b.manager, b.clock.Now())
	act.Customer = id
	word, kind := fmt.Sprint("w", r.IntN(3)), r.IntN(4)
	_, err := customer.Change(b.t.Context(), customer.Docs(b.engine, b.shop.ID), id, b.clock.Now,
		func(c *customer.Customer) error {
			before := c.Fields()
			switch kind {
			case 0:
				c.SetText("title", word)
			case 1:
				c.SetTag(word, !slices.Contains(c.Tags, word))
			case 2:
				c.SetText("first_name", word)
			default:
				if _, member := c.Membership("g"); member {
					c.Leave("g")
				} else if err := c.Join(customer.Membership{Group: "g", At: act.At, Reason: word}); err != nil {
					return err
				}
			}
			if act.Changes = audit.Changes(before, c.Fields()); len(act.Changes) == 0 {
				return storage.ErrUnchanged
			}
			return c.Carry(act, before)
		})
	if err != nil {
		b.t.Fatal(err)
	}
	return act
}

// bulkAct carries a batch out and returns its id.
func (b bulkShop) bulkAct(n int, action string, args map[string]string) string {
	b.t.Helper()
	id := fmt.Sprint("batch", n)
	b.draft(id, action, args)
	b.work()
	b.start(id)
	b.work()
	return id
}

// undoSingle undoes an act, or reports that something else stands in the way, after which nothing may have
// changed.
func (b bulkShop) undoSingle(act audit.Act) bool {
	b.t.Helper()
	undo := audit.UndoOf(act.ID, b.manager, b.clock.Now())
	undo.Customer = act.Customer
	_, err := customer.Change(b.t.Context(), customer.Docs(b.engine, b.shop.ID), act.Customer, b.clock.Now,
		func(c *customer.Customer) error {
			before := c.Fields()
			if err := c.UndoRecorded(b.t.Context(), b.log(), undo, b.clock.Now()); err != nil {
				return err
			}
			return c.Carry(undo, before)
		})
	if err != nil && validate.KindOf(err) != validate.Conflict {
		b.t.Fatal(err)
	}
	return err == nil
}

// TestUndoingActsAndBatchesInAnyAllowedOrderGivesBackEverything makes random acts and batches, then undoes
// random ones of them, again and again, until none is left. The log is sound after each.
func TestUndoingActsAndBatchesInAnyAllowedOrderGivesBackEverything(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("many stores: not in a short run")
	}
	const customers = 3
	for range 30 {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 7))
		b := newBulkShop(newTestApp(t), customers)
		for i := range customers {
			b.single(r, fmt.Sprintf("c%05d", i))
		}
		before := b.bareCustomers(customers)
		undos, n := b.randomActs(r, customers)
		for tries := 0; len(undos) > 0 && tries < 200; tries++ {
			i := r.IntN(len(undos))
			b.clock.Move(time.Second)
			if undos[i](n + tries) {
				undos = slices.Delete(undos, i, i+1)
			}
			b.work()
			if report, err := b.log().Verify(t.Context(), audit.Head{}); err != nil || !report.IsSound() {
				t.Fatalf("seed %d: the log is not sound: %+v, %v", seed, report, err)
			}
		}
		if diff := cmp.Diff(before, b.bareCustomers(customers)); diff != "" || len(undos) > 0 {
			t.Fatalf("seed %d: %d acts are left (-before +after):\n%s", seed, len(undos), diff)
		}
	}
}

// randomActs makes random acts and returns their undos, which report whether nothing of the act is left, and
// the number of batches.
func (b bulkShop) randomActs(r *rand.Rand, customers int) (undos []func(n int) bool, batches int) {
	actions := []struct {
		name string
		args map[string]string
	}{
		{"add_tag", map[string]string{"tag": "w1"}}, {"remove_tag", map[string]string{"tag": "w0"}},
		{"add_group", map[string]string{"group": "g"}}, {"remove_group", map[string]string{"group": "g"}},
	}
	for range 8 {
		b.clock.Move(time.Minute)
		if r.IntN(2) == 0 {
			if act := b.single(r, fmt.Sprintf("c%05d", r.IntN(customers))); len(act.Changes) > 0 {
				undos = append(undos, func(int) bool { return b.undoSingle(act) })
			}
			continue
		}
		chosen := actions[r.IntN(len(actions))]
		id := b.bulkAct(batches, chosen.name, chosen.args)
		batches++
		undone := int64(0)
		undos = append(undos, func(n int) bool {
			undo := b.bulkAct(1000+n, portal.BulkUndo, map[string]string{"batch": id})
			undone += b.batch(undo).Changed
			return undone == b.batch(id).Changed
		})
	}
	return undos, batches
}
