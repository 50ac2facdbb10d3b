package portal

import (
	"strings"

	"postern/mail"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/templates/i18n"
)

// maxMailedItems is the maximum number of items that an email names.
const maxMailedItems = 10

// orderLetter writes an email about an order in one language.
type orderLetter struct {
	order.Order
	shop shop.Shop
	l    *i18n.Localizer
}

func (o orderLetter) write(event string) mail.Letter {
	key := "mail.order." + o.word(event)
	letter := o.shop.Letter(o.l, key, "Number", o.Number)
	letter.Paragraphs = append(letter.Paragraphs, o.more(event)...)
	letter.Details = o.details(event)
	label := "mail.order.button"
	if order.EventKind(event) == order.EmailReturn {
		label = "mail.order.return.button"
	}
	letter.Button = &mail.Button{Label: o.l.T(label), URL: orderURL(o.shop, o.Number)}
	letter.Notes = []string{o.l.T("mail.order.sign_in"),
		o.l.T("mail.order.choose", "URL", o.shop.URL("/profile"))}
	return letter
}

// word returns the part of the message keys for an event.
func (o orderLetter) word(event string) string {
	if number, state := order.EventReturn(event); number != "" {
		return "return." + state
	}
	kind := order.EventKind(event)
	switch {
	case kind == order.EmailDelivered && o.IsDigital:
		return "digital"
	case kind == order.EmailDelivered && o.Status.Pickup:
		return "collected"
	case event == order.ShippedPart:
		return "shipped_part"
	case kind == order.EmailRefunded && o.Status.Payment == order.PaymentPartiallyRefunded:
		return "refunded_part"
	}
	return kind
}

// more returns the paragraphs after the first.
func (o orderLetter) more(event string) []string {
	if number, _ := order.EventReturn(event); number != "" {
		for _, r := range o.Returns {
			if r.Number == number && r.State == order.ReturnDeclined && r.Declined != "" {
				return []string{o.l.T("mail.order.reason", "Reason", r.Declined)}
			}
		}
		return nil
	}
	switch payment := o.Status.Headline().Payment; order.EventKind(event) {
	case order.EmailReceived, order.EmailCancelled:
		if payment != "" {
			return []string{o.l.T(payment)}
		}
	}
	return nil
}

// details lists what the email says about the goods, the parcels and the money.
func (o orderLetter) details(event string) []string {
	if number, _ := order.EventReturn(event); number != "" {
		return o.returned(number)
	}
	switch order.EventKind(event) {
	case order.EmailShipped:
		return o.parcels()
	case order.EmailPickup:
		return o.pickups()
	case order.EmailRefunded:
		if sum := o.RefundedTotal(); sum > 0 {
			return []string{o.l.T("mail.order.refunded.sum", "Amount", o.money(sum))}
		}
		return nil
	}
	return o.items()
}

func (o orderLetter) money(minor int64) string {
	return money.NewFormatter(o.l.Lang()).Amount(o.Amount(minor))
}

// items lists what was bought and the total.
func (o orderLetter) items() []string {
	var lines []string
	items := o.Items()
	for _, line := range items[:min(len(items), maxMailedItems)] {
		lines = append(lines, o.quantity(line.Quantity)+" × "+line.Name)
	}
	if more := len(items) - maxMailedItems; more > 0 {
		lines = append(lines, o.l.T("mail.order.more_items", "Count", more))
	}
	return append(lines, o.l.T("mail.order.total", "Amount", o.money(o.Total)))
}

func (o orderLetter) quantity(q money.Decimal) string {
	return money.NewFormatter(o.l.Lang()).Decimal(q)
}

// parcels lists the carriers and tracking numbers.
func (o orderLetter) parcels() []string {
	var lines []string
	for _, s := range o.Shipments {
		if parts := strings.TrimSpace(s.Carrier + " " + s.Number); parts != "" && s.DeliveredAt == nil {
			lines = append(lines, o.l.T("mail.order.parcel", "Parcel", parts))
		}
	}
	return lines
}

// pickups lists the places to collect the goods from, with their hours.
func (o orderLetter) pickups() []string {
	var lines []string
	for _, s := range o.Shipments {
		for _, text := range []string{s.PickupPoint, s.PickupHours} {
			if text != "" {
				lines = append(lines, text)
			}
		}
	}
	return lines
}

// returned lists the goods of a return.
func (o orderLetter) returned(number string) []string {
	lines := []string{o.l.T("mail.order.return.number", "Number", number)}
	for _, r := range o.Returns {
		if r.Number != number {
			continue
		}
		for _, part := range r.Lines {
			if name := o.lineName(part.Line); name != "" {
				lines = append(lines, o.quantity(part.Quantity)+" × "+name)
			}
		}
	}
	return lines
}

// lineName returns the name of a line by its id, or "".
func (o orderLetter) lineName(id string) string {
	for _, line := range o.Lines {
		if line.ID == id {
			return line.Name
		}
	}
	return ""
}
