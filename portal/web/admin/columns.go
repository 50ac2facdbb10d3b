package admin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/money"
	"postern/portal/web/page"
)

// column is a head of the table; with a path it orders the list.
type column struct {
	Name, Label, Path string
	Sort              string // the value of aria-sort, "" for another order
	Number            bool
}

// customerRow is one customer, with a cell for each column.
type customerRow struct {
	ID, Path, Name string
	Cells          []cell
}

// cell is the value of a column: a text or a time.
type cell struct {
	Name, Label, Text string
	Also              string // what else the value stands for
	Time              page.Time
	Number            bool
}

// Classes returns the cell's classes. On a phone the row is its name, the figure at the right, and a line of
// the other values, of which only some need the name of their column.
func (c cell) Classes() string {
	list := []string{}
	if c.Number {
		list = append(list, "number")
	}
	switch {
	case c.Blank():
		list = append(list, "blank")
	case c.Name == "spent":
		list = append(list, "figure")
	case c.Name == "email":
		list = append(list, "member-email")
	case !slices.Contains([]string{"status", "company", "country", "groups", "tags"}, c.Name):
		list = append(list, "named")
	}
	return strings.Join(list, " ")
}

// Blank reports whether the cell is empty.
func (c cell) Blank() bool { return c.Text == "" && c.Time.ISO == "" }

// columns returns the heads of the table. Those that order the list are links.
func columns(b page.Base, q customer.Query, chosen []string) []column {
	present := q.Sort
	if present == "" {
		present = customer.Sorts()[0]
	}
	var list []column
	for _, name := range slices.Concat([]string{"name"}, chosen, filtered(q, chosen)) {
		col := column{Name: name, Label: b.T("customers.column." + name),
			Number: name == "orders" || name == "spent"}
		for _, sort := range customer.Sorts() {
			if sort != name {
				continue
			}
			other := q
			other.Sort, other.Cursor, other.Search = sort, "", ""
			if col.Path = customersURL(other); sort == present && q.Search == "" {
				col.Sort = "descending"
				if sort == "name" {
					col.Sort = "ascending"
				}
			}
		}
		list = append(list, col)
	}
	return list
}

// filtered returns the columns of the filters that are set, without those that are shown anyway.
func filtered(q customer.Query, chosen []string) []string {
	var list []string
	for _, filter := range customer.Filters() {
		name, _, _ := strings.Cut(filter, "_")
		name = cmp.Or(map[string]string{"tag": "tags", "group": "groups", "partner": "partner_offers"}[name], name)
		if q.Filters[filter] == "" || slices.Contains(chosen, name) || slices.Contains(list, name) {
			continue
		}
		list = append(list, customer.KnownColumns([]string{name})...)
	}
	return list
}

// row returns a customer with a cell for each column but the first.
func (p *customersPage) row(r customer.Row) customerRow {
	row := customerRow{ID: r.ID, Path: customersPath + "/" + r.ID, Name: r.Name()}
	if row.Name == "" {
		row.Name = r.Email
	}
	for _, col := range p.Columns[1:] {
		made := cell{Name: col.Name, Label: col.Label, Number: col.Number}
		switch col.Name {
		case "registered":
			made.Time = p.TimeShort(r.List.CreatedAt)
		case "visited":
			made.Time = p.TimeShort(r.List.VisitedAt)
		case "last_order":
			made.Time = p.TimeShort(r.List.LastOrderAt)
		default:
			made.Text = p.cellText(col.Name, r)
			if col.Name == "spent" && r.List.Other {
				made.Also = p.T("customers.other_currencies")
			}
		}
		row.Cells = append(row.Cells, made)
	}
	return row
}

// cellText returns the value of a column that is a text.
func (p *customersPage) cellText(name string, r customer.Row) string {
	switch name {
	case "id":
		return r.FeedID
	case "title":
		return r.Title
	case "email":
		return r.Email
	case "status":
		return customerStatus(p.Base, r.List.Guest, r.List.Disabled).Text
	case "company":
		return r.List.Company
	case "country":
		return p.country(r.List.Country)
	case "language":
		return r.Language
	case "orders":
		return p.L.Number(r.List.Orders)
	case "spent":
		return p.spent(r)
	case "newsletter":
		return p.given(r.List.Newsletter)
	case "partner_offers":
		return p.given(r.List.PartnerOffers)
	case "groups":
		return p.groupNames(r.Groups)
	case "tags":
		return strings.Join(r.Tags, ", ")
	case "vat":
		if r.List.VAT != "" {
			return p.T("filter.vat." + string(r.List.VAT))
		}
	}
	return ""
}

func (p *customersPage) spent(r customer.Row) string {
	if r.List.Currency == "" {
		return ""
	}
	return p.Money(money.Amount{Minor: r.List.Spent, Currency: r.List.Currency})
}

func (p *customersPage) given(status customer.ConsentStatus) string {
	if status == customer.ConsentGiven {
		return p.T("customers.yes")
	}
	return ""
}

// groupNames names groups, but those that were deleted.
func (p *customersPage) groupNames(ids []string) string {
	var names []string
	for _, id := range ids {
		if name := page.LabelOf(p.groups, id); name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

const columnsPath = "/admin/customers/columns"

// columnsPage is the form in which a person chooses the columns of the list.
type columnsPage struct {
	page.Base
	Form    page.Form
	Choices []page.Field // a place for each column, "" for a column that is not shown
}

func (h *Handler) columns(c *fiber.Ctx, s merchant.Staff) error {
	data := columnsPage{Base: h.base(c, s, "customers", "columns.title")}
	places := map[string]string{}
	for i, name := range s.Columns() {
		places[name] = strconv.Itoa(i + 1)
	}
	data.Form = data.Base.Form(places, nil)
	options := []page.Option{{Label: data.T("columns.hidden")}}
	for i := range customer.Columns() {
		options = append(options, page.Option{Value: strconv.Itoa(i + 1), Label: strconv.Itoa(i + 1)})
	}
	for _, name := range customer.KnownColumns(append(s.Columns(), customer.Columns()...)) {
		field, err := data.Form.Select(name, data.T("customers.column."+name), options, "half", "yes")
		if err != nil {
			return err
		}
		data.Choices = append(data.Choices, field)
	}
	return h.pages.Render(c, fiber.StatusOK, "admin/columns", data)
}

// setColumns stores the columns that have a place, in the order of the places. Of two at one place, the one
// that comes first in the form is first.
func (h *Handler) setColumns(c *fiber.Ctx, s merchant.Staff) error {
	var chosen []string
	places := map[string]int{}
	for _, name := range customer.KnownColumns(append(s.Columns(), customer.Columns()...)) {
		if place, err := strconv.Atoi(c.FormValue(name)); err == nil && c.FormValue("usual") == "" {
			chosen, places[name] = append(chosen, name), place
		}
	}
	slices.SortStableFunc(chosen, func(a, b string) int { return cmp.Compare(places[a], places[b]) })
	if err := s.SetColumns(c.UserContext(), chosen); err != nil {
		return err
	}
	return done(c, customersPath, "customers.columns")
}
