package shopper

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/inquiry"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// requestPage is the form that sends the shop a request about an order, or the reason why no request is
// possible.
type requestPage struct {
	page.Base
	Form         onceForm
	Order        order.View
	Card         *orderCard // which order it is, nil if the form says so itself
	Back, Action string     // paths
	Texts        []string
	Withdraw     string // where to withdraw from the contract instead, "" if that is not possible
	Asks         bool
	Mark         string
	Choices      []returnChoice
	Later        []laterItem
	Instead      string        // path of the form to return items, if that is possible instead
	Reasons      []page.Option // of a return
	Label, Hint  string        // of the text field
	Optional     string        // "yes" or ""
	Send         string        // label of the button
	Photos       string        // the types that a photo may have, "" if the form takes none
	PhotosField  string

	currency string
}

// returnChoice is one item of a return with its picture, "" for none.
type returnChoice struct {
	page.Field
	Picture string
}

// laterItem is an item that cannot be returned before it is shipped.
type laterItem struct{ Name, Picture string }

// goodsField is the field of an error that concerns all items of a return.
const goodsField = "items"

func requestPath(number, kind string) string { return orderPath(number) + "/" + kind }

func (h *Handler) returnRequest(c *fiber.Ctx, s portal.Shopper) error {
	return h.showRequest(c, s, inquiry.RequestReturn, nil)
}

func (h *Handler) cancelRequest(c *fiber.Ctx, s portal.Shopper) error {
	return h.showRequest(c, s, inquiry.RequestCancel, nil)
}

// showRequest shows the form: empty, or as it was sent if there is an error. If the feed has a link for the
// action, showRequest redirects to the order's page, which shows that link.
func (h *Handler) showRequest(c *fiber.Ctx, s portal.Shopper, kind string, err error) error {
	number, bad := gate.Param(c, "number")
	if bad != nil {
		return bad
	}
	order, bad := s.Order(c.UserContext(), number)
	if bad != nil {
		return bad
	}
	sent, bad := s.Correspondence(c.UserContext(), number)
	if bad != nil {
		return bad
	}
	action, status := order.Action(kind, sent.CancelAsked()), refusal(err)
	if action.URL != "" {
		return seeOther(c, orderPath(number))
	}
	data := requestPage{
		Base: h.base(c, s, "orders", "request."+kind+".title"), Order: order, Back: orderPath(number),
		Action: requestPath(number, kind),
		Asks:   action.IsRequest(), Mark: order.LinesVersion(), currency: order.Currency,
	}
	if !data.Asks {
		if action.Closed == "cancel.shipped" && order.Action(inquiry.RequestReturn, nil).IsRequest() {
			data.Instead = requestPath(number, inquiry.RequestReturn)
		}
		if slices.Contains([]string{"cancel.shipped", "cancel.completed", "cancel.digital"}, action.Closed) {
			data.Title = data.T("request.cancel.closed")
		}
		data.Texts = append(data.Texts, data.T("action.closed."+action.Closed, "When", action.At))
		return h.pages.Render(c, status, "shopper/request", data)
	}
	var lines []orderedLine
	if kind == inquiry.RequestReturn {
		if lines = returnable(order, sent); len(lines) == 0 && order.HasGoods() {
			data.Asks, data.Texts = false, []string{data.T(nothingToReturn(order))}
			return h.pages.Render(c, status, "shopper/request", data)
		}
		data.Later = later(order)
		data.Reasons = reasonOptions(data.Base, s.ReturnReasons())
		data.Photos, data.PhotosField = photoTypes, photosField
	}
	data.say(kind, order)
	if bad := data.fill(c, lines, err); bad != nil {
		return bad
	}
	data.Form.ID = s.NewForm()
	return h.pages.Render(c, status, "shopper/request", data)
}

// say sets the texts that explain the request and its consequences for goods and money.
func (p *requestPage) say(kind string, o order.View) {
	p.Texts = append(p.Texts, p.T("request."+kind+".intro", "Shop", p.Shop.Name))
	p.Send, p.Label, p.Optional = p.T("request."+kind+".send"), p.T("request."+kind+".text"), "yes"
	if kind == inquiry.RequestCancel {
		p.Card, p.Hint = cardOf(p.Base, o), p.T("request.cancel.hint")
		p.Texts = append(p.Texts, p.T("request.money."+o.Status.CancelMoney()))
		return
	}
	p.Hint = p.T("request.return.hint")
	if !o.HasGoods() {
		p.Optional = ""
	}
	if o.Withdrawal != nil && o.Withdrawal.Closed == "" {
		p.Withdraw = withdrawOrderPath(o.Number)
	}
}

// orderedLine is a line of an order with the quantity that can still be returned, and its place in the order.
type orderedLine struct {
	order.Line
	place   int
	ordered money.Decimal
}

