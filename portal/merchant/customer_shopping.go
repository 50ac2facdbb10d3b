package merchant

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal"
	"postern/portal/cart"
	"postern/portal/customer"
	"postern/portal/event"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/voucher"
	"postern/storage"
)

// Shopping is what a customer bought lately, has in the cart, looked at, and may redeem.
type Shopping struct {
	Products []Product // of the latest orders, the last bought first
	Orders   int       // how many of the latest orders that is
	Earlier  bool      // there are earlier orders
	Cart     cart.Cart
	Viewed   []event.Event // the products viewed, the last first, each once
	Visited  time.Time     // the last visit of the shop, zero if none is known
	Vouchers []Voucher     // their own first
	Events   bool          // the shop takes events
}

// Product is what a customer bought in one or several orders.
type Product struct {
	Name, SKU string
	Quantity  money.Decimal
	Order     string // the last one
	At        time.Time
}

// Voucher is a voucher that a customer may use, now or later.
type Voucher struct {
	voucher.Voucher
	Own    bool  // only this customer may use it
	UsedBy int64 // uses by this customer
}

const (
	maxBoughtOrders = 20
	maxProducts     = 30
	maxViewed       = 10
	maxVouchers     = 20
	maxVoucherLook  = 50
	maxUsesLook     = 500
)

// Shopping returns what is known about a customer's shopping. Its cost does not grow with the customer's
// orders.
func (s Staff) Shopping(ctx context.Context, c customer.Customer) (Shopping, error) {
	found := Shopping{Events: s.shop.Events}
	if !s.May(staff.PermissionCustomers) {
		return found, denied()
	}
	if err := s.addProducts(ctx, c.ID, &found); err != nil {
		return found, err
	}
	var err error
	if found.Cart, _, err = s.app.Cart(ctx, s.shop.ID, c); err != nil {
		return found, err
	}
	events, err := s.app.Events(ctx, s.shop.ID, c)
	if err != nil {
		return found, err
	}
	found.addEvents(events)
	return found, s.addVouchers(ctx, c, &found)
}

// boughtOrder is what addProducts reads of an order.
type boughtOrder struct {
	Customer string       `bson:"customer"`
	PlacedAt time.Time    `bson:"placed_at"`
	Status   order.Status `bson:"status"`
	Lines    []order.Line `bson:"lines"`
}

func (s Staff) addProducts(ctx context.Context, id string, found *Shopping) error {
	docs := order.Docs(s.app.Engine(), s.shop.ID)
	page, err := storage.Find[struct{}](ctx, docs, storage.Query{
		Index: order.ByPlaced, Equal: []any{id}, Descending: true, Limit: maxBoughtOrders,
	})
	if err != nil {
		return err
	}
	numbers := make([]string, len(page.Hits))
	for i, hit := range page.Hits {
		numbers[i] = hit.Key
	}
	orders, err := storage.ReadAll[boughtOrder](ctx, docs, numbers)
	found.Orders, found.Earlier = len(numbers), page.Next != ""
	for _, o := range orders {
		if o.Head.Customer != id || o.Head.Status.Cancelled() {
			continue
		}
		for _, line := range o.Head.Lines {
			if line.IsGoods() && line.Parent == "" {
				found.addLine(o.Key, o.Head.PlacedAt, line)
			}
		}
	}
	return err
}

// addLine adds a line of an order to its product. A product is known by its SKU, or else by its name.
func (f *Shopping) addLine(number string, at time.Time, line order.Line) {
	is := func(p Product) bool {
		return p.SKU == line.SKU && (line.SKU != "" || p.Name == line.Name)
	}
	if i := slices.IndexFunc(f.Products, is); i >= 0 {
		p := &f.Products[i]
		p.Quantity = p.Quantity.Minus(money.Decimal("0").Minus(line.Quantity))
		return
	}
	if len(f.Products) < maxProducts {
		f.Products = append(f.Products, Product{line.Name, line.SKU, line.Quantity, number, at})
	}
}

// addEvents adds the products viewed and the last visit; the events are the latest first.
func (f *Shopping) addEvents(events []event.Event) {
	for _, e := range events {
		if f.Visited.IsZero() {
			f.Visited = e.At // whatever they did, they were there
		}
		same := func(other event.Event) bool {
			return other.SKU == e.SKU && (e.SKU != "" || other.Name == e.Name)
		}
		if e.Type == event.ProductView && len(f.Viewed) < maxViewed && !slices.ContainsFunc(f.Viewed, same) {
			f.Viewed = append(f.Viewed, e)
		}
	}
}

// addVouchers adds the vouchers that the customer may use, of the latest for the customer and for everyone.
func (s Staff) addVouchers(ctx context.Context, c customer.Customer, found *Shopping) error {
	keys := portal.HolderKeys(c)
	used, err := s.usesOf(ctx, keys)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, key := range append(keys, voucher.Everyone) {
		page, err := storage.Find[voucher.Voucher](ctx, voucher.Docs(s.app.Engine(), s.shop.ID), storage.Query{
			Index: voucher.ByHolder, Equal: []any{key}, Descending: true, Limit: maxVoucherLook,
		})
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			v := Voucher{Voucher: hit.Head, Own: key != voucher.Everyone, UsedBy: int64(len(used[hit.Key]))}
			if v.isUsable(s.app.Now()) && !seen[v.Code] && len(found.Vouchers) < maxVouchers {
				seen[v.Code] = true
				found.Vouchers = append(found.Vouchers, v)
			}
		}
	}
	return nil
}

// isUsable reports whether the customer may use the voucher, now or later.
func (v Voucher) isUsable(now time.Time) bool {
	left, limited := v.Left()
	switch {
	case !v.Until.IsZero() && !now.Before(v.Until), limited && left == 0:
		return false
	}
	return v.PerCustomer == 0 || v.UsedBy < v.PerCustomer
}

// usesOf returns the orders by which a customer used each voucher, of the latest uses.
func (s Staff) usesOf(ctx context.Context, keys []string) (map[string]map[string]bool, error) {
	used := map[string]map[string]bool{}
	for _, key := range keys {
		page, err := storage.Find[voucher.Redemption](ctx, voucher.RedemptionDocs(s.app.Engine(), s.shop.ID),
			storage.Query{Index: voucher.OfHolder, Equal: []any{key}, Descending: true, Limit: maxUsesLook})
		if err != nil {
			return nil, err
		}
		for _, hit := range page.Hits {
			r := hit.Head
			if !r.GivenBackAt.IsZero() {
				continue
			}
			if used[r.Code] == nil {
				used[r.Code] = map[string]bool{}
			}
			used[r.Code][r.Order] = true
		}
	}
	return used, nil
}

// OrderView is an order of a customer as staff see it.
type OrderView struct {
	order.Order
	Customer customer.Customer
}

// Order returns an order of a customer of the shop, or validate.NotFound.
func (s Staff) Order(ctx context.Context, id, number string) (OrderView, error) {
	c, err := s.ReadCustomer(ctx, id)
	if err != nil {
		return OrderView{}, err
	}
	doc, _, err := order.Docs(s.app.Engine(), s.shop.ID).Get(ctx, number)
	if errors.Is(err, storage.ErrNotFound) || err == nil && (doc.Customer != c.ID || doc.IsDeleted()) {
		err = validate.NewError(validate.NotFound, "error.order")
	}
	if err == nil {
		err = s.recordView(ctx, c.ID)
	}
	return OrderView{Order: doc.Order, Customer: c}, err
}
