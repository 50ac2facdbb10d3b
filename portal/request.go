package portal

import (
	"context"
	"strconv"
)

// Request asks the shop to cancel an order or to accept a return. It does not change the order: the shop
// decides, and the result shows in the order's own status.
type Request struct {
	Form       string // id of the form, for a return; a form sent twice creates one request
	Number     string // order number
	Text       string
	Quantities map[int]string // for a return, by line index; "" and "0" for none
	Mark       string         // LinesMark of the lines they were chosen from
	Lang       string         // of the page
}

// AskReturn stores a request to return goods. Faults are at "text", at "line/" plus a line's index, and at
// "" if nothing is chosen. It is a Conflict if a return is not possible, the order's lines have changed, or
// the form already sent something else. More than 20 requests an hour are TooMany.
func (s Shopper) AskReturn(ctx context.Context, r Request) error {
	in := s.request(RequestReturn, r)
	if sent, err := s.formSent(ctx, r.Form, in); sent || err != nil {
		return err
	}
	order, earlier, err := s.requestable(ctx, r.Number, RequestReturn)
	if err != nil {
		return s.unlessSent(ctx, r.Form, in, err)
	}
	if r.Mark != order.LinesMark() {
		return failure(Conflict, "withdrawal.changed")
	}
	f := &form{}
	in.Text = f.inquiryText("text", r.Text)
	if in.Lines = r.lines(f, order.Order); !order.HasGoods() {
		f.required("text", in.Text)
	}
	if err := invalid(f.faults); err != nil {
		return err
	}
	return s.inquire(ctx, r.Form, in, len(earlier.Requests))
}

// AskCancel stores a request to cancel an order, once per order. Faults are at "text". It is a Conflict if
// cancelling is not possible or was requested with a different text. More than 20 requests an hour are
// TooMany.
func (s Shopper) AskCancel(ctx context.Context, r Request) error {
	in := s.request(RequestCancel, r)
	key := RequestCancel + "-" + hashOf(in.Customer+"/"+in.Order)
	if sent, err := s.inquirySent(ctx, key, in); sent || err != nil {
		return err
	}
	_, earlier, err := s.requestable(ctx, r.Number, RequestCancel)
	if err != nil {
		return s.unlessSent(ctx, key, in, err)
	}
	f := &form{}
	in.Text = f.inquiryText("text", r.Text)
	if err := invalid(f.faults); err != nil {
		return err
	}
	return s.inquire(ctx, key, in, len(earlier.Requests))
}

func (s Shopper) request(kind string, r Request) inquiry {
	return inquiry{
		Channel: channelRequests, Kind: kind, Customer: s.customer.ID, Order: r.Number, Lang: r.Lang,
		Said: said(r.Text, r.Quantities, r.Mark),
	}
}

// requestable returns the order if a request of this kind is possible, otherwise NotFound or a Conflict.
func (s Shopper) requestable(ctx context.Context, number, kind string) (order OrderView, earlier Correspondence, err error) {
	if order, err = s.Order(ctx, number); err == nil {
		earlier, err = s.Correspondence(ctx, number)
	}
	if err == nil && !order.Action(kind, earlier.CancelAsked()).Asks() {
		err = failure(Conflict, "request.closed")
	}
	return order, earlier, err
}

// lines returns the chosen lines.
func (r Request) lines(f *form, o Order) []StatementLine {
	var chosen []StatementLine
	for i, line := range o.Lines {
		given := r.Quantities[i]
		if given == "" || given == "0" {
			continue
		}
		if !line.IsGoods() || !isPart(given, line.Quantity.String()) {
			f.fault("line/"+strconv.Itoa(i), "withdrawal.quantity")
			continue
		}
		chosen = append(chosen, StatementLine{ID: line.ID, SKU: line.SKU, Name: line.Name, Quantity: given})
	}
	if len(chosen) == 0 && o.HasGoods() && len(f.faults) == 0 {
		f.fault("", "withdrawal.none")
	}
	return chosen
}

// CancelMoney returns the word for what happens to the payment if the shop cancels the order.
func (s Status) CancelMoney() string {
	switch s.Payment {
	case PaymentPaid, PaymentPartiallyPaid, PaymentPartiallyRefunded, PaymentDisputed:
		return "paid"
	case PaymentAuthorized:
		return "authorized"
	case PaymentRefunded:
		return "refunded"
	case PaymentPending, PaymentRequiresAction, PaymentFailed, PaymentVoided:
		return "unpaid"
	}
	return "unknown"
}
