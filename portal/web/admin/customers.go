package admin

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/money"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	customersPath = "/admin/customers"
	customerPath  = "/admin/customers/:id"
)

func (h *Handler) customerRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionCustomers, customersPath, h.customers),
		get(staff.PermissionCustomers, columnsPath, h.columns),
		post(staff.PermissionCustomers, columnsPath, h.setColumns),
		get(staff.PermissionCustomers, customerPath, h.customer),
		get(staff.PermissionCustomers, customerPath+"/orders/:number", h.order),
		get(staff.PermissionEditCustomers, customerPath+"/edit", h.edit),
		post(staff.PermissionEditCustomers, customerPath+"/edit", h.saveEdit),
		post(staff.PermissionEditCustomers, customerPath+"/undo", h.undo),
	}
}

// customersPage is the list of customers.
type customersPage struct {
	page.Base
	Query   customer.Query
	country func(code string) string // its name
	groups  []page.Option            // all groups, by their ids
	Form    page.Form
	Open    bool // shows the filters, which have errors
	Chips   []page.Link
	Columns []column
	Count   string // how many there are, if the page shows them all
	More    []page.Link
	Rows    []customerRow
	Problem string // an invalid cursor in the page's URL
	Partial string // the list may go on where the search stopped
	Further string // URL of what follows it
	Pager   *page.Pager
	Empty   *page.Empty
	MayBulk bool
	MayEdit bool
	// ChangeAll leads to the bulk changes of all that match the filters; without a label it is not offered.
	ChangeAll page.Link
	Loosen    []page.Link // filters without one of which something would be found
	viewBar
}

func (h *Handler) customers(c *fiber.Ctx, s merchant.Staff) error {
	views, err := s.Views(c.UserContext())
	if err != nil {
		return err
	}
	q, opened, noView := queryOf(c, views)
	found, err := s.Customers(c.UserContext(), q)
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return err
	}
	if isOrderError(err) { // the customers are shown in the usual order
		var again error
		q.Sort = ""
		if found, again = s.Customers(c.UserContext(), q); again != nil {
			return again
		}
	}
	b := h.base(c, s, "customers", "admin.customers.title")
	b.Wide = true
	data := customersPage{Base: b, Query: q, viewBar: viewBar{View: opened}}
	data.Columns = columns(b, q, shownColumns(s, opened))
	if err := data.readGroups(c, s); err != nil {
		return err
	}
	data.country = func(code string) string { return h.app.AddressFormats().CountryName(code, b.L.Lang()) }
	if noView != nil {
		data.Problem = b.T("view.gone")
	}
	if err := data.addGone(c, s); err != nil {
		return err
	}
	data.MayEdit = s.May(staff.PermissionEditCustomers)
	if data.Gone != "" {
		err = nil // its filters say why nothing is found
	}
	data.form(err)
	data.Chips = data.chips(filterNames(q))
	if err := data.addViews(c, s, views, h.app.Now()); err != nil {
		return err
	}
	data.bulk(s)
	data.fill(found, err)
	status := fiber.StatusOK
	if err != nil {
		status = fiber.StatusUnprocessableEntity
	}
	return h.pages.Render(c, status, "admin/customers", data)
}

// isOrderError reports whether only the order of a query is invalid.
func isOrderError(err error) bool {
	wrong := validate.FieldErrors(err)
	return len(wrong) == 1 && wrong[0].Field == "sort"
}

// shownColumns returns the columns of the view, or else the person's.
func shownColumns(s merchant.Staff, opened merchant.SavedView) []string {
	if known := customer.KnownColumns(opened.Columns); len(known) > 0 {
		return known
	}
	return s.Columns()
}

// form prepares the form of the filters, with what is wrong with them.
func (p *customersPage) form(err error) {
	values := maps.Clone(p.Query.Filters)
	values["search"], values["sort"] = p.Query.Search, p.Query.Sort
	p.Form = p.Base.Form(values, atFilters(err)).InOrder(customer.Filters()...)
	p.Open = p.Form.HasErrors()
	for _, wrong := range validate.FieldErrors(err) {
		if wrong.Field == "cursor" || wrong.Field == "sort" {
			p.Problem = p.T(wrong.Key, wrong.Args)
		}
	}
}

