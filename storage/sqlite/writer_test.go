package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
)

type sheet = map[string]any

// stopped returns a writer whose goroutine does not run, so that the test decides which jobs form a group.
func stopped(t *testing.T) *writer {
	t.Helper()
	s := openSample(t)
	c, err := openWriter(s.path(), syncFull)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &writer{conn: c, layout: s.writer.layout, queue: make(chan *job, queueLength)}
}

// note returns a job that inserts a counter.
func note(key string, err error) *job {
	return &job{result: make(chan error, 1), do: func(c *conn) error {
		return errors.Join(c.exec(`INSERT INTO _counters (key, n, expires) VALUES (?, 1, 1)`, key), err)
	}}
}

func notes(t *testing.T, c *conn) int {
	t.Helper()
	var n int
	if err := c.row(`SELECT count(*) FROM _counters`, nil, &n); err != nil {
		t.Fatalf("count: %v", err)
	}
	return n
}

func commitAll(w *writer, jobs ...*job) []error {
	for _, j := range jobs[1:] {
		w.queue <- j
	}
	w.commit(jobs[0])
	var errs []error
	for _, j := range jobs {
		select {
		case err := <-j.result:
			errs = append(errs, err)
		default:
			errs = append(errs, errors.New("no result"))
		}
	}
	return errs
}

func TestAGroupIsOneCommit(t *testing.T) {
	t.Parallel()
	w := stopped(t)
	var jobs []*job
	for i := range 300 {
		jobs = append(jobs, note(fmt.Sprint(i), nil))
	}
	if err := errors.Join(commitAll(w, jobs...)...); err != nil {
		t.Error(err)
	}
	if got := w.commits.Load(); got != 1 {
		t.Errorf("%d commits, want 1", got)
	}
	if got := notes(t, w.conn); got != 300 {
		t.Errorf("%d writes, want 300", got)
	}
}

func TestAGroupHasABound(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"writes": 0, "bytes": maxGroupBytes / 4} {
		t.Run(name, func(t *testing.T) {
			w := stopped(t)
			for i := range maxGroup + 10 {
				j := note(fmt.Sprint(i), nil)
				j.size = size
				w.queue <- j
			}
			w.commit(<-w.queue)
			want := map[int]int{0: maxGroup, maxGroupBytes / 4: 4}[size]
			if got := notes(t, w.conn); got != want {
				t.Errorf("%d writes in the commit, want %d", got, want)
			}
		})
	}
}

func TestAFailedWriteTakesNoOtherWithIt(t *testing.T) {
	t.Parallel()
	w, failure := stopped(t), errors.New("failure")
	errs := commitAll(w, note("a", nil), note("b", failure), note("c", nil))
	if errs[0] != nil || !errors.Is(errs[1], failure) || errs[2] != nil {
		t.Errorf("errors %v", errs)
	}
	if got := notes(t, w.conn); got != 2 {
		t.Errorf("%d writes, want 2", got)
	}
	refusal := &job{result: make(chan error, 1), do: func(*conn) error { return storage.ErrConflict }}
	errs = commitAll(w, note("d", nil), refusal, note("e", nil))
	if errs[0] != nil || !errors.Is(errs[1], storage.ErrConflict) || errs[2] != nil {
		t.Errorf("errors beside a refusal %v", errs)
	}
	if got := notes(t, w.conn); got != 4 {
		t.Errorf("%d writes, want 4", got)
	}
}

func TestAFailedCommitFailsTheGroup(t *testing.T) {
	t.Parallel()
	breaks := map[string]struct {
		statement string
		err       error
	}{
		"the transaction is gone": {`ROLLBACK`, errors.New("disk error")}, // SQLite ends a transaction only with an error
		"COMMIT refuses":          {`INSERT INTO child VALUES (1)`, nil},  // a deferred constraint fails on commit
	}
	for name, fatal := range breaks {
		t.Run(name, func(t *testing.T) {
			w := stopped(t)
			setup := errors.Join(
				w.conn.exec(`CREATE TABLE parent (id INTEGER PRIMARY KEY)`),
				w.conn.exec(`CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`),
				w.conn.exec(`PRAGMA foreign_keys = ON`),
			)
			if setup != nil {
				t.Fatal(setup)
			}
			breaking := &job{result: make(chan error, 1),
				do: func(c *conn) error { return errors.Join(c.exec(fatal.statement), fatal.err) }}
			for i, err := range commitAll(w, note("a", nil), breaking, note("b", nil)) {
				if err == nil || err.Error() == "no result" {
					t.Errorf("write %d: %v, want the group's error", i, err)
				}
			}
			if got := notes(t, w.conn); got != 0 {
				t.Errorf("%d writes, want none", got)
			}
			if err := errors.Join(commitAll(w, note("later", nil))...); err != nil {
				t.Errorf("the next group: %v", err)
			}
		})
	}
}

