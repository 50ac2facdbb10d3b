package web

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
)

// Watch is told that a request begins and, by the function it returns, how it was answered. What the
// context carries goes on to the request's use-cases.
type Watch func(ctx context.Context) (context.Context, func(Answer))

// Answer is what may be told of a request outside of the portal: no path, no address, nothing that a client
// made up.
type Answer struct {
	Method string // one of HTTP's, else "other"
	Route  string // the route's pattern, "-" when none answered
	Status int
	Shop   string // its id, "" when the host is no shop's
	Took   time.Duration
	// Outcome is what a feed's delivery did, "" when there was none.
	Outcome portal.Outcome
}

// otherMethod stands for words that a client made up.
const otherMethod = "other"

// methodOf is the request's method where it is one of HTTP's.
func methodOf(c *fiber.Ctx) string {
	if method := string(c.Request().Header.Method()); slices.Contains(fiber.DefaultMethods, method) {
		return method
	}
	return otherMethod
}

// watch tells all who watch of the request, and returns what tells them of its answer.
func (s *site) watch(c *fiber.Ctx) func(Answer) {
	ctx, told := s.tellAll(c.UserContext())
	c.SetUserContext(ctx)
	return told
}

func (s *site) tellAll(ctx context.Context) (context.Context, func(Answer)) {
	ends := make([]func(Answer), len(s.watches))
	for i, watch := range s.watches {
		ctx, ends[i] = watch(ctx)
	}
	return ctx, func(a Answer) {
		for _, end := range slices.Backward(ends) {
			end(a)
		}
	}
}

// answerOf is the request's answer as it stands.
func answerOf(c *fiber.Ctx, start time.Time) Answer {
	return Answer{
		Method: methodOf(c), Route: routeOf(c), Status: c.Response().StatusCode(), Shop: gate.Shop(c).ID, Took: time.Since(start),
		Outcome: gate.Outcome(c),
	}
}
