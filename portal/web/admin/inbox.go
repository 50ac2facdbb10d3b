package admin

import (
	"github.com/gofiber/fiber/v2"

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

func (h *Handler) inbox(c *fiber.Ctx, s merchant.Staff) error {
	show := c.Query("show", merchant.InboxKinds()[0])
	found, err := s.Inbox(c.UserContext(), show, c.Query("cursor"))
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return err
	}
	data := inboxPage{Base: h.base(c, s, "inbox", "inbox.title")}
	data.Wide = true
	for _, kind := range merchant.InboxKinds() {
		data.Tabs = append(data.Tabs, page.Item{Label: data.T("board.waiting." + kind),
			Path: page.WithQuery(inboxPath, "show", kind), Current: kind == show})
	}
	rows := homePage{Base: data.Base}
	data.Rows = rows.waiting(found.Rows)
	data.Empty = data.Base.Empty(data.T("inbox.none"), "", "")
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
