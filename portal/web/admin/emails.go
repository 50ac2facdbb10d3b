package admin

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/mail"
	"postern/portal"
	"postern/portal/board"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	emailsPath = "/admin/emails"
	emailPath  = "/admin/emails/:id"
)

func (h *Handler) emailRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionCustomers, emailsPath, h.emails),
		get(staff.PermissionCustomers, emailPath, h.email),
		post(staff.PermissionEditCustomers, emailPath+"/resend", h.resendEmail),
	}
}

// emailsPage lists the emails of the outbox.
type emailsPage struct {
	page.Base
	Count   string // beside the title
	Query   merchant.EmailQuery
	Tabs    []page.Item
	Form    page.Form
	Open    bool // shows the filters, which have errors
	Kinds   []page.Option
	Chips   []page.Link
	Rows    []emailLine
	Partial string // the list may go on where the search stopped
	Further string // URL of what follows it
	Pager   *page.Pager
	Empty   *page.Empty
	Problem string
	Ignored string // a filter that does not exist was left out
}

// emailLine is an email of a list. Why is the reason why it was not sent, "" for none.
type emailLine struct {
	Path, Kind, To, Why string
	At                  page.Time
	Status              page.Pill
}

func emailLineOf(b page.Base, row merchant.EmailRow) emailLine {
	return emailLine{Path: emailsPath + "/" + url.PathEscape(row.ID), Kind: b.T("emails.kind." + row.Kind),
		To: row.To, At: b.TimeMoment(row.CreatedAt), Status: emailPill(b, row.Entry), Why: emailWhy(b, row.Entry)}
}

// emailPill returns the state of an email.
func emailPill(b page.Base, e mail.Entry) page.Pill {
	switch e.State {
	case mail.Failed:
		return b.Pill("stopped", b.T("emails.state.failed"))
	case mail.Sent:
		return b.Pill("done", b.T("emails.state.sent"))
	case mail.Dropped:
		return b.Pill("neutral", b.T("emails.state.dropped"))
	}
	return b.Pill("waiting", b.T("emails.state.waiting"))
}

// emailWhy says why an email was not sent or not accepted yet: in words where the cause is known, and then
// what the mail server said.
func emailWhy(b page.Base, e mail.Entry) string {
	if e.State == mail.Dropped {
		if e.Throttled {
			return b.T("emails.why.limit")
		}
		return b.T("emails.why.dropped")
	}
	cause, said, cut := strings.Cut(e.LastError, ": ")
	if cut && b.L.Has("emails.cause."+cause) {
		return b.T("emails.cause."+cause) + " " + b.T("emails.said", "Text", said)
	}
	if e.LastError == "" {
		return ""
	}
	return b.T("emails.said", "Text", e.LastError)
}

func emailQueryOf(c *fiber.Ctx) merchant.EmailQuery {
	text := func(name string) string { return strings.TrimSpace(c.Query(name)) }
	return merchant.EmailQuery{State: text("state"), Person: text("person"), Kind: text("kind"),
		From: text("from"), To: text("to"), Cursor: c.Query("cursor")}
}

func emailsURL(q merchant.EmailQuery) string {
	return page.WithQuery(emailsPath, "state", q.State, "person", q.Person, "kind", q.Kind, "from", q.From,
		"to", q.To, "cursor", q.Cursor)
}