// fill adds the customers found, or says why there are none.
func (p *customersPage) fill(found merchant.CustomerPage, err error) {
	for _, row := range found.Rows {
		p.Rows = append(p.Rows, p.row(row))
	}
	p.further(found)
	p.more()
	if len(found.Rows) == 0 && err == nil && !found.Partial {
		p.empty(found)
	}
}

// customerQueryOf reads the list's state from the URL.
func customerQueryOf(c *fiber.Ctx) customer.Query {
	q := customer.Query{Sort: c.Query("sort"), Search: strings.TrimSpace(c.Query("search")),
		Cursor: c.Query("cursor"), View: c.Query("view"),
		Filters: map[string]string{}}
	for _, name := range customer.Filters() {
		if value := strings.TrimSpace(c.Query(name)); value != "" {
			q.Filters[name] = value
		}
	}
	return q
}

// atFilters returns an error with only the errors of filters, or nil.
func atFilters(err error) error {
	var kept []validate.FieldError
	for _, wrong := range validate.FieldErrors(err) {
		if slices.Contains(customer.Filters(), wrong.Field) {
			kept = append(kept, wrong)
		}
	}
	return validate.InvalidFields(kept)
}

// customersURL returns the URL of a list.
func customersURL(q customer.Query) string {
	pairs := []string{"sort", q.Sort, "search", q.Search, "cursor", q.Cursor, "view", q.View}
	for _, name := range filterNames(q) {
		pairs = append(pairs, name, q.Filters[name])
	}
	return page.WithQuery(customersPath, pairs...)
}

// without returns the URL of the list without a filter, from the first page.
func (p *customersPage) without(name string) string {
	q := p.Query
	q.Cursor, q.Filters = "", maps.Clone(q.Filters)
	delete(q.Filters, name)
	return customersURL(q)
}

// chips names the filters that are set, each with the URL of the list without it.
func (p *customersPage) chips(names []string) []page.Link {
	var chips []page.Link
	for _, name := range names {
		if value := p.Query.Filters[name]; value != "" {
			chips = append(chips, page.Link{Label: p.T("filter.chip", "Name", p.filterName(name), "Value",
				p.filterValue(name, value)), Path: p.without(name)})
		}
	}
	return chips
}

// filterName returns the name of a filter in words, or one that does not exist as it is.
func (p *customersPage) filterName(name string) string {
	if slices.Contains(customer.Filters(), name) {
		return p.T("filter." + name)
	}
	return name
}

// filterValue returns the value of a filter in words.
func (p *customersPage) filterValue(name, value string) string {
	switch {
	case slices.Contains(customer.FilterChoices(name), value):
		return p.T("filter." + name + "." + value)
	case name == "group":
		return cmp.Or(page.LabelOf(p.groups, value), p.T("filter.group.gone"))
	case name == "language":
		return languageName(p.Base, value)
	case name == "country":
		return cmp.Or(p.country(value), value)
	case strings.HasSuffix(name, "_from"), strings.HasSuffix(name, "_to"):
		if day, err := time.ParseInLocation(time.DateOnly, value, p.L.Zone()); err == nil {
			return p.L.ShortDate(day)
		}
	case strings.HasPrefix(name, "spent"):
		if amount, err := money.Parse(strings.ReplaceAll(value, ",", "."), p.Shop.Currency); err == nil {
			return p.Money(amount)
		}
	}
	return value
}

// readGroups reads the names of the groups.
func (p *customersPage) readGroups(c *fiber.Ctx, s merchant.Staff) error {
	list, err := s.Groups(c.UserContext())
	for _, g := range list {
		p.groups = append(p.groups, page.Option{Value: g.ID, Label: g.Name})
	}
	return err
}

// Groups returns the groups as options of a filter, beginning with none.
func (p customersPage) Groups() []page.Option {
	return append([]page.Option{{Label: p.T("filter.any")}}, p.groups...)
}

// Choices returns the options of a filter, beginning with none.
func (p customersPage) Choices(name string) []page.Option {
	options := []page.Option{{Label: p.T("filter.any")}}
	for _, value := range customer.FilterChoices(name) {
		options = append(options, page.Option{Value: value, Label: p.T("filter." + name + "." + value)})
	}
	return options
}

// Sorts returns the orders of the list as options.
func (p customersPage) Sorts() []page.Option {
	var options []page.Option
	for _, sort := range customer.Sorts() {
		options = append(options, page.Option{Value: sort, Label: p.T("customers.column." + sort)})
	}
	return options
}

