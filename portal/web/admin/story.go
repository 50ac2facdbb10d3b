package admin

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/inquiry"
	"postern/portal/merchant"
	"postern/portal/note"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// The forms of a customer's page. Each has a name, so that a refused one is shown again with what was typed.
const (
	formNote   = "note"
	formAnswer = "answer"
)

func (h *Handler) storyRoutes() []gate.Route {
	const p = staff.PermissionEditCustomers
	return []gate.Route{
		noted(post(p, customerPath+"/notes", onCustomer(h.addNote))),
		noted(post(p, customerPath+"/notes/:note", onCustomer(h.changeNote))),
		post(p, customerPath+"/messages", onCustomer(h.answer)),
		post(p, customerPath+"/requests/:request", onCustomer(h.decide)),
		post(p, customerPath+"/withdrawals/:withdrawal", onCustomer(h.decideOwnWithdrawal)),
	}
}

// noted returns a route whose form holds a note. A note that is too long is shown again, not cut off, if it is
// not beyond all measure: in a form a character takes up to twelve bytes.
func noted(r gate.Route) gate.Route {
	r.Body = 4 * 12 * note.MaxText
	return r
}

// onCustomer returns the action of a handler that acts on the customer in the path.
func onCustomer(do func(*fiber.Ctx, merchant.Staff, string) error) action {
	return func(c *fiber.Ctx, s merchant.Staff) error {
		id, err := gate.Param(c, "id")
		if err != nil {
			return err
		}
		return do(c, s, id)
	}
}

// typedForm is a form of a customer's page that was refused.
type typedForm struct {
	name   string // one of the forms, or the key of a note or a request
	values map[string]string
	err    error
	undo   string // the id of an act that can be undone
	at     string // the id of the form's part of the page, if it is none of those that part tells
}

// form returns a form of the page: with what was typed if it is the refused one.
func (t typedForm) form(b page.Base, name string, values map[string]string) page.Form {
	if t.name == name {
		return b.Form(t.values, t.err)
	}
	return b.Form(values, nil)
}

// after shows the page with the refused form, or confirms the act at a part of the page.
func (h *Handler) afterForm(c *fiber.Ctx, s merchant.Staff, id, part string, t typedForm) error {
	switch {
	case page.Refused(t.err):
		return h.showCustomer(c, s, id, t)
	case t.err != nil:
		return t.err
	}
	return page.To(c, page.WithQuery(customerPathOf(id), "done", part, "undo", t.undo)+"#"+t.part())
}

// part returns the id of the form's part of the page.
func (t typedForm) part() string {
	if t.at != "" {
		return t.at
	}
	if t.name == formNote || t.values["text"] == "" {
		return "notes"
	}
	return "letters"
}

func (h *Handler) addNote(c *fiber.Ctx, s merchant.Staff, id string) error {
	t := typedForm{name: formNote, values: page.Values(c, "text", "pinned")}
	t.undo, t.err = s.AddNote(c.UserContext(), id, c.FormValue("form"), t.values["text"],
		t.values["pinned"] == "yes")
	return h.afterForm(c, s, id, "note.added", t)
}

// changeNote saves, pins, unpins or deletes a note: the button says which.
func (h *Handler) changeNote(c *fiber.Ctx, s merchant.Staff, id string) error {
	key, err := gate.Param(c, "note")
	if err != nil {
		return err
	}
	t, done := typedForm{name: key, values: page.Values(c, "text")}, "note.saved"
	switch c.FormValue("action") {
	case "pin":
		t.undo, t.err = s.PinNote(c.UserContext(), id, key, true)
	case "unpin":
		t.undo, t.err = s.PinNote(c.UserContext(), id, key, false)
	case "delete":
		done = "note.deleted"
		t.undo, t.err = s.DeleteNote(c.UserContext(), id, key)
	default:
		t.undo, t.err = s.ChangeNote(c.UserContext(), id, key, c.FormValue("version"), t.values["text"])
	}
	return h.afterForm(c, s, id, done, t)
}

func (h *Handler) answer(c *fiber.Ctx, s merchant.Staff, id string) error {
	t := typedForm{name: formAnswer, values: page.Values(c, "order", "text")}
	t.err = s.Answer(c.UserContext(), id, c.FormValue("form"),
		inquiry.Inquiry{Order: t.values["order"], Text: t.values["text"]})
	return h.afterForm(c, s, id, "message.sent_by_staff", t)
}