func returnable(o order.View, sent inquiry.Correspondence) []orderedLine {
	var lines []orderedLine
	for i, left := range sent.Returnable(o) {
		if left != "" {
			line := o.Lines[i]
			made := orderedLine{line, i, line.Quantity}
			made.Quantity = left
			lines = append(lines, made)
		}
	}
	return lines
}

// nothingToReturn returns the key of the sentence that says why no item can be returned now.
func nothingToReturn(o order.View) string {
	if len(later(o)) > 0 {
		return "action.closed.return.not_shipped"
	}
	return "request.return.all"
}

// later returns the items of which nothing has been shipped yet.
func later(o order.View) []laterItem {
	var items []laterItem
	counted := o.Counted()
	for i, waiting := range o.AtShop() {
		if l := o.Lines[i]; counted[i] && waiting == l.Quantity {
			items = append(items, laterItem{unbroken(l.Name), l.Picture})
		}
	}
	return items
}

// fill sets the form's fields. Without an error it ignores form values, including those in the URL.
func (p *requestPage) fill(c *fiber.Ctx, lines []orderedLine, err error) error {
	values := map[string]string{}
	if err != nil {
		values = page.Values(c, "text", "reason")
	}
	var names []string
	for _, l := range lines {
		name := lineField(l.place)
		switch names = append(names, name); {
		case err != nil:
			values[name] = c.FormValue(name)
		case len(lines) == 1:
			values[name] = l.Quantity.String()
		}
	}
	form := p.Base.Form(values, atGoods(err))
	if len(gate.Files(c)) > 0 {
		form = form.ChooseAgain(photosField, p.T("photo.again"))
	}
	p.Form.Form = form.InOrder(append(append([]string{goodsField}, names...), "reason", "text", photosField)...)
	p.Form.Labels = map[string]string{goodsField: p.T("order.items"), "text": p.Label,
		"reason": p.T("return.reason"), photosField: p.T("photo.field")}
	for i, l := range lines {
		field, bad := p.Form.Select(names[i], l.Name, quantities(p.Base, l.Line), "hint", p.ordered(l))
		if bad != nil {
			return bad
		}
		p.Form.Labels[names[i]] = l.Name
		p.Choices = append(p.Choices, returnChoice{field, l.Picture})
	}
	return nil
}

// ordered says how many pieces of a line were ordered, and at which price.
func (p *requestPage) ordered(l orderedLine) string {
	if l.UnitPrice == "" {
		return p.T("return.ordered", "Quantity", p.Decimal(l.ordered))
	}
	return p.T("return.ordered.price", "Quantity", p.Decimal(l.ordered), "Price", p.Unit(l.UnitPrice,
		p.currency))
}

// atGoods returns an error in which "nothing chosen" stands at the list of items.
func atGoods(err error) error {
	found := validate.FieldErrors(err)
	if !slices.ContainsFunc(found, isNoneChosen) {
		return err
	}
	placed := slices.Clone(found)
	for i := range placed {
		if isNoneChosen(placed[i]) {
			placed[i].Field = goodsField
		}
	}
	return validate.InvalidFields(placed)
}

func isNoneChosen(e validate.FieldError) bool { return e.Field == "" && e.Key == "withdrawal.none" }

// reasonOptions returns the choices of the list of reasons, with none chosen first.
func reasonOptions(b page.Base, reasons []string) []page.Option {
	options := []page.Option{{Label: b.T("return.reason.choose")}}
	for _, reason := range reasons {
		options = append(options, page.Option{Value: reason, Label: reasonText(b, reason)})
	}
	return options
}

func (h *Handler) askReturn(c *fiber.Ctx, s portal.Shopper) error {
	return h.sendRequest(c, s, inquiry.RequestReturn, s.RequestReturn)
}

func (h *Handler) askCancel(c *fiber.Ctx, s portal.Shopper) error {
	return h.sendRequest(c, s, inquiry.RequestCancel, s.RequestCancellation)
}

// askFor is a use case that saves a request.
type askFor func(ctx context.Context, r portal.Request) error

func (h *Handler) sendRequest(c *fiber.Ctx, s portal.Shopper, kind string, keep askFor) error {
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	made := portal.Request{
		Form: c.FormValue("form"), Number: number, Text: c.FormValue("text"), Reason: c.FormValue("reason"), Mark: c.FormValue("mark"),
		Lang: h.base(c, s, "orders", "orders.title").L.Lang(), Quantities: map[int]string{}, Photos: gate.Files(c),
	}
	order, err := s.Order(c.UserContext(), number)
	if err != nil {
		return err
	}
	for i := range order.Lines {
		if quantity := c.FormValue(lineField(i)); quantity != "" {
			made.Quantities[i] = quantity
		}
	}
	err = keep(c.UserContext(), made)
	switch {
	case refused(err):
		return h.showRequest(c, s, kind, err)
	case err != nil:
		return err
	}
	return done(c, orderPath(number), "request."+kind)
}
