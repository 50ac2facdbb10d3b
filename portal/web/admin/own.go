package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/credential"
	"postern/portal/merchant"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	securityPath = "/admin/security"
	confirmPath  = "/admin/confirm"
)

func (h *Handler) ownRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionHome, homePath, h.home),
		post(staff.PermissionHome, languagePath, h.setLanguage),
		get(staff.PermissionSecurity, confirmPath, h.confirm),
		post(staff.PermissionSecurity, confirmPath, h.enterConfirm),
		get(staff.PermissionSecurity, securityPath, h.security),
		post(staff.PermissionSecurity, securityPath+"/end", h.endSession),
		post(staff.PermissionSecurity, securityPath+"/end-others", h.endOtherSessions),
		getFresh(staff.PermissionSecurity, securityPath+"/recovery", h.recovery),
		postFresh(staff.PermissionSecurity, securityPath+"/recovery", h.renewRecovery),
	}
}

func (h *Handler) setLanguage(c *fiber.Ctx, s merchant.Staff) error {
	if err := s.SetLanguage(c.UserContext(), c.FormValue("lang")); err != nil {
		return err
	}
	return page.SeeOther(c, ownPath(c.FormValue("back")))
}

// ownPath returns a path of the pages of staff, or that of the start page for any other.
func ownPath(wish string) shop.LocalPath {
	to, ok := shop.ParseRequestedPath(wish)
	if !ok || !gate.IsAdminPath(to.String()) {
		to, _ = shop.ParsePath(homePath)
	}
	return to
}

// confirmPage asks for the second factor once more.
type confirmPage struct {
	page.Base
	Form     page.Form
	To       string
	Passkey  *passkeyForm
	App      bool
	Recovery bool
	Other    string
}

func (h *Handler) confirm(c *fiber.Ctx, s merchant.Staff) error {
	if s.IsFresh() {
		return page.SeeOther(c, ownPath(c.Query("to")))
	}
	return h.showConfirm(c, s, nil)
}

func (h *Handler) showConfirm(c *fiber.Ctx, s merchant.Staff, err error) error {
	page.SetRetryAfter(c, err)
	data := confirmPage{Base: h.base(c, s, "", "admin.confirm.title"), To: ownPath(c.FormValue("to")).String(),
		App: !s.Factors().AppSince.IsZero(), Recovery: c.FormValue("with") == "recovery"}
	data.Other = page.WithQuery(confirmPath, "to", data.To, "with", "recovery")
	if data.Recovery {
		data.Other = page.WithQuery(confirmPath, "to", data.To)
	} else {
		data.Passkey = newPasskeyForm(data.Base, s.PasskeyOffer(), confirmPath, confirmPasskeyPath, data.To)
		data.Recovery = data.Passkey == nil && !data.App
	}
	data.CurrentURL = page.WithQuery(confirmPath, "to", data.To)
	data.Form = data.Base.Form(page.Values(c, "code"), err)
	return h.pages.Render(c, page.Refusal(err), "admin/confirm", data)
}

func (h *Handler) enterConfirm(c *fiber.Ctx, s merchant.Staff) error {
	var err error
	if answer := c.FormValue("answer"); answer != "" {
		err = s.ConfirmPasskey(c.UserContext(), answer)
	} else {
		err = s.Confirm(c.UserContext(), c.FormValue("code"))
	}
	if page.Refused(err) {
		return h.showConfirm(c, s, err)
	}
	if err != nil {
		return err
	}
	return page.SeeOther(c, ownPath(c.FormValue("to")))
}

// securityPage lists the person's sessions and factors.
type securityPage struct {
	page.Base
	App, Codes string
	Passkeys   []passkeyRow
	Why        string // there are no passkeys, or ""
	Current    signedInBrowser
	Others     []signedInBrowser
}

// signedInBrowser describes one session.
type signedInBrowser struct{ ID, Device, Seen, Since string }

func browserOf(b page.Base, given credential.SessionInfo) signedInBrowser {
	shown := signedInBrowser{ID: given.ID, Device: given.Device,
		Since: b.T("security.since", "When", given.SignedInAt)}
	if shown.Device == "" {
		shown.Device = b.T("security.unknown_device")
	}
	shown.Seen = b.T("security.seen", "When", given.SeenAt, "Network", given.Network)
	if given.Network == "" {
		shown.Seen = b.T("security.seen_somewhere", "When", given.SeenAt)
	}
	return shown
}

func (h *Handler) security(c *fiber.Ctx, s merchant.Staff) error {
	data := securityPage{Base: h.base(c, s, "security", "security.title")}
	factors := s.Factors()
	data.Passkeys, data.Why = passkeyRows(data.Base, s), why(data.Base, s.PasskeyOffer())
	if !factors.AppSince.IsZero() {
		data.App = data.T("admin.security.app_since", "When", factors.AppSince)
	}
	data.Codes = data.T("admin.security.codes_left", "Count", factors.Recovery)
	for _, given := range s.Sessions() {
		if given.Current {
			data.Current = browserOf(data.Base, given)
			continue
		}
		data.Others = append(data.Others, browserOf(data.Base, given))
	}
	return h.pages.Render(c, fiber.StatusOK, "admin/security", data)
}

func (h *Handler) endSession(c *fiber.Ctx, s merchant.Staff) error {
	if err := s.EndSession(c.UserContext(), c.FormValue("id")); err != nil {
		return err
	}
	return done(c, securityPath, "device.signed_out")
}

func (h *Handler) endOtherSessions(c *fiber.Ctx, s merchant.Staff) error {
	if _, err := s.EndOtherSessions(c.UserContext()); err != nil {
		return err
	}
	return done(c, securityPath, "devices.signed_out")
}

// renewPage says what new recovery codes do to the old ones.
type renewPage struct{ page.Base }

func (h *Handler) recovery(c *fiber.Ctx, s merchant.Staff) error {
	return h.pages.Render(c, fiber.StatusOK, "admin/renew",
		renewPage{h.base(c, s, "security", "recovery.renew.title")})
}

func (h *Handler) renewRecovery(c *fiber.Ctx, s merchant.Staff) error {
	codes, err := s.RenewRecovery(c.UserContext())
	if err != nil {
		return err
	}
	return h.pages.Render(c, fiber.StatusOK, "admin/recovery",
		recoveryPage{h.base(c, s, "security", "recovery.title"), codes, securityPath})
}
