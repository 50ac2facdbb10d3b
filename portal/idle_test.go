package portal_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/storage"
)

// commandCounter is a store that counts all that it is asked.
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

func (c *commandCounter) Replace(ctx context.Context, collection string, r storage.Record, read storage.Version) error {
	c.commands.Add(1)
	return c.Engine.Replace(ctx, collection, r, read)
}

func (c *commandCounter) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	c.commands.Add(1)
	return c.Engine.Scan(ctx, collection, s)
}

// idleHouse is a house with the worker and the dispatcher of one process at work, in a bubble whose time is the test's.
type idleHouse struct {
	*house
	app   *portal.App
	store *commandCounter
}

// beginIdle starts the background of a process of so many shops. With rests it is that of a server.
func beginIdle(t *testing.T, shops int, rests bool) idleHouse {
	h := newHouse(t)
	for i := 1; i < shops; i++ {
		h.open(fmt.Sprintf("shop-%d", i), portal.ShopSettings{})
	}
	h.newCustomer(jan)
	store := &commandCounter{Engine: h.engine}
	activity := storage.NewActivity(store)
	options := []portal.Option{portal.WithClock(h.clock.Now)}
	if rests {
		options = append(options, portal.WithActivity(activity.Writes))
	}
	app := portal.New(activity, secrettest.Ring(), options...)
	dispatcher := h.newDispatcher(app)
	dispatcher.Engine = activity
	if rests {
		dispatcher.Writes = activity.Writes
	}
	ctx, stop := context.WithCancel(t.Context())
	var background sync.WaitGroup
	background.Go(func() { _ = app.Worker().Run(ctx) })
	background.Go(func() { _ = dispatcher.Run(ctx) })
	t.Cleanup(func() { stop(); background.Wait() })
	return idleHouse{house: h, app: app, store: store}
}

// wait lets time go by and returns how many commands the store got.
func (h idleHouse) wait(d time.Duration) int64 {
	before := h.store.commands.Load()
	<-time.After(d)
	synctest.Wait()
	return h.store.commands.Load() - before
}

func (h idleHouse) sent() int {
	h.post.mu.Lock()
	defer h.post.mu.Unlock()
	return len(h.post.messages)
}

// TestIdleProcessRests counts what a minute without work asks of the store, which was 30 a second and shop.
func TestIdleProcessRests(t *testing.T) {
	for _, shops := range []int{1, 10} {
		for _, rests := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d shops, rests %v", shops, rests), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := beginIdle(t, shops, rests)
					h.wait(15 * time.Second)
					got := float64(h.wait(time.Minute)) / 60
					t.Logf("%.1f commands a second", got)
					if rests && got > 4*float64(shops) {
						t.Errorf("%.1f commands a second", got)
					}
				})
			})
		}
	}
}

// TestIdleProcessWakes: at rest, an email asked of this process leaves at the next beat, and one that another process asked for within
// five seconds.
func TestIdleProcessWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := beginIdle(t, 1, true)
		other := h.process(h.engine)
		for i, test := range []struct {
			app   *portal.App
			later time.Duration
		}{{h.app, 500 * time.Millisecond}, {other, 5 * time.Second}, {h.app, 500 * time.Millisecond}} {
			h.wait(31*time.Second + 300*time.Millisecond)
			if _, err := test.app.Visitor(h.shop, firefox(fmt.Sprint(i))).Ask(t.Context(), jan, "", "en"); err != nil {
				t.Fatal(err)
			}
			h.wait(test.later)
			if got := h.sent(); got != i+1 {
				t.Errorf("%d emails sent %s after request %d", got, test.later, i+1)
			}
		}
	})
}
