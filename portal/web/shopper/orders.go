package shopper

import (
	"html/template"
	"net/url"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/page"
)

const ordersPath = "/orders"

// ordersPage is the list of orders.
type ordersPage struct {
	page.Base
	Query   portal.OrderQuery
	Count   string // of all orders, "" for none
	Filter  template.HTML
	Problem string        // what is wrong with the address of the page itself
	Found   string        // what a search found
	Rows    template.HTML // the orders, as items of a list
	Pager   template.HTML
	Empty   *page.Empty
	Export  string // where these orders are offered as a file, "" for none
}

func (h *Handler) orders(c *fiber.Ctx, s portal.Shopper) error {
	query := orderQueryOf(c)
	found, err := s.Orders(c.UserContext(), query)
	status := fiber.StatusOK
	if portal.KindOf(err) == portal.Invalid {
		status = fiber.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	b := h.base(c, s, "orders", "orders.title")
	b.Wide = true
	data := ordersPage{Base: b, Query: query}
	data.Problem = data.problem(err)
	form := b.Form(page.Values(c, "from", "to", "search"), atFields(err, "from", "to"))
	now := h.app.Now().In(s.Shop().Location())
	if data.Filter, err = data.filter(form, found.Years, now.Year()); err != nil {
		return err
	}
	data.fill(found, now)
	if len(found.Rows) > 0 {
		data.Export = data.at(exportPath, "")
	}
	if len(found.Rows) == 0 && data.Problem == "" && !form.Faulty() {
		empty := data.empty(found)
		data.Empty = &empty
	}
	return h.pages.Render(c, status, "shopper/orders", data)
}

// atFields keeps of an error the faults that have a field on the page.
func atFields(err error, fields ...string) error {
	kept := faultsAt(err, true, fields)
	if len(kept) == 0 {
		return nil
	}
	return &portal.Error{Kind: portal.Invalid, Faults: kept}
}

// problem is the sentence of a fault that no field of the page can mend: an edited address.
func (p *ordersPage) problem(err error) string {
	for _, fault := range faultsAt(err, false, []string{"from", "to"}) {
		return p.T(fault.Key, fault.Args)
	}
	return ""
}

// fill makes the strings of the page.
func (p *ordersPage) fill(found portal.OrderPage, now time.Time) {
	if found.Total > 0 {
		p.Count = p.T("orders.count", "Count", found.Total)
	}
	p.Rows = p.rows(found.Rows, now)
	p.Pager = p.Base.Pager(p.neighbour(found.Previous), p.neighbour(found.Next))
	switch n := len(found.Rows); {
	case p.Query.Search == "" || n == 0:
	case n < portal.MaxFound:
		p.Found = p.T("orders.found", "Count", n, "Text", p.Query.Search)
	default:
		p.Found = p.T("orders.found.more", "Count", n, "Text", p.Query.Search)
	}
}

// neighbour is the address of another page of the same list, "" for no cursor.
func (p *ordersPage) neighbour(cursor string) string {
	if cursor == "" {
		return ""
	}
	return p.at(ordersPath, cursor)
}

// at is a path for the orders of this list, from a cursor on.
func (p *ordersPage) at(path, cursor string) string {
	query := p.Query
	query.Cursor = cursor
	return listPath(path, query)
}

// listPath is a path with what a list is asked for, as orderQueryOf reads it.
func listPath(path string, q portal.OrderQuery) string {
	return withQuery(path, "period", q.Period, "from", q.From, "to", q.To, "status", q.Status, "search", q.Search, "cursor", q.Cursor)
}

// empty says why there is nothing, and the way on.
func (p *ordersPage) empty(found portal.OrderPage) page.Empty {
	q := p.Query
	switch {
	case q.Search != "":
		return p.Base.Empty(p.T("orders.none.search", "Text", q.Search), p.T("orders.show_all"), ordersPath)
	case q.Status != "" && q.Period != "":
		return p.Base.Empty(p.T("orders.none.period."+q.Status), p.T("orders.show_all"), ordersPath)
	case q.Status != "":
		return p.Base.Empty(p.T("orders.none.status."+q.Status), p.T("orders.show_all"), ordersPath)
	case q.Period != "" && found.Nearest != 0:
		year := strconv.Itoa(found.Nearest)
		return p.Base.Empty(p.T("orders.none.period"), p.T("orders.show_year", "Year", year), withQuery(ordersPath, "period", year))
	case q.Period != "" && found.Total > 0:
		return p.Base.Empty(p.T("orders.none.period"), p.T("orders.show_all"), ordersPath)
	case p.Shop.StorefrontURL == "":
		return p.Base.Empty(p.T("orders.none", "Email", p.Email), "", "")
	}
	return p.Base.Empty(p.T("orders.none", "Email", p.Email), p.T("orders.storefront", "Shop", p.Shop.Name), p.Shop.StorefrontURL)
}

// orderPath is where an order's page is.
func orderPath(number string) string { return ordersPath + "/" + url.PathEscape(number) }

// orderQueryOf is what the address of a list asks for.
func orderQueryOf(c *fiber.Ctx) portal.OrderQuery {
	return portal.OrderQuery{
		Period: c.Query("period"), From: c.Query("from"), To: c.Query("to"),
		Status: c.Query("status"), Search: c.Query("search"), Cursor: c.Query("cursor"),
	}
}
