package portal

import (
	"time"

	"postern/portal/address"
	"postern/portal/job"
	"postern/portal/money"
	"postern/storage"
)

// Order is one order as the shop's system described it last. Amounts are integer minor units of Currency;
// unit prices and quantities are decimals as given; the line totals decide.
type Order struct {
	Number           string           `bson:"number"`
	FeedCustomer     string           `bson:"feed_customer,omitempty"` // the shop system's customer id, "" for a guest
	Email            string           `bson:"email"`                   // canonical, as the order was placed
	PlacedAt         time.Time        `bson:"placed_at"`
	UpdatedAt        time.Time        `bson:"updated_at"`
	Currency         string           `bson:"currency"`
	Status           Status           `bson:"status"`
	IsDigital        bool             `bson:"is_digital,omitempty"`
	Lines            []Line           `bson:"lines,omitempty"`
	Subtotal         *int64           `bson:"subtotal,omitempty"`
	Discount         *int64           `bson:"discount,omitempty"`
	Shipping         *int64           `bson:"shipping,omitempty"`
	Tax              *int64           `bson:"tax,omitempty"`
	Refunded         *int64           `bson:"refunded,omitempty"`
	Total            int64            `bson:"total"`
	PricesIncludeTax bool             `bson:"prices_include_tax,omitempty"`
	Taxes            []TaxLine        `bson:"taxes,omitempty"`
	Discounts        []DiscountLine   `bson:"discounts,omitempty"`
	TaxNote          string           `bson:"tax_note,omitempty"` // "Reverse charge"
	VATID            string           `bson:"vat_id,omitempty"`   // as it stands on the order
	ShippingMethod   string           `bson:"shipping_method,omitempty"`
	PaymentMethod    string           `bson:"payment_method,omitempty"`
	ShippingAddress  *address.Address `bson:"shipping_address,omitempty"`
	BillingAddress   *address.Address `bson:"billing_address,omitempty"`
	Shipments        []Shipment       `bson:"shipments,omitempty"`
	CustomerNote     string           `bson:"customer_note,omitempty"`
	Notes            []Note           `bson:"notes,omitempty"` // from the shop to the customer
	Links            Links            `bson:"links,omitempty"`
	Events           []Event          `bson:"events,omitempty"`
	Business         bool             `bson:"business,omitempty" json:",omitempty"` // the feed says: not a consumer's
}

// Line is one position of an order.
type Line struct {
	ID        string        `bson:"id,omitempty"`
	SKU       string        `bson:"sku,omitempty"`
	Name      string        `bson:"name"`
	Options   []LineOption  `bson:"options,omitempty"`
	Quantity  money.Decimal `bson:"quantity"`
	UnitPrice money.Decimal `bson:"unit_price,omitempty"`
	Total     int64         `bson:"total"`
	TaxRate   money.Decimal `bson:"tax_rate,omitempty"` // percent
	Picture   string        `bson:"picture,omitempty"`  // https URL
	URL       string        `bson:"url,omitempty"`      // of the product
	Status    string        `bson:"status,omitempty"`   // a fulfillment word, where it differs from the order's
	// Kind is one of LineKinds, "" for goods or where the feed does not say.
	Kind string `bson:"kind,omitempty" json:",omitempty"`
	// Withdrawal is one of WithdrawalExceptions, "" for goods that can be returned as any.
	Withdrawal string `bson:"withdrawal,omitempty" json:",omitempty"`
}

// LineOption is one choice made for a line, as "Colour: blue".
type LineOption struct {
	Name  string `bson:"name" json:"name"`
	Value string `bson:"value" json:"value"`
}

// TaxLine is the part of the tax that one rate makes.
type TaxLine struct {
	Label  string        `bson:"label,omitempty"`
	Rate   money.Decimal `bson:"rate,omitempty"` // percent
	Amount int64         `bson:"amount"`
}

// DiscountLine is one discount or voucher; its Amount is what it takes off, as a positive number.
type DiscountLine struct {
	Label  string `bson:"label,omitempty"`
	Code   string `bson:"code,omitempty"`
	Amount int64  `bson:"amount"`
}

// Shipment is one parcel, or what is to be collected at one point.
type Shipment struct {
	Carrier      string         `bson:"carrier,omitempty"`
	Number       string         `bson:"number,omitempty"`
	URL          string         `bson:"url,omitempty"` // the carrier's tracking page
	ShippedAt    *time.Time     `bson:"shipped_at,omitempty"`
	DeliveredAt  *time.Time     `bson:"delivered_at,omitempty"`
	ExpectedFrom *time.Time     `bson:"expected_from,omitempty"`
	ExpectedTo   *time.Time     `bson:"expected_to,omitempty"`
	PickupPoint  string         `bson:"pickup_point,omitempty"`
	Items        []ShipmentItem `bson:"items,omitempty"`
}

