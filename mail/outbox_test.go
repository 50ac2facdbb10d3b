package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"postern/storage"
)

func TestAdd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.add("fern", Entry{
		Kind: SignIn, To: "jana@kunde.example", Lang: "cs", Payload: map[string]string{"path": "/orders"},
		State: Sent, Attempts: 7, Lease: "mine", SentAt: start,
	})
	if u, err := uuid.Parse(id); err != nil || u.Version() != 7 {
		t.Errorf("id %q is no UUIDv7", id)
	}
	want := Entry{
		Kind: SignIn, To: "jana@kunde.example", Lang: "cs", Payload: map[string]string{"path": "/orders"},
		State: Waiting, CreatedAt: start, NextAt: start,
	}
	if diff := cmp.Diff(want, b.entry("fern", id)); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}

// TestThrottledEntryNeverWaits checks that a throttled entry is dropped from the start, is never processed,
// even while the mail server is down, and is deleted within an hour.
func TestThrottledEntryNeverWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.post.closed = errors.New("connection refused")
	id := b.add("fern", Entry{Kind: SignIn, To: "jana@kunde.example", Payload: map[string]string{"a": "b"},
		Throttled: true})
	first := b.entry("fern", id)
	if first.State != Dropped || first.Payload != nil || first.NextAt.After(start.Add(time.Hour)) {
		t.Errorf("entry %+v", first)
	}
	b.cycle()
	if diff := cmp.Diff(first, b.entry("fern", id)); diff != "" || len(b.saw) != 0 {
		t.Errorf("%d composed, entry %s", len(b.saw), diff)
	}
	b.clock.Set(first.NextAt)
	if n, err := b.box("fern").Sweep(t.Context(), 10); err != nil || n != 1 {
		t.Errorf("%d swept, %v", n, err)
	}
}

// TestDeferredEntriesComeLast checks that deferred entries are sent only when no others are waiting, even
// ones added later, and that they expire after an hour.
func TestDeferredEntriesComeLast(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.Batch, b.Conns = 2, 1
	var ids []string
	for range 30 {
		ids = append(ids, b.add("fern", Entry{Kind: SignIn, To: "jana@kunde.example", State: Deferred}))
	}
	b.add("fern", Entry{Kind: SignIn, To: "late@kunde.example"})
	b.cycle()
	if len(b.post.sent) == 0 || b.post.sent[0].To != "late@kunde.example" {
		t.Errorf("%d sent, the first %+v", len(b.post.sent), b.post.sent)
	}
	b.post.closed, b.post.sent = errors.New("connection refused"), nil
	b.clock.Set(start.Add(time.Hour + time.Millisecond))
	if _, err := b.box("fern").Sweep(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if left := len(b.list("fern", Deferred)); left != 0 {
		t.Errorf("%d of %d wait longer than an hour", left, len(ids))
	}
}

// TestNothingWaitsForEver checks that with the mail server down a sweep fails entries that are too old and
// later deletes them.
func TestNothingWaitsForEver(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.post.closed = errors.New("connection refused")
	for range 5 {
		b.add("fern", Entry{Kind: SignIn})
		b.add("fern", Entry{Kind: "order"})
	}
	for _, step := range []struct {
		at              time.Duration
		waiting, failed int
	}{{24*time.Hour - time.Millisecond, 10, 0}, {24*time.Hour + time.Millisecond, 5, 5},
		{72*time.Hour + time.Millisecond, 0, 10}, {72*time.Hour + Keep + time.Second, 0, 0}} {
		b.clock.Set(start.Add(step.at))
		b.cycle()
		if _, err := b.box("fern").Sweep(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		if waiting, failed := len(b.list("fern", Waiting)), len(b.list("fern",
			Failed)); waiting != step.waiting || failed != step.failed {
			t.Errorf("after %s: %d wait, %d failed, want %d and %d", step.at, waiting, failed,
				step.waiting, step.failed)
		}
	}
}

func TestAddOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, to := range []string{"first@kunde.example", "second@kunde.example"} {
		id, err := b.box("fern").AddOnce(t.Context(), "order-1001-sent", Entry{Kind: "order", To: to})
		if err != nil || id != "order-1001-sent" {
			t.Fatalf("id %q, error %v", id, err)
		}
	}
	if got := b.entry("fern", "order-1001-sent").To; got != "first@kunde.example" {
		t.Errorf("the second writes over the first: %s", got)
	}
	if n := len(b.list("fern", Waiting)); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var want []string
	for i := range 5 {
		id := b.add("fern", Entry{Kind: "order", CreatedAt: start.Add(time.Duration(i) * time.Minute),
			Payload: map[string]string{"a": "b"}})
		want = append([]string{id}, want...)
	}
	b.add("oak", Entry{Kind: "order"})
	var got []string
	cursor := ""
	for range 3 {
		page, err := b.box("fern").List(t.Context(), Waiting, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range page.Hits {
			got = append(got, hit.Key)
			if hit.Head.Payload != nil || hit.Head.To == "" {
				t.Errorf("head %+v", hit.Head)
			}
		}
		cursor = page.Next
	}
	if diff := cmp.Diff(want, got); diff != "" || cursor != "" {
		t.Errorf("cursor %q, ids (-want +got):\n%s", cursor, diff)
	}
	if _, err := b.box("fern").List(t.Context(), Waiting, "edited", 2); !errors.Is(err, storage.ErrCursor) {
		t.Errorf("an edited cursor gives %v", err)
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	old := start.Add(-10 * 24 * time.Hour)
	for _, test := range []struct {
		name   string
		answer error
		drop   bool
		state  string // before resending
		unsure bool   // Unsure as the Composer gets it the second time
		err    error
	}{
		{name: "failed", answer: refusal(550), state: Failed},
		{name: "failed in doubt", answer: &Failure{Unsure: true, Reason: "550"}, state: Failed, unsure: true},
		{name: "sent", state: Sent, unsure: true},
		{name: "dropped", drop: true, state: Dropped, err: ErrDrop},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, "fern")
			b.clock.Set(old)
			b.post.answers = []error{test.answer, nil}
			if test.drop {
				b.fails = ErrDrop
			}
			payload := map[string]string{"path": "/orders"}
			id := b.add("fern", Entry{Kind: SignIn, Payload: payload})
			b.cycle()
			if e := b.entry("fern", id); e.State != test.state {
				t.Fatalf("state %s", e.State)
			}
			b.clock.Set(start)
			if err := b.box("fern").Resend(t.Context(), id); !errors.Is(err, test.err) {
				t.Fatalf("resend: %v", err)
			}
			if test.err != nil {
				return
			}
			if sent := b.cycle(); sent != 1 {
				t.Fatalf("%d sent, entry %+v", sent, b.entry("fern", id))
			}
			if again := b.saw[1]; again.Attempts != 0 || again.Unsure != test.unsure ||
				!again.CreatedAt.Equal(old) {
				t.Errorf("the Composer got %+v", again)
			}
			if diff := cmp.Diff(payload, b.saw[1].Payload); diff != "" {
				t.Errorf("payload (-want +got):\n%s", diff)
			}
		})
	}
}

