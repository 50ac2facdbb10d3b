package portal_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/validate"
	"postern/storage"
)

// mortal is a store that fails every document write after a given number of them.
type mortal struct {
	storage.Engine
	left atomic.Int64
}

var errDead = errors.New("the process died")

func (m *mortal) write() error {
	if m.left.Add(-1) < 0 {
		return errDead
	}
	return nil
}

func (m *mortal) Insert(ctx context.Context, collection string, r storage.Record) error {
	if err := m.write(); err != nil {
		return err
	}
	return m.Engine.Insert(ctx, collection, r)
}

func (m *mortal) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	if err := m.write(); err != nil {
		return err
	}
	return m.Engine.Replace(ctx, collection, r, read)
}

func (m *mortal) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	if err := m.write(); err != nil {
		return err
	}
	return m.Engine.Delete(ctx, collection, id, read)
}

// dying returns the app of another process over the app's store, which dies after the given number of
// writes.
func (h *testApp) dying(writes int, options ...portal.Option) *portal.App {
	m := &mortal{Engine: h.engine}
	m.left.Store(int64(writes))
	options = append(options, portal.WithClock(h.clock.Now))
	return portal.New(m, secrettest.Ring(), options...)
}

// crashes runs attempt in new test apps with a process that dies after no write, after one, after two and so
// on, until the attempt finishes. After each run look checks the app.
func crashes(t *testing.T, do func(h *testApp) (attempt func(*portal.App) error, look func(done bool))) {
	if testing.Short() {
		t.Skip("a death before every write: not in a short run")
	}
	for writes := 0; ; writes++ {
		h := newTestApp(t)
		attempt, look := do(h)
		err := attempt(h.dying(writes))
		if err != nil && !errors.Is(err, errDead) {
			t.Fatalf("after %d writes: %v", writes, err)
		}
		h.clock.Move(time.Minute) // until the dead process's leases expire
		look(err == nil)
		if t.Failed() {
			t.Fatalf("with a crash after %d writes", writes)
		}
		if err == nil {
			t.Logf("%d writes", writes)
			return
		}
	}
}

// TestCrashDuringAChange checks that after a crash the account has exactly one of the two addresses, that
// only sessions at that address work, that a completed change is emailed, that an address not taken is free
// within 15 minutes, and that the undo restores no session.
func TestCrashDuringAChange(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.newCustomer(jan)
		cookie := h.signInByCode(jan, "one")
		stale, _ := h.enterWith(jan, "two")
		code := h.wanted(cookie, jana)
		id := h.shopper(cookie).Customer().ID
		var signed portal.SignedIn
		attempt := func(app *portal.App) (err error) {
			s, err := app.Shopper(t.Context(), h.shop, cookie)
			if err == nil {
				signed, err = s.ChangeEmail(t.Context(), jana, code, firefox("one"))
			}
			return err
		}
		return attempt, func(done bool) {
			s, err := h.app.Shopper(t.Context(), h.shop, cookie)
			if err == nil {
				if done || s.Customer().Email != jan {
					t.Errorf("still at %s", s.Customer().Email)
				}
				h.shopper(stale)
				h.notTaken(id, cookie)
				return
			}
			if done && h.shopper(signed.Cookie).Customer().Email != jana {
				t.Error("the new session is not at the new address")
			}
			h.moved(id, cookie, stale)
		}
	})
}

// notTaken checks a customer whose account is still at the old address.
func (h *testApp) notTaken(id, cookie string) {
	h.t.Helper()
	h.clock.Move(10 * time.Minute)
	h.quiet()
	h.newCustomer(jana)
	other, _ := h.enterWith(jana, "other")
	if h.shopper(other).Customer().ID == id {
		h.t.Error("an address that was not taken leads into the account")
	}
	if h.shopper(cookie).Customer().ID != id {
		h.t.Error("the session is another's")
	}
}

