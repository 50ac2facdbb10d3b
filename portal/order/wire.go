package order

import (
	"fmt"
	"slices"
	"time"

	"postern/portal/address"
	"postern/portal/validate"
)

// orderWire is an order as JSON: money and quantities are decimal strings or exact JSON numbers, times are
// RFC 3339. A missing member and null mean that no value was given.
type orderWire struct {
	Number           string            `json:"number,omitzero"`
	CustomerID       validate.FeedID   `json:"customer_id,omitzero"`
	Email            string            `json:"email,omitzero"`
	Phone            string            `json:"phone,omitzero"`
	PlacedAt         validate.Time     `json:"placed_at"`
	UpdatedAt        validate.Time     `json:"updated_at"`
	Currency         string            `json:"currency"`
	State            string            `json:"state,omitzero"`
	Payment          string            `json:"payment,omitzero"`
	Fulfillment      string            `json:"fulfillment,omitzero"`
	PaymentKind      string            `json:"payment_kind,omitzero"`
	SourceStatus     string            `json:"source_status,omitzero"`
	SourceLabel      string            `json:"source_label,omitzero"`
	IsDigital        bool              `json:"is_digital,omitzero"`
	Business         bool              `json:"business,omitzero"`
	Language         string            `json:"language,omitzero"`
	Lines            []lineWire        `json:"lines,omitzero"`
	Subtotal         *validate.Number  `json:"subtotal,omitzero"`
	Discount         *validate.Number  `json:"discount,omitzero"`
	Shipping         *validate.Number  `json:"shipping,omitzero"`
	Tax              *validate.Number  `json:"tax,omitzero"`
	Refunded         *validate.Number  `json:"refunded,omitzero"`
	Total            validate.Number   `json:"total"`
	PricesIncludeTax bool              `json:"prices_include_tax,omitzero"`
	Taxes            []taxWire         `json:"taxes,omitzero"`
	Discounts        []discountWire    `json:"discounts,omitzero"`
	Fees             []feeWire         `json:"fees,omitzero"`
	GiftCards        []giftCardWire    `json:"gift_cards,omitzero"`
	StoreCredit      *validate.Number  `json:"store_credit,omitzero"`
	AmountPaid       *validate.Number  `json:"amount_paid,omitzero"`
	AmountDue        *validate.Number  `json:"amount_due,omitzero"`
	Payments         []paymentWire     `json:"payments,omitzero"`
	Refunds          []refundWire      `json:"refunds,omitzero"`
	LinesDiscounted  *bool             `json:"lines_discounted,omitzero"`
	LinesTaxed       *bool             `json:"lines_taxed,omitzero"`
	Instructions     *instructionsWire `json:"payment_instructions,omitzero"`
	Downloads        []downloadWire    `json:"downloads,omitzero"`
	Returns          []returnWire      `json:"returns,omitzero"`
	TaxNote          string            `json:"tax_note,omitzero"`
	VATID            string            `json:"vat_id,omitzero"`
	ShippingMethod   string            `json:"shipping_method,omitzero"`
	PaymentMethod    string            `json:"payment_method,omitzero"`
	ShippingAddress  *address.Address  `json:"shipping_address,omitzero"`
	BillingAddress   *address.Address  `json:"billing_address,omitzero"`
	Shipments        []shipmentWire    `json:"shipments,omitzero"`
	CustomerNote     string            `json:"customer_note,omitzero"`
	Notes            []noteWire        `json:"notes,omitzero"`
	Links            Links             `json:"links,omitzero"`
	Events           []eventWire       `json:"events,omitzero"`
}

type lineWire struct {
	ID          string           `json:"id,omitzero"`
	Parent      string           `json:"parent,omitzero"`
	SKU         string           `json:"sku,omitzero"`
	Name        string           `json:"name"`
	Options     []LineOption     `json:"options,omitzero"`
	Quantity    validate.Number  `json:"quantity"`
	UnitPrice   validate.Number  `json:"unit_price,omitzero"`
	Subtotal    *validate.Number `json:"subtotal,omitzero"`
	Total       validate.Number  `json:"total"`
	Warranty    validate.Number  `json:"warranty_months,omitzero"`
	TaxRate     validate.Number  `json:"tax_rate,omitzero"`
	Picture     string           `json:"picture,omitzero"`
	URL         string           `json:"url,omitzero"`
	Fulfillment string           `json:"fulfillment,omitzero"`
	Kind        string           `json:"kind,omitzero"`
	Withdrawal  string           `json:"withdrawal,omitzero"`
}

