package admin

import (
	"cmp"

	"github.com/gofiber/fiber/v2"

	"postern/portal/board"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/portal/withdrawal"
)

const (
	withdrawalsPath = "/admin/withdrawals"
	withdrawalPath  = "/admin/withdrawals/:id"
)

func (h *Handler) withdrawalRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionCustomers, withdrawalsPath, h.withdrawals),
		get(staff.PermissionCustomers, withdrawalPath, h.withdrawal),
		post(staff.PermissionEditCustomers, withdrawalPath, h.decideWithdrawal),
	}
}

// withdrawalsPage lists statements of withdrawal.
type withdrawalsPage struct {
	page.Base
	Count   string // beside the title
	Tabs    []page.Item
	Rows    []withdrawalLine
	Partial string // the list may go on where the search stopped
	Further string // URL of what follows it
	Pager   *page.Pager
	Empty   page.Empty
	Problem string
}

// withdrawalLine is a statement with its deadline, which is nil where none is left.
type withdrawalLine struct {
	Path, Name, Number string
	At                 page.Time
	RefundBy           *page.Time
	Late               bool
	Status             page.Pill
}

func withdrawalLineOf(b page.Base, w merchant.WithdrawalRow) withdrawalLine {
	line := withdrawalLine{Path: withdrawalsPath + "/" + w.ID, Name: w.Statement.Name,
		Number: w.Statement.Number, At: b.TimeMoment(w.At), Late: w.Late, Status: withdrawalPill(b, w)}
	if w.Order != "" {
		line.Number = w.Order
	}
	if w.Ended == "" {
		due := b.TimeShort(w.RefundBy)
		line.RefundBy = &due
	}
	return line
}

// withdrawalPill returns the state of a statement.
func withdrawalPill(b page.Base, w merchant.WithdrawalRow) page.Pill {
	tone := map[string]string{withdrawal.Waiting: "waiting", withdrawal.Received: "moving",
		withdrawal.Refunded: "done"}[w.State()]
	return b.Pill(tone, b.T("withdrawals.state."+w.State()))
}

func (h *Handler) withdrawals(c *fiber.Ctx, s merchant.Staff) error {
	all := c.Query("show") == "all"
	found, err := s.Withdrawals(c.UserContext(), all, c.Query("cursor"))
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return err
	}
	data := withdrawalsPage{Base: h.base(c, s, "withdrawals", "withdrawals.title")}
	data.Wide = true
	data.Tabs = []page.Item{{Label: data.T("withdrawals.open"), Path: withdrawalsPath, Current: !all},
		{Label: data.T("withdrawals.all"), Path: page.WithQuery(withdrawalsPath, "show", "all"), Current: all}}
	for _, row := range found.Rows {
		data.Rows = append(data.Rows, withdrawalLineOf(data.Base, row))
	}
	data.Empty = data.Base.Empty(data.T("withdrawals.none"), "", "")
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return page.WithQuery(withdrawalsPath, "show", c.Query("show"), "cursor", cursor)
	}
	if found.Partial {
		data.Partial, data.Further = data.T("inbox.partial"), at(found.Next)
	} else if data.Pager = data.Base.Pager(at(found.Previous), at(found.Next)); data.Pager != nil {
		data.Pager.Newer, data.Pager.Older = data.T("customers.previous"), data.T("customers.next")
	}
	for _, wrong := range validate.FieldErrors(err) {
		data.Problem = data.T(wrong.Key, wrong.Args)
	}
	whole := countedAs(board.Withdrawals, c.Query("show"), "")
	shown := shownList{len(found.Rows), found.Partial, found.Previous, found.Next, whole}
	var failed error
	if data.Count, failed = shown.count(c.UserContext(), data.Base, s); failed != nil {
		return failed
	}
	return h.pages.Render(c, page.Refusal(err), "admin/withdrawals", data)
}

// withdrawalPage shows a statement with what can be decided about it.
type withdrawalPage struct {
	page.Base
	Path, Name     string
	Status         page.Pill
	Facts          []fact
	Find           string      // a search for the order, where none matches
	Links          []page.Link // to the customer and the order
	Decided        []decidedLine
	RefundBy, Note string
	Late           bool
	Form           page.Form
	States         []page.Option // nil if nothing is left to decide
}

// decidedLine is a decision that was made.
type decidedLine struct {
	State, Text string
	At          page.Time
}

func (h *Handler) withdrawal(c *fiber.Ctx, s merchant.Staff) error {
	return h.showWithdrawal(c, s, nil)
}

func (h *Handler) showWithdrawal(c *fiber.Ctx, s merchant.Staff, refused error) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	w, err := s.Withdrawal(c.UserContext(), id)
	if err != nil {
		return err
	}
	data := withdrawalPage{Base: h.base(c, s, "withdrawals", ""), Late: w.Late, Name: w.Statement.Name}
	data.Title = data.T("withdrawals.one", "Number", cmp.Or(w.Order, w.Statement.Number))
	data.Path = withdrawalsPath + "/" + id
	data.Status = withdrawalPill(data.Base, w)
	data.facts(w)
	for _, made := range w.Decided {
		data.Decided = append(data.Decided, decidedLine{State: data.T("withdrawals.state." + made.State),
			Text: made.Text, At: data.TimeMoment(made.At)})
	}
	data.decision(c, s, w, refused)
	return h.pages.Render(c, page.Refusal(refused), "admin/withdrawal", data)
}

