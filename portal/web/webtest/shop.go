package webtest

import (
	"postern/portal"
)

// Shop is a shop to be made.
type Shop struct {
	ID       string
	Settings portal.ShopSettings
}

// Bookshop is the shop of a Portal that is told of none: on https, with a storefront, open to everyone with
// an e-mail address. A test changes what it needs otherwise.
func Bookshop() Shop { return NewShop("main", "https://account.shop.test") }

// NewShop is a shop like Bookshop under another id and base URL.
func NewShop(id, base string) Shop {
	return Shop{ID: id, Settings: portal.ShopSettings{
		Name: new("Bookshop"), BaseURL: &base, StorefrontURL: new("https://www.shop.test/"),
		SenderEmail: new("account@shop.test"), TimeZone: new("UTC"), Registration: new(true),
	}}
}
