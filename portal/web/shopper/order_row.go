package shopper

import (
	"html/template"
	"slices"
	"strings"
	"time"

	"postern/portal"
	"postern/portal/web/page"
)

// row is one order of the list, all strings ready: a list costs what its template calls.
type row struct {
	URL, Number, Total string
	Date               template.HTML
	Status             page.Pill
	Pictures           []string
	More               int // positions that no picture stands for
}

func (p *ordersPage) row(r portal.OrderRow, now time.Time) row {
	return row{
		URL: orderPath(r.Number), Number: r.Number, Total: p.Money(r.Total), Date: p.TimeShort(r.PlacedAt),
		Status: rowStatus(p.Base, r.Status, now), Pictures: r.Pictures,
		More: r.Pieces - max(1, len(r.Pictures)),
	}
}

// rowStatus is the one sentence of a row. What the shopper must do stands for the rest.
func rowStatus(b page.Base, s portal.Status, now time.Time) page.Pill {
	h := s.Headline()
	if s.Unpaid() && h.Payment != "" {
		return b.Pill(h.Tone, b.T(h.Payment))
	}
	return b.Pill(h.Tone, headline(b, s, now))
}

// headline is the one sentence on an order. A day on which delivery was expected is left out once it has passed.
func headline(b page.Base, s portal.Status, now time.Time) string {
	key := s.Headline().Key
	if s.ExpectedTo != nil && s.ExpectedTo.Before(startOfDay(now)) && s.Fulfillment == portal.Shipped {
		key = strings.TrimSuffix(strings.Replace(key, ".by_on", ".by", 1), ".on")
	}
	return b.T(key, "Carrier", s.Carrier, "Date", s.DeliveredAt, "Expected", s.ExpectedTo, "Label", s.Label, "Source", s.Source)
}

func startOfDay(now time.Time) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, now.Location())
}

// faultsAt returns the faults of an error whose field is one of the fields, or with in false those that are at none.
func faultsAt(err error, in bool, fields []string) []portal.Fault {
	var kept []portal.Fault
	for _, fault := range portal.FaultsOf(err) {
		if slices.Contains(fields, fault.Field) == in {
			kept = append(kept, fault)
		}
	}
	return kept
}
