package portal

import (
	"context"
	"strings"
	"testing"
	"time"

	"postern/portal/secret/secrettest"
	"postern/storage/storagetest"
)

// TestCounters checks that a limit counts, can be read without counting, resets exactly at the end of its
// period, and can be decremented and reset.
func TestCounters(t *testing.T) {
	t.Parallel()
	now := noon()
	a := New(storagetest.Open(t, Collections()...), secrettest.Ring(),
		WithClock(func() time.Time { return now }))
	limiter := newLimiter(a, limit(3, time.Hour))
	ctx := context.Background()
	get := func(left int64, reached bool) {
		t.Helper()
		at, err := limiter.Get(ctx, "key")
		if err != nil || at.Remaining != left || at.Reached != reached || at.Limit != 3 {
			t.Errorf("left %d, reached %v, %v; want %d, %v", at.Remaining, at.Reached, err, left, reached)
		}
	}
	get(2, false)
	get(1, false)
	for range 3 {
		if at, err := limiter.Peek(ctx, "key"); err != nil || at.Remaining != 1 {
			t.Errorf("a look: %+v, %v", at, err)
		}
	}
	if at, err := limiter.Increment(ctx, "key", -1); err != nil || at.Remaining != 2 {
		t.Errorf("one back: %+v, %v", at, err)
	}
	get(1, false)
	get(0, false)
	get(0, true)
	if at, err := limiter.Get(ctx, "another"); err != nil || at.Remaining != 2 {
		t.Errorf("another key: %+v, %v", at, err)
	}
	now = noon().Add(time.Hour - time.Millisecond)
	get(0, true)
	now = noon().Add(time.Hour)
	get(2, false)
	get(1, false)
	if at, err := limiter.Reset(ctx, "key"); err != nil || at.Remaining != 3 {
		t.Errorf("taken back: %+v, %v", at, err)
	}
	get(2, false)
}

// TestLimitKeysNameNobody checks that the key of a limit shows neither the client nor the mailbox, and
// differs by shop, by label and by installation. A limit without a shop has the installation's.
func TestLimitKeysNameNobody(t *testing.T) {
	t.Parallel()
	a := New(nil, secrettest.Ring())
	const client, email = "192.0.2.7/32", "jan@example.com"
	seen := map[string]string{}
	for name, l := range map[string]subjectLimit{
		"a client": a.limitOf("main", "x", limit(1, time.Hour), client), "a mailbox": a.limitOf("main", "x", limit(1, time.Hour), email),
		"both":      a.limitOf("main", "x", limit(1, time.Hour), email, client),
		"elsewhere": a.limitOf("second", "x", limit(1, time.Hour), client), "no shop": a.limitOf("", "x", limit(1, time.Hour), client),
		"another label": a.limitOf("main", "y", limit(1, time.Hour), client),
	} {
		if strings.Contains(l.key, "192.0.2") || strings.Contains(l.key, "jan") || strings.Contains(l.key, "example") {
			t.Errorf("%s: %s", name, l.key)
		}
		keyed := l.key[strings.LastIndexByte(l.key, '/')+1:]
		if other := seen[keyed]; other != "" {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[keyed] = name
	}
}
