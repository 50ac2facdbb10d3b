package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"postern/portal/audit"
	"postern/storage"
	"postern/storage/storagetest"
)

var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// testLog is a log with access to its documents.
type testLog struct {
	audit.Log
	t      testing.TB
	engine storage.Engine
	shop   string
}

func newTestLog(t testing.TB) testLog {
	t.Helper()
	engine := storagetest.Open(t, audit.DetailCollection(), audit.LinkCollection(), audit.HeadCollection())
	return openTestLog(t, engine, "main")
}

func openTestLog(t testing.TB, engine storage.Engine, shop string) testLog {
	return testLog{audit.Open(engine, shop, func() time.Time { return start }), t, engine, shop}
}

func operator() audit.Actor { return audit.Actor{Kind: audit.Operator, ID: "anna"} }

// act returns the n-th act, on customer n modulo 3.
func act(n int) audit.Act {
	a := audit.New(audit.CustomerChanged, operator(), start.Add(time.Duration(n)*time.Minute))
	if n%2 == 1 {
		a.Actor = audit.Actor{Kind: audit.Feed, ID: "KEY"}
	}
	if n%5 == 0 {
		a.Kind = audit.OrderDeleted
	}
	a.Customer, a.Reason = fmt.Sprintf("customer-%d", n%3), fmt.Sprintf("reason %d", n)
	if n%20 == 19 {
		a.Customer, a.Kind, a.Member, a.Email = "", audit.StaffInvited, fmt.Sprintf("member-%d", n/20%2), "jo@shop.example"
	}
	a.Changes = []audit.Change{{Field: "phone", Before: fmt.Sprint(n), After: fmt.Sprint(n + 1)}}
	return a
}

// fill records and appends acts.
func (l testLog) fill(acts int) {
	l.t.Helper()
	for n := range acts {
		if err := l.Record(l.t.Context(), act(n)); err != nil {
			l.t.Fatal(err)
		}
	}
	l.appendAll()
}

