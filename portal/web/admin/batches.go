package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	batchesPath  = "/admin/batches"
	newBatchPath = "/admin/batches/new"
	batchPath    = "/admin/batches/:id"
	exportName   = "customers.zip"
)

func (h *Handler) batchRoutes() []gate.Route {
	create := post(staff.PermissionBulk, newBatchPath, h.createBatch)
	create.Fields = merchant.MaxTicked + gate.MaxFields
	return []gate.Route{
		get(staff.PermissionBulk, batchesPath, h.batches),
		get(staff.PermissionBulk, newBatchPath, h.newBatch),
		create,
		get(staff.PermissionBulk, batchPath, h.batch),
		postFresh(staff.PermissionBulk, batchPath+"/start", h.startBatch),
		get(staff.PermissionBulk, batchPath+"/"+exportName, h.exportFile),
		post(staff.PermissionBulk, batchPath+"/stop", h.batchAct(merchant.Staff.StopBatch)),
		post(staff.PermissionBulk, batchPath+"/undo", h.undoBatch),
		post(staff.PermissionBulk, groupPath+"/delete", h.deleteGroup),
	}
}

// newBatchPage offers the bulk actions for a selection.
type newBatchPage struct {
	page.Base
	Selected string
	Chips    []page.Link // the filters of the selection
	Hidden   []page.Hidden
	Groups   []bulkGroup
	Form     page.Form
}

// bulkGroup is what belongs together among the bulk actions.
type bulkGroup struct {
	Title   string
	Actions []bulkForm
}

// groupOf returns the group of a bulk action, as the end of its key, and whether the action takes something
// away from the customers. An action that is not named here is in the last group.
func groupOf(action string) (group string, danger bool) {
	switch name, what, _ := strings.Cut(action, "_"); {
	case what == "tag" || what == "group":
		return "tags", false
	case what == "consent" || what == "link":
		return "email", false
	case name == "enable" || what == "sessions":
		return "access", false
	case name == "export":
		return "data", false
	}
	return "ends", true
}

// addGroups adds the forms in their groups; what takes something away comes last.
func (p *newBatchPage) addGroups(forms map[string][]bulkForm) {
	for _, group := range []string{"tags", "email", "access", "data", "ends"} {
		if len(forms[group]) > 0 {
			p.Groups = append(p.Groups, bulkGroup{Title: p.T("batch.group." + group), Actions: forms[group]})
		}
	}
}

// bulkForm is the form of one bulk action.
type bulkForm struct {
	Action, Title, Undo string
	Open, Danger        bool
	Fields              []page.Field
}

// selection is the ticked customers, or the filters and the search of "all that match".
type selection struct {
	ticked  []string
	filters map[string]string
	search  string
}

func selectionOf(c *fiber.Ctx) selection {
	args := c.Request().PostArgs()
	if c.Method() != fiber.MethodPost {
		args = c.Request().URI().QueryArgs()
	}
	chosen := selection{filters: map[string]string{}, search: strings.TrimSpace(string(args.Peek("search")))}
	for _, id := range args.PeekMulti("id") {
		if len(id) > 0 {
			chosen.ticked = append(chosen.ticked, string(id))
		}
	}
	for _, name := range customer.Filters() {
		if value := strings.TrimSpace(string(args.Peek(name))); value != "" {
			chosen.filters[name] = value
		}
	}
	return chosen
}

func (h *Handler) newBatch(c *fiber.Ctx, s merchant.Staff) error {
	return h.showNewBatch(c, s, nil, nil)
}

func (h *Handler) showNewBatch(c *fiber.Ctx, s merchant.Staff, typed map[string]string, refused error) error {
	chosen := selectionOf(c)
	if len(chosen.ticked) == 0 && c.Query("all") == "" && c.FormValue("all") == "" {
		return done(c, customersPath, "batch.nothing_ticked")
	}
	list := customersPage{Base: h.base(c, s, "customers", "batch.new"),
		Query: customer.Query{Filters: chosen.filters, Search: chosen.search}}
	list.country = func(code string) string { return h.app.AddressFormats().CountryName(code, list.L.Lang()) }
	if err := list.readGroups(c, s); err != nil {
		return err
	}
	data := newBatchPage{Base: list.Base, Form: list.Base.Form(typed, refused)}
	if len(chosen.ticked) > 0 {
		data.Selected = data.T("batch.ticked", "Count", len(chosen.ticked))
		for _, id := range chosen.ticked {
			data.Hidden = append(data.Hidden, page.Hidden{Name: "id", Value: id})
		}
	} else {
		if err := list.countMatching(c, s, h.app.Now()); err != nil {
			return err
		}
		data.all(&list)
	}
	forms := map[string][]bulkForm{}
	for _, action := range portal.BulkActions() {
		if !s.May(portal.BulkPermission(action)) {
			continue
		}
		form, err := data.form(action, list.groups)
		if err != nil {
			return err
		}
		form.Open = c.FormValue("action") == action
		group, danger := groupOf(action)
		form.Danger = danger
		forms[group] = append(forms[group], form)
	}
	data.addGroups(forms)
	return h.pages.Render(c, page.Refusal(refused), "admin/batch-new", data)
}

