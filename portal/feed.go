package portal

import (
	"context"

	"postern/portal/shop"
	"postern/portal/validate"
)

// Feed is a system of the shop that has a key. It may do what the scopes of its key allow.
type Feed struct {
	app     *App
	shop    shop.Shop
	key     apiKey
	forced  bool
	request string // that forces, as in the log
	address string // of the client
}

// WithForce returns the feed with permission to send content that is dated in the future or older than the
// stored content. request is the id that the log gives for the request that forced it.
func (f Feed) WithForce(request string) Feed {
	f.forced, f.request = true, request
	return f
}

// Feed returns the feed that a bearer key belongs to. An unknown, revoked or expired key, or one of another
// shop, is a validate.SignIn error.
func (a *App) Feed(ctx context.Context, shop shop.Shop, key string) (Feed, error) {
	known, err := a.keyOf(ctx, shop.ID, key)
	if err != nil {
		return Feed{}, err
	}
	return Feed{app: a, shop: shop, key: known}, nil
}

// Require returns nil if the feed's key has the scope, else a validate.Denied error with the scope in Args.
func (f Feed) Require(scope Scope) error {
	if f.key.allows(scope) {
		return nil
	}
	return &validate.Error{Kind: validate.Denied, Key: "key.scope",
		Args: map[string]string{"Scope": string(scope)}}
}
