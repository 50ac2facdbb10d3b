package main

import (
	"context"
	"sync/atomic"

	"postern/portal/web"
)

// load counts the requests in progress. Background work yields to them.
type load struct{ n atomic.Int64 }

func (l *load) inFlight() int { return int(l.n.Load()) }

// observe implements web.Observer.
func (l *load) observe(ctx context.Context) (context.Context, func(web.ResponseInfo)) {
	l.n.Add(1)
	return ctx, func(web.ResponseInfo) { l.n.Add(-1) }
}
