package page

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/money"
	"postern/portal/web/gate"
	"postern/templates/i18n"
)

// Base is what every page's data embeds. Handlers set Title, and Nav, Wide and Solo where they apply.
type Base struct {
	Shop portal.Shop
	L    *i18n.Localizer
	Here string // where this page is, once more: path and query, without what confirms something

	Title string // of the document; pages repeat it in their h1
	Nav   string // the present item: "orders", "addresses", "company", "profile", "security" or ""
	Wide  bool   // 64rem for lists instead of 44rem
	Solo  bool   // a page of one card: signing in

	SignedIn bool
	Who      string // name, or address where the name is unknown
	Email    string

	FormOwner string // what the forms of a customer's page name them by

	Flash      *Flash
	Languages  []Choice // nil where there is no choice
	AskedLang  string   // a visitor's choice, carried from page to page; "" for none
	BrandStyle string   // URL of the shop's stylesheet, "" for none

	money func() *money.Formatter
	icons icons
	files files
}

// Choice is one language to choose.
type Choice struct {
	Lang, Name string
	Present    bool
}

// Language is what a page of a shop is in: the customer's language, else the one asked for with ?lang= (or
// a form's field of that name), else the browser's, else the shop's. customer is nil for a visitor.
func (p *Pages) Language(c *fiber.Ctx, shop portal.Shop, customer *portal.Customer) string {
	wishes := []string{askedLang(c), c.Get(fiber.HeaderAcceptLanguage), shop.Language}
	if customer != nil {
		wishes = append([]string{customer.Language}, wishes...)
	}
	return p.catalogue.Match(shop.Languages, wishes...)
}

// Base prepares a page of a shop in its Language; customer is nil for a visitor.
func (p *Pages) Base(c *fiber.Ctx, shop portal.Shop, customer *portal.Customer) Base {
	b := Base{Shop: shop, Here: here(c), icons: p.icons, files: p.files}
	asked := askedLang(c)
	if customer != nil {
		b.SignedIn, b.Email, b.Who = true, customer.Email, customer.Name()
		b.FormOwner = gate.FormOwner(c)
		if b.Who == "" {
			b.Who = customer.Email
		}
	}
	lang := p.Language(c, shop, customer)
	b.L = p.catalogue.Localizer(lang, shop.Location())
	b.money = p.money[lang]
	if asked == lang && customer == nil {
		b.AskedLang = lang
	}
	b.BrandStyle, _ = p.BrandStyle(shop)
	b.Languages = p.choices(shop, lang)
	b.Flash = flashOf(c, b.L)
	return b
}

func askedLang(c *fiber.Ctx) string { return c.FormValue("lang") }

func (p *Pages) choices(shop portal.Shop, present string) []Choice {
	if len(shop.Languages) < 2 {
		return nil
	}
	choices := make([]Choice, 0, len(shop.Languages))
	for _, lang := range shop.Languages {
		choices = append(choices, Choice{Lang: lang, Name: p.catalogue.Name(lang), Present: lang == present})
	}
	return choices
}

// here is the request's own path and query, but for a confirmation, which is shown once. Links are made of
// it: a path that a browser would take for another host is left out.
func here(c *fiber.Ctx) string {
	path := c.Path()
	if _, ok := portal.PathOf(path); !ok {
		path = "/"
	}
	query := url.Values{}
	for name, value := range c.Context().QueryArgs().All() {
		query.Add(string(name), string(value))
	}
	query.Del("done")
	query.Del("undo")
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// inLanguage is this page in another language, for visitors.
func (b *Base) inLanguage(lang string) string {
	path, query, _ := strings.Cut(b.Here, "?")
	values, _ := url.ParseQuery(query) // what of it can be read is kept
	values.Set("lang", lang)
	return path + "?" + values.Encode()
}

// Home is where the shop's name leads: the orders, for a visitor the sign-in.
func (b Base) Home() string {
	if b.SignedIn {
		return "/orders"
	}
	return b.Link("/sign-in")
}

// Link is a path of the portal that keeps the language a visitor chose.
func (b Base) Link(path string) string {
	if b.AskedLang == "" {
		return path
	}
	return path + "?lang=" + url.QueryEscape(b.AskedLang)
}

// Withdraw is where a consumer withdraws from a contract, from every page (Art. 11a of Directive
// 2011/83/EU); "" in a shop that does without.
func (b Base) Withdraw() string {
	if b.Shop.ID == "" || b.Shop.NoWithdrawal {
		return ""
	}
	return b.Link("/withdraw")
}
