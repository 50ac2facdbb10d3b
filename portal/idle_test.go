package portal_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/storage"
)

// commandCounter is a store that counts the commands it gets.
type commandCounter struct {
	storage.Engine
	commands atomic.Int64
}

func (c *commandCounter) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	c.commands.Add(1)
	return c.Engine.Get(ctx, collection, id)
}

func (c *commandCounter) Insert(ctx context.Context, collection string, r storage.Record) error {
	c.commands.Add(1)
	return c.Engine.Insert(ctx, collection, r)
}

func (c *commandCounter) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	c.commands.Add(1)
	return c.Engine.Replace(ctx, collection, r, read)
}

func (c *commandCounter) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	c.commands.Add(1)
	return c.Engine.Scan(ctx, collection, s)
}

// idleWorker is a worker in another process over the app's store; the test calls its beats.
type idleWorker struct {
	*testApp
	app   *portal.App
	store *commandCounter
	beat  func(context.Context) error
}

func newIdleWorker(t *testing.T, shops int) idleWorker {
	h := newTestApp(t)
	h.sweep()
	for i := 1; i < shops; i++ {
		h.open(fmt.Sprintf("shop-%d", i), shop.Settings{})
	}
	store := &commandCounter{Engine: h.engine}
	activity := storage.NewActivity(store)
	app := portal.New(activity, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0),
		portal.WithActivity(activity.Writes))
	return idleWorker{testApp: h, app: app, store: store, beat: app.Worker().Beat()}
}

// beats runs the worker's beats over a period and returns the number of commands that the store got.
func (w idleWorker) beats(d time.Duration) int64 {
	w.t.Helper()
	before := w.store.commands.Load()
	for range d / (500 * time.Millisecond) {
		w.clock.Move(500 * time.Millisecond)
		if err := w.beat(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.store.commands.Load() - before
}

// TestIdleWorkAsksTheStoreOnceForAllShops counts the commands of a minute without work: at each of twelve
// polls at most one query more than there are collections with jobs, with one shop or fifty.
func TestIdleWorkAsksTheStoreOnceForAllShops(t *testing.T) {
	t.Parallel()
	minute := func(shops int) int64 {
		w := newIdleWorker(t, shops)
		w.beats(30 * time.Second)
		return w.beats(time.Minute)
	}
	one, fifty := minute(1), minute(50)
	t.Logf("%d commands with one shop, %d with fifty", one, fifty)
	sources := int64(len(newTestApp(t).app.Worker().Jobs().Sources))
	if fifty > one+5 || one > 12*(sources+1)+5 {
		t.Errorf("%d commands in an idle minute with one shop, %d with fifty", one, fifty)
	}
}

// TestIdleWorkerWakes checks that an idle worker runs a job of its own process at the next beat, and
// another process's job within five seconds.
func TestIdleWorkerWakes(t *testing.T) {
	t.Parallel()
	w := newIdleWorker(t, 1)
	other := w.testApp.app
	for i, test := range []struct {
		app    *portal.App
		within time.Duration
	}{{w.app, 500 * time.Millisecond}, {other, 5 * time.Second}, {w.app, 500 * time.Millisecond}} {
		w.beats(30 * time.Second)
		w.testApp.app = test.app
		w.put(orderJSON(fmt.Sprint(i), jan))
		w.beats(test.within)
		if done, err := other.Worker().RunOnce(t.Context()); done != 0 || err != nil {
			t.Errorf("%d jobs left %s after order %d, %v", done, test.within, i, err)
		}
	}
}
