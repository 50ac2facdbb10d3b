package mail

import (
	"context"
	"fmt"
	"testing"
	"time"

	"postern/storage"
)

// TestIdleDispatcher checks that an idle dispatcher polls twelve times a minute, that an email added by its
// own process is sent at the next beat, and one added by another process within five seconds.
func TestIdleDispatcher(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	other, activity := b.box("fern"), storage.NewActivity(b.Engine)
	b.Engine, b.Writes = activity, activity.Writes
	looks := 0
	b.Alive = func() { looks++ }
	b.defaults()
	idle := storage.NewIdleBeat(b.Writes)
	beats := func(n int) {
		for range n {
			b.clock.Move(b.Beat)
			b.step(t.Context(), idle)
		}
	}
	beats(60)
	looks = 0
	if beats(120); looks != 12 {
		t.Errorf("%d looks in an idle minute", looks)
	}
	b.add("fern", Entry{Kind: SignIn})
	if beats(1); len(b.post.sent) != 1 {
		t.Errorf("%d sent at the beat after this process added one", len(b.post.sent))
	}
	beats(60)
	if _, err := other.Add(t.Context(), Entry{Kind: SignIn, To: "jan@kunde.example"}); err != nil {
		t.Fatal(err)
	}
	if beats(int(5 * time.Second / b.Beat)); len(b.post.sent) != 2 {
		t.Errorf("%d sent five seconds after another process added one", len(b.post.sent))
	}
}

// scanCounter is a store that counts its scans.
type scanCounter struct {
	storage.Engine
	scans int
}

func (c *scanCounter) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	c.scans++
	return c.Engine.Scan(ctx, collection, s)
}

// TestIdleDispatcherAsksOnceForAllShops checks that a poll without due emails takes two reads, whether
// there is one shop or fifty, and does not list the shops. Only if one shop has so many due emails that
// they may hide another's is each shop checked.
func TestIdleDispatcherAsksOnceForAllShops(t *testing.T) {
	t.Parallel()
	for _, shops := range []int{1, 50} {
		names := make([]string, shops)
		for i := range names {
			names[i] = fmt.Sprintf("shop-%d", i)
		}
		b := newBench(t, names...)
		counter := &scanCounter{Engine: b.Engine}
		b.Engine = counter
		list := b.Shops
		listed := 0
		b.Shops = func(ctx context.Context) ([]string, error) { listed++; return list(ctx) }
		if b.cycle(); counter.scans != 2 || listed != 0 {
			t.Errorf("%d shops: %d lists, the shops listed %d times", shops, counter.scans, listed)
		}
		for range lookLimit + 1 {
			b.add(names[0], Entry{Kind: "order"})
		}
		b.clock.Move(time.Second)
		late := b.add(names[shops-1], Entry{Kind: SignIn})
		b.cycle()
		if e := b.entry(names[shops-1], late); shops > 1 && e.State != Sent || listed != 1 {
			t.Errorf("%d shops: the email hidden by another shop's is %s, the shops listed %d times", shops,
				e.State, listed)
		}
	}
}
