package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestPairsTellADifference checks that times of the same distribution are reported as alike, and times that
// are later by a third of its width as different.
func TestPairsTellADifference(t *testing.T) {
	t.Parallel()
	source := rand.New(rand.NewPCG(1, 2))
	draw := func(later time.Duration) (pairs []pair, differences []float64) {
		for range 2000 {
			drift := time.Duration(source.IntN(int(3 * time.Millisecond)))
			one := func() time.Duration { return drift + time.Duration(source.IntN(int(300*time.Microsecond))) }
			p := pair{known: one() + later, unknown: one()}
			pairs = append(pairs, p)
			differences = append(differences, float64(p.known-p.unknown)/float64(time.Millisecond))
		}
		return pairs, differences
	}
	pairs, alike := draw(0)
	if low, high := medianInterval(alike); low > 0 || high < 0 || signedRanks(alike) < leastChance ||
		math.Abs(laterChance(pairs)-0.5) > mostLean {
		t.Errorf("alike: median %.3f to %.3f, p %.3f, later %.3f", low, high, signedRanks(alike),
			laterChance(pairs))
	}
	_, different := draw(100 * time.Microsecond)
	if low, _ := medianInterval(different); low < 0.05 || signedRanks(different) > leastChance {
		t.Errorf("different: median from %.3f, p %.3f", low, signedRanks(different))
	}
}
