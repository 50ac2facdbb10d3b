// Package shopper serves the pages of a shop's customers: sign-in, orders, addresses, company, devices. It
// owns their routes, the names of their form fields, and the strings that their templates show. A handler
// reads the request, calls one use case of an actor, and renders or redirects.
//
// It must not know how a request becomes an actor, which store is used, or which rules the use cases
// enforce.
package shopper

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/bank"
	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/picture"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// Handler serves the pages.
type Handler struct {
	app         *portal.App
	pages       *page.Pages
	area        *page.Area
	drawings    bank.Drawings
	refusalStep time.Duration // for answers to rejected codes; see page.InSteps
}

// New returns the pages of an App's customers. Rejected codes are answered at full steps; a step of 0 answers
// them immediately.
func New(app *portal.App, pages *page.Pages, refusalStep time.Duration) *Handler {
	return &Handler{app: app, pages: pages, area: Area(), refusalStep: refusalStep}
}

// Area returns the navigation and the account menu of the customers' pages.
func Area() *page.Area {
	return &page.Area{
		Name: "shopper", Home: ordersPath, SignOut: signOutPath, Language: languagePath,
		SignIn: signInPath,
		Nav: []page.NavItem{
			{ID: "orders", Path: ordersPath, Key: "nav.orders", News: true},
			{ID: "addresses", Path: addressesPath, Key: "nav.addresses"},
			{ID: "company", Path: companyPath, Key: "nav.company"},
			{ID: "profile", Path: profilePath, Key: "nav.profile"},
		},
		Menu: []page.NavItem{
			{ID: "privacy", Path: privacyPath, Key: "nav.privacy"}, {ID: "security", Path: securityPath,
				Key: "nav.security"},
		},
	}
}

// The paths of the forms in the frame of every page.
const (
	signOutPath  = "/sign-out"
	languagePath = "/profile/language"
)

// Routes returns the routes of the customers' pages.
func (h *Handler) Routes() []gate.Route {
	return slices.Concat(
		h.signInRoutes(), h.orderRoutes(), h.addressRoutes(), h.accountRoutes(), h.stepUpRoutes(),
		h.dataRightsRoutes(),
		h.closedRoutes(), h.withdrawRoutes(), h.emailChangeRoutes(), h.profileRoutes(), h.inquiryRoutes(),
	)
}

func (h *Handler) orderRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Customer, "/orders", signedIn(h.orders)),
		gate.Get(gate.Customer, "/orders/:number", signedIn(h.order)),
	}
}

func (h *Handler) accountRoutes() []gate.Route {
	return []gate.Route{
		gate.Post(gate.Public, signOutPath, h.signOut),
		gate.Post(gate.Customer, languagePath, h.setLanguage),
		gate.Get(gate.Customer, companyPath, signedIn(h.company)),
		gate.Post(gate.Customer, companyPath, signedIn(h.saveCompany)),
		gate.Get(gate.Customer, securityPath, signedIn(h.security)),
		gate.Post(gate.Customer, "/security/end", signedIn(h.endSession)),
		gate.Post(gate.Customer, "/security/end-others", signedIn(h.endOtherSessions)),
	}
}

// perLine allows the form a field for each line of the largest order that a feed can send.
func perLine(route gate.Route) gate.Route {
	route.Fields = order.MaxLines + 20
	return route
}

// The limits of a form with photos. Its other fields fit in formBytes, also for the largest order. On a slow
// line, MaxPhotos of the largest size take uploadTime.
const (
	photosField = "photos"
	formBytes   = 512 << 10
	uploadTime  = 2 * time.Minute
)

// withPhotos allows the form photos.
func withPhotos(route gate.Route) gate.Route {
	route.Files = gate.FileLimit{Field: photosField, Most: inquiry.MaxPhotos, Bytes: picture.MaxBytes,
		Text: formBytes}
	route.Body = inquiry.MaxPhotos*picture.MaxBytes + formBytes
	route.Reading = uploadTime
	return route
}

// signedIn passes the signed-in customer to a handler. Without one it returns an error, which the site
// turns into a redirect to the sign-in page.
func signedIn(next func(*fiber.Ctx, portal.Shopper) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		shopper, err := gate.Shopper(c)
		if err != nil {
			return err
		}
		return next(c, shopper)
	}
}

// base prepares a customer's page. title is a message key.
func (h *Handler) base(c *fiber.Ctx, s portal.Shopper, nav, title string) page.Base {
	area := h.area
	if s.IsClosed() || s.Impersonation() != nil {
		area = AreaOf(s)
	}
	b := Base(c, h.pages, area, s)
	b.L = b.L.AsOf(h.app.Now())
	b.Nav, b.Title = nav, b.T(title)
	if unread, err := s.UnreadOrders(c.UserContext()); err == nil && !s.IsClosed() { // no page fails for its marks
		b.Unread = unreadLinks(b, unread)
	}
	if c.Query("done") == "language" {
		b.OfferLanguage()
	}
	return b
}

// AreaOf returns the frame of the pages of a customer: what is open to whoever acts.
func AreaOf(s portal.Shopper) *page.Area {
	switch {
	case s.Impersonation() != nil:
		return impersonatedArea()
	case s.IsClosed():
		return ClosedArea()
	}
	return Area()
}

// Base prepares a page of a customer in an area.
func Base(c *fiber.Ctx, pages *page.Pages, area *page.Area, s portal.Shopper) page.Base {
	customer := s.Customer()
	b := pages.Base(c, area, s.Shop(), &customer)
	if by := s.Impersonation(); by != nil {
		b.As = asBanner(b, *by)
		b.Languages = nil // the customer's language stays
	}
	return b
}

// maxUnreadLinks is the maximum number of unread conversations that a page names.
const maxUnreadLinks = 3

// unreadLinks returns links to the conversations with unread messages, the latest first.
func unreadLinks(b page.Base, orders []string) []page.Link {
	var links []page.Link
	for _, number := range slices.Backward(orders) {
		if len(links) < maxUnreadLinks {
			links = append(links, page.Link{Label: b.T("message.unread.orders", "Number", number),
				Path: orderPath(number) + "#messages"})
		}
	}
	return links
}

// visitorBase prepares a page of the sign-in.
func (h *Handler) visitorBase(c *fiber.Ctx, title string) page.Base {
	b := h.pages.Base(c, h.area, gate.Shop(c), nil)
	b.SingleCard, b.Title = true, b.T(title)
	return b
}

// openBase prepares a page that anyone may open: a signed-in customer gets the customer's layout, anyone
// else the visitor's.
func (h *Handler) openBase(c *fiber.Ctx, title string) (page.Base, error) {
	s, err := gate.Shopper(c)
	switch {
	case err == nil:
		return h.base(c, s, "", title), nil
	case validate.KindOf(err) == validate.SignIn:
		return h.visitorBase(c, title), nil
	}
	return page.Base{}, err
}

func refused(err error) bool { return page.Refused(err) }

func refusal(err error) int { return page.Refusal(err) }

func seeOther(c *fiber.Ctx, path string) error { return page.To(c, path) }

// done redirects to a page that confirms the action with the message "done." + name.
func done(c *fiber.Ctx, path, name string) error {
	return seeOther(c, withQuery(path, "done", name))
}

func withQuery(path string, pairs ...string) string { return page.WithQuery(path, pairs...) }
