package shopper

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// withdrawOrderPage takes a statement about one of the customer's orders and asks only for missing details.
type withdrawOrderPage struct {
	page.Base
	Form          page.Form
	Order         order.View
	Card          *orderCard
	Note          withdrawalNote
	Path, Action  string
	Name, Mark    string // Name is "" to ask for it; Mark identifies the state of the lines
	Choices       []page.Field
	Takes, Choose bool // a statement can be sent; it can cover only some lines
}

// maxPieces is the largest quantity for which the list offers each number of pieces.
const maxPieces = 50

// withdrawalNote is the order page's text about the right of withdrawal.
type withdrawalNote struct {
	Texts    []string
	Excluded []string
	Path     string // path of the withdrawal form, "" if none is offered
	Late     string // path of the withdrawal form after the period has ended, otherwise ""
	Folded   bool   // it only says that the customer cannot withdraw
}

// withdrawal returns the note, or nil if the shop does not offer withdrawal, or if the order was cancelled and
// the money is back, so that nothing is left to withdraw from.
func (p *orderPage) withdrawal() *withdrawalNote {
	right := p.Order.Withdrawal
	isSettled := p.Order.Status.Cancelled() && p.Order.Status.Payment == order.PaymentRefunded
	if right == nil || isSettled && len(right.Received) == 0 {
		return nil
	}
	note := noteOf(p.Base, p.Order)
	return &note
}

func noteOf(b page.Base, o order.View) withdrawalNote {
	right, note := o.Withdrawal, withdrawalNote{}
	for _, received := range right.Received {
		key := "withdraw.received.part"
		if received.Whole {
			key = "withdraw.received.whole"
		}
		note.Texts = append(note.Texts, b.T(key, "When", received.At))
	}
	if text := refundDue(b, o); text != "" {
		note.Texts = append(note.Texts, text)
	}
	switch {
	case right.Closed == order.WithdrawalBusiness && inPoland(b, o):
		note.Texts = append(note.Texts, b.T("withdraw.closed.business.pl"))
	case right.Closed != "" && right.Closed != order.WithdrawalReceived:
		note.Texts = append(note.Texts, b.T("withdraw.closed."+right.Closed, "Last", right.Last))
	case right.Closed == "" && right.Last.IsZero():
		note.Texts = append(note.Texts, b.T("withdraw.open.unknown"))
	case right.Closed == "":
		note.Texts = append(note.Texts, b.T("withdraw.open.until", "Last", right.Last))
	}
	note.Folded = right.Closed != "" && len(right.Received) == 0
	switch {
	case !b.Own():
	case right.Closed == "":
		note.Path = withdrawOrderPath(o.Number)
	case right.Closed == order.WithdrawalOver:
		note.Late = withdrawOrderPath(o.Number)
	}
	if right.Accepts() || right.Closed == order.WithdrawalExcluded {
		note.Excluded = excludedLines(b, o)
	}
	return note
}

// inPoland reports whether Polish law may apply: sole traders have the rights of consumers there.
func inPoland(b page.Base, o order.View) bool {
	return b.Shop.HomeCountry() == "PL" || payerCountry(o) == "PL" || strings.HasPrefix(o.VATID, "PL")
}

// refundDue says until when the shop must refund after the first withdrawal, or "" if no refund is due.
func refundDue(b page.Base, o order.View) string {
	right := o.Withdrawal
	if right.RefundDue.IsZero() {
		return ""
	}
	if right.RefundLate {
		return b.T("withdraw.refund.late", "Due", right.RefundDue)
	}
	return b.T("withdraw.refund.due", "Due", right.RefundDue)
}

// excludedLines returns a sentence for each line that is excluded from withdrawal, with the reason.
func excludedLines(b page.Base, o order.View) []string {
	var lines []string
	for _, l := range o.Items() {
		if l.Withdrawal != "" {
			lines = append(lines, b.T("withdraw.reason."+l.Withdrawal, "Name", l.Name))
		}
	}
	return lines
}

func withdrawOrderPath(number string) string { return orderPath(number) + "/withdraw" }

func (h *Handler) withdrawOrder(c *fiber.Ctx, s portal.Shopper) error {
	return h.showWithdrawOrder(c, s, fiber.StatusOK, nil)
}

func (h *Handler) showWithdrawOrder(c *fiber.Ctx, s portal.Shopper, status int, err error) error {
	number, bad := gate.Param(c, "number")
	if bad != nil {
		return bad
	}
	order, bad := s.Order(c.UserContext(), number)
	if bad == nil && order.Withdrawal == nil {
		bad = &validate.Error{Kind: validate.NotFound, Key: "withdrawal.off"}
	}
	if bad != nil {
		return bad
	}
	data := withdrawOrderPage{
		Base: h.base(c, s, "orders", "withdraw.title"), Order: order, Path: orderPath(number),
		Action: withdrawOrderPath(number),
		Name:   s.Customer().Name(), Mark: order.LinesVersion(), Takes: order.Withdrawal.Accepts(),
	}
	data.Note = noteOf(data.Base, order)
	data.Card = cardOf(data.Base, order)
	if !data.Takes {
		err = nil // the note gives the reason
	}
	if bad := data.fill(c, err); bad != nil {
		return bad
	}
	return h.pages.Render(c, status, "shopper/withdraw-order", data)
}

// orderCard says which order a form is about.
type orderCard struct {
	Item            string // what was bought, "" without goods
	Placed, Summary string // when, and what it comes to
}

