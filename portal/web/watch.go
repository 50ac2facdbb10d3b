package web

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/order"
	"postern/portal/web/gate"
)

// Watch is called when a request begins, and the function it returns is called with the answer. The
// request's use cases receive the returned context.
type Watch func(ctx context.Context) (context.Context, func(Answer))

// Answer is the part of a request that may be reported outside the portal: no path, no address, nothing
// that the client chose.
type Answer struct {
	Method string // one of HTTP's, else "other"
	Route  string // the route's pattern, "-" when none answered
	Status int
	Shop   string // its id, "" if the host belongs to no shop
	Took   time.Duration
	// Outcome is the outcome of a feed's delivery, "" if there was none.
	Outcome order.Outcome
}

// otherMethod replaces methods that a client made up.
const otherMethod = "other"

// methodOf returns the request's method if it is one of HTTP's, else otherMethod.
func methodOf(c *fiber.Ctx) string {
	if method := string(c.Request().Header.Method()); slices.Contains(fiber.DefaultMethods, method) {
		return method
	}
	return otherMethod
}

// watch reports the request to all watches, and returns the function that reports its answer.
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

// answerOf returns the request's answer as it is now.
func answerOf(c *fiber.Ctx, start time.Time) Answer {
	return Answer{
		Method: methodOf(c), Route: routeOf(c), Status: c.Response().StatusCode(), Shop: gate.Shop(c).ID, Took: time.Since(start),
		Outcome: gate.Outcome(c),
	}
}
