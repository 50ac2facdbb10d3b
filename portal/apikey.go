package portal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/portal/secret"
	"postern/portal/validate"
	"postern/storage"
)

// Scope is something that an API key is allowed to do.
type Scope string

// The scopes.
const (
	ScopeCustomersRead  Scope = "customers:read"
	ScopeCustomersWrite Scope = "customers:write"
	ScopeOrders         Scope = "orders" // write, read and delete orders
	ScopeSignInEmails   Scope = "sign-in-emails"
	ScopeHandOff        Scope = "hand-off"
	ScopeLists          Scope = "lists"    // read withdrawals, requests and messages
	ScopeMessages       Scope = "messages" // answer messages and requests, and read what belongs to them
	ScopeVouchers       Scope = "vouchers" // send, read, delete and redeem vouchers
	ScopeEvents         Scope = "events"   // send what customers do in the shop
)

// Scopes lists all scopes.
func Scopes() []Scope {
	return []Scope{ScopeCustomersRead, ScopeCustomersWrite, ScopeOrders, ScopeSignInEmails, ScopeHandOff,
		ScopeLists, ScopeMessages, ScopeVouchers, ScopeEvents}
}

// apiKey is a feed's key. Its document is stored under the hash of the secret; the secret itself is not
// stored.
type apiKey struct {
	ID        string    `bson:"id"`
	Name      string    `bson:"name"`
	CreatedAt time.Time `bson:"created_at"`
	Scopes    []Scope   `bson:"scopes,omitempty"`     // none for all, including those that a later version adds
	ExpiresAt time.Time `bson:"expires_at,omitempty"` // the first moment when it no longer works; zero for never
	UsedAt    time.Time `bson:"used_at,omitempty"`    // the day of the last use, in UTC; zero for never
}

// KeyInfo describes a key without revealing it.
type KeyInfo struct {
	ID        string
	Name      string
	CreatedAt time.Time
	Scopes    []Scope   // none for all
	ExpiresAt time.Time // zero for never
	UsedAt    time.Time // the day of the last use, in UTC; zero for never
}

// KeyOption limits a new key.
type KeyOption func(*apiKey)

// KeyScopes limits a key to the scopes. Without any, it has all.
func KeyScopes(scopes ...Scope) KeyOption { return func(k *apiKey) { k.Scopes = scopes } }

// KeyExpiry limits the time for which a key works.
func KeyExpiry(at time.Time) KeyOption { return func(k *apiKey) { k.ExpiresAt = at.UTC() } }

// keyPrefix begins every key, so that a leaked key can be recognised.
const keyPrefix = "postern_"

func keyCollection() storage.Collection {
	return storage.Collection{Name: "apikeys", Indexes: []storage.Index{{
		Name:   "created",
		Fields: []storage.Field{{Path: "created_at", Kind: storage.Time}},
		Head:   []string{"id", "name", "created_at", "scopes", "expires_at", "used_at"},
	}}}
}

func (a *App) keyDocs(shop string) storage.Docs[apiKey] {
	return storage.Open[apiKey](a.engine, shop, keyCollection())
}

// CreateKey creates a key for a shop's feed and returns it. It cannot be shown again. Field errors are at
// "name", "scope" and "expires".
func (o Operator) CreateKey(ctx context.Context, shop, name string, options ...KeyOption) (string, error) {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return "", err
	}
	f := &validate.Validator{}
	created := apiKey{ID: rand.Text()[:8], CreatedAt: o.app.now(),
		Name: f.Required("name", f.Text("name", name, validate.MaxWord))}
	for _, limit := range options {
		limit(&created)
	}
	created.check(f)
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return "", err
	}
	key := keyPrefix + rand.Text() + rand.Text() // 260 bits
	return key, o.app.keyDocs(shop).Insert(ctx, secret.Hash(key), created)
}

func (k *apiKey) check(f *validate.Validator) {
	for _, scope := range k.Scopes {
		if !slices.Contains(Scopes(), scope) {
			f.Reject("scope", "apikey.scope", "Scope", string(scope), "Scopes", scopeList(Scopes()))
		}
	}
	slices.Sort(k.Scopes)
	k.Scopes = slices.Compact(k.Scopes)
	if !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(k.CreatedAt) {
		f.Reject("expires", "apikey.expires")
	}
}

func scopeList(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = string(scope)
	}
	return strings.Join(names, ", ")
}

// allows reports whether the key has a scope.
func (k *apiKey) allows(scope Scope) bool {
	return len(k.Scopes) == 0 || slices.Contains(k.Scopes, scope)
}

// keyOf returns the key with the given text, or a validate.SignIn error.
func (a *App) keyOf(ctx context.Context, shop, text string) (apiKey, error) {
	if !strings.HasPrefix(text, keyPrefix) {
		return apiKey{}, validate.NewError(validate.SignIn, "error.key")
	}
	hash := secret.Hash(text)
	key, _, err := a.keyDocs(shop).Get(ctx, hash)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return key, validate.NewError(validate.SignIn, "error.key")
	case err != nil:
		return key, err
	case !key.ExpiresAt.IsZero() && !a.now().Before(key.ExpiresAt):
		return key, validate.NewError(validate.SignIn, "key.expired")
	}
	a.noteKeyUse(ctx, shop, hash, key)
	return key, nil
}

// noteKeyUse records the day of a key's last use, with one write a day. The request goes on if that fails:
// the next one records it.
func (a *App) noteKeyUse(ctx context.Context, shop, hash string, key apiKey) {
	today := a.now().UTC().Truncate(24 * time.Hour)
	if !key.UsedAt.Before(today) {
		return
	}
	_, err := a.keyDocs(shop).Change(ctx, hash, func(k *apiKey) error {
		if !k.UsedAt.Before(today) {
			return storage.ErrUnchanged
		}
		k.UsedAt = today
		return nil
	})
	if ifFound(err) != nil {
		a.log.WarnContext(ctx, "the last use of an API key was not recorded", "shop", shop, "key", key.ID,
			"error", err)
	}
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
	docs := o.app.keyDocs(shop)
	for {
		_, read, err := docs.Get(ctx, hash)
		if err != nil {
			return validate.NotFoundIfMissing(err)
		}
		if err = docs.Delete(ctx, hash, read); !errors.Is(err, storage.ErrConflict) { // it was used just now
			return err
		}
	}
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