func (h *Handler) emails(c *fiber.Ctx, s merchant.Staff) error {
	q := emailQueryOf(c)
	if q.State == "" && q.Person == "" { // a search covers every state
		q.State = c.Query("in", merchant.EmailStates()[0])
	}
	found, err := s.Emails(c.UserContext(), q)
	ignored := onlyUnknown(err)
	if ignored {
		q = withoutUnknown(q)
		found, err = s.Emails(c.UserContext(), q)
	}
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return err
	}
	data := emailsPage{Base: h.base(c, s, "emails", "emails.title"), Query: q}
	data.Wide = true
	data.Ignored = ignoredText(data.Base, ignored)
	data.Kinds = []page.Option{{Label: data.T("filter.any")}}
	for _, kind := range portal.EmailKinds() {
		data.Kinds = append(data.Kinds, page.Option{Value: kind, Label: data.T("emails.kind." + kind)})
	}
	typed := map[string]string{"person": q.Person, "kind": q.Kind, "from": q.From, "to": q.To}
	data.Form = data.Base.Form(typed, err).InOrder("person", "state", "kind", "from", "to")
	for _, wrong := range validate.FieldErrors(err) {
		data.Open = data.Open || wrong.Field != "cursor"
		if wrong.Field == "cursor" {
			data.Problem, data.Form = data.T(wrong.Key, wrong.Args), data.Base.Form(nil, nil)
		}
	}
	if err := data.tabs(c, s); err != nil {
		return err
	}
	data.chips()
	for _, row := range found.Rows {
		data.Rows = append(data.Rows, emailLineOf(data.Base, row))
	}
	data.further(found)
	if len(found.Rows) == 0 && err == nil && !found.Partial {
		e := data.Base.Empty(data.T("emails.none"), "", "")
		data.Empty = &e
	}
	if data.Open {
		e := data.Base.Empty(data.T("filter.nothing"), "", "")
		data.Empty = &e
	}
	whole := countedAs(board.Emails, emailsURL(q), page.WithQuery(emailsPath, "state", mail.Failed))
	shown := shownList{len(found.Rows), found.Partial, found.Previous, found.Next, whole}
	var failed error
	if data.Count, failed = shown.count(c.UserContext(), data.Base, s); failed != nil {
		return failed
	}
	return h.pages.Render(c, page.Refusal(err), "admin/emails", data)
}

// withoutUnknown returns a query without what does not exist.
func withoutUnknown(q merchant.EmailQuery) merchant.EmailQuery {
	if !slices.Contains(portal.EmailKinds(), q.Kind) {
		q.Kind = ""
	}
	if !slices.Contains(merchant.EmailStates(), q.State) {
		q.State = ""
	}
	if q.State == "" && q.Person == "" {
		q.State = merchant.EmailStates()[0]
	}
	return q
}

// tabs leads to the emails of each state, and for a person to those of all. The failed ones are counted.
func (p *emailsPage) tabs(c *fiber.Ctx, s merchant.Staff) error {
	counted, err := s.Numbers(c.UserContext())
	states := merchant.EmailStates()
	if p.Query.Person != "" {
		states = append([]string{""}, states...)
	}
	for _, state := range states {
		q := p.Query
		q.State, q.Cursor = state, ""
		key := "emails.tab." + state
		if state == "" {
			key = "emails.tab.all"
		}
		label, path := p.T(key), emailsURL(q)
		if counted.IsKnown() && path == page.WithQuery(emailsPath, "state", mail.Failed) {
			label += " " + numberText(p.Base, counted.Waiting[board.Emails])
		}
		p.Tabs = append(p.Tabs, page.Item{Label: label, Path: path, Current: state == p.Query.State})
	}
	return err
}

// chips names the filters that are set, each with the URL of the list without it.
func (p *emailsPage) chips() {
	add := func(name, value string, clear func(*merchant.EmailQuery)) {
		if value == "" {
			return
		}
		without := p.Query
		without.Cursor = ""
		clear(&without)
		p.Chips = append(p.Chips, page.Link{Path: emailsURL(without),
			Label: p.T("filter.chip", "Name", name, "Value", value)})
	}
	add(p.T("emails.person"), p.Query.Person, func(q *merchant.EmailQuery) { q.Person = "" })
	add(p.T("emails.kind"), page.LabelOf(p.Kinds[1:], p.Query.Kind),
		func(q *merchant.EmailQuery) { q.Kind = "" })
	add(p.T("log.from"), shownDay(p.Base, p.Query.From), func(q *merchant.EmailQuery) { q.From = "" })
	add(p.T("log.to"), shownDay(p.Base, p.Query.To), func(q *merchant.EmailQuery) { q.To = "" })
}

