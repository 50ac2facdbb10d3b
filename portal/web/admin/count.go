package admin

import (
	"context"
	"slices"

	"postern/portal/board"
	"postern/portal/merchant"
	"postern/portal/validate"
	"postern/portal/web/page"
)

// shownList is what a page shows of a list, for the number beside its title. Kind is what of board.Board
// counts the whole list, "" for none.
type shownList struct {
	rows           int
	isPartial      bool
	previous, next string
	kind           string
}

// count returns the number beside the title: that of the rows if they are the whole list, or else that which
// a job counted, or at least how many there are. It is "" if nothing is known or there is nothing to count.
func (l shownList) count(ctx context.Context, b page.Base, s merchant.Staff) (string, error) {
	isFirst := l.previous == ""
	switch {
	case l.rows == 0:
		return "", nil
	case isFirst && l.next == "" && !l.isPartial:
		return b.L.Number(int64(l.rows)), nil
	case l.kind != "":
		counted, err := s.Numbers(ctx)
		if err != nil || counted.IsKnown() && counted.Waiting[l.kind].N >= int64(l.rows) {
			return numberText(b, counted.Waiting[l.kind]), err
		}
	}
	if !isFirst || l.isPartial {
		return "", nil
	}
	return numberText(b, board.Number{N: int64(l.rows), More: true}), nil
}

// onlyUnknown reports whether nothing is wrong with a query but filters that do not exist. Such a link is old
// or mistyped: the list is shown without them.
func onlyUnknown(err error) bool {
	wrong := validate.FieldErrors(err)
	return len(wrong) > 0 && !slices.ContainsFunc(wrong, func(w validate.FieldError) bool {
		return w.Key != "filter.unknown"
	})
}

// ignoredText says that a filter was left out, "" if none was.
func ignoredText(b page.Base, ignored bool) string {
	if !ignored {
		return ""
	}
	return b.T("filter.ignored")
}

// countedAs returns the kind if the list shown is the one that the board counts.
func countedAs(kind, shown, whole string) string {
	if shown == whole {
		return kind
	}
	return ""
}

func numberText(b page.Base, n board.Number) string {
	if n.More {
		return b.T("count.more", "Number", b.L.Number(n.N))
	}
	return b.L.Number(n.N)
}
