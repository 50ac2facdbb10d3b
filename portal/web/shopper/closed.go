package shopper

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const closedPath = shop.Closed

func (h *Handler) closedRoutes() []gate.Route {
	return []gate.Route{gate.Get(gate.Customer, closedPath, signedIn(h.closed))}
}

// ClosedArea returns the frame of the pages of a disabled customer, which has no navigation.
func ClosedArea() *page.Area {
	return &page.Area{Name: "closed", Home: closedPath, SignOut: signOutPath, Language: languagePath,
		SignIn: signInPath}
}

// rightsPath returns the page that offers the download and the deletion of the account.
func rightsPath(s portal.Shopper) string {
	if s.IsClosed() {
		return closedPath
	}
	return privacyPath
}

// closedView says that the account is closed, whom to write to, and what is still possible.
type closedView struct {
	page.Base
	Since   time.Time
	Erasing string // a sentence with the date of the account's deletion, "" if none is scheduled
}

// closed shows the page to a disabled customer. Anyone else gets the first page of the account.
func (h *Handler) closed(c *fiber.Ctx, s portal.Shopper) error {
	if !s.IsClosed() {
		return seeOther(c, shop.Home)
	}
	who := s.Customer()
	data := closedView{Base: h.base(c, s, "", "closed.title"), Since: who.Disabled.Since}
	if who.Erasure.Pending() {
		data.Erasing = data.T("delete_account.pending", "When", who.Erasure.At)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/closed", data)
}
