package webtest

import "postern/portal/shop"

// Shop describes a shop to create.
type Shop struct {
	ID       string
	Settings shop.Settings
}

// Bookshop returns the default shop of a Portal: on https, with a storefront, and open to anyone with an
// email address. Tests change its settings as needed.
func Bookshop() Shop { return NewShop("main", "https://account.shop.test") }

// NewShop returns a shop like Bookshop with another ID and base URL.
func NewShop(id, base string) Shop {
	return Shop{ID: id, Settings: shop.Settings{
		Name: new("Bookshop"), BaseURL: &base, StorefrontURL: new("https://www.shop.test/"),
		SenderEmail: new("account@shop.test"), TimeZone: new("UTC"), Registration: new(true),
	}}
}