// customerStatus says whether somebody is registered, or disabled.
func customerStatus(b page.Base, guest, disabled bool) page.Pill {
	if disabled {
		return b.Pill("stopped", b.T("filter.status.disabled"))
	}
	if guest {
		return b.Pill("neutral", b.T("filter.status.guest"))
	}
	return b.Pill("done", b.T("filter.status.registered"))
}

// bulk offers the bulk changes of all that match, with their number where it is known. A view with a filter
// that no longer exists offers none.
func (p *customersPage) bulk(s merchant.Staff) {
	if p.MayBulk = s.May(staff.PermissionBulk); !p.MayBulk || p.Gone != "" {
		return
	}
	pairs := []string{"all", "yes", "search", p.Query.Search}
	for _, name := range filterNames(p.Query) {
		pairs = append(pairs, name, p.Query.Filters[name])
	}
	p.ChangeAll = page.Link{Label: p.T("batch.change_all"), Path: page.WithQuery(newBatchPath, pairs...)}
	switch {
	case p.Query.Search != "":
		p.ChangeAll.Label = p.T("batch.change_found", "Text", p.Query.Search)
	case p.Number != "":
		p.ChangeAll.Label = p.T("batch.change_number", "Number", p.Number)
	case len(p.Query.Filters) > 0:
		p.ChangeAll.Label = p.T("batch.change_matching")
	}
}

// more lists what is done less often, and counts the customers if the page shows them all.
func (p *customersPage) more() {
	if p.MayBulk {
		p.More = append(p.More, page.Link{Label: p.T("batches.title"), Path: batchesPath})
	}
	if len(p.Rows) == 0 {
		return
	}
	if p.ChangeAll.Label != "" {
		p.More = append(p.More, p.ChangeAll)
	}
	p.More = append(p.More, page.Link{Label: p.T("columns.title"), Path: columnsPath})
	if p.Pager == nil && p.Partial == "" {
		p.Count = p.L.Number(int64(len(p.Rows)))
	}
}

// further sets the links to what follows and precedes the page.
func (p *customersPage) further(found merchant.CustomerPage) {
	at := func(cursor string) string {
		q := p.Query
		if q.Cursor = cursor; cursor == "" {
			return ""
		}
		return customersURL(q)
	}
	if found.Partial {
		p.Partial, p.Further = p.T("customers.partial"), at(found.Next)
		if p.Pager = p.Base.Pager(at(found.Previous), ""); p.Pager != nil {
			p.Pager.Newer = p.T("customers.previous")
		}
		return
	}
	if p.Pager = p.Base.Pager(at(found.Previous), at(found.Next)); p.Pager != nil {
		p.Pager.Newer, p.Pager.Older = p.T("customers.previous"), p.T("customers.next")
	}
}

// empty explains why the list is empty, and which filter to remove.
func (p *customersPage) empty(found merchant.CustomerPage) {
	e := p.Base.Empty(p.T("customers.none"), "", "")
	switch {
	case p.Query.Search != "":
		e = p.emptySearch()
	case len(found.Loosen) > 0:
		e = p.Base.Empty(p.T("customers.none.loosen"), "", "")
		p.Loosen = p.chips(found.Loosen)
	case len(p.Query.Filters) > 0:
		e = p.Base.Empty(p.T("customers.none.filters"), p.T("customers.show_all"), allCustomersPath)
	}
	p.Empty = &e
}

// emptySearch says that a search found nothing, and offers the search without the filters.
func (p *customersPage) emptySearch() page.Empty {
	anywhere := page.WithQuery(customersPath, "view", viewAll, "search", p.Query.Search)
	country := p.Query.Filters["country"]
	switch {
	case len(p.Query.Filters) == 0:
		return p.Base.Empty(p.T("customers.none.search", "Text", p.Query.Search), p.T("customers.show_all"),
			allCustomersPath)
	case len(p.Query.Filters) == 1 && country != "":
		return p.Base.Empty(p.T("customers.none.search_in", "Text", p.Query.Search, "Country",
			p.filterValue("country", country)), p.T("customers.all_countries"), anywhere)
	}
	return p.Base.Empty(p.T("customers.none.search_filters", "Text", p.Query.Search),
		p.T("customers.search_all"), anywhere)
}
