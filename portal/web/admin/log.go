package admin

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"postern/portal/audit"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	logPath    = "/admin/log"
	logCSVPath = "/admin/log/log.csv"
)

func (h *Handler) logRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionLog, logPath, h.log),
		get(staff.PermissionLog, logCSVPath, h.logCSV),
	}
}

// logPage lists the acts on customers and staff.
type logPage struct {
	page.Base
	Query   merchant.LogQuery
	Form    page.Form
	Open    bool // shows the filters, which have errors
	Acts    []page.Option
	Actors  []page.Option
	Chips   []page.Link
	Rows    []logRow
	Last    string // which entry is the last
	CSV     string // URL of the download
	Problem string // an invalid cursor in the page's URL
	Partial string // the list may go on where the search stopped
	Further string // URL of what follows it
	Pager   *page.Pager
	Empty   *page.Empty
	Loosen  []page.Link // the filters, of which one must be removed to find anything
}

// logRow is one act.
type logRow struct {
	Number  string
	At      page.Time
	Act     string
	Person  page.Link // whom it was about; without a path if there is no page
	Actor   page.Link // who did it, with the URL of that actor's acts
	Role    string
	Changes []shownChange
	More    []shownChange // further ones, folded
	Reason  string
	// LongReason is folded.
	LongReason string
}

// longReason is the number of characters from which a reason is folded.
const longReason = 120

// shownChanges is how many changes of an act are not folded.
const shownChanges = 3

func (h *Handler) log(c *fiber.Ctx, s merchant.Staff) error {
	q := logQueryOf(c)
	found, err := s.Log(c.UserContext(), q)
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return err
	}
	b := h.base(c, s, "log", "admin.log.title")
	b.Wide = true
	data := logPage{Base: b, Query: q, Acts: actOptions(b), CSV: logURL(logCSVPath, q)}
	data.Actors = actorOptions(b, q.Actor, found)
	data.Form = b.Form(map[string]string{"person": q.Person, "actor": q.Actor, "act": q.Act,
		"from": q.From, "to": q.To},
		err).InOrder("person", "act", "actor", "from", "to")
	for _, wrong := range validate.FieldErrors(err) {
		data.Open = data.Open || wrong.Field != "person" && wrong.Field != "cursor"
		if wrong.Field == "cursor" {
			data.Problem, data.Form = b.T(wrong.Key, wrong.Args), b.Form(nil, nil)
		}
	}
	data.Last = b.T("log.last", "Number", b.L.Number(found.Head.Number))
	if found.Head.Number == 0 {
		data.Last = ""
	}
	data.chips(found)
	mayOpen := s.May(staff.PermissionStaff)
	for _, entry := range found.Entries {
		data.Rows = append(data.Rows, h.logRow(b, entry, found, mayOpen))
	}
	data.further(found)
	if len(data.Rows) == 0 && err == nil && !found.Partial {
		data.empty()
	}
	return h.pages.Render(c, page.Refusal(err), "admin/log", data)
}

// logQueryOf reads the list's state from the URL.
func logQueryOf(c *fiber.Ctx) merchant.LogQuery {
	text := func(name string) string { return strings.TrimSpace(c.Query(name)) }
	return merchant.LogQuery{Person: text("person"), Actor: text("actor"), Act: text("act"), From: text("from"),
		To: text("to"), Cursor: c.Query("cursor")}
}

func logURL(path string, q merchant.LogQuery) string {
	return page.WithQuery(path, "person", q.Person, "act", q.Act, "actor", q.Actor, "from", q.From, "to", q.To,
		"cursor", q.Cursor)
}