// TestResendWaiting checks that Resend makes a waiting entry due now but leaves one that is being sent
// unchanged.
func TestResendWaiting(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.post.answers = []error{refusal(451)}
	id := b.add("fern", Entry{Kind: SignIn})
	resend := func() {
		t.Helper()
		if err := b.box("fern").Resend(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	b.post.during = func(context.Context, Message) {
		before := b.entry("fern", id)
		resend()
		if diff := cmp.Diff(before, b.entry("fern", id)); diff != "" || before.Lease == "" {
			t.Errorf("an entry in hand changed (-before +after):\n%s", diff)
		}
	}
	b.cycle()
	want := b.entry("fern", id)
	resend()
	want.NextAt = start
	if diff := cmp.Diff(want, b.entry("fern", id)); diff != "" {
		t.Errorf("a waiting entry (-want +got):\n%s", diff)
	}
	if err := b.box("fern").Resend(t.Context(), "none"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("resending none: %v", err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.Batch = 100
	b.post.answers = []error{nil, nil, nil, refusal(550), refusal(451)}
	for i := range 5 {
		b.add("fern", Entry{Kind: "order", CreatedAt: start.Add(time.Duration(i-10) * time.Second)})
	}
	b.add("fern", Entry{Kind: "order", Throttled: true, CreatedAt: start})
	b.cycle()
	counts := func() string {
		return fmt.Sprint(len(b.list("fern", Sent)), len(b.list("fern", Dropped)),
			len(b.list("fern", Failed)), len(b.list("fern", Waiting)))
	}
	for _, step := range []struct {
		at      time.Time
		deleted int
		left    string
	}{
		{start.Add(keepThrottled - time.Millisecond), 0, "3 1 1 1"},
		{start.Add(keepThrottled), 1, "3 0 1 1"},
		{start.Add(Keep - time.Millisecond), 0, "3 0 2 0"}, // the waiting one has expired
		{start.Add(Keep), 4, "0 0 1 0"},                    // the sent ones, in two batches
		{start.Add(2 * Keep), 1, "0 0 0 0"},
	} {
		b.clock.Set(step.at)
		n, err := b.box("fern").Sweep(t.Context(), 2)
		if err != nil || n != step.deleted || counts() != step.left {
			t.Errorf("at %s: %d deleted, left %s, error %v; want %d and %s", step.at, n, counts(), err,
				step.deleted, step.left)
		}
	}
}

// stubborn is a store in which every Delete conflicts with another change.
type stubborn struct{ storage.Engine }

func (stubborn) Delete(context.Context, string, string, storage.Version) error {
	return storage.ErrConflict
}

// TestSweepEnds checks that a sweep ends even if it cannot delete anything of a full batch.
func TestSweepEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.add("fern", Entry{Kind: "order"})
	b.add("fern", Entry{Kind: "order"})
	b.cycle()
	b.clock.Set(start.Add(Keep))
	b.Engine = stubborn{b.Engine}
	if n, err := b.box("fern").Sweep(t.Context(), 2); err != nil || n != 0 {
		t.Errorf("%d deleted, error %v", n, err)
	}
}

// TestSweepFailed checks for each kind of failure that an entry is kept until the last moment at which
// staff may resend it.
func TestSweepFailed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer error
		age    time.Duration // the entry's age at start
	}{
		{"refused", refusal(550), 0},
		{"given up", nil, Life("order")},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, "fern")
			b.post.answers = []error{test.answer}
			id := b.add("fern", Entry{Kind: "order", CreatedAt: start.Add(-test.age),
				Payload: map[string]string{"path": "/orders"}})
			b.cycle()
			for _, step := range []struct {
				after   time.Duration
				deleted int
			}{{Keep - time.Millisecond, 0}, {Keep, 1}} {
				if e := b.entry("fern", id); e.State != Failed || e.Payload == nil {
					t.Fatalf("entry %+v", e)
				}
				b.clock.Set(start.Add(step.after))
				if n, err := b.box("fern").Sweep(t.Context(), 2); err != nil || n != step.deleted {
					t.Errorf("after %s: %d deleted, error %v", step.after, n, err)
				}
			}
		})
	}
}

