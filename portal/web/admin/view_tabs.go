package admin

import (
	"maps"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/page"
)

// viewAll is the value of the parameter "view" for all customers, where a role's list opens with a view.
const viewAll = "all"

// allCustomersPath leads to the list without a view and without filters.
const allCustomersPath = customersPath + "?view=" + viewAll

// maxTabs is how many views the list offers; the page of views has all.
const maxTabs = 10

// viewTab leads to a view.
type viewTab struct {
	Path, Name, Number, Counted string
	Current                     bool
}

// viewBar is the part of the list with the saved views.
type viewBar struct {
	View     merchant.SavedView // with which the list was opened, zero for none
	Tabs     []viewTab
	Number   string      // of the customers who match the filters, "" where it is not known
	Counted  string      // when
	Gone     string      // which filters of the view no longer exist
	GoneFrom []page.Link // the list without one of them
	Save     page.Link   // saves the list as it is, without a path where it is saved already
	Renew    page.Link   // likewise as the present view
}

// queryOf returns the state of the list in the URL, and the view that it was opened with. A URL without any
// state opens the view of the person's role.
func queryOf(c *fiber.Ctx, list merchant.ViewList) (q customer.Query, v merchant.SavedView, err error) {
	q = customerQueryOf(c)
	if q.View == "" && list.Opens != "" && !hasState(c) {
		if v, found := list.ByID(list.Opens); found {
			return viewQuery(v), v, nil
		}
	}
	if q.View == "" || q.View == viewAll {
		return q, v, nil
	}
	v, found := list.ByID(q.View)
	if !found {
		q.View = ""
		return q, v, validate.NewError(validate.NotFound, "view.gone")
	}
	for name := range v.Filters { // also one that this version does not know
		if value := c.Query(name); value != "" {
			q.Filters[name] = value
		}
	}
	return q, v, nil
}

// hasState reports whether the URL has a state of the list, if only an empty one.
func hasState(c *fiber.Ctx) bool {
	args := c.Request().URI().QueryArgs()
	return slices.ContainsFunc(append(customer.Filters(), "sort", "search", "cursor", "view"), args.Has)
}

// viewQuery returns the state of the list that a view saves.
func viewQuery(v merchant.SavedView) customer.Query {
	filters := map[string]string{}
	maps.Copy(filters, v.Filters)
	return customer.Query{View: v.ID, Sort: v.Sort, Filters: filters}
}

// addViews fills the bar of the views.
func (p *customersPage) addViews(c *fiber.Ctx, s merchant.Staff, list merchant.ViewList, now time.Time) error {
	shown := list.List[:min(len(list.List), maxTabs)]
	if v := p.View; v.ID != "" && !slices.ContainsFunc(shown,
		func(other merchant.SavedView) bool { return other.ID == v.ID }) {
		shown = append(slices.Clone(shown), v)
	}
	tabs := append([]merchant.SavedView{{}}, shown...)
	tabs[0].Filters = map[string]string{}
	if err := s.CountViews(c.UserContext(), tabs); err != nil {
		return err
	}
	for i, v := range tabs {
		tab := viewTab{Path: customersURL(viewQuery(v)), Name: v.Name, Current: v.ID == p.View.ID}
		if i == 0 {
			tab.Path, tab.Name = allCustomersPath, p.T("view.all")
			tab.Current = tab.Current && len(p.Query.Filters) == 0 && p.Query.Search == ""
		}
		if v.Count.IsKnown() {
			tab.Number, tab.Counted = countText(p.Base, v.Count, now)
		}
		p.Tabs = append(p.Tabs, tab)
	}
	p.offerSaving(s)
	return p.countMatching(c, s, now)
}

// countMatching says how many match the filters. What a search finds is not counted.
func (p *customersPage) countMatching(c *fiber.Ctx, s merchant.Staff, now time.Time) error {
	if p.Query.Search != "" {
		return nil
	}
	count, err := s.CountCustomers(c.UserContext(), p.Query.Filters)
	if err == nil && count.IsKnown() {
		p.Number, p.Counted = countText(p.Base, count, now)
	}
	return err
}

// offerSaving offers to save the list, as a new view and as the present one.
func (p *customersPage) offerSaving(s merchant.Staff) {
	q := p.Query
	if q.Search != "" || p.Form.HasErrors() || len(q.Filters) == 0 && q.Sort == "" {
		return
	}
	q.Cursor = ""
	if p.View.ID != "" && q.Sort == p.View.Sort && maps.Equal(q.Filters, p.View.Filters) {
		return
	}
	p.Save = page.Link{Label: p.T("view.save"), Path: viewFormURL(newViewPath, q)}
	if p.View.ID != "" && s.MayChange(p.View) {
		p.Renew = page.Link{Label: p.T("view.renew"), Path: viewFormURL(viewsPath+"/"+p.View.ID, q)}
	}
}

// addGone says which filters of the view no longer exist.
func (p *customersPage) addGone(c *fiber.Ctx, s merchant.Staff) error {
	if p.View.ID == "" {
		return nil
	}
	gone, err := s.GoneFilters(c.UserContext(), p.Query.Filters)
	if err != nil || len(gone) == 0 {
		return err
	}
	p.Gone = p.T("view.filters_gone", "Count", len(gone))
	for _, chip := range p.chips(gone) {
		p.GoneFrom = append(p.GoneFrom, page.Link{Label: p.T("filter.remove", "Filter", chip.Label), Path: chip.Path})
	}
	return nil
}

// mayShareViews reports whether the person may give views to all staff.
func mayShareViews(s merchant.Staff) bool { return s.May(staff.PermissionShareViews) }
