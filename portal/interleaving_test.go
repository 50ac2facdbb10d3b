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
	"postern/portal/validate"
	"postern/storage"
)

// meddled is a store that calls meddle before the operation at which turn reaches zero.
type meddled struct {
	storage.Engine
	mu     sync.Mutex
	turn   int // operations left before meddle runs; negative afterwards
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

func (m *meddled) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	m.step()
	return m.Engine.Replace(ctx, collection, r, read)
}

func (m *meddled) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	m.step()
	return m.Engine.Delete(ctx, collection, id, read)
}

const reserved = 10 * time.Minute // how long an address stays reserved for a pending change

// comeback is an account at its second address, one millisecond before its first address is released, with
// the code and the undo token that can bring the account back to the first.
type comeback struct {
	*testApp
	id, cookie, code, undo string
}

func newComeback(t *testing.T) comeback {
	h := newTestApp(t)
	h.newCustomer(jan)
	h.change(h.signInByCode(jan, "one"), jana, "one")
	_, undo := h.undoMail(jan)
	h.clock.Move(14*24*time.Hour - 5*time.Minute)
	cookie, _ := h.enterWith(jana, "two")
	code := h.wanted(h.refresh(cookie), jan)
	h.quiet()
	h.clock.Move(5*time.Minute - time.Millisecond)
	h.shopper(cookie) // records that the session is in use
	return comeback{testApp: h, id: h.shopper(cookie).Customer().ID, cookie: cookie, code: code, undo: undo}
}

// come moves the account back to its first address and returns the new session; after an undo it returns
// "".
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

// release moves the clock and runs the jobs that are due.
func (c comeback) release(app *portal.App, after time.Duration) error {
	c.clock.Move(after)
	_, err := app.Worker().RunOnce(c.t.Context())
	return err
}

// look checks that the account has the expected address and that its session works.
func (c comeback) look(session string, back error) {
	c.t.Helper()
	c.quiet()
	at, other := jan, jana
	if back != nil {
		at, other = jana, jan
	}
	c.clock.Move(10 * time.Minute)
	c.quiet()
	if record, err := c.feed().CustomerByEmail(c.t.Context(), at); err != nil || record.ID != c.id ||
		record.Email != at {
		c.t.Errorf("%s leads to %+v, %v", at, record, err)
	}
	if back == nil && session != "" && c.shopper(session).Customer().Email != jan {
		c.t.Error("the session is not at the address")
	}
	if record, err := c.feed().CustomerByEmail(c.t.Context(), other); err == nil &&
		record.ID == c.id && back != nil {
		c.t.Errorf("%s is not given up: %+v", other, record)
	}
}

// stride is 1 in a full run, which tries every step; otherwise every third step is tried.
func stride() int {
	if counted(3) > 1 {
		return 1
	}
	return 3
}

// TestGivingUpBetweenAnyTwoSteps interleaves the worker, which releases the former address, with the
// account's return to that address: one runs completely between any two steps of the other, in both orders.
// The account never ends up without its address or with two.
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
					app := portal.New(m, secrettest.Ring(), portal.WithClock(c.clock.Now),
						portal.WithCountDelay(0))
					var session string
					var back, released error
					switch meddler {
					case "worker":
						m.meddle = func() { released = c.release(c.app, time.Millisecond) }
						session, back = c.come(app, way)
					case "late worker": // runs after the reservation of the address has expired
						m.meddle = func() { released = c.release(c.app, reserved+time.Millisecond) }
						session, back = c.come(app, way)
					case "account":
						m.meddle = func() { session, back = c.come(c.app, way) }
						released = c.release(app, time.Millisecond)
					}
					if m.turn >= 0 {
						return
					}
					if released != nil || back != nil && validate.KindOf(back) == validate.Internal {
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

// held is a store that blocks its writer before one of its writes until goOn is closed.
type held struct {
	storage.Engine
	turn        int // writes left before it blocks
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

// TestGivingUpInTurns starts moving the account back before a step of the worker, pauses it before one of
// its writes, and resumes it after the worker has finished. It tries all pairs of step and write.
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
					session, back = c.come(portal.New(h, secrettest.Ring(), portal.WithClock(c.clock.Now),
						portal.WithCountDelay(0)), "change")
				}()
				select {
				case <-h.waits:
				case <-done:
				}
			}
			if err := c.release(portal.New(m, secrettest.Ring(), portal.WithClock(c.clock.Now),
				portal.WithCountDelay(0)), time.Millisecond); err != nil {
				t.Error(err)
			}
			if m.turn >= 0 {
				break
			}
			close(h.goOn)
			<-done
			if back != nil && validate.KindOf(back) == validate.Internal {
				t.Error(back)
			}
			if c.look(session, back); t.Failed() {
				t.Fatalf("before step %d, until write %d", step, write)
			}
		}
	}
}

// TestAddressesEndOneAfterAnother makes the second address due between any two steps of releasing the
// first. Both are free in the end.
func TestAddressesEndOneAfterAnother(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one thing between any two steps of another: not in a short run")
	}
	for n := 0; ; n++ {
		h := newTestApp(t)
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
		if _, err := portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now),
			portal.WithCountDelay(0)).Worker().RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m.turn >= 0 {
			return
		}
		h.quiet()
		for _, email := range []string{jan, mallory} {
			if record, err := h.feed().CustomerByEmail(t.Context(),
				email); validate.KindOf(err) != validate.NotFound {
				t.Errorf("before step %d: %s leads to %+v, %v", n, email, record, err)
			}
		}
	}
}
