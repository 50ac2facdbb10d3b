package web_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
)

// journal is a store that lists the operations on it.
type journal struct {
	storage.Engine
	mu   sync.Mutex
	list []string
}

func (j *journal) add(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, text)
}

// take returns the operations since the last call.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.list
	j.list = nil
	return list
}

func (j *journal) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	j.add("get " + collection)
	return j.Engine.Get(ctx, collection, id)
}

func (j *journal) Insert(ctx context.Context, collection string, r storage.Record) error {
	j.add("insert " + collection)
	return j.Engine.Insert(ctx, collection, r)
}

func (j *journal) Replace(ctx context.Context, collection string, r storage.Record, read storage.Version) error {
	j.add("replace " + collection)
	return j.Engine.Replace(ctx, collection, r, read)
}

func (j *journal) Increment(ctx context.Context, now time.Time, counts []storage.Count) ([]storage.Tally, error) {
	j.add(fmt.Sprint("increment ", len(counts)))
	return j.Engine.Increment(ctx, now, counts)
}

// TestStaffSignInDoesTheSameForEveryone checks that a request for a link, a wrong code, and a request for
// another email read and write the same for a member of staff and for a stranger.
func TestStaffSignInDoesTheSameForEveryone(t *testing.T) {
	t.Parallel()
	store := &journal{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store)
	i.Enrol("owner@shop.test", staff.Owner)
	steps := func(email string) (done [][]string) {
		b := i.Browser()
		b.Get("/admin/sign-in")
		b.Get("/admin/sign-in/code")
		store.take()
		b.Submit("main form", map[string]string{"email": email})
		done = append(done, store.take())
		b.Submit("main form", map[string]string{"code": "0000-0000"})
		done = append(done, store.take())
		b.Submit(`form[action$="/again"]`, nil)
		return append(done, store.take())
	}
	known, unknown := steps("owner@shop.test"), steps("other@shop.test")
	for n, name := range []string{"a link", "a wrong code", "another email"} {
		if !slices.Equal(known[n], unknown[n]) || len(known[n]) == 0 {
			t.Errorf("%s: %q for a member, %q for a stranger", name, known[n], unknown[n])
		}
	}
}
