package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/inquiry"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

func (h *Handler) inquiryRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Customer, "/orders/:number/message", signedIn(h.toOrder)),
		gate.Post(gate.Customer, "/orders/:number/message", signedIn(h.writeMessage)),
		gate.Get(gate.Customer, "/orders/:number/return", signedIn(h.returnRequest)),
		perLine(gate.Post(gate.Customer, "/orders/:number/return", signedIn(h.askReturn))),
		gate.Get(gate.Customer, "/orders/:number/cancel", signedIn(h.cancelRequest)),
		gate.Post(gate.Customer, "/orders/:number/cancel", signedIn(h.askCancel)),
	}
}

func messagePath(number string) string { return orderPath(number) + "/message" }

// writing is the part of the order page that shows messages to the shop and takes new ones.
type writing struct {
	page.Base
	Form    onceForm
	Action  string
	Sent    []sentMessage
	Takes   bool
	Instead string // how to reach the shop when it takes no messages
}

// onceForm is a form with an ID that prevents a second submission from being processed twice.
type onceForm struct {
	page.Form
	ID string
}

// sentMessage is one message in the customer's own words.
type sentMessage struct {
	Text string
	When page.Time
}

// unsent is a rejected message and the error; zero for none.
type unsent struct {
	text string
	err  error
}

func writingOf(b page.Base, number string, sent inquiry.Correspondence, message unsent) writing {
	w := writing{Base: b, Action: messagePath(number) + "#messages",
		Takes: b.Shop.AcceptsMessages() && !sent.Full()}
	for _, m := range sent.Messages {
		w.Sent = append(w.Sent, sentMessage{Text: m.Text, When: b.TimeMoment(m.At)})
	}
	w.Form.Form = b.Form(map[string]string{"text": message.text}, message.err)
	w.Form.Labels = map[string]string{"text": b.T("message.text")}
	switch {
	case w.Takes:
	case b.Shop.AcceptsMessages():
		w.Instead = b.T("message.full", "Most", inquiry.MaxMessages, "Email", b.Shop.Brand.SupportEmail)
	case len(b.Shop.Brand.Footer) > 0:
		w.Instead = b.T("message.off.links")
	default:
		w.Instead = b.T("message.off")
	}
	return w
}

func (h *Handler) toOrder(c *fiber.Ctx, s portal.Shopper) error {
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	return seeOther(c, orderPath(number))
}

func (h *Handler) writeMessage(c *fiber.Ctx, s portal.Shopper) error {
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	text := c.FormValue("text")
	err = s.WriteMessage(c.UserContext(), portal.Message{
		Form: c.FormValue("form"), Number: number, Text: text,
		Lang: h.base(c, s, "orders", "orders.title").L.Lang(),
	})
	switch {
	case refused(err):
		return h.showOrder(c, s, unsent{text: text, err: err})
	case err != nil:
		return err
	}
	// Without #main the browser would keep the #messages of the form's action.
	return seeOther(c, withQuery(orderPath(number), "done", "message.sent")+"#main")
}
