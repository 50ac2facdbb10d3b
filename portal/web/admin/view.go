package admin

import (
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/storage"
)

const (
	viewsPath   = "/admin/customers/views"
	newViewPath = "/admin/customers/views/new"
	viewPath    = "/admin/customers/views/:view"
)

// viewRoutes come before those of one customer, whose path they match.
func (h *Handler) viewRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionCustomers, viewsPath, h.views),
		get(staff.PermissionCustomers, newViewPath, h.newView),
		post(staff.PermissionCustomers, newViewPath, h.saveView),
		get(staff.PermissionCustomers, viewPath, h.editView),
		post(staff.PermissionCustomers, viewPath, h.changeView),
		post(staff.PermissionCustomers, viewPath+"/delete", h.deleteView),
		post(staff.PermissionShareViews, viewPath+"/share", h.shareView),
		post(staff.PermissionOpenViews, viewPath+"/open", h.openView),
	}
}

// viewsPage lists the views that the person can open.
type viewsPage struct {
	page.Base
	Shared, Own []viewLine
	Empty       page.Empty
}

// viewLine is one view. Edit is "" for somebody who may not change it.
type viewLine struct{ Path, Name, Opens, Number, Counted, Edit string }

func (h *Handler) views(c *fiber.Ctx, s merchant.Staff) error {
	found, err := s.Views(c.UserContext())
	if err == nil {
		err = s.CountViews(c.UserContext(), found.List)
	}
	if err != nil {
		return err
	}
	data := viewsPage{Base: h.base(c, s, "customers", "views.title")}
	for _, v := range found.List {
		line := viewLine{Path: customersURL(viewQuery(v)), Name: v.Name, Opens: opensText(data.Base, v)}
		if line.Number, line.Counted = countText(data.Base, v.Count, h.app.Now()); s.MayChange(v) {
			line.Edit = viewsPath + "/" + v.ID
		}
		if v.Shared {
			data.Shared = append(data.Shared, line)
		} else {
			data.Own = append(data.Own, line)
		}
	}
	data.Empty = data.Base.Empty(data.T("views.none"), data.T("views.filter"), allCustomersPath)
	return h.pages.Render(c, fiber.StatusOK, "admin/views", data)
}

// opensText says whose list opens with a view, "" for nobody's.
func opensText(b page.Base, v merchant.SavedView) string {
	var roles []string
	for _, role := range staff.Roles() {
		if slices.Contains(v.Roles, string(role)) {
			roles = append(roles, b.T("staff.role."+string(role)))
		}
	}
	return strings.Join(roles, ", ")
}

// viewForm is the form of a view, new or saved.
type viewForm struct {
	page.Base
	Form     page.Form
	Path     string // of the form
	Back     string
	FormID   string
	Version  string
	Chips    []page.Link // what is saved
	Hidden   []page.Hidden
	Columns  []page.Option
	MayShare bool     // a new view, or one of the person's own
	Shared   string   // says so of a view that is shared, and who saved it last
	Stored   []string // after a conflict: the filters that somebody else saved
	IsSaved  bool
	Opening  []viewRole // nil for somebody who may not choose what a role's list opens with
}

// viewRole is a role, and whether its list opens with the view.
type viewRole struct {
	Role, Name string
	Opens      bool
}

// Choices of the columns that a view saves.
const (
	columnsOfReader = "" // none: the list has those of whoever opens it
	columnsOfView   = "view"
	columnsOfPerson = "mine"
)

// viewFormURL returns the URL of a form that saves the state of the list.
func viewFormURL(path string, q customer.Query) string {
	pairs := []string{"sort", q.Sort, "view", q.View, "from", "list"}
	for name, value := range q.Filters {
		pairs = append(pairs, name, value)
	}
	return page.WithQuery(path, pairs...)
}

func (h *Handler) newView(c *fiber.Ctx, s merchant.Staff) error {
	return h.showNewView(c, s, map[string]string{"columns": columnsOfPerson}, nil)
}

func (h *Handler) showNewView(c *fiber.Ctx, s merchant.Staff, typed map[string]string, refused error) error {
	data := viewForm{Base: h.base(c, s, "customers", "view.new"), Path: newViewPath, FormID: c.FormValue("form"),
		MayShare: mayShareViews(s)}
	if data.FormID == "" {
		data.FormID = storage.NewID()
	}
	q := customerQueryOf(c)
	if refused != nil {
		form := viewFormOf(c, s, merchant.SavedView{})
		q = customer.Query{View: c.FormValue("view"), Sort: form.Sort, Filters: form.Filters}
	}
	if err := data.describe(c, h, s, q); err != nil {
		return err
	}
	data.columns(s, nil)
	data.Form = data.Base.Form(typed, refused).InOrder("name", "columns", "shared")
	return h.pages.Render(c, page.Refusal(refused), "admin/view", data)
}

