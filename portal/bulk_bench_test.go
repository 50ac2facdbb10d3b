package portal_test

import (
	"fmt"
	"testing"

	"postern/portal/batch"
)

// BenchmarkBulk tags 10,000 customers, and reports the acts per second until the batch is done, and until
// every act is in the log's chain as well.
func BenchmarkBulk(b *testing.B) {
	const customers = 10_000
	h := newBulkShop(newTestApp(b), customers)
	var done, logged float64
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		id := fmt.Sprint("b", n)
		h.draft(id, "add_tag", map[string]string{"tag": id})
		h.work()
		h.start(id)
		before := b.Elapsed()
		b.StartTimer()
		for h.batch(id).State != batch.Done {
			if _, err := h.app.Worker().RunOnce(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		done += (b.Elapsed() - before).Seconds()
		h.work()
		logged += (b.Elapsed() - before).Seconds()
	}
	b.ReportMetric(float64(b.N)*customers/done, "acts/s")
	b.ReportMetric(float64(b.N)*customers/logged, "logged/s")
}
