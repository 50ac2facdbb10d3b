package portal_test

import (
	"context"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/validate"
	"postern/storage"
)

// TestKeyExpires checks that a key works until its expiry, and that its own code says why it no longer does.
func TestKeyExpires(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	end := h.clock.Now().Add(90 * 24 * time.Hour)
	key, err := h.app.Operator().CreateKey(t.Context(), h.shop.ID, "feed", portal.KeyExpiry(end))
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Set(end.Add(-time.Millisecond))
	if _, err := h.app.Feed(t.Context(), h.shop, key); err != nil {
		t.Errorf("before: %v", err)
	}
	h.clock.Set(end)
	_, err = h.app.Feed(t.Context(), h.shop, key)
	if validate.KindOf(err) != validate.SignIn || keyOf(err) != "key.expired" {
		t.Errorf("after: %v", err)
	}
	_, err = h.app.Operator().CreateKey(t.Context(), h.shop.ID, "feed", portal.KeyExpiry(h.clock.Now()))
	if validate.KindOf(err) != validate.Invalid {
		t.Errorf("a key that has expired already: %v", err)
	}
}

// replacements is a store that counts the documents replaced.
type replacements struct {
	storage.Engine
	n int
}

func (r *replacements) Replace(ctx context.Context, collection string, doc storage.Record,
	read storage.Version) error {
	r.n++
	return r.Engine.Replace(ctx, collection, doc, read)
}

// TestLastUseOfAKey checks that the list shows the day of the last use, and that a key is written at most
// once a day.
func TestLastUseOfAKey(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	store := &replacements{Engine: h.engine}
	app := portal.New(store, secrettest.Ring(), portal.WithClock(h.clock.Now))
	operator := app.Operator()
	key, err := operator.CreateKey(t.Context(), h.shop.ID, "feed")
	if err != nil {
		t.Fatal(err)
	}
	used := func() time.Time {
		t.Helper()
		keys, err := operator.Keys(t.Context(), h.shop.ID)
		if err != nil || len(keys) != 1 {
			t.Fatalf("%+v, %v", keys, err)
		}
		return keys[0].UsedAt
	}
	if !used().IsZero() {
		t.Errorf("unused: %v", used())
	}
	for range 2 {
		day := h.clock.Now().UTC().Truncate(24 * time.Hour)
		for n := range 10 {
			before := store.n
			if _, err := app.Feed(t.Context(), h.shop, key); err != nil {
				t.Fatal(err)
			}
			if wrote := store.n != before; wrote != (n == 0) || !used().Equal(day) {
				t.Errorf("use %d: wrote %v, %v", n, wrote, used())
			}
		}
		h.clock.Move(24 * time.Hour)
	}
}

// TestScopes checks that a key does what its scopes say, that one without scopes may do everything, and that
// the error names the scope that is missing.
func TestScopes(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	for _, had := range append(portal.Scopes(), "") {
		var options []portal.KeyOption
		if had != "" {
			options = append(options, portal.KeyScopes(had))
		}
		key, err := h.app.Operator().CreateKey(t.Context(), h.shop.ID, "feed", options...)
		if err != nil {
			t.Fatal(err)
		}
		feed, err := h.app.Feed(t.Context(), h.shop, key)
		if err != nil {
			t.Fatal(err)
		}
		for _, wanted := range portal.Scopes() {
			err := feed.Require(wanted)
			if had == "" || had == wanted {
				if err != nil {
					t.Errorf("%q: %v", had, err)
				}
			} else if validate.KindOf(err) != validate.Denied || keyOf(err) != "key.scope" {
				t.Errorf("%q for %s: %v", had, wanted, err)
			}
		}
	}
	_, err := h.app.Operator().CreateKey(t.Context(), h.shop.ID, "feed", portal.KeyScopes("everything"))
	if validate.KindOf(err) != validate.Invalid {
		t.Errorf("an unknown scope: %v", err)
	}
}