// describe shows what a form saves, and keeps it in hidden fields.
func (p *viewForm) describe(c *fiber.Ctx, h *Handler, s merchant.Staff, q customer.Query) error {
	list := customersPage{Base: p.Base, Query: q}
	list.country = func(code string) string { return h.app.AddressFormats().CountryName(code, p.L.Lang()) }
	if err := list.readGroups(c, s); err != nil {
		return err
	}
	p.Back = customersURL(q)
	p.Chips = list.chips(filterNames(q))
	sort := q.Sort
	if sort == "" {
		sort = customer.Sorts()[0]
	}
	p.Chips = append(p.Chips, page.Link{Label: p.T("filter.chip", "Name", p.T("customers.sort"), "Value",
		p.T("customers.column."+sort))})
	for _, name := range filterNames(q) {
		p.Hidden = append(p.Hidden, page.Hidden{Name: name, Value: q.Filters[name]})
	}
	p.Hidden = append(p.Hidden, page.Hidden{Name: "sort", Value: q.Sort}, page.Hidden{Name: "view", Value: q.View})
	return nil
}

// filterNames returns the names of the filters of a query: those of the list in its order, then others.
func filterNames(q customer.Query) []string {
	var names []string
	for _, name := range append(customer.Filters(), slices.Sorted(maps.Keys(q.Filters))...) {
		if q.Filters[name] != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// columns offers the columns that the view can save: none, its present ones, or the person's.
func (p *viewForm) columns(s merchant.Staff, present []string) {
	p.Columns = []page.Option{{Value: columnsOfReader, Label: p.T("view.columns.reader")}}
	if len(present) > 0 {
		p.Columns = append(p.Columns, page.Option{Value: columnsOfView,
			Label: p.T("view.columns.view", "Columns", p.columnNames(present))})
	}
	p.Columns = append(p.Columns, page.Option{Value: columnsOfPerson,
		Label: p.T("view.columns.mine", "Columns", p.columnNames(s.Columns()))})
}

func (p *viewForm) columnNames(columns []string) string {
	names := make([]string, len(columns))
	for i, name := range columns {
		names[i] = p.T("customers.column." + name)
	}
	return strings.Join(names, ", ")
}

// viewFormOf reads the form. Unknown filters of the view that it is about are kept, and refused.
func viewFormOf(c *fiber.Ctx, s merchant.Staff, present merchant.SavedView) merchant.ViewForm {
	form := merchant.ViewForm{ID: c.FormValue("form"), Version: c.FormValue("version"), Name: c.FormValue("name"),
		Sort: c.FormValue("sort"), Shared: c.FormValue("shared") == "yes",
		Filters: page.Values(c, filterNames(customer.Query{Filters: present.Filters})...)}
	for _, name := range customer.Filters() {
		form.Filters[name] = c.FormValue(name)
	}
	maps.DeleteFunc(form.Filters, func(_, value string) bool { return value == "" })
	switch c.FormValue("columns") {
	case columnsOfView:
		form.Columns = present.Columns
	case columnsOfPerson:
		form.Columns = s.Columns()
	}
	return form
}

func (h *Handler) saveView(c *fiber.Ctx, s merchant.Staff) error {
	form := viewFormOf(c, s, merchant.SavedView{})
	err := s.SaveView(c.UserContext(), form)
	switch {
	case page.Refused(err):
		return h.showNewView(c, s, page.Values(c, "name", "columns", "shared"), atView(err))
	case err != nil:
		return err
	}
	return done(c, customersURL(customer.Query{View: form.ID, Sort: form.Sort, Filters: form.Filters}),
		"view.saved")
}

// atView returns an error with those of the filters above the form, which has no fields for them.
func atView(err error) error {
	wrong := slices.Clone(validate.FieldErrors(err))
	for i := range wrong {
		if wrong[i].Field != "name" {
			wrong[i] = validate.FieldError{Key: "view.filter_refused"}
		}
	}
	if len(wrong) == 0 {
		return err
	}
	return validate.InvalidFields(wrong)
}

func (h *Handler) editView(c *fiber.Ctx, s merchant.Staff) error { return h.showView(c, s, nil, nil) }

// showView shows the form of a saved view. Opened from the list, it saves the state of the list.
func (h *Handler) showView(c *fiber.Ctx, s merchant.Staff, typed map[string]string, refused error) error {
	id, err := gate.Param(c, "view")
	if err != nil {
		return err
	}
	v, err := s.View(c.UserContext(), id)
	if err != nil {
		return err
	}
	q := viewQuery(v)
	if c.Query("from") == "list" || refused != nil {
		q = customer.Query{View: v.ID, Sort: c.FormValue("sort", c.Query("sort")),
			Filters: viewFormOf(c, s, v).Filters}
	}
	data := viewForm{Base: h.base(c, s, "customers", ""), Path: viewsPath + "/" + v.ID, FormID: v.ID,
		Version: v.Version, IsSaved: true}
	data.Title = v.Name
	if !s.MayChange(v) {
		return validate.NewError(validate.Denied, "error.staff_denied")
	}
	if err := data.describe(c, h, s, q); err != nil {
		return err
	}
	data.columns(s, v.Columns)
	data.addSharing(s, v)
	if validate.KindOf(refused) == validate.Conflict {
		data.Stored = data.stored(c, h, s, v)
	} else if refused != nil {
		data.Version = c.FormValue("version")
	}
	if typed == nil {
		typed = map[string]string{"name": v.Name, "columns": columnsOfReader}
		if len(v.Columns) > 0 {
			typed["columns"] = columnsOfView
		}
	}
	data.Form = data.Base.Form(typed, refused).InOrder("name", "columns")
	return h.pages.Render(c, page.Refusal(refused), "admin/view", data)
}

// stored describes a view as somebody else saved it.
func (p *viewForm) stored(c *fiber.Ctx, h *Handler, s merchant.Staff, v merchant.SavedView) []string {
	other := viewForm{Base: p.Base}
	if err := other.describe(c, h, s, viewQuery(v)); err != nil {
		return []string{v.Name}
	}
	lines := []string{p.T("filter.chip", "Name", p.T("group.name"), "Value", v.Name)}
	for _, chip := range other.Chips {
		lines = append(lines, chip.Label)
	}
	return lines
}

func (p *viewForm) addSharing(s merchant.Staff, v merchant.SavedView) {
	p.MayShare = !v.Shared && mayShareViews(s)
	if !v.Shared {
		return
	}
	p.Shared = p.T("view.shared_by", "Who", v.Email, "When", v.ChangedAt)
	if v.Email == "" {
		p.Shared = p.T("view.shared_by", "Who", p.T("note.former_staff"), "When", v.ChangedAt)
	}
	if !s.May(staff.PermissionOpenViews) {
		return
	}
	for _, role := range staff.Roles() {
		p.Opening = append(p.Opening, viewRole{Role: string(role), Name: p.T("staff.role." + string(role)),
			Opens: slices.Contains(v.Roles, string(role))})
	}
}

func (h *Handler) changeView(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "view")
	if err != nil {
		return err
	}
	present, err := s.View(c.UserContext(), id)
	if err != nil {
		return err
	}
	form := viewFormOf(c, s, present)
	form.ID = id
	switch err := s.ChangeView(c.UserContext(), form); {
	case page.Refused(err):
		return h.showView(c, s, page.Values(c, "name", "columns"), atView(err))
	case err != nil:
		return err
	}
	return done(c, customersURL(customer.Query{View: id, Sort: form.Sort, Filters: form.Filters}), "view.saved")
}

func (h *Handler) deleteView(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "view")
	if err == nil {
		err = s.DeleteView(c.UserContext(), id, c.FormValue("version"))
	}
	return h.afterView(c, s, viewsPath, "view.deleted", err)
}

func (h *Handler) shareView(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "view")
	if err == nil {
		err = s.ShareView(c.UserContext(), id)
	}
	return h.afterView(c, s, viewsPath+"/"+id, "view.shared", err)
}

// openView makes the list of a role open with the view, or with all customers without the field "open".
func (h *Handler) openView(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "view")
	if err == nil {
		err = s.OpenView(c.UserContext(), id, c.FormValue("role"), c.FormValue("open") == "yes")
	}
	return h.afterView(c, s, viewsPath+"/"+id, "view.opened", err)
}

// afterView confirms an act on a view, or shows the form with the refusal.
func (h *Handler) afterView(c *fiber.Ctx, s merchant.Staff, path, name string, err error) error {
	switch {
	case page.Refused(err):
		return h.showView(c, s, nil, atView(err))
	case err != nil:
		return err
	}
	return done(c, path, name)
}
