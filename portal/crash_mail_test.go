package portal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/storage"
)

// mortalCounter is a mortal store that can also die before incrementing a counter.
type mortalCounter struct{ *mortal }

func (m mortalCounter) Increment(ctx context.Context, now time.Time,
	counts []storage.Count) ([]storage.Tally, error) {
	for _, c := range counts {
		if c.By != 0 {
			if err := m.write(); err != nil {
				return nil, err
			}
			break
		}
	}
	return m.Engine.Increment(ctx, now, counts)
}

// TestCrashLetsNoEmailExceedItsLimit kills a process before each write while it sends the fourteenth
// sign-in email of a day, and checks that the day's total, including that email, is fifteen. Only a crash
// between counting the email and recording that it was counted makes it count twice.
func TestCrashLetsNoEmailExceedItsLimit(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a death before every write: not in a short run")
	}
	for writes, fewer := 0, 0; ; writes++ {
		h := newTestApp(t)
		h.newCustomer(jan)
		d := &asksInADay{testApp: h, sent: map[string]bool{}}
		if _, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID,
			shop.Settings{LinkLife: ptr(10 * time.Minute)}); err != nil {
			t.Fatal(err)
		}
		for range 13 {
			d.ask()
			d.deliver()
		}
		d.ask()
		err := d.deliverDying(writes)
		d.deliver()
		for range 4 {
			d.ask()
			d.deliver()
		}
		if len(d.sent) == 14 {
			fewer++
		} else if len(d.sent) != 15 {
			t.Fatalf("a crash after %d writes: %d emails, want 15", writes, len(d.sent))
		}
		if err == nil {
			if t.Logf("%d writes", writes); writes < 4 || fewer != 1 {
				t.Errorf("%d deaths made an entry count twice", fewer)
			}
			return
		}
	}
}

// asksInADay is a test app in which sign-in emails are requested repeatedly during one day.
type asksInADay struct {
	*testApp
	asked int
	sent  map[string]bool // by Message-ID, since an email may be sent twice
}

func (d *asksInADay) ask() {
	d.t.Helper()
	d.asked++
	d.clock.Move(11 * time.Minute) // stays within the hourly limit
	if _, err := d.visitor(fmt.Sprint("browser ", d.asked)).RequestLink(d.t.Context(), jan, "",
		"en"); err != nil {
		d.t.Fatal(err)
	}
}

func (d *asksInADay) deliver() {
	d.t.Helper()
	for _, m := range d.testApp.deliver() {
		d.sent[m.ID] = true
	}
}

// deliverDying runs one delivery round of a process that dies after the given number of writes. The
// process's lease has expired when it returns.
func (d *asksInADay) deliverDying(writes int) error {
	d.t.Helper()
	m := mortalCounter{&mortal{Engine: d.engine}}
	m.left.Store(int64(writes))
	dispatcher := d.newDispatcher(portal.New(m, secrettest.Ring(), portal.WithClock(d.clock.Now)))
	dispatcher.Engine = m
	_, err := dispatcher.Once(d.t.Context())
	if err == nil && m.left.Load() < 0 {
		err = errDead
	}
	if err != nil && !errors.Is(err, errDead) {
		d.t.Fatal(err)
	}
	d.clock.Move(2*time.Minute + time.Second)
	return err
}
