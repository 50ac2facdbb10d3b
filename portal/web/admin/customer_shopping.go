package admin

import (
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/address"
	"postern/portal/event"
	"postern/portal/merchant"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/voucher"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// shoppingView holds the cards about a customer's shopping.
type shoppingView struct {
	Products []productLine
	More     []productLine
	Note     string // which orders the products are of
	Cart     *cartCard
	Viewed   []viewedLine
	Visited  string
	NoEvents bool // the shop takes none, and none are known
	Vouchers []voucherLine
}

type productLine struct {
	Name, SKU, Quantity, Order, Path string
	At                               page.Time
}

type cartCard struct {
	Since, Total, URL string
	Lines             []cartLine
}

type cartLine struct{ Name, URL, Quantity, Total string }

type viewedLine struct {
	Name, URL string
	At        page.Time
}

type voucherLine struct {
	Code, Title, Value string
	Rules              []string
}

// maxProductsShown is the number of products that are shown without a click.
const maxProductsShown = 8

// shopping prepares the cards. now is the App's time.
func (p *customerView) shopping(s merchant.Shopping, id string, now time.Time) {
	v := &shoppingView{NoEvents: !s.Events && s.Visited.IsZero()}
	if s.Earlier {
		v.Note = p.T("shopping.bought.latest", "Count", s.Orders)
	}
	for _, product := range s.Products {
		v.Products = append(v.Products, productLine{product.Name, product.SKU, p.Decimal(product.Quantity),
			product.Order, orderPathOf(id, product.Order), p.TimeShort(product.At)})
	}
	if most := min(len(v.Products), maxProductsShown); most < len(v.Products) {
		v.Products, v.More = v.Products[:most], v.Products[most:]
	}
	if c := s.Cart; len(c.Lines) > 0 {
		v.Cart = &cartCard{Since: p.T("shopping.cart.since", "When", c.UpdatedAt), Total: p.Money(c.Total()),
			URL: c.URL}
		for _, line := range c.Lines {
			v.Cart.Lines = append(v.Cart.Lines, cartLine{line.Name, line.URL, p.Decimal(line.Quantity),
				p.Money(money.Amount{Minor: line.Total, Currency: c.Currency})})
		}
	}
	for _, e := range s.Viewed {
		v.Viewed = append(v.Viewed, viewedLine{productName(e), e.URL, p.TimeMoment(e.At)})
	}
	if !s.Visited.IsZero() {
		v.Visited = p.T("shopping.visited", "When", s.Visited)
	}
	for _, given := range s.Vouchers {
		v.Vouchers = append(v.Vouchers, p.voucher(given, now))
	}
	p.Shopping = v
}

func productName(e event.Event) string {
	if e.Name == "" {
		return e.SKU
	}
	return e.Name
}

func (p *customerView) voucher(v merchant.Voucher, now time.Time) voucherLine {
	line := voucherLine{Code: v.Code, Title: v.Title, Value: p.voucherValue(v.Terms)}
	rule := func(key string, args ...any) { line.Rules = append(line.Rules, p.T(key, args...)) }
	if v.Own {
		rule("shopping.voucher.own")
	}
	if now.Before(v.From) {
		rule("shopping.voucher.from", "When", v.From)
	}
	if !v.Until.IsZero() {
		rule("shopping.voucher.until", "When", v.Until)
	}
	if left, limited := v.Left(); limited {
		rule("shopping.voucher.left", "Count", int(left))
	}
	if v.PerCustomer > 0 {
		rule("shopping.voucher.used", "Used", p.L.Number(v.UsedBy), "Of", p.L.Number(v.PerCustomer))
	}
	return line
}

func (p *customerView) voucherValue(t voucher.Terms) string {
	if t.Percent != "" {
		return p.T("shopping.voucher.percent", "Percent", p.Decimal(t.Percent))
	}
	return p.Money(money.Amount{Minor: t.Amount, Currency: t.Currency})
}

// orderView is an order's page, for reading.
type orderView struct {
	page.Base
	Status   page.Pill
	Placed   page.Time
	Customer page.Link
	Lines    []orderItem
	Total    string
	URL      string // of the order on the storefront

	Number            string
	Payment, Delivery []fact
	Contact           []fact
	Addresses         []orderAddress
	NoAddress         bool   // the shop sent no delivery address, of goods that are delivered
	Emails            string // URL of the emails to the order's address, "" for none
}

// orderAddress is an address of an order, in the form of its country.
type orderAddress struct {
	Heading string
	Lines   []string
}

type orderItem struct{ Name, SKU, Quantity, Total string }

// orderPathOf returns the path of the page of a customer's order.
func orderPathOf(id, number string) string {
	return customerPathOf(id) + "/orders/" + url.PathEscape(number)
}

func (h *Handler) order(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	o, err := s.Order(c.UserContext(), id, number)
	if err != nil {
		return err
	}
	b := h.base(c, s, "orders", "")
	b.Wide, b.Title = true, b.T("order.title", "Number", o.Number)
	name := o.Customer.Name()
	if name == "" {
		name = o.Customer.Email
	}
	data := orderView{Base: b, Placed: b.TimeMoment(o.PlacedAt), Total: b.Money(o.Amount(o.Total)),
		Customer: page.Link{Label: name, Path: customerPathOf(id)}, URL: o.Links.Storefront}
	data.Status = orderPill(b, o.Status)
	for _, line := range o.Lines {
		data.Lines = append(data.Lines, orderItem{line.Name, line.SKU, b.Decimal(line.Quantity),
			b.Money(o.Amount(line.Total))})
	}
	data.about(o.Order)
	data.addresses(h.app.AddressFormats(), o.Order)
	return h.pages.Render(c, fiber.StatusOK, "admin/order", data)
}

// about tells how the order is paid, delivered and written about.
func (p *orderView) about(o order.Order) {
	due, until := "", ""
	if o.AmountDue != nil && *o.AmountDue > 0 {
		due = p.Money(o.Amount(*o.AmountDue))
	}
	if o.Instructions != nil && o.Instructions.DueAt != nil {
		until = p.L.Date(*o.Instructions.DueAt)
	}
	p.Number = o.Number
	p.Payment = factsOf(p.Base, "order.payment_method", o.PaymentMethod, "order.due", due, "payment.due", until)
	p.Delivery = factsOf(p.Base, "order.shipping_method", o.ShippingMethod)
	p.Contact = factsOf(p.Base, "order.email", o.Email)
	if o.Email != "" {
		p.Emails = emailsURL(merchant.EmailQuery{Person: o.Email})
	}
}

func (p *orderView) addresses(formats *address.Formats, o order.Order) {
	add := func(heading string, a *address.Address) {
		if a != nil {
			p.Addresses = append(p.Addresses, orderAddress{p.T(heading), formats.Lines(*a, p.L.Lang())})
		}
	}
	p.NoAddress = o.ShippingAddress == nil && !o.IsDigital
	if o.ShippingAddress != nil && o.BillingAddress != nil && *o.ShippingAddress == *o.BillingAddress {
		add("order.address.both", o.ShippingAddress)
		return
	}
	add("order.address.shipping", o.ShippingAddress)
	add("order.address.billing", o.BillingAddress)
}
