package mail

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
)

func TestSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	id := b.add("fern", Entry{Kind: SignIn, Payload: map[string]string{"path": "/orders"}})
	if n := b.cycle(); n != 1 {
		t.Fatalf("%d sent", n)
	}
	want := Entry{
		Kind: SignIn, To: "jana@kunde.example", Payload: map[string]string{"path": "/orders"}, State: Sent,
		CreatedAt: start,
		SentAt:    start, NextAt: start.Add(Keep), Attempts: 1,
	}
	if diff := cmp.Diff(want, b.entry("fern", id)); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if got := b.post.sent[0].ID; got != id+"@fern.example" {
		t.Errorf("Message-ID %s", got)
	}
	if n := b.cycle(); n != 0 {
		t.Errorf("sent again: %d", n)
	}
}

// TestMessageID checks that one key gives different Message-IDs in two shops, and that characters unfit for
// a header are replaced.
func TestMessageID(t *testing.T) {
	t.Parallel()
	a, b := messageID("fern", "order 1001>", time.Time{}, "x@s.example"), messageID("oak", "order 1001>",
		time.Time{}, "x@s.example")
	if a == b || a != messageID("fern", "order 1001>", time.Time{}, "x@s.example") ||
		strings.ContainsAny(a, " >") {
		t.Errorf("%s and %s", a, b)
	}
}

