package portal_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/storage"
)

// meddled is a store where something else happens before the operation whose turn it is.
type meddled struct {
	storage.Engine
	mu     sync.Mutex
	turn   int // operations until then; below zero it has happened
	meddle func()
}

func (m *meddled) step() {
	m.mu.Lock()
	m.turn--
	now := m.turn == -1
	m.mu.Unlock()
	if now {
		m.meddle()
	}
}

func (m *meddled) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	m.step()
	return m.Engine.Get(ctx, collection, id)
}

func (m *meddled) Insert(ctx context.Context, collection string, r storage.Record) error {
	m.step()
	return m.Engine.Insert(ctx, collection, r)
}

func (m *meddled) Replace(ctx context.Context, collection string, r storage.Record, read storage.Version) error {
	m.step()
	return m.Engine.Replace(ctx, collection, r, read)
}

func (m *meddled) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	m.step()
	return m.Engine.Delete(ctx, collection, id, read)
}

const reserved = 10 * time.Minute // for so long an address is kept that somebody is about to take

// comeback is an account at its second address whose first will be given up in a millisecond, and the ways
// back to that.
type comeback struct {
	*house
	id, cookie, code, undo string
}

func newComeback(t *testing.T) comeback {
	h := newHouse(t)
	h.newCustomer(jan)
	h.change(h.signInByCode(jan, "one"), jana, "one")
	_, undo := h.undoMail(jan)
	h.clock.Move(14*24*time.Hour - 5*time.Minute)
	cookie, _ := h.enterWith(jana, "two")
	code := h.wanted(h.refresh(cookie), jan)
	h.quiet()
	h.clock.Move(5*time.Minute - time.Millisecond)
	h.shopper(cookie) // notes that the session is used
	return comeback{house: h, id: h.shopper(cookie).Customer().ID, cookie: cookie, code: code, undo: undo}
}

// come brings the account back to its first address and returns the session there, "" after an undo.
func (c comeback) come(app *portal.App, way string) (session string, err error) {
	if way == "undo" {
		return "", app.Visitor(c.shop, firefox("two")).UndoEmailChange(c.t.Context(), c.undo)
	}
	s, err := app.Shopper(c.t.Context(), c.shop, c.cookie)
	if err != nil {
		return "", err
	}
	signed, err := s.ChangeEmail(c.t.Context(), jan, c.code, firefox("two"))
	return signed.Cookie, err
}

// release lets time pass and the worker do what is due then.
func (c comeback) release(app *portal.App, after time.Duration) error {
	c.clock.Move(after)
	_, err := app.Worker().Once(c.t.Context())
	return err
}

// look checks that the account has the address which it says it has, and its session.
func (c comeback) look(session string, back error) {
	c.t.Helper()
	c.quiet()
	at, other := jan, jana
	if back != nil {
		at, other = jana, jan
	}
	c.clock.Move(10 * time.Minute)
	c.quiet()
	if record, err := c.feed().CustomerByEmail(c.t.Context(), at); err != nil || record.ID != c.id || record.Email != at {
		c.t.Errorf("%s leads to %+v, %v", at, record, err)
	}
	if back == nil && session != "" && c.shopper(session).Customer().Email != jan {
		c.t.Error("the session is not at the address")
	}
	if record, err := c.feed().CustomerByEmail(c.t.Context(), other); err == nil && record.ID == c.id && back != nil {
		c.t.Errorf("%s is not given up: %+v", other, record)
	}
}

// stride is 1 in a full run, which takes every step; else every third is taken.
func stride() int {
	if counted(3) > 1 {
		return 1
	}
	return 3
}

