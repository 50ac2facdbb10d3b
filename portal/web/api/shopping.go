package api

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/web/gate"
)

// shoppingRoutes returns the routes for what customers do in the shop.
func (h *Handler) shoppingRoutes() []gate.Route {
	put := route(fiber.MethodPut, "/customers/:id/cart", portal.ScopeCustomersWrite, h.putCart)
	put.Body = maxDocument
	events := route(fiber.MethodPost, "/events", portal.ScopeEvents, h.postEvents)
	events.Body = maxDocument
	return []gate.Route{
		route(fiber.MethodGet, "/customers/:id/cart", portal.ScopeCustomersRead, h.cart), put, events,
	}
}

func (h *Handler) putCart(c *fiber.Ctx, feed portal.Feed) error {
	return h.put(c, feed, portal.Feed.PutCart, "id")
}

func (h *Handler) cart(c *fiber.Ctx, feed portal.Feed) error {
	id, err := only(c, "id")
	if err != nil {
		return err
	}
	record, err := feed.Cart(c.UserContext(), id)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

// reported is what became of one event of several: its result, or its problem.
type reported struct {
	ID       string         `json:"id"` // "" if it could not be read
	Status   int            `json:"status"`
	Result   order.Outcome  `json:"result,omitempty"`
	Warnings []warning      `json:"warnings,omitempty"`
	Code     string         `json:"code,omitempty"`
	Detail   string         `json:"detail,omitempty"`
	Errors   []ProblemError `json:"errors,omitempty"`
}

// reports is the answer to several events.
type reports struct {
	Results []reported `json:"results"`
	Refused int        `json:"refused"` // results with a code
}

// postEvents stores several events, each by itself.
func (h *Handler) postEvents(c *fiber.Ctx, feed portal.Feed) error {
	if err := checkQuery(c); err != nil {
		return err
	}
	body, kind, err := declaredBody(c, MediaTypes()...)
	if err != nil {
		return err
	}
	stored, err := feed.PutEvents(c.UserContext(), body, kind != fiber.MIMEApplicationJSON)
	if err != nil {
		return err
	}
	answer := reports{Results: make([]reported, len(stored))}
	for i, r := range stored {
		answer.Results[i] = h.reportedOf(r)
		if r.Err != nil {
			answer.Refused++
		}
	}
	return c.JSON(answer)
}

func (h *Handler) reportedOf(r portal.Reported) reported {
	if r.Err != nil {
		p := h.Problem(r.Err)
		return reported{ID: r.ID, Status: p.Status, Code: p.Code, Detail: p.Detail, Errors: p.Errors}
	}
	return reported{ID: r.ID, Status: statusOf(order.Receipt{Outcome: r.Outcome}), Result: r.Outcome,
		Warnings: h.warnings(r.Warnings)}
}