func cardOf(b page.Base, o order.View) *orderCard {
	card := &orderCard{Placed: b.T("order.placed", "When", o.PlacedAt), Summary: b.Money(o.Amount(o.Total))}
	items := o.Items()
	if len(items) == 0 {
		return card
	}
	card.Summary = b.T("order.summary", "Count", len(items), "Total", o.Amount(o.Total))
	if card.Item = unbroken(items[0].Name); len(items) > 1 {
		card.Item = b.T("orders.item_and_more", "Item", card.Item, "Count", len(items)-1)
	}
	return card
}

// fill adds the fields for the lines that the customer can choose.
func (p *withdrawOrderPage) fill(c *fiber.Ctx, err error) error {
	values := page.Values(c, "name")
	for i := range p.Order.Lines {
		values[lineField(i)] = c.FormValue(lineField(i))
	}
	p.Form = p.Base.Form(values, asked(err)).InOrder(append([]string{"name"}, lineFields(p.Order.Lines)...)...)
	p.Form.Labels = map[string]string{"name": p.T("withdraw.name")}
	counted := p.Order.Counted()
	for i, l := range p.Order.Lines {
		if l.Withdrawal != "" || !counted[i] {
			continue
		}
		field, bad := p.Form.Select(lineField(i), l.Name, quantities(p.Base, l))
		if bad != nil {
			return bad
		}
		p.Form.Labels[lineField(i)] = l.Name
		p.Choices = append(p.Choices, field)
	}
	p.Choose = len(p.Choices) > 1 || len(p.Choices) == 1 && len(p.Choices[0].Options) > 2
	return nil
}

func lineField(place int) string { return "line/" + strconv.Itoa(place) }

// lineFields returns the names of the fields of all lines.
func lineFields(lines []order.Line) []string {
	names := make([]string, len(lines))
	for i := range lines {
		names[i] = lineField(i)
	}
	return names
}

// quantities returns the choices for a line: none, each number of pieces, and the full quantity.
func quantities(b page.Base, l order.Line) []page.Option {
	options := []page.Option{{Value: "", Label: b.T("withdraw.none")}}
	if n, err := strconv.Atoi(l.Quantity.String()); err == nil && n <= maxPieces {
		for i := 1; i < n; i++ {
			options = append(options, page.Option{Value: strconv.Itoa(i), Label: strconv.Itoa(i)})
		}
	}
	return append(options, page.Option{Value: l.Quantity.String(),
		Label: b.T("withdraw.all", "Quantity", b.Decimal(l.Quantity))})
}

// partsAction is the value of the button that withdraws only from the chosen items.
const partsAction = "parts"

// chosenOf reads the chosen quantities. It ignores fields for lines that the order does not have.
func chosenOf(c *fiber.Ctx, s portal.Shopper, lang string) (portal.WithdrawalChoice, error) {
	number, err := gate.Param(c, "number")
	if err != nil {
		return portal.WithdrawalChoice{}, err
	}
	made := portal.WithdrawalChoice{
		Number: number, Parts: c.FormValue("what") == partsAction, LinesVersion: c.FormValue("mark"),
		Lang: lang, Quantities: map[int]string{},
	}
	if s.Customer().Name() == "" {
		made.Name = c.FormValue("name")
	}
	order, err := s.Order(c.UserContext(), number)
	for i := range order.Lines {
		if quantity := c.FormValue(lineField(i)); quantity != "" {
			made.Quantities[i] = quantity
		}
	}
	return made, err
}

// mendWithdrawOrder shows the order's form again. It returns any other error to the site.
func (h *Handler) mendWithdrawOrder(c *fiber.Ctx, s portal.Shopper, err error) error {
	if status := refusal(err); status != 0 {
		return h.showWithdrawOrder(c, s, status, err)
	}
	return err
}

// chooseWithdrawal is the first step for a signed-in customer.
func (h *Handler) chooseWithdrawal(c *fiber.Ctx, s portal.Shopper) error {
	if isAgain(c) {
		return h.withdrawOrder(c, s)
	}
	b := h.base(c, s, "orders", "withdraw.confirm.title")
	made, err := chosenOf(c, s, b.L.Lang())
	if err != nil {
		return err
	}
	st, id, err := s.PrepareWithdrawal(c.UserContext(), made)
	if err != nil {
		return h.mendWithdrawOrder(c, s, err)
	}
	data := confirmWithdrawalPage{
		Base: b, Facts: st.Facts(b.L), Action: withdrawOrderPath(made.Number) + "/confirm",
		Again: again(withdrawOrderPath(made.Number)),
		Kept: []page.Hidden{{Name: "form", Value: id}, {Name: "what", Value: c.FormValue("what")},
			{Name: "mark", Value: made.LinesVersion}},
	}
	if made.Name != "" {
		data.Kept = append(data.Kept, page.Hidden{Name: "name", Value: made.Name})
	}
	for _, place := range slices.Sorted(maps.Keys(made.Quantities)) {
		data.Kept = append(data.Kept, page.Hidden{Name: lineField(place), Value: made.Quantities[place]})
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/withdraw-confirm", data)
}

// confirmOrderWithdrawal is the second step for a signed-in customer.
func (h *Handler) confirmOrderWithdrawal(c *fiber.Ctx, s portal.Shopper) error {
	b := h.base(c, s, "orders", "withdraw.done.title")
	made, err := chosenOf(c, s, b.L.Lang())
	if err != nil {
		return err
	}
	receipt, err := s.Withdraw(c.UserContext(), c.FormValue("form"), made)
	if err != nil {
		return h.mendWithdrawOrder(c, s, err)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/withdrawn", withdrawnPage{
		Base: b, Receipt: receipt, Facts: receipt.Statement.Facts(b.L), Order: orderPath(made.Number),
	})
}
