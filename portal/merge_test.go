package portal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/merchant"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/storage"
)

// mergeShop has a manager and two customers: jan, who signed in, and jana, whom the shop's system made.
type mergeShop struct {
	*testApp
	manager  *employee
	jan, two string // the customers' ids
}

func newMergeShop(t *testing.T) mergeShop {
	t.Helper()
	return newMergeShopIn(newTestApp(t))
}

func newMergeShopIn(h *testApp) mergeShop {
	h.t.Helper()
	m := mergeShop{testApp: h, manager: h.colleague("manager@shop.test", staff.Manager)}
	m.jan, m.two = h.fedCustomer("1", jan), h.fedCustomer("2", jana)
	h.put(orderJSON("A-1", jan))
	h.put(orderJSON("B-1", jana))
	h.enterWith(jan, "jan's")
	h.quiet()
	h.clock.Move(time.Minute)
	return m
}

// merge merges the loser into the survivor; every difference is the survivor's.
func (m mergeShop) merge(survivor, loser string) (string, error) {
	m.t.Helper()
	s := m.at(m.manager)
	p, err := s.PreviewMerge(m.t.Context(), survivor, loser)
	if err != nil {
		return "", err
	}
	form := merchant.MergeForm{Survivor: survivor, Loser: loser, Seen: p.Seen, Choices: map[string]string{}}
	for _, part := range p.Differing {
		form.Choices[part] = customer.SideSurvivor
	}
	return s.Merge(m.t.Context(), form)
}

// merged merges two customers to the end.
func (m mergeShop) merged(survivor, loser string) (batchID string) {
	m.t.Helper()
	id, err := m.merge(survivor, loser)
	if err != nil {
		m.t.Fatal(err)
	}
	m.work()
	m.wantState(id, batch.Done, "")
	return id
}

// undone undoes a merge to the end.
func (m mergeShop) undone(merge string) (batchID string) {
	m.t.Helper()
	id := m.unmerge(merge)
	m.wantState(id, batch.Done, "")
	return id
}

// unmerge undoes a merge as far as it goes.
func (m mergeShop) unmerge(merge string) (batchID string) {
	m.t.Helper()
	id, err := m.at(m.manager).UndoBatch(m.t.Context(), merge)
	if err == nil {
		err = m.at(m.manager).StartBatch(m.t.Context(), id, "")
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.work()
	return id
}

func (m mergeShop) wantState(id string, state batch.State, why string) {
	m.t.Helper()
	b, _, err := batch.Docs(m.engine, m.shop.ID).Get(m.t.Context(), id)
	if err != nil || b.State != state || b.Why != why {
		m.t.Errorf("the batch is %s because of %q, want %s because of %q: %v", b.State, b.Why, state, why, err)
	}
}

// wantOrders checks whose the orders are, by the index and by the documents.
func (m mergeShop) wantOrders(id string, want ...string) {
	m.t.Helper()
	page, err := storage.Find[struct{}](m.t.Context(), order.Docs(m.engine, m.shop.ID),
		storage.Query{Index: order.ByPlaced, Equal: []any{id}, Limit: storage.MaxLimit})
	var got []string
	for _, hit := range page.Hits {
		got = append(got, hit.Key)
	}
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		m.t.Errorf("%s has the orders %q, want %q, %v", id, got, want, err)
	}
	counts, _, err := order.CountsDocs(m.engine, m.shop.ID).Get(m.t.Context(), id)
	if sum := counts.Sum(); err != nil && !errors.Is(err, storage.ErrNotFound) || sum.Orders != int64(len(want)) {
		m.t.Errorf("%s counts %d orders, want %d, %v", id, sum.Orders, len(want), err)
	}
}

func TestMergeMovesEverythingAndItsUndoGivesItBack(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	id := m.merged(m.jan, m.two)
	m.wantOrders(m.jan, "A-1", "B-1")
	m.wantOrders(m.two)
	m.put(orderJSON("B-2", jana))
	m.put(orderJSON("A-2", jan))
	m.work()
	m.wantOrders(m.jan, "A-1", "A-2", "B-1", "B-2")
	m.undone(id)
	m.wantOrders(m.jan, "A-1", "A-2")
	m.wantOrders(m.two, "B-1", "B-2")
}

// mergeJobCases returns the cases of the jobs of a merge; see jobCases.
func mergeJobCases() map[string]func(h *testApp) {
	return map[string]func(h *testApp){
		"email_set": emailSetCase,
		"merge_forget": func(h *testApp) {
			m := newMergeShopIn(h)
			m.merged(m.jan, m.two)
			m.quiet()
			m.clock.Move(31 * 24 * time.Hour)
		},
		"merge_move": func(h *testApp) { // with an order that a request wrote which had found the account before
			m := newMergeShopIn(h)
			m.merged(m.jan, m.two)
			m.strayOrder("B-9", m.two)
			h.clock.Move(time.Minute)
		},
		"merge_letter": func(h *testApp) {
			m := newMergeShopIn(h)
			m.merged(m.jan, m.two)
			h.clock.Move(2 * time.Minute)
			h.quiet()
			_, err := h.customers().Change(h.t.Context(), m.jan, func(c *customer.Customer) error {
				c.Work.Add(job.Request{Kind: "merge_letter", Args: job.Args{"email": jana}, At: h.clock.Now()})
				return nil
			})
			if err != nil {
				h.t.Fatal(err)
			}
		},
	}
}

// strayOrder stores an order of an account although that was merged.
func (m mergeShop) strayOrder(number, id string) {
	m.t.Helper()
	docs := order.Docs(m.engine, m.shop.ID)
	o, _, err := docs.Get(m.t.Context(), "A-1")
	if err == nil {
		o.Number, o.Customer, o.MergedFrom = number, id, ""
		err = docs.Insert(m.t.Context(), number, o)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// TestMergeSurvivesACrashAtEachWrite lets the process die before each write of a merge and of its undo.
func TestMergeSurvivesACrashAtEachWrite(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a death before every write: not in a short run")
	}
	t.Run("merge", func(t *testing.T) {
		t.Parallel()
		crashAlike(t, "batch_run", func(h *testApp) {
			m := newMergeShopIn(h)
			if _, err := m.merge(m.jan, m.two); err != nil {
				t.Fatal(err)
			}
		}, outlineAndLog)
	})
	t.Run("undo", func(t *testing.T) {
		t.Parallel()
		crashAlike(t, "batch_run", func(h *testApp) {
			m := newMergeShopIn(h)
			merge := m.merged(m.jan, m.two)
			m.put(orderJSON("B-2", jana))
			h.clock.Move(2 * time.Minute)
			h.quiet()
			id, err := m.at(m.manager).UndoBatch(t.Context(), merge)
			if err == nil {
				err = m.at(m.manager).StartBatch(t.Context(), id, "")
			}
			if err != nil {
				t.Fatal(err)
			}
		}, outlineAndLog)
	})
}

// outlineAndLog is the outline without the order in which the log has the acts on the two customers.
func outlineAndLog(h *testApp) string {
	acts := map[string]int{}
	for _, act := range h.acts() {
		acts[string(act.Kind)]++
	}
	if report, err := h.log().Verify(h.t.Context(), audit.Head{}); err != nil || !report.IsSound() {
		h.t.Errorf("the log: %+v, %v", report, err)
	}
	lines := slices.DeleteFunc(strings.Split(h.outline(), "\n"), func(line string) bool {
		return strings.Contains(line, `"salt":`) || strings.Contains(line, `"previous":`)
	})
	return fmt.Sprint(acts, "\n", strings.Join(lines, "\n"))
}
