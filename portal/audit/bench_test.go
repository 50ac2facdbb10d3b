package audit_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/portal/audit"
)

// benchmarkRows returns the sizes of the logs to compare. PORTAL_BENCH_ROWS replaces the larger one.
func benchmarkRows(b *testing.B) []int {
	b.Helper()
	if text := os.Getenv("PORTAL_BENCH_ROWS"); text != "" {
		rows, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		return []int{1000, rows}
	}
	return []int{1000, 100_000}
}

// BenchmarkList reads the first page of fifty entries, by each condition, from a small and a large log. Its
// times should differ little. One customer, kind or actor has a tenth of all entries.
func BenchmarkList(b *testing.B) {
	for _, rows := range benchmarkRows(b) {
		l := newTestLog(b)
		l.fillQuickly(rows)
		from := start.Add(time.Duration(rows/2) * time.Minute)
		for name, query := range map[string]audit.Query{
			"time": {}, "customer": {Customer: "customer-1"}, "kind": {Kind: audit.OrderDeleted},
			"actor": {Actor: "feed:KEY"}, "middle": {To: from},
			"customer+kind":       {Customer: "customer-1", Kind: audit.OrderDeleted},
			"customer+kind, none": {Customer: "customer-1", Kind: audit.CustomerErased},
			"actor+kind":          {Actor: "feed:KEY", Kind: audit.OrderDeleted},
			"actor+kind, none":    {Actor: "feed:KEY", Kind: audit.CustomerErased},
		} {
			query.Limit = 50
			b.Run(fmt.Sprintf("%s/%d", name, rows), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := l.List(b.Context(), query); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkVerify verifies a log and reports the time for an entry.
func BenchmarkVerify(b *testing.B) {
	l := newTestLog(b)
	l.fill(5000)
	for b.Loop() {
		if report := l.verify(audit.Head{}); !report.IsSound() {
			b.Fatal(report)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5000, "ns/entry")
}

// fillQuickly stores details without a chain, many at a time.
func (l testLog) fillQuickly(rows int) {
	l.t.Helper()
	var group errgroup.Group
	group.SetLimit(256)
	for n := range rows {
		group.Go(func() error {
			a := act(n)
			a.Kind = []audit.Kind{audit.OrderDeleted, audit.CustomerChanged}[min(n%5, 1)]
			d := audit.Detail{Act: a, Number: int64(n) + 1, Actors: []string{a.Actor.String(), string(a.Actor.Kind)}}
			d.Customer = fmt.Sprintf("customer-%d", n%10)
			return l.details().Insert(l.t.Context(), d.ID, d)
		})
	}
	if err := group.Wait(); err != nil {
		l.t.Fatal(err)
	}
}
