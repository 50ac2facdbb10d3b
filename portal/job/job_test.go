package job

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
	"postern/storage/storagetest"
)

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// note is a document that holds jobs.
type note struct {
	Title string `bson:"title"`
	Work  List   `bson:"work,omitempty"`
}

func notes() storage.Collection { return storage.Collection{Name: "notes", Indexes: Indexes()} }

// bench is a Runner over a new store, with a clock moved by the test and job kinds whose behaviour the test
// sets.
type bench struct {
	*Runner
	t     *testing.T
	mu    sync.Mutex
	clock *storagetest.Clock
	did   []string // arguments of the jobs done
	err   error    // error that handlers return
	do    func(context.Context)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: storagetest.NewClock(noon()), do: func(context.Context) {}}
	engine := storagetest.Open(t, notes())
	handle := func(ctx context.Context, task Task[note]) (Finish[note], error) {
		b.do(ctx)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.did = append(b.did, task.Shop+"/"+task.Key+" "+task.Job.Args["n"])
		return func(n *note) { n.Title += task.Job.Args["n"] }, b.err
	}
	b.Runner = &Runner{Engine: engine, Log: slog.New(slog.DiscardHandler), Now: b.clock.Now,
		Sources: []Source{Documents[note]{
			Collection: notes(),
			Open: func(shop string) storage.Docs[note] {
				return storage.Open[note](engine,
					shop, notes())
			},
			List: func(n *note) *List { return &n.Work },
			Kinds: map[string]Kind[note]{
				"quick": {Do: handle},
				"slow":  {Do: handle, Slow: true},
				"stubborn": {Do: handle, Retry: Retry{Gaps: []time.Duration{time.Second, time.Hour},
					Forever: true}},
			},
		}}}
	return b
}

// ask stores a request in a document.
func (b *bench) ask(shop, key string, r Request) (id string) {
	b.t.Helper()
	_, err := storage.Open[note](b.Engine, shop, notes()).Put(b.t.Context(), key,
		func(n *note, _ bool) error {
			id = n.Work.Add(r)
			return nil
		})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bench) once() (done int) {
	b.t.Helper()
	done, err := b.Once(b.t.Context())
	if err != nil && b.err == nil {
		b.t.Fatal(err)
	}
	return done
}

func (b *bench) note(shop, key string) note {
	b.t.Helper()
	n, _, err := storage.Open[note](b.Engine, shop, notes()).Get(b.t.Context(), key)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func quick(n string) Request { return Request{Kind: "quick", Args: Args{"n": n}, At: noon()} }

func TestJobsOfAllShopsAreDoneAndRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, shop := range []string{"fern", "oak"} {
		b.ask(shop, "k", quick("1"))
		b.ask(shop, "k", quick("2"))
		b.ask(shop, "k", Request{Kind: "slow", Args: Args{"n": "3"}, At: noon(), Slow: true})
		b.ask(shop, "later", Request{Kind: "quick", At: noon().Add(time.Minute)})
	}
	if done := b.once(); done != 6 {
		t.Errorf("%d jobs done, want 6", done)
	}
	slices.Sort(b.did)
	want := []string{"fern/k 1", "fern/k 2", "fern/k 3", "oak/k 1", "oak/k 2", "oak/k 3"}
	if diff := cmp.Diff(want, b.did); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if n := b.note("fern", "k"); !n.Work.IsZero() || len(n.Title) != 3 {
		t.Errorf("left: %+v", n)
	}
	b.clock.Move(time.Minute)
	if done := b.once(); done != 2 {
		t.Errorf("%d jobs done a minute later, want 2", done)
	}
}

// TestFailedJobsAreKeptAndRetried checks that a failing job is retried at growing intervals, then kept as
// failed until it is retried by hand.
func TestFailedJobsAreKeptAndRetried(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.err = errors.New("no room for jan@example.com")
	id := b.ask("fern", "k", quick("1"))
	var last time.Duration
	attempts, since := 0, b.clock.Now()
	for b.note("fern", "k").Work.Jobs[0].FailedAt.IsZero() {
		if attempts++; attempts > 30 {
			t.Fatal("it is tried for ever")
		}
		b.once()
		job := b.note("fern", "k").Work.Jobs[0]
		if job.Attempts != attempts || job.IsRunning() || job.LastError != "no room for [email]" {
			t.Fatalf("after attempt %d: %+v", attempts, job)
		}
		gap := job.DueAt.Sub(b.clock.Now())
		if job.FailedAt.IsZero() && gap < last*4/6 {
			t.Errorf("a gap of %s after one of %s", gap, last)
		}
		last = gap
		b.clock.Move(gap)
	}
	if took := b.clock.Now().Sub(since); attempts != 12 || took < 48*time.Hour || took > 72*time.Hour {
		t.Errorf("given up after %d attempts in %s", attempts, took)
	}
	if b.once(); len(b.did) != attempts {
		t.Error("a failed job was done")
	}
	failed, err := b.List(t.Context(), Failed, 10)
	if err != nil || len(failed) != 1 || failed[0].ID != id || failed[0].Shop != "fern" ||
		failed[0].Key != "k" {
		t.Fatalf("failed: %+v, %v", failed, err)
	}
	if err := b.Retry(t.Context(), "another"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("an unknown job: %v", err)
	}
	b.err = nil
	if err := b.Retry(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if done := b.once(); done != 1 || !b.note("fern", "k").Work.IsZero() {
		t.Errorf("retried: %d done", done)
	}
}

func TestStubbornKindsAreNeverGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.err = errors.New("silence")
	b.ask("fern", "k", Request{Kind: "stubborn", At: noon()})
	for _, gap := range []time.Duration{time.Second, time.Hour, time.Hour, time.Hour} {
		before := len(b.did)
		b.once()
		b.clock.Move(gap - time.Millisecond)
		if b.once(); len(b.did) != before+1 {
			t.Errorf("tried before a gap of %s was over", gap)
		}
		b.clock.Move(time.Millisecond)
	}
	if b.note("fern", "k").Work.Jobs[0].HasFailed() {
		t.Error("given up")
	}
}

