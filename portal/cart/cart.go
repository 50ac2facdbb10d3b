// Package cart is the cart that a customer has filled in the shop, as the shop's system last described it:
// one for each customer.
//
// It must not know customers' documents or orders.
package cart

import (
	"time"

	"postern/portal/job"
	"postern/portal/money"
	"postern/portal/validate"
	"postern/storage"
)

// Cart is a customer's cart, stored under the customer's id. An emptied one keeps its time, so that an older
// delivery does not fill it again.
type Cart struct {
	Content   `bson:",inline"`
	UpdatedAt time.Time `bson:"updated_at"` // as the feed dates it
	Work      job.List  `bson:"work,omitempty"`
}

// Content is what is in a cart. Amounts are in minor units of Currency.
type Content struct {
	Currency string `bson:"currency,omitempty"`
	URL      string `bson:"url,omitempty"` // of the cart in the shop
	Lines    []Line `bson:"lines,omitempty"`
}

// Line is one line of a cart.
type Line struct {
	SKU      string        `bson:"sku,omitempty"`
	Name     string        `bson:"name"`
	Quantity money.Decimal `bson:"quantity"`
	Total    int64         `bson:"total"`
	URL      string        `bson:"url,omitempty"`     // of the product
	Picture  string        `bson:"picture,omitempty"` // https URL
}

const (
	// MaxLines is the maximum number of lines in a cart.
	MaxLines = 200
	// Life is how long a cart is kept after it was sent.
	Life = 90 * 24 * time.Hour
	// KindForget is the job that deletes a cart after its Life.
	KindForget = "cart_forget"
)

// Collection declares the collection of carts and its indexes.
func Collection() storage.Collection {
	return storage.Collection{Name: "carts", Indexes: job.Indexes()}
}

// Docs opens the carts of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Cart] {
	return storage.Open[Cart](engine, shop, Collection())
}

// Take replaces the content as of a time.
func (c *Cart) Take(content Content, at, now time.Time) {
	c.Content, c.UpdatedAt = content, at
	c.Work.Schedule(job.Request{Kind: KindForget, At: now.Add(Life)})
}

// Total returns the sum of the lines.
func (c Content) Total() money.Amount {
	sum := money.Amount{Currency: c.Currency}
	for _, line := range c.Lines {
		sum.Minor += line.Total
	}
	return sum
}

// Wire is a cart as a feed sends it.
type Wire struct {
	Currency  string        `json:"currency"`
	URL       string        `json:"url"`
	Lines     []LineWire    `json:"lines"`
	UpdatedAt validate.Time `json:"updated_at"`
}

// LineWire is a line of a cart as a feed sends it.
type LineWire struct {
	SKU      string          `json:"sku"`
	Name     string          `json:"name"`
	Quantity validate.Number `json:"quantity"`
	Total    validate.Number `json:"total"`
	URL      string          `json:"url"`
	Picture  string          `json:"picture"`
}

// Decode reads a cart and its time. An empty one needs no currency.
func Decode(f *validate.Validator, body []byte) (Content, time.Time, error) {
	var w Wire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return Content{}, time.Time{}, err
	}
	c := Content{URL: f.FedLink("/url", w.URL)}
	if len(w.Lines) > 0 || w.Currency != "" {
		f.Currency = f.CurrencyCode("/currency", w.Currency)
	}
	c.Currency = f.Currency
	c.Lines = validate.Each(f, "/lines", MaxLines, w.Lines, LineWire.line)
	if len(c.Lines) == 0 {
		c = Content{}
	}
	at := f.Moment("/updated_at", w.UpdatedAt)
	f.NotAhead("/updated_at", at)
	return c, at, validate.InvalidFields(f.Rejected)
}

func (w LineWire) line(f *validate.Validator, at string) Line {
	name, sku := f.Cut(at+"/name", w.Name, validate.MaxName), f.Cut(at+"/sku", w.SKU, validate.MaxWord)
	if name == "" && sku != "" {
		f.Warn(at+"/name", "order.line.named")
		name = sku
	}
	return Line{SKU: sku, Name: f.Required(at+"/name", name), Quantity: f.Quantity(at+"/quantity", w.Quantity),
		Total: f.RoundedAmount(at+"/total", w.Total), URL: f.FedLink(at+"/url", w.URL),
		Picture: f.FedLink(at+"/picture", w.Picture)}
}

// Record is a cart as the shop's system reads it.
type Record struct {
	Currency  string       `json:"currency,omitempty"`
	URL       string       `json:"url,omitempty"`
	Lines     []LineRecord `json:"lines"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// LineRecord is a line of a cart as the shop's system reads it.
type LineRecord struct {
	SKU      string `json:"sku,omitempty"`
	Name     string `json:"name"`
	Quantity string `json:"quantity"`
	Total    string `json:"total"`
	URL      string `json:"url,omitempty"`
	Picture  string `json:"picture,omitempty"`
}

// Record returns the cart as the shop's system reads it.
func (c Cart) Record() Record {
	r := Record{Currency: c.Currency, URL: c.URL, Lines: []LineRecord{}, UpdatedAt: c.UpdatedAt}
	for _, line := range c.Lines {
		total := money.Amount{Minor: line.Total, Currency: c.Currency}
		r.Lines = append(r.Lines, LineRecord{SKU: line.SKU, Name: line.Name, Quantity: line.Quantity.String(),
			Total: total.Decimal(), URL: line.URL, Picture: line.Picture})
	}
	return r
}