// all describes all customers that match the filters and the search of a list, with their number where it is
// known.
func (p *newBatchPage) all(list *customersPage) {
	q := list.Query
	p.Selected, p.Chips = p.T("batch.all"), list.selectionChips()
	if len(p.Chips) > 0 {
		p.Selected = p.T("batch.matching")
	}
	switch {
	case list.Number != "" && len(p.Chips) > 0:
		p.Selected = p.T("batch.matching.number", "Number", list.Number) + " (" + list.Counted + ")"
	case list.Number != "":
		p.Selected += " (" + p.T("customers.matching", "Number", list.Number) + ", " + list.Counted + ")"
	}
	p.Hidden = append(p.Hidden, page.Hidden{Name: "all", Value: "yes"})
	for _, name := range append(customer.Filters(), "search") {
		value := q.Filters[name]
		if name == "search" {
			value = q.Search
		}
		if value != "" {
			p.Hidden = append(p.Hidden, page.Hidden{Name: name, Value: value})
		}
	}
}

// selectionChips names the search and the filters of a selection.
func (p *customersPage) selectionChips() []page.Link {
	chips := p.chips(filterNames(p.Query))
	if p.Query.Search == "" {
		return chips
	}
	return append([]page.Link{{Label: p.T("filter.chip", "Name", p.T("customers.search.button"), "Value",
		p.Query.Search)}}, chips...)
}

// form returns the form of an action. The names of its fields begin with the action, so that they differ on
// the page.
func (p *newBatchPage) form(action string, groups []page.Option) (bulkForm, error) {
	form := bulkForm{Action: action, Title: p.T("batch.action." + action), Undo: p.T("batch.never")}
	if portal.BulkUndoable(action) {
		form.Undo = p.T("batch.undoable")
	}
	if p.L.Has("batch.effect." + action) {
		form.Undo = p.T("batch.effect." + action)
	}
	for _, name := range append(portal.BulkArgs(action), "reason") {
		field, err := p.field(action, name, groups)
		if err != nil {
			return form, err
		}
		form.Fields = append(form.Fields, field)
	}
	return form, nil
}

func (p *newBatchPage) field(action, name string, groups []page.Option) (page.Field, error) {
	full := action + "." + name
	switch name {
	case "group":
		return p.Form.Select(full, p.T("group.one"), groups)
	case "purpose":
		var options []page.Option
		for _, purpose := range customer.Purposes() {
			options = append(options, page.Option{Value: string(purpose),
				Label: p.T("consent.name." + string(purpose))})
		}
		return p.Form.Select(full, p.T("batch.purpose"), options)
	case "source":
		return p.Form.Field(full, p.T("batch.source"), "maxlength", "100", "hint", p.T("batch.source.hint"))
	case "reason":
		return p.Form.Field(full, p.T("customer.reason"), "maxlength", "5000", "optional", "yes", "hint",
			p.T("customer.reason.hint"))
	}
	return p.Form.Field(full, p.T("filter.tag"), "plain", "yes", "maxlength", "40", "autocapitalize", "none")
}

func (h *Handler) createBatch(c *fiber.Ctx, s merchant.Staff) error {
	chosen := selectionOf(c)
	form := merchant.Bulk{Action: c.FormValue("action"), Args: map[string]string{}, Ticked: chosen.ticked,
		Filters: chosen.filters, Search: chosen.search}
	if len(form.Ticked) == 0 && c.FormValue("all") == "" {
		return done(c, customersPath, "batch.nothing_ticked")
	}
	typed := map[string]string{}
	for _, name := range append(portal.BulkArgs(form.Action), "reason") {
		full := form.Action + "." + name
		typed[full], form.Args[name] = c.FormValue(full), c.FormValue(full)
	}
	form.Reason = form.Args["reason"]
	id, err := s.NewBatch(c.UserContext(), form)
	switch {
	case page.Refused(err):
		return h.showNewBatch(c, s, typed, atAction(form.Action, err))
	case err != nil:
		return err
	}
	return page.To(c, batchesPath+"/"+id)
}

