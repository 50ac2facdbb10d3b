package shopper

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const profilePath = "/profile"

// profilePage is the form for the customer's personal details. A newly registered customer may be sent here
// first.
type profilePage struct {
	page.Base
	Form            page.Form
	Version         string
	To              string // the customer's destination, "" if they opened the page themselves
	Later           string // path that continues without saving
	LanguageOptions []page.Option
	Facts           []fact // instead of the form, for somebody who may not change them
	Stored          []fact // the version that another window has saved since
	Emails          orderEmails
	wanted          []string
}

// Required returns "yes" if the field must be filled in, otherwise "".
func (p profilePage) Required(field string) string { return yes(slices.Contains(p.wanted, field)) }

// Optional returns "yes" if the field should be marked as optional because others are required, otherwise
// "".
func (p profilePage) Optional(field string) string {
	return yes(len(p.wanted) > 0 && !slices.Contains(p.wanted, field))
}

func yes(on bool) string {
	if on {
		return "yes"
	}
	return ""
}

func (h *Handler) profileRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Customer, profilePath, signedIn(h.profile)),
		gate.Post(gate.Customer, profilePath, signedIn(h.saveProfile)),
		gate.Post(gate.Customer, orderEmailsPath, signedIn(h.saveOrderEmails)),
		gate.Get(gate.Customer, privacyPath, signedIn(h.privacy)),
		gate.Post(gate.Customer, privacyPath, signedIn(h.saveConsent)),
		gate.Get(gate.Public, portal.UnsubscribePrefix+":token", h.unsubscribe),
		gate.Post(gate.OneClick, portal.UnsubscribePrefix+":token", h.oneClick),
	}
}

func (h *Handler) profile(c *fiber.Ctx, s portal.Shopper) error {
	shown := s.Profile()
	shown.Phone = address.FormatPhone(shown.Phone, "")
	return h.showProfile(c, s, shown, fiber.StatusOK, nil)
}

func (h *Handler) saveProfile(c *fiber.Ctx, s portal.Shopper) error {
	typed := customer.Profile{
		Title: c.FormValue("title"), FirstName: c.FormValue("first_name"), LastName: c.FormValue("last_name"),
		BirthDate: c.FormValue("birth_date"), Phone: c.FormValue("phone"), Language: c.FormValue("language"),
		Company: c.FormValue("company"), Version: c.FormValue("version"),
	}
	_, err := s.SaveProfile(c.UserContext(), typed)
	switch validate.KindOf(err) {
	case validate.Invalid:
		return h.showProfile(c, s, typed, fiber.StatusUnprocessableEntity, err)
	case validate.Conflict:
		return h.showProfile(c, s, typed, fiber.StatusConflict, err)
	}
	if err != nil {
		return err
	}
	if to := c.FormValue("to"); to != "" {
		return page.SeeOther(c, postSignInURL(gate.Shop(c), to).With("done", "profile.saved"))
	}
	return done(c, profilePath, "profile.saved")
}

// showProfile shows the form. After a conflict it holds the typed values and the current version number and
// shows the stored values beside them.
func (h *Handler) showProfile(c *fiber.Ctx, s portal.Shopper, profile customer.Profile, status int,
	err error) error {
	data := profilePage{Base: h.base(c, s, "profile", "profile.title"), Version: profile.Version,
		wanted: s.RequiredFields()}
	for _, choice := range data.Languages {
		data.LanguageOptions = append(data.LanguageOptions,
			page.Option{Value: choice.Lang, Label: choice.Name})
	}
	if page.LabelOf(data.LanguageOptions, profile.Language) == "" {
		profile.Language = data.L.Lang()
	}
	if to := c.FormValue("to"); to != "" {
		data.Later = postSignInURL(gate.Shop(c), to).String()
		data.To = to
		data.CurrentURL = withQuery(profilePath, "to", to)
	}
	data.Form = data.Base.Form(map[string]string{
		"title": profile.Title, "first_name": profile.FirstName, "last_name": profile.LastName,
		"birth_date": profile.BirthDate,
		"phone":      profile.Phone, "language": profile.Language, "company": profile.Company,
	}, err).InOrder("title", "first_name", "last_name", "company", "birth_date", "phone", "language")
	data.Form.Labels = data.labels()
	data.Facts = data.stored(s.Profile())
	data.Emails = orderEmailsOf(data.Base, s)
	if status == fiber.StatusConflict {
		kept := s.Profile()
		if profile.Company == "" { // the form does not ask for it
			kept.Company = ""
		}
		data.Version, data.Stored = kept.Version, data.stored(kept)
	}
	return h.pages.Render(c, status, "shopper/profile", data)
}

func (p *profilePage) labels() map[string]string {
	return map[string]string{
		"title": p.T("profile.honorific"), "first_name": p.T("address.label.first_name"),
		"last_name":  p.T("address.label.last_name"),
		"birth_date": p.T("profile.birth_date"), "phone": p.T("address.label.phone"),
		"language": p.T("footer.language"),
		"company":  p.T("company.name"),
	}
}

func (p *profilePage) stored(kept customer.Profile) []fact {
	labels := p.labels()
	facts := []fact{
		{labels["title"], kept.Title}, {labels["first_name"], kept.FirstName},
		{labels["last_name"], kept.LastName},
		{labels["birth_date"], kept.BirthDate}, {labels["phone"], address.FormatPhone(kept.Phone, "")},
		{labels["language"], page.LabelOf(p.LanguageOptions, kept.Language)},
		{labels["company"], kept.Company},
	}
	return withValues(facts)
}

// asksFirst returns the path of the profile for a customer who has just signed in, if the shop requires
// details that are missing. The path includes to, the customer's destination.
func asksFirst(c *fiber.Ctx, to string) (path shop.LocalPath, asks bool, err error) {
	if len(gate.Shop(c).RequiredFields) == 0 {
		return path, false, nil
	}
	s, err := gate.Shopper(c)
	if err != nil || !s.ProfileIncomplete() {
		return path, false, err
	}
	path, err = page.Own(withQuery(profilePath, "to", to))
	return path, true, err
}
