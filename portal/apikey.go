package portal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/secret"
	"postern/portal/shop"
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

	By        audit.Actor `bson:"by,omitempty"`         // who created it; empty for one of an earlier version
	RevokedAt time.Time   `bson:"revoked_at,omitempty"` // no longer works, and is removed by a job
	Work      job.List    `bson:"work,omitempty"`
}

// KeyInfo describes a key without revealing it.
type KeyInfo struct {
	ID        string
	Name      string
	CreatedAt time.Time
	Scopes    []Scope   // none for all
	ExpiresAt time.Time // zero for never
	UsedAt    time.Time // the day of the last use, in UTC; zero for never
	By        audit.Actor
}

func (k *apiKey) info() KeyInfo {
	return KeyInfo{ID: k.ID, Name: k.Name, CreatedAt: k.CreatedAt, Scopes: k.Scopes, ExpiresAt: k.ExpiresAt,
		UsedAt: k.UsedAt, By: k.By}
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
	return storage.Collection{Name: "apikeys", Indexes: append(job.Indexes(), storage.Index{
		Name:   "created",
		Fields: []storage.Field{{Path: "created_at", Kind: storage.Time}},
		Head:   []string{"id", "name", "created_at", "scopes", "expires_at", "used_at", "by", "revoked_at"},
	})}
}

func (a *App) keyDocs(shop string) storage.Docs[apiKey] {
	return storage.Open[apiKey](a.engine, shop, keyCollection())
}

// CreateKey creates a key for a shop's feed and returns it. It cannot be shown again. Field errors are at
// "name", "scope" and "expires".
func (o Operator) CreateKey(ctx context.Context, shop, name string, options ...KeyOption) (string, error) {
	return o.app.CreateKey(ctx, shop, name, o.unrecorded(), options...)
}

// unrecorded returns an act of the operator for the key alone: the log is about acts on customers, and
// those of staff on the shop.
func (o Operator) unrecorded() audit.Act {
	return audit.Act{Actor: audit.Actor{Kind: audit.Operator, ID: o.user}, At: o.app.now()}
}

// CreateKey is Operator.CreateKey for an actor whose act is given. The key carries it into the log, unless it
// has no id.
func (a *App) CreateKey(ctx context.Context, shop, name string, act audit.Act,
	options ...KeyOption) (string, error) {
	if _, err := a.shop(ctx, shop); err != nil {
		return "", err
	}
	f := &validate.Validator{}
	created := apiKey{ID: rand.Text()[:8], CreatedAt: a.now(), By: act.Actor,
		Name: f.Required("name", f.Text("name", name, validate.MaxWord))}
	for _, limit := range options {
		limit(&created)
	}
	created.check(f)
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return "", err
	}
	if err := created.carry(act, audit.Changes(map[string]string{}, created.fields())); err != nil {
		return "", err
	}
	key := keyPrefix + rand.Text() + rand.Text() // 260 bits
	return key, a.keyDocs(shop).Insert(ctx, secret.Hash(key), created)
}

// carry makes the key carry an act with what it changed, unless the act has no id.
func (k *apiKey) carry(act audit.Act, changes []audit.Change) error {
	if act.ID == "" {
		return nil
	}
	act.Changes = changes
	return act.Carry(&k.Work)
}

// fields returns what the log has of a key.
func (k *apiKey) fields() map[string]string {
	fields := map[string]string{"name": k.Name, "scopes": scopeList(k.Scopes)}
	if !k.ExpiresAt.IsZero() {
		fields["expires_at"] = k.ExpiresAt.Format(time.RFC3339)
	}
	return fields
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
	case !key.RevokedAt.IsZero():
		return key, validate.NewError(validate.SignIn, "error.key")
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
	return o.app.Keys(ctx, shop)
}

// Keys is Operator.Keys for other actors.
func (a *App) Keys(ctx context.Context, shop string) ([]KeyInfo, error) {
	var keys []KeyInfo
	err := a.eachKey(ctx, shop, func(_ string, info KeyInfo) { keys = append(keys, info) })
	return keys, err
}

// RevokeKey revokes a key by its id, effective immediately; validate.NotFound if there is none.
func (o Operator) RevokeKey(ctx context.Context, shop, id string) error {
	return o.app.RevokeKey(ctx, shop, id, o.unrecorded())
}

// kindForgetKey is the job that removes a revoked key.
const kindForgetKey = "forget_key"

// RevokeKey is Operator.RevokeKey for an actor whose act is given. The revoked key carries it into the log.
func (a *App) RevokeKey(ctx context.Context, shop, id string, act audit.Act) error {
	hash := ""
	if err := a.eachKey(ctx, shop, func(key string, info KeyInfo) {
		if info.ID == id {
			hash = key
		}
	}); err != nil {
		return err
	}
	_, err := a.keyDocs(shop).Change(ctx, hash, func(k *apiKey) error {
		if !k.RevokedAt.IsZero() {
			return storage.ErrNotFound
		}
		k.RevokedAt = act.At
		k.Work.Add(job.Request{Kind: kindForgetKey, At: act.At})
		return k.carry(act, audit.Changes(k.fields(), nil))
	})
	return validate.NotFoundIfMissing(err)
}

func (a *App) eachKey(ctx context.Context, shop string, do func(hash string, info KeyInfo)) error {
	if _, err := a.shop(ctx, shop); err != nil {
		return err
	}
	query := storage.Query{Index: "created", Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[apiKey](ctx, a.keyDocs(shop), query)
		if err != nil {
			return fmt.Errorf("list keys: %w", err)
		}
		for _, hit := range page.Hits {
			if hit.Head.RevokedAt.IsZero() {
				do(hit.Key, hit.Head.info())
			}
		}
		if page.Next == "" {
			return nil
		}
		query.Cursor = page.Next
	}
}

func (w Worker) keyJobs() job.Source {
	return job.Documents[apiKey]{
		Collection: keyCollection(),
		Open:       w.app.keyDocs,
		List:       func(k *apiKey) *job.List { return &k.Work },
		Kinds: map[string]job.Kind[apiKey]{
			audit.KindRecord: recordsActs[apiKey](w.app),
			kindForgetKey:    {Do: inShop(w.app, w.forgetKey)},
		},
	}
}

// forgetKey removes a revoked key.
func (w Worker) forgetKey(ctx context.Context, s shop.Shop, t job.Task[apiKey]) (job.Finish[apiKey], error) {
	if err := w.app.recordPending(ctx, s.ID, t.Doc.Work); err != nil {
		return nil, err
	}
	return nil, remove(ctx, w.app.keyDocs(s.ID), t.Key)
}
