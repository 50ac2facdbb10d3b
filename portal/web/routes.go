package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"postern/portal/shop"
	"postern/portal/web/admin"
	"postern/portal/web/api"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/portal/web/shopper"
	"postern/static"
)

// routes is the table of routes, each with its class and limits. The site serves nothing else.
func (s *site) routes() []gate.Route { return slices.Concat(s.anyHost(), s.ofShop()) }

// anyHost returns the routes that are served on any host.
func (s *site) anyHost() []gate.Route {
	return []gate.Route{
		gate.Get(gate.File, "/healthz", s.healthy),
		gate.Get(gate.File, "/readyz", s.ready),
		gate.Get(gate.File, static.Prefix+"*", s.serveStatic),
	}
}

// ofShop returns the routes that are served on a shop's host.
func (s *site) ofShop() []gate.Route {
	own := []gate.Route{
		gate.Get(gate.File, brandPrefix+":file", s.serveBrand),
		gate.Get(gate.File, "/favicon.ico", s.findIcon),
		gate.Get(gate.Public, "/", func(c *fiber.Ctx) error { return page.SeeOther(c, shop.LocalPath{}) }),
	}
	return slices.Concat(own, shopper.New(s.app, s.pages, s.refusalStep).Routes(),
		admin.New(s.app, s.pages, s.refusalStep).Routes(), s.api().Routes())
}

func (s *site) api() *api.Handler {
	return api.New(api.Config{Texts: s.words, Pages: s.pages, Area: s.area,
		Problem: func(err error) api.Problem { return s.problemOf(failureOf(err)) }})
}

// openToClosed lists the customers' routes that the session of a disabled customer may use: what the law
// gives everybody, and the way there. Every other route answers such a session as if nobody were signed in or
// with the page that says that the account is closed.
func openToClosed() []string {
	return []string{
		"GET /closed", "POST /sign-out", "POST /profile/language", "GET /sign-in/link/*", "POST /sign-in/link",
		"GET /security/confirm", "POST /security/confirm", "POST /security/confirm/send",
		"GET /privacy/export", "GET /privacy/export/data.json", "GET /privacy/export/orders.csv",
		"GET /privacy/erase", "POST /privacy/erase", "POST /privacy/keep",
		"GET /withdraw", "POST /withdraw", "GET /withdraw/confirm", "POST /withdraw/confirm",
		"GET /orders/:number/withdraw", "POST /orders/:number/withdraw",
		"GET /orders/:number/withdraw/confirm", "POST /orders/:number/withdraw/confirm",
	}
}

// openToStaff lists the customers' routes that staff may use who are signed in as the customer. All others,
// and so every new one, are closed to them: what leads to the storefront or to a payment, and what only the
// customer may decide, such as consents, cancellations, returns, withdrawals, sessions and the account's end.
func openToStaff() map[string]gate.Opening {
	return map[string]gate.Opening{
		"GET /": gate.OpenToRead, "GET " + api.DocsPath: gate.OpenToRead, "GET /orders": gate.OpenToRead, "GET /orders/:number": gate.OpenToRead,
		"GET /orders/:number/message":                           gate.OpenToRead, // leads back to the order
		"GET /orders/:number/returns/:id/photos/:photo":         gate.OpenToRead,
		"GET /orders/:number/returns/:id/photos/:photo/preview": gate.OpenToRead,
		"GET /addresses": gate.OpenToRead, "GET /company": gate.OpenToRead, "GET /profile": gate.OpenToRead,

		"GET /addresses/new": gate.OpenToWrite, "POST /addresses/new": gate.OpenToWrite,
		"GET /addresses/:id": gate.OpenToWrite, "POST /addresses/:id": gate.OpenToWrite,
		"POST /addresses/:id/delete": gate.OpenToWrite, "POST /addresses/:id/undo": gate.OpenToWrite,
		"POST /addresses/:id/default": gate.OpenToWrite,
		"POST /company":               gate.OpenToWrite, "POST /profile": gate.OpenToWrite,
	}
}

// add mounts routes in order: if two match, the first answers.
func add(app *fiber.App, routes []gate.Route) {
	closed, toStaff := openToClosed(), openToStaff()
	for _, route := range routes {
		name := route.Method + " " + route.Path
		route = route.Known(slices.Contains(closed, name), toStaff[name])
		if route.Method == fiber.MethodGet {
			app.Get(route.Path, route.Handler)
		} else {
			app.Add(route.Method, route.Path, route.Handler)
		}
	}
}