// TestLeasesKeepProcessesApart checks that only one process runs a job at a time, that another may take it
// once the lease has expired, and that the first one's result is then ignored.
func TestLeasesKeepProcessesApart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.ask("fern", "k", quick("1"))
	other := &Runner{Engine: b.Engine, Log: b.Log, Now: b.clock.Now, Sources: b.Sources}
	b.do = func(ctx context.Context) {
		b.do = func(context.Context) {}
		if done, err := other.Once(ctx); done != 0 || err != nil {
			t.Errorf("beside the first: %d done, %v", done, err)
		}
		if running, err := b.List(ctx, Running, 10); err != nil || len(running) != 1 || running[0].ID != id {
			t.Errorf("running: %+v, %v", running, err)
		}
		b.clock.Move(leaseTime)
		if done, err := other.Once(ctx); done != 1 || err != nil {
			t.Errorf("after the lease: %d done, %v", done, err)
		}
	}
	if done := b.once(); done != 0 {
		t.Error("the job was done twice")
	}
	if n := b.note("fern", "k"); n.Title != "1" {
		t.Errorf("title %q", n.Title)
	}
}

// TestARequestWhileTheJobRunsIsDoneToo checks that finishing a job does not remove a request added while it
// was running.
func TestARequestWhileTheJobRunsIsDoneToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask("fern", "k", quick("1"))
	b.do = func(context.Context) {
		b.do = func(context.Context) {}
		b.ask("fern", "k", quick("1"))
	}
	b.once()
	if done := b.once(); done != 1 || len(b.did) != 2 {
		t.Errorf("%d done at last, %v", done, b.did)
	}
}

// TestAStoppedJobIsDueAtOnce checks that a process that is stopped releases its jobs without counting an
// attempt.
func TestAStoppedJobIsDueAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask("fern", "k", quick("1"))
	ctx, stop := context.WithCancel(t.Context())
	b.do = func(context.Context) { stop() }
	b.err = context.Canceled
	if _, err := b.Once(ctx); err != nil {
		t.Error(err)
	}
	if j := b.note("fern", "k").Work.Jobs[0]; j.IsRunning() || j.Attempts != 0 || !j.IsDue(b.clock.Now()) {
		t.Errorf("%+v", j)
	}
}

// TestAJobThatWaitsForAnotherCountsNoAttempt checks that the waiting job counts no attempt and is retried
// in a minute.
func TestAJobThatWaitsForAnotherCountsNoAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask("fern", "k", quick("1"))
	b.err = Waits("the other one")
	if done, err := b.Once(t.Context()); done != 0 || err != nil {
		t.Errorf("%d done, %v", done, err)
	}
	if j := b.note("fern", "k").Work.Jobs[0]; j.Attempts != 0 || j.DueAt != noon().Add(time.Minute) {
		t.Errorf("%+v", j)
	}
}

// TestSlowJobsHoldNoOtherUp checks that other jobs are done even when the slow lane is full and many slow
// jobs are waiting.
func TestSlowJobsHoldNoOtherUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 2 * batch {
		b.ask("fern", string(rune('a'+i%26))+time.Duration(i).String(),
			Request{Kind: "slow", At: noon().Add(-time.Hour), Slow: true})
	}
	b.ask("fern", "k", quick("1"))
	release := make(chan struct{})
	handled := make(chan string, 3*batch)
	documents := b.Sources[0].(Documents[note])
	documents.Kinds = map[string]Kind[note]{
		"quick": {Do: func(context.Context, Task[note]) (Finish[note],
			error) {
			handled <- "quick"
			return nil, nil
		}},
		"slow": {Slow: true, Do: func(context.Context, Task[note]) (Finish[note],
			error) {
			<-release
			return nil, nil
		}},
	}
	b.Sources = []Source{documents}
	done, err := b.round(t.Context())
	if err != nil || done != 1 || <-handled != "quick" {
		t.Errorf("%d done, %v", done, err)
	}
	close(release)
	b.busy.Wait()
}

