package event

import (
	"slices"
	"strings"
	"time"

	"postern/portal/validate"
)

// Wire is an event as a feed sends it.
type Wire struct {
	ID           string          `json:"id"`
	Type         string          `json:"type"`
	At           validate.Time   `json:"at"`
	FeedCustomer validate.FeedID `json:"customer_id"`
	Email        string          `json:"email"`
	SKU          string          `json:"sku"`
	Name         string          `json:"name"`
	Quantity     validate.Number `json:"quantity"`
	URL          string          `json:"url"`
	Picture      string          `json:"picture"`
}

// Whose names the customer of an event.
type Whose struct{ FeedCustomer, Email string }

// Decode reads an event and whose it is. The validator has its warnings. An event from the future, or from
// before Since, is refused.
func Decode(f *validate.Validator, body []byte, now time.Time) (e Event, who Whose, err error) {
	var w Wire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return e, who, err
	}
	e = Event{ID: f.Required("/id", f.Key("/id", w.ID, validate.MaxWord)), Type: readType(f, w.Type),
		At:  f.Moment("/at", w.At),
		SKU: f.Cut("/sku", w.SKU, validate.MaxWord), Name: f.Cut("/name", w.Name, validate.MaxName),
		URL: f.FedLink("/url", w.URL), Picture: f.FedLink("/picture", w.Picture)}
	if w.Quantity != "" {
		e.Quantity = f.Explained("/quantity", w.Quantity)
	}
	switch {
	case e.At.IsZero():
	case e.At.After(now.Add(validate.MaxClockSkew)):
		f.Reject("/at", "event.ahead")
	case e.At.Before(Since(now)):
		f.Reject("/at", "event.old")
	}
	who = Whose{f.OrderedBy("/customer_id", w.FeedCustomer), f.OptionalFedEmail("/email", w.Email)}
	if who == (Whose{}) && len(f.Rejected) == 0 {
		f.Reject("/customer_id", "event.nobody")
	}
	if e.Type != Visit && e.Name == "" && e.SKU == "" && len(f.Rejected) == 0 {
		f.Reject("/name", "text.required")
	}
	return e, who, validate.InvalidFields(f.Rejected)
}

func readType(f *validate.Validator, word string) string {
	key := validate.StatusKey(word)
	if !slices.Contains(Types(), key) {
		f.Reject("/type", "event.type", "Types", strings.Join(Types(), ", "))
	}
	return key
}

// Record is an event in a customer's download.
type Record struct {
	ID       string    `json:"id"`
	Type     string    `json:"type"`
	At       time.Time `json:"at"`
	SKU      string    `json:"sku,omitempty"`
	Name     string    `json:"name,omitempty"`
	Quantity string    `json:"quantity,omitempty"`
	URL      string    `json:"url,omitempty"`
	Picture  string    `json:"picture,omitempty"`
}

// Record returns the event for a download.
func (e Event) Record() Record {
	return Record{e.ID, e.Type, e.At, e.SKU, e.Name, e.Quantity.String(), e.URL, e.Picture}
}