func (l testLog) appendAll() {
	l.t.Helper()
	for more := true; more; {
		var err error
		if more, err = l.Append(l.t.Context()); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l testLog) verify(known audit.Head) audit.Report {
	l.t.Helper()
	report, err := l.Verify(l.t.Context(), known)
	if err != nil {
		l.t.Fatal(err)
	}
	return report
}

func (l testLog) links() storage.Docs[audit.Link] {
	return storage.Open[audit.Link](l.engine, l.shop, audit.LinkCollection())
}

func (l testLog) details() storage.Docs[audit.Detail] {
	return storage.Open[audit.Detail](l.engine, l.shop, audit.DetailCollection())
}

// head has the fields of the document with the head.
type head struct {
	Number int64  `bson:"number"`
	Hash   string `bson:"hash"`
}

func (l testLog) heads() storage.Docs[head] {
	return storage.Open[head](l.engine, l.shop, audit.HeadCollection())
}

func key(n int) string { return fmt.Sprintf("%012d", n) }

func (l testLog) link(n int) audit.Link {
	l.t.Helper()
	link, _, err := l.links().Get(l.t.Context(), key(n))
	if err != nil {
		l.t.Fatal(err)
	}
	return link
}

// overwrite stores a link in the place of the one with a number, as somebody would who can write to the
// store.
func (l testLog) overwrite(n int, link audit.Link) {
	l.t.Helper()
	_, err := l.links().Put(l.t.Context(), key(n), func(stored *audit.Link, _ bool) error {
		*stored = link
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l testLog) changeDetail(id string, change func(*audit.Detail)) {
	l.t.Helper()
	if _, err := l.details().Change(l.t.Context(), id, func(d *audit.Detail) error {
		change(d)
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
}

func (l testLog) setHead(to audit.Head) {
	l.t.Helper()
	if _, err := l.heads().Change(l.t.Context(), "head", func(h *head) error {
		h.Number, h.Hash = to.Number, to.Hash
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
}

func drop[T any](t testing.TB, docs storage.Docs[T], key string) {
	t.Helper()
	_, read, err := docs.Get(t.Context(), key)
	if err == nil {
		err = docs.Delete(t.Context(), key, read)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func headOf(link audit.Link) audit.Head { return audit.Head{Number: link.Number, Hash: link.Hash} }

// rebuild computes all links again from one on, as somebody would who can write to the store and knows this
// program.
func (l testLog) rebuild(from int, change func(*audit.Link)) {
	l.t.Helper()
	current, _, err := l.Head(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	previous := headOf(l.link(from - 1))
	for n := from; n <= int(current.Number); n++ {
		link := l.link(n)
		if n == from {
			change(&link)
		}
		link = audit.Relink(previous, link)
		l.overwrite(n, link)
		previous = headOf(link)
	}
	l.setHead(previous)
}

// TestVerifyFindsEveryWayToTamper changes a log of twenty entries in each way, and checks what verify says.
func TestVerifyFindsEveryWayToTamper(t *testing.T) {
	t.Parallel()
	for _, c := range tamperings() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newTestLog(t)
			l.fill(20)
			known, _, err := l.Head(t.Context())
			if err != nil || known.Number != 20 {
				t.Fatalf("head %v, %v", known, err)
			}
			if report := l.verify(known); !report.IsSound() {
				t.Fatalf("before: %+v", report)
			}
			c.tamper(l)
			var alone, withHead []string
			for _, fault := range l.verify(audit.Head{}).Faults {
				alone = append(alone, fmt.Sprintf("%d: %s", fault.Number, fault.Text))
			}
			for _, fault := range l.verify(known).Faults {
				withHead = append(withHead, fmt.Sprintf("%d: %s", fault.Number, fault.Text))
			}
			if diff := cmp.Diff(c.want, alone); diff != "" {
				t.Errorf("without a head (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(slices.Concat(c.want, c.wantWithHead))),
				slices.Sorted(slices.Values(withHead))); diff != "" {
				t.Errorf("with the head (-want +got):\n%s", diff)
			}
		})
	}
}

type tampering struct {
	name         string
	tamper       func(testLog)
	want         []string // faults without a head
	wantWithHead []string // further ones with it
}

const (
	detailMissing = "What the entry says about the customer is missing."
	detailOther   = "What the entry says about the customer belongs to another act."
	detailChanged = "What the entry says about the customer was changed."
)

func tamperings() []tampering {
	return append(linkTamperings(), detailTamperings()...)
}

func linkTamperings() []tampering {
	mallory := func(link *audit.Link) { link.Actor.ID = "mallory" }
	return []tampering{
		{"a changed entry", func(l testLog) {
			link := l.link(7)
			mallory(&link)
			l.overwrite(7, link)
		}, []string{"7: The entry was changed."}, nil},
		{"a changed entry with a new hash", func(l testLog) {
			link := l.link(7)
			mallory(&link)
			l.overwrite(7, audit.Relink(headOf(l.link(6)), link))
		}, []string{"7: " + detailOther, "8: The entry does not follow entry 7: one of the two was replaced."}, nil},
		{"a missing entry", func(l testLog) { drop(l.t, l.links(), key(7)) },
			[]string{"7: The entry is missing."}, nil},
		{"the middle cut out", func(l testLog) {
			for n := 9; n <= 12; n++ {
				drop(l.t, l.links(), key(n))
			}
		}, []string{"9: The entry is missing.", "10: The entry is missing.", "11: The entry is missing.",
			"12: The entry is missing."}, nil},
		{"two entries in each other's place", func(l testLog) {
			six, seven := l.link(6), l.link(7)
			l.overwrite(6, seven)
			l.overwrite(7, six)
		}, []string{
			"6: The entry has number 7: it was moved or copied.",
			"7: The entry has number 6: it was moved or copied.",
			"8: The entry does not follow entry 7: one of the two was replaced.",
		}, nil},
		{"a duplicated entry", func(l testLog) { l.overwrite(7, l.link(6)) },
			[]string{"7: The entry has number 6: it was moved or copied.",
				"8: The entry does not follow entry 7: one of the two was replaced."}, nil},
		{"the end cut off, with the head", func(l testLog) {
			for n := 18; n <= 20; n++ {
				drop(l.t, l.details(), l.link(n).Act)
				drop(l.t, l.links(), key(n))
			}
			l.setHead(headOf(l.link(17)))
		}, nil, []string{"20: The end of the log is missing: it has 17 entries, the given head has number 20."}},
		{"the end cut off, without the head", func(l testLog) { drop(l.t, l.links(), key(20)) },
			[]string{"20: The entry is missing."}, nil},
		{"the last entry replaced", func(l testLog) {
			link := l.link(20)
			link.At = link.At.Add(time.Hour)
			l.changeDetail(link.Act, func(d *audit.Detail) { d.At = link.At })
			l.overwrite(20, audit.Relink(headOf(l.link(19)), link))
		}, []string{"20: The head of the log has another hash than the last entry."},
			[]string{"20: The entry has another hash than the given head: the log was replaced."}},
		{"a rebuilt chain", func(l testLog) {
			l.rebuild(7, func(link *audit.Link) {
				mallory(link)
				l.changeDetail(link.Act, func(d *audit.Detail) { d.Actor = link.Actor })
			})
		}, nil, []string{"20: The entry has another hash than the given head: the log was replaced."}},
	}
}

func detailTamperings() []tampering {
	return []tampering{
		{"a changed detail", func(l testLog) {
			l.changeDetail(l.link(7).Act, func(d *audit.Detail) { d.Changes[0].After = "0" })
		}, []string{"7: " + detailChanged}, nil},
		{"a detail of another customer", func(l testLog) {
			l.changeDetail(l.link(7).Act, func(d *audit.Detail) { d.Customer = "customer-2" })
		}, []string{"7: " + detailChanged}, nil},
		{"a detail about another member", func(l testLog) {
			l.changeDetail(l.link(20).Act, func(d *audit.Detail) { d.Email = "mallory@shop.example" })
		}, []string{"20: " + detailChanged}, nil},
		{"a deleted detail", func(l testLog) { drop(l.t, l.details(), l.link(7).Act) },
			[]string{"7: " + detailMissing}, nil},
		{"an emptied detail without an erasure", func(l testLog) {
			l.changeDetail(l.link(7).Act, func(d *audit.Detail) {
				d.Customer, d.Changes, d.Reason, d.Salt, d.Erased = "", nil, "", "", l.link(6).Act
			})
		}, []string{"7: What the entry says about the customer was removed, but no customer was erased."}, nil},
		{"an added detail", func(l testLog) {
			forged := act(7)
			l.insert(audit.Detail{Act: forged, Number: 7, Actors: []string{"operator:anna"}})
		}, []string{"7: Several acts have this number."}, nil},
		{"details in each other's place", func(l testLog) {
			l.changeDetail(l.link(6).Act, func(d *audit.Detail) { d.Number = 7 })
			l.changeDetail(l.link(7).Act, func(d *audit.Detail) { d.Number = 6 })
		}, []string{"6: " + detailOther, "7: " + detailOther}, nil},
	}
}

func (l testLog) insert(d audit.Detail) {
	l.t.Helper()
	if err := l.details().Insert(l.t.Context(), d.ID, d); err != nil {
		l.t.Fatal(err)
	}
}

// TestVerifyCountsFaultsThatItDoesNotList checks that a log without links does not fill the memory.
func TestVerifyCountsFaultsThatItDoesNotList(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	l.fill(1)
	l.setHead(audit.Head{Number: 5000, Hash: strings.Repeat("0", 64)})
	report := l.verify(audit.Head{})
	if len(report.Faults) != 20 || report.Further != 5000-1-20 {
		t.Errorf("%d faults and %d further ones", len(report.Faults), report.Further)
	}
}

// TestRecordingTwiceIsRecordingOnce records each act several times, before and after it is appended.
func TestRecordingTwiceIsRecordingOnce(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	one := act(1)
	for range 3 {
		for range 2 {
			if err := l.Record(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		l.appendAll()
	}
	if report := l.verify(audit.Head{}); report.Head.Number != 1 || !report.IsSound() {
		t.Errorf("%+v", report)
	}
}

// TestBatches appends more acts than a batch holds.
func TestBatches(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	l.fill(1200)
	report := l.verify(audit.Head{})
	if report.Head.Number != 1200 || !report.IsSound() {
		t.Errorf("%+v", report)
	}
	for n := 2; n <= 1200; n++ {
		if l.link(n).At.Before(l.link(n - 1).At) {
			t.Fatalf("entry %d is older than the one before", n)
		}
	}
}

// TestShopsHaveSeparateLogs checks that the log of a shop neither shows nor counts another's acts, and that a
// log copied to another shop is not valid there.
func TestShopsHaveSeparateLogs(t *testing.T) {
	t.Parallel()
	one := newTestLog(t)
	other := openTestLog(t, one.engine, "other")
	one.fill(5)
	other.fill(3)
	for _, c := range []struct {
		l    testLog
		want int
	}{{one, 5}, {other, 3}} {
		l, want := c.l, c.want
		page, err := l.List(t.Context(), audit.Query{Limit: 100})
		if report := l.verify(audit.Head{}); err != nil || len(page.Entries) != want ||
			report.Head.Number != int64(want) || !report.IsSound() {
			t.Errorf("%s: %d entries, %+v, %v", l.shop, len(page.Entries), report, err)
		}
	}
	for n := 1; n <= 3; n++ {
		other.overwrite(n, one.link(n))
	}
	if report := other.verify(audit.Head{}); report.IsSound() {
		t.Error("the entries of another shop are valid")
	}
}

// TestListFindsByEveryCondition checks each condition alone and all together, and that pages have no gaps.
func TestListFindsByEveryCondition(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	l.fill(60)
	for name, c := range map[string]struct {
		query audit.Query
		want  func(audit.Act) bool
	}{
		"all":      {audit.Query{}, func(audit.Act) bool { return true }},
		"customer": {audit.Query{Customer: "customer-1"}, func(a audit.Act) bool { return a.Customer == "customer-1" }},
		"kind":     {audit.Query{Kind: audit.OrderDeleted}, func(a audit.Act) bool { return a.Kind == audit.OrderDeleted }},
		"actor":    {audit.Query{Actor: "feed:KEY"}, func(a audit.Act) bool { return a.Actor.Kind == audit.Feed }},
		"kind of actor": {audit.Query{Actor: "operator"},
			func(a audit.Act) bool { return a.Actor.Kind == audit.Operator }},
		"time": {audit.Query{From: start.Add(10 * time.Minute), To: start.Add(20 * time.Minute)},
			func(a audit.Act) bool {
				return !a.At.Before(start.Add(10*time.Minute)) && a.At.Before(start.Add(20*time.Minute))
			}},
		"together": {audit.Query{Customer: "customer-1", Kind: audit.OrderDeleted, Actor: "operator",
			From: start.Add(5 * time.Minute)}, func(a audit.Act) bool {
			return a.Customer == "customer-1" && a.Kind == audit.OrderDeleted && a.Actor.Kind == audit.Operator &&
				!a.At.Before(start.Add(5*time.Minute))
		}},
		"actor and kind": {audit.Query{Actor: "feed", Kind: audit.OrderDeleted}, func(a audit.Act) bool {
			return a.Kind == audit.OrderDeleted && a.Actor.Kind == audit.Feed
		}},
		"customer and time": {audit.Query{Customer: "customer-2", To: start.Add(20 * time.Minute)},
			func(a audit.Act) bool { return a.Customer == "customer-2" && a.At.Before(start.Add(20*time.Minute)) }},
		"member": {audit.Query{Member: "member-1"}, func(a audit.Act) bool { return a.Member == "member-1" }},
		"member and kind": {audit.Query{Member: "member-1", Kind: audit.StaffInvited},
			func(a audit.Act) bool { return a.Member == "member-1" && a.Kind == audit.StaffInvited }},
		"nobody": {audit.Query{Actor: "operator:nobody"}, func(audit.Act) bool { return false }},
	} {
		var want, got []string
		for n := 59; n >= 0; n-- {
			if a := act(n); c.want(a) {
				want = append(want, a.Reason)
			}
		}
		for c.query.Limit = 7; ; {
			page, err := l.List(t.Context(), c.query)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(page.Entries) > 7 {
				t.Errorf("%s: a page of %d", name, len(page.Entries))
			}
			for _, entry := range page.Entries {
				got = append(got, entry.Reason)
			}
			if c.query.Cursor = page.Next; c.query.Cursor == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestParseHead(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	if h, err := audit.ParseHead("12:" + strings.ToUpper(hash)); err != nil || h.String() != "12:"+hash {
		t.Errorf("%v, %v", h, err)
	}
	for _, text := range []string{"", "12", ":" + hash, "12:ab", "x:" + hash, "-1:" + hash, "12:" + hash + "ab",
		"12:" + strings.Repeat("zz", 32)} {
		if _, err := audit.ParseHead(text); err == nil {
			t.Errorf("%q is a head", text)
		}
	}
}

// TestEveryKindDeclaresWhetherItCanBeUndone checks the table, and that no other kind is recorded.
func TestEveryKindDeclaresWhetherItCanBeUndone(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	for kind, undo := range audit.Undos() {
		if undo != audit.UndoNever && undo != audit.UndoDays && undo != audit.UndoUntil {
			t.Errorf("%s: %q", kind, undo)
		}
	}
	for _, bad := range []audit.Act{
		audit.New("customer.painted", operator(), start), audit.New(audit.OrderDeleted, audit.Actor{}, start), {},
	} {
		if err := l.Record(t.Context(), bad); err == nil {
			t.Errorf("recorded %+v", bad)
		}
	}
}

// crashing is a store whose process dies after a number of writes.
type crashing struct {
	storage.Engine
	left atomic.Int64
}

var errDead = errors.New("the process died")

func (c *crashing) dies() error {
	if c.left.Add(-1) < 0 {
		return errDead
	}
	return nil
}

func (c *crashing) Insert(ctx context.Context, collection string, r storage.Record) error {
	if err := c.dies(); err != nil {
		return err
	}
	return c.Engine.Insert(ctx, collection, r)
}

func (c *crashing) Replace(ctx context.Context, collection string, r storage.Record, read storage.Version) error {
	if err := c.dies(); err != nil {
		return err
	}
	return c.Engine.Replace(ctx, collection, r, read)
}

// TestAppendingSurvivesACrashAtEachWrite records and appends seven acts in a process that dies before its
// first write, its second and so on. The next process completes the log: no act is lost, none is in it twice.
func TestAppendingSurvivesACrashAtEachWrite(t *testing.T) {
	t.Parallel()
	for writes := int64(0); ; writes++ {
		l := newTestLog(t)
		dying := &crashing{Engine: l.engine}
		dying.left.Store(writes)
		process := openTestLog(t, dying, l.shop)
		var acts []audit.Act
		for n := range 7 {
			acts = append(acts, act(n))
		}
		err := process.recordAndAppend(acts)
		if err != nil && !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		if failed := l.recordAndAppend(acts); failed != nil {
			t.Fatalf("after %d writes: %v", writes, failed)
		}
		if report := l.verify(audit.Head{}); !report.IsSound() || report.Head.Number != 7 {
			t.Fatalf("after %d writes: %+v", writes, report)
		}
		if err == nil {
			t.Logf("%d writes", writes)
			return
		}
	}
}

// TestCompletingABatchLooksForLaterActs records an act after a process died that had chosen its batch: the
// process that completes the batch must look again.
func TestCompletingABatchLooksForLaterActs(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	if err := l.Record(t.Context(), act(1)); err != nil {
		t.Fatal(err)
	}
	dying := &crashing{Engine: l.engine}
	dying.left.Store(1)
	if _, err := openTestLog(t, dying, l.shop).Append(t.Context()); !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), act(2)); err != nil {
		t.Fatal(err)
	}
	if more, err := l.Append(t.Context()); err != nil || !more {
		t.Errorf("more %v, %v", more, err)
	}
	l.appendAll()
	if report := l.verify(audit.Head{}); !report.IsSound() || report.Head.Number != 2 {
		t.Errorf("%+v", report)
	}
}

func (l testLog) recordAndAppend(acts []audit.Act) error {
	for _, a := range acts {
		if err := l.Record(l.t.Context(), a); err != nil {
			return err
		}
	}
	_, err := l.Append(l.t.Context())
	return err
}

// TestManyAppendersWriteOneChain lets eight appenders work at the same time, while acts are recorded and a
// customer is erased.
func TestManyAppendersWriteOneChain(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	var group errgroup.Group
	const acts = 300
	for n := range acts {
		group.Go(func() error { return l.Record(t.Context(), act(n)) })
	}
	for range 8 {
		group.Go(func() error {
			for range 20 {
				if _, err := l.Append(t.Context()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		erasure := audit.New(audit.CustomerErased, audit.Actor{Kind: audit.Worker}, start)
		return l.Erase(t.Context(), "customer-1", erasure)
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	l.appendAll()
	erasures, err := l.List(t.Context(), audit.Query{Kind: audit.CustomerErased, Limit: 100}) // more than one for late acts
	if report := l.verify(audit.Head{}); err != nil || !report.IsSound() || len(erasures.Entries) == 0 ||
		report.Head.Number != acts+int64(len(erasures.Entries)) {
		t.Errorf("%+v", report)
	}
}
