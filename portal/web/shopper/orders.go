package shopper

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/page"
)

const ordersPath = "/orders"

// ordersPage is the list of orders.
type ordersPage struct {
	page.Base
	Query   order.Query
	Before  int    // the number of orders on the pages before this one, -1 if not known
	Count   string // which orders of how many these are, "" if not known
	Filter  template.HTML
	Problem string        // an invalid filter in the page's URL
	Found   string        // the result of a search, in a sentence
	Rows    template.HTML // the orders, as items of a list
	Pager   *page.Pager
	Empty   *page.Empty
	Export  string // URL of the page that exports these orders, "" for none
}

func (h *Handler) orders(c *fiber.Ctx, s portal.Shopper) error {
	query := orderQueryOf(c)
	found, err := s.Orders(c.UserContext(), query)
	status := fiber.StatusOK
	if validate.KindOf(err) == validate.Invalid {
		status = fiber.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	b := h.base(c, s, "orders", "orders.title")
	b.Wide = true
	data := ordersPage{Base: b, Query: query, Before: before(c, query)}
	data.Problem = data.problem(err)
	form := b.Form(page.Values(c, "from", "to", "search"), atFields(err, "from", "to")).InOrder("from", "to")
	now := h.app.Now().In(s.Shop().Location())
	if found.Total > 0 || len(found.Rows) > 0 || form.HasErrors() { // a new customer has nothing to filter
		if data.Filter, err = data.filter(form, found.Years, now.Year()); err != nil {
			return err
		}
	}
	if err := data.fill(found, now); err != nil {
		return err
	}
	if len(found.Rows) > 0 {
		data.Export = data.at(exportPath, "")
	}
	if len(found.Rows) == 0 && data.Problem == "" && !form.HasErrors() {
		empty := data.empty(found)
		data.Empty = &empty
	}
	return h.pages.Render(c, status, "shopper/orders", data)
}

// atFields returns an error with only the errors of the given fields, or nil.
func atFields(err error, fields ...string) error {
	kept := fieldErrorsAt(err, true, fields)
	if len(kept) == 0 {
		return nil
	}
	return &validate.Error{Kind: validate.Invalid, Fields: kept}
}

// problem returns the sentence for an error that belongs to no field, such as one caused by an edited URL.
func (p *ordersPage) problem(err error) string {
	for _, wrong := range fieldErrorsAt(err, false, []string{"from", "to"}) {
		return p.T(wrong.Key, wrong.Args)
	}
	return ""
}

// fill sets the page's strings.
func (p *ordersPage) fill(found order.Page, now time.Time) (err error) {
	p.Count = p.count(found)
	p.Rows, err = p.rows(found.Rows, now)
	p.Pager = p.Base.Pager(p.neighbour(found.Previous, -order.PerPage), p.neighbour(found.Next, len(found.Rows)))
	switch n := len(found.Rows); {
	case p.Query.Search == "" || n == 0:
	case !found.More:
		p.Found = p.T("orders.found", "Count", n, "Text", p.Query.Search)
	default:
		p.Found = p.T("orders.found.more", "Count", n, "Text", p.Query.Search)
	}
	return err
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
	last := p.Before + shown
	switch {
	case p.Before >= 0 && found.Next == "":
		all = last // the counts may be a moment behind
	case all <= last:
		all = 0
	}
	switch {
	case p.Before == 0 && all == shown, p.Before < 0 && all > 0:
		return p.T("orders.count", "Count", all)
	case p.Before < 0:
		return ""
	case all == 0:
		return p.T("orders.range.open", "From", p.Before+1, "To", last)
	}
	return p.T("orders.range", "From", p.Before+1, "To", last, "All", all)
}

// neighbour returns the URL of an adjacent page of the list, which begins the given number of orders after this
// one, or "" without a cursor.
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

// empty explains why the list is empty and offers a next step.
func (p *ordersPage) empty(found order.Page) page.Empty {
	q := p.Query
	switch {
	case q.Search != "" && found.More:
		return p.Base.Empty(p.T("orders.none.more"), p.T("orders.show_all"), ordersPath)
	case q.Search != "":
		return p.Base.Empty(p.T("orders.none.search", "Text", q.Search), p.T("orders.show_all"), ordersPath)
	case q.Status != "" && q.HasPeriod():
		return p.Base.Empty(p.T("orders.none.period."+q.Status), p.T("orders.show_all"), ordersPath)
	case q.Status != "":
		return p.Base.Empty(p.T("orders.none.status."+q.Status), p.T("orders.show_all"), ordersPath)
	case q.HasPeriod() && found.Nearest != 0:
		year := strconv.Itoa(found.Nearest)
		return p.Base.Empty(p.T("orders.none.period"), p.T("orders.show_year", "Year", year),
			withQuery(ordersPath, "period", year))
	case q.HasPeriod() && found.Total > 0:
		return p.Base.Empty(p.T("orders.none.period"), p.T("orders.show_all"), ordersPath)
	case p.Shop.StorefrontURL == "":
		return p.Base.Empty(p.T("orders.none", "Email", p.Email), "", "")
	}
	return p.Base.Empty(p.T("orders.none", "Email", p.Email), p.T("orders.storefront", "Shop", p.Shop.Name),
		p.Shop.StorefrontURL)
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
