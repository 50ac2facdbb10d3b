package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/web/page"
)

const securityPath = "/security"

// securityPage lists the customer's sessions.
type securityPage struct {
	page.Base
	Current signedInBrowser
	Others  []signedInBrowser
	Visits  []visitLine
}

// visitLine is a time in which staff were signed in as the customer: by whom and when, what they could do, and
// why.
type visitLine struct {
	By, Access, Reason string
	Now                *page.Pill // nil if it is over
}

// signedInBrowser describes one session.
type signedInBrowser struct{ ID, Device, Seen, Since string }

func (h *Handler) security(c *fiber.Ctx, s portal.Shopper) error {
	sessions, err := s.Sessions(c.UserContext())
	if err != nil {
		return err
	}
	data := securityPage{Base: h.base(c, s, "security", "security.title")}
	for _, given := range sessions {
		if given.Current {
			data.Current = data.browser(given)
			continue
		}
		data.Others = append(data.Others, data.browser(given))
	}
	visits, err := s.Visits(c.UserContext())
	if err != nil {
		return err
	}
	for _, v := range visits {
		data.Visits = append(data.Visits, data.visit(v))
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/security", data)
}

func (p *securityPage) visit(v portal.Visit) visitLine {
	line := visitLine{By: byStaff(p.Base, v.BeganAt, v.Role, v.Name),
		Access: p.T("security.visit."+v.Access, "Until", p.L.Clock(v.Until)),
		Reason: p.T("activity.reason", "Reason", v.Reason)}
	if v.Lasts {
		now := p.Pill("waiting", p.T("security.visit.now"))
		line.Now = &now
	}
	return line
}

func (p *securityPage) browser(given credential.SessionInfo) signedInBrowser {
	b := signedInBrowser{ID: given.ID, Device: given.Device,
		Since: p.T("security.since", "When", given.SignedInAt)}
	if b.Device == "" {
		b.Device = p.T("security.unknown_device")
	}
	b.Seen = p.T("security.seen", "When", given.SeenAt, "Network", given.Network)
	if given.Network == "" {
		b.Seen = p.T("security.seen_somewhere", "When", given.SeenAt)
	}
	return b
}

func (h *Handler) endSession(c *fiber.Ctx, s portal.Shopper) error {
	if err := s.EndSession(c.UserContext(), c.FormValue("id")); err != nil {
		return err
	}
	return done(c, securityPath, "device.signed_out")
}

func (h *Handler) endOtherSessions(c *fiber.Ctx, s portal.Shopper) error {
	if _, err := s.EndOtherSessions(c.UserContext()); err != nil {
		return err
	}
	return done(c, securityPath, "devices.signed_out")
}