// moved checks a customer whose account is at the new address, then undoes the change.
func (h *testApp) moved(id string, cookies ...string) {
	h.t.Helper()
	_, undo := h.undoMail(jan)
	now, _ := h.enterWith(jana, "again")
	if h.shopper(now).Customer().ID != id {
		h.t.Error("the new address is another customer's")
	}
	h.wantNoSession("after the change", cookies...)
	if err := h.undo(undo); err != nil {
		h.t.Errorf("undo: %v", err)
	}
	h.wantNoSession("after the undo", append(cookies, now)...)
	h.quiet()
	owner, _ := h.enterWith(jan, "owner's")
	if h.shopper(owner).Customer().ID != id {
		h.t.Error("the old address leads elsewhere")
	}
}

// TestCrashDuringAnUndo checks that after a crash the undo has either been done or still works.
func TestCrashDuringAnUndo(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.newCustomer(jan)
		before := h.signInByCode(jan, "one")
		thief := h.change(before, mallory, "thief's")
		id := h.shopper(thief).Customer().ID
		_, undo := h.undoMail(jan)
		attempt := func(app *portal.App) error {
			return app.Visitor(h.shop, firefox("mailbox")).UndoEmailChange(t.Context(), undo)
		}
		return attempt, func(done bool) {
			if err := h.undo(undo); (err == nil) == done && validate.KindOf(err) != validate.Gone {
				t.Errorf("once more: %v", err)
			}
			h.wantNoSession("after the undo", before, thief)
			h.quiet()
			owner, _ := h.enterWith(jan, "owner's")
			h.newCustomer(mallory)
			h.quiet()
			other, _ := h.enterWith(mallory, "thief's")
			if h.shopper(owner).Customer().ID != id || h.shopper(other).Customer().ID == id {
				t.Error("an address leads elsewhere")
			}
		}
	})
}

// TestCrashOfTheFeed crashes while a feed moves an address. It checks that sending the document again
// completes the move and that no earlier session survives.
func TestCrashOfTheFeed(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		key, err := h.app.Operator().CreateKey(t.Context(), h.shop.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		put := func(app *portal.App, email, at string) error {
			feed, err := app.Feed(t.Context(), h.shop, key)
			if err == nil {
				_, err = feed.PutCustomer(t.Context(), "77",
					fmt.Appendf(nil, `{"email":%q,"updated_at":%q}`, email, at))
			}
			return err
		}
		if err := put(h.app, jan, "2026-01-01T00:00:00Z"); err != nil {
			t.Fatal(err)
		}
		before, _ := h.enterWith(jan, "one")
		id := h.shopper(before).Customer().ID
		return func(app *portal.App) error { return put(app, jana, "2026-11-21T10:00:00Z") }, func(bool) {
			if err := put(h.app, jana, "2026-11-21T10:00:00Z"); err != nil {
				t.Errorf("once more: %v", err)
			}
			h.moved(id, before)
		}
	})
}

// TestCrashWhileAnAddressIsGivenUp checks that the address is free in the end and that nobody else has
// gained access to the account.
func TestCrashWhileAnAddressIsGivenUp(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.newCustomer(jan)
		before := h.signInByCode(jan, "one")
		h.change(before, jana, "one")
		h.undoMail(jan)
		h.clock.Move(14 * 24 * time.Hour)
		attempt := func(app *portal.App) error {
			for {
				if done, err := app.Worker().RunOnce(t.Context()); err != nil || done == 0 {
					return err
				}
			}
		}
		return attempt, func(bool) {
			h.quiet()
			h.put(orderJSON("somebody else's", jan))
			other, _ := h.enterWith(jan, "two")
			h.quiet()
			now, _ := h.enterWith(jana, "three")
			if h.shopper(other).Customer().ID == h.shopper(now).Customer().ID {
				t.Error("a given up address leads into the account")
			}
			h.wantNoSession("at the end", before)
		}
	})
}
