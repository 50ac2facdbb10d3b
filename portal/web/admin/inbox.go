package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/board"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const inboxPath = "/admin/inbox"

func (h *Handler) inboxRoutes() []gate.Route {
	return []gate.Route{get(staff.PermissionCustomers, inboxPath, h.inbox)}
}

// inboxPage lists what customers wrote and nobody has answered or decided.
type inboxPage struct {
	page.Base
	Count   string // beside the title
	Tabs    []page.Item
	Rows    []waitingRow
	Partial string // the list may go on where the search stopped
	Further string // URL of what follows it
	Pager   *page.Pager
	Empty   page.Empty
	Problem string
}

// tabs leads to each list, with how much waits there.
func (p *inboxPage) tabs(c *fiber.Ctx, s merchant.Staff, show string) error {
	counted, err := s.Numbers(c.UserContext())
	for _, kind := range merchant.InboxKinds() {
		label := p.T("board.waiting." + kind)
		if counted.IsKnown() {
			label += " " + numberText(p.Base, counted.Waiting[kind])
		}
		p.Tabs = append(p.Tabs, page.Item{Label: label, Path: page.WithQuery(inboxPath, "show", kind),
			Current: kind == show})
	}
	p.Tabs = append(p.Tabs, page.Item{Label: p.T("inbox.answered"), Current: show == merchant.InboxAnswered,
		Path: page.WithQuery(inboxPath, "show", merchant.InboxAnswered)})
	return err
}

// empty says that nothing waits, and leads to what was answered.
func (p *inboxPage) empty(show string) page.Empty {
	switch show {
	case merchant.InboxAnswered:
		return p.Base.Empty(p.T("inbox.answered.none"), "", "")
	case board.Messages:
		return p.Base.Empty(p.T("inbox.messages.none"), p.T("inbox.answered.show"),
			page.WithQuery(inboxPath, "show", merchant.InboxAnswered))
	}
	return p.Base.Empty(p.T("inbox.none"), "", "")
}

func (h *Handler) inbox(c *fiber.Ctx, s merchant.Staff) error {
	show := c.Query("show", merchant.InboxKinds()[0])
	found, err := s.Inbox(c.UserContext(), show, c.Query("cursor"))
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return err
	}
	data := inboxPage{Base: h.base(c, s, "inbox", "inbox.title")}
	data.Wide = true
	if err := data.tabs(c, s, show); err != nil {
		return err
	}
	rows := homePage{Base: data.Base}
	data.Rows = rows.waiting(found.Rows)
	data.Empty = data.empty(show)
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return page.WithQuery(inboxPath, "show", show, "cursor", cursor)
	}
	if found.Partial {
		data.Partial, data.Further = data.T("inbox.partial"), at(found.Next)
	} else if data.Pager = data.Base.Pager(at(found.Previous), at(found.Next)); data.Pager != nil {
		data.Pager.Newer, data.Pager.Older = data.T("customers.previous"), data.T("customers.next")
	}
	for _, wrong := range validate.FieldErrors(err) {
		data.Problem = data.T(wrong.Key, wrong.Args)
	}
	shown := shownList{len(found.Rows), found.Partial, found.Previous, found.Next, show}
	var failed error
	if data.Count, failed = shown.count(c.UserContext(), data.Base, s); failed != nil {
		return failed
	}
	return h.pages.Render(c, page.Refusal(err), "admin/inbox", data)
}
