package page

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/money"
	"postern/portal/shop"
	"postern/portal/web/gate"
	"postern/templates/i18n"
)

// Base is embedded in the data of every page. Handlers set Title, and Nav, Wide and SingleCard where they
// apply.
type Base struct {
	Shop       shop.Shop
	L          *i18n.Localizer
	CurrentURL string // the page's path and query, without the confirmation

	Title      string // of the document; pages repeat it in their h1
	Nav        string // the ID of the current item of the navigation, or ""
	Wide       bool   // 64rem for lists instead of 44rem
	SingleCard bool   // a page with a single card, as in the sign-in

	SignedIn    bool
	DisplayName string // the customer's name, or the email if the name is unknown
	Email       string

	FormOwner string // value of gate.OwnerField in the forms of a customer's page

	Unread []Link // to what the shop wrote and the customer has not read

	Flash      *Flash
	Languages  []Choice // nil if the shop has only one language
	AskedLang  string   // the language that a visitor chose with ?lang=, kept in links; "" for none
	BrandStyle string   // URL of the shop's stylesheet, "" for none

	As *AsBanner // of staff who are signed in as the customer, nil for nobody

	Area *Area // whose navigation and menu a signed-in person sees

	money     func() *money.Formatter
	fragments *fragments
	refused   *bool // whether the page shows a form that was refused
}

// Choice is one language in the language menu.
type Choice struct {
	Lang, Name string
	Current    bool
}

// Language returns the language of a page: the customer's, otherwise the one in ?lang= or the form field
// lang, otherwise the browser's, otherwise the shop's. customer is nil for a visitor.
func (p *Pages) Language(c *fiber.Ctx, shop shop.Shop, customer *customer.Customer) string {
	if customer == nil {
		return p.language(c, shop, "")
	}
	return p.language(c, shop, customer.Language)
}

// language is Language for somebody with a stored language, "" for none.
func (p *Pages) language(c *fiber.Ctx, shop shop.Shop, stored string) string {
	wishes := []string{askedLang(c), c.Get(fiber.HeaderAcceptLanguage), shop.Language}
	if stored != "" {
		wishes = append([]string{stored}, wishes...)
	}
	return p.catalogue.Match(shop.Languages, wishes...)
}

// LanguageOf returns the Language of a page without ?lang= for somebody with the stored language, "" for
// none.
func (p *Pages) LanguageOf(c *fiber.Ctx, shop shop.Shop, stored string) string {
	return p.catalogue.Match(shop.Languages, stored, c.Get(fiber.HeaderAcceptLanguage), shop.Language)
}

// Person is somebody signed in, as the frame of their pages shows them.
type Person struct{ Name, Email, Language string }

// Base prepares a page of a shop in its Language; customer is nil for a visitor.
func (p *Pages) Base(c *fiber.Ctx, area *Area, shop shop.Shop, customer *customer.Customer) Base {
	if customer == nil {
		return p.BaseOf(c, area, shop, nil)
	}
	return p.BaseOf(c, area, shop, &Person{customer.Name(), customer.Email, customer.Language})
}

// BaseOf is Base for any person; nil for a visitor.
func (p *Pages) BaseOf(c *fiber.Ctx, area *Area, shop shop.Shop, person *Person) Base {
	b := Base{Shop: shop, CurrentURL: here(c), Area: area, fragments: p.fragments, refused: new(bool)}
	asked := askedLang(c)
	stored := ""
	if person != nil {
		b.SignedIn, b.Email, b.DisplayName = true, person.Email, cmp.Or(person.Name, person.Email)
		b.FormOwner, stored = gate.FormOwner(c), person.Language
	}
	lang := p.language(c, shop, stored)
	b.L = p.catalogue.Localizer(lang, shop.Location())
	b.money = p.money[lang]
	if asked == lang && person == nil {
		b.AskedLang = lang
	}
	b.BrandStyle, _ = p.BrandStyle(shop)
	b.Languages = p.choices(shop, lang)
	b.Flash = flashOf(c, b.L)
	return b
}

func askedLang(c *fiber.Ctx) string { return c.FormValue("lang") }

func (p *Pages) choices(shop shop.Shop, current string) []Choice {
	if len(shop.Languages) < 2 {
		return nil
	}
	choices := make([]Choice, 0, len(shop.Languages))
	for _, lang := range shop.Languages {
		choices = append(choices, Choice{Lang: lang, Name: p.catalogue.Name(lang), Current: lang == current})
	}
	return choices
}

// here returns the request's own path and query without the confirmation, which is shown only once. The
// result goes into links, so a path that a browser would read as another host becomes "/".
func here(c *fiber.Ctx) string {
	path := c.Path()
	if _, ok := shop.ParsePath(path); !ok {
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

// inLanguage returns the URL of this page in another language, for visitors.
func (b *Base) inLanguage(lang string) string {
	path, query, _ := strings.Cut(b.CurrentURL, "?")
	values, _ := url.ParseQuery(query) // keeps every parameter that can be parsed
	values.Set("lang", lang)
	return path + "?" + values.Encode()
}

// Home returns the link for the shop's name: the area's first page, or the sign-in for a visitor.
func (b Base) Home() string {
	if b.SignedIn {
		return b.Area.Home
	}
	return b.Link(b.Area.SignIn)
}

// Link returns a path of the portal with the language that the visitor chose.
func (b Base) Link(path string) string {
	if b.AskedLang == "" {
		return path
	}
	return path + "?lang=" + url.QueryEscape(b.AskedLang)
}

// Own reports whether the pages are the reader's own. Otherwise staff are signed in as the customer, and what
// only the customer may do is not shown.
func (b Base) Own() bool { return b.As == nil }

// Writes reports whether the reader may change what the pages show of the customer: the profile, the company
// and the addresses.
func (b Base) Writes() bool { return b.As == nil || b.As.Write }

// withdrawPath is the path of the form for withdrawing from a contract.
const withdrawPath = "/withdraw"

// Withdraw returns the path for withdrawing from a contract, which every page must link to (Art. 11a of
// Directive 2011/83/EU). It is "" if the shop does not offer withdrawal, on the form itself, and for staff.
func (b Base) Withdraw() string {
	here, _, _ := strings.Cut(b.CurrentURL, "?")
	isForm := strings.TrimSuffix(here, "/") == withdrawPath
	if b.Shop.ID == "" || b.Shop.NoWithdrawal || b.Area.Side || isForm || !b.Own() {
		return ""
	}
	return b.Link(withdrawPath)
}
