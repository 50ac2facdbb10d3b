package admin

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/board"
	"postern/portal/merchant"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const ordersPath = "/admin/orders"

func (h *Handler) orderRoutes() []gate.Route {
	return []gate.Route{get(staff.PermissionCustomers, ordersPath, h.orders)}
}

// ordersPage lists the shop's orders.
type ordersPage struct {
	page.Base
	Count   string // beside the title
	Query   merchant.OrderQuery
	Form    page.Form
	Open    bool // shows the filters, which have errors
	Views   []page.Option
	Chips   []page.Link
	Rows    []shopOrder
	Partial string // the list may go on where the search stopped
	Further string // URL of what follows it
	Pager   *page.Pager
	Empty   *page.Empty
	Problem string
	Ignored string // a filter that does not exist was left out
}

// shopOrder is a row of the list with its customer.
type shopOrder struct {
	orderLine
	Customer page.Link // without a path for a deleted one
}

func orderQueryOf(c *fiber.Ctx) merchant.OrderQuery {
	text := func(name string) string { return strings.TrimSpace(c.Query(name)) }
	return merchant.OrderQuery{Search: text("search"), Status: text("status"), From: text("from"),
		To: text("to"), Cursor: c.Query("cursor")}
}

func ordersURL(q merchant.OrderQuery) string {
	return page.WithQuery(ordersPath, "search", q.Search, "status", q.Status, "from", q.From, "to", q.To,
		"cursor", q.Cursor)
}

func (h *Handler) orders(c *fiber.Ctx, s merchant.Staff) error {
	q := orderQueryOf(c)
	found, err := s.Orders(c.UserContext(), q)
	ignored := onlyUnknown(err)
	if ignored {
		q.Status = ""
		found, err = s.Orders(c.UserContext(), q)
	}
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return err
	}
	data := ordersPage{Base: h.base(c, s, "orders", "admin.orders.title"), Query: q}
	data.Wide = true
	data.Ignored = ignoredText(data.Base, ignored)
	data.Views = []page.Option{{Label: data.T("filter.any")}}
	for _, view := range order.Views() {
		data.Views = append(data.Views, page.Option{Value: view, Label: data.T("orders.status." + view)})
	}
	typed := map[string]string{"search": q.Search, "status": q.Status, "from": q.From, "to": q.To}
	data.Form = data.Base.Form(typed, err).InOrder("search", "status", "from", "to")
	for _, wrong := range validate.FieldErrors(err) {
		data.Open = data.Open || wrong.Field != "cursor"
		if wrong.Field == "cursor" {
			data.Problem, data.Form = data.T(wrong.Key, wrong.Args), data.Base.Form(nil, nil)
		}
	}
	data.chips()
	data.rows(found)
	if len(found.Rows) == 0 && err == nil && !found.Partial {
		e := data.Base.Empty(data.T("admin.orders.none"), "", "")
		if ordersURL(q) != ordersPath {
			e = data.Base.Empty(data.T("admin.orders.none.found"), data.T("admin.orders.show_all"), ordersPath)
		}
		data.Empty = &e
	}
	if data.Open {
		e := data.Base.Empty(data.T("filter.nothing"), "", "")
		data.Empty = &e
	}
	whole := countedAs(board.Orders, ordersURL(q), ordersPath)
	shown := shownList{len(found.Rows), found.Partial, found.Previous, found.Next, whole}
	var failed error
	if data.Count, failed = shown.count(c.UserContext(), data.Base, s); failed != nil {
		return failed
	}
	return h.pages.Render(c, page.Refusal(err), "admin/orders", data)
}

// chips names the filters that are set, each with the URL of the list without it.
func (p *ordersPage) chips() {
	add := func(name, value string, clear func(*merchant.OrderQuery)) {
		if value == "" {
			return
		}
		without := p.Query
		without.Cursor = ""
		clear(&without)
		p.Chips = append(p.Chips, page.Link{Path: ordersURL(without),
			Label: p.T("filter.chip", "Name", name, "Value", value)})
	}
	if p.Query.Search != "" {
		return // a search ignores them
	}
	add(p.T("orders.status.label"), page.LabelOf(p.Views[1:], p.Query.Status),
		func(q *merchant.OrderQuery) { q.Status = "" })
	add(p.T("log.from"), shownDay(p.Base, p.Query.From), func(q *merchant.OrderQuery) { q.From = "" })
	add(p.T("log.to"), shownDay(p.Base, p.Query.To), func(q *merchant.OrderQuery) { q.To = "" })
}

func (p *ordersPage) rows(found merchant.OrderPage) {
	for _, r := range found.Rows {
		row := shopOrder{orderLine: orderLine{Number: r.Number, Title: r.Summary.Item, Total: p.Money(r.Total()),
			Placed: p.TimeShort(r.PlacedAt)}}
		row.Status = orderPill(p.Base, r.Status)
		row.Customer = page.Link{Label: r.Name}
		if r.Name == "" {
			row.Customer.Label = r.Email
		}
		if r.Customer != "" {
			row.Path, row.Customer.Path = orderPathOf(r.Customer, r.Number), customerPathOf(r.Customer)
		}
		p.Rows = append(p.Rows, row)
	}
	at := func(cursor string) string {
		q := p.Query
		if q.Cursor = cursor; cursor == "" {
			return ""
		}
		return ordersURL(q)
	}
	if found.Partial {
		p.Partial, p.Further = p.T("inbox.partial"), at(found.Next)
		return
	}
	if p.Pager = p.Base.Pager(at(found.Previous), at(found.Next)); p.Pager != nil {
		p.Pager.Newer, p.Pager.Older = p.T("customers.previous"), p.T("customers.next")
	}
}
