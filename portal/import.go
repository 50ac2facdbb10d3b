package portal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Refusal is one line of an import that was not taken.
type Refusal struct {
	Line int // from 1
	Err  error
}

// Report is what an import did.
type Report struct {
	Lines                              int // that held something
	Created, Updated, Unchanged, Stale int
	Refused                            []Refusal // the first maxRefusals of them, by line
	RefusedCount                       int
}

const (
	importWorkers = 64 // their writes share commits
	maxRefusals   = 1000
)

// ImportOrders stores orders from NDJSON: one order a line, as PUT takes them, with its number inside. Empty lines are
// skipped. A line that is wrong is refused and reported, and the others are stored. Progress is told after each line with the bytes read so
// far. Since each order is stored as of its own time, an import that was interrupted and is run again ends the same. The
// error is that of the reader or the store.
func (o Operator) ImportOrders(ctx context.Context, shopID string, r io.Reader, progress func(bytes int)) (Report, error) {
	shop, err := o.app.shop(ctx, shopID)
	if err != nil {
		return Report{}, err
	}
	run := &importRun{app: o.app, shop: shop}
	group, ctx := errgroup.WithContext(ctx)
	lines := make(chan numbered, importWorkers)
	for range importWorkers {
		group.Go(func() error { return run.work(ctx, lines) })
	}
	group.Go(func() error {
		defer close(lines)
		return run.read(ctx, r, lines, progress)
	})
	err = group.Wait()
	slices.SortFunc(run.report.Refused, func(a, b Refusal) int { return a.Line - b.Line })
	return run.report, err
}

// numbered is one line of the file.
type numbered struct {
	line int
	text []byte
}

// importRun is one import under way.
type importRun struct {
	app    *App
	shop   Shop
	mu     sync.Mutex
	report Report
}

// read hands the lines out. A line longer than an order may be is refused whole without being kept in memory.
func (run *importRun) read(ctx context.Context, r io.Reader, lines chan<- numbered, progress func(int)) error {
	in := bufio.NewReaderSize(r, 1<<16)
	for line := 1; ; line++ {
		text, size, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read line %d: %w", line, err)
		}
		progress(size)
		switch {
		case size > maxOrderJSON:
			run.refuse(line, failure(TooLarge, "error.too_large"))
		case len(bytes.TrimSpace(text)) > 0:
			select {
			case lines <- numbered{line, text}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err != nil {
			return nil
		}
	}
}

// readLine reads up to a line feed, and keeps no more of it than an order may have.
func readLine(in *bufio.Reader) (text []byte, size int, err error) {
	for {
		part, err := in.ReadSlice('\n')
		size += len(part)
		if size <= maxOrderJSON {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, size, err
		}
	}
}

func (run *importRun) work(ctx context.Context, lines <-chan numbered) error {
	for l := range lines {
		outcome, err := run.store(ctx, l.text)
		switch kind := KindOf(err); {
		case err == nil:
			run.count(outcome)
		case kind == Invalid || kind == TooLarge || kind == Conflict:
			run.refuse(l.line, err)
		default:
			return fmt.Errorf("line %d: %w", l.line, err)
		}
	}
	return nil
}

func (run *importRun) store(ctx context.Context, text []byte) (Outcome, error) {
	o, err := decodeOrder(bytes.TrimSpace(text), "")
	if err != nil {
		return "", err
	}
	return run.app.putOrder(ctx, run.shop, o)
}

func (run *importRun) count(outcome Outcome) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.report.Lines++
	switch outcome {
	case Created:
		run.report.Created++
	case Updated:
		run.report.Updated++
	case Unchanged:
		run.report.Unchanged++
	case Stale:
		run.report.Stale++
	}
}

func (run *importRun) refuse(line int, err error) {
	run.mu.Lock()
	defer run.mu.Unlock()
	run.report.Lines++
	run.report.RefusedCount++
	if len(run.report.Refused) < maxRefusals {
		run.report.Refused = append(run.report.Refused, Refusal{Line: line, Err: err})
	}
}
