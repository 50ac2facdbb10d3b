package portal

import (
	"context"
	"slices"
	"strconv"

	"postern/portal/inquiry"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/validate"
)

// Request asks the shop to cancel an order or to accept a return. It does not change the order: the shop
// decides, and the result shows in the order's own status.
type Request struct {
	Form       string // id of the form, for a return; a form sent twice creates one request
	Number     string // order number
	Text       string
	Reason     string         // for a return: one of the shop's list
	Quantities map[int]string // for a return, by line index; "" and "0" for none
	Mark       string         // LinesVersion of the lines they were chosen from
	Photos     [][]byte       // for a return: files of any kind
	Lang       string         // of the page
}

// RequestReturn stores a request to return goods. Field errors are at "text", at "line/" plus a line's index,
// at "reason", at "photos", and at "" if nothing is chosen. It is a Conflict if a return is not possible, the
// order's lines have changed, or the form already sent something else. More than 20 requests an hour or 60
// photos a day are validate.TooMany. Photos are decoded only if everything else is right.
func (s Shopper) RequestReturn(ctx context.Context, r Request) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	in := s.request(inquiry.RequestReturn, r)
	if sent, err := s.formSent(ctx, r.Form, in); sent || err != nil {
		return err
	}
	order, earlier, err := s.requestable(ctx, r.Number, inquiry.RequestReturn)
	if err != nil {
		return s.unlessSent(ctx, r.Form, in, err)
	}
	if r.Mark != order.LinesVersion() {
		return validate.NewError(validate.Conflict, "withdrawal.changed")
	}
	f := &validate.Validator{}
	in.Text = inquiry.ReadText(f, "text", r.Text)
	if in.Reason = r.Reason; !slices.Contains(s.ReturnReasons(), r.Reason) {
		f.Reject("reason", "return.reason.unknown")
	}
	if in.Lines = r.lines(f, order.Order, earlier.Returnable(order)); !order.HasGoods() {
		f.Required("text", in.Text)
	}
	r.checkPhotos(f)
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return s.unlessSent(ctx, r.Form, in, err)
	}
	if in.Photos, err = s.storePhotos(ctx, r); err != nil {
		return s.unlessSent(ctx, r.Form, in, err)
	}
	return s.inquire(ctx, r.Form, in, len(earlier.Requests))
}

// RequestCancellation stores a request to cancel an order, once per order. Field errors are at "text". It is
// a Conflict if cancelling is not possible or was requested with a different text. More than 20 requests an
// hour are validate.TooMany.
func (s Shopper) RequestCancellation(ctx context.Context, r Request) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	in := s.request(inquiry.RequestCancel, r)
	key := inquiry.RequestCancel + "-" + secret.Hash(in.Customer+"/"+in.Order)
	if sent, err := s.inquirySent(ctx, key, in); sent || err != nil {
		return err
	}
	_, earlier, err := s.requestable(ctx, r.Number, inquiry.RequestCancel)
	if err != nil {
		return s.unlessSent(ctx, key, in, err)
	}
	f := &validate.Validator{}
	in.Text = inquiry.ReadText(f, "text", r.Text)
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return err
	}
	return s.inquire(ctx, key, in, len(earlier.Requests))
}

// ReturnReasons lists the reasons that a return can have: the shop's own texts, or inquiry.Reasons.
func (s Shopper) ReturnReasons() []string {
	if len(s.shop.ReturnReasons) > 0 {
		return s.shop.ReturnReasons
	}
	return inquiry.Reasons()
}

func (s Shopper) request(kind string, r Request) inquiry.Inquiry {
	return inquiry.Inquiry{
		Channel: inquiry.ChannelRequests, Kind: kind, Customer: s.customer.ID, Order: r.Number, Lang: r.Lang,
		ContentHash: inquiry.ContentHash(r.Text, r.Reason, r.Quantities, r.Mark, r.photosHash()),
	}
}

// requestable returns the order if a request of this kind is possible, otherwise validate.NotFound or a
// Conflict.
func (s Shopper) requestable(ctx context.Context, number, kind string) (order order.View,
	earlier inquiry.Correspondence, err error) {
	if order, err = s.Order(ctx, number); err == nil {
		earlier, err = s.Correspondence(ctx, number)
	}
	if err == nil && !order.Action(kind, earlier.CancelAsked()).IsRequest() {
		err = validate.NewError(validate.Conflict, "request.closed")
	}
	return order, earlier, err
}

// lines returns the chosen lines. left is how much of each can be chosen.
func (r Request) lines(f *validate.Validator, o order.Order, left []money.Decimal) []order.StatementLine {
	var chosen []order.StatementLine
	wrong := false
	for i, line := range o.Lines {
		given := r.Quantities[i]
		if given == "" || given == "0" {
			continue
		}
		if left[i] == "" || !isPart(given, left[i].String()) {
			f.Reject("line/"+strconv.Itoa(i), "withdrawal.quantity")
			wrong = true
			continue
		}
		chosen = append(chosen, order.StatementLine{ID: line.ID, SKU: line.SKU, Name: line.Name,
			Quantity: given})
	}
	if len(chosen) == 0 && o.HasGoods() && !wrong {
		f.Reject("", "withdrawal.none")
	}
	return chosen
}
