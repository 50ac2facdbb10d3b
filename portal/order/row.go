package order

import (
	"slices"
	"time"

	"postern/portal/money"
)

// The limits of a Summary, which stands in the index of the list. Names are for one line on a page; a longer
// link would make the list slow, so the row leads to the order's page instead.
const (
	maxRowPictures = 1
	maxRowName     = 80 // characters
	maxRowLink     = 300
)

// Summary is what a row of the list shows beside an order's own fields. It is stored with the order.
type Summary struct {
	Item     string    `bson:"item,omitempty"`     // the name of the first item, "" for an order without goods
	Items    int       `bson:"items,omitempty"`    // lines with goods, if there are several
	Pictures []Picture `bson:"pictures,omitempty"` // of the first items that have one
	Offer    string    `bson:"offer,omitempty"`    // the action that the order needs now, "" for none
	Link     string    `bson:"link,omitempty"`     // of the offer; "" for the order's page
	Return   string    `bson:"return,omitempty"`   // the state of the latest return, "" for none
	// PayBy is the last day to pay an unpaid order, nil if not known.
	PayBy *time.Time `bson:"pay_by,omitempty"`
	// Due is what is left to pay of a partly paid order, in minor units.
	Due int64 `bson:"due,omitempty" json:",omitempty"`
	// RefundDue is noon of the last day for the refund after a withdrawal, nil if no refund is due.
	RefundDue *time.Time `bson:"refund_due,omitempty"`
}

// Picture is the picture of an item.
type Picture struct {
	URL  string `bson:"url"`
	Name string `bson:"name,omitempty"` // of the item, "" for the first one
}

// Row is a row of the list of orders.
type Row struct {
	Number   string    `bson:"-"`
	PlacedAt time.Time `bson:"placed_at"`
	Currency string    `bson:"currency"`
	Status   Status    `bson:"status"`
	Minor    int64     `bson:"total"`
	Summary  Summary   `bson:"row"`
}

// FoundRow is the row of an order found by an index without rows, with what the search and the customer's
// rights depend on.
type FoundRow struct {
	Row      `bson:",inline"`
	Customer string   `bson:"customer"`
	Terms    []string `bson:"search"`
}

// rowFields are the top-level fields of an order that a Row holds, and what a Counted needs beside them.
func rowFields() []string {
	return []string{"placed_at", "currency", "status", "total", "row", "refunded"}
}

// Total returns the order's total.
func (r Row) Total() money.Amount { return money.Amount{Minor: r.Minor, Currency: r.Currency} }

// Count returns the number of lines with goods.
func (s Summary) Count() int {
	if s.Items == 0 && s.Item != "" {
		return 1
	}
	return s.Items
}

// Alternative returns the text in place of a picture: the name of its item.
func (s Summary) Alternative(p Picture) string {
	if p.Name == "" {
		return s.Item
	}
	return p.Name
}

// Summary returns what the order's row shows.
func (o Order) Summary() Summary {
	items := o.Items()
	var s Summary
	if len(items) > 1 {
		s.Items = len(items)
	}
	for i, line := range items {
		name := shorten(line.Name)
		if i == 0 {
			s.Item = name
		}
		if line.Picture == "" || len(s.Pictures) == maxRowPictures {
			continue
		}
		if name == s.Item {
			name = ""
		}
		s.Pictures = append(s.Pictures, Picture{URL: line.Picture, Name: name})
	}
	s.Offer, s.Link = o.offer()
	s.Return = o.latestReturn().State
	if o.Status.Unpaid() && o.Instructions != nil {
		s.PayBy = o.Instructions.DueAt
	}
	if o.Status.Unpaid() && o.Status.Payment == PaymentPartiallyPaid {
		s.Due = o.Due()
	}
	return s
}

// summarise sets the row, which also tells of a withdrawal.
func (s *Stored) summarise(place Place) {
	s.Row = s.Summary()
	if s.owesRefund(s.Received) {
		s.Row.RefundDue = new(place.RefundDue(s.Received[0].At))
	}
}

// latestReturn returns the return that changed last, the zero Return for none. A cancelled return is none.
func (o Order) latestReturn() Return {
	var latest Return
	for _, r := range o.Returns {
		if r.State == ReturnCancelled {
			continue
		}
		if latest.UpdatedAt == nil || r.UpdatedAt != nil && !r.UpdatedAt.Before(*latest.UpdatedAt) {
			latest = r
		}
	}
	return latest
}

// offer returns the action that an order needs now, with its link: to pay it, to get the label for a return,
// to track goods on their way, to collect them or to download files.
func (o Order) offer() (name, link string) {
	if o.Links.Payment == "" && o.Transfer() != nil {
		return ActionPay, "" // the order's page says how
	}
	for _, a := range []Action{o.pay(), o.label(), o.track()} {
		if a.Name == "" || a.Closed != "" || a.Name == ActionTrack && !o.Status.isOnItsWay() {
			continue
		}
		if len(a.URL) > maxRowLink {
			a.URL = ""
		}
		return a.Name, a.URL
	}
	switch place, _ := o.PickupPlace(); {
	case place != "":
		return ActionCollect, ""
	case o.Status.Digital == DigitalReady && !o.Status.Cancelled() && !o.LocksDownloads():
		return ActionDownload, ""
	}
	return "", ""
}

// label is the action to get the label of the latest return, without a name if there is none to get.
func (o Order) label() Action {
	latest := o.latestReturn()
	isReady := latest.State == ReturnLabel || latest.State == ReturnApproved
	if o.Status.Unpaid() || !isReady || latest.LabelURL == "" {
		return Action{}
	}
	return Action{Name: ActionLabel, URL: latest.LabelURL}
}

// isOnItsWay reports whether goods are on their way to the customer.
func (s Status) isOnItsWay() bool {
	return !s.Cancelled() && !s.ended() && slices.Contains(
		[]string{PartiallyShipped, Shipped, OutForDelivery, PartiallyDelivered, DeliveryFailed}, s.Fulfillment)
}

// shorten returns at most maxRowName characters of a name.
func shorten(name string) string {
	if len(name) <= maxRowName {
		return name
	}
	runes := []rune(name)
	if len(runes) <= maxRowName {
		return name
	}
	return string(runes[:maxRowName-1]) + "…"
}