// facts tells what was declared, and what is known about it.
func (p *withdrawalPage) facts(w merchant.WithdrawalRow) {
	p.Facts = []fact{{p.T("withdrawals.at"), []string{p.L.DateTime(w.At)}}}
	for _, said := range w.Statement.Facts(p.L) {
		p.Facts = append(p.Facts, fact{said.Label, []string{said.Value}})
	}
	match := "withdrawals.match.none"
	switch {
	case w.Order == "":
		p.Find = ordersURL(merchant.OrderQuery{Search: w.Statement.Number})
	case w.Order != "" && w.InTime == nil:
		match = "withdrawals.match.order"
	case w.Order != "" && *w.InTime:
		match = "withdrawals.match.in_time"
	case w.Order != "":
		match = "withdrawals.match.late"
	}
	p.Note = p.T(match, "Number", cmp.Or(w.Order, w.Statement.Number), "Email", w.Statement.Email)
	if w.Ended == "" {
		p.RefundBy = p.T("withdrawals.refund_by", "Day", p.L.Date(w.RefundBy))
	}
	if w.Owner == "" {
		return
	}
	p.Links = append(p.Links, page.Link{Label: p.T("withdrawals.customer"), Path: customerPathOf(w.Owner)})
	if w.Order != "" {
		p.Links = append(p.Links, page.Link{Label: p.T("order.title", "Number", w.Order),
			Path: orderPathOf(w.Owner, w.Order)})
	}
}

// decision offers what is left to decide.
func (p *withdrawalPage) decision(c *fiber.Ctx, s merchant.Staff, w merchant.WithdrawalRow, refused error) {
	if s.May(staff.PermissionEditCustomers) {
		p.States = decisions(p.Base, w)
	}
	var values map[string]string
	if refused != nil {
		values = page.Values(c, "state", "text")
	}
	p.Form = p.Base.Form(values, refused).InOrder("state", "text")
}

// decisions offers what can be decided, nil for nothing. None is chosen at first: a decision has legal effect
// and is emailed at once.
func decisions(b page.Base, w merchant.WithdrawalRow) []page.Option {
	if len(w.Open()) == 0 {
		return nil
	}
	options := []page.Option{{Label: b.T("withdrawals.choose")}}
	for _, state := range w.Open() {
		options = append(options, page.Option{Value: state, Label: b.T("withdrawals.decide." + state)})
	}
	return options
}

func (h *Handler) decideWithdrawal(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	err = s.DecideWithdrawal(c.UserContext(), id,
		withdrawal.Decision{State: c.FormValue("state"), Text: c.FormValue("text")})
	switch {
	case page.Refused(err):
		return h.showWithdrawal(c, s, err)
	case err != nil:
		return err
	}
	return done(c, withdrawalsPath+"/"+id, "withdrawal.decided")
}

// withdrawalCard is a statement on a customer's page, with what can be decided about it.
type withdrawalCard struct {
	withdrawalLine
	Note   string // the refund deadline
	Action string // where the decision is sent, "" if nothing is left to decide
	Open   bool   // its form was refused
	Form   page.Form
	States []page.Option
	Said   []decidedLine
}

func (p *customerView) withdrawals(v merchant.CustomerView, t typedForm) {
	for _, w := range v.Withdrawals {
		card := withdrawalCard{withdrawalLine: withdrawalLineOf(p.Base, w), Open: t.name == w.ID}
		if card.RefundBy != nil {
			card.Note = p.T("withdrawals.refund_by", "Day", p.L.ShortDate(w.RefundBy))
		}
		for _, made := range w.Decided {
			card.Said = append(card.Said, decidedLine{State: p.T("withdrawals.state." + made.State), Text: made.Text,
				At: p.TimeMoment(made.At)})
		}
		card.States = decisions(p.Base, w)
		if p.MayEdit && len(card.States) > 0 {
			card.Action = p.Path + "/withdrawals/" + w.ID
			card.Form = t.form(p.Base, w.ID, nil)
		}
		p.Withdrawals = append(p.Withdrawals, card)
	}
}

// decideOwnWithdrawal decides about a statement on the customer's page.
func (h *Handler) decideOwnWithdrawal(c *fiber.Ctx, s merchant.Staff, id string) error {
	key, err := gate.Param(c, "withdrawal")
	if err != nil {
		return err
	}
	t := typedForm{name: key, values: page.Values(c, "state", "text"), at: "withdrawals"}
	t.err = s.DecideCustomerWithdrawal(c.UserContext(), id, key,
		withdrawal.Decision{State: t.values["state"], Text: t.values["text"]})
	return h.afterForm(c, s, id, "withdrawal.decided", t)
}
