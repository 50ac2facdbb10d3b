package shopper

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/customer"
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
	Known                  *page.Pill // status of the stored VAT ID, nil for none
	Stored                 []fact     // the version that another window has saved since
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
	if c.FormValue("action") == actionCountry {
		return h.showCompany(c, s, typed, fiber.StatusOK, nil)
	}
	_, err := s.SaveCompany(c.UserContext(), typed)
	switch {
	case refused(err):
		return h.showCompany(c, s, typed, refusal(err), err)
	case err != nil:
		return err
	}
	return done(c, companyPath, "company.saved")
}

// showCompany shows the form. After a conflict it holds the typed values and the current version number and
// shows the stored values beside them, so that saving again overwrites them deliberately.
func (h *Handler) showCompany(c *fiber.Ctx, s portal.Shopper, company customer.Company, status int,
	err error) error {
	data := companyPage{Base: h.base(c, s, "company", "company.title"), Version: company.Version}
	data.Countries, data.Moved = countryOptions(h.app.AddressFormats(), data.Base), yes(c.FormValue("action") == actionCountry)
	data.Form = data.Base.Form(map[string]string{
		"name": company.Name, "country": company.Country, "registration_number": company.RegistrationNumber,
		"tax_number": company.TaxNumber, "vat_id": company.VATID,
	}, err).InOrder("name", "country", "registration_number", "tax_number", "vat_id")
	data.Registration = data.numberLabel("registration", company.Country)
	data.Tax = data.numberLabel("tax", company.Country)
	data.VAT = data.numberLabel("vat", company.Country)
	data.Form.Labels = map[string]string{
		"name": data.T("company.name"), "country": data.T("address.label.country"),
		"registration_number": data.Registration, "tax_number": data.Tax, "vat_id": data.VAT,
	}
	if company.VATID == s.Company().VATID {
		data.Known = data.known(s.VATCheck())
	}
	if status == fiber.StatusConflict {
		data.Version, data.Stored = s.Company().Version, data.stored(s.Company())
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
func (p *companyPage) numberLabel(number, country string) string {
	if key := "company." + number + "." + strings.ToLower(country); p.L.Has(key) {
		return p.T(key)
	}
	return p.T("company." + number)
}

func (p *companyPage) stored(c customer.Company) []fact {
	facts := []fact{
		{p.T("company.name"), c.Name}, {p.T("address.label.country"), page.LabelOf(p.Countries, c.Country)},
		{p.numberLabel("registration", c.Country), c.RegistrationNumber},
		{p.numberLabel("tax", c.Country), c.TaxNumber},
		{p.numberLabel("vat", c.Country), c.VATID},
	}
	return withValues(facts)
}
