package shopper

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/page"
)

const ordersPath = "/orders"

// ordersPage prepares the list of orders.
type ordersPage struct {
	page.Base
	Query    order.Query
	Asked    func(number string) (customer.Asked, bool) // the customer's latest request about an order
	filtered bool                                       // there is a filter to clear
	Before   int                                        // the number of orders on the pages before this one, -1 if not known
}

// ordersData is the data of the list of orders, which is kept as a whole.
type ordersData struct {
	page.Frame
	Title   string
	Count   string        // which orders of how many these are, "" if not known
	Clear   string        // the link that shows all orders, on a phone beside the count; "" without a filter
	Problem string        // an invalid filter in the page's URL
	Cure    page.Link     // what to do about the problem
	Found   string        // the result of a search, in a sentence
	Export  string        // URL of the page that exports these orders, "" for none
	Rows    template.HTML // the orders, as items of a list

	Unread, Filter, Pager, Empty template.HTML
}

func (h *Handler) orders(c *fiber.Ctx, s portal.Shopper) error {
	query := orderQueryOf(c)
	found, err := s.Orders(c.UserContext(), query)
	status := fiber.StatusOK
	if validate.KindOf(err) == validate.Invalid {
		status = fiber.StatusUnprocessableEntity
		if atFields(err, "from", "to") != nil { // the list is shown without them, as its filter says
			query.From, query.To = "", ""
			if all, failed := s.Orders(c.UserContext(), query); failed == nil {
				found = all
			}
		}
	} else if err != nil {
		return err
	}
	p := &ordersPage{Base: h.base(c, s, "orders", "orders.title"), Query: query, Before: before(c, query),
		Asked: s.Customer().Request}
	p.Wide = true
	gaps := p.Gaps()
	data := ordersData{}
	problem, cure := p.problem(err)
	data.Problem = gaps.Text(problem)
	data.Cure = page.Link{Label: gaps.Text(cure.Label), Path: gaps.Text(cure.Path)}
	form := p.Form(page.Values(c, "from", "to", "search"), atFields(err, "from", "to")).InOrder("from", "to")
	now := h.app.Now().In(s.Shop().Location())
	filter := template.HTML("")
	if found.Total > 0 || len(found.Rows) > 0 || form.HasErrors() { // a new customer has nothing to filter
		if filter, err = p.filter(form, found.Years, now.Year()); err != nil {
			return err
		}
	}
	data.Filter = gaps.HTML(filter)
	empty := len(found.Rows) == 0 && data.Problem == "" && !form.HasErrors()
	if err := p.fill(&data, gaps, found, empty); err != nil {
		return err
	}
	if data.Rows = gaps.HTML(""); len(found.Rows) > 0 {
		data.Rows = gaps.Written(func(out page.Output) error { return p.rows(out, found.Rows, now) })
	}
	return h.pages.RenderKept(c, status, &p.Base, "shopper/orders", gaps, &data)
}

// atFields returns an error with only the errors of the given fields, or nil.
func atFields(err error, fields ...string) error {
	kept := fieldErrorsAt(err, true, fields)
	if len(kept) == 0 {
		return nil
	}
	return &validate.Error{Kind: validate.Invalid, Fields: kept}
}

// problem returns the sentence for an error that belongs to no field, such as one caused by an edited URL,
// and the way on. A page that the list no longer has leads to the first page of the same list.
func (p *ordersPage) problem(err error) (text string, cure page.Link) {
	wrong := fieldErrorsAt(err, false, []string{"from", "to"})
	switch {
	case len(wrong) == 0:
		return "", page.Link{}
	case wrong[0].Field == "cursor":
		return p.T("orders.changed"), page.Link{Label: p.T("orders.newest"), Path: p.at(ordersPath, "")}
	}
	return p.T(wrong[0].Key, wrong[0].Args), page.Link{Label: p.T("orders.show_all"), Path: ordersPath}
}

// fill sets the data besides the filter and the rows.
func (p *ordersPage) fill(data *ordersData, gaps *page.Gaps, found order.Page, isEmpty bool) (err error) {
	n := len(found.Rows)
	data.Title, data.Count = gaps.Text(p.Title), gaps.Text(p.count(found))
	clear := ""
	if p.filtered {
		clear = p.T("orders.clear")
	}
	data.Clear = gaps.Text(clear)
	data.Found = gaps.Text(p.found(n, found.More))
	data.Export = gaps.Text("")
	if n > 0 && p.Own() {
		data.Export = gaps.Text(p.at(exportPath, ""))
	}
	if data.Frame, err = p.Frame(gaps); err != nil {
		return err
	}
	pager := p.Pager(p.neighbour(found.Previous, -order.PerPage), p.neighbour(found.Next, n))
	if data.Pager, err = kept(gaps)(pager.HTML(&p.Base)); err != nil {
		return err
	}
	var unread, empty template.HTML
	if len(p.Unread) > 0 {
		if unread, err = p.Partial("partials/unread", p.Base); err != nil {
			return err
		}
	}
	if isEmpty {
		empty, err = p.nothing(found)
	}
	data.Unread, data.Empty = gaps.HTML(unread), gaps.HTML(empty)
	return err
}

