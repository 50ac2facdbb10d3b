package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postern/storage"
)

// Fault is one thing that is wrong with the log.
type Fault struct {
	Number int64  // of the entry
	Text   string // a sentence about it
}

// Report is the result of verifying a log.
type Report struct {
	Head    Head
	Erased  int64   // entries whose customer was erased
	Faults  []Fault // the first maxFaults
	Further int64   // faults that are not listed
}

// IsSound reports whether nothing is wrong.
func (r Report) IsSound() bool { return len(r.Faults) == 0 }

const maxFaults = 20

// verification is a walk along the chain.
type verification struct {
	Log
	report Report
	known  Head // without a Hash for none
}

// Verify checks every entry up to the head: that its link follows the one before, that nothing in it was
// changed, and that the detail is the one that was recorded, or was erased with its customer. known is a head
// that was kept elsewhere, or the zero Head: without it, an end that was cut off or a chain that was computed
// anew cannot be found.
func (l Log) Verify(ctx context.Context, known Head) (Report, error) {
	head, _, err := l.Head(ctx)
	v := &verification{Log: l, known: known, report: Report{Head: head}}
	if err == nil {
		err = v.walk(ctx, head)
	}
	return v.report, err
}

func (v *verification) fault(number int64, format string, args ...any) {
	r := &v.report
	if len(r.Faults) == maxFaults {
		r.Further++
		return
	}
	r.Faults = append(r.Faults, Fault{number, fmt.Sprintf(format, args...)})
}

func (v *verification) walk(ctx context.Context, head Head) error {
	previous := genesis(v.shop)
	if v.known.Hash != "" && v.known.Number == 0 && v.known != previous {
		v.fault(0, "The log is not the one that the given head belongs to.")
	}
	for first := int64(1); first <= head.Number; first += batchSize {
		last := min(first+batchSize-1, head.Number)
		links, err := v.readLinks(ctx, first, last)
		if err != nil {
			return err
		}
		details, err := v.readDetails(ctx, first, last)
		if err != nil {
			return err
		}
		for n := first; n <= last; n++ {
			link, found := links[n]
			if !found {
				v.fault(n, "The entry is missing.")
				previous = Head{Number: n}
				continue
			}
			if v.checkLink(n, link, previous) {
				if err := v.checkDetail(ctx, link, details[n]); err != nil {
					return err
				}
			}
			previous = Head{n, link.Hash}
		}
	}
	if previous.Hash != "" && previous != head {
		v.fault(head.Number, "The head of the log has another hash than the last entry.")
	}
	if v.known.Number > head.Number {
		v.fault(v.known.Number, "The end of the log is missing: it has %d entries, the given head has number %d.",
			head.Number, v.known.Number)
	}
	return nil
}

func (v *verification) readLinks(ctx context.Context, first, last int64) (map[int64]Link, error) {
	var keys []string
	for n := first; n <= last; n++ {
		keys = append(keys, keyOf(n))
	}
	read, err := storage.ReadAll[Link](ctx, v.links(), keys)
	links := map[int64]Link{}
	for _, hit := range read {
		var n int64
		if _, err := fmt.Sscanf(hit.Key, "%d", &n); err != nil {
			return nil, fmt.Errorf("audit: key %q: %w", hit.Key, err)
		}
		links[n] = hit.Head
	}
	return links, err
}

// readDetails returns the details that have each number.
func (v *verification) readDetails(ctx context.Context, first, last int64) (map[int64][]Detail, error) {
	details := map[int64][]Detail{}
	query := storage.Query{Index: byNumber, From: first, To: last + 1, Limit: batchSize}
	for {
		page, err := storage.Find[struct{}](ctx, v.details(), query)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(page.Hits))
		for i, hit := range page.Hits {
			keys[i] = hit.Key
		}
		read, err := storage.ReadAll[Detail](ctx, v.details(), keys)
		if err != nil {
			return nil, err
		}
		for _, hit := range read {
			if hit.Key == hit.Head.ID && len(details[hit.Head.Number]) < 2 {
				details[hit.Head.Number] = append(details[hit.Head.Number], hit.Head)
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return details, nil
		}
	}
}

// checkLink checks the link at a place and reports whether its content is its own.
func (v *verification) checkLink(n int64, link Link, previous Head) bool {
	switch {
	case link.Number != n:
		v.fault(n, "The entry has number %d: it was moved or copied.", link.Number)
		return false
	case link.digest() != link.Hash:
		v.fault(n, "The entry was changed.")
		return false
	case previous.Hash != "" && link.Previous != previous.Hash:
		v.fault(n, "The entry does not follow entry %d: one of the two was replaced.", n-1)
	case v.known.Number == n && v.known.Hash != link.Hash:
		v.fault(n, "The entry has another hash than the given head: the log was replaced.")
	}
	return true
}

// checkDetail checks the detail of a link among those that have its number.
func (v *verification) checkDetail(ctx context.Context, link Link, details []Detail) error {
	if len(details) > 1 {
		v.fault(link.Number, "Several acts have this number.")
	}
	if len(details) == 0 {
		v.fault(link.Number, "What the entry says about the customer is missing.")
		return nil
	}
	d := details[0]
	switch {
	case d.ID != link.Act || d.Kind != link.Kind || d.Actor != link.Actor || !d.At.Equal(link.At) ||
		d.Hash != link.Detail:
		v.fault(link.Number, "What the entry says about the customer belongs to another act.")
	case d.IsErased():
		return v.checkErased(ctx, link.Number, d)
	case d.digest() != link.Detail:
		v.fault(link.Number, "What the entry says about the customer was changed.")
	}
	return nil
}

// checkErased checks that a detail was emptied by an act of the log which says so.
func (v *verification) checkErased(ctx context.Context, number int64, d Detail) error {
	v.report.Erased++
	by, _, err := v.details().Get(ctx, d.Erased)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	linked := false
	if err == nil {
		if linked, err = v.isLinked(ctx, by); err != nil {
			return err
		}
	}
	switch {
	case !linked || by.Kind != CustomerErased && by.Kind != CustomerSeparated:
		v.fault(number, "What the entry says about the customer was removed, but no customer was erased.")
	case !slices.Contains(by.Erases, d.ID):
		v.fault(number, "What the entry says about the customer was removed, but not with the customer it names.")
	}
	return nil
}

// isLinked reports whether the chain has an entry for a detail, or will have it once what waits is appended. Whether
// it says the same is checked at that entry.
func (v *verification) isLinked(ctx context.Context, d Detail) (bool, error) {
	if d.Number == 0 {
		return !d.Waiting.IsZero(), nil
	}
	link, err := v.links().Read(ctx, keyOf(d.Number))
	return err == nil && link.Found && d.Number <= v.report.Head.Number && link.Doc.Act == d.ID, err
}
