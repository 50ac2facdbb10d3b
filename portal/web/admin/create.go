package admin

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/storage"
)

const newCustomerPath = customersPath + "/new"

// createRoutes come before those of one customer, whose path they match.
func (h *Handler) createRoutes() []gate.Route {
	create := post(staff.PermissionEditCustomers, newCustomerPath, h.createCustomer)
	create.Fields = customer.MaxGroups + gate.MaxFields
	return []gate.Route{get(staff.PermissionEditCustomers, newCustomerPath, h.newCustomer), create}
}

// newCustomerPage is the form that creates a customer.
type newCustomerPage struct {
	editPage
	FormID   string
	Taken    string // path of the customer who has the email
	Enabled  []page.Option
	Consents []newConsent
	Groups   []page.Field // a box for each group
	Address  []page.Field // in the country's order; empty until a country is chosen
	Where    []page.Option
}

// newConsent is what a new customer said about one kind of emails.
type newConsent struct {
	Name   string
	Fields []page.Field
}

const (
	groupPrefix   = "groups."
	fieldCountry  = merchant.AddressPrefix + string(address.Country)
	fieldDisabled = "disabled"
)

// newFields are the fields of the form that are not the customer's own texts.
func newFields() []string {
	fields := []string{"email", "invite", fieldDisabled, "reason"}
	for _, purpose := range customer.Purposes() {
		for _, name := range consentFields() {
			fields = append(fields, merchant.ConsentField(purpose, name))
		}
	}
	for _, name := range address.Names() {
		fields = append(fields, merchant.AddressPrefix+string(name))
	}
	return fields
}

func consentFields() []string { return []string{"status", "note", "at"} }

func (h *Handler) newCustomer(c *fiber.Ctx, s merchant.Staff) error {
	return h.showNewCustomer(c, s, storage.NewID(), map[string]string{}, nil)
}

// createCustomer creates the customer, or shows the form with the address of another country.
func (h *Handler) createCustomer(c *fiber.Ctx, s merchant.Staff) error {
	typed := page.Values(c, append(merchant.EditFields(), newFields()...)...)
	groups := groupsOf(c, typed)
	n := merchant.NewCustomer{Form: c.FormValue("form"), Invite: typed["invite"] == "yes", Reason: typed["reason"],
		Values:   page.Values(c, append(merchant.EditFields(), "email")...),
		Disabled: typed[fieldDisabled] == "yes", Groups: groups}
	if c.FormValue("action") == page.ActionCountry {
		return h.showNewCustomer(c, s, n.Form, typed, nil)
	}
	for _, purpose := range customer.Purposes() {
		of := func(name string) string { return typed[merchant.ConsentField(purpose, name)] }
		n.Consents = append(n.Consents, merchant.ConsentSaid{Purpose: purpose, Status: of("status"),
			Note: of("note"), At: of("at")})
	}
	for _, name := range address.Names() {
		n.Address.Address.Set(name, typed[merchant.AddressPrefix+string(name)])
	}
	id, err := s.CreateCustomer(c.UserContext(), n)
	switch {
	case page.Refused(err):
		return h.showNewCustomer(c, s, n.Form, typed, err)
	case err != nil:
		return err
	}
	return done(c, customerPathOf(id), "customer.created")
}

// groupsOf returns the ids of the ticked groups, which it adds to the typed values.
func groupsOf(c *fiber.Ctx, typed map[string]string) (ids []string) {
	for field, value := range c.Request().PostArgs().All() {
		if id, found := strings.CutPrefix(string(field), groupPrefix); found && string(value) == "yes" {
			ids = append(ids, id)
			typed[groupPrefix+id] = "yes"
		}
	}
	return ids[:min(len(ids), customer.MaxGroups+1)]
}

func (h *Handler) showNewCustomer(c *fiber.Ctx, s merchant.Staff, id string, values map[string]string,
	refused error) error {
	page.SetRetryAfter(c, refused)
	data := newCustomerPage{FormID: id}
	data.editPage = h.editPageOf(h.base(c, s, "customers", "customer.new"), customersPath)
	for _, wrong := range validate.FieldErrors(refused) {
		if wrong.Key == merchant.KeyEmailTaken {
			data.Taken = customerPathOf(wrong.Args["Customer"])
		}
	}
	data.Form = data.Base.Form(values, refused).
		InOrder(append(append([]string{"email", "invite", fieldDisabled}, merchant.EditFields()...),
			newFields()[3:]...)...)
	data.Form.Labels = data.labels()
	data.Form.Labels["email"] = data.T("staff.email")
	if err := data.addParts(c, h, s); err != nil {
		return err
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/customer-new", data)
}

// addParts adds the parts of the form that no form of an existing customer has: consents, groups and an
// address.
func (p *newCustomerPage) addParts(c *fiber.Ctx, h *Handler, s merchant.Staff) error {
	for _, purpose := range customer.Purposes() {
		fields, err := p.consentFields(purpose)
		if err != nil {
			return err
		}
		p.Consents = append(p.Consents, newConsent{p.T("consent.name." + string(purpose)), fields})
	}
	groups, err := s.Groups(c.UserContext())
	if err != nil {
		return err
	}
	for _, g := range groups {
		box, err := p.Form.Field(groupPrefix+g.ID, g.Name, "type", "checkbox")
		if err != nil {
			return err
		}
		p.Groups = append(p.Groups, box)
	}
	p.Where = append([]page.Option{{Label: p.T("customer.new.no_address")}}, p.Countries[1:]...)
	p.Address, err = p.AddressFields(h.app.AddressFormats(), p.Form, p.Form.Values[fieldCountry],
		merchant.AddressPrefix)
	for _, field := range p.Address {
		p.Form.Labels[field.Name] = p.T("filter.chip", "Name", p.T("customer.one_address"), "Value", field.Label)
	}
	if len(p.Address) > 0 && c.FormValue("action") == page.ActionCountry {
		p.Address[0].Autofocus = true
	}
	return err
}

func (p *newCustomerPage) consentFields(purpose customer.Purpose) ([]page.Field, error) {
	of := func(name string) string { return merchant.ConsentField(purpose, name) }
	choices := []page.Option{{Label: p.T("customer.new.consent_none")}}
	for _, status := range []customer.ConsentStatus{customer.ConsentGiven, customer.ConsentWithdrawn} {
		choices = append(choices, page.Option{Value: string(status), Label: p.T("customer.consent." + string(status))})
	}
	what := p.T("consent.name." + string(purpose))
	for _, name := range consentFields() {
		p.Form.Labels[of(name)] = what
	}
	status, err := p.Form.Select(of("status"), p.T("customer.consent.status"), choices)
	if err != nil {
		return nil, err
	}
	note, err := p.Form.Field(of("note"), p.T("customer.consent.note"), "maxlength", "200", "hint",
		p.T("customer.consent.note.hint"))
	if err != nil {
		return nil, err
	}
	at, err := p.Form.Field(of("at"), p.T("customer.consent.at"), "type", "datetime-local", "half", "yes")
	return []page.Field{status, note, at}, err
}
