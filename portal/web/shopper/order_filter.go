package shopper

import (
	"html/template"
	"strconv"
	"time"

	"postern/portal/order"
	"postern/portal/web/page"
)

// orderFilter is the data of partials/order-filter. Its HTML comes from other templates.
type orderFilter struct {
	page.Words
	Statuses, Periods template.HTML
	Custom            bool // shows the form for a custom period
	Status, Zone      string
	From, To, Search  template.HTML
}

// filter returns the order filters: links for status and period, a form for a custom period, and the search.
// years holds the years that have orders.
func (p *ordersPage) filter(form page.Form, years []int, thisYear int) (template.HTML, error) {
	statuses, err := p.statuses()
	if err != nil {
		return "", err
	}
	periods, err := p.periods(years, thisYear)
	if err != nil {
		return "", err
	}
	gaps := p.Gaps()
	data := orderFilter{
		Words: p.Words(), Statuses: gaps.HTML(statuses), Periods: gaps.HTML(periods),
		Custom: p.Query.Period == "custom",
		Status: gaps.Text(p.Query.Status), Zone: gaps.Text(p.T("orders.zone", "Zone", p.Shop.TimeZone)),
	}
	shape := page.Shape{Template: "partials/order-filter"}
	if data.Custom {
		shape.Flags = 1
	}
	if data.From, err = kept(gaps)(day(form, "from", p.T("orders.from"))); err != nil {
		return "", err
	}
	if data.To, err = kept(gaps)(day(form, "to", p.T("orders.to"))); err != nil {
		return "", err
	}
	if data.Search, err = kept(gaps)(form.Field("search", p.T("orders.search"), "type", "search", "plain", "yes",
		"maxlength", "64", "autocapitalize", "none", "hint", p.T("orders.search.hint"))); err != nil {
		return "", err
	}
	return p.Fragment(shape, gaps, &data)
}

// kept returns a function that writes a field and records its HTML as a gap.
func kept(gaps *page.Gaps) func(page.Field, error) (template.HTML, error) {
	return func(field page.Field, err error) (template.HTML, error) {
		if err != nil {
			return "", err
		}
		html, err := field.HTML()
		return gaps.HTML(html), err
	}
}

// day returns the input for a date. For an invalid date it is a text field, because a date field could not
// show the value.
func day(form page.Form, name, label string) (page.Field, error) {
	kind := "date"
	if typed := form.Values[name]; typed != "" {
		if _, err := time.Parse(time.DateOnly, typed); err != nil {
			kind = "text"
		}
	}
	return form.Field(name, label, "type", kind)
}

// periods returns the preset periods. Each link keeps the status.
func (p *ordersPage) periods(years []int, thisYear int) (template.HTML, error) {
	items := make([]page.Item, 0, 6+len(years))
	preset := func(period, label string) {
		items = append(items, page.Item{
			Path: withQuery(ordersPath, "period", period, "status", p.Query.Status), Label: label,
			Current: p.Query.Period == period && p.Query.Search == "",
		})
	}
	preset("", p.T("orders.period.all"))
	preset("30d", p.T("orders.period.30d"))
	preset("3m", p.T("orders.period.3m"))
	preset("6m", p.T("orders.period.6m"))
	preset(strconv.Itoa(thisYear), p.T("orders.period.this_year"))
	preset(strconv.Itoa(thisYear-1), p.T("orders.period.last_year"))
	for _, year := range years {
		if year < thisYear-1 {
			preset(strconv.Itoa(year), strconv.Itoa(year))
		}
	}
	return p.Items(items)
}

// statuses returns the status filters. Each link keeps the period.
func (p *ordersPage) statuses() (template.HTML, error) {
	items := make([]page.Item, 0, 8)
	preset := func(status, key string) {
		items = append(items, page.Item{
			Path: withQuery(ordersPath, "period", p.Query.Period, "from", p.Query.From, "to", p.Query.To,
				"status", status),
			Label: p.T(key), Current: p.Query.Status == status && p.Query.Search == "",
		})
	}
	preset("", "orders.status.all")
	for _, status := range order.Views() {
		preset(status, "orders.status."+status)
	}
	return p.Items(items)
}
