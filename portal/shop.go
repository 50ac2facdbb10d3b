package portal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (a *App) shopDocs() storage.Docs[shop.Shop] {
	return storage.Open[shop.Shop](a.engine, shop.Installation, shop.Collection())
}

// Shops returns all shops in the order of their creation, at most two seconds out of date. Callers must not
// modify the result.
func (a *App) Shops(ctx context.Context) ([]shop.Shop, error) {
	a.shops.Mu.Lock()
	defer a.shops.Mu.Unlock()
	now := time.Now() // not the App's clock: the cache ages in real time
	if now.Sub(a.shops.Loaded) < shop.CacheLife {
		return a.shops.Shops, nil
	}
	shops, err := a.loadShops(ctx)
	if err != nil {
		return nil, err
	}
	a.shops.Shops, a.shops.Loaded = shops, now
	return shops, nil
}

func (a *App) loadShops(ctx context.Context) ([]shop.Shop, error) {
	docs := a.shopDocs()
	var shops []shop.Shop
	query := storage.Query{Index: "created", Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return nil, fmt.Errorf("list shops: %w", err)
		}
		for _, hit := range page.Hits {
			shop, _, err := docs.Get(ctx, hit.Key)
			if err != nil {
				return nil, fmt.Errorf("read shop %s: %w", hit.Key, err)
			}
			if shop.Zone, err = time.LoadLocation(shop.TimeZone); err != nil {
				return nil, fmt.Errorf("time zone of shop %s: %w", shop.ID, err)
			}
			shops = append(shops, shop)
		}
		if page.Next == "" {
			return shops, nil
		}
		query.Cursor = page.Next
	}
}

// forgetShops makes this process see its own change immediately.
func (a *App) forgetShops() {
	a.shops.Mu.Lock()
	defer a.shops.Mu.Unlock()
	a.shops.Loaded = time.Time{}
}

// ShopByHost returns the shop that answers on a host. If there is only one shop, it answers on every host;
// otherwise an unknown host is validate.NotFound.
func (a *App) ShopByHost(ctx context.Context, host string) (shop.Shop, error) {
	shops, err := a.Shops(ctx)
	if err != nil {
		return shop.Shop{}, err
	}
	if len(shops) == 1 {
		return shops[0], nil
	}
	host = strings.ToLower(host)
	for _, shop := range shops {
		if shop.Answers(host) || shop.Answers(strings.TrimSuffix(host, shop.Port())) {
			return shop, nil
		}
	}
	return shop.Shop{}, validate.NewError(validate.NotFound, "error.host")
}

// shop returns the shop with the given id, or validate.NotFound.
func (a *App) shop(ctx context.Context, id string) (shop.Shop, error) {
	shops, err := a.Shops(ctx)
	if err != nil {
		return shop.Shop{}, err
	}
	for _, shop := range shops {
		if shop.ID == id {
			return shop, nil
		}
	}
	return shop.Shop{}, validate.NewError(validate.NotFound, "error.shop")
}