// logCSV downloads everything that the query selects. Somebody who has to prove the second factor first is
// led back to the list: a browser keeps showing the page before a download.
func (h *Handler) logCSV(c *fiber.Ctx, s merchant.Staff) error {
	q := logQueryOf(c)
	q.Cursor = ""
	write, err := s.LogCSV(c.UserContext(), q)
	switch validate.KindOf(err) {
	case validate.StepUp:
		return page.To(c, page.WithQuery(confirmPath, "to", logURL(logPath, q)))
	case validate.Invalid:
		return page.To(c, logURL(logPath, q))
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	return page.Download(c, s.Shop().ID+"-log.csv", h.app.LostDownload, write)
}

func actOptions(b page.Base) []page.Option {
	options := []page.Option{{Label: b.T("filter.any")}}
	for _, kind := range audit.Kinds() {
		options = append(options, page.Option{Value: string(kind), Label: b.T("log.act." + string(kind))})
	}
	return options
}

// actorOptions returns the kinds of actors, the staff, and the actor that the query names.
func actorOptions(b page.Base, chosen string, found merchant.LogPage) []page.Option {
	options := []page.Option{{Label: b.T("filter.any")}}
	for _, kind := range audit.ActorKinds() {
		options = append(options, page.Option{Value: string(kind), Label: b.T("log.actor." + string(kind))})
	}
	for _, m := range found.Roster {
		options = append(options, page.Option{Value: string(audit.Staff) + ":" + m.ID, Label: m.Email})
	}
	if kind, id, named := strings.Cut(chosen, ":"); named && page.LabelOf(options, chosen) == "" {
		if email := found.Members[id]; email != "" {
			id = email
		}
		if b.L.Has("log.actor." + kind) {
			id = b.T("log.actor."+kind) + " · " + id
		}
		options = append(options, page.Option{Value: chosen, Label: id})
	}
	return options
}

// chips names the filters that are set, each with the URL of the list without it.
func (p *logPage) chips(found merchant.LogPage) {
	add := func(name, value string, clear func(*merchant.LogQuery)) {
		if value == "" {
			return
		}
		without := p.Query
		without.Cursor = ""
		clear(&without)
		p.Chips = append(p.Chips, page.Link{Label: p.T("filter.chip", "Name", p.T("log."+name), "Value", value),
			Path: logURL(logPath, without)})
	}
	add("person", found.Person, func(q *merchant.LogQuery) { q.Person = "" })
	if p.Query.Act != "" {
		add("act", page.LabelOf(p.Acts, p.Query.Act), func(q *merchant.LogQuery) { q.Act = "" })
	}
	if p.Query.Actor != "" {
		add("actor", page.LabelOf(p.Actors, p.Query.Actor), func(q *merchant.LogQuery) { q.Actor = "" })
	}
	add("from", shownDay(p.Base, p.Query.From), func(q *merchant.LogQuery) { q.From = "" })
	add("to", shownDay(p.Base, p.Query.To), func(q *merchant.LogQuery) { q.To = "" })
}

func (h *Handler) logRow(b page.Base, entry audit.Detail, found merchant.LogPage, mayOpen bool) logRow {
	row := logRow{At: b.TimeMoment(entry.At), Act: b.T("log.act." + string(entry.Kind))}
	if entry.Reason != "" {
		row.Reason = b.T("log.reason", "Reason", entry.Reason)
	}
	if utf8.RuneCountInString(entry.Reason) > longReason {
		row.Reason, row.LongReason = "", entry.Reason
	}
	if entry.Number > 0 {
		row.Number = b.L.Number(entry.Number)
	}
	row.Person = logPerson(b, entry, found, mayOpen)
	row.Actor = page.Link{Label: entry.Actor.ID, Path: logURL(logPath,
		merchant.LogQuery{Actor: entry.Actor.String()})}
	row.Role = b.T("log.actor." + string(entry.Actor.Kind))
	if entry.Actor.Kind == audit.Staff {
		if email := found.Members[entry.Actor.ID]; email != "" {
			row.Actor.Label = email
		}
		if staff.IsRole(entry.Actor.Role) {
			row.Role = b.T("staff.role." + entry.Actor.Role)
		}
	}
	if row.Actor.Label == "" {
		row.Actor.Label, row.Role = row.Role, ""
	}
	for _, change := range entry.Changes {
		row.Changes = append(row.Changes, h.shownChange(b, change))
	}
	if n := len(row.Changes); n > shownChanges+1 {
		row.Changes, row.More = row.Changes[:shownChanges], row.Changes[shownChanges:]
	}
	return row
}

// logPerson names whom an act was about.
func logPerson(b page.Base, entry audit.Detail, found merchant.LogPage, mayOpen bool) page.Link {
	switch {
	case entry.Member != "":
		person := page.Link{Label: entry.Email}
		if slices.ContainsFunc(found.Roster, func(m staff.Member) bool { return m.ID == entry.Member }) && mayOpen {
			person.Path = staffPath + "/" + entry.Member
		}
		return person
	case found.Customers[entry.Customer] != "":
		return page.Link{Label: found.Customers[entry.Customer], Path: customerPathOf(entry.Customer)}
	case entry.Customer != "", entry.IsErased(), entry.Kind == audit.CustomerErased:
		return page.Link{Label: b.T("log.deleted_customer")}
	}
	return page.Link{}
}

// further sets the links to what follows and precedes the page.
func (p *logPage) further(found merchant.LogPage) {
	at := func(cursor string) string {
		q := p.Query
		if q.Cursor = cursor; cursor == "" {
			return ""
		}
		return logURL(logPath, q)
	}
	if found.Partial {
		p.Partial, p.Further = p.T("log.partial"), at(found.Next)
		p.Pager = p.Base.Pager(at(found.Previous), "")
		return
	}
	p.Pager = p.Base.Pager(at(found.Previous), at(found.Next))
}

func (p *logPage) empty() {
	e := p.Base.Empty(p.T("log.none"), "", "")
	if len(p.Chips) > 0 {
		e = p.Base.Empty(p.T("log.none.filters"), p.T("log.show_all"), logPath)
	}
	if len(p.Chips) > 1 {
		p.Loosen = p.Chips
	}
	p.Empty = &e
}
