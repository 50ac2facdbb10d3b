package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"postern/storage"
)

func contextChecks() []check {
	return []check{
		{"contexts/an ended one writes nothing", endedContext},
		{"contexts/after Close everything fails", afterClose},
	}
}

// operations calls each operation of the engine on the stored document "k" and returns the errors by name.
func operations(t *testing.T, ctx context.Context, engine storage.Engine,
	read storage.Version) map[string]error {
	t.Helper()
	d := storage.Open[doc](engine, "shop", things())
	_, _, getErr := d.Get(ctx, "k")
	_, findErr := storage.Find[doc](ctx, d, storage.Query{Index: "by_num", Limit: 1})
	_, countErr := engine.Increment(ctx,
		epoch(), []storage.Count{{Key: "k", By: 1, Expires: epoch().Add(time.Hour)}})
	return map[string]error{
		"get": getErr, "find": findErr, "increment": countErr,
		"insert":  d.Insert(ctx, "new", doc{"num": int64(2)}),
		"replace": d.Replace(ctx, "k", read, doc{"num": int64(3)}),
		"delete":  d.Delete(ctx, "k", read),
	}
}

func endedContext(t *testing.T, opener Opener) {
	engine := open(t, opener, things())
	d := storage.Open[doc](engine, "shop", things())
	put(t, d, "k", doc{"num": int64(1)})
	_, read := get(t, d, "k")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for want, ctx := range map[error]context.Context{context.Canceled: cancelled,
		context.DeadlineExceeded: late} {
		for name, err := range operations(t, ctx, engine, read) {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	same(t, "list", []string{"k"}, list(t, d, storage.Query{Index: "by_num"}))
	_, now := get(t, d, "k")
	same(t, "version", read, now)
	got := tally(t, engine, epoch(), storage.Count{Key: "k", Expires: epoch().Add(time.Hour)})
	same(t, "counter", int64(0), got[0].N)
}

func afterClose(t *testing.T, opener Opener) {
	engine, err := opener(things())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	d := storage.Open[doc](engine, "shop", things())
	put(t, d, "k", doc{"num": int64(1)})
	_, read := get(t, d, "k")
	if err := engine.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for name, err := range operations(t, t.Context(), engine, read) {
		if err == nil || errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) {
			t.Errorf("%s after Close: %v, want an internal error", name, err)
		}
	}
}