// TestUnsure checks how each outcome of an attempt sets Unsure, and the value that the next Composer gets.
func TestUnsure(t *testing.T) {
	t.Parallel()
	composing := errors.New("the store is away")
	for _, test := range []struct {
		name  string
		ends  []error // of each attempt; composing never reaches the server
		state string
		want  []bool // Unsure after each attempt
	}{
		{"sent", []error{nil}, Sent, []bool{false}},
		{"temporary", []error{refusal(451), nil}, Sent, []bool{false, false}},
		{"lost", []error{lost(), nil}, Sent, []bool{true, false}},
		{"lost, then refused for now", []error{lost(), refusal(451)}, Waiting, []bool{true, true}},
		{"lost, then refused", []error{lost(), refusal(550)}, Failed, []bool{true, true}},
		{"composing", []error{composing, nil}, Sent, []bool{false, false}},
		{"lost, then composing", []error{lost(), composing}, Waiting, []bool{true, true}},
		{"an unknown error", []error{errors.New("strange")}, Waiting, []bool{true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, "fern")
			id := b.add("fern", Entry{Kind: "order"})
			var got, saw []bool
			for _, end := range test.ends {
				b.fails, b.post.answers = nil, []error{end}
				if errors.Is(end, composing) {
					b.fails = composing
				}
				b.cycle()
				got = append(got, b.entry("fern", id).Unsure)
				b.clock.Move(time.Hour)
			}
			for _, e := range b.saw {
				saw = append(saw, e.Unsure)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || b.entry("fern", id).State != test.state {
				t.Errorf("state %s, unsure (-want +got):\n%s", b.entry("fern", id).State, diff)
			}
			if diff := cmp.Diff(append([]bool{false}, test.want[:len(test.want)-1]...), saw); diff != "" {
				t.Errorf("what the Composer got (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCrash crashes in the middle of sending. The entry is taken again, marked as unsure, once its lease
// has expired.
func TestCrash(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	id := b.add("fern", Entry{Kind: SignIn})
	b.post.during = func(context.Context, Message) { runtime.Goexit() } // ends the sending goroutine, like a crash
	b.cycle()
	b.post.during = nil
	if e := b.entry("fern", id); !e.Unsure || e.State != Waiting || e.Attempts != 1 {
		t.Errorf("behind the crash: %+v", e)
	}
	b.clock.Set(start.Add(leaseTime - time.Second))
	if n := b.cycle(); n != 0 {
		t.Errorf("taken while leased")
	}
	b.clock.Set(start.Add(leaseTime))
	if n := b.cycle(); n != 1 {
		t.Errorf("not taken after the lease")
	}
	if last := b.saw[len(b.saw)-1]; !last.Unsure || last.Attempts != 1 {
		t.Errorf("the Composer got %+v", last)
	}
}

// TestLostLease has a second dispatcher send the entry while the first hangs longer than its lease. The
// first one's result no longer changes anything.
func TestLostLease(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	id := b.add("fern", Entry{Kind: SignIn})
	second := &Dispatcher{Engine: b.Engine, Shops: b.Shops, Compose: b.Compose, Sender: &post{},
		Now: b.Now, Conns: 1}
	b.post.answers = []error{refusal(550)}
	b.post.during = func(context.Context, Message) {
		b.clock.Move(leaseTime)
		if n, err := second.Once(t.Context()); n != 1 || err != nil {
			t.Errorf("the second sent %d, error %v", n, err)
		}
	}
	if n, err := b.Once(t.Context()); n != 0 || err != nil || !strings.Contains(b.log.String(),
		"end not recorded") {
		t.Errorf("the first sent %d, error %v, log %s", n, err, b.log)
	}
	if e := b.entry("fern", id); e.State != Sent {
		t.Errorf("state %s", e.State)
	}
}

// sluggish is a store whose next write is slow.
type sluggish struct {
	storage.Engine
	write func()
}

func (s *sluggish) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	if s.write != nil {
		s.write()
		s.write = nil
	}
	return s.Engine.Replace(ctx, collection, r, read)
}

// TestSlowLease makes writing the lease slow. That time counts towards the attempt, which ends before the
// lease does.
func TestSlowLease(t *testing.T) {
	t.Parallel()
	const slow = 20 * time.Second
	b := newBench(t, "fern")
	b.Engine = &sluggish{b.Engine, func() { b.clock.Move(slow) }}
	id := b.add("fern", Entry{Kind: SignIn})
	var left time.Duration
	b.post.during = func(ctx context.Context, _ Message) {
		ends, _ := ctx.Deadline()
		left = time.Until(ends)
		if e := b.entry("fern", id); !e.NextAt.Equal(start.Add(leaseTime)) {
			t.Errorf("the lease ends at %s", e.NextAt)
		}
	}
	b.cycle()
	if left <= 0 || left > attemptTime-slow {
		t.Errorf("%s are left for the attempt, want at most %s", left, attemptTime-slow)
	}
}

func TestGaps(t *testing.T) {
	t.Parallel()
	for kind, life := range map[string]time.Duration{SignIn: 24 * time.Hour, "order": 72 * time.Hour} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t, "fern")
			b.post.answers = []error{refusal(451)}
			id := b.add("fern", Entry{Kind: kind})
			var gaps []time.Duration
			for range 200 {
				b.cycle()
				e := b.entry("fern", id)
				if e.State != Waiting {
					break
				}
				gaps = append(gaps, e.NextAt.Sub(b.clock.Now()))
				b.clock.Set(e.NextAt)
			}
			if e := b.entry("fern", id); e.State != Failed || !b.clock.Now().Equal(start.Add(life)) ||
				e.LastError != "451 no, <address>" {
				t.Errorf("ended %s after %s: %+v", e.State, b.clock.Now().Sub(start), e)
			}
			if gaps[0] > 30*time.Second || gaps[1] <= gaps[0] || gaps[8] < 48*time.Minute ||
				gaps[8] > 72*time.Minute {
				t.Errorf("gaps %v", gaps)
			}
		})
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	seen := map[time.Duration]bool{}
	for range 50 {
		g := gap(1)
		if g < 8*time.Second || g >= 12*time.Second {
			t.Fatalf("gap %s", g)
		}
		seen[g] = true
	}
	if len(seen) < 10 {
		t.Errorf("%d different gaps", len(seen))
	}
}

func TestDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.fails = fmt.Errorf("no such customer: %w", ErrDrop)
	asked := b.add("fern", Entry{Kind: SignIn, Payload: map[string]string{"a": "b"}})
	throttled := b.add("fern", Entry{Kind: SignIn, Payload: map[string]string{"a": "b"}, Throttled: true})
	b.cycle()
	for id, keep := range map[string]time.Duration{asked: keepDropped, throttled: keepThrottled} {
		if e := b.entry("fern", id); e.State != Dropped || e.Payload != nil ||
			!e.NextAt.Equal(start.Add(keep)) {
			t.Errorf("entry %+v", e)
		}
	}
	if len(b.post.sent) != 0 || len(b.saw) != 1 {
		t.Errorf("%d sent, %d composed; the throttled one reaches no Composer", len(b.post.sent), len(b.saw))
	}
}

// TestOutage keeps the server unreachable for hours. The dispatcher tries to connect at growing intervals,
// counts no attempts, and sends all emails when the server is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern", "oak")
	b.post.closed = errors.New("connection refused")
	ids := []string{b.add("fern", Entry{Kind: SignIn}), b.add("fern", Entry{Kind: SignIn}),
		b.add("oak", Entry{Kind: SignIn})}
	for range 6 * 3600 * 2 / 60 { // one beat a minute is enough
		b.clock.Move(time.Minute)
		b.cycle()
	}
	if len(b.saw) != 0 {
		t.Errorf("%d letters composed in vain", len(b.saw))
	}
	if e := b.entry("fern", ids[0]); e.LastError == "" || e.Unsure {
		t.Errorf("entry %+v", e)
	}
	b.post.closed = nil
	b.clock.Move(maxBackoff)
	if n := b.cycle(); n != len(ids) {
		t.Errorf("%d sent at its return", n)
	}
	if b.post.connections != 1 {
		t.Errorf("%d connections, want 1 for both shops", b.post.connections)
	}
	for i, shop := range []string{"fern", "fern", "oak"} {
		if e := b.entry(shop, ids[i]); e.Attempts != 1 {
			t.Errorf("%d attempts counted", e.Attempts)
		}
	}
}

