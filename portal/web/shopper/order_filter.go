package shopper

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/page"
)

// orderFilter is the data of partials/order-filter. Its HTML comes from other templates.
type orderFilter struct {
	page.Words
	StatusName, PeriodName string // the present choices
	HasStatus, HasPeriod   bool   // the choices are not the first ones
	Open                   bool   // shows the dates, which have errors
	Statuses, Periods      template.HTML
	IsFiltered             bool // there is something to clear
	Status                 string
	From, To, Search       template.HTML
}

// filter returns the order filters: links for status and period, a form for two dates, and the search. years
// holds the years that have orders.
func (p *ordersPage) filter(form page.Form, years []int, thisYear int) (template.HTML, error) {
	show := func() (template.HTML, error) { return p.filterOf(form, years, thisYear) }
	query := p.Query
	if query.Cursor = ""; query != (order.Query{}) || form.HasErrors() {
		return show()
	}
	variant := append(make([]byte, 0, 64), p.Shop.TimeZone...)
	for _, year := range append([]int{thisYear}, years...) {
		variant = strconv.AppendInt(append(variant, ' '), int64(year), 10)
	}
	return p.Kept(page.Shape{Template: "partials/order-filter", Variant: string(variant)}, show)
}

func (p *ordersPage) filterOf(form page.Form, years []int, thisYear int) (template.HTML, error) {
	statuses, status := p.statuses()
	periods, period, known := p.periods(years, thisYear)
	gaps := p.Gaps()
	if !known && p.Query.Search == "" && p.Query.IsCustom() && !form.HasErrors() { // a faulty period limits no list
		period, known = p.span(), true
	}
	data := orderFilter{
		Words: p.Words(), StatusName: gaps.Text(status), PeriodName: gaps.Text(period),
		HasStatus: status != statuses[0].Label, HasPeriod: known && p.Query.HasPeriod(),
		Open:   form.HasErrors(),
		Status: gaps.Text(p.Query.Status),
	}
	data.IsFiltered = data.HasStatus || data.HasPeriod
	p.filtered = data.IsFiltered
	shape := page.Shape{Template: "partials/order-filter"}
	for i, set := range []bool{data.HasStatus, data.HasPeriod, data.Open} {
		if set {
			shape.Flags |= 1 << i
		}
	}
	var err error
	if data.Statuses, err = kept(gaps)(p.Items(statuses)); err != nil {
		return "", err
	}
	if data.Periods, err = kept(gaps)(p.Items(periods)); err != nil {
		return "", err
	}
	if data.From, err = keptField(gaps)(day(form, "from", p.T("orders.from"))); err != nil {
		return "", err
	}
	if data.To, err = keptField(gaps)(day(form, "to", p.T("orders.to"))); err != nil {
		return "", err
	}
	if data.Search, err = keptField(gaps)(form.Field("search", p.T("orders.search"), "type", "search",
		"plain", "yes",
		"maxlength", "64", "autocapitalize", "none")); err != nil {
		return "", err
	}
	return p.Fragment(shape, gaps, &data)
}

// span names the period between two dates, of which one may be open. A line may end only between them.
func (p *ordersPage) span() string {
	day := func(text string) string {
		at, err := time.ParseInLocation(time.DateOnly, text, p.Shop.Location())
		if err != nil {
			return ""
		}
		return p.L.ShortDate(at)
	}
	switch from, to := day(p.Query.From), day(p.Query.To); {
	case from != "" && to != "":
		return from + noBreak + "– " + to
	case from != "":
		return p.T("orders.from") + noBreak + from
	case to != "":
		return p.T("orders.to") + noBreak + to
	}
	return p.T("orders.custom")
}

// noBreak is the no-break space.
const noBreak = "\u00a0"

// preset returns the preset period of the list, which may be given by the dates of a whole year, and false if
// it has none.
func (p *ordersPage) preset() (period string, found bool) {
	if p.Query.Search != "" {
		return "", false
	}
	if !p.Query.IsCustom() {
		return p.Query.Period, true
	}
	year, begins := strings.CutSuffix(p.Query.From, "-01-01")
	return year, begins && len(year) == len("2006") && p.Query.To == year+"-12-31"
}

// kept returns a function that records HTML as a gap.
func kept(gaps *page.Gaps) func(template.HTML, error) (template.HTML, error) {
	return func(html template.HTML, err error) (template.HTML, error) { return gaps.HTML(html), err }
}

// keptField returns a function that writes a field and records its HTML as a gap.
func keptField(gaps *page.Gaps) func(page.Field, error) (template.HTML, error) {
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

// periods returns the preset periods and the name of the present one, or of the first one and false if the
// list has none of them. Each link keeps the status.
func (p *ordersPage) periods(years []int, thisYear int) (items []page.Item, present string, known bool) {
	items = make([]page.Item, 0, 7+len(years))
	chosen, isPreset := p.preset()
	preset := func(period, label string) {
		current := isPreset && chosen == period
		items = append(items, page.Item{
			Path: withQuery(ordersPath, "period", period, "status", p.Query.Status), Label: label, Current: current,
		})
		if known = known || current; current || present == "" {
			present = label
		}
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
	year, err := strconv.Atoi(chosen)
	if !known && err == nil && year >= validate.FirstYear && year <= validate.LastYear { // without orders
		preset(chosen, chosen)
	}
	return items, present, known
}

// statuses returns the status filters and the name of the present one. Each link keeps the period.
func (p *ordersPage) statuses() (items []page.Item, present string) {
	items = make([]page.Item, 0, 8)
	preset := func(status, key string) {
		item := page.Item{
			Path: withQuery(ordersPath, "period", p.Query.Period, "from", p.Query.From, "to", p.Query.To,
				"status", status),
			Label: p.T(key), Current: p.Query.Status == status && p.Query.Search == "",
		}
		items = append(items, item)
		if item.Current || present == "" {
			present = item.Label
		}
	}
	preset("", "orders.status.all")
	for _, status := range order.Views() {
		preset(status, "orders.status."+status)
	}
	return items, present
}
