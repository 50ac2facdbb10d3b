package portal

import (
	"context"

	"postern/portal/customer"
	"postern/portal/job"
)

// Sweep runs a sweep and all jobs that are due.
func (w Worker) Sweep(ctx context.Context) error {
	err := w.AskSweep(ctx)
	for done := 1; err == nil && done > 0; {
		done, err = w.RunOnce(ctx)
	}
	return err
}

// Beat returns the function that Run calls at each beat, for a worker in a separate process.
func (w Worker) Beat() func(context.Context) error { return w.Jobs().Beat() }

// VATHistory returns the stored answers of VIES.
func (s Shopper) VATHistory() []customer.VATAnswer {
	known, _ := s.VATCheck()
	return known.History
}

// AskSweep makes a sweep due now.
func (w Worker) AskSweep(ctx context.Context) error {
	_, err := w.app.housekeepingDocs().Put(ctx, housekeepingKey, func(h *housekeeping, _ bool) error {
		h.Work.Add(job.Request{Kind: kindSweep, At: w.app.now(), Slow: true})
		return nil
	})
	return err
}
