package merchant

import (
	"context"
	"strings"
	"time"

	"postern/portal/board"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// Period is the days that the start page shows, as given in the URL: one of Periods, or first and last days
// of the form "2026-03-05", both inclusive.
type Period struct {
	Name     string // "" for UsualPeriod
	From, To string
}

// Periods returns the names of the periods that end today: a number of days, or twelve months.
func Periods() []string { return []string{"7", UsualPeriod, "90", "12m"} }

// UsualPeriod is the period that the start page shows at first.
const UsualPeriod = "30"

// Figures is what happened in a period. Its days are complete and in their order; those that have not been
// counted yet are empty, with a zero At.
type Figures struct {
	First, Last time.Time // noon of these days in the shop's time zone
	Days        []board.Day
	Sum         board.Day
	Pending     bool // some days have not been counted yet
}

// LongestPeriod is the number of days of the longest period.
const LongestPeriod = 366

// days returns noon of the first and the last day. Field errors are at "from" and "to".
func (p Period) days(now time.Time, zone *time.Location) (first, last time.Time, err error) {
	today, f := validate.Midday(now, zone), &validate.Validator{}
	if p.From != "" || p.To != "" {
		return p.between(f, today)
	}
	switch p.Name {
	case "", UsualPeriod:
		first = today.AddDate(0, 0, -29)
	case "7":
		first = today.AddDate(0, 0, -6)
	case "90":
		first = today.AddDate(0, 0, -89)
	case "12m":
		first = time.Date(today.Year(), today.Month()-11, 1, 12, 0, 0, 0, zone)
	default:
		f.Reject("period", "filter.unknown")
	}
	return first, today, validate.InvalidFields(f.Rejected)
}

func (p Period) between(f *validate.Validator, today time.Time) (first, last time.Time, err error) {
	first, last = f.Day("from", f.Required("from", strings.TrimSpace(p.From)), today.Location()), today
	if strings.TrimSpace(p.To) != "" {
		last = f.Day("to", p.To, today.Location())
	}
	if last.After(today) {
		last = today
	}
	switch {
	case len(f.Rejected) > 0:
	case first.After(last):
		f.Reject("from", "period.order")
	case first.Before(today.AddDate(0, 0, -board.Lookback)):
		f.Reject("from", "board.too_early", "Day", today.AddDate(0, 0, -board.Lookback).Format(board.DayForm))
	case last.Sub(first) > LongestPeriod*24*time.Hour:
		f.Reject("from", "board.too_long")
	}
	return first, last, validate.InvalidFields(f.Rejected)
}

// Board returns what waits for somebody and what happened in a period, as counted before, and has what is old
// counted again. Field errors are at "period", "from" and "to"; the board is returned all the same, with the
// figures of UsualPeriod.
func (s Staff) Board(ctx context.Context, p Period) (b board.Board, f Figures, err error) {
	if !s.May(staff.PermissionCustomers) {
		return b, f, denied()
	}
	first, last, wrong := p.days(s.app.Now(), s.shop.Location())
	if wrong != nil {
		first, last, _ = Period{}.days(s.app.Now(), s.shop.Location())
	}
	if b, err = s.lookAtBoard(ctx, first.Format(board.DayForm)); err != nil {
		return b, f, err
	}
	if f, err = s.figures(ctx, first, last); err != nil {
		return b, f, err
	}
	return b, f, wrong
}

// Numbers returns what a job counted, as counted before, and has it counted again if it is old.
func (s Staff) Numbers(ctx context.Context) (board.Board, error) {
	if !s.May(staff.PermissionCustomers) {
		return board.Board{}, denied()
	}
	return s.lookAtBoard(ctx, validate.Midday(s.app.Now(), s.shop.Location()).Format(board.DayForm))
}

// lookAtBoard reads the board and has it counted again if it is old.
func (s Staff) lookAtBoard(ctx context.Context, since string) (board.Board, error) {
	docs, now := board.Docs(s.app.Engine(), s.shop.ID), s.app.Now()
	read, err := docs.Read(ctx, board.Key)
	if err != nil || !read.Doc.Look(since, now) {
		return read.Doc, err
	}
	return docs.Put(ctx, board.Key, func(b *board.Board, _ bool) error {
		if !b.Look(since, now) {
			return storage.ErrUnchanged
		}
		return nil
	})
}

func (s Staff) figures(ctx context.Context, first, last time.Time) (Figures, error) {
	f := Figures{First: first, Last: last}
	found, err := storage.Find[board.Day](ctx, board.DayDocs(s.app.Engine(), s.shop.ID), storage.Query{
		Index: board.ByDay, From: first.Format(board.DayForm), Limit: storage.MaxLimit,
		To: last.AddDate(0, 0, 1).Format(board.DayForm)})
	known := map[string]board.Day{}
	for _, hit := range found.Hits {
		known[hit.Key] = hit.Head
	}
	for noon := first; !noon.After(last); noon = noon.AddDate(0, 0, 1) {
		day := known[noon.Format(board.DayForm)]
		f.Pending = f.Pending || day.At.IsZero()
		day.Day = noon.Format(board.DayForm)
		f.Days = append(f.Days, day)
		f.Sum.Add(day)
	}
	return f, err
}
