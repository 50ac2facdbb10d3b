package mail

import (
	"context"
	"testing"
	"time"

	"postern/storage"
)

// TestIdleDispatcher looks twelve times in a minute without work. An email that this process adds leaves at the next beat, one that
// another process adds within five seconds.
func TestIdleDispatcher(t *testing.T) {
	t.Parallel()
	b := newBench(t, "fern")
	other, activity := b.box("fern"), storage.NewActivity(b.Engine)
	b.Engine, b.Writes = activity, activity.Writes
	looks := 0
	b.Shops = func(context.Context) ([]string, error) { looks++; return b.shops, nil }
	b.defaults()
	idle := storage.NewIdleBeat(b.Writes)
	beats := func(n int) {
		for range n {
			b.pass(b.Beat)
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