// TestJobsYieldToRequests checks that jobs wait for requests in flight, but only for a limited time.
func TestJobsYieldToRequests(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var asked atomic.Int64
	b.InFlight = func() int { asked.Add(1); return 1 }
	b.ask("fern", "k", quick("1"))
	begun := time.Now()
	if done := b.once(); done != 1 || time.Since(begun) < yieldTime || asked.Load() < 3 {
		t.Errorf("%d done after %s", done, time.Since(begun))
	}
	var left atomic.Int64
	left.Store(3)
	b.InFlight = func() int { return int(max(0, left.Add(-1))) }
	b.ask("fern", "k", quick("2"))
	if done := b.once(); done != 1 || left.Load() > 0 {
		t.Errorf("%d done with requests left: %d", done, left.Load())
	}
}

// unreachable is a store whose Scan fails while down is set.
type unreachable struct {
	storage.Engine
	down atomic.Bool
}

func (u *unreachable) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	if u.down.Load() {
		return nil, storage.ErrUnavailable
	}
	return u.Engine.Scan(ctx, collection, s)
}

func TestAnOutageOfTheStoreIsLoggedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	store, log := &unreachable{Engine: b.Engine}, &bytes.Buffer{}
	b.Engine, b.Log = store, slog.New(slog.NewTextHandler(log, nil))
	look, failing := b.Beat(), false
	for _, down := range []bool{true, true, false, false} {
		store.down.Store(down)
		failing = b.noteLook(t.Context(), look(t.Context()), failing)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 || strings.Count(log.String(),
		"run again") != 1 {
		t.Errorf("the log:\n%s", log)
	}
}

func TestStatsCountByKind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask("fern", "a", Request{Kind: "quick", Args: Args{"n": "1"}, At: noon().Add(-time.Hour)})
	b.ask("oak", "a", quick("1"))
	b.ask("oak", "b", Request{Kind: "slow", At: noon().Add(time.Hour), Slow: true})
	stats, err := b.Stats(t.Context())
	want := map[string]Stats{"quick": {Due: 2, Oldest: time.Hour}, "slow": {}, "stubborn": {}}
	if diff := cmp.Diff(want, stats); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	scheduled, err := b.List(t.Context(), Scheduled, 10)
	if err != nil || len(scheduled) != 1 || scheduled[0].Kind != "slow" {
		t.Errorf("scheduled: %+v, %v", scheduled, err)
	}
}

func TestUnknownKindsFailAndBlockNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ask("fern", "a", Request{Kind: "of a later version", At: noon().Add(-time.Hour)})
	b.ask("fern", "a", quick("1"))
	if done, err := b.Once(t.Context()); done != 1 || err == nil {
		t.Errorf("%d done, %v", done, err)
	}
	if jobs := b.note("fern", "a").Work.Jobs; len(jobs) != 1 || jobs[0].Attempts != 1 ||
		jobs[0].LastError == "" {
		t.Errorf("%+v", jobs)
	}
}

func TestScheduleFollowsTheDocument(t *testing.T) {
	t.Parallel()
	var l List
	at := func(hours int) Request {
		return Request{Kind: "erase", At: noon().Add(time.Duration(hours) * time.Hour)}
	}
	l.Schedule(at(1))
	first := l.Jobs[0].ID
	if l.Schedule(at(1)); len(l.Jobs) != 1 || l.Jobs[0].ID != first {
		t.Errorf("scheduled for the same time: %+v", l.Jobs)
	}
	if l.Schedule(at(2)); len(l.Jobs) != 1 || l.Jobs[0].ID == first ||
		!l.DueAt.Equal(noon().Add(2*time.Hour)) {
		t.Errorf("for another time: %+v", l)
	}
	l.take(noon().Add(2*time.Hour), "lease", false)
	if l.Schedule(at(3)); len(l.Jobs) != 2 {
		t.Errorf("while it runs: %+v", l.Jobs)
	}
	if l.Schedule(Request{Kind: "erase"}); len(l.Jobs) != 1 || !l.Jobs[0].IsRunning() {
		t.Errorf("never: %+v", l.Jobs)
	}
}

func TestEnsureSharesAJobThatWaitsLongEnough(t *testing.T) {
	t.Parallel()
	var l List
	r := Request{Kind: "count", Args: Args{"month": "2026-03"}, At: noon().Add(3 * time.Second)}
	for i, test := range []struct {
		earliest time.Time
		want     int
	}{{noon(), 1}, {noon().Add(3 * time.Second), 1}, {noon().Add(3*time.Second + time.Millisecond), 2}} {
		if l.Ensure(r, test.earliest); len(l.Jobs) != test.want {
			t.Errorf("%d: %d jobs, want %d", i, len(l.Jobs), test.want)
		}
	}
	l = List{}
	l.Ensure(r, noon())
	l.take(noon().Add(time.Minute), "lease", false)
	if l.Ensure(r, noon()); len(l.Jobs) != 2 {
		t.Errorf("a running job was shared: %+v", l.Jobs)
	}
}
