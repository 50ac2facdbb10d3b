package portal

import "context"

// What Run calls from time to time.

func (w Worker) Sweep(ctx context.Context) error { return w.sweep(ctx) }

// VATBeat is what CheckVATs does at each beat.
func (w Worker) VATBeat() func(context.Context) error { return w.vatBeat() }

// Beat is what Run does at each beat, of a worker in a process of its own.
func (w Worker) Beat() func(context.Context) error { return newShift(w).beat }
