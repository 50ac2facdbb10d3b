package portal

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"postern/portal/secret"
	"postern/portal/validate"
	"postern/storage"
)

// apiKey is a feed's key. Its document is stored under the hash of the secret; the secret itself is not
// stored.
type apiKey struct {
	ID        string    `bson:"id"`
	Name      string    `bson:"name"`
	CreatedAt time.Time `bson:"created_at"`
}

// KeyInfo describes a key without revealing it.
type KeyInfo struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// keyPrefix begins every key, so that a leaked key can be recognised.
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

// CreateKey creates a key for a shop's feed and returns it. It cannot be shown again.
func (o Operator) CreateKey(ctx context.Context, shop, name string) (key string, err error) {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return "", err
	}
	f := &validate.Validator{}
	name = f.Required("name", f.Text("name", name, validate.MaxWord))
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return "", err
	}
	key = keyPrefix + rand.Text() + rand.Text() // 260 bits
	err = o.app.keyDocs(shop).Insert(ctx, secret.Hash(key),
		apiKey{ID: rand.Text()[:8], Name: name, CreatedAt: o.app.now()})
	return key, err
}

// Keys lists a shop's keys, oldest first.
func (o Operator) Keys(ctx context.Context, shop string) ([]KeyInfo, error) {
	var keys []KeyInfo
	err := o.eachKey(ctx, shop, func(_ string, info KeyInfo) { keys = append(keys, info) })
	return keys, err
}

// RevokeKey revokes a key by its id, effective immediately; validate.NotFound if there is none.
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
		return validate.NotFoundIfMissing(err)
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