func TestBackoffGrows(t *testing.T) {
	t.Parallel()
	var r backoff
	var got []time.Duration
	for range 7 {
		r = r.longer(start)
		got = append(got, r.until.Sub(start)/time.Second)
	}
	if diff := cmp.Diff([]time.Duration{1, 2, 4, 8, 16, 30, 30}, got); diff != "" {
		t.Errorf("backoffs in seconds (-want +got):\n%s", diff)
	}
}

// TestPoison fills one shop's outbox with emails that crash the server. The other shop's email is still
// sent.
func TestPoison(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern", "oak")
	for range 5 {
		b.add("fern", Entry{Kind: "order", To: "poison@kunde.example"})
	}
	b.add("oak", Entry{Kind: "order"})
	b.post.during = func(_ context.Context, m Message) {
		b.post.answers = []error{nil}
		if strings.HasPrefix(m.To, "poison") {
			b.post.answers = []error{lost()}
		}
	}
	for range 3 {
		b.cycle()
		b.clock.Move(maxBackoff)
	}
	if len(b.post.sent) != 1 || len(b.list("fern", Waiting)) != 5 {
		t.Errorf("%d sent, %d poisonous waiting", len(b.post.sent), len(b.list("fern", Waiting)))
	}
}

// TestBackoff checks that a cycle stops at the first sign that the server is down, and that the next one
// starts only after the backoff.
func TestBackoff(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern", "oak")
	for _, shop := range b.shops {
		b.add(shop, Entry{Kind: "order"})
		b.add(shop, Entry{Kind: "order"})
	}
	b.post.answers = []error{lost(), nil}
	for _, want := range []int{0, 0} {
		if n := b.cycle(); n != want || len(b.saw) != 1 {
			t.Fatalf("%d sent, %d tried", n, len(b.saw))
		}
	}
	b.clock.Move(minBackoff)
	if n := b.cycle(); n != 3 {
		t.Errorf("%d sent after the backoff", n)
	}
}

