package portal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/merchant"
	"postern/portal/secret/secrettest"
	"postern/portal/staff"
	"postern/storage"
)

// meddledMerge is a store that calls meddle before a write of a customer, the first one being number zero.
type meddledMerge struct {
	storage.Engine
	turn   int
	meddle func()
}

func (i *meddledMerge) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	if collection == customer.Collection().Name {
		if i.turn--; i.turn == -1 {
			i.meddle()
		}
	}
	return i.Engine.Replace(ctx, collection, r, read)
}

// mergedWith merges jana into jan, and does something before a write of one of them.
func (m mergeShop) mergedWith(turn int, meddle func()) (batchID string) {
	m.t.Helper()
	m.quiet()
	m.clock.Move(time.Minute)
	id, err := m.merge(m.jan, m.two)
	if err != nil {
		m.t.Fatal(err)
	}
	met := false
	engine := &meddledMerge{Engine: m.engine, turn: turn, meddle: func() { met = true; meddle() }}
	app := portal.New(engine, secrettest.Ring(), portal.WithClock(m.clock.Now), portal.WithCountDelay(0))
	if _, err := app.Worker().RunOnce(m.t.Context()); err != nil {
		m.t.Error(err)
	}
	m.clock.Move(2 * time.Minute)
	m.work()
	if !met {
		m.t.Errorf("the merge has no write %d", turn)
	}
	return id
}

// The writes of a merge, for mergedWith.
const (
	writeBury   = 2 // after two that lock
	writeTakeIn = 3
)

func TestErasureAskedForBetweenTheStepsOfAMergeIsNotLost(t *testing.T) {
	t.Parallel()
	for turn := range writeTakeIn + 1 {
		m := newMergeShop(t)
		id := m.mergedWith(turn, func() {
			if _, err := m.app.Operator().EraseCustomer(t.Context(), m.shop.ID, m.two, false); err != nil {
				t.Error(err)
			}
		})
		survivor, loser := m.stored(m.jan), m.stored(m.two)
		if turn <= writeBury {
			m.wantState(id, batch.Stopped, "merge.erasing")
			if !loser.Tombstone.IsZero() || !loser.Erasure.Pending() || survivor.Erasure.Pending() {
				t.Errorf("write %d: merged into %q", turn, loser.Tombstone.Into)
			}
		} else if !survivor.Erasure.Pending() {
			t.Errorf("write %d: no erasure is pending", turn)
		}
		if survivor.Merging+loser.Merging != "" {
			t.Errorf("write %d: still locked", turn)
		}
	}
}

// TestEmailChangedBetweenTheStepsOfAMergeIsConfirmedFirst has the feed give one of two proven accounts an address
// by which nobody signed in.
func TestEmailChangedBetweenTheStepsOfAMergeIsConfirmedFirst(t *testing.T) {
	t.Parallel()
	const fresh = "new@example.com"
	for _, feedID := range []string{"1", "2"} {
		for turn := range writeTakeIn + 1 {
			if feedID == "2" && turn > writeBury {
				continue // the id leads to the survivor by now
			}
			m := newMergeShop(t)
			m.enterWith(jana, "jana's")
			id := m.mergedWith(turn, func() { m.feedPuts(feedID, fmt.Sprintf(`"email":%q`, fresh)) })
			m.wantState(id, batch.Done, "")
			if c := m.stored(m.jan); !c.HasAddress(fresh) || !c.IsUnconfirmed(fresh) {
				t.Errorf("%s, write %d: %q, of which are unconfirmed %q", feedID, turn, c.AllEmails(), c.Unconfirmed)
			}
		}
	}
}

