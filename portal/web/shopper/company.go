package shopper

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/validate"
	"postern/portal/web/page"
)

const companyPath = "/company"

// companyPage is the form for the customer's company.
type companyPage struct {
	page.Base
	Form      page.Form
	Version   string
	Countries []page.Option
	// Registration, Tax and VAT are the country's names for the three numbers.
	Registration, Tax, VAT string
	Moved                  string     // "yes" if the form shows another country than before
	Facts                  []fact     // instead of the form, for somebody who may not change them
	Known                  *page.Pill // status of the stored VAT ID, nil for none
}

// companyConflictPage shows what the customer typed beside the version that another window has saved since.
type companyConflictPage struct {
	page.Base
	Mine, Stored []fact
	Fields       []page.Hidden // what was typed, to be saved after all
}

func (h *Handler) company(c *fiber.Ctx, s portal.Shopper) error {
	return h.showCompany(c, s, s.Company(), fiber.StatusOK, nil)
}

func (h *Handler) saveCompany(c *fiber.Ctx, s portal.Shopper) error {
	typed := customer.Company{
		Name: c.FormValue("name"), Country: c.FormValue("country"),
		RegistrationNumber: c.FormValue("registration_number"),
		TaxNumber:          c.FormValue("tax_number"), VATID: c.FormValue("vat_id"),
		Version: c.FormValue("version"),
	}
	if c.FormValue("action") == page.ActionCountry {
		return h.showCompany(c, s, typed, fiber.StatusOK, nil)
	}
	_, err := s.SaveCompany(c.UserContext(), typed)
	switch {
	case validate.KindOf(err) == validate.Conflict:
		return h.showCompanyConflict(c, s, typed)
	case refused(err):
		return h.showCompany(c, s, typed, refusal(err), err)
	case err != nil:
		return err
	}
	return done(c, companyPath, "company.saved")
}

// showCompanyConflict asks which version to keep.
func (h *Handler) showCompanyConflict(c *fiber.Ctx, s portal.Shopper, typed customer.Company) error {
	data := companyConflictPage{Base: h.base(c, s, "company", "company.conflict.title")}
	countries := page.CountryOptions(h.app.AddressFormats(), data.Base)
	data.Mine, data.Stored = companyFacts(data.Base, countries, typed), companyFacts(data.Base, countries,
		s.Company())
	for name, value := range companyValues(typed) {
		data.Fields = append(data.Fields, page.Hidden{Name: name, Value: value})
	}
	slices.SortFunc(data.Fields, func(a, b page.Hidden) int { return strings.Compare(a.Name, b.Name) })
	data.Fields = append(data.Fields, page.Hidden{Name: "version", Value: s.Company().Version})
	return h.pages.Render(c, fiber.StatusConflict, "shopper/company-conflict", data)
}

// companyValues returns the values of the form's fields by their names.
func companyValues(c customer.Company) map[string]string {
	return map[string]string{"name": c.Name, "country": c.Country, "registration_number": c.RegistrationNumber,
		"tax_number": c.TaxNumber, "vat_id": c.VATID}
}

// showCompany shows the form.
func (h *Handler) showCompany(c *fiber.Ctx, s portal.Shopper, company customer.Company, status int,
	err error) error {
	data := companyPage{Base: h.base(c, s, "company", "company.title"), Version: company.Version}
	data.Countries, data.Moved = page.CountryOptions(h.app.AddressFormats(),
		data.Base), yes(c.FormValue("action") == page.ActionCountry)
	data.Form = data.Base.Form(companyValues(company), err).InOrder("name", "country",
		"registration_number", "tax_number", "vat_id")
	data.Registration = numberLabel(data.Base, "registration", company.Country)
	data.Tax = numberLabel(data.Base, "tax", company.Country)
	data.VAT = numberLabel(data.Base, "vat", company.Country)
	data.Form.Labels = map[string]string{
		"name": data.T("company.name"), "country": data.T("address.label.country"),
		"registration_number": data.Registration, "tax_number": data.Tax, "vat_id": data.VAT,
	}
	data.Facts = companyFacts(data.Base, data.Countries, company)
	if company.VATID == s.Company().VATID {
		data.Known = data.known(s.VATCheck())
	}
	return h.pages.Render(c, status, "shopper/company", data)
}

// known returns one sentence about the status of a VAT ID.
func (p *companyPage) known(e customer.VATEvidence, silent bool) *page.Pill {
	switch {
	case e.Status == customer.VATUnknown && silent:
		return p.pill("waiting", p.T("vat.status.silent"))
	case e.Status == customer.VATUnknown:
		return p.pill("waiting", p.T("vat.status.unknown"))
	case e.Status == customer.VATValid && e.Last.Name != "":
		return p.pill("done", p.T("vat.status.valid_name", "When", e.Last.At, "Name", e.Last.Name))
	case e.Status == customer.VATValid:
		return p.pill("done", p.T("vat.status.valid", "When", e.Last.At))
	case e.Status == customer.VATInvalid:
		return p.pill("stopped", p.T("vat.status.invalid", "When", e.Last.At, "Next", e.NextAt))
	case e.Status == customer.VATUncovered:
		return p.pill("neutral", p.T("vat.status.uncovered"))
	}
	return nil
}

func (p *companyPage) pill(tone, text string) *page.Pill {
	pill := p.Pill(tone, text)
	return &pill
}

// numberLabel returns the country's name for one of the company's numbers, or the generic name.
func numberLabel(b page.Base, number, country string) string {
	if key := "company." + number + "." + strings.ToLower(country); b.L.Has(key) {
		return b.T(key)
	}
	return b.T("company." + number)
}

// companyFacts lists what is known of a company.
func companyFacts(b page.Base, countries []page.Option, c customer.Company) []fact {
	country := ""
	if c.Country != "" { // else the label asks for a choice
		country = page.LabelOf(countries, c.Country)
	}
	return withValues([]fact{
		{b.T("company.name"), c.Name}, {b.T("address.label.country"), country},
		{numberLabel(b, "registration", c.Country), c.RegistrationNumber},
		{numberLabel(b, "tax", c.Country), c.TaxNumber},
		{numberLabel(b, "vat", c.Country), c.VATID},
	})
}