type taxWire struct {
	Label  string          `json:"label,omitzero"`
	Rate   validate.Number `json:"rate,omitzero"`
	Amount validate.Number `json:"amount"`
}

type discountWire struct {
	Label  string          `json:"label,omitzero"`
	Code   string          `json:"code,omitzero"`
	Amount validate.Number `json:"amount"`
}

type shipmentWire struct {
	Carrier      string             `json:"carrier,omitzero"`
	Number       string             `json:"number,omitzero"`
	URL          string             `json:"url,omitzero"`
	ShippedAt    validate.Time      `json:"shipped_at,omitzero"`
	DeliveredAt  validate.Time      `json:"delivered_at,omitzero"`
	ExpectedFrom validate.Time      `json:"expected_from,omitzero"`
	ExpectedTo   validate.Time      `json:"expected_to,omitzero"`
	PickupPoint  string             `json:"pickup_point,omitzero"`
	PickupHours  string             `json:"pickup_hours,omitzero"`
	Items        []shipmentItemWire `json:"items,omitzero"`
}

type shipmentItemWire struct {
	Line     string          `json:"line"`
	Quantity validate.Number `json:"quantity"`
}

type noteWire struct {
	Text string        `json:"text"`
	At   validate.Time `json:"at,omitzero"`
}

type eventWire struct {
	Type  string        `json:"type"`
	At    validate.Time `json:"at"`
	Label string        `json:"label,omitzero"`
}

// MaxLines is the maximum number of lines in an order.
const MaxLines = maxLines

// The maximum sizes within an order. They also limit the number of parts that are short in JSON but long in
// the stored document. If the store still rejects an order for its size, the error is validate.TooLarge.
const (
	maxLines   = 1000
	maxOptions = 50   // per line
	maxItems   = 5000 // in all shipments together
	maxParts   = 200  // for each of shipments, taxes, discounts, notes, events
)

// Decoder reads orders. Latest is the latest time that one may be dated, zero for any; Zone is that of times
// without one, nil to refuse them.
type Decoder struct {
	Formats *address.Formats
	Latest  time.Time
	Zone    *time.Location
}

// Decode reads one order from JSON and lists the values that it rounded, cleaned or dropped. number is its
// number, "" to take the one in the document. The error is Invalid with every field error found, or
// validate.TooLarge.
func (d Decoder) Decode(body []byte, number string) (Order, []validate.FieldError, error) {
	var w orderWire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return Order{}, nil, err
	}
	f := &validate.Validator{Formats: d.Formats, Latest: d.Latest, Zone: d.Zone}
	if number == "" {
		number = w.Number
	}
	if w.Number != "" && w.Number != number {
		f.Reject("/number", "order.number.other")
	}
	o := w.order(f)
	f.NotAhead("/placed_at", o.PlacedAt)
	f.NotAhead("/updated_at", o.UpdatedAt)
	o.Number = f.Required("/number", f.Key("/number", number, validate.MaxNumber))
	if o.Number == "." || o.Number == ".." { // browsers resolve them as path segments, even when escaped (WHATWG URL)
		f.Reject("/number", "order.number.dots")
	}
	return o, f.ListedWarnings(), validate.InvalidFields(f.Rejected)
}

