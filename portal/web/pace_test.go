package web

import (
	"testing"
	"time"
)

// TestPace checks how many bytes of an upload must have arrived, and for how long the next ones are awaited.
func TestPace(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := pace{start: start, end: start.Add(2 * time.Minute), pause: 15 * time.Second}
	for _, test := range []struct {
		after   time.Duration
		arrived int
		slow    bool
		next    time.Duration
	}{
		{0, 1, false, 15 * time.Second},
		{15 * time.Second, 1, false, 30 * time.Second},
		{16 * time.Second, uploadRate, false, 31 * time.Second},
		{16 * time.Second, uploadRate - 1, true, 31 * time.Second},
		{time.Minute, 45 * uploadRate, false, 75 * time.Second},
		{115 * time.Second, 100 * uploadRate, false, 2 * time.Minute},
	} {
		now := start.Add(test.after)
		if p.isSlow(now, test.arrived) != test.slow || !p.next(now).Equal(start.Add(test.next)) {
			t.Errorf("%d bytes after %s: slow %t, next %s", test.arrived, test.after, p.isSlow(now, test.arrived),
				p.next(now).Sub(start))
		}
	}
}
