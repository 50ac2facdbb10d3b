package shopper

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/page"
)

// roomForRow is the approximate size of a row in bytes.
const roomForRow = 1 << 10

// rows writes the orders of the list.
func (p *ordersPage) rows(found []order.Row, now time.Time) template.HTML {
	var m page.Markup
	m.Grow(len(found) * roomForRow)
	for _, r := range found {
		m.Raw(`<li><a class="order" href="`).Text(orderPath(r.Number)).Raw(`"><span class="order-head"><span class="order-number">`).
			Text(r.Number).Raw(`</span> `).Put(p.TimeShort(r.PlacedAt)).Raw(`</span> `)
		p.PutStatus(&m, rowStatus(p.Base, r.Status, now))
		p.thumbs(&m, r)
		m.Raw(` <span class="order-total">`).Text(p.Money(r.Total)).Raw("</span></a></li>\n")
	}
	return m.HTML()
}

// thumbs writes an order's pictures, which may come only from the shop's own origins, and the number of
// pieces without a picture. The stylesheet shows that number as "+1"; screen readers get it in words.
func (p *ordersPage) thumbs(m *page.Markup, r order.Row) {
	m.Raw(` <span class="thumbs">`)
	for _, picture := range r.Pictures {
		m.Raw(`<span class="thumb"><img src="`).Text(picture).Raw(`" alt="" loading="lazy" width="46" height="46"></span>`)
	}
	if len(r.Pictures) == 0 {
		m.Raw(`<span class="thumb">`).Put(p.Icon("parcel")).Raw(`</span>`)
	}
	if more := r.Pieces - max(1, len(r.Pictures)); more > 0 {
		m.Raw(` <span class="thumb more" data-more="+`).Text(strconv.Itoa(more)).Raw(`"><span class="hidden">`).
			Text(p.T("orders.more", "Count", more)).Raw(`</span></span>`)
	}
	m.Raw(`</span>`)
}

// rowStatus returns the status of a row. If the customer has to pay, that replaces the headline.
func rowStatus(b page.Base, s order.Status, now time.Time) page.Pill {
	h := s.Headline()
	if s.Unpaid() && h.Payment != "" {
		return b.Pill(h.Tone, b.T(h.Payment))
	}
	return b.Pill(h.Tone, headline(b, s, now))
}

// headline returns the sentence about an order's status. It leaves out an expected delivery date that has
// passed.
func headline(b page.Base, s order.Status, now time.Time) string {
	key := s.Headline().Key
	if s.ExpectedTo != nil && s.ExpectedTo.Before(startOfDay(now)) && s.Fulfillment == order.Shipped {
		key = strings.TrimSuffix(strings.Replace(key, ".by_on", ".by", 1), ".on")
	}
	return b.T(key, "Carrier", s.Carrier, "Date", s.DeliveredAt, "Expected", s.ExpectedTo, "Label", s.Label, "Source", s.OwnWords())
}

func startOfDay(now time.Time) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, now.Location())
}

// faultsAt returns the faults whose field is one of the fields, or with in false the faults of all other
// fields.
func faultsAt(err error, in bool, fields []string) []validate.FieldError {
	var kept []validate.FieldError
	for _, fault := range validate.FieldErrors(err) {
		if slices.Contains(fields, fault.Field) == in {
			kept = append(kept, fault)
		}
	}
	return kept
}
