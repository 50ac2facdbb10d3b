package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"postern/portal"
	"postern/portal/validate"
)

// importOrders imports orders from a file.
type importOrders struct {
	storeFlag
	shopFlag
	File     string `arg:"" help:"The file to import; - is standard input."`
	DryRun   bool   `help:"Check the file and report, without storing anything."`
	Encoding string `placeholder:"NAME" help:"The file's encoding, if it is not UTF-8, such as windows-1250."`
}

// Help implements kong.HelpProvider.
func (importOrders) Help() string {
	return `Each line is one order, as the API accepts it, with its "number":

  {"number":"1001","email":"jana@example.com","placed_at":"2026-03-05T14:05:00Z","updated_at":"2026-03-05T14:05:00Z","currency":"EUR","total":"12.50"}

  portal import orders orders.ndjson
  gunzip -c orders.ndjson.gz | portal import orders -

  portal import orders --dry-run --encoding windows-1250 orders.ndjson

The file may also be a JSON array, have objects over several lines, or be UTF-8 or UTF-16 with a byte order mark. With --dry-run each order is compared with the store, not with earlier lines.

Invalid lines are refused and listed, and the others are stored; the exit status is then 1. Orders are applied by their updated_at, so you can run an interrupted import again with the same result.`
}

// Run imports the file and prints a report.
func (c importOrders) Run(ctx context.Context, w *environment) error {
	in, size, err := c.input(ctx, w)
	if err != nil {
		return err
	}
	defer in.Close()
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		began := time.Now()
		progress, done := newProgress(w, size)
		report, err := operator.ImportOrders(ctx, shop.ID, in, progress, c.options()...)
		done()
		if c.DryRun {
			w.say("Dry run: nothing was stored. An import would do this:")
		}
		w.report(c.File, shop.ID, report, time.Since(began))
		w.reportWarnings(report, c.DryRun)
		switch {
		case ctx.Err() != nil:
			return failf("Stopped after %d lines. Orders stored so far are kept; run the same command again to import the rest.", report.Lines)
		case validate.KindOf(err) == validate.Invalid: // the file's format or encoding is invalid
			return failf("%s", say(w.texts.Developer(), validate.FieldErrors(err)[0].Key, nil))
		case err != nil:
			return err
		case report.RefusedCount > 0:
			return errTold
		}
		return nil
	})
}

func (c importOrders) options() []portal.ImportOption {
	options := []portal.ImportOption{portal.Encoding(c.Encoding)}
	if c.DryRun {
		options = append(options, portal.DryRun())
	}
	return options
}

// input returns the reader and its size in bytes, or -1 if that is unknown.
func (c importOrders) input(ctx context.Context, w *environment) (io.ReadCloser, int64, error) {
	if c.File == "-" {
		return interruptible(ctx, w.stdin), -1, nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, 0, failf("Cannot read the file: %s.", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = failf("%s is a directory; name a file with orders.", c.File)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	if !info.Mode().IsRegular() {
		return file, -1, nil
	}
	return file, info.Size(), nil
}

// interruptible returns a reader that ends with ctx even while in waits for input.
func interruptible(ctx context.Context, in io.Reader) io.ReadCloser {
	out, into := io.Pipe()
	go func() {
		_, err := io.Copy(into, in)
		into.CloseWithError(err) // never fails
	}()
	context.AfterFunc(ctx, func() { into.CloseWithError(ctx.Err()) })
	return out
}

// report prints the result of an import.
func (w *environment) report(file, shop string, r portal.Report, took time.Duration) {
	w.say("%s: %s for shop %s in %s", file, counted(r.Lines, "order"), shop, took.Round(100*time.Millisecond))
	w.say("  created    %d", r.Created)
	w.say("  updated    %d", r.Updated)
	w.say("  unchanged  %d", r.Unchanged)
	w.say("  stale      %d  (a newer version was stored already)", r.Stale)
	w.say("  refused    %d", r.RefusedCount)
	for _, refusal := range r.Refused {
		w.say("%s: %s", lineOf(refusal.Number, refusal.Line), strings.Join(w.refusal(refusal.Err), " "))
	}
	if more := r.RefusedCount - len(r.Refused); more > 0 {
		w.say("and %s", counted(more, "more line"))
	}
}

// counted returns a number with a noun, in the singular for 1.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// lineOf names a line of the file, with the order's number if known.
func lineOf(number string, line int) string {
	if number == "" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("order %s, line %d", number, line)
}

// reportWarnings lists the values that were changed or dropped in stored lines.
func (w *environment) reportWarnings(r portal.Report, dryRun bool) {
	if r.WarnedCount == 0 {
		return
	}
	switch {
	case dryRun:
		w.say("%s would be stored with warnings:", counted(r.WarnedCount, "line"))
	case r.WarnedCount == 1:
		w.say("1 line was stored with warnings:")
	default:
		w.say("%d lines were stored with warnings:", r.WarnedCount)
	}
	for _, warned := range r.Warned {
		w.say("%s: %s", lineOf(warned.Number, warned.Line), strings.Join(w.warnings(warned.Fields), " "))
	}
	if more := r.WarnedCount - len(r.Warned); more > 0 {
		w.say("and %s with warnings", counted(more, "more line"))
	}
}

// refusal explains the field errors of a line, each as a JSON pointer and a sentence.
func (w *environment) refusal(err error) problems {
	all := w.warnings(validate.FieldErrors(err))
	if len(all) == 0 {
		all = w.explain(err)
	}
	return all
}

// warnings returns each field error as a JSON pointer and a sentence for developers.
func (w *environment) warnings(list []validate.FieldError) problems {
	var all problems
	for _, wrong := range list {
		where := wrong.Field
		if where == "" {
			where = "/"
		}
		all.add("%s: %s", where, say(w.texts.Developer(), wrong.Key, wrong.Args))
	}
	return all
}
