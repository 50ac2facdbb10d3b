package demo

import (
	"fmt"
	"strconv"
	"time"

	"postern/portal/address"
)

// orderDoc is an order as the demo's shop system sends it, in the JSON format of any feed.
type orderDoc struct {
	Number           string           `json:"number"`
	CustomerID       string           `json:"customer_id,omitzero"`
	Email            string           `json:"email"`
	PlacedAt         time.Time        `json:"placed_at"`
	UpdatedAt        time.Time        `json:"updated_at"`
	Currency         string           `json:"currency"`
	State            string           `json:"state"`
	Payment          string           `json:"payment"`
	Fulfillment      string           `json:"fulfillment"`
	PaymentKind      string           `json:"payment_kind"`
	SourceStatus     string           `json:"source_status,omitzero"`
	SourceLabel      string           `json:"source_label,omitzero"`
	IsDigital        bool             `json:"is_digital,omitzero"`
	Business         bool             `json:"business,omitzero"`
	Lines            []lineDoc        `json:"lines"`
	Subtotal         string           `json:"subtotal"`
	Discount         string           `json:"discount,omitzero"`
	Shipping         string           `json:"shipping,omitzero"`
	Tax              string           `json:"tax"`
	Refunded         string           `json:"refunded,omitzero"`
	Total            string           `json:"total"`
	PricesIncludeTax bool             `json:"prices_include_tax"`
	Taxes            []taxDoc         `json:"taxes,omitzero"`
	Discounts        []discountDoc    `json:"discounts,omitzero"`
	Fees             []feeDoc         `json:"fees,omitzero"`
	Payments         []paymentDoc     `json:"payments,omitzero"`
	Refunds          []refundDoc      `json:"refunds,omitzero"`
	Returns          []returnDoc      `json:"returns,omitzero"`
	Instructions     *instructionsDoc `json:"payment_instructions,omitzero"`
	Downloads        []downloadDoc    `json:"downloads,omitzero"`
	TaxNote          string           `json:"tax_note,omitzero"`
	VATID            string           `json:"vat_id,omitzero"`
	ShippingMethod   string           `json:"shipping_method,omitzero"`
	PaymentMethod    string           `json:"payment_method"`
	ShippingAddress  *address.Address `json:"shipping_address,omitzero"`
	BillingAddress   *address.Address `json:"billing_address,omitzero"`
	Shipments        []shipmentDoc    `json:"shipments,omitzero"`
	CustomerNote     string           `json:"customer_note,omitzero"`
	Notes            []noteDoc        `json:"notes,omitzero"`
	Links            linksDoc         `json:"links,omitzero"`
	Events           []eventDoc       `json:"events,omitzero"`

	vat      int64 // in percent
	shipping int64 // in cents
	off      int64 // discount in cents
	back     int64 // refund in cents
	fee      int64 // sum of Fees in cents
}

type lineDoc struct {
	ID        string      `json:"id"`
	Parent    string      `json:"parent,omitzero"`
	SKU       string      `json:"sku"`
	Name      string      `json:"name"`
	Options   []optionDoc `json:"options,omitzero"`
	Quantity  string      `json:"quantity"`
	UnitPrice string      `json:"unit_price,omitzero"`
	Total     string      `json:"total"`
	TaxRate   string      `json:"tax_rate,omitzero"`
	Picture   string      `json:"picture"`
	URL       string      `json:"url"`

	Withdrawal string `json:"withdrawal,omitzero"`
	Warranty   int    `json:"warranty_months,omitzero"`

	cents int64
}

type optionDoc struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type taxDoc struct {
	Label  string `json:"label"`
	Rate   string `json:"rate"`
	Amount string `json:"amount"`
}

type discountDoc struct {
	Label  string `json:"label"`
	Code   string `json:"code,omitzero"`
	Amount string `json:"amount"`
}

type feeDoc struct {
	Kind   string `json:"kind"`
	Amount string `json:"amount"`
}

