package web_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gofiber/fiber/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/web"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
)

// absent is a store that can be out of reach, and counts the calls made while it is.
type absent struct {
	storage.Engine
	gone  atomic.Bool
	asked atomic.Int64
}

func (a *absent) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	if a.gone.Load() {
		a.asked.Add(1)
		return nil, fmt.Errorf("no server at db.internal: %w", storage.ErrUnavailable)
	}
	return a.Engine.Get(ctx, collection, id)
}

// TestStoreOutOfReachIsUnavailable checks that pages and the API answer 503 with Retry-After and a short
// explanation, without calling the store a second time.
func TestStoreOutOfReachIsUnavailable(t *testing.T) {
	t.Parallel()
	store := &absent{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store)
	site, err := web.New(web.Config{App: i.App, Log: i.Log.Logger()})
	if err != nil {
		t.Fatal(err)
	}
	h := testSite{Installation: i, site: site, way: webtest.Serve(t, site)}
	b, key := h.browser(t), i.Key("main")
	b.Get("/sign-in").Want(200)
	b.SetCookie("__Host-postern.main", strings.Repeat("A", 64))
	store.gone.Store(true)
	page := b.Get("/orders").Want(503)
	if page.Header.Get(fiber.HeaderRetryAfter) == "" || !strings.Contains(page.Text("main"),
		"Try again in a minute.") {
		t.Errorf("Retry-After %q, page %q", page.Header.Get(fiber.HeaderRetryAfter), page.Text("main"))
	}
	if asked := store.asked.Load(); asked != 1 {
		t.Errorf("the store was asked %d times", asked)
	}
	problem := b.Send(webtest.Request{Method: "PUT", Path: "/api/v1/orders/1", Body: "{}",
		Header: map[string]string{
			fiber.HeaderAuthorization: "Bearer " + key, fiber.HeaderContentType: "application/json",
		}})
	if problem.Want(503); problem.Header.Get(fiber.HeaderRetryAfter) == "" || !strings.Contains(problem.Body,
		"error.unavailable") {
		t.Errorf("the API answers %s", problem.Body)
	}
}