// TestGivingUpBetweenAnyTwoSteps: the worker gives an address up while the account comes back to it, and
// the other way round: all of the one happens between any two steps of the other. The account never ends
// without its address, or with two.
func TestGivingUpBetweenAnyTwoSteps(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one thing between any two steps of another: not in a short run")
	}
	for _, way := range []string{"change", "undo"} {
		for _, meddler := range []string{"worker", "late worker", "account"} {
			t.Run(fmt.Sprintf("the %s meddles with the %s", meddler, way), func(t *testing.T) {
				for n := 2 % stride(); ; n += stride() {
					c := newComeback(t)
					m := &meddled{Engine: c.engine, turn: n}
					app := portal.New(m, secrettest.Ring(), portal.WithClock(c.clock.Now), portal.WithCountDelay(0))
					var session string
					var back, released error
					switch meddler {
					case "worker":
						m.meddle = func() { released = c.release(c.app, time.Millisecond) }
						session, back = c.come(app, way)
					case "late worker": // which comes when the reserved address is not reserved any more
						m.meddle = func() { released = c.release(c.app, reserved+time.Millisecond) }
						session, back = c.come(app, way)
					case "account":
						m.meddle = func() { session, back = c.come(c.app, way) }
						released = c.release(app, time.Millisecond)
					}
					if m.turn >= 0 {
						return
					}
					if released != nil || back != nil && portal.KindOf(back) == portal.Internal {
						t.Errorf("released: %v, back: %v", released, back)
					}
					c.look(session, back)
					if t.Failed() {
						t.Fatalf("before step %d", n)
					}
				}
			})
		}
	}
}

// held is a store whose writer waits before one of its writes until it is let go on.
type held struct {
	storage.Engine
	turn        int // writes until then
	waits, goOn chan struct{}
}

func (h *held) write() {
	if h.turn--; h.turn == -1 {
		close(h.waits)
		<-h.goOn
	}
}

func (h *held) Insert(ctx context.Context, collection string, r storage.Record) error {
	h.write()
	return h.Engine.Insert(ctx, collection, r)
}

func (h *held) Replace(ctx context.Context, collection string, r storage.Record, read storage.Version) error {
	h.write()
	return h.Engine.Replace(ctx, collection, r, read)
}

// TestGivingUpInTurns: before a step of the worker the account comes back as far as one of its writes, and
// ends after the worker has ended. All pairs of step and write.
func TestGivingUpInTurns(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one thing between any two steps of another: not in a short run")
	}
	for write := range 6 {
		for step := 0; ; step += stride() {
			c := newComeback(t)
			h := &held{Engine: c.engine, turn: write, waits: make(chan struct{}), goOn: make(chan struct{})}
			m := &meddled{Engine: c.engine, turn: step}
			var session string
			var back error
			done := make(chan struct{})
			m.meddle = func() {
				go func() {
					defer close(done)
					session, back = c.come(portal.New(h, secrettest.Ring(), portal.WithClock(c.clock.Now), portal.WithCountDelay(0)), "change")
				}()
				select {
				case <-h.waits:
				case <-done:
				}
			}
			if err := c.release(portal.New(m, secrettest.Ring(), portal.WithClock(c.clock.Now), portal.WithCountDelay(0)), time.Millisecond); err != nil {
				t.Error(err)
			}
			if m.turn >= 0 {
				break
			}
			close(h.goOn)
			<-done
			if back != nil && portal.KindOf(back) == portal.Internal {
				t.Error(back)
			}
			if c.look(session, back); t.Failed() {
				t.Fatalf("before step %d, until write %d", step, write)
			}
		}
	}
}

// TestAddressesEndOneAfterAnother: the second one's time comes between any two steps of giving up the
// first. Both are free in the end.
func TestAddressesEndOneAfterAnother(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one thing between any two steps of another: not in a short run")
	}
	for n := 0; ; n++ {
		h := newHouse(t)
		h.newCustomer(jan)
		cookie := h.change(h.signInByCode(jan, "one"), mallory, "one")
		h.refresh(cookie)
		code := h.wanted(cookie, jana)
		h.clock.Move(time.Millisecond)
		if _, err := h.shopper(cookie).ChangeEmail(t.Context(), jana, code, firefox("one")); err != nil {
			t.Fatal(err)
		}
		h.quiet()
		h.clock.Move(14*24*time.Hour - time.Millisecond)
		m := &meddled{Engine: h.engine, turn: n, meddle: func() { h.clock.Move(time.Millisecond) }}
		if _, err := portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0)).Worker().Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m.turn >= 0 {
			return
		}
		h.quiet()
		for _, email := range []string{jan, mallory} {
			if record, err := h.feed().CustomerByEmail(t.Context(), email); portal.KindOf(err) != portal.NotFound {
				t.Errorf("before step %d: %s leads to %+v, %v", n, email, record, err)
			}
		}
	}
}
