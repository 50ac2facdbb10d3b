package portal

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/storage"
	"postern/storage/storagetest"
)

// slowRequests is a store that waits before each request for counts until it gets the error to return, or nil
// to store it.
type slowRequests struct {
	storage.Engine
	begun chan struct{}
	goOn  chan error
}

func (e slowRequests) Insert(ctx context.Context, collection string, r storage.Record) error {
	e.begun <- struct{}{}
	if err := <-e.goOn; err != nil {
		return err
	}
	return e.Engine.Insert(ctx, collection, r)
}

// TestCountsRequestedDuringAWriteShareTheNext checks that requests wait for the write in progress and then
// share one, of a bounded size; that a stored request serves later orders; and that a failed one serves none.
func TestCountsRequestedDuringAWriteShareTheNext(t *testing.T) {
	t.Parallel()
	engine := slowRequests{Engine: storagetest.Open(t, Collections()...), begun: make(chan struct{}),
		goOn: make(chan error)}
	app := New(engine, secrettest.Ring())
	month := func(i int) order.CustomerMonth {
		return order.CustomerMonth{Customer: fmt.Sprint("c", i), Month: "2026-03"}
	}
	join := func(i int) *countBatch {
		t.Helper()
		joined := app.joinCounts(t.Context(), "main", []order.CustomerMonth{month(i), {Month: "2026-03"}})
		if len(joined) != 1 {
			t.Fatalf("%d requests for one month", len(joined))
		}
		return joined[0]
	}
	first := join(0)
	<-engine.begun
	if join(0) != first {
		t.Error("a request that is being written is not enough for another order")
	}
	second := join(1)
	for i := range order.MaxRequested {
		if join(i+1) != second {
			t.Fatalf("month %d has a request of its own", i)
		}
	}
	third := join(order.MaxRequested + 1)
	if second == first || third == second {
		t.Error("a request grows while it is written, or beyond its limit")
	}
	failure := errors.New("disk full")
	engine.goOn <- nil
	<-engine.begun
	engine.goOn <- failure
	<-engine.begun
	engine.goOn <- nil
	for i, batch := range []*countBatch{first, second, third} {
		<-batch.stored
		if errors.Is(batch.err, failure) != (i == 1) {
			t.Errorf("request %d: %v", i, batch.err)
		}
	}
	if again := app.joinCounts(t.Context(), "main", []order.CustomerMonth{month(0)}); len(again) > 0 {
		t.Error("a stored request does not serve the next order")
	}
	if other := app.joinCounts(t.Context(), "other", nil); len(other) > 0 {
		t.Error("a request for nothing")
	}
	go func() { <-engine.begun; engine.goOn <- nil }()
	if err := app.requestCounts(t.Context(), shop.Shop{ID: "main"}, month(1)); err != nil {
		t.Errorf("after a failure: %v", err)
	}
	var sizes []int
	page, err := storage.FindAllShops[struct{}](t.Context(), app.engine, order.CountRequestsCollection(),
		storage.Query{Index: "work_due", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, hit := range page.Hits {
		request, _, err := app.countRequestDocs("main").Get(t.Context(), hit.Key)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(request.Months))
	}
	if len(sizes) != 3 || sizes[0] != 1 || sizes[1] != 1 || sizes[2] != 1 {
		t.Errorf("stored are requests for %v months", sizes)
	}
}
