package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/address"
	"postern/portal/merchant"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// editPage is the form with a customer's data.
type editPage struct {
	page.Base
	Form      page.Form
	Path      string        // of the customer's page
	Stored    []page.Hidden // the values that the form was made from
	Countries []page.Option
	Choices   []page.Option // of languages
}

// storedPrefix precedes the names of the fields with the values that a form was made from.
const storedPrefix = "stored."

func (h *Handler) edit(c *fiber.Ctx, s merchant.Staff) error { return h.showEdit(c, s, nil, nil) }

func (h *Handler) saveEdit(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	e := merchant.Edit{Customer: id, Base: map[string]string{}, Values: map[string]string{},
		Reason: c.FormValue("reason")}
	sent := c.Request().PostArgs()
	for _, name := range merchant.EditFields() {
		e.Base[name] = c.FormValue(storedPrefix + name)
		if sent.Has(name) {
			e.Values[name] = c.FormValue(name)
		}
	}
	act, err := s.EditCustomer(c.UserContext(), e)
	switch {
	case page.Refused(err):
		typed := e.Values
		typed["reason"] = e.Reason
		return h.showEdit(c, s, typed, err)
	case err != nil:
		return err
	case act == "":
		return done(c, customerPathOf(id), "customer.unchanged")
	}
	return page.To(c, page.WithQuery(customerPathOf(id), "done", "customer.saved", "undo", act))
}

// showEdit shows the form. After a conflict it has the typed values, and is made from the present ones.
func (h *Handler) showEdit(c *fiber.Ctx, s merchant.Staff, typed map[string]string, err error) error {
	id, bad := gate.Param(c, "id")
	if bad != nil {
		return bad
	}
	stored, bad := s.ReadCustomer(c.UserContext(), id)
	if bad != nil {
		return bad
	}
	data := h.editPageOf(h.base(c, s, "customers", "customer.edit"), customerPathOf(id))
	values := merchant.EditValues(stored)
	for _, name := range merchant.EditFields() {
		base := values[name]
		if typed != nil && validate.KindOf(err) != validate.Conflict {
			base = c.FormValue(storedPrefix + name)
		}
		data.Stored = append(data.Stored, page.Hidden{Name: storedPrefix + name, Value: base})
	}
	if typed != nil {
		values = typed
	}
	data.Form = data.Base.Form(values, data.named(err)).InOrder(append(merchant.EditFields(), "reason")...)
	data.Form.Labels = data.labels()
	return h.pages.Render(c, page.Refusal(err), "admin/customer-edit", data)
}

// editPageOf returns the page with the choices of its lists.
func (h *Handler) editPageOf(b page.Base, path string) editPage {
	data := editPage{Base: b, Path: path}
	data.Countries = h.countries(data.Base)
	data.Choices = []page.Option{{Label: data.T("customer.edit.language_none")}}
	for _, choice := range data.Languages {
		data.Choices = append(data.Choices, page.Option{Value: choice.Lang, Label: choice.Name})
	}
	return data
}

// named returns the error with the present values of its fields as people read them.
func (p *editPage) named(err error) error {
	if validate.KindOf(err) != validate.Conflict {
		return err
	}
	found := validate.FieldErrors(err)
	for i, wrong := range found {
		stored := wrong.Args["Stored"]
		switch wrong.Field {
		case "company.country":
			stored = page.LabelOf(p.Countries, stored)
		case "language":
			stored = page.LabelOf(p.Choices, stored)
		case "phone":
			stored = address.FormatPhone(stored, "")
		}
		if wrong.Key = "edit.conflict"; stored == "" {
			wrong.Key = "edit.conflict.empty"
		}
		wrong.Args = map[string]string{"Stored": stored}
		found[i] = wrong
	}
	return &validate.Error{Kind: validate.Conflict, Key: "edit.changed", Fields: found}
}

func (p *editPage) labels() map[string]string { return editLabels(p.Base) }

// editLabels returns the labels of the fields that staff edit.
func editLabels(b page.Base) map[string]string {
	labels := map[string]string{}
	for name, key := range map[string]string{
		"title": "profile.honorific", "first_name": "address.label.first_name", "last_name": "address.label.last_name",
		"birth_date": "profile.birth_date", "phone": "address.label.phone", "language": "filter.language",
		"company.name": "company.name", "company.country": "address.label.country",
		"company.registration_number": "company.registration", "company.tax_number": "company.tax",
		"company.vat_id": "company.vat", "tax_exempt.reason": "customer.exempt.reason",
		"tax_exempt.certificate": "customer.exempt.certificate", "tags": "customer.tags", "reason": "customer.reason",
	} {
		labels[name] = b.T(key)
	}
	return labels
}

// countries returns the options of a select list with all countries.
func (h *Handler) countries(b page.Base) []page.Option {
	options := []page.Option{{}}
	for _, country := range h.app.AddressFormats().Countries(b.L.Lang()) {
		options = append(options, page.Option{Value: country.Code, Label: country.Name})
	}
	return options
}

func customerPathOf(id string) string { return customersPath + "/" + id }

// undo undoes an act on a customer. A refusal is shown on the customer's page.
func (h *Handler) undo(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.Undo(c.UserContext(), id, c.FormValue("act"))
	}
	switch {
	case validate.KindOf(err) == validate.Conflict:
		return h.showCustomer(c, s, id, typedForm{err: err})
	case err != nil:
		return err
	}
	return done(c, customerPathOf(id), "customer.undone")
}
