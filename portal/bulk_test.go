package portal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/group"
	"postern/portal/job"
	"postern/portal/secret/secrettest"
	"postern/portal/staff"
	"postern/storage"
)

// bulkShop has customers, a group, and a manager who carries out batches.
type bulkShop struct {
	*testApp
	manager audit.Actor
}

func newBulkShop(h *testApp, customers int) bulkShop {
	h.t.Helper()
	b := bulkShop{testApp: h, manager: audit.Actor{Kind: audit.Staff, ID: "m", Role: string(staff.Manager)}}
	docs := customer.Docs(h.engine, h.shop.ID)
	for n := range customers {
		c := customer.Customer{ID: fmt.Sprintf("c%05d", n), Email: fmt.Sprintf("c%d@example.com", n),
			FirstName: "Eva", LastName: fmt.Sprint("N", n), Registered: true,
			CreatedAt: h.clock.Now().Add(time.Duration(n) * time.Millisecond), ListForm: customer.ListForm("en", "EUR")}
		c.Settle(h.clock.Now())
		if err := docs.Insert(h.t.Context(), c.ID, c); err != nil {
			h.t.Fatal(err)
		}
	}
	roster := staff.Roster{Members: []staff.Member{{ID: "m", Email: "m@shop.test", Role: staff.Manager}}}
	if err := staff.RosterDocs(h.engine, h.shop.ID).Insert(h.t.Context(), staff.RosterKey, roster); err != nil {
		h.t.Fatal(err)
	}
	groups := group.Groups{List: []group.Group{{ID: "g", Name: "Gold"}}}
	if err := group.Docs(h.engine, h.shop.ID).Insert(h.t.Context(), group.Key, groups); err != nil {
		h.t.Fatal(err)
	}
	return b
}

// draft stores a batch on all registered customers, to be selected.
func (b bulkShop) draft(id, action string, args map[string]string) {
	b.t.Helper()
	made := batch.Batch{ID: id, Action: action, Args: args, By: b.manager, State: batch.Selecting,
		CreatedAt: b.clock.Now(), Selection: batch.Selection{Filters: map[string]string{"status": "registered"}}}
	made.Work.Add(job.Request{Kind: batch.KindSelect, At: b.clock.Now(), Slow: true})
	if err := batch.Docs(b.engine, b.shop.ID).Insert(b.t.Context(), id, made); err != nil {
		b.t.Fatal(err)
	}
}

// search stores a batch that tags whom a search finds, to be selected.
func (b bulkShop) search(id, text string) {
	b.t.Helper()
	made := batch.Batch{ID: id, Action: "add_tag", Args: map[string]string{"tag": "vip"}, By: b.manager,
		State: batch.Selecting, CreatedAt: b.clock.Now(), Selection: batch.Selection{Search: text}}
	made.Work.Add(job.Request{Kind: batch.KindSelect, At: b.clock.Now(), Slow: true})
	if err := batch.Docs(b.engine, b.shop.ID).Insert(b.t.Context(), id, made); err != nil {
		b.t.Fatal(err)
	}
}

