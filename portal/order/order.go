// Package order is the order: how a feed writes it, how it is stored and listed, its status in words, what a
// customer may do with it, and how many orders a customer has by month.
//
// It must not know of customers' documents or of what was requested or withdrawn.
package order

import (
	"sync"
	"time"

	"postern/portal/address"
	"postern/portal/job"
	"postern/portal/money"
	"postern/storage"
)

// Order is an order as last described by the shop's system. Amounts are integers in minor units of
// Currency. Unit prices and quantities are decimals as given; the line totals are authoritative.
type Order struct {
	Number           string         `bson:"number"`
	FeedCustomer     string         `bson:"feed_customer,omitempty"` // the shop system's customer id, "" for a guest
	Email            string         `bson:"email"`                   // canonical, as on the order; "" if it has none
	Phone            string         `bson:"phone,omitempty" json:",omitempty"`
	PlacedAt         time.Time      `bson:"placed_at"`
	UpdatedAt        time.Time      `bson:"updated_at"`
	Currency         string         `bson:"currency"`
	Status           Status         `bson:"status"`
	IsDigital        bool           `bson:"is_digital,omitempty"`
	Lines            []Line         `bson:"lines,omitempty"`
	Subtotal         *int64         `bson:"subtotal,omitempty"`
	Discount         *int64         `bson:"discount,omitempty"`
	Shipping         *int64         `bson:"shipping,omitempty"`
	Tax              *int64         `bson:"tax,omitempty"`
	Refunded         *int64         `bson:"refunded,omitempty"`
	Total            int64          `bson:"total"`
	PricesIncludeTax bool           `bson:"prices_include_tax,omitempty"`
	Taxes            []TaxLine      `bson:"taxes,omitempty"`
	Discounts        []DiscountLine `bson:"discounts,omitempty"`
	Fees             []Fee          `bson:"fees,omitempty" json:",omitempty"`
	GiftCards        []GiftCard     `bson:"gift_cards,omitempty" json:",omitempty"`
	StoreCredit      *int64         `bson:"store_credit,omitempty" json:",omitempty"` // taken off the total
	AmountPaid       *int64         `bson:"amount_paid,omitempty" json:",omitempty"`
	AmountDue        *int64         `bson:"amount_due,omitempty" json:",omitempty"`
	Payments         []Payment      `bson:"payments,omitempty" json:",omitempty"`
	Refunds          []Refund       `bson:"refunds,omitempty" json:",omitempty"`
	// LinesDiscounted reports whether the totals of the lines are after discounts, LinesTaxed whether they
	// include tax; nil if the feed does not say.
	LinesDiscounted *bool            `bson:"lines_discounted,omitempty" json:",omitempty"`
	LinesTaxed      *bool            `bson:"lines_taxed,omitempty" json:",omitempty"`
	Instructions    *Instructions    `bson:"payment_instructions,omitempty" json:",omitempty"`
	Downloads       []Download       `bson:"downloads,omitempty" json:",omitempty"`
	Returns         []Return         `bson:"returns,omitempty" json:",omitempty"`
	TaxNote         string           `bson:"tax_note,omitempty"` // "Reverse charge"
	VATID           string           `bson:"vat_id,omitempty"`   // as shown on the order
	ShippingMethod  string           `bson:"shipping_method,omitempty"`
	PaymentMethod   string           `bson:"payment_method,omitempty"`
	ShippingAddress *address.Address `bson:"shipping_address,omitempty"`
	BillingAddress  *address.Address `bson:"billing_address,omitempty"`
	Shipments       []Shipment       `bson:"shipments,omitempty"`
	CustomerNote    string           `bson:"customer_note,omitempty"`
	Notes           []Note           `bson:"notes,omitempty"` // from the shop to the customer
	Links           Links            `bson:"links,omitempty"`
	Events          []Event          `bson:"events,omitempty"`
	Language        string           `bson:"language,omitempty" json:",omitempty"` // ISO 639, in which it was placed
	Business        bool             `bson:"business,omitempty" json:",omitempty"` // not a consumer's order, according to the feed
}

// Line is one line of an order.
type Line struct {
	ID        string        `bson:"id,omitempty"`
	Parent    string        `bson:"parent,omitempty" json:",omitempty"` // the id of the line that this one is a part of
	SKU       string        `bson:"sku,omitempty"`
	Name      string        `bson:"name"`
	Options   []LineOption  `bson:"options,omitempty"`
	Quantity  money.Decimal `bson:"quantity"`
	UnitPrice money.Decimal `bson:"unit_price,omitempty"`
	Subtotal  *int64        `bson:"subtotal,omitempty" json:",omitempty"` // before discounts
	Total     int64         `bson:"total"`
	Warranty  int64         `bson:"warranty,omitempty" json:",omitempty"` // months
	TaxRate   money.Decimal `bson:"tax_rate,omitempty"`                   // percent
	Picture   string        `bson:"picture,omitempty"`                    // https URL
	URL       string        `bson:"url,omitempty"`                        // of the product
	Status    string        `bson:"status,omitempty"`                     // a fulfilment word, if it differs from the order's
	// Kind is one of LineKinds, "" for goods or if the feed gives none.
	Kind string `bson:"kind,omitempty" json:",omitempty"`
	// Withdrawal is one of WithdrawalExceptions, "" for goods with the ordinary right of withdrawal.
	Withdrawal string `bson:"withdrawal,omitempty" json:",omitempty"`
}

// LineOption is one option chosen for a line, such as "Colour: blue".
type LineOption struct {
	Name  string `bson:"name" json:"name"`
	Value string `bson:"value" json:"value"`
}