func (w orderWire) order(f *validate.Validator) Order {
	f.Currency = f.CurrencyCode("/currency", w.Currency)
	o := Order{
		FeedCustomer: f.OrderedBy("/customer_id", w.CustomerID), Email: f.OptionalFedEmail("/email", w.Email),
		Phone:    f.FedPhone("/phone", w.Phone),
		PlacedAt: f.Moment("/placed_at", w.PlacedAt), UpdatedAt: f.Moment("/updated_at", w.UpdatedAt),
		Currency: f.Currency, IsDigital: w.IsDigital, Business: w.Business,
		Language:         f.FedLanguage("/language", w.Language),
		PricesIncludeTax: w.PricesIncludeTax,
		Subtotal:         f.OptionalAmount("/subtotal", w.Subtotal),
		Discount:         f.Reduction("/discount", w.Discount),
		Shipping:         f.OptionalAmount("/shipping", w.Shipping), Tax: f.OptionalAmount("/tax", w.Tax),
		Refunded: f.Refund("/refunded", w.Refunded), Total: f.Total("/total", w.Total),
		StoreCredit:     f.Reduction("/store_credit", w.StoreCredit),
		AmountPaid:      f.OptionalAmount("/amount_paid", w.AmountPaid),
		AmountDue:       f.OptionalAmount("/amount_due", w.AmountDue),
		LinesDiscounted: w.LinesDiscounted, LinesTaxed: w.LinesTaxed,
		Instructions: w.Instructions.instructions(f, "/payment_instructions"),
		TaxNote:      f.Cut("/tax_note", w.TaxNote, validate.MaxName), VATID: f.TaxID("/vat_id", w.VATID),
		ShippingMethod: f.Cut("/shipping_method", w.ShippingMethod, validate.MaxName),
		PaymentMethod:  f.Cut("/payment_method", w.PaymentMethod, validate.MaxName),
		CustomerNote:   f.CutProse("/customer_note", w.CustomerNote, validate.MaxText),
		Links: Links{
			Invoice:    f.FedLink("/links/invoice", w.Links.Invoice),
			Storefront: f.FedLink("/links/storefront", w.Links.Storefront),
			Payment:    f.FedLink("/links/payment", w.Links.Payment),
			Reorder:    f.FedLink("/links/reorder", w.Links.Reorder),
			Return:     f.FedLink("/links/return", w.Links.Return),
			Cancel:     f.FedLink("/links/cancel", w.Links.Cancel),
		},
		ShippingAddress: f.Address("/shipping_address", w.ShippingAddress),
		BillingAddress:  f.Address("/billing_address", w.BillingAddress),
	}
	o.Lines = validate.Each(f, "/lines", maxLines, w.Lines, lineWire.line)
	checkParents(f, o.Lines)
	o.Taxes = validate.Each(f, "/taxes", maxParts,
		validate.First(f, "/taxes", maxParts, w.Taxes), taxWire.tax)
	o.Discounts = validate.Each(f, "/discounts", maxParts,
		validate.First(f, "/discounts", maxParts, w.Discounts), discountWire.discount)
	o.Fees = validate.Each(f, "/fees", maxParts, w.Fees, feeWire.fee)
	o.GiftCards = validate.Each(f, "/gift_cards", maxParts, w.GiftCards, giftCardWire.giftCard)
	o.Payments = validate.Each(f, "/payments", maxParts, w.Payments, paymentWire.payment)
	o.Payments = slices.DeleteFunc(o.Payments, func(p Payment) bool { return p == Payment{} })
	o.Refunds = validate.Each(f, "/refunds", maxParts, w.Refunds, refundWire.refund)
	o.checkRefunded(f)
	o.Downloads = validate.Each(f, "/downloads", maxParts, w.Downloads, downloadWire.download)
	o.Returns = validate.Each(f, "/returns", maxParts, w.Returns, returnWire.returned)
	o.Shipments = validate.Each(f, "/shipments", maxParts, w.Shipments, shipmentWire.shipment)
	checkItems(f, o.Shipments)
	o.checkNamed(f)
	o.Downloads = slices.DeleteFunc(o.Downloads, func(d Download) bool { return d.URL == "" })
	o.Notes = validate.Each(f, "/notes", maxParts,
		validate.First(f, "/notes", maxParts, w.Notes), noteWire.note)
	o.Notes = slices.DeleteFunc(o.Notes, func(n Note) bool { return n.Text == "" })
	o.Events = validate.Each(f, "/events", maxParts, validate.First(f, "/events", maxParts, w.Events),
		eventWire.event)
	o.Events = slices.DeleteFunc(o.Events, func(e Event) bool { return e == Event{} })
	o.Status = w.status(f, o)
	o.Status.Digital = o.digital()
	return o
}