// ShipmentItem is how much of which line (by the line's id) is in a shipment.
type ShipmentItem struct {
	Line     string        `bson:"line"`
	Quantity money.Decimal `bson:"quantity"`
}

// Note is a remark of the shop on the order.
type Note struct {
	Text string     `bson:"text" json:"text"`
	At   *time.Time `bson:"at,omitempty" json:"at,omitempty"`
}

// Links are the addresses an order leads to, "" where the feed gave none.
type Links struct {
	Invoice    string `bson:"invoice,omitempty" json:"invoice,omitempty"`
	Storefront string `bson:"storefront,omitempty" json:"storefront,omitempty"` // the order's page on the shop
	Payment    string `bson:"payment,omitempty" json:"payment,omitempty"`
	Reorder    string `bson:"reorder,omitempty" json:"reorder,omitempty"` // where the same can be bought again
	Return     string `bson:"return,omitempty" json:"return,omitempty"`   // where goods are sent back
	Cancel     string `bson:"cancel,omitempty" json:"cancel,omitempty"`   // where the order is cancelled
}

// Event is one dated step in the life of an order. Type is a canonical payment or fulfillment word,
// "placed", "completed", "reopened", or the feed's own; Noticed says that the feed gave no date and At is
// when the change arrived here.
type Event struct {
	Type    string    `bson:"type"`
	At      time.Time `bson:"at"`
	Label   string    `bson:"label,omitempty"` // the shop's status text
	Noticed bool      `bson:"noticed,omitempty"`
}

// Amount is a number of the order's minor units as money.
func (o Order) Amount(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: o.Currency}
}

// storedOrder is an order with what lists, worker and repeated deliveries need of it.
type storedOrder struct {
	Order    `bson:",inline"`
	Customer string               `bson:"customer"`
	Row      OrderRow             `bson:"row"`
	Views    []string             `bson:"views,omitempty"`
	Search   []string             `bson:"search,omitempty"`
	Work     job.List             `bson:"work,omitempty"`
	Digest   string               `bson:"digest"` // of the content as the feed gave it
	ArriveAt time.Time            `bson:"arrived_at"`
	ErasedAt *time.Time           `bson:"erased_at,omitempty"` // when its person was taken out of it
	Received []ReceivedWithdrawal `bson:"received,omitempty"`  // statements of withdrawal, the first ones
}

// The indexes of orders. "row" is all that a list shows.
const (
	ordersByPlaced = "placed"
	ordersByView   = "view"
	ordersBySearch = "search"
)

func orderCollection() storage.Collection {
	customer := storage.Field{Path: "customer", Kind: storage.String}
	placed := storage.Field{Path: "placed_at", Kind: storage.Time}
	list := func(path string) storage.Field { return storage.Field{Path: path, Kind: storage.String, Multi: true} }
	row := []string{"row"}
	return storage.Collection{Name: "orders", Indexes: append(job.Indexes(), []storage.Index{
		{Name: ordersByPlaced, Fields: []storage.Field{customer, placed}, Head: row},
		{Name: ordersByView, Fields: []storage.Field{customer, list("views"), placed}, Head: row},
		{Name: ordersBySearch, Fields: []storage.Field{customer, list("search")}, Head: row},
	}...)}
}

func (a *App) orderDocs(shop string) storage.Docs[storedOrder] {
	return storage.Open[storedOrder](a.engine, shop, orderCollection())
}

// maxRowPictures is how many pictures a row of the list shows.
const maxRowPictures = 3

// OrderRow is an order as a list shows it.
type OrderRow struct {
	Number    string       `bson:"number"`
	PlacedAt  time.Time    `bson:"placed_at"`
	Total     money.Amount `bson:"total"`
	Status    Status       `bson:"status"`
	Pictures  []string     `bson:"pictures,omitempty"` // at most three
	Pieces    int          `bson:"pieces"`             // positions
	FirstItem string       `bson:"first_item,omitempty"`
}

func (o Order) row() OrderRow {
	row := OrderRow{Number: o.Number, PlacedAt: o.PlacedAt, Total: o.Amount(o.Total), Status: o.Status}
	for _, line := range o.Lines {
		if !line.IsGoods() {
			continue
		}
		if row.Pieces++; row.Pieces == 1 {
			row.FirstItem = line.Name
		}
		if line.Picture != "" && len(row.Pictures) < maxRowPictures {
			row.Pictures = append(row.Pictures, line.Picture)
		}
	}
	return row
}
