package portal

import "context"

// What Run calls from time to time.

func (w Worker) Sweep(ctx context.Context) error { return w.sweep(ctx) }
