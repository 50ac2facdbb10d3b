// Package shopper serves the pages of a shop's customers: signing in, orders, addresses, company, devices.
// It owns their routes, what a form of theirs is called, and the ready strings that their templates show. A
// handler reads the request, calls one use-case of an actor, and renders or redirects.
//
// It must not know how a request becomes an actor, what the store is, or which rules the use-cases keep.
package shopper

import (
	"net/url"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// Handler serves the pages.
type Handler struct {
	app   *portal.App
	pages *page.Pages
	pace  time.Duration // of refused codes; see paced
}

// New returns the pages of an App's customers. Refused codes are answered at full steps of the pace; 0
// answers them at once.
func New(app *portal.App, pages *page.Pages, pace time.Duration) *Handler {
	return &Handler{app: app, pages: pages, pace: pace}
}

// Routes are the routes of the customers' pages.
func (h *Handler) Routes() []gate.Route {
	return slices.Concat(
		h.signInRoutes(), h.orderRoutes(), h.addressRoutes(), h.accountRoutes(), h.stepUpRoutes(), h.dataRightsRoutes(),
		h.withdrawRoutes(), h.emailChangeRoutes(), h.profileRoutes(), h.inquiryRoutes(),
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
		gate.Post(gate.Public, "/sign-out", h.signOut),
		gate.Post(gate.Customer, "/profile/language", h.setLanguage),
		gate.Get(gate.Customer, companyPath, signedIn(h.company)),
		gate.Post(gate.Customer, companyPath, signedIn(h.saveCompany)),
		gate.Get(gate.Customer, securityPath, signedIn(h.security)),
		gate.Post(gate.Customer, "/security/end", signedIn(h.endSession)),
		gate.Post(gate.Customer, "/security/end-others", signedIn(h.endOtherSessions)),
	}
}

// perLine lets a form have a field for each line of the largest order that a feed can put.
func perLine(route gate.Route) gate.Route {
	route.Fields = portal.MaxOrderLines + 20
	return route
}

// signedIn gives a handler the customer; without one the site leads to the sign-in page.
func signedIn(next func(*fiber.Ctx, portal.Shopper) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		shopper, err := gate.Shopper(c)
		if err != nil {
			return err
		}
		return next(c, shopper)
	}
}

// base prepares a customer's page. The title is the sentence of its key.
func (h *Handler) base(c *fiber.Ctx, s portal.Shopper, nav, title string) page.Base {
	customer := s.Customer()
	b := h.pages.Base(c, s.Shop(), &customer)
	b.L = b.L.AsOf(h.app.Now())
	b.Nav, b.Title = nav, b.T(title)
	return b
}

// visitorBase prepares a page of signing in.
func (h *Handler) visitorBase(c *fiber.Ctx, title string) page.Base {
	b := h.pages.Base(c, gate.Shop(c), nil)
	b.Solo, b.Title = true, b.T(title)
	return b
}

// openBase prepares a page that does not ask who is there: a customer sees it as their own, anyone else as
// a visitor.
func (h *Handler) openBase(c *fiber.Ctx, title string) (page.Base, error) {
	s, err := gate.Shopper(c)
	switch {
	case err == nil:
		return h.base(c, s, "", title), nil
	case portal.KindOf(err) == portal.SignIn:
		return h.visitorBase(c, title), nil
	}
	return page.Base{}, err
}

// refused reports an error for which a form is shown again, with what was typed.
func refused(err error) bool { return err != nil && refusal(err) != 0 }

// refusal is the status of a form that is shown again; 0 for an error that is the site's.
func refusal(err error) int {
	switch portal.KindOf(err) {
	case portal.Invalid:
		return fiber.StatusUnprocessableEntity
	case portal.Conflict:
		return fiber.StatusConflict
	case portal.TooMany:
		return fiber.StatusTooManyRequests
	}
	if err == nil {
		return fiber.StatusOK
	}
	return 0
}

// seeOther ends a form: the browser goes on by GET, so that a reload repeats nothing. The path is one of
// ours.
func seeOther(c *fiber.Ctx, path string) error {
	to, err := page.Own(path)
	if err != nil {
		return err
	}
	return page.SeeOther(c, to)
}

// done goes on to a page that confirms what was done, by the catalogue's sentence "done." and its name.
func done(c *fiber.Ctx, path, name string) error {
	return seeOther(c, withQuery(path, "done", name))
}

// withQuery adds names and values in turn to a path; empty values are left out.
func withQuery(path string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