// atAction returns an error with the names of the fields of an action's form.
func atAction(action string, err error) error {
	wrong := slices.Clone(validate.FieldErrors(err))
	for i := range wrong {
		if slices.Contains(append(portal.BulkArgs(action), "reason"), wrong[i].Field) {
			wrong[i].Field = action + "." + wrong[i].Field
		} else {
			wrong[i].Field = ""
		}
	}
	if len(wrong) == 0 {
		return err
	}
	return validate.InvalidFields(wrong)
}

func (h *Handler) deleteGroup(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		id, err = s.DeleteGroup(c.UserContext(), id)
	}
	if validate.KindOf(err) == validate.Invalid { // it is gone
		err = validate.NewError(validate.NotFound, "group.gone")
	}
	if err != nil {
		return err
	}
	return page.To(c, batchesPath+"/"+id)
}

// batchAct returns the handler of an act on a batch, after which its page shows the outcome.
func (h *Handler) batchAct(do batchAct) action {
	return func(c *fiber.Ctx, s merchant.Staff) error {
		id, err := gate.Param(c, "id")
		if err == nil {
			err = do(s, c.UserContext(), id)
		}
		switch {
		case page.Refused(err):
			return h.showBatch(c, s, id, err)
		case err != nil:
			return err
		}
		return page.To(c, batchesPath+"/"+id)
	}
}

func (h *Handler) startBatch(c *fiber.Ctx, s merchant.Staff) error {
	return h.batchAct(func(s merchant.Staff, ctx context.Context, id string) error {
		return s.StartBatch(ctx, id, c.FormValue("number"))
	})(c, s)
}

// exportFile downloads the file of an export. Somebody who has to prove the second factor first is led back
// to the page of the batch: a browser keeps showing the page before a download.
func (h *Handler) exportFile(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	write, err := s.ExportFile(c.UserContext(), id)
	switch {
	case validate.KindOf(err) == validate.StepUp:
		return page.To(c, page.WithQuery(confirmPath, "to", batchesPath+"/"+id))
	case page.Refused(err):
		return h.showBatch(c, s, id, err)
	case err != nil:
		return err
	}
	c.Set(fiber.HeaderContentType, "application/zip")
	return page.Download(c, s.Shop().ID+"-"+exportName, h.app.LostDownload, write)
}

func (h *Handler) undoBatch(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	undo, err := s.UndoBatch(c.UserContext(), id)
	switch {
	case page.Refused(err):
		return h.showBatch(c, s, id, err)
	case err != nil:
		return err
	}
	return page.To(c, batchesPath+"/"+undo)
}

func (h *Handler) batch(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	return h.showBatch(c, s, id, nil)
}

// batchTitle names what a batch does.
func batchTitle(b page.Base, v merchant.BatchView) string {
	if v.Action == portal.BulkUndo {
		undone := v.Undoes
		if undone.ID == "" {
			return b.T("batch.title.undo_unknown")
		}
		return b.T("batch.title.undo", "What", batchTitle(b, merchant.BatchView{Batch: undone, Group: v.Group}))
	}
	purpose := ""
	if v.Args["purpose"] != "" {
		purpose = b.T("consent.name." + v.Args["purpose"])
	}
	gone := b.T("batch.erased")
	return b.T("batch.title."+v.Action, "Survivor", cmp.Or(v.Survivor.Name, gone), "Loser",
		cmp.Or(v.Loser.Name, gone), "Tag", v.Args["tag"], "Group", v.Group, "Purpose", purpose)
}

// batchPill says how far a batch is.
func batchPill(b page.Base, state batch.State) page.Pill {
	tone := map[batch.State]string{batch.Ready: "waiting", batch.Done: "done", batch.Stopped: "stopped"}[state]
	text := b.T("batch.state." + string(state))
	if tone == "" {
		return b.Pill("moving", text).With("progress") // the tone's own icon is a lorry
	}
	if state == batch.Ready {
		return b.Pill(tone, text).With("info") // nothing takes time here, as the tone's clock would say
	}
	return b.Pill(tone, text)
}
