package shopper

import (
	"cmp"
	"strconv"
	"time"

	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/web/page"
)

// orderRow is the data of partials/order-row. The picture, of the first item that has one, may come only from
// the shop's own origins. More is the number of further items, which the title has in words.
type orderRow struct {
	URL, Number, Title, Total string
	Placed                    page.Time
	Status                    page.Pill
	Picture, Alternative      string
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
			Total:  gaps.Text(p.Money(r.Total())),
			Placed: page.Time{Text: gaps.Text(placed.Text), ISO: gaps.Text(placed.ISO)},
			Status: page.Pill{Tone: status.Tone, Icon: status.Icon, Text: gaps.Text(status.Text)},
			More:   gaps.Text(more(r.Summary)),
		}
		var picture, alternative, offer string // each has its gap, also an empty one: a shape is known by its gaps
		if len(r.Summary.Pictures) > 0 {
			picture, alternative = r.Summary.Pictures[0].URL, r.Summary.Alternative(r.Summary.Pictures[0])
		}
		shape := page.Shape{Template: "partials/order-row", Variant: status.Icon, Flags: toneFlag(status.Tone)}
		if key := offerKey(r.Summary.Offer); key != "" && (p.Own() || !isCustomers(r.Summary.Offer)) {
			offer = p.T(key)
			if row.Away = r.Summary.Link != ""; row.Away {
				shape.Flags |= 1
			}
		}
		row.Picture, row.Alternative = gaps.Text(picture), gaps.Text(alternative)
		row.Offer, row.OfferURL = gaps.Text(offer), gaps.Text(cmp.Or(r.Summary.Link, path))
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
		return p.T("orders.item_and_more", "Item", unbroken(r.Summary.Item), "Count", further)
	}
	return unbroken(r.Summary.Item)
}

// toneFlag returns a flag for each tone, in which rows with the same icon may differ.
func toneFlag(tone string) uint64 {
	switch order.Tone(tone) {
	case order.Waiting:
		return 1 << 1
	case order.Moving:
		return 1 << 2
	case order.Done:
		return 1 << 3
	case order.Stopped:
		return 1 << 4
	}
	return 0
}

// more returns the number of items besides the first one in digits, "" for none.
func more(s order.Summary) string {
	if n := s.Count() - 1; n > 0 {
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
	case order.ActionLabel:
		return "return.label"
	case order.ActionCollect:
		return "orders.collect"
	case order.ActionDownload:
		return "download.button"
	}
	return ""
}

// rowStatus returns the status of a row. If the customer has to pay or waits for money, returns items, or
// asked to cancel the order, that replaces the headline.
func rowStatus(b page.Base, r *order.Row, asked customer.Asked, now time.Time) page.Pill {
	s, due := r.Status, r.Summary.RefundDue
	h := s.Headline()
	switch state := r.Summary.Return; {
	case s.Unpaid() && h.Payment != "":
		return paymentPill(b, r, h, now)
	case state != "":
		return b.Pill(returnTone(state), b.T("orders.return."+state)).With(returnIcon)
	case due != nil && due.Before(startOfDay(now)):
		return b.Pill(string(order.Stopped), b.T("orders.refund.late", "Due", *due)).With(alertIcon)
	case due != nil:
		return b.Pill(string(order.Waiting), b.T("orders.refund.due", "Due", *due)).With(returnIcon)
	}
	if pill, open := requestPill(b, s, asked); open {
		return pill
	}
	return b.Pill(string(headlineTone(s, h, now)), headline(b, s, h.Key, now)).With(statusIcon(s, h))
}

// paymentPill says how and until when an order is to be paid.
func paymentPill(b page.Base, r *order.Row, h order.Headline, now time.Time) page.Pill {
	word, by := paymentKeys()[h.Payment], r.Summary.PayBy
	if word == "transfer" && r.Summary.Offer == order.ActionPay && r.Summary.Link != "" && by == nil {
		h.Payment = "headline.payment." + order.PaymentPending // it can be paid at once, as the order's page says
	}
	switch {
	case r.Status.Payment == order.PaymentPartiallyPaid && r.Summary.Due > 0:
		left := money.Amount{Minor: r.Summary.Due, Currency: r.Currency}
		return b.Pill(string(h.Tone), b.T(h.Payment+".left", "Amount", left)).With(statusIcon(r.Status, h))
	case by == nil || word != "transfer" && word != "invoice" && word != "pending":
		return b.Pill(string(h.Tone), b.T(h.Payment)).With(statusIcon(r.Status, h))
	case by.Before(startOfDay(now)):
		return b.Pill(string(order.Stopped), b.T("orders.due.late", "Due", *by)).With(alertIcon)
	}
	if isToday(*by, now) {
		return b.Pill(string(order.Waiting), b.T("orders.due."+word+".today"))
	}
	return b.Pill(string(order.Waiting), b.T("orders.due."+word, "Due", *by))
}