func (w lineWire) line(f *validate.Validator, at string) Line {
	name, sku := f.Cut(at+"/name", w.Name, validate.MaxName), f.Cut(at+"/sku", w.SKU, validate.MaxWord)
	if name == "" && sku != "" {
		f.Warn(at+"/name", "order.line.named")
		name = sku
	}
	line := Line{
		ID: f.Key(at+"/id", w.ID, validate.MaxWord), Parent: f.Key(at+"/parent", w.Parent,
			validate.MaxWord), SKU: sku, Name: f.Required(at+"/name", name),
		Quantity:  f.Quantity(at+"/quantity", w.Quantity),
		UnitPrice: f.Explained(at+"/unit_price", w.UnitPrice),
		Subtotal:  f.OptionalAmount(at+"/subtotal", w.Subtotal),
		Warranty:  f.Months(at+"/warranty_months", w.Warranty),
		Total:     f.RoundedAmount(at+"/total", w.Total), TaxRate: f.Explained(at+"/tax_rate", w.TaxRate),
		Picture: f.FedLink(at+"/picture", w.Picture), URL: f.FedLink(at+"/url", w.URL),
		Status:     lineStatus(f.Cut(at+"/fulfillment", w.Fulfillment, validate.MaxWord)),
		Kind:       readLineKind(f, at+"/kind", w.Kind),
		Withdrawal: readException(f, at+"/withdrawal", w.Withdrawal),
	}
	at += "/options"
	line.Options = validate.Each(f, at, maxOptions, validate.First(f, at, maxOptions, w.Options), readOption)
	return line
}

func readOption(o LineOption, f *validate.Validator, at string) LineOption {
	return LineOption{Name: f.Cut(at+"/name", o.Name, validate.MaxName),
		Value: f.Cut(at+"/value", o.Value, validate.MaxName)}
}

func (w taxWire) tax(f *validate.Validator, at string) TaxLine {
	return TaxLine{
		Label: f.Cut(at+"/label", w.Label, validate.MaxName), Rate: f.Explained(at+"/rate", w.Rate),
		Amount: f.RoundedAmount(at+"/amount", w.Amount),
	}
}

func (w discountWire) discount(f *validate.Validator, at string) DiscountLine {
	return DiscountLine{
		Label:  f.Cut(at+"/label", w.Label, validate.MaxName),
		Code:   f.Cut(at+"/code", w.Code, validate.MaxWord),
		Amount: validate.Reduced(f.RoundedAmount(at+"/amount", w.Amount)),
	}
}

func (w shipmentWire) shipment(f *validate.Validator, at string) Shipment {
	s := Shipment{
		Carrier:      f.Cut(at+"/carrier", w.Carrier, validate.MaxWord),
		Number:       f.Cut(at+"/number", w.Number, validate.MaxWord),
		URL:          f.FedLink(at+"/url", w.URL),
		ShippedAt:    f.FedTime(at+"/shipped_at", w.ShippedAt),
		DeliveredAt:  f.FedTime(at+"/delivered_at", w.DeliveredAt),
		ExpectedFrom: f.FedTime(at+"/expected_from", w.ExpectedFrom),
		ExpectedTo:   f.FedTime(at+"/expected_to", w.ExpectedTo),
		PickupPoint:  f.Cut(at+"/pickup_point", w.PickupPoint, validate.MaxName),
		PickupHours:  f.CutProse(at+"/pickup_hours", w.PickupHours, validate.MaxName),
	}
	s.Items = validate.Each(f, at+"/items", maxLines, w.Items,
		func(i shipmentItemWire, f *validate.Validator, at string) ShipmentItem {
			return ShipmentItem{Line: f.Key(at+"/line", i.Line, validate.MaxWord),
				Quantity: f.Quantity(at+"/quantity", i.Quantity)}
		})
	return s
}

func checkItems(f *validate.Validator, shipments []Shipment) {
	items := 0
	for _, s := range shipments {
		items += len(s.Items)
	}
	if items > maxItems {
		f.Reject("/shipments", "order.items.many", "Most", fmt.Sprint(maxItems))
	}
}