// TestSweepSparesResent resends an entry, which fails again, between the sweep's scan and its deletion.
func TestSweepSparesResent(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.post.answers = []error{refusal(550), refusal(550)}
	id := b.add("fern", Entry{Kind: "order"})
	b.cycle()
	b.clock.Set(start.Add(Keep))
	if err := b.box("fern").Resend(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.cycle()
	if gone, err := b.box("fern").remove(t.Context(), id, Failed); err != nil || gone != 0 {
		t.Errorf("%d deleted, error %v", gone, err)
	}
	if e := b.entry("fern", id); e.State != Failed || !e.NextAt.Equal(start.Add(2*Keep)) {
		t.Errorf("entry %+v", e)
	}
}

// TestResentHasAMessageIDOfItsOwn checks that a resent email has a new Message-ID, since mailboxes hide a
// second message with the same one.
func TestResentHasAMessageIDOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	id := b.add("fern", Entry{Kind: "order"})
	b.cycle()
	if err := b.box("fern").Resend(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.cycle()
	if sent := b.post.sent; len(sent) != 2 || sent[0].ID != id+"@fern.example" || sent[1].ID == sent[0].ID {
		t.Errorf("sent %+v", sent)
	}
}

func TestOverdue(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.post.answers = []error{nil, refusal(550)}
	ask := func(name string, want time.Duration) {
		t.Helper()
		if got, err := b.box("fern").Overdue(t.Context()); err != nil || got != want {
			t.Errorf("%s: %s, error %v; want %s", name, got, err, want)
		}
	}
	ask("nothing there", 0)
	b.add("fern", Entry{Kind: "order", CreatedAt: start.Add(-time.Hour), NextAt: start.Add(time.Minute)})
	b.add("oak", Entry{Kind: "order", CreatedAt: start.Add(-time.Hour)})
	ask("nothing due", 0)
	b.add("fern", Entry{Kind: "order", CreatedAt: start.Add(-time.Hour), NextAt: start.Add(-time.Second)})
	b.add("fern", Entry{Kind: "order", CreatedAt: start.Add(-2 * time.Second)})
	ask("the longest due, not the oldest", 2*time.Second)
	b.clock.Move(time.Minute)
	ask("a minute later", 62*time.Second)
	b.cycle()
	ask("all sent or failed", 0)
}

func TestReason(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ in, want string }{
		"address":        {"550 <jana@kunde.example>: unknown", "550 <address>: unknown"},
		"other address":  {"550 JANA@Kunde.example, eve+x@a.b", "550 <address>, <address>"},
		"quoted address": {`550 "a b"@kunde.example unknown`, "550 <address> unknown"},
		"link": {"554 bad URL https://s.example/sign-in/link/a1B2c3D4-e5F6g7H8_i9J0k1L2m3N4 found",
			"554 bad URL https://s.example/sign-in/link/… found"},
		"lines":         {"550 a\r\nb\x00c", "550 a  b c"},
		"long":          {strings.Repeat("héron, ", 200), strings.Repeat("héron, ", 23) + "héron…"},
		"one long word": {strings.Repeat("é.", 200), strings.Repeat("é.", 65) + "é…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := reason(errors.New(test.in), `"a b"@kunde.example`)
			if got != test.want || len(got) > maxReason {
				t.Errorf("got %q, %d bytes, want %q", got, len(got), test.want)
			}
		})
	}
}