// found says how many orders a search found, "" if there is none.
func (p *ordersPage) found(n int, more bool) string {
	switch {
	case p.Query.Search == "" || n == 0:
		return ""
	case more:
		return p.T("orders.found.more", "Count", n, "Text", p.Query.Search)
	}
	return p.T("orders.found", "Count", n, "Text", p.Query.Search)
}

// before returns the number of orders before this page, which its URL says, -1 if it does not.
func before(c *fiber.Ctx, q order.Query) int {
	if q.Cursor == "" {
		return 0
	}
	n, err := strconv.Atoi(c.Query("before"))
	if err != nil || n < 0 || n > maxBefore {
		return -1
	}
	return n
}

// maxBefore is more orders than anyone pages through.
const maxBefore = 1_000_000

// count says which orders of how many the page shows, as far as that is known.
func (p *ordersPage) count(found order.Page) string {
	shown, all := len(found.Rows), int(found.Listed)
	if p.Query.Search != "" || shown == 0 {
		return ""
	}
	if p.Before < 0 {
		if all == 0 || found.Beyond {
			return ""
		}
		return p.T("orders.count", "Count", all)
	}
	key, last := "orders.range", p.Before+shown
	switch { // the counts may be a moment behind
	case found.Next == "":
		all = last
	case found.Beyond || all <= last:
		key, all = "orders.range.more", max(all, last)
	}
	if p.Before == 0 && found.Next == "" {
		return p.T("orders.count", "Count", all)
	}
	return p.T(key, "From", p.Before+1, "To", last, "All", all)
}

// neighbour returns the URL of an adjacent page of the list, which begins the given number of orders after
// this one, or "" without a cursor.
func (p *ordersPage) neighbour(cursor string, further int) string {
	if cursor == "" {
		return ""
	}
	path := p.at(ordersPath, cursor)
	if p.Before < 0 {
		return path
	}
	return path + "&before=" + strconv.Itoa(max(0, p.Before+further)) // the path has a query, with the cursor
}

// at returns a path with this list's filters and the cursor.
func (p *ordersPage) at(path, cursor string) string {
	query := p.Query
	query.Cursor = cursor
	return listPath(path, query)
}

// listPath returns a path with the query parameters that orderQueryOf reads.
func listPath(path string, q order.Query) string {
	return withQuery(path, "period", q.Period, "from", q.From, "to", q.To, "status", q.Status, "search",
		q.Search, "cursor", q.Cursor)
}

// noOrders is the data of partials/orders-none, which keeps the customer's address in one piece.
type noOrders struct {
	Text   page.Marked
	Action *page.Link
}

// nothing explains why the list is empty and offers a next step.
func (p *ordersPage) nothing(found order.Page) (template.HTML, error) {
	if p.Query.Search != "" || p.Query.Status != "" || p.Query.HasPeriod() && found.Total > 0 {
		return p.Partial("partials/empty", p.empty(found))
	}
	none := noOrders{Text: p.Around("orders.none", "Email", p.Email)}
	if p.Shop.StorefrontURL != "" {
		none.Action = &page.Link{Label: p.T("orders.storefront", "Shop", p.Shop.Name), Path: p.Shop.StorefrontURL}
	}
	return p.Partial("partials/orders-none", none)
}

// empty explains why no order matches and offers a next step.
func (p *ordersPage) empty(found order.Page) page.Empty {
	q := p.Query
	switch {
	case q.Search != "" && found.More:
		return p.Empty(p.T("orders.none.more"), p.T("orders.show_all"), ordersPath)
	case q.Search != "":
		return p.Empty(p.T("orders.none.search", "Text", q.Search), p.T("orders.show_all"), ordersPath)
	case q.Status != "" && q.HasPeriod():
		return p.Empty(p.T("orders.none.period."+q.Status), p.T("orders.show_all"), ordersPath)
	case q.Status != "":
		return p.Empty(p.T("orders.none.status."+q.Status), p.T("orders.show_all"), ordersPath)
	case q.HasPeriod() && found.Nearest != 0:
		year := strconv.Itoa(found.Nearest)
		return p.Empty(p.T("orders.none.period"), p.T("orders.show_year", "Year", year),
			withQuery(ordersPath, "period", year))
	}
	return p.Empty(p.T("orders.none.period"), p.T("orders.show_all"), ordersPath)
}

// orderPath returns the path of an order's page.
func orderPath(number string) string { return ordersPath + "/" + url.PathEscape(number) }

// orderQueryOf reads the filters of an order list from the URL.
func orderQueryOf(c *fiber.Ctx) order.Query {
	return order.Query{
		Period: c.Query("period"), From: c.Query("from"), To: c.Query("to"),
		Status: c.Query("status"), Search: strings.TrimSpace(c.Query("search")), Cursor: c.Query("cursor"),
	}
}

// fieldErrorsAt returns the field errors whose field is one of the fields, or with in false the errors of all
// other fields.
func fieldErrorsAt(err error, in bool, fields []string) []validate.FieldError {
	var kept []validate.FieldError
	for _, wrong := range validate.FieldErrors(err) {
		if slices.Contains(fields, wrong.Field) == in {
			kept = append(kept, wrong)
		}
	}
	return kept
}
