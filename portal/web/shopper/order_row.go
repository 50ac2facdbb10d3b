package shopper

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"postern/portal/order"
	"postern/portal/web/page"
)

// roomForRow is the approximate size of a row in bytes.
const roomForRow = 3 << 9

// orderRow is the data of partials/order-row. Pictures may come only from the shop's own origins. More is the
// number of pieces without a picture: the stylesheet shows it as "+1"; screen readers get it in words.
type orderRow struct {
	URL, Number, Total string
	Placed             page.Time
	Status             page.Pill
	Pictures           []string
	More, MoreText     string
}

// rows returns the orders of the list.
func (p *ordersPage) rows(found []order.Row, now time.Time) (template.HTML, error) {
	var out strings.Builder
	out.Grow(len(found) * roomForRow)
	gaps, row := p.Gaps(), orderRow{}
	for _, r := range found {
		gaps.Reset()
		placed, status := p.TimeShort(r.PlacedAt), rowStatus(p.Base, r.Status, now)
		row = orderRow{
			URL: gaps.Text(orderPath(r.Number)), Number: gaps.Text(r.Number),
			Total:    gaps.Text(p.Money(r.Total())),
			Placed:   page.Time{Text: gaps.Text(placed.Text), ISO: gaps.Text(placed.ISO)},
			Status:   page.Pill{Tone: status.Tone, Text: gaps.Text(status.Text)},
			Pictures: row.Pictures[:0],
		}
		more, inWords := p.more(r)
		row.More, row.MoreText = gaps.Text(more), gaps.Text(inWords)
		for _, picture := range r.Summary.Pictures {
			row.Pictures = append(row.Pictures, gaps.Text(picture.URL))
		}
		shape := page.Shape{Template: "partials/order-row", Variant: status.Tone}
		if err := p.WriteFragment(&out, shape, gaps, &row); err != nil {
			return "", err
		}
	}
	return template.HTML(out.String()), nil
}

// more returns the number of pieces without a picture, as digits and in words, or "" if there are none.
func (p *ordersPage) more(r order.Row) (digits, words string) {
	more := r.Summary.Count() - max(1, len(r.Summary.Pictures))
	if more <= 0 {
		return "", ""
	}
	return strconv.Itoa(more), p.T("orders.more", "Count", more)
}

// rowStatus returns the status of a row. If the customer has to pay, that replaces the headline.
func rowStatus(b page.Base, s order.Status, now time.Time) page.Pill {
	h := s.Headline()
	if s.Unpaid() && h.Payment != "" {
		return b.Pill(string(h.Tone), b.T(h.Payment))
	}
	return b.Pill(string(h.Tone), headline(b, s, h.Key, now))
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
