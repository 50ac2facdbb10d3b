package admin

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/audit"
	"postern/portal/inquiry"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/web/page"
)

// timelineView is everything that happened to a customer, the latest first.
type timelineView struct {
	Filters []page.Item
	Moments []moment
	Next    string // URL of what happened before, "" for nothing
	Newer   string // URL of the latest, "" if these are the latest
}

// moment is something that happened.
type moment struct {
	At      page.Time
	Icon    string
	Text    string
	Link    string // URL of what it is about, "" for none
	By      string
	Quote   string
	Changes []shownChange
	Undo    string // the id of the act, if it can be undone
	Undone  bool
	times   int64 // how often it happened without anything else in between; At is the last time
}

// addTimeline reads the source and the time from the URL.
func (p *customerView) addTimeline(c *fiber.Ctx, h *Handler, s merchant.Staff,
	v merchant.CustomerView) error {
	source := c.Query("what")
	if !slices.Contains(merchant.Sources(), source) {
		source = ""
	}
	before, err := time.Parse(time.RFC3339Nano, c.Query("before"))
	if err != nil {
		before = time.Time{} // a link that somebody cut shows the latest
	}
	found, next, err := s.Timeline(c.UserContext(), v.Customer, source, before)
	if err != nil {
		return err
	}
	members, err := s.MembersOf(c.UserContext(), found)
	if err != nil {
		return err
	}
	url := func(source, before string) string {
		return page.WithQuery(p.Path, "what", source, "before", before) + "#timeline"
	}
	for _, name := range append([]string{""}, merchant.Sources()...) {
		key := "timeline.all"
		if name != "" {
			key = "timeline." + name
		}
		p.Timeline.Filters = append(p.Timeline.Filters, page.Item{Label: p.T(key), Path: url(name, ""),
			Current: name == source})
	}
	if !next.IsZero() {
		p.Timeline.Next = url(source, next.UTC().Format(time.RFC3339Nano))
	}
	if !before.IsZero() {
		p.Timeline.Newer = url(source, "")
	}
	for _, m := range found {
		p.addMoment(p.moment(h, v.ID, m, members))
	}
	for i, m := range p.Timeline.Moments {
		if m.times > 1 {
			p.Timeline.Moments[i].Text = p.T("timeline.times", "What", m.Text, "Number", p.L.Number(m.times))
		}
	}
	return nil
}

// addMoment adds what happened, or counts it with the one before that says the same.
func (p *customerView) addMoment(m moment) {
	if last := len(p.Timeline.Moments) - 1; last >= 0 && p.Timeline.Moments[last].says(m) {
		p.Timeline.Moments[last].times++
		return
	}
	m.times = 1
	p.Timeline.Moments = append(p.Timeline.Moments, m)
}

// says reports whether two moments differ only in their time. What changed something or can be undone stays
// apart.
func (m moment) says(other moment) bool {
	plain := len(m.Changes)+len(other.Changes) == 0 && m.Undo+other.Undo == ""
	return plain && m.Text == other.Text && m.Link == other.Link && m.By == other.By && m.Quote == other.Quote &&
		m.Undone == other.Undone
}

func (p *customerView) moment(h *Handler, id string, m merchant.Moment, members map[string]string) moment {
	shown := moment{At: p.TimeMoment(m.At)}
	switch {
	case m.Act != nil:
		p.actMoment(h, &shown, *m.Act, members)
	case m.Order != nil:
		shown.Icon, shown.Text = "parcel", p.T("timeline.ordered", "Number", m.Order.Number, "Total",
			p.Money(m.Order.Total()))
		shown.Link = orderPathOf(id, m.Order.Number)
	case m.Letter != nil:
		key := map[string]string{inquiry.FromShop: "timeline.answered", inquiry.FromCustomer: "timeline.wrote",
			"": "timeline.requested." + m.Letter.Kind}[m.Letter.From]
		shown.Icon, shown.Text, shown.Link = "mail", p.T(key, "Number", m.Letter.Order), "#letters"
		shown.Quote = m.Letter.Text
	case m.Withdrawal != nil:
		shown.Icon, shown.Text = "return", p.T("timeline.withdrew", "Number", m.Withdrawal.Statement.Number)
		shown.Link, shown.Quote = "#withdrawals", m.Withdrawal.Statement.Goods
	case m.Consent != nil:
		shown.Icon = "done"
		shown.Text = p.T("timeline.consent."+string(m.Consent.Status), "What",
			p.T("consent.name."+string(m.Consent.Purpose)))
		shown.By = m.Consent.Source
	case m.Event != nil:
		shown.Icon, shown.Text = "search", p.T("timeline.event."+m.Event.Type, "Name", productName(*m.Event))
	}
	return shown
}

// actMoment shows an act with who did it and what it changed.
func (p *customerView) actMoment(h *Handler, shown *moment, act merchant.Event, members map[string]string) {
	shown.Icon, shown.Text, shown.Quote = "log", p.T("log.act."+string(act.Kind)), act.Reason
	shown.By = p.T("log.actor." + string(act.Actor.Kind))
	if act.Actor.Kind == audit.Staff {
		if shown.By = members[act.Actor.ID]; shown.By == "" {
			shown.By = p.T("note.former_staff")
		}
		if staff.IsRole(act.Actor.Role) {
			shown.By += " · " + p.T("staff.role."+act.Actor.Role)
		}
	}
	if act.Kind != audit.MessageSent { // the message is a moment of its own
		for _, change := range act.Changes {
			shown.Changes = append(shown.Changes, h.shownChange(p.Base, change))
		}
	}
	if shown.Undone = act.Undone; act.CanUndo {
		shown.Undo = act.ID
	}
}