func (w noteWire) note(f *validate.Validator, at string) Note {
	return Note{Text: f.CutProse(at+"/text", w.Text, validate.MaxText), At: f.FedTime(at+"/at", w.At)}
}

// event returns the zero Event, with a warning, if the type or the time is missing.
func (w eventWire) event(f *validate.Validator, at string) Event {
	kind, moment := f.Cut(at+"/type", w.Type, validate.MaxWord), f.FedTime(at+"/at", w.At)
	if kind == "" || moment == nil {
		f.Warn(at, "order.event.dropped")
		return Event{}
	}
	return Event{Type: eventWord(kind), At: *moment, Label: f.Cut(at+"/label", w.Label, validate.MaxName)}
}

// status reads the three status fields, in any usual spelling, and the other details that the status
// sentence needs.
func (w orderWire) status(f *validate.Validator, o Order) Status {
	s := readStatus(f.Cut("/state", w.State, validate.MaxWord),
		f.Cut("/payment", w.Payment, validate.MaxWord),
		f.Cut("/fulfillment", w.Fulfillment, validate.MaxWord),
		f.Cut("/source_status", w.SourceStatus, validate.MaxName))
	s.Label = f.Cut("/source_label", w.SourceLabel, validate.MaxName)
	s.PaymentKind = paymentKind(f.Cut("/payment_kind", w.PaymentKind, validate.MaxWord))
	s.Free = o.Total <= 0
	s.follow(o.Shipments)
	if word := dispatched(o.Shipments); word != Unknown &&
		(s.Fulfillment == Unfulfilled || validate.SaysNothing(validate.StatusKey(w.Fulfillment)) &&
			s.Fulfillment == Unknown) {
		s.Fulfillment = word
	}
	return s
}

// follow copies the details for the status sentence from the shipments: the carrier and the expected dates
// of the next to arrive, the earliest shipping date, and the latest delivery date, which counts only if every
// shipment has one.
func (s *Status) follow(shipments []Shipment) {
	if len(shipments) == 0 {
		return
	}
	next := nextToArrive(shipments)
	if s.Carrier = next.Carrier; next.DeliveredAt == nil {
		s.ExpectedFrom, s.ExpectedTo = next.ExpectedFrom, next.ExpectedTo
	}
	s.DeliveredAt = shipments[0].DeliveredAt
	for _, shipment := range shipments {
		s.ShippedAt = earlier(s.ShippedAt, shipment.ShippedAt)
		if s.DeliveredAt != nil && (shipment.DeliveredAt == nil ||
			shipment.DeliveredAt.After(*s.DeliveredAt)) {
			s.DeliveredAt = shipment.DeliveredAt
		}
	}
}

// nextToArrive returns the shipment with the earliest expected day among those that have not arrived, or
// the first shipment if none of them has such a day.
func nextToArrive(shipments []Shipment) Shipment {
	next := shipments[0]
	for _, s := range shipments {
		if s.DeliveredAt != nil || s.ExpectedTo == nil {
			continue
		}
		if next.DeliveredAt != nil || next.ExpectedTo == nil || s.ExpectedTo.Before(*next.ExpectedTo) {
			next = s
		}
	}
	return next
}

// dispatched derives the fulfilment word from the dates of the shipments, for an order whose feed gives no
// more.
func dispatched(shipments []Shipment) string {
	sent, came := 0, 0
	for _, s := range shipments {
		if s.DeliveredAt != nil {
			came++
		}
		if s.ShippedAt != nil || s.DeliveredAt != nil {
			sent++
		}
	}
	switch all := len(shipments); {
	case sent == 0:
		return Unknown
	case came == all:
		return Delivered
	case came > 0:
		return PartiallyDelivered
	case sent == all:
		return Shipped
	}
	return PartiallyShipped
}

// lineStatus returns the canonical fulfilment word of a line, or the word as given.
func lineStatus(given string) string {
	if word := fulfillmentWord(validate.StatusKey(given)); word != "" {
		return word
	}
	return given
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}
