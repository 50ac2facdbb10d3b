package shopper

import (
	"html/template"
	"strconv"
	"time"

	"postern/portal/order"
	"postern/portal/web/page"
)

// roomForFilter is the approximate size of the filter in bytes.
const roomForFilter = 6 << 10

// filter writes the order filters: links for status and period, a form for a custom period, and the search.
// years holds the years that have orders.
func (p *ordersPage) filter(form page.Form, years []int, thisYear int) (template.HTML, error) {
	search, err := form.Field("search", p.T("orders.search"), "type", "search", "plain", "yes", "maxlength", "64",
		"autocapitalize", "none", "hint", p.T("orders.search.hint"))
	if err != nil {
		return "", err
	}
	var m page.Markup
	m.Grow(roomForFilter)
	m.Raw("<div class=\"filter order-filter\">\n<div class=\"filter\">\n")
	m.Raw(`<nav aria-label="`).Text(p.T("orders.status.label")).Raw("\"><ul class=\"presets\">\n")
	p.statuses(&m)
	m.Raw("</ul></nav>\n<nav aria-label=\"").Text(p.T("orders.period.label")).Raw("\"><ul class=\"presets\">\n")
	p.periods(&m, years, thisYear)
	m.Raw("</ul></nav>\n")
	if err := p.ownPeriod(&m, form); err != nil {
		return "", err
	}
	m.Raw("</div>\n<form class=\"filter-form\" method=\"get\" action=\"/orders\" role=\"search\">\n")
	search.Write(&m)
	m.Raw(`<button class="button quiet">`).Put(p.Icon("search")).Text(p.T("orders.search.button")).Raw("</button>\n</form>\n</div>\n")
	return m.HTML(), nil
}

// ownPeriod writes the form for a custom period, with the typed dates and any errors.
func (p *ordersPage) ownPeriod(m *page.Markup, form page.Form) error {
	from, err := day(form, "from", p.T("orders.from"))
	if err != nil {
		return err
	}
	to, err := day(form, "to", p.T("orders.to"))
	if err != nil {
		return err
	}
	m.Raw("<details").If(p.Query.Period == "custom", " open").Raw(">\n<summary>").Text(p.T("orders.custom")).Raw("</summary>\n")
	m.Raw("<form class=\"filter-form\" method=\"get\" action=\"/orders\" novalidate>\n<input type=\"hidden\" name=\"period\" value=\"custom\">\n")
	if p.Query.Status != "" {
		m.Raw(`<input type="hidden" name="status" value="`).Text(p.Query.Status).Raw("\">\n")
	}
	from.Write(m)
	to.Write(m)
	m.Raw(`<button class="button quiet">`).Text(p.T("orders.show")).Raw("</button>\n<p class=\"hint\">").
		Text(p.T("orders.zone", "Zone", p.Shop.TimeZone)).Raw("</p>\n</form>\n</details>\n")
	return nil
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

// periods writes the preset periods. Each link keeps the status.
func (p *ordersPage) periods(m *page.Markup, years []int, thisYear int) {
	preset := func(period, label string) {
		m.Item(withQuery(ordersPath, "period", period, "status", p.Query.Status), label, p.Query.Period == period && p.Query.Search == "")
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
}

// statuses writes the status filters. Each link keeps the period.
func (p *ordersPage) statuses(m *page.Markup) {
	preset := func(status, key string) {
		address := withQuery(ordersPath, "period", p.Query.Period, "from", p.Query.From, "to", p.Query.To, "status", status)
		m.Item(address, p.T(key), p.Query.Status == status && p.Query.Search == "")
	}
	preset("", "orders.status.all")
	for _, status := range order.Views() {
		preset(status, "orders.status."+status)
	}
}
