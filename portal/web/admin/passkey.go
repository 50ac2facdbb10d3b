package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/merchant"
	"postern/portal/passkey"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	halfPasskeyPath    = "/admin/sign-in/passkey" //nolint:gosec // a path
	passkeysPath       = securityPath + "/passkeys"
	newPasskeyPath     = passkeysPath + "/new"
	askPasskeyPath     = passkeysPath + "/options"
	confirmPasskeyPath = passkeysPath + "/confirm"
	passkeyPath        = passkeysPath + "/:key"
)

func (h *Handler) passkeyRoutes() []gate.Route {
	return []gate.Route{
		gate.Post(gate.StaffHalf, halfPasskeyPath, halfWay(h.askHalf)),
		post(staff.PermissionSecurity, confirmPasskeyPath, h.askConfirm),
		getFresh(staff.PermissionSecurity, newPasskeyPath, h.newPasskey),
		postFresh(staff.PermissionSecurity, newPasskeyPath, h.addPasskey),
		postFresh(staff.PermissionSecurity, askPasskeyPath, h.askNewPasskey),
		get(staff.PermissionSecurity, passkeyPath, h.passkey),
		post(staff.PermissionSecurity, passkeyPath+"/name", h.renamePasskey),
		postFresh(staff.PermissionSecurity, passkeyPath+"/remove", h.removePasskey),
	}
}

// problem is what may go wrong in the browser, in words.
type problem struct{ Name, Text string }

// problemsOf returns what the script of passkeys may say.
func problemsOf(b page.Base, host string) []problem {
	var list []problem
	for _, name := range []string{"cancelled", "late", "site", "known", "failed"} {
		list = append(list, problem{name, b.T("passkey.problem."+name, "Host", host)})
	}
	return list
}

// passkeyForm is the form with a button that uses a passkey.
type passkeyForm struct {
	page.Base
	Path     string // that takes the answer
	Options  string // path of the question
	To       string
	Problems []problem
}

// passkeyForm returns the form for somebody who has a passkey that works here, otherwise nil.
func newPasskeyForm(b page.Base, offer merchant.PasskeyOffer, path, options, to string) *passkeyForm {
	if !offer.Usable {
		return nil
	}
	return &passkeyForm{Base: b, Path: path, Options: options, To: to, Problems: problemsOf(b, offer.Host)}
}

// elsewhere returns the sentence on passkeys that no longer work because the shop's address has changed.
func elsewhere(b page.Base, offer merchant.PasskeyOffer) string {
	if offer.Elsewhere && !offer.Usable {
		return b.T("passkey.elsewhere")
	}
	return ""
}

// why returns why there are no passkeys, or "".
func why(b page.Base, offer merchant.PasskeyOffer) string {
	if offer.Why == "" {
		return ""
	}
	return b.T(offer.Why)
}

func sendOptions(c *fiber.Ctx, options []byte) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(options)
}

// askHalf puts the question of the sign-in, or of the first passkey.
func (h *Handler) askHalf(c *fiber.Ctx, half merchant.Candidate) error {
	options, err := half.AskPasskey(c.UserContext(), c.FormValue("enrolment"))
	switch {
	case page.Refused(err) && half.HasFactor():
		return h.showFactor(c, half, err)
	case page.Refused(err):
		return h.showEnrolPasskey(c, half, err)
	case err != nil:
		return err
	}
	return sendOptions(c, options)
}

func (h *Handler) askConfirm(c *fiber.Ctx, s merchant.Staff) error {
	options, err := s.AskPasskey(c.UserContext())
	if page.Refused(err) {
		return h.showConfirm(c, s, err)
	}
	if err != nil {
		return err
	}
	return sendOptions(c, options)
}

func (h *Handler) askNewPasskey(c *fiber.Ctx, s merchant.Staff) error {
	options, err := s.AskNewPasskey(c.UserContext())
	if page.Refused(err) {
		return h.showNewPasskey(c, s, page.Values(c, "name"), err)
	}
	if err != nil {
		return err
	}
	return sendOptions(c, options)
}

// enrolPasskeyPage sets up a passkey at the first sign-in.
type enrolPasskeyPage struct {
	page.Base
	Form     page.Form
	Email    string
	Why      string
	Problems []problem
}

func (h *Handler) showEnrolPasskey(c *fiber.Ctx, half merchant.Candidate, err error) error {
	b, offer := h.visitorBase(c, "enrol.title"), half.PasskeyOffer()
	return h.pages.Render(c, page.Refusal(err), "admin/enrol-passkey", enrolPasskeyPage{
		Base: b, Form: b.Form(page.Values(c, "enrolment"), err), Email: half.Member().Email, Why: why(b, offer),
		Problems: problemsOf(b, offer.Host),
	})
}

