package portal

import (
	"context"
	"errors"
	"strings"

	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// Feed is a system of the shop that has a key: it sends orders and customers, and reads customers.
type Feed struct {
	app     *App
	shop    shop.Shop
	forced  bool
	request string // that forces, as in the log
}

// WithForce returns the feed with permission to send content that is dated in the future or older than the
// stored content. request is the id that the log gives for the request that forced it.
func (f Feed) WithForce(request string) Feed {
	f.forced, f.request = true, request
	return f
}

// Feed returns the feed that a bearer key belongs to. An unknown or revoked key, or one of another shop, is
// a validate.SignIn error.
func (a *App) Feed(ctx context.Context, shop shop.Shop, key string) (Feed, error) {
	if !strings.HasPrefix(key, keyPrefix) {
		return Feed{}, validate.NewError(validate.SignIn, "error.key")
	}
	_, _, err := a.keyDocs(shop.ID).Get(ctx, secret.Hash(key))
	if errors.Is(err, storage.ErrNotFound) {
		return Feed{}, validate.NewError(validate.SignIn, "error.key")
	}
	return Feed{app: a, shop: shop}, err
}
