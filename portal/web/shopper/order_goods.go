package shopper

import (
	"cmp"
	"slices"
	"time"

	"postern/portal/order"
	"postern/portal/web/page"
)

// parcel is one shipment.
type parcel struct {
	Heading       string
	Number        string
	TrackURL      string // of the carrier's page
	Facts         []parcelFact
	Items         []string
	Open          bool   // the items are listed at once
	Place         string // where to collect it, if the heading says "Pickup point"
	Pickup, Hours string
}

// isEmpty reports whether the parcel has only a heading.
func (p parcel) isEmpty() bool {
	return p.Number+p.TrackURL+p.Place+p.Pickup+p.Hours == "" && len(p.Facts) == 0 && len(p.Items) == 0
}

// isToldAlready reports whether the parcel has nothing but the day of its delivery, which the headline has
// too.
func (p parcel) isToldAlready(given order.Shipment) bool {
	return p.Number+p.TrackURL+p.Place+p.Pickup+p.Hours == "" && len(p.Items) == 0 && len(p.Facts) == 1 && given.DeliveredAt != nil
}

// parcelFact is a label with a date or text.
type parcelFact struct {
	Label string
	Value page.Time // or another text
}

// maxShownItems is the number of items that a parcel lists at once, if the order has several parcels.
const maxShownItems = 4

// parcels returns the shipments. A digital order has none, whatever its feed calls the sending of a link.
func (p *orderPage) parcels(now time.Time) []parcel {
	if p.Order.IsDigital {
		return nil
	}
	shipments := p.Order.Shipments
	var parcels []parcel
	for i, given := range shipments {
		made := parcel{Heading: p.T("order.parcel"), Number: given.Number, Pickup: together(given.PickupPoint),
			Hours: together(given.PickupHours)}
		switch {
		case len(shipments) > 1:
			made.TrackURL = given.URL // with a single parcel the link is among the actions
			made.Heading = p.T("order.parcel.of", "Number", i+1, "All", len(shipments))
		case given.PickupPoint != "" && !p.Order.IsOver():
			made.Heading, made.Place, made.Pickup = p.T("order.pickup"), made.Pickup, ""
		case given.Carrier != "":
			made.Heading = p.T("order.parcel.by", "Carrier", given.Carrier)
		}
		made.Facts = p.parcelFacts(given, now, len(shipments) > 1 || made.Place != "")
		if len(shipments) > 1 || len(p.Order.Lines) > maxShownItems || !p.holdsAll(given) {
			made.Items = p.items(given) // else they stand right below
		}
		made.Open = len(shipments) > 1 && len(given.Items) <= maxShownItems
		if len(shipments) == 1 && (made.isEmpty() || made.isToldAlready(given)) {
			continue
		}
		parcels = append(parcels, made)
	}
	return parcels
}

// holdsAll reports whether all items of the order are in the parcel.
func (p *orderPage) holdsAll(given order.Shipment) bool {
	return !slices.ContainsFunc(p.Order.Items(), func(l order.Line) bool {
		return !slices.Contains(given.Items, order.ShipmentItem{Line: l.ID, Quantity: l.Quantity})
	})
}

// items returns what is in a parcel.
func (p *orderPage) items(given order.Shipment) []string {
	if len(given.Items) == 0 {
		return nil
	}
	names, items := p.names, make([]string, len(given.Items))
	for i, item := range given.Items {
		items[i] = p.Decimal(item.Quantity) + " × " + cmp.Or(names[item.Line], item.Line)
	}
	return items
}

func (p *orderPage) parcelFacts(given order.Shipment, now time.Time, withCarrier bool) []parcelFact {
	var facts []parcelFact
	add := func(key string, value page.Time) {
		if value.Text != "" {
			facts = append(facts, parcelFact{p.T(key), value})
		}
	}
	if withCarrier {
		add("order.carrier", page.Time{Text: given.Carrier})
	}
	if given.ShippedAt != nil {
		add("order.shipped_at", p.TimeDay(*given.ShippedAt))
	}
	expected := "order.expected"
	if last := cmp.Or(given.ExpectedTo, given.ExpectedFrom); last != nil && last.Before(startOfDay(now)) {
		expected = "order.expected.past"
	}
	switch {
	case given.DeliveredAt != nil:
		add("order.delivered_at", p.TimeMoment(*given.DeliveredAt))
	case given.ExpectedTo != nil && given.ExpectedFrom != nil &&
		p.Date(*given.ExpectedFrom) != p.Date(*given.ExpectedTo):
		between := p.T("order.expected.between", "From", given.ExpectedFrom, "To", given.ExpectedTo)
		add(expected, page.Time{Text: between})
	case given.ExpectedTo != nil:
		add(expected, p.TimeDay(*given.ExpectedTo))
	case given.ExpectedFrom != nil:
		add(expected, p.TimeDay(*given.ExpectedFrom))
	}
	return facts
}

// download is a file that the customer bought. Without a URL, Note says why it cannot be fetched.
type download struct {
	Name, URL, Note string
	Label           string // of the link, for screen readers
}

// downloads returns the order's files, unless the order is cancelled or refunded. Those of an unpaid order
// are only named.
func (p *orderPage) downloads(now time.Time) []download {
	locked := p.Order.LocksDownloads()
	if locked && !p.Order.Status.Unpaid() {
		return nil
	}
	var list []download
	for _, given := range p.Order.Downloads {
		made := download{Name: cmp.Or(given.Name, p.names[given.Line], p.T("download.file"))}
		switch {
		case locked:
		case given.Until != nil && !now.Before(*given.Until):
			made.Note = p.T("download.expired", "When", *given.Until)
		case given.Left != nil && *given.Left <= 0:
			made.Note = p.T("download.used_up")
		case !p.Own(): // fetching it may count
			made.Note = p.downloadNote(given)
		default:
			made.URL, made.Note = given.URL, p.downloadNote(given)
			made.Label = p.T("download.what", "Name", made.Name)
		}
		list = append(list, made)
	}
	return list
}

// downloadNote says until when and how often a file can be fetched.
func (p *orderPage) downloadNote(given order.Download) string {
	switch {
	case given.Until != nil && given.Left != nil:
		return p.T("download.left.until", "Count", *given.Left, "When", *given.Until)
	case given.Until != nil:
		return p.T("download.until", "When", *given.Until)
	case given.Left != nil:
		return p.T("download.left", "Count", *given.Left)
	}
	return ""
}
