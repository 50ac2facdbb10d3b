package portal

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"postern/portal/order"
	"postern/portal/validate"
)

// TestRequestsDueDuringACountShareTheNext lets two requests become due while a third is counted. They are
// counted together, each month once, and only the request that names the failing customer gets its error.
func TestRequestsDueDuringACountShareTheNext(t *testing.T) {
	t.Parallel()
	rounds, failure := &countRounds{}, errors.New("disk full")
	begun, goOn := make(chan map[string][]string), make(chan map[string]error)
	count := func(ctx context.Context, shop string, months ...order.CustomerMonth) chan error {
		ended := make(chan error, 1)
		joined := make(chan struct{})
		go func() {
			round := rounds.join(shop, months)
			close(joined)
			ended <- rounds.await(ctx, shop, round, months, func(months map[string][]string) map[string]error {
				begun <- months
				return <-goOn
			})
		}()
		<-joined
		return ended
	}
	first := count(t.Context(), "main", order.CustomerMonth{Customer: "a", Month: "2026-01"})
	<-begun
	given, cancel := context.WithCancel(t.Context())
	gone := count(given, "main", order.CustomerMonth{Customer: "c", Month: "2026-05"})
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("whose time is over gets %v", err)
	}
	second := count(t.Context(), "main", order.CustomerMonth{Customer: "a", Month: "2026-02"},
		order.CustomerMonth{Customer: "b", Month: "2026-03"})
	third := count(t.Context(), "main", order.CustomerMonth{Customer: "a", Month: "2026-02"},
		order.CustomerMonth{Customer: "a", Month: "2026-04"})
	other := count(t.Context(), "other", order.CustomerMonth{Customer: "a", Month: "2026-02"})
	if months := <-begun; len(months) != 1 || len(months["a"]) != 1 {
		t.Errorf("another shop counts %v", months)
	}
	goOn <- nil
	goOn <- nil
	if err := errors.Join(<-first, <-other); err != nil {
		t.Error(err)
	}
	months := <-begun
	if !slices.Equal(months["a"], []string{"2026-02", "2026-04"}) || len(months["b"]) != 1 || len(months) != 3 {
		t.Errorf("the next round counts %v", months)
	}
	goOn <- map[string]error{"b": failure}
	if err := <-second; !errors.Is(err, failure) {
		t.Errorf("the error becomes %v", err)
	}
	if err := <-third; err != nil {
		t.Errorf("another customer's error becomes %v", err)
	}
	last := count(t.Context(), "main", order.CustomerMonth{Customer: "a", Month: "2026-02"})
	<-begun
	goOn <- nil
	if err := <-last; err != nil {
		t.Error(err)
	}
}

// TestSpansOfMonths checks that months which are near one another are counted by one query.
func TestSpansOfMonths(t *testing.T) {
	t.Parallel()
	spans, err := spansOf([]string{"2026-03", "2025-11", "2024-01", "2025-12", "2026-03"}, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, s := range spans {
		days = append(days, validate.Dawn(s.from).Format(time.DateOnly), validate.Dawn(s.to).Format(time.DateOnly))
	}
	if want := []string{"2024-01-01", "2024-02-01", "2025-11-01", "2026-04-01"}; !slices.Equal(days, want) {
		t.Errorf("spans %v, want %v", days, want)
	}
	if _, err := spansOf([]string{"March"}, time.UTC); err == nil {
		t.Error("no month, and no error")
	}
}
