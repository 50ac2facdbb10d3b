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
	Query    portal.OrderQuery
	From, To page.Field
	Search   page.Field
	Count    string        // of all orders, "" for none
	Periods  template.HTML // the presets, as items of a list
	Statuses template.HTML
	Custom   bool          // the fields of an own period are open
	Zone     string        // in which days begin
	Problem  string        // what is wrong with the address of the page itself
	Found    string        // what a search found
	Rows     template.HTML // the orders, as items of a list
	Pager    page.Pager
	Empty    *page.Empty
}

// choice is one link of a filter.
type choice struct {
	Label, URL string
	Present    bool
}

func (h *Handler) orders(c *fiber.Ctx, s portal.Shopper) error {
	query := portal.OrderQuery{
		Period: c.Query("period"), From: c.Query("from"), To: c.Query("to"),
		Status: c.Query("status"), Search: c.Query("search"), Cursor: c.Query("cursor"),
	}
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
	if err := data.fields(form); err != nil {
		return err
	}
	data.fill(found, h.app.Now())
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
	now = now.In(p.Shop.Location())
	p.Zone = p.Shop.TimeZone
	p.Custom = p.Query.Period == "custom"
	p.Periods, p.Statuses = presets(p.periods(found.Years, now.Year())), presets(p.statuses())
	if found.Total > 0 {
		p.Count = p.T("orders.count", "Count", found.Total)
	}
	p.Rows = p.rows(found.Rows, now)
	p.Pager = p.Base.Pager(p.neighbour(found.Previous), p.neighbour(found.Next))
	if p.Query.Search != "" && len(found.Rows) > 0 {
		p.Found = p.T("orders.found", "Count", len(found.Rows), "Text", p.Query.Search)
	}
}

// fields makes the inputs, with what was typed and what is wrong.
func (p *ordersPage) fields(form page.Form) (err error) {
	day := func(name, label string) (page.Field, error) {
		return form.Field(name, label, "type", dayType(form.Values[name]))
	}
	if p.From, err = day("from", p.T("orders.from")); err != nil {
		return err
	}
	if p.To, err = day("to", p.T("orders.to")); err != nil {
		return err
	}
	p.Search, err = form.Field("search", p.T("orders.search"), "type", "search", "plain", "yes", "maxlength", "64",
		"autocapitalize", "none", "hint", p.T("orders.search.hint"))
	return err
}

// dayType is the type of the input of a day: a date field cannot show a day that there is not.
func dayType(typed string) string {
	if _, err := time.Parse(time.DateOnly, typed); err != nil && typed != "" {
		return "text"
	}
	return "date"
}

// periods are the presets: each keeps the status.
func (p *ordersPage) periods(years []int, thisYear int) []choice {
	choices := []choice{
		p.period("", p.T("orders.period.all")), p.period("30d", p.T("orders.period.30d")),
		p.period("3m", p.T("orders.period.3m")), p.period("6m", p.T("orders.period.6m")),
		p.period(strconv.Itoa(thisYear), p.T("orders.period.this_year")),
		p.period(strconv.Itoa(thisYear-1), p.T("orders.period.last_year")),
	}
	for _, year := range years {
		if year < thisYear-1 {
			choices = append(choices, p.period(strconv.Itoa(year), strconv.Itoa(year)))
		}
	}
	return choices
}

// presets writes the links of a filter.
func presets(choices []choice) template.HTML {
	var m page.Markup
	for _, c := range choices {
		m.Item(c.URL, c.Label, c.Present)
	}
	return m.HTML()
}

func (p *ordersPage) period(period, label string) choice {
	return choice{
		Label: label, URL: withQuery(ordersPath, "period", period, "status", p.Query.Status),
		Present: p.Query.Period == period && p.Query.Search == "",
	}
}

// statuses are the status filters: each keeps the period.
func (p *ordersPage) statuses() []choice {
	var choices []choice
	for _, status := range append([]string{""}, portal.Views()...) {
		key := "orders.status." + status
		if status == "" {
			key = "orders.status.all"
		}
		choices = append(choices, choice{
			Label:   p.T(key),
			URL:     withQuery(ordersPath, "period", p.Query.Period, "from", p.Query.From, "to", p.Query.To, "status", status),
			Present: p.Query.Status == status && p.Query.Search == "",
		})
	}
	return choices
}

// neighbour is the address of another page of the same list, "" for no cursor.
func (p *ordersPage) neighbour(cursor string) string {
	if cursor == "" {
		return ""
	}
	return withQuery(ordersPath, "period", p.Query.Period, "from", p.Query.From, "to", p.Query.To,
		"status", p.Query.Status, "search", p.Query.Search, "cursor", cursor)
}

// empty says why there is nothing, and the way on.
func (p *ordersPage) empty(found portal.OrderPage) page.Empty {
	q := p.Query
	switch {
	case q.Search != "":
		return p.Base.Empty(p.T("orders.none.search", "Text", q.Search), p.T("orders.show_all"), ordersPath)
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
