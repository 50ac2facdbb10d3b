package web

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/order"
	"postern/portal/web/gate"
)

// Observer is called when a request begins, and the function it returns is called with the response. The
// request's use cases receive the returned context.
type Observer func(ctx context.Context) (context.Context, func(ResponseInfo))

// ResponseInfo is the part of a request that may be reported outside the portal: no path, no address, nothing
// that the client chose.
type ResponseInfo struct {
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

// observe reports the request to all observers, and returns the function that reports its response.
func (s *site) observe(c *fiber.Ctx) func(ResponseInfo) {
	ctx, told := s.observeAll(c.UserContext())
	c.SetUserContext(ctx)
	return told
}

func (s *site) observeAll(ctx context.Context) (context.Context, func(ResponseInfo)) {
	ends := make([]func(ResponseInfo), len(s.observers))
	for i, watch := range s.observers {
		ctx, ends[i] = watch(ctx)
	}
	return ctx, func(a ResponseInfo) {
		for _, end := range slices.Backward(ends) {
			end(a)
		}
	}
}

// responseInfo returns the request's response as it is now.
func responseInfo(c *fiber.Ctx, start time.Time) ResponseInfo {
	return ResponseInfo{
		Method: methodOf(c), Route: routeOf(c), Status: c.Response().StatusCode(), Shop: gate.Shop(c).ID,
		Took:    time.Since(start),
		Outcome: gate.Outcome(c),
	}
}