// TaxLine is the tax at one rate.
type TaxLine struct {
	Label  string        `bson:"label,omitempty"`
	Rate   money.Decimal `bson:"rate,omitempty"` // percent
	Amount int64         `bson:"amount"`
}

// DiscountLine is one discount or voucher; Amount is the deduction as a positive number.
type DiscountLine struct {
	Label  string `bson:"label,omitempty"`
	Code   string `bson:"code,omitempty"`
	Amount int64  `bson:"amount"`
}

// Shipment is one parcel, or the goods to be collected at one pick-up point.
type Shipment struct {
	Carrier      string         `bson:"carrier,omitempty"`
	Number       string         `bson:"number,omitempty"`
	URL          string         `bson:"url,omitempty"` // the carrier's tracking page
	ShippedAt    *time.Time     `bson:"shipped_at,omitempty"`
	DeliveredAt  *time.Time     `bson:"delivered_at,omitempty"`
	ExpectedFrom *time.Time     `bson:"expected_from,omitempty"`
	ExpectedTo   *time.Time     `bson:"expected_to,omitempty"`
	PickupPoint  string         `bson:"pickup_point,omitempty"`
	PickupHours  string         `bson:"pickup_hours,omitempty" json:",omitempty"`
	Items        []ShipmentItem `bson:"items,omitempty"`
}

// ShipmentItem is the quantity of a line, given by the line's id, in a shipment.
type ShipmentItem struct {
	Line     string        `bson:"line"`
	Quantity money.Decimal `bson:"quantity"`
}

// Note is a note from the shop on the order.
type Note struct {
	Text string     `bson:"text" json:"text"`
	At   *time.Time `bson:"at,omitempty" json:"at,omitempty"`
}

// Links are the links that the feed gave for an order, or "".
type Links struct {
	Invoice    string `bson:"invoice,omitempty" json:"invoice,omitempty"`
	Storefront string `bson:"storefront,omitempty" json:"storefront,omitempty"` // the order's page in the shop
	Payment    string `bson:"payment,omitempty" json:"payment,omitempty"`
	Reorder    string `bson:"reorder,omitempty" json:"reorder,omitempty"` // to order the same again
	Return     string `bson:"return,omitempty" json:"return,omitempty"`   // to return goods
	Cancel     string `bson:"cancel,omitempty" json:"cancel,omitempty"`   // to cancel the order
}

// IsZero reports whether there is no link; they are then not stored.
func (l Links) IsZero() bool { return l == Links{} }

// Event is one dated step in the life of an order. Type is a canonical payment or fulfilment word,
// "placed", "completed", "reopened", or a word of the feed. If Noticed is set, the feed gave no date and At
// is the time when the change arrived.
type Event struct {
	Type    string    `bson:"type"`
	At      time.Time `bson:"at"`
	Label   string    `bson:"label,omitempty"` // the shop's status text
	Noticed bool      `bson:"noticed,omitempty"`
}

// Amount converts minor units of the order's currency to an amount of money.
func (o Order) Amount(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: o.Currency}
}

// Stored is an order with the fields that lists, the worker and repeated deliveries need.
type Stored struct {
	Order    `bson:",inline"`
	Customer string `bson:"customer"`
	// MergedFrom is the account that the order was made for, if that was merged into the customer's.
	MergedFrom string               `bson:"merged_from,omitempty"`
	Row        Summary              `bson:"row"`
	Views      []string             `bson:"views,omitempty"`
	Search     []string             `bson:"search,omitempty"`
	Work       job.List             `bson:"work,omitempty"`
	Digest     string               `bson:"digest"` // of the content as sent by the feed
	ArrivedAt  time.Time            `bson:"arrived_at"`
	ErasedAt   *time.Time           `bson:"erased_at,omitempty"` // when the personal data was removed
	Received   []ReceivedWithdrawal `bson:"received,omitempty"`  // the first withdrawal statements
	Told       []string             `bson:"told,omitempty"`      // the events that were emailed

	ReturnSteps []ReturnStep `bson:"return_steps,omitempty"` // oldest first
}

// The indexes of orders. Only ByPlaced holds the rows of the list, because they are larger than the rest of
// the indexes together; what the others find is read from the documents.
const (
	ByPlaced = "placed"
	ByView   = "view"
	BySearch = "search"
	// ByUpdated lists the whole shop's orders, with nothing but their keys.
	ByUpdated = "updated"
	// ByDate lists the whole shop's orders by when they were placed, with nothing but their views.
	ByDate = "date"
)

// Viewed is the head of ByDate.
type Viewed struct {
	Views []string `bson:"views"`
}

// Collection declares the collection of orders and its indexes. All callers share it, so it must not be
// changed.
func Collection() storage.Collection { return collection() }

var collection = sync.OnceValue(func() storage.Collection {
	customer := storage.Field{Path: "customer", Kind: storage.String}
	placed := storage.Field{Path: "placed_at", Kind: storage.Time}
	list := func(path string) storage.Field {
		return storage.Field{Path: path, Kind: storage.String, Multi: true}
	}
	return storage.Collection{Name: "orders", Indexes: append(job.Indexes(), []storage.Index{
		{Name: ByPlaced, Fields: []storage.Field{customer, placed}, Head: rowFields()},
		{Name: ByView, Fields: []storage.Field{customer, list("views"), placed}},
		{Name: BySearch, Fields: []storage.Field{customer, list("search")}},
		{Name: ByUpdated, Fields: []storage.Field{{Path: "updated_at", Kind: storage.Time}}},
		{Name: ByDate, Fields: []storage.Field{placed}, Head: []string{"views"}},
	}...)}
})

// Docs opens the orders of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Stored] {
	return storage.Open[Stored](engine, shop, Collection())
}
