package webtest

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/storage"
	"postern/storage/storagetest"
)

// Installation is a complete portal in this process: the site, the worker and the dispatcher over an empty
// store.
type Installation struct {
	App     *portal.App
	Engine  storage.Engine
	Mailbox *Mailbox
	Clock   *storagetest.Clock
	Log     *Log
	Way     *Way
	t       testing.TB
	worker  portal.Worker
	turn    sync.Mutex // held while delivering: after locking it, all earlier emails have been handed over
	outbox  *mail.Dispatcher
}

// Start returns the initial time of an Installation's clock.
func Start() time.Time { return time.Date(2026, time.March, 5, 9, 0, 0, 0, time.UTC) }

// Portal starts a portal with these shops, or with Bookshop. It trusts X-Forwarded-For, so that a test can
// send requests from any address.
func Portal(t testing.TB, shops ...Shop) *Installation {
	t.Helper()
	return PortalOver(t, storagetest.Open(t, portal.Collections()...), shops...)
}

// PortalOver is Portal with a given store, such as one that counts operations or fails.
func PortalOver(t testing.TB, engine storage.Engine, shops ...Shop) *Installation {
	t.Helper()
	i := &Installation{Engine: engine, Mailbox: &Mailbox{}, Clock: storagetest.NewClock(Start()),
		Log: &Log{}, t: t}
	i.App = portal.New(engine, secrettest.Ring(), portal.WithClock(i.Clock.Now),
		portal.WithLog(i.Log.Logger()),
		portal.WithCountDelay(0))
	if len(shops) == 0 {
		shops = []Shop{Bookshop()}
	}
	for _, shop := range shops {
		if _, err := i.App.Operator().CreateShop(t.Context(), shop.ID, shop.Settings); err != nil {
			t.Fatalf("create shop %s: %v", shop.ID, err)
		}
	}
	i.Way = Serve(t, i.site())
	i.worker = i.App.Worker()
	i.outbox = &mail.Dispatcher{
		Engine: engine, Shops: i.shopIDs, Compose: i.composer(), Sender: i.Mailbox, Now: i.Clock.Now,
		Log: i.Log.Logger(),
	}
	return i
}

// Browser returns a new browser for the first shop's portal.
func (i *Installation) Browser() *Browser {
	i.t.Helper()
	shops, err := i.App.Shops(i.t.Context())
	if err != nil || len(shops) == 0 {
		i.t.Fatalf("%d shops: %v", len(shops), err)
	}
	return NewBrowser(i.t, shops[0].BaseURL, i.Way)
}

// BrowserAt returns a new browser for another base URL.
func (i *Installation) BrowserAt(base string) *Browser {
	i.t.Helper()
	return NewBrowser(i.t, base, i.Way)
}

// Work runs the due jobs and sends the due emails.
func (i *Installation) Work() {
	i.t.Helper()
	if _, err := i.worker.RunOnce(i.t.Context()); err != nil {
		i.t.Errorf("worker: %v", err)
	}
	i.Deliver()
}

// Deliver runs one round of the dispatcher.
func (i *Installation) Deliver() {
	i.t.Helper()
	i.turn.Lock()
	defer i.turn.Unlock()
	if _, err := i.outbox.Once(i.t.Context()); err != nil {
		i.t.Errorf("dispatcher: %v", err)
	}
}

// Key creates an API key for a shop.
func (i *Installation) Key(shop string, options ...portal.KeyOption) string {
	i.t.Helper()
	key, err := i.App.Operator().CreateKey(i.t.Context(), shop, "test", options...)
	if err != nil {
		i.t.Fatalf("create a key: %v", err)
	}
	return key
}

// Put sends a document to the API by PUT, as a feed does, and returns the response.
func (i *Installation) Put(key, path, document string) *Page {
	i.t.Helper()
	return i.Browser().Send(Request{Method: http.MethodPut, Path: path, Body: document,
		Header: map[string]string{
			"Authorization": "Bearer " + key, "Content-Type": "application/json",
		}})
}

// SignIn signs the browser in by link as a person does: it requests the link, opens the email and presses
// the button.
func (i *Installation) SignIn(b *Browser, email string) *Page {
	i.t.Helper()
	b.Get("/sign-in").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"email": email}).Want(http.StatusOK)
	i.Deliver()
	link := LinkIn(i.Mailbox.Last(email))
	if link == "" {
		i.t.Errorf("no link was mailed to %s", email)
		return b.Page
	}
	b.Get(link).Want(http.StatusOK)
	return b.Submit("main form", nil)
}

func (i *Installation) shopIDs(ctx context.Context) ([]string, error) {
	shops, err := i.App.Shops(ctx)
	ids := make([]string, 0, len(shops))
	for _, shop := range shops {
		ids = append(ids, shop.ID)
	}
	return ids, err
}
