package admin

import (
	"maps"
	"slices"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

func (h *Handler) mergeRoutes() []gate.Route {
	const path = customerPath + "/merge"
	return []gate.Route{
		getFresh(staff.PermissionMerge, path, h.merge),
		postFresh(staff.PermissionMerge, path, h.startMerge),
	}
}

// mergePage finds the other account of a person, and then compares the two.
type mergePage struct {
	page.Base
	Form         page.Form
	Path, Action string
	Name         string // of the customer whose page led here
	Search       string
	Searched     bool
	Found        []mergeFound
	Preview      *mergePreview
}

// mergeFound is a customer that the search found.
type mergeFound struct{ Name, Email, Path string }

// mergePreview compares two accounts and says what a merge does.
type mergePreview struct {
	Survivor, Loser mergeSide
	Swap            string
	Hidden          []page.Hidden
	Parts           []mergePart
	Moves           []string
	Reason          page.Field
}

// mergeSide is one of the two accounts.
type mergeSide struct {
	Name, Path string
	Facts      []fact
}

// mergePart is a part of which one value stays.
type mergePart struct {
	Name, Label, Error string
	ID                 string
	Choices            []mergeChoice
}

type mergeChoice struct {
	Value   string
	Lines   []string
	Checked bool
}

func (h *Handler) merge(c *fiber.Ctx, s merchant.Staff) error { return h.showMerge(c, s, nil) }

// startMerge merges the two customers. A refusal is shown on the preview.
func (h *Handler) startMerge(c *fiber.Ctx, s merchant.Staff) error {
	form := merchant.MergeForm{Choices: map[string]string{}, Seen: c.FormValue("seen"),
		Reason: c.FormValue("reason")}
	var err error
	if form.Survivor, form.Loser, err = mergeSides(c); err != nil {
		return err
	}
	for _, part := range customer.MergeParts() {
		form.Choices[part] = c.FormValue(portal.MergeChoice(part))
	}
	made, err := s.Merge(c.UserContext(), form)
	switch {
	case page.Refused(err):
		return h.showMerge(c, s, err)
	case err != nil:
		return err
	}
	return page.To(c, batchesPath+"/"+made)
}

// mergeSides returns which account stays and which is merged into it. "with" is the other account, and "keep"
// that which stays, the customer of the path by default.
func mergeSides(c *fiber.Ctx) (survivor, loser string, err error) {
	id, err := gate.Param(c, "id")
	with := c.FormValue("with")
	if c.FormValue("keep") == with && with != "" {
		return with, id, err
	}
	return id, with, err
}

func (h *Handler) showMerge(c *fiber.Ctx, s merchant.Staff, refused error) error {
	survivor, loser, err := mergeSides(c)
	if err != nil {
		return err
	}
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	here, err := s.ReadCustomer(c.UserContext(), id)
	if err != nil {
		return err
	}
	if here.ID != id {
		return page.To(c, customerPathOf(here.ID))
	}
	data := mergePage{Base: h.base(c, s, "customers", "merge.title"), Path: customerPathOf(id),
		Name: nameOf(here)}
	data.Action, data.Search = data.Path+"/merge", c.FormValue("search")
	if loser != "" && survivor != "" {
		p, err := s.PreviewMerge(c.UserContext(), survivor, loser)
		switch {
		case err == nil:
			return h.showMergePreview(c, data, p, refused)
		case !page.Refused(err):
			return err
		}
		refused = err
	}
	data.Form = data.Base.Form(map[string]string{"search": data.Search}, mergeFault(refused))
	if data.Searched = data.Search != ""; data.Searched {
		rows, err := s.FindToMerge(c.UserContext(), id, data.Search)
		if err != nil {
			return err
		}
		for _, row := range rows {
			data.Found = append(data.Found, mergeFound{Name: rowName(row), Email: row.Email,
				Path: page.WithQuery(data.Action, "with", row.ID)})
		}
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/merge", data)
}

// mergeFault returns an error about the other account as one about the whole form.
func mergeFault(err error) error {
	for _, wrong := range validate.FieldErrors(err) {
		if wrong.Field == portal.ArgLoser {
			return validate.NewError(validate.Invalid, wrong.Key)
		}
	}
	return err
}

func (h *Handler) showMergePreview(c *fiber.Ctx, data mergePage, p merchant.MergePreview, refused error) error {
	values := map[string]string{"reason": c.FormValue("reason")}
	for _, part := range customer.MergeParts() {
		values[portal.MergeChoice(part)] = c.FormValue(portal.MergeChoice(part))
	}
	data.Form = data.Base.Form(values, refused)
	data.Form.Labels = map[string]string{}
	v := &mergePreview{Survivor: h.mergeSide(data.Base, p.Survivor), Loser: h.mergeSide(data.Base, p.Loser)}
	with, swapped := p.Loser.ID, p.Loser.ID
	if data.Path != customerPathOf(p.Survivor.ID) {
		with, swapped = p.Survivor.ID, p.Loser.ID
	}
	v.Swap = page.WithQuery(data.Action, "with", with, "keep", swapped)
	v.Hidden = []page.Hidden{{Name: "with", Value: with}, {Name: "keep", Value: p.Survivor.ID},
		{Name: "seen", Value: p.Seen}}
	for _, name := range p.Differing {
		part := h.mergePart(data, name, p)
		data.Form.Labels[part.Name] = part.Label
		v.Parts = append(v.Parts, part)
	}
	v.Moves = []string{data.T("merge.moves.orders", "Count", int(p.Orders)), data.T("merge.moves.rest"),
		data.T("merge.moves.identifiers"), data.T("merge.moves.sessions"), data.T("merge.moves.confirm"),
		data.T("merge.undoable")}
	var err error
	v.Reason, err = data.Form.Field("reason", data.T("customer.reason"), "maxlength", "5000", "hint",
		data.T("customer.reason.hint"), "optional", "yes")
	if err != nil {
		return err
	}
	data.Preview = v
	return h.pages.Render(c, page.Refusal(refused), "admin/merge", data)
}

func (h *Handler) mergeSide(b page.Base, c customer.Customer) mergeSide {
	p := customerView{Base: b}
	side := mergeSide{Name: nameOf(c), Path: customerPathOf(c.ID)}
	visited := b.T("customer.never")
	if c.List != nil && !c.List.VisitedAt.IsZero() {
		visited = b.L.DateTime(c.List.VisitedAt)
	}
	orders := ""
	if c.List != nil {
		orders = b.L.Number(c.List.Orders)
	}
	side.Facts = p.facts("staff.email", c.Email, "customer.id", c.FeedID, "customers.column.orders", orders,
		"customers.column.registered", b.L.DateTime(c.CreatedAt), "customers.column.visited", visited)
	return side
}

// mergePart shows both values of a part, of which the survivor's is chosen at first.
func (h *Handler) mergePart(data mergePage, name string, p merchant.MergePreview) mergePart {
	field := portal.MergeChoice(name)
	part := mergePart{Name: field, ID: "field-" + field, Error: data.Form.FieldErrors[field]}
	switch labels := editLabels(data.Base); name {
	case "company", "tax_exempt", "disabled":
		part.Label = data.T("merge.part." + name)
	default:
		part.Label = labels[name]
	}
	chosen := data.Form.Values[field]
	for _, side := range []struct {
		name string
		of   customer.Customer
	}{{customer.SideSurvivor, p.Survivor}, {customer.SideLoser, p.Loser}} {
		part.Choices = append(part.Choices, mergeChoice{Value: side.name,
			Lines: h.partLines(data.Base, side.of, name), Checked: chosen == side.name || chosen == "" && side.name == customer.SideSurvivor})
	}
	return part
}

// partLines returns the values of a part of an account as lines.
func (h *Handler) partLines(b page.Base, c customer.Customer, name string) []string {
	if name == "disabled" {
		if c.Disabled.IsZero() {
			return []string{b.T("merge.open")}
		}
		return []string{disabledSentence(b, c.Disabled)}
	}
	part, labels := c.Part(name), editLabels(b)
	var lines []string
	for _, field := range slices.Sorted(maps.Keys(part)) {
		value := part[field]
		switch field {
		case "phone":
			value = address.FormatPhone(value, "") // both with the country, so that they can be compared
		case "company.country":
			value = h.app.AddressFormats().CountryName(value, b.L.Lang())
		}
		if field != name {
			value = labels[field] + ": " + value
		}
		lines = append(lines, value)
	}
	return lines
}
