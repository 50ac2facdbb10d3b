package portal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/storage"
)

// apiKey is a feed's key; its document's key is the hash of the secret, which is nowhere else.
type apiKey struct {
	ID        string    `bson:"id"`
	Name      string    `bson:"name"`
	CreatedAt time.Time `bson:"created_at"`
}

// KeyInfo describes a key without opening anything.
type KeyInfo struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// keyPrefix begins every key, so that one that leaked is recognised for what it is.
const keyPrefix = "postern_"

func keyCollection() storage.Collection {
	return storage.Collection{Name: "apikeys", Indexes: []storage.Index{{
		Name:   "created",
		Fields: []storage.Field{{Path: "created_at", Kind: storage.Time}},
		Head:   []string{"id", "name", "created_at"},
	}}}
}

func (a *App) keyDocs(shop string) storage.Docs[apiKey] {
	return storage.Open[apiKey](a.engine, shop, keyCollection())
}

// Feed is a machine of the shop with a key: it brings orders and customers, and reads customers.
type Feed struct {
	app     *App
	shop    Shop
	forced  bool
	request string // that forces, as in the log
}

// Forced is the feed, allowed to bring content that is dated in the future or older than what is stored.
// request is the id by which the log names who insisted.
func (f Feed) Forced(request string) Feed {
	f.forced, f.request = true, request
	return f
}

// Feed makes the actor of a request with a bearer key; an unknown, revoked or other shop's key is a SignIn
// error.
func (a *App) Feed(ctx context.Context, shop Shop, key string) (Feed, error) {
	if !strings.HasPrefix(key, keyPrefix) {
		return Feed{}, failure(SignIn, "error.key")
	}
	_, _, err := a.keyDocs(shop.ID).Get(ctx, hashOf(key))
	if errors.Is(err, storage.ErrNotFound) {
		return Feed{}, failure(SignIn, "error.key")
	}
	return Feed{app: a, shop: shop}, err
}

// CreateKey makes a key for a shop's feed and returns it, which is the only time it can be seen.
func (o Operator) CreateKey(ctx context.Context, shop, name string) (key string, err error) {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return "", err
	}
	f := &form{}
	name = f.required("name", f.text("name", name, maxWord))
	if err := invalid(f.faults); err != nil {
		return "", err
	}
	key = keyPrefix + rand.Text() + rand.Text() // 260 bits
	err = o.app.keyDocs(shop).Insert(ctx, hashOf(key), apiKey{ID: rand.Text()[:8], Name: name, CreatedAt: o.app.now()})
	return key, err
}

// Keys lists a shop's keys in the order they were made.
func (o Operator) Keys(ctx context.Context, shop string) ([]KeyInfo, error) {
	var keys []KeyInfo
	err := o.eachKey(ctx, shop, func(_ string, info KeyInfo) { keys = append(keys, info) })
	return keys, err
}

// RevokeKey ends a key by its id, at once; NotFound when there is none.
func (o Operator) RevokeKey(ctx context.Context, shop, id string) error {
	hash := ""
	if err := o.eachKey(ctx, shop, func(key string, info KeyInfo) {
		if info.ID == id {
			hash = key
		}
	}); err != nil {
		return err
	}
	_, read, err := o.app.keyDocs(shop).Get(ctx, hash)
	if err != nil {
		return missing(err)
	}
	return o.app.keyDocs(shop).Delete(ctx, hash, read)
}

func (o Operator) eachKey(ctx context.Context, shop string, do func(hash string, info KeyInfo)) error {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return err
	}
	query := storage.Query{Index: "created", Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[apiKey](ctx, o.app.keyDocs(shop), query)
		if err != nil {
			return fmt.Errorf("list keys: %w", err)
		}
		for _, hit := range page.Hits {
			do(hit.Key, KeyInfo(hit.Head))
		}
		if page.Next == "" {
			return nil
		}
		query.Cursor = page.Next
	}
}
