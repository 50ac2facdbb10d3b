package shopper

import (
	"slices"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// actionCountry is the value of the button that shows the form for another country. Any other value saves
// the address.
const actionCountry = "country"

// addressPage is the form of one address.
type addressPage struct {
	page.Base
	Action    string // path that the form is posted to
	Version   string
	Form      page.Form
	Countries []page.Option
	Fields    []page.Field  // in the country's order; empty until a country is chosen
	Kept      []page.Hidden // stored values that the country's form has no field for
}

// conflictPage shows both versions of an address that was changed in two windows and lets the customer
// choose one.
type conflictPage struct {
	page.Base
	Action       string
	Mine, Stored addressCard
	Fields       []page.Hidden // hidden fields of the form that keeps the typed version
	Discard      string        // path that keeps the stored version
}

func (h *Handler) newAddress(c *fiber.Ctx, s portal.Shopper) error {
	saved := customer.SavedAddress{Address: address.Address{
		FirstName: s.Customer().FirstName, LastName: s.Customer().LastName, Country: h.likelyCountry(c, s),
	}}
	if country := c.Query("country"); country != "" {
		saved.Address.Country = country
	}
	return h.showAddress(c, s, saved, fiber.StatusOK, nil)
}

func (h *Handler) editAddress(c *fiber.Ctx, s portal.Shopper) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	saved, err := s.Address(c.UserContext(), id)
	if err != nil {
		return err
	}
	if country := c.Query("country"); country != "" && country != saved.Address.Country {
		saved.Address = h.moved(saved.Address, country)
	}
	return h.showAddress(c, s, saved, fiber.StatusOK, nil)
}

// saveAddress saves a new address or a changed one, or shows the form of another country.
func (h *Handler) saveAddress(c *fiber.Ctx, s portal.Shopper) error {
	typed, err := typedAddress(c)
	if err != nil {
		return err
	}
	if c.FormValue("action") == actionCountry {
		typed.Address = h.moved(typed.Address, typed.Address.Country)
		return h.showAddress(c, s, typed, fiber.StatusOK, nil)
	}
	_, err = s.SaveAddress(c.UserContext(), typed)
	switch validate.KindOf(err) {
	case validate.Invalid, validate.TooMany:
		return h.showAddress(c, s, typed, refusal(err), err)
	case validate.Conflict:
		return h.showConflict(c, s, typed)
	case validate.NotFound: // deleted in another window: offer to add the typed address again
		typed.ID, typed.Version = "", ""
		return h.showAddress(c, s, typed, fiber.StatusConflict, err)
	}
	if err != nil {
		return err
	}
	if typed.ID == "" {
		return done(c, addressesPath, "address.added")
	}
	return done(c, addressesPath, "address.saved")
}

// typedAddress reads the form. The path of a new address has no ID.
func typedAddress(c *fiber.Ctx) (customer.SavedAddress, error) {
	id, err := gate.Param(c, "id")
	typed := customer.SavedAddress{
		ID: id, Version: c.FormValue("version"),
		DefaultShipping: c.FormValue("default_shipping") == "yes",
		DefaultBilling:  c.FormValue("default_billing") == "yes",
	}
	for _, name := range address.Names() {
		typed.Address.Set(name, c.FormValue(string(name)))
	}
	return typed, err
}

// moved returns the address in another country, without the values that the country's form has no field
// for.
func (h *Handler) moved(a address.Address, country string) address.Address {
	a.Country = country
	form := h.app.AddressFormats().Form(country)
	for _, name := range address.Names() {
		if name != address.Country && form != nil && !hasField(form, name) {
			a.Set(name, "")
		}
	}
	return a
}

func hasField(form []address.Field, name address.Name) bool {
	return slices.ContainsFunc(form, func(f address.Field) bool { return f.Name == name })
}

// likelyCountry returns the country of the customer's first saved address, otherwise the region of the
// browser's language, or "".
func (h *Handler) likelyCountry(c *fiber.Ctx, s portal.Shopper) string {
	if saved := s.Customer().Addresses; len(saved) > 0 {
		return saved[0].Address.Country
	}
	tags, _, err := language.ParseAcceptLanguage(c.Get(fiber.HeaderAcceptLanguage))
	if err != nil || len(tags) == 0 {
		return ""
	}
	if region, sure := tags[0].Region(); sure >= language.High && h.app.AddressFormats().Form(region.String()) != nil {
		return region.String()
	}
	return ""
}

func (h *Handler) showAddress(c *fiber.Ctx, s portal.Shopper, a customer.SavedAddress, status int,
	err error) error {
	title, action := "address.edit.title", addressPath(a.ID)
	if a.ID == "" {
		title, action = "address.new.title", addressesPath+"/new"
	}
	data := addressPage{Base: h.base(c, s, "addresses", title), Action: action, Version: a.Version}
	data.Countries = countryOptions(h.app.AddressFormats(), data.Base)
	form := h.app.AddressFormats().Form(a.Address.Country)
	if at := fieldErrorsAt(err, true, []string{string(address.Country)}); form == nil && len(at) > 0 {
		err = validate.InvalidFields(at) // the other fields are shown once there is a country
	}
	order := []string{string(address.Country)}
	for _, field := range form {
		order = append(order, string(field.Name))
	}
	data.Form = data.Base.Form(addressValues(a), err).InOrder(order...)
	var wrong error
	if data.Fields, wrong = data.fields(form); wrong != nil {
		return wrong
	}
	if c.FormValue("action") == actionCountry && len(data.Fields) > 0 {
		data.Fields[0].Autofocus = true // the country is chosen; its fields are next
	}
	data.Form.Labels = data.labels()
	data.Kept = strays(form, a.Address)
	return h.pages.Render(c, status, "shopper/address", data)
}

// countryOptions lists the countries in the page's language, below a first option that asks for a choice.
func countryOptions(formats *address.Formats, b page.Base) []page.Option {
	options := []page.Option{{Label: b.T("address.country.choose")}}
	for _, country := range formats.Countries(b.L.Lang()) {
		options = append(options, page.Option{Value: country.Code, Label: country.Name})
	}
	return options
}

func addressValues(a customer.SavedAddress) map[string]string {
	values := map[string]string{}
	for _, name := range address.Names() {
		values[string(name)] = a.Address.Get(name)
	}
	if phone := a.Address.Phone; phone != "" {
		values[string(address.Phone)] = address.FormatPhone(phone, a.Address.Country)
	}
	for name, on := range map[string]bool{"default_shipping": a.DefaultShipping,
		"default_billing": a.DefaultBilling} {
		if on {
			values[name] = "yes"
		}
	}
	return values
}

// strays returns the values that the country's form has no field for. The form keeps them because the shop
// may have sent them and the carrier may need them. Until a country is chosen, strays returns every value.
func strays(form []address.Field, a address.Address) []page.Hidden {
	var kept []page.Hidden
	for _, name := range address.Names() {
		if value := a.Get(name); value != "" && name != address.Country && !hasField(form, name) {
			kept = append(kept, page.Hidden{Name: string(name), Value: value})
		}
	}
	return kept
}
