package admin

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	signInAsPath  = customerPath + "/sign-in-as"
	signOutAsPath = gate.AdminPath + "/sign-out-as"
)

func (h *Handler) impersonationRoutes() []gate.Route {
	return []gate.Route{
		getFresh(staff.PermissionImpersonate, signInAsPath, h.signInAs),
		postFresh(staff.PermissionImpersonate, signInAsPath, h.beginSignInAs),
		post(staff.PermissionImpersonate, signOutAsPath, h.endSignInAs),
	}
}

// AfterImpersonation is the page that somebody of the staff gets who was signed in as a customer until the
// time was over: the customer's, or the first one if the customer is not known.
func AfterImpersonation(customer string) shop.LocalPath {
	path := homePath
	if customer != "" {
		path = customerPathOf(customer)
	}
	to, _ := shop.ParsePath(path)
	return to.With("done", "impersonation.over")
}

// The reasons to choose from, and the one that must be written.
const reasonOther = "other"

func impersonationReasons() []string { return []string{"help", "order", "fault", "data", reasonOther} }

// The ways to be signed in as a customer.
const (
	modeRead  = "read"
	modeWrite = "write"
)

// modeChoice is a way to be signed in, with what it lets one do.
type modeChoice struct {
	page.Option
	Text string
}

// signInAsPage says what signing in as a customer does and asks for the reason.
type signInAsPage struct {
	page.Base
	Form         page.Form
	Path, Action string
	Name         string   // of the customer
	Rules        []string // sentences
	Reasons      []page.Option
	Modes        []modeChoice
	Button       string
}

func (h *Handler) signInAs(c *fiber.Ctx, s merchant.Staff) error { return h.showSignInAs(c, s, nil) }

func (h *Handler) showSignInAs(c *fiber.Ctx, s merchant.Staff, refused error) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	found, err := s.ReadCustomer(c.UserContext(), id)
	if err != nil {
		return err
	}
	if refused == nil && !mayBeSignedInAs(s, found) {
		return page.To(c, customerPathOf(id))
	}
	b := h.base(c, s, "customers", "impersonation.title")
	data := signInAsPage{Base: b, Path: customerPathOf(id), Action: customerPathOf(id) + "/sign-in-as",
		Name: nameOf(found), Button: b.T("impersonation.button", "Name", nameOf(found))}
	for _, rule := range []string{"sees", "limits", "never", "told"} {
		data.Rules = append(data.Rules, b.T("impersonation.rule."+rule, "Shop", b.Shop.Name))
	}
	data.Form = b.Form(page.Values(c, "reason", "text", "mode"), refused).InOrder("reason", "text")
	data.Form.Labels = map[string]string{"reason": b.T("customer.reason"), "text": b.T("impersonation.text")}
	data.Reasons = []page.Option{{Label: b.T("impersonation.choose")}}
	for _, reason := range impersonationReasons() {
		data.Reasons = append(data.Reasons, page.Option{Value: reason, Label: b.T("impersonation.reason." + reason)})
	}
	if s.May(staff.PermissionImpersonateWrite) {
		for _, mode := range []string{modeRead, modeWrite} {
			data.Modes = append(data.Modes, modeChoice{page.Option{Value: mode, Label: b.T("impersonation.mode." + mode),
				Selected: cmp.Or(c.FormValue("mode"), modeRead) == mode}, b.T("impersonation.mode." + mode + ".text")})
		}
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/customer-sign-in-as", data)
}

// mayBeSignedInAs reports whether the person's role and the customer's account allow it.
func mayBeSignedInAs(s merchant.Staff, c customer.Customer) bool {
	return s.May(staff.PermissionImpersonate) && c.Disabled.IsZero() && c.Erasure.Begun.IsZero()
}

func (h *Handler) beginSignInAs(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	made, err := s.Impersonate(c.UserContext(), id, h.impersonationReason(c, s), c.FormValue("mode") == modeWrite)
	switch {
	case page.Refused(err):
		return h.showSignInAs(c, s, err)
	case err != nil:
		return err
	}
	gate.SetImpersonation(c, made)
	return page.To(c, shop.Home)
}

// impersonationReason returns the chosen reason in words, with what was written.
func (h *Handler) impersonationReason(c *fiber.Ctx, s merchant.Staff) string {
	chosen, text := c.FormValue("reason"), strings.TrimSpace(c.FormValue("text"))
	if !slices.Contains(impersonationReasons(), chosen) {
		return ""
	}
	if chosen == reasonOther {
		return text
	}
	reason := h.base(c, s, "customers", "").T("impersonation.reason." + chosen)
	if text == "" {
		return reason
	}
	return reason + ": " + text
}

// endSignInAs ends it and leads to the customer's page.
func (h *Handler) endSignInAs(c *fiber.Ctx, s merchant.Staff) error {
	to := homePath
	if as, found := gate.Impersonated(c); found {
		to = customerPathOf(as.Customer().ID)
	} else if id := gate.EndedImpersonation(c); id != "" {
		to = customerPathOf(id)
	}
	if err := s.EndImpersonation(c.UserContext()); err != nil {
		return err
	}
	gate.ClearImpersonation(c)
	return done(c, to, "impersonation.ended")
}