func (p *emailsPage) further(found merchant.EmailPage) {
	at := func(cursor string) string {
		q := p.Query
		if q.Cursor = cursor; cursor == "" {
			return ""
		}
		return emailsURL(q)
	}
	if found.Partial {
		p.Partial, p.Further = p.T("inbox.partial"), at(found.Next)
		return
	}
	if p.Pager = p.Base.Pager(at(found.Previous), at(found.Next)); p.Pager != nil {
		p.Pager.Newer, p.Pager.Older = p.T("customers.previous"), p.T("customers.next")
	}
}

// emailView shows an email: its delivery, and what it says with masked secrets.
type emailView struct {
	page.Base
	Path              string
	Form              page.Form // with the error of an act that was refused
	Status            page.Pill
	Facts             []fact
	Subject           string
	Text, HTML        string
	NoText            string    // why there is no text
	Customer          page.Link // without a path for none
	Resend, ResendTip string    // the label of the button, "" for none, and what it does
}

func (h *Handler) email(c *fiber.Ctx, s merchant.Staff) error { return h.showEmail(c, s, nil) }

func (h *Handler) showEmail(c *fiber.Ctx, s merchant.Staff, refused error) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	v, err := s.Email(c.UserContext(), id)
	if err != nil {
		return err
	}
	page.SetRetryAfter(c, refused)
	data := emailView{Base: h.base(c, s, "emails", ""), Path: emailsPath + "/" + url.PathEscape(id)}
	data.Title, data.Form = data.T("emails.kind."+v.Kind), data.Base.Form(nil, refused)
	data.Status = emailPill(data.Base, v.Entry)
	data.delivery(v)
	if v.Customer != "" {
		data.Customer = page.Link{Label: data.T("withdrawals.customer"), Path: customerPathOf(v.Customer)}
	}
	data.ResendTip = data.T("emails.resend.never")
	if v.Resend != merchant.ResendNever {
		data.ResendTip = data.T("emails.resend." + string(v.Resend) + ".text")
		if s.May(staff.PermissionEditCustomers) {
			data.Resend = data.T("emails.resend." + string(v.Resend))
		}
	}
	if err := h.addText(c, s, &data, v); err != nil {
		return err
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/email", data)
}

// delivery tells what happened to the email.
func (p *emailView) delivery(v merchant.EmailView) {
	sent := ""
	if !v.SentAt.IsZero() {
		sent = p.L.DateTime(v.SentAt)
	}
	next, forgotten := "", ""
	if v.State == mail.Waiting || v.State == mail.Deferred {
		next = p.L.DateTime(v.NextAt)
	} else {
		forgotten = p.L.DateTime(v.NextAt)
	}
	tries := ""
	if v.Attempts > 0 {
		tries = p.L.Number(int64(v.Attempts))
	}
	p.Facts = factsOf(p.Base, "emails.to", v.To, "emails.created", p.L.DateTime(v.CreatedAt),
		"emails.sent", sent,
		"emails.attempts", tries, "emails.next", next, "emails.why", emailWhy(p.Base, v.Entry),
		"emails.kept", forgotten)
}

// addText adds what the email says.
func (h *Handler) addText(c *fiber.Ctx, s merchant.Staff, data *emailView, v merchant.EmailView) error {
	renderer, err := mail.LoadRenderer()
	if err != nil {
		return err
	}
	show := h.app.Worker().Previewer(h.pages.Catalogue(), renderer)
	m, err := show(c.UserContext(), s.Shop().ID, v.ID, v.Entry)
	switch {
	case errors.Is(err, mail.ErrDrop):
		data.NoText = data.T("emails.text.gone")
		return nil
	case err != nil:
		return err
	}
	data.Subject, data.Text, data.HTML = m.Subject, m.Text, m.HTML
	return nil
}

func (h *Handler) resendEmail(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	err = s.ResendEmail(c.UserContext(), id)
	switch {
	case page.Refused(err):
		return h.showEmail(c, s, err)
	case err != nil:
		return err
	}
	return done(c, emailsPath+"/"+url.PathEscape(id), "email.resent_by_staff")
}
