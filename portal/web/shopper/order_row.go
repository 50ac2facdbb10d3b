package shopper

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/web/page"
)

// orderRow is the data of partials/order-row. Pictures may come only from the shop's own origins. More is the
// number of items without a picture, which the title has in words.
type orderRow struct {
	URL, Number, Title, Total string
	Placed                    page.Time
	Status                    page.Pill
	Pictures                  []page.Link // with the alternative text as label
	More                      string
	Offer, OfferURL           string // what the order needs, beside the link to its page
	Away                      bool   // the offer is another site's
}

// rows writes the orders of the list.
func (p *ordersPage) rows(out page.Output, found []order.Row, now time.Time) error {
	gaps, row := p.Gaps(), orderRow{}
	for i := range found {
		r := &found[i]
		gaps.Reset()
		asked, _ := p.Asked(r.Number)
		placed, status := p.TimeShort(r.PlacedAt), rowStatus(p.Base, r, asked, now)
		path := orderPath(r.Number)
		row = orderRow{
			URL: gaps.Text(path), Number: gaps.Text(r.Number), Title: gaps.Text(p.rowTitle(r)),
			Total:    gaps.Text(p.Money(r.Total())),
			Placed:   page.Time{Text: gaps.Text(placed.Text), ISO: gaps.Text(placed.ISO)},
			Status:   page.Pill{Tone: status.Tone, Text: gaps.Text(status.Text)},
			More:     gaps.Text(more(r.Summary)),
			Pictures: row.Pictures[:0],
		}
		for _, picture := range r.Summary.Pictures {
			row.Pictures = append(row.Pictures, page.Link{
				Path: gaps.Text(picture.URL), Label: gaps.Text(r.Summary.Alternative(picture))})
		}
		shape := page.Shape{Template: "partials/order-row", Variant: status.Tone}
		if key := offerKey(r.Summary.Offer); key != "" {
			row.Offer, row.OfferURL = gaps.Text(p.T(key)), gaps.Text(cmp.Or(r.Summary.Link, path))
			if row.Away = r.Summary.Link != ""; row.Away {
				shape.Flags = 1
			}
		}
		if err := p.WriteFragment(out, shape, gaps, &row); err != nil {
			return err
		}
	}
	return nil
}

// rowTitle names what was bought.
func (p *ordersPage) rowTitle(r *order.Row) string {
	switch further := r.Summary.Count() - 1; {
	case r.Summary.Item == "":
		return p.T("order.title", "Number", r.Number)
	case further > 0:
		return p.T("orders.item_and_more", "Item", r.Summary.Item, "Count", further)
	}
	return r.Summary.Item
}

// more returns the number of items without a picture in digits, "" for none.
func more(s order.Summary) string {
	if n := s.Count() - max(1, len(s.Pictures)); n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

// offerKey returns the message key of a row's offer, "" for none.
func offerKey(offer string) string {
	switch offer {
	case order.ActionPay:
		return "order.pay"
	case order.ActionTrack:
		return "order.track"
	}
	return ""
}

// rowStatus returns the status of a row. If the customer has to pay or waits for money, returns items, or asked to
// cancel the order, that replaces the headline.
func rowStatus(b page.Base, r *order.Row, asked customer.Asked, now time.Time) page.Pill {
	s, due := r.Status, r.Summary.RefundDue
	h := s.Headline()
	switch state := r.Summary.Return; {
	case s.Unpaid() && h.Payment != "":
		return b.Pill(string(h.Tone), b.T(h.Payment))
	case state != "":
		return b.Pill(returnTone(state), b.T("orders.return."+state))
	case due != nil && due.Before(startOfDay(now)):
		return b.Pill(string(order.Waiting), b.T("orders.refund.late", "Due", *due))
	case due != nil:
		return b.Pill(string(order.Waiting), b.T("orders.refund.due", "Due", *due))
	}
	if pill, open := requestPill(b, s, asked); open {
		return pill
	}
	return b.Pill(string(h.Tone), headline(b, s, h.Key, now))
}

// requestPill tells of a request as long as the order itself shows nothing of it.
func requestPill(b page.Base, s order.Status, asked customer.Asked) (pill page.Pill, open bool) {
	state := asked.State
	switch {
	case asked.Kind == inquiry.RequestReturn && s.Fulfillment == order.Delivered:
		return b.Pill(returnTone(state), b.T("orders.return."+state)), true
	case asked.Kind == inquiry.RequestCancel && !s.Cancelled() && s.Fulfillment == order.Unfulfilled:
		return b.Pill(returnTone(state), b.T("orders.cancel."+state)), true
	}
	return pill, false
}

// headline returns the sentence about an order's status, which has the key of its Headline. It leaves out
// an expected delivery date that has passed.
func headline(b page.Base, s order.Status, key string, now time.Time) string {
	if s.ExpectedTo != nil && s.ExpectedTo.Before(startOfDay(now)) && s.Fulfillment == order.Shipped {
		key = strings.TrimSuffix(strings.Replace(key, ".by_on", ".by", 1), ".on")
	}
	source := ""
	if key == "headline.source" { // finding these words takes longer than the rest of the row
		source = s.OwnWords()
	}
	return b.T(key, "Carrier", s.Carrier, "Date", s.DeliveredAt, "Expected", s.ExpectedTo, "Label", s.Label,
		"Source", source)
}

func startOfDay(now time.Time) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, now.Location())
}