func TestParallelWritesShareCommits(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	docs := storage.Open[sheet](s, "s", sample())
	const writes = 400
	release := occupy(t, s)
	var group sync.WaitGroup
	for i := range writes {
		group.Go(func() {
			if err := docs.Insert(t.Context(), fmt.Sprint(i), sheet{}); err != nil {
				t.Errorf("insert: %v", err)
			}
		})
	}
	for len(s.writer.queue) < writes-1 { // the first waits for the lock
		runtime.Gosched()
	}
	release()
	group.Wait()
	if got := s.writer.commits.Load(); got != 1 {
		t.Errorf("%d commits for %d writes that waited together, want 1", got, writes)
	}
}

// occupy takes the write lock as another process would, and returns the function that releases it.
func occupy(t *testing.T, s *Store) (release func()) {
	t.Helper()
	c, err := openWriter(s.path(), syncFull)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if err := c.exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatalf("begin: %v", err)
	}
	return func() {
		if err := errors.Join(c.exec(`ROLLBACK`), c.close()); err != nil {
			t.Errorf("release: %v", err)
		}
	}
}

func TestAWriteWaitsForAnotherProcess(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	docs := storage.Open[sheet](s, "s", sample())
	release := occupy(t, s)
	done := make(chan error, 1)
	go func() { done <- docs.Insert(t.Context(), "k", sheet{}) }()
	if _, _, err := docs.Get(t.Context(), "k"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a reader beside it: %v, want ErrNotFound", err)
	}
	release()
	if err := <-done; err != nil {
		t.Errorf("insert: %v", err)
	}
}

func TestAWriteThatWaitsTooLongSaysWhy(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	s.writer.conn.wait = time.Millisecond
	release := occupy(t, s)
	defer release()
	err := storage.Open[sheet](s, "s", sample()).Insert(t.Context(), "k", sheet{})
	if err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("insert: %v, want an error that names another process", err)
	}
}

func TestAWriteGivenUpWhileItWaitsIsNotApplied(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	docs := storage.Open[sheet](s, "s", sample())
	release := occupy(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	for _, key := range []string{"a", "b"} {
		go func() { done <- docs.Insert(ctx, key, sheet{}) }()
	}
	for len(s.writer.queue) != 1 { // one waits for the lock, the other in the queue
		runtime.Gosched()
	}
	cancel()
	for range 2 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("insert: %v, want context.Canceled while the other process still writes", err)
		}
	}
	release()
	if err := docs.Insert(t.Context(), "later", sheet{}); err != nil {
		t.Fatalf("insert: %v", err)
	}
	for _, key := range []string{"a", "b"} {
		if _, _, err := docs.Get(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("get: %v, want ErrNotFound", err)
		}
	}
}

func TestReplaceTouchesOnlyIndexRowsThatDiffer(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	docs := storage.Open[sheet](s, "s", sample())
	if err := docs.Insert(t.Context(),
		"k", sheet{"tags": []string{"a", "b", "c"}, "title": "t"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		next sheet
		want int // rows written: the body and those of the index
	}{
		{"a field that no index has", sheet{"tags": []string{"a", "b", "c"}, "title": "t", "x": 1}, 1},
		{"the same elements otherwise ordered", sheet{"tags": []string{"c", "b", "a", "a"}, "title": "t"}, 1},
		{"an element for another", sheet{"tags": []string{"a", "b", "d"}, "title": "t"}, 3},
		{"the head", sheet{"tags": []string{"a", "b", "d"}, "title": "u"}, 4},
	} {
		before := totalChanges(t, s)
		if _, err := docs.Put(t.Context(),
			"k", func(d *sheet, _ bool) error { *d = c.next; return nil }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, totalChanges(t, s)-before); diff != "" {
			t.Errorf("%s: rows written (-want +got):\n%s", c.name, diff)
		}
	}
}

// totalChanges returns the number of rows the writer has changed so far.
func totalChanges(t *testing.T, s *Store) int {
	t.Helper()
	var n int
	err := s.writer.submit(t.Context(),
		0, func(c *conn) error { return c.row(`SELECT total_changes()`, nil, &n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExpiredCountersBecomeFewer(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	now := timeAt(1_000_000)
	for i := range 50 {
		if _, err := s.Increment(t.Context(), now,
			[]storage.Count{{Key: fmt.Sprint(i), By: 1, Expires: now.Add(time.Second)},
				{Key: "long", By: 1, Expires: now.Add(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := storedCounters(t, s); got != 51 {
		t.Errorf("%d counters", got)
	}
	later := now.Add(time.Minute)
	for range 20 {
		if _, err := s.Increment(t.Context(), later,
			[]storage.Count{{Key: "long", By: 1, Expires: later}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := storedCounters(t, s); got != 1 {
		t.Errorf("%d counters are left, want the living one", got)
	}
}

func storedCounters(t *testing.T, s *Store) int {
	t.Helper()
	n := 0
	err := s.writer.submit(t.Context(), 0, func(c *conn) error {
		n = notes(t, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