func (h *Handler) decide(c *fiber.Ctx, s merchant.Staff, id string) error {
	request, err := gate.Param(c, "request")
	if err != nil {
		return err
	}
	t := typedForm{name: request, values: page.Values(c, "state", "text")}
	t.err = s.DecideRequest(c.UserContext(), id, request,
		inquiry.Decision{State: t.values["state"], Text: t.values["text"]})
	return h.afterForm(c, s, id, "request.decided", t)
}

// noteLine is a note on the page.
type noteLine struct {
	Path, Text, By string
	Version        string
	At             page.Time
	Pinned, Open   bool // Open is one whose form was refused
	Form           page.Form
}

// notesShown is how many notes a customer's page shows until all are asked for.
const notesShown = 20

func (p *customerView) notes(v merchant.CustomerView, t typedForm, all bool) {
	for i, n := range v.Notes {
		if i >= notesShown && !all && t.name != n.Key {
			p.NotesHidden = len(v.Notes)
			continue
		}
		line := noteLine{Path: p.Path + "/notes/" + n.Key, Text: n.Text, Version: n.Version(), At: p.TimeMoment(n.At), Pinned: n.Pinned,
			By: n.Writer, Open: t.name == n.Key, Form: t.form(p.Base, n.Key, map[string]string{"text": n.Text})}
		if line.By == "" {
			line.By = p.T("note.former_staff")
		}
		p.Notes = append(p.Notes, line)
	}
	p.NoteForm = t.form(p.Base, formNote, nil)
}

// letterLine is a message or a request on the page, with what can be decided on it.
type letterLine struct {
	From, About, Text string
	At                page.Time
	Status            *page.Pill
	Path              string // where the decision is sent, "" if nothing is left to decide
	Open              bool   // its form was refused
	Form              page.Form
	States            []page.Option
}

func (p *customerView) letters(v merchant.CustomerView, t typedForm) {
	for _, in := range v.Letters {
		line := letterLine{About: p.T("order.title", "Number", in.Order), At: p.TimeMoment(in.At),
			Text: strings.Join(in.Details(), "\n")}
		switch in.From {
		case inquiry.FromShop:
			line.From = p.Shop.Name
		case inquiry.FromCustomer:
			line.From = p.Title
		default:
			line.From = p.T("customer.letter." + in.Kind)
			p.decision(&line, in, t)
		}
		p.Letters = append(p.Letters, line)
	}
	p.answerForm(v, t)
}

// decision adds the state of a request and what can be decided on it.
func (p *customerView) decision(line *letterLine, in inquiry.Record, t typedForm) {
	state := in.State()
	pill := p.Pill(map[string]string{order.ReturnRequested: "waiting", order.ReturnDeclined: "stopped",
		order.ReturnRefunded: "done"}[state], p.T("return.state."+state))
	if pill.Tone == "" {
		pill = p.Pill("moving", p.T("return.state."+state)).With("progress")
	}
	line.Status = &pill
	if len(in.Open()) > 0 { // none is chosen at first, as for a withdrawal
		line.States = []page.Option{{Label: p.T("withdrawals.choose")}}
	}
	for _, next := range in.Open() {
		line.States = append(line.States, page.Option{Value: next, Label: p.T("request.decide." + next)})
	}
	if p.MayEdit && len(line.States) > 0 {
		line.Path, line.Open = p.Path+"/requests/"+in.ID, t.name == in.ID
		line.Form = t.form(p.Base, in.ID, nil)
	}
}

// answerForm offers the customer's latest orders, those with messages first.
func (p *customerView) answerForm(v merchant.CustomerView, t typedForm) {
	var numbers []string
	for _, in := range v.Letters {
		numbers = append(numbers, in.Order)
	}
	for _, r := range v.Rows {
		numbers = append(numbers, r.Number)
	}
	for _, number := range numbers {
		if !slices.ContainsFunc(p.AnswerOrders, func(o page.Option) bool { return o.Value == number }) {
			p.AnswerOrders = append(p.AnswerOrders, page.Option{Value: number, Label: number})
		}
	}
	p.AnswerForm = t.form(p.Base, formAnswer, nil)
}
