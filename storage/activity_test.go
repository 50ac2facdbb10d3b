package storage

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestIdleBeat follows a loop with a beat of half a second. It polls at every beat for ten seconds, then
// every five seconds, and again at the first beat after a write.
func TestIdleBeat(t *testing.T) {
	t.Parallel()
	writes := int64(7)
	idle, start := NewIdleBeat(func() int64 { return writes }), time.Now()
	var looks []float64
	for beat := range 80 {
		at := time.Duration(beat) * 500 * time.Millisecond
		if at == 27*time.Second {
			writes++
		}
		if idle.Due(start.Add(at)) && (at >= 10*time.Second && at < 27*time.Second || at >= 36*time.Second) {
			looks = append(looks, at.Seconds())
		}
	}
	if diff := cmp.Diff([]float64{14.5, 19.5, 24.5, 36, 36.5}, looks); diff != "" {
		t.Errorf("looks in seconds (-want +got):\n%s", diff)
	}
	for range 3 {
		if !NewIdleBeat(nil).Due(start) {
			t.Error("rests without a count of writes")
		}
	}
}