func (h *Handler) enrolPasskey(c *fiber.Ctx, half merchant.Candidate) error {
	in, err := half.EnrolPasskey(c.UserContext(), c.FormValue("enrolment"), "", c.FormValue("answer"))
	return h.enrolled(c, half, in, err, h.showEnrolPasskey)
}

// newPasskeyPage adds a passkey.
type newPasskeyPage struct {
	page.Base
	Form     page.Form
	Why      string
	Problems []problem
}

func (h *Handler) newPasskey(c *fiber.Ctx, s merchant.Staff) error {
	return h.showNewPasskey(c, s, map[string]string{"name": s.Device()}, nil)
}

func (h *Handler) showNewPasskey(c *fiber.Ctx, s merchant.Staff, values map[string]string, err error) error {
	b, offer := h.base(c, s, "security", "passkey.new.title"), s.PasskeyOffer()
	b.CurrentURL = newPasskeyPath
	return h.pages.Render(c, page.Refusal(err), "admin/passkey-new", newPasskeyPage{
		Base: b, Form: b.Form(values, err), Why: why(b, offer), Problems: problemsOf(b, offer.Host),
	})
}

func (h *Handler) addPasskey(c *fiber.Ctx, s merchant.Staff) error {
	err := s.AddPasskey(c.UserContext(), c.FormValue("name"), c.FormValue("answer"))
	switch {
	case page.Refused(err):
		return h.showNewPasskey(c, s, page.Values(c, "name"), err)
	case err != nil:
		return err
	}
	return done(c, securityPath, "passkey.added")
}

// passkeyRow is a passkey in the list.
type passkeyRow struct{ Name, Path, Text, Problem string }

func passkeyRows(b page.Base, s merchant.Staff) []passkeyRow {
	var rows []passkeyRow
	host := s.PasskeyOffer().Host
	for _, k := range s.Factors().Passkeys {
		row := passkeyRow{Name: k.Name, Path: passkeysPath + "/" + k.Ref(), Text: added(b, k) + " " + used(b, k),
			Problem: problemOf(b, k, host)}
		rows = append(rows, row)
	}
	return rows
}

func added(b page.Base, k passkey.Key) string { return b.T("passkey.added_at", "When", k.AddedAt) }

func used(b page.Base, k passkey.Key) string {
	if k.UsedAt.IsZero() {
		return ""
	}
	return b.T("passkey.used_at", "When", k.UsedAt)
}

// problemOf says why a passkey does not work, or "".
func problemOf(b page.Base, k passkey.Key, host string) string {
	switch {
	case !k.CopiedAt.IsZero():
		return b.T("passkey.state.copied")
	case k.Host != host:
		return b.T("passkey.state.elsewhere", "Host", k.Host)
	}
	return ""
}

// passkeyPage shows a passkey with what can be done.
type passkeyView struct {
	page.Base
	Form                       page.Form
	Path, Added, Used, Problem string
}

func (h *Handler) passkey(c *fiber.Ctx, s merchant.Staff) error { return h.showPasskey(c, s, nil) }

func (h *Handler) showPasskey(c *fiber.Ctx, s merchant.Staff, err error) error {
	ref, bad := gate.Param(c, "key")
	if bad != nil {
		return bad
	}
	k, found := s.Passkey(ref)
	if !found {
		return validate.NewError(validate.NotFound, "")
	}
	data := passkeyView{Base: h.base(c, s, "security", ""), Path: passkeysPath + "/" + ref}
	data.Title, data.CurrentURL = k.Name, data.Path
	data.Added, data.Used = added(data.Base, k), used(data.Base, k)
	data.Problem = problemOf(data.Base, k, s.PasskeyOffer().Host)
	values := map[string]string{"name": k.Name}
	if err != nil && c.FormValue("name") != "" {
		values = page.Values(c, "name")
	}
	data.Form = data.Base.Form(values, err)
	return h.pages.Render(c, page.Refusal(err), "admin/passkey", data)
}

func (h *Handler) renamePasskey(c *fiber.Ctx, s merchant.Staff) error {
	return h.afterPasskey(c, s, "passkey.renamed", func(ref string) error {
		return s.RenamePasskey(c.UserContext(), ref, c.FormValue("name"))
	})
}

func (h *Handler) removePasskey(c *fiber.Ctx, s merchant.Staff) error {
	return h.afterPasskey(c, s, "passkey.removed", func(ref string) error {
		return s.RemovePasskey(c.UserContext(), ref)
	})
}

// afterPasskey changes a passkey and confirms it, or shows the passkey again with the error.
func (h *Handler) afterPasskey(c *fiber.Ctx, s merchant.Staff, name string, do func(ref string) error) error {
	ref, err := gate.Param(c, "key")
	if err == nil {
		err = do(ref)
	}
	switch {
	case page.Refused(err):
		return h.showPasskey(c, s, err)
	case err != nil:
		return err
	}
	return done(c, securityPath, name)
}
