package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/gate"
)

// maxBatch is the maximum size of several orders in one request, in bytes.
const maxBatch = 16 << 20

// The media types of several orders, one per line.
const (
	typeNDJSON = "application/x-ndjson"
	typeJSONL  = "application/jsonl"
)

// MediaTypes lists the media types of the bodies that the API reads.
func MediaTypes() []string { return []string{fiber.MIMEApplicationJSON, typeNDJSON, typeJSONL} }

func (h *Handler) putOrder(c *fiber.Ctx, feed portal.Feed) error {
	return h.put(c, feed, portal.Feed.PutOrder, "number")
}

func (h *Handler) order(c *fiber.Ctx, feed portal.Feed) error {
	number, err := only(c, "number")
	if err != nil {
		return err
	}
	record, err := feed.Order(c.UserContext(), number)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

func (h *Handler) deleteOrder(c *fiber.Ctx, feed portal.Feed) error {
	number, err := only(c, "number")
	if err != nil {
		return err
	}
	if err := feed.DeleteOrder(c.UserContext(), number); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// orderPage is a page of the list of orders.
type orderPage struct {
	Orders []json.RawMessage `json:"orders"`
	Next   string            `json:"next,omitempty"`
}

func (h *Handler) orders(c *fiber.Ctx, feed portal.Feed) error {
	if err := checkQuery(c, "updated_since", "customer", "cursor", "limit"); err != nil {
		return err
	}
	page, err := feed.Orders(c.UserContext(), feedQuery(c))
	if err != nil {
		return err
	}
	return c.JSON(orderPage{page.Records, page.Next})
}

func feedQuery(c *fiber.Ctx) portal.FeedQuery {
	return portal.FeedQuery{UpdatedSince: c.Query("updated_since"), Customer: c.Query("customer"),
		Cursor: c.Query("cursor"), Limit: c.Query("limit")}
}

// delivery is what became of one order of several: its result, or its problem.
type delivery struct {
	Number string `json:"number"` // "" if it could not be read
	Status int    `json:"status"` // as of a PUT of that order alone
	result
	Code   string         `json:"code,omitempty"`
	Detail string         `json:"detail,omitempty"`
	Errors []ProblemError `json:"errors,omitempty"`
}

// deliveries is the answer to several orders.
type deliveries struct {
	Results []delivery `json:"results"`
	Refused int        `json:"refused"` // results with a code
}

// postOrders stores several orders, each by itself.
func (h *Handler) postOrders(c *fiber.Ctx, feed portal.Feed) error {
	err := checkQuery(c, "force")
	if err == nil {
		feed, err = forced(c, feed)
	}
	if err != nil {
		return err
	}
	body, kind, err := declaredBody(c, MediaTypes()...)
	if err != nil {
		return err
	}
	stored, err := feed.PutOrders(c.UserContext(), body, kind != fiber.MIMEApplicationJSON)
	if err != nil {
		return err
	}
	answer := deliveries{Results: make([]delivery, len(stored))}
	for i, d := range stored {
		answer.Results[i] = h.deliveryOf(d)
		if d.Err != nil {
			answer.Refused++
		}
	}
	return c.JSON(answer)
}

func (h *Handler) deliveryOf(d portal.Delivery) delivery {
	if d.Err != nil {
		p := h.Problem(d.Err)
		return delivery{Number: d.Number, Status: p.Status, Code: p.Code, Detail: p.Detail, Errors: p.Errors}
	}
	return delivery{Number: d.Number, Status: statusOf(d.Receipt), result: h.resultOf(d.Receipt)}
}

// respond reports the outcome of a put.
func (h *Handler) respond(c *fiber.Ctx, receipt order.Receipt) error {
	gate.NoteOutcome(c, receipt.Outcome)
	return c.Status(statusOf(receipt)).JSON(h.resultOf(receipt))
}

// statusOf returns 201 if something was created, else 200.
func statusOf(receipt order.Receipt) int {
	if receipt.Outcome == order.Created {
		return fiber.StatusCreated
	}
	return fiber.StatusOK
}

func (h *Handler) resultOf(receipt order.Receipt) result {
	body := result{Result: receipt.Outcome, Customer: receipt.Customer, LinkedBy: receipt.LinkedBy}
	if receipt.Outcome == order.Stale {
		body.StoredUpdatedAt = &receipt.StoredUpdatedAt
	}
	body.Warnings = h.warnings(receipt.Warnings)
	return body
}

func (h *Handler) warnings(given []validate.FieldError) (list []warning) {
	for _, w := range given {
		list = append(list, warning{w.Field, w.Key, h.words.T(w.Key, w.Args)})
	}
	return list
}
