package portal

import (
	"context"

	"postern/portal/inquiry"
)

// These functions, which erasure and the data export call, are exported for tests.

func (w Worker) EraseRequests(ctx context.Context, shop, customer string) error {
	return w.eraseRequests(ctx, shop, customer)
}

func (s Shopper) MessageData(ctx context.Context) ([]inquiry.Record, error) {
	return s.messageData(ctx)
}
func (s Shopper) RequestData(ctx context.Context) ([]inquiry.Record, error) {
	return s.requestData(ctx)
}