// exported returns the customers in the file of a batch, each as often as it is there.
func (b bulkShop) exported(id string) string {
	b.t.Helper()
	var ids []string
	page, err := storage.Find[struct{}](b.t.Context(), batch.PartDocs(b.engine, b.shop.ID),
		storage.Query{Index: batch.ByExpiry, Limit: storage.MaxLimit})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, hit := range page.Hits {
		part, _, err := batch.PartDocs(b.engine, b.shop.ID).Get(b.t.Context(), hit.Key)
		if err != nil || !strings.HasPrefix(hit.Key, id) {
			b.t.Fatal(hit.Key, err)
		}
		for _, row := range part.Rows {
			ids = append(ids, row.Customer)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// TestASearchOfMoreThanAPageSelectsEachOnce selects by a word that all have and by an exact email, which is
// on the first page.
func TestASearchOfMoreThanAPageSelectsEachOnce(t *testing.T) {
	t.Parallel()
	b := newBulkShop(newTestApp(t), 1200)
	b.search("all", "eva")
	b.search("one", "c1100@example.com")
	b.search("exact id and word", "c00700")
	workTogether(t, b.testApp)
	b.work()
	for id, want := range map[string]int64{"all": 1200, "one": 1, "exact id and word": 1} {
		if got := b.batch(id); got.State != batch.Ready || got.Total != want {
			t.Errorf("%s: %+v", id, got)
		}
	}
}

func (b bulkShop) start(id string) {
	b.t.Helper()
	_, err := batch.Docs(b.engine, b.shop.ID).Change(b.t.Context(), id, func(stored *batch.Batch) error {
		return stored.Start(b.clock.Now())
	})
	if err != nil {
		b.t.Fatalf("start %s: %v", id, err)
	}
}

func (b bulkShop) batch(id string) batch.Batch {
	b.t.Helper()
	found, _, err := batch.Docs(b.engine, b.shop.ID).Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return found
}

// tagged returns how many customers have a tag, found by its mark.
func (b bulkShop) tagged(tag string) (n int) {
	b.t.Helper()
	q := storage.Query{Index: customer.ByMark, Equal: []any{customer.Mark(customer.MarkTag, tag)}, Limit: storage.MaxLimit}
	page, err := storage.Find[struct{}](b.t.Context(), customer.Docs(b.engine, b.shop.ID), q)
	if err != nil {
		b.t.Fatal(err)
	}
	return len(page.Hits)
}

// until runs jobs of the app until none is due.
func until(ctx context.Context, app *portal.App) error {
	for {
		if done, err := app.Worker().RunOnce(ctx); err != nil || done == 0 {
			return err
		}
	}
}

// wantBatch checks a finished batch, and that each customer was changed by one act that is in the log once.
func (b bulkShop) wantBatch(id string, want batch.Tally) {
	b.t.Helper()
	got := b.batch(id)
	if diff := cmp.Diff(want, got.Tally); diff != "" || got.State != batch.Done || got.Worked() != got.Total {
		b.t.Errorf("batch %s is %s, %d of %d (-want +got):\n%s", id, got.State, got.Worked(), got.Total, diff)
	}
	acts := map[string]int{}
	for _, act := range b.acts() {
		if act.Batch == id && act.Customer != "" {
			acts[act.Customer]++
		}
	}
	if int64(len(acts)) != want.Changed {
		b.t.Errorf("batch %s has acts on %d customers, want %d", id, len(acts), want.Changed)
	}
	for customer, n := range acts {
		if n != 1 {
			b.t.Errorf("batch %s has %d acts on %s", id, n, customer)
		}
	}
	if report, err := b.log().Verify(b.t.Context(), audit.Head{}); err != nil || !report.IsSound() {
		b.t.Errorf("the log: %+v, %v", report, err)
	}
}

// bulkCrash is work on a batch during which a process dies, and what is looked at afterwards.
type bulkCrash struct{ prepare, look func(bulkShop) }

func bulkCrashes() map[string]bulkCrash {
	return map[string]bulkCrash{
		"selection": {
			func(b bulkShop) { b.draft("one", "add_tag", map[string]string{"tag": "vip"}) },
			func(b bulkShop) {
				if got := b.batch("one"); got.State != batch.Ready || got.Total != 3 || b.tagged("vip") != 0 {
					b.t.Errorf("selected: %+v", got)
				}
			},
		},
		"change": {
			func(b bulkShop) {
				b.draft("one", "add_tag", map[string]string{"tag": "vip"})
				b.work()
				b.start("one")
			},
			func(b bulkShop) {
				b.wantBatch("one", batch.Tally{Changed: 3})
				if n := b.tagged("vip"); n != 3 {
					b.t.Errorf("%d are tagged", n)
				}
			},
		},
		"sign-out": {
			func(b bulkShop) {
				b.draft("one", "end_sessions", nil)
				b.work()
				b.start("one")
			},
			func(b bulkShop) { b.wantBatch("one", batch.Tally{Changed: 3}) },
		},
		"deletion of a group and its undo": {
			func(b bulkShop) {
				b.draft("add", "add_group", map[string]string{"group": "g"})
				b.work()
				b.start("add")
				b.work()
				b.draft("delete", portal.BulkDeleteGroup, map[string]string{"group": "g"})
				b.work()
				b.start("delete")
				b.work()
				b.draft("undo", portal.BulkUndo, map[string]string{"batch": "delete"})
				b.work()
				b.start("undo")
			},
			func(b bulkShop) {
				b.wantBatch("delete", batch.Tally{Changed: 3})
				b.wantBatch("undo", batch.Tally{Changed: 3})
				all, _, err := group.Docs(b.engine, b.shop.ID).Get(b.t.Context(), group.Key)
				if _, found := all.ByID("g"); err != nil || !found {
					b.t.Errorf("the group is gone: %v", err)
				}
				if c := b.customerOf("c00001"); len(c.Groups) != 1 {
					b.t.Errorf("the groups are %v", c.Groups)
				}
			},
		},
	}
}

// otherBulkCrashes are those of work that is not a change of fields.
func otherBulkCrashes() map[string]bulkCrash {
	return map[string]bulkCrash{
		"export": {
			func(b bulkShop) {
				b.draft("one", portal.BulkExport, nil)
				b.work()
				b.start("one")
			},
			func(b bulkShop) {
				if got := b.batch("one"); got.State != batch.Done || got.Changed != 3 {
					b.t.Errorf("exported: %+v", got)
				}
				if got := b.exported("one"); got != "c00000 c00001 c00002" {
					b.t.Errorf("the file has %s", got)
				}
			},
		},
		"erasure and its undo": {
			func(b bulkShop) {
				b.draft("one", portal.BulkErase, nil)
				b.work()
				b.start("one")
				b.work()
				b.draft("undo", portal.BulkUndo, map[string]string{"batch": "one"})
				b.work()
				b.start("undo")
			},
			func(b bulkShop) {
				b.wantBatch("one", batch.Tally{Changed: 3})
				b.wantBatch("undo", batch.Tally{Changed: 3})
				if b.customerOf("c00001").Erasure.Pending() {
					b.t.Error("still to be erased")
				}
			},
		},
		"search": {
			func(b bulkShop) { b.search("one", "eva") },
			func(b bulkShop) {
				if got := b.batch("one"); got.State != batch.Ready || got.Total != 3 {
					b.t.Errorf("found: %+v", got)
				}
			},
		},
	}
}

// TestABatchGoesOnAfterACrash kills the process at every write of the selection, of the change and of the
// undo.
func TestABatchGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	cases := bulkCrashes()
	maps.Copy(cases, otherBulkCrashes())
	for name, step := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
				b := newBulkShop(h, 3)
				step.prepare(b)
				attempt := func(app *portal.App) error { return until(t.Context(), app) }
				return attempt, func(bool) {
					b.clock.Move(time.Hour) // until what failed is tried again
					b.work()
					step.look(b)
				}
			})
		})
	}
}