// TestMergeTakenBackAsTooLargeLeavesTheAccountAlone looks at a session and at a letter of an earlier merge.
func TestMergeTakenBackAsTooLargeLeavesTheAccountAlone(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	cookie, _ := m.enterWith(jana, "jana's")
	m.quiet()
	m.enlarge()
	if _, err := m.customers().Change(t.Context(), m.two, func(c *customer.Customer) error {
		c.Work.Add(job.Request{Kind: customer.KindMergeLetter, At: m.clock.Now().Add(time.Minute),
			Args: job.Args{customer.ArgEmail: jana, customer.ArgTold: customer.ToldUndone}})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	merge, err := m.merge(m.jan, m.two)
	if err != nil {
		t.Fatal(err)
	}
	m.work()
	m.wantState(merge, batch.Stopped, "batch.failed.too_large")
	if s, err := m.app.Shopper(t.Context(), m.shop, cookie); err != nil || s.Customer().ID != m.two {
		t.Errorf("jana's session: %v", err)
	}
	m.clock.Move(2 * time.Minute)
	if told := m.told(); len(told) != 1 || told[jana] == "" {
		t.Errorf("told: %q", told)
	}
}

// evidence returns the VAT ID of an account with its status, and those of the answers that it holds.
func (m mergeShop) evidence(id string) string {
	m.t.Helper()
	c := m.stored(id)
	answers := []string{}
	for _, a := range c.VAT.History {
		answers = append(answers, a.VATID)
	}
	return fmt.Sprint(c.VAT.VATID, " ", c.VAT.Status, " ", c.VAT.Last.VATID, " of ", slices.Compact(answers))
}

func (m mergeShop) wantEvidence(when, id, want string) {
	m.t.Helper()
	if got := m.evidence(id); got != want {
		m.t.Errorf("%s the evidence of %s is %q, want %q", when, m.stored(id).Email, got, want)
	}
}

// TestUndoOfAMergeGivesBackTheEvidenceOfEachVATID merges two companies, or a company into an account without one,
// and has VIES asked again while they are merged.
func TestUndoOfAMergeGivesBackTheEvidenceOfEachVATID(t *testing.T) {
	t.Parallel()
	const one, two = "SK2021853504", "SK2020317068"
	for _, own := range []string{one, ""} {
		m := newMergeShopIn(newTestApp(t, portal.WithVATChecker(knowing{})))
		company := func(id string) string { return fmt.Sprintf(`"company":{"name":"F","country":"SK","vat_id":%q}`, id) }
		if own != "" {
			m.feedPuts("1", company(own))
		}
		m.feedPuts("2", company(two))
		m.work()
		before := m.evidence(m.jan)
		m.clock.Move(time.Hour)
		m.manager = m.colleague("second@shop.test", staff.Manager)
		merge := m.mergedTakingAll()
		merged := fmt.Sprintf("%s valid %[1]s of [%s]", two, strings.TrimSpace(own+" "+two))
		m.wantEvidence("merged,", m.jan, merged)
		if _, err := m.customers().Change(t.Context(), m.jan, func(c *customer.Customer) error {
			c.VAT.NextAt = m.clock.Now()
			c.Settle(m.clock.Now())
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		m.work()
		m.wantEvidence("asked again,", m.jan, merged)
		if n := len(m.stored(m.jan).VAT.History); n != len(strings.Fields(own))+2 {
			t.Errorf("%d answers", n)
		}
		m.clock.Move(time.Minute)
		m.undone(merge)
		m.wantEvidence("undone,", m.jan, before)
		m.wantEvidence("undone,", m.two, fmt.Sprintf("%s valid %[1]s of [%[1]s]", two))
		m.quiet()
		m.wantNoTrace([]string{two, "Kniha"}[:2-len(strings.Fields(own))])
	}
}

// mergedTakingAll merges jana into jan; every difference is jana's.
func (m mergeShop) mergedTakingAll() (batchID string) {
	m.t.Helper()
	s := m.at(m.manager)
	p, err := s.PreviewMerge(m.t.Context(), m.jan, m.two)
	if err != nil {
		m.t.Fatal(err)
	}
	form := merchant.MergeForm{Survivor: m.jan, Loser: m.two, Seen: p.Seen, Choices: map[string]string{}}
	for _, part := range p.Differing {
		form.Choices[part] = customer.SideLoser
	}
	id, err := s.Merge(m.t.Context(), form)
	if err != nil {
		m.t.Fatal(err)
	}
	m.work()
	m.wantState(id, batch.Done, "")
	return id
}
