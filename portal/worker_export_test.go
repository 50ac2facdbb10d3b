package portal

import (
	"context"

	"postern/portal/job"
)

// Sweep has a sweep done now, with all that is due.
func (w Worker) Sweep(ctx context.Context) error {
	err := w.AskSweep(ctx)
	for done := 1; err == nil && done > 0; {
		done, err = w.Once(ctx)
	}
	return err
}

// Beat is what Run does at each beat, of a worker in a process of its own.
func (w Worker) Beat() func(context.Context) error { return w.Jobs().Beat() }

// VATHistory is the answers of VIES that are kept.
func (s Shopper) VATHistory() []VATAnswer {
	known, _ := s.VAT()
	return known.History
}

// AskSweep has a sweep due now.
func (w Worker) AskSweep(ctx context.Context) error {
	_, err := w.app.housekeepingDocs().Put(ctx, housekeepingKey, func(h *housekeeping, _ bool) error {
		h.Work.Add(job.Request{Kind: kindSweep, At: w.app.now(), Slow: true})
		return nil
	})
	return err
}