// TestFair checks that a shop sends at most a batch before it is the next shop's turn, and that all due
// emails are sent.
func TestFair(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern", "oak")
	b.Batch = 3
	for range 10 {
		b.add("fern", Entry{Kind: "order"})
		b.add("oak", Entry{Kind: "order"})
	}
	if n := b.cycle(); n != 20 || b.post.connections != 1 {
		t.Errorf("%d sent over %d connections", n, b.post.connections)
	}
	var turns []int // lengths of runs from one shop
	for i, m := range b.post.sent {
		if i == 0 || m.From != b.post.sent[i-1].From {
			turns = append(turns, 0)
		}
		turns[len(turns)-1]++
	}
	if diff := cmp.Diff([]int{3, 3, 3, 3, 3, 3, 1, 1}, turns); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
}

// TestBeat uses a slow server. A cycle ends after one beat, so that shops without emails are checked again,
// but only once each shop has had a turn. Emails added during a cycle wait for the next.
func TestBeat(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern", "oak", "elm")
	b.Batch = 3
	for range 10 {
		b.add("fern", Entry{Kind: "order"})
		b.add("oak", Entry{Kind: "order"})
	}
	b.post.during = func(context.Context, Message) {
		b.clock.Move(300 * time.Millisecond)
		if len(b.post.sent) == 0 {
			b.add("elm", Entry{Kind: SignIn, CreatedAt: b.clock.Now()})
		}
	}
	for i, want := range []map[string]int{{"fern": 3, "oak": 3}, {"fern": 6, "oak": 6, "elm": 1}} {
		b.cycle()
		got := map[string]int{}
		for _, m := range b.post.sent {
			_, shop, _ := strings.Cut(m.From, "@")
			got[strings.TrimSuffix(shop, ".example")]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("sent after cycle %d (-want +got):\n%s", i+1, diff)
		}
	}
}

// TestBeatAlone checks that the only shop may send more than a batch in its turn, but for no longer than a
// beat. The time is checked while the previous email is being sent, so the result may be one fewer.
func TestBeatAlone(t *testing.T) {
	t.Parallel()
	for pace, want := range map[time.Duration][]int{time.Millisecond: {30}, 100 * time.Millisecond: {5, 6},
		300 * time.Millisecond: {3}} {
		b := newBench(t, "fern")
		b.Batch = 3
		for range 30 {
			b.add("fern", Entry{Kind: "order"})
		}
		b.post.during = func(context.Context, Message) { b.clock.Move(pace) }
		if n := b.cycle(); !slices.Contains(want, n) {
			t.Errorf("%d sent at one in %s, want %d", n, pace, want)
		}
	}
}

// TestStop stops the process while an email is being sent. That email is finished, and no other is started.
func TestStop(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.Beat = time.Millisecond
	b.add("fern", Entry{Kind: "order"})
	b.add("fern", Entry{Kind: "order"})
	ctx, stop := context.WithCancel(t.Context())
	b.post.during = func(ctx context.Context, _ Message) {
		stop()
		if ctx.Err() != nil {
			t.Error("the mail in hand is cut off")
		}
	}
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if len(b.list("fern", Sent)) != 1 || len(b.list("fern", Waiting)) != 1 {
		t.Errorf("%d sent, %d waiting", len(b.list("fern", Sent)), len(b.list("fern", Waiting)))
	}
}

// TestLogs searches everything logged for addresses and secrets.
func TestLogs(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	b.post.answers = []error{refusal(550), refusal(451), lost(), nil}
	for range 4 {
		b.add("fern", Entry{Kind: SignIn, Payload: map[string]string{"path": "secret-path"}})
	}
	for range 4 {
		b.cycle()
		b.clock.Move(time.Minute)
	}
	log := b.log.String()
	for _, secret := range []string{"jana", "kunde", "secret"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, "kind=sign_in") || !strings.Contains(log, "entry=") {
		t.Errorf("the log names no entry:\n%s", log)
	}
}
