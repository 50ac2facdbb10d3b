package mail

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// meet returns a function that blocks its callers until n of them have called it.
func meet(n int) func() {
	var group sync.WaitGroup
	group.Add(n)
	return func() {
		group.Done()
		group.Wait()
	}
}

// TestParallel passes only if as many emails are sent at a time as there are connections, each over a
// different one.
func TestParallel(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern", "oak")
	b.Conns = 3
	wait := meet(3)
	b.post.during = func(context.Context, Message) { wait() }
	for _, shop := range []string{"fern", "fern", "oak"} {
		b.add(shop, Entry{Kind: "order"})
	}
	if n := b.cycle(); n != 3 || b.post.connections != 3 || b.post.open != 0 {
		t.Errorf("%d sent over %d connections, %d left open", n, b.post.connections, b.post.open)
	}
}

// TestFewConnections uses a server that allows fewer connections than configured. All emails are sent over
// those, without a backoff.
func TestFewConnections(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.Conns, b.post.most = 4, 2
	refused := make(chan struct{})
	b.post.refused = sync.OnceFunc(func() { close(refused) })
	b.post.during = func(context.Context, Message) { <-refused }
	for range 30 {
		b.add("fern", Entry{Kind: "order"})
	}
	if n := b.cycle(); n != 30 || b.post.connections > 2 || b.pool.backingOff() {
		t.Errorf("%d sent over %d connections", n, b.post.connections)
	}
}

// TestKeptConnection ends a connection while it is kept between two beats. The email that finds this out is
// sent immediately over another connection.
func TestKeptConnection(t *testing.T) {
	t.Parallel()
	down := &Failure{Temporary: true, Down: true, Reason: "421 too long"}
	for _, test := range []struct {
		name        string
		kept        time.Duration
		answers     []error
		connections int
		want        Entry
	}{
		{"alive", time.Second, []error{nil}, 1, Entry{State: Sent, Attempts: 1}},
		{"kept too long", idleTime, []error{nil}, 2, Entry{State: Sent, Attempts: 1}},
		{"ended", time.Second, []error{down, nil}, 2, Entry{State: Sent, Attempts: 1}},
		{"ended for good", time.Second, []error{down}, 2, Entry{State: Waiting, Attempts: 1}},
		{"lost in doubt", time.Second, []error{lost(), nil}, 1,
			Entry{State: Waiting, Attempts: 1, Unsure: true}},
		{"refused", time.Second, []error{refusal(451), nil}, 1, Entry{State: Waiting, Attempts: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, "fern")
			b.defaults()
			beat := func() {
				if _, err := b.Dispatcher.cycle(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			b.add("fern", Entry{Kind: "order"})
			beat()
			b.clock.Move(test.kept)
			b.pool.tidy()
			b.post.answers = test.answers
			id := b.add("fern", Entry{Kind: "order"})
			beat()
			e := b.entry("fern", id)
			if diff := cmp.Diff(test.want,
				Entry{State: e.State, Attempts: e.Attempts, Unsure: e.Unsure}); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
			if b.post.connections != test.connections {
				t.Errorf("%d connections, want %d", b.post.connections, test.connections)
			}
		})
	}
}

// TestPutBack loses the server while four emails are being processed, two of which are being sent. The
// other two are released unchanged.
func TestPutBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.Conns = 2
	for range 6 {
		b.add("fern", Entry{Kind: "order"})
	}
	composed, sending := meet(4), meet(2)
	compose := b.Compose
	b.Compose = func(ctx context.Context, shop, id string, e Entry) (Message, error) {
		composed()
		return compose(ctx, shop, id, e)
	}
	b.post.during = func(context.Context, Message) { sending() }
	b.post.answers = []error{lost()}
	if n := b.cycle(); n != 0 {
		t.Fatalf("%d sent", n)
	}
	type fate struct {
		attempts         int
		unsure, composed bool
	}
	got := map[fate]int{}
	for _, hit := range b.list("fern", Waiting) {
		e := b.entry("fern", hit.Key)
		if e.Lease != "" || e.NextAt.After(start.Add(15*time.Second)) {
			t.Errorf("entry %+v", e)
		}
		got[fate{e.Attempts, e.Unsure, e.Composed}]++
	}
	want := map[fate]int{{attempts: 1, unsure: true}: 2, {composed: true}: 2, {}: 2}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(fate{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	b.Compose, b.post.during, b.post.answers = compose, nil, nil
	b.clock.Set(start.Add(minBackoff))
	if n := b.cycle(); n != 4 {
		t.Errorf("%d sent when the server is back", n)
	}
}

// TestSaysOnce checks that a fault found by several goroutines is reported once.
func TestSaysOnce(t *testing.T) {
	t.Parallel()
	r := &cycle{Dispatcher: &Dispatcher{Log: slog.New(slog.DiscardHandler)}, faulty: map[string]bool{}}
	for _, text := range []string{"away", "away", "full"} {
		r.fault("fern", errors.New(text))
	}
	if got := errors.Join(r.faults...).Error(); got != "away\nfull" {
		t.Errorf("said: %q", got)
	}
}

// TestPerMinute checks that the limit slows down only one shop and that its other emails are sent later.
func TestPerMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern", "oak")
	b.PerMinute = 6
	for range 16 {
		b.add("fern", Entry{Kind: "order"})
	}
	b.add("oak", Entry{Kind: "order"})
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 7}, {0, 0}, {5 * time.Second, 0}, {5 * time.Second, 1}, {20 * time.Second, 2}, {time.Hour, 6},
		{time.Hour, 1}} {
		b.clock.Move(step.after)
		if n := b.cycle(); n != step.want {
			t.Errorf("%s later: %d sent, want %d", step.after, n, step.want)
		}
	}
	if n := len(b.list("fern", Sent)); n != 16 {
		t.Errorf("%d sent in the end", n)
	}
}
