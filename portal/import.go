package portal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"sync"
	"unicode/utf8"

	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Refusal is one line of an import that was refused.
type Refusal struct {
	Line   int    // from 1
	Number string // order number, "" if it could not be read
	Err    error
}

// Warning is one line of an import that was accepted, but with a value rounded, cleaned or dropped.
type Warning struct {
	Line   int // from 1
	Number string
	Fields []validate.FieldError
}

// Report is the result of an import.
type Report struct {
	Lines                              int // non-empty lines
	Created, Updated, Unchanged, Stale int
	Refused                            []Refusal // the first maxRefusals, by line
	RefusedCount                       int
	Warned                             []Warning // the first maxWarned, by line
	WarnedCount                        int
}

const (
	importWorkers = 256      // their writes share commits
	importAhead   = 8        // orders queued for each of them
	importBytes   = 32 << 20 // of the text of all orders in progress
	maxRefusals   = 1000
	maxWarned     = 100
)

// ImportOrders stores orders from NDJSON (one order per line, in the format of PUT, including the number),
// from a JSON array, or from objects written over several lines, which are reported by their first line.
// Empty lines are skipped. An invalid line, or one for a customer who is being erased, is refused and
// reported; the others are stored. Lines of one order are stored in file order. After each line, progress
// gets the number of bytes read since the previous call. Since each order is stored as of its own time, an
// interrupted import can be run again with the same result. An error comes from the reader or the store.
func (o Operator) ImportOrders(
	ctx context.Context, shopID string, r io.Reader, progress func(bytes int), options ...ImportOption,
) (Report, error) {
	shop, err := o.app.shop(ctx, shopID)
	if err != nil {
		return Report{}, err
	}
	run := &importRun{app: o.app, shop: shop, seed: maphash.MakeSeed(), decoder: order.Decoder{
		Formats: o.app.formats, Zone: shop.Location()}, room: semaphore.NewWeighted(importBytes)}
	for _, choose := range options {
		choose(&run.importChoices)
	}
	group, ctx := errgroup.WithContext(ctx)
	for i := range run.queues {
		run.queues[i] = make(chan importLine, importAhead)
		group.Go(func() error { return run.work(ctx, run.queues[i]) })
	}
	group.Go(func() error {
		defer run.close()
		return run.read(ctx, r, progress)
	})
	err = group.Wait()
	slices.SortFunc(run.report.Refused, func(a, b Refusal) int { return a.Line - b.Line })
	slices.SortFunc(run.report.Warned, func(a, b Warning) int { return a.Line - b.Line })
	return run.report, err
}

// importLine is the order on one line of the file.
type importLine struct {
	line     int
	size     int64 // of its text in bytes
	order    order.Order
	warnings []validate.FieldError
}

// importRun is one import in progress. Each worker has a queue, and all lines of one order go to the same
// queue: if two have the same updated_at, the later line is stored last, however often the file is
// imported.
type importRun struct {
	importChoices

	app     *App
	shop    shop.Shop
	seed    maphash.Seed
	decoder order.Decoder
	owners  importOwners
	room    *semaphore.Weighted // bytes of text that may still wait for a worker
	queues  [importWorkers]chan importLine
	mu      sync.Mutex
	report  Report
}

func (run *importRun) close() {
	for _, queue := range run.queues {
		close(queue)
	}
}

// read passes the documents on to the workers. A document longer than validate.MaxDocument is refused without
// being kept in memory.
func (run *importRun) read(ctx context.Context, r io.Reader, progress func(int)) error {
	source, err := newImportSource(r, run.encoding)
	if err != nil {
		return err
	}
	for {
		d, err := source.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read line %d: %w", d.line, err)
		}
		progress(source.raw.taken())
		if d.size > validate.MaxDocument {
			run.refuse(d.line, "", validate.NewError(validate.TooLarge, "error.too_large"))
		} else if err := run.hand(ctx, d.line, d.text); err != nil {
			return err
		}
		if err != nil {
			return nil
		}
	}
}

// hand passes the order on a line to its worker.
func (run *importRun) hand(ctx context.Context, line int, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if !utf8.Valid(text) {
		run.refuse(line, "", validate.InvalidFields([]validate.FieldError{{Key: "import.encoding"}}))
		return nil
	}
	decoder := run.decoder
	decoder.Latest = run.app.latest()
	o, warnings, err := decoder.Decode(text, "")
	if err != nil {
		run.refuse(line, cmp.Or(o.Number, numberIn(text)), err)
		return nil
	}
	size := int64(len(text))
	if err := run.room.Acquire(ctx, size); err != nil {
		return err
	}
	select {
	case run.queues[maphash.String(run.seed, o.Number)%importWorkers] <- importLine{line, size, o, warnings}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (run *importRun) work(ctx context.Context, queue <-chan importLine) error {
	put := func(ctx context.Context, shop shop.Shop, o order.Order) (order.Receipt, error) {
		return run.app.putOrder(ctx, shop, o, putting{imported: true, owners: &run.owners})
	}
	if run.dryRun {
		put = run.app.checkOrder
	}
	for l := range queue {
		receipt, err := put(ctx, run.shop, l.order)
		run.room.Release(l.size)
		switch validate.KindOf(err) {
		case validate.Invalid, validate.TooLarge, validate.Conflict, validate.Unavailable:
			run.refuse(l.line, l.order.Number, err)
		default:
			if err != nil {
				return fmt.Errorf("line %d: %w", l.line, err)
			}
			run.count(receipt.Outcome)
			run.warn(l)
		}
	}
	return nil
}

func (run *importRun) count(outcome order.Outcome) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.report.Lines++
	switch outcome {
	case order.Created:
		run.report.Created++
	case order.Updated:
		run.report.Updated++
	case order.Unchanged:
		run.report.Unchanged++
	case order.Stale:
		run.report.Stale++
	}
}

// numberIn returns the number in the text of an order that cannot be decoded, or "".
func numberIn(text []byte) string {
	var named struct {
		Number string `json:"number"`
	}
	if json.Unmarshal(text, &named) != nil && named.Number == "" {
		return ""
	}
	return (&validate.Validator{}).Key("/number", named.Number, validate.MaxNumber)
}

func (run *importRun) warn(l importLine) {
	if len(l.warnings) == 0 {
		return
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	run.report.WarnedCount++
	if len(run.report.Warned) < maxWarned {
		run.report.Warned = append(run.report.Warned,
			Warning{Line: l.line, Number: l.order.Number, Fields: l.warnings})
	}
}

func (run *importRun) refuse(line int, number string, err error) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.report.Lines++
	run.report.RefusedCount++
	if len(run.report.Refused) < maxRefusals {
		run.report.Refused = append(run.report.Refused, Refusal{Line: line, Number: number, Err: err})
	}
}
