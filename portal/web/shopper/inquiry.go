package shopper

import (
	"time"

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
		gate.Post(gate.Customer, "/orders/:number/read", signedIn(h.readMessages)),
		gate.Get(gate.Customer, "/orders/:number/return", signedIn(h.returnRequest)),
		withPhotos(perLine(gate.Post(gate.Customer, "/orders/:number/return", signedIn(h.askReturn)))),
		gate.Get(gate.Customer, "/orders/:number/returns/:id/photos/:photo", signedIn(h.returnPhoto)),
		gate.Get(gate.Customer, "/orders/:number/returns/:id/photos/:photo/preview", signedIn(h.returnPreview)),
		gate.Get(gate.Customer, "/orders/:number/cancel", signedIn(h.cancelRequest)),
		gate.Post(gate.Customer, "/orders/:number/cancel", signedIn(h.askCancel)),
	}
}

func messagePath(number string) string { return orderPath(number) + "/message" }

// writing is the part of the order page that shows the conversation with the shop and takes new messages.
type writing struct {
	page.Base
	Form    onceForm
	Action  string
	Heading string
	Sent    []sentMessage
	Latest  []sentMessage // the message just sent, with its confirmation above it
	Done    *page.Flash   // nil unless one was just sent
	Seen    string        // the time of the last answer shown, "" for none
	Read    string        // path that marks the answers as read, "" if none is unread
	Takes   bool
	Instead string // how to reach the shop when it takes no messages
}

// onceForm is a form with an ID that prevents a second submission from being processed twice.
type onceForm struct {
	page.Form
	ID string
}

// sentMessage is one message of the conversation.
type sentMessage struct {
	Who, Text string
	When      page.Time
	Shop      bool   // from the shop
	New       string // "New" if it is unread
}

// unsent is a rejected message and the error; zero for none.
type unsent struct {
	text string
	err  error
}

func writingOf(b page.Base, s portal.Shopper, number string, sent inquiry.Correspondence,
	message unsent) writing {
	w := writing{Base: b, Action: messagePath(number) + "#messages", Heading: b.T("message.heading"),
		Takes: b.Own() && b.Shop.AcceptsMessages() && !sent.Full()}
	for _, m := range sent.Messages {
		shown := sentMessage{Who: b.T("message.you"), Text: m.Text, When: b.TimeMoment(m.At)}
		if m.From == inquiry.FromShop {
			shown.Shop, shown.Who = true, b.Shop.Name
			if s.IsUnread(number, m.At) {
				shown.New = b.T("message.new")
			}
			if m.Author != "" {
				shown.Who = b.T("message.author", "Author", m.Author)
			}
			w.Seen = m.At.UTC().Format(time.RFC3339Nano)
		}
		if shown.New != "" {
			w.Read = orderPath(number) + "/read"
		}
		w.Sent = append(w.Sent, shown)
	}
	if len(w.Sent) > 0 {
		w.Heading = b.T("message.conversation")
	}
	w.Form.Form = b.Form(map[string]string{"text": message.text}, message.err)
	w.Form.Labels = map[string]string{"text": b.T("message.text")}
	switch {
	case w.Takes, !b.Own():
	case b.Shop.AcceptsMessages():
		w.Instead = b.T("message.full", "Most", inquiry.MaxMessages, "Email", b.Shop.Brand.SupportEmail)
	case len(b.Shop.Brand.Footer) > 0:
		w.Instead = b.T("message.off.links")
	default:
		w.Instead = b.T("message.off")
	}
	return w
}

// sentDone names the confirmation of a message.
const sentDone = "message.sent"

// confirm moves the confirmation of a message from the top of the page to the message.
func (w *writing) confirm(b *page.Base) {
	last := len(w.Sent) - 1
	if last < 0 || w.Sent[last].Shop {
		return
	}
	w.Done, b.Flash = b.Flash, nil
	w.Sent, w.Latest = w.Sent[:last], w.Sent[last:]
}

func (h *Handler) toOrder(c *fiber.Ctx, s portal.Shopper) error {
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	return seeOther(c, orderPath(number))
}

// seenAnswer returns the time of the last answer that the page of a form showed, zero for none.
func seenAnswer(c *fiber.Ctx) time.Time {
	at, err := time.Parse(time.RFC3339Nano, c.FormValue("seen"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// readMessages marks the answers that the page showed as read.
func (h *Handler) readMessages(c *fiber.Ctx, s portal.Shopper) error {
	number, err := gate.Param(c, "number")
	if err == nil {
		err = s.ReadAnswers(c.UserContext(), number, seenAnswer(c))
	}
	if err != nil {
		return err
	}
	return seeOther(c, orderPath(number)+"#messages")
}

func (h *Handler) writeMessage(c *fiber.Ctx, s portal.Shopper) error {
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	text := c.FormValue("text")
	err = s.WriteMessage(c.UserContext(), portal.Message{
		Form: c.FormValue("form"), Number: number, Text: text, Seen: seenAnswer(c),
		Lang: h.base(c, s, "orders", "orders.title").L.Lang(),
	})
	switch {
	case refused(err):
		return h.showOrder(c, s, unsent{text: text, err: err})
	case err != nil:
		return err
	}
	return seeOther(c, withQuery(orderPath(number), "done", sentDone)+"#sent")
}
