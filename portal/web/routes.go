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

// add mounts routes in order: if two match, the first answers.
func add(app *fiber.App, routes []gate.Route) {
	for _, route := range routes {
		if route.Method == fiber.MethodGet {
			app.Get(route.Path, route.Handler)
		} else {
			app.Add(route.Method, route.Path, route.Handler)
		}
	}
}