type paymentDoc struct {
	Kind       string    `json:"kind"`
	Method     string    `json:"method,omitzero"`
	LastDigits string    `json:"last_digits,omitzero"`
	Amount     string    `json:"amount"`
	At         time.Time `json:"at"`
}

type refundDoc struct {
	Amount string    `json:"amount"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitzero"`
	Lines  []itemDoc `json:"lines,omitzero"`
}

type instructionsDoc struct {
	AccountName    string    `json:"account_name"`
	IBAN           string    `json:"iban"`
	BIC            string    `json:"bic,omitzero"`
	VariableSymbol string    `json:"variable_symbol,omitzero"`
	DueAt          time.Time `json:"due_at,omitzero"`
}

type downloadDoc struct {
	Line  string    `json:"line"`
	Name  string    `json:"name"`
	URL   string    `json:"url"`
	Until time.Time `json:"until,omitzero"`
	Left  *int      `json:"left,omitzero"`
}

type shipmentDoc struct {
	Carrier      string    `json:"carrier"`
	Number       string    `json:"number"`
	URL          string    `json:"url,omitzero"`
	ShippedAt    time.Time `json:"shipped_at,omitzero"`
	DeliveredAt  time.Time `json:"delivered_at,omitzero"`
	ExpectedFrom time.Time `json:"expected_from,omitzero"`
	ExpectedTo   time.Time `json:"expected_to,omitzero"`
	PickupPoint  string    `json:"pickup_point,omitzero"`
	PickupHours  string    `json:"pickup_hours,omitzero"`
	Items        []itemDoc `json:"items,omitzero"`
}

type itemDoc struct {
	Line     string `json:"line"`
	Quantity string `json:"quantity"`
}

type noteDoc struct {
	Text string    `json:"text"`
	At   time.Time `json:"at,omitzero"`
}

type linksDoc struct {
	Invoice    string `json:"invoice,omitzero"`
	Storefront string `json:"storefront,omitzero"`
	Payment    string `json:"payment,omitzero"`
}

type eventDoc struct {
	Type  string    `json:"type"`
	At    time.Time `json:"at"`
	Label string    `json:"label,omitzero"`
}

// decimal formats cents as amounts in the feed's JSON.
func decimal(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// percent returns a percentage of cents, rounded.
func percent(cents, percent int64) int64 { return (cents*percent + 50) / 100 }

// seal computes the totals from the lines.
func (o *orderDoc) seal() {
	var subtotal int64
	for i := range o.Lines {
		line := &o.Lines[i]
		line.ID, line.Total = strconv.Itoa(i+1), decimal(line.cents)
		if o.vat > 0 {
			line.TaxRate = strconv.FormatInt(o.vat, 10)
		}
		subtotal += line.cents
	}
	total := subtotal - o.off + o.shipping + o.fee
	tax := total - (total*100+(100+o.vat)/2)/(100+o.vat)
	o.Subtotal, o.Total, o.Tax, o.PricesIncludeTax = decimal(subtotal), decimal(total), decimal(tax), o.vat > 0
	if !o.IsDigital {
		o.Shipping = decimal(o.shipping)
	}
	if o.vat > 0 {
		o.Taxes = []taxDoc{{Label: "DPH", Rate: strconv.FormatInt(o.vat, 10), Amount: decimal(tax)}}
	}
	if o.off > 0 {
		o.Discount = decimal(o.off)
	}
	if o.back = min(o.back, total); o.back > 0 {
		o.Refunded = decimal(o.back)
	}
}

// subtotal returns the sum of the lines in cents.
func (o *orderDoc) subtotal() int64 {
	var sum int64
	for _, line := range o.Lines {
		sum += line.cents
	}
	return sum
}

// returnDoc is a return of goods.
type returnDoc struct {
	Number    string    `json:"number"`
	State     string    `json:"state"`
	Reason    string    `json:"reason"`
	Carrier   string    `json:"carrier,omitzero"`
	Lines     []itemDoc `json:"lines"`
	UpdatedAt time.Time `json:"updated_at"`
}