// The icons of statuses that are not those of a tone. An icon means one thing: the clock of the tone
// "waiting" stands for what is awaited, a payment or the shop's word about a cancellation.
const (
	alertIcon  = "alert"  // something went wrong that the customer can mend
	returnIcon = "return" // goods or money on the way back
	parcelIcon = "parcel" // being prepared
	shopIcon   = "shop"   // to be collected
	pauseIcon  = "pause"
)

// statusIcon returns the icon of an order's headline.
func statusIcon(s order.Status, h order.Headline) string {
	switch {
	case s.Unpaid() && h.Payment != "" && s.Payment == order.PaymentFailed:
		return alertIcon
	case s.Unpaid() && h.Payment != "":
		return string(h.Tone)
	}
	switch h.Key {
	case "headline.ready_for_pickup":
		return shopIcon
	case "headline.processing", "headline.unfulfilled", "headline.received", "headline.digital.waiting":
		return parcelIcon
	case "headline.on_hold", "headline.on_hold.unpaid":
		return pauseIcon
	case "headline.partially_returned", "headline.returned", "headline.refunded":
		return returnIcon
	case "headline.delivery_failed":
		return alertIcon
	}
	return string(h.Tone)
}

// requestPill tells of a request as long as the order itself shows nothing of it.
func requestPill(b page.Base, s order.Status, asked customer.Asked) (pill page.Pill, open bool) {
	state := asked.State
	switch {
	case asked.Kind == inquiry.RequestReturn && s.IsKept():
		return b.Pill(returnTone(state), b.T("orders.return."+state)).With(returnIcon), true
	case asked.Kind == inquiry.RequestCancel && s.IsUnsent() &&
		(state != order.ReturnDeclined || s.Fulfillment == order.Unfulfilled):
		return b.Pill(returnTone(state), b.T("orders.cancel."+state)), true
	}
	return pill, false
}

// partLate is the headline of an order of which a part is on its way and late.
const partLate = "headline.partially_shipped.late"

// lateKey returns the headline that says since when goods on their way are overdue, "" if they are not.
func lateKey(s order.Status, key string, now time.Time) string {
	if s.ExpectedTo == nil || !s.ExpectedTo.Before(startOfDay(now)) {
		return ""
	}
	switch key {
	case "headline.shipped.by_on":
		return "headline.shipped.by_late"
	case "headline.shipped.on":
		return "headline.shipped.late"
	case "headline.partially_shipped":
		return partLate
	case "headline.parcels":
		return "headline.parcels.late"
	}
	return ""
}

// headlineTone returns the tone of an order's headline: a late delivery is awaited.
func headlineTone(s order.Status, h order.Headline, now time.Time) order.Tone {
	if lateKey(s, h.Key, now) != "" && h.Tone == order.Moving {
		return order.Waiting
	}
	return h.Tone
}

// headline returns the sentence about an order's status, which has the key of its Headline.
func headline(b page.Base, s order.Status, key string, now time.Time) string {
	key = cmp.Or(lateKey(s, key, now), key)
	source := ""
	if key == "headline.source" { // finding these words takes longer than the rest of the row
		source = s.OwnWords()
	}
	return b.T(key, "Count", s.Arrived, "All", s.Parcels, "Carrier", s.Carrier, "Date", s.DeliveredAt,
		"Expected", s.ExpectedTo, "Label", s.Label,
		"Source", source)
}

// isToday reports whether a moment is on the day of now.
func isToday(at, now time.Time) bool { return startOfDay(at.In(now.Location())).Equal(startOfDay(now)) }

func startOfDay(now time.Time) time.Time {
	year, month, day := now.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, now.Location())
}