func (b bulkShop) customerOf(id string) customer.Customer {
	b.t.Helper()
	c, err := customer.Get(b.t.Context(), customer.Docs(b.engine, b.shop.ID), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// TestARepeatedPageLeavesAloneWhatWasUndoneSince crashes a batch after it changed everybody, undoes one
// change, and lets the batch go on.
func TestARepeatedPageLeavesAloneWhatWasUndoneSince(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	b := newBulkShop(h, 2)
	b.draft("one", "add_tag", map[string]string{"tag": "vip"})
	b.work()
	b.start("one")
	for writes := 4; b.tagged("vip") < 2; writes++ {
		if err := until(t.Context(), h.dying(writes)); err != nil && !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		b.clock.Move(2 * time.Minute)
	}
	if b.batch("one").State != batch.Running {
		t.Fatal("the batch has ended")
	}
	now := b.clock.Now()
	if _, err := customer.Change(t.Context(), customer.Docs(h.engine, h.shop.ID), "c00000", b.clock.Now,
		func(c *customer.Customer) error {
			before, undo := c.Fields(), audit.UndoOf(batch.ActID("one", c.ID), b.manager, now)
			undo.Customer = c.ID
			if err := c.UndoRecorded(t.Context(), b.log(), undo, now); err != nil {
				return err
			}
			return c.Carry(undo, before)
		}); err != nil {
		t.Fatal(err)
	}
	b.clock.Move(time.Hour)
	b.work()
	b.wantBatch("one", batch.Tally{Changed: 2})
	if n := b.tagged("vip"); n != 1 {
		t.Errorf("%d are tagged, want 1", n)
	}
}

// TestTwoWorkersCarryOutABatchOnce lets several processes work on everything at the same time.
func TestTwoWorkersCarryOutABatchOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	b := newBulkShop(h, 1200)
	b.draft("one", "add_tag", map[string]string{"tag": "vip"})
	workTogether(t, h)
	if got := b.batch("one"); got.Total != 1200 || got.Pages != 3 {
		t.Fatalf("selected: %+v", got)
	}
	b.start("one")
	workTogether(t, h)
	b.work()
	b.wantBatch("one", batch.Tally{Changed: 1200})
	b.draft("two", portal.BulkUndo, map[string]string{"batch": "one"})
	workTogether(t, h)
	b.start("two")
	workTogether(t, h)
	b.work()
	b.wantBatch("two", batch.Tally{Changed: 1200})
	if n := b.tagged("vip"); n != 0 {
		t.Errorf("%d are tagged", n)
	}
}

// workTogether runs the jobs with four workers whose leases do not keep them apart: the clock of each is an
// hour on.
func workTogether(t *testing.T, h *testApp) {
	t.Helper()
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			app := portal.New(h.engine, secrettest.Ring(), portal.WithClock(func() time.Time {
				return h.clock.Now().Add(time.Duration(n) * 2 * time.Minute)
			}))
			if err := until(t.Context(), app); err != nil && !strings.Contains(err.Error(), "lease") {
				t.Errorf("worker %d: %v", n, err)
			}
		})
	}
	group.Wait()
	h.clock.Move(10 * time.Minute)
}

// bulkJobCases are the cases of TestEveryKindOfJobSurvivesACrashAtEachWrite for changes of many customers.
func bulkJobCases() map[string]func(h *testApp) {
	tag := map[string]string{"tag": "vip"}
	return map[string]func(h *testApp){
		"batch_select": func(h *testApp) { newBulkShop(h, 3).draft("one", "add_tag", tag) },
		"batch_run": func(h *testApp) {
			b := newBulkShop(h, 3)
			b.draft("one", "add_tag", tag)
			b.quiet()
			b.start("one")
		},
		"count_customers": func(h *testApp) {
			filters := map[string]string{"status": "registered"}
			_, err := customer.CountDocs(newBulkShop(h, 3).engine, h.shop.ID).Put(h.t.Context(), customer.CountKey(filters),
				func(c *customer.Count, _ bool) error {
					c.Look(filters, h.clock.Now())
					return nil
				})
			if err != nil {
				h.t.Fatal(err)
			}
		},
	}
}
