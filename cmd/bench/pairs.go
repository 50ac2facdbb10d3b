package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/valyala/fasthttp"
)

// Limits for response times that must reveal nothing: the difference in milliseconds, how far the
// probability that a known address is answered later may be from one half, and the lowest acceptable
// p-value.
const (
	mostDifference = 0.2
	mostLean       = 0.02
	leastChance    = 0.01
	resamples      = 2000
	mostWarmUps    = 500
)

// pair holds the response times of the same request for an address with an account and one without.
type pair struct{ known, unknown time.Duration }

// askPairs requests links alternately for known and unknown addresses, in random order within a pair and
// over one connection, and reports whether the response times reveal which is which. It compares the times
// within each pair, because all times drift together. Both addresses of a pair are requested equally often.
func (b *bench) askPairs(ctx context.Context, p *process, d door, how string) error {
	b.say("asking for %d pairs of a known and an unknown address, %s", b.pairs, how)
	client := &fasthttp.HostClient{Addr: p.address, MaxConns: 1, MaxIdemponentCallAttempts: 1,
		ReadTimeout: patience}
	defer client.CloseIdleConnections()
	var pairs []pair
	for i := range b.warmUps() + b.pairs {
		if err := ctx.Err(); err != nil {
			return err
		}
		one, err := askPair(client, d, i)
		if err != nil {
			return err
		}
		if i >= b.warmUps() {
			pairs = append(pairs, one)
		}
	}
	b.tellPairs(pairs, how)
	return nil
}

// warmUps returns the number of pairs that are sent before the measurement.
func (o options) warmUps() int { return min(mostWarmUps, o.pairs) }

// door is a sign-in page, with the known and unknown addresses that links are requested for: those of places
// from one on, of which there are so many, or as many as are needed with 0.
type door struct {
	path           string
	known, unknown int
	many           int
}

// askPair requests a link for the i-th known and unknown address, each from a different client address.
func askPair(client *fasthttp.HostClient, d door, i int) (pair, error) {
	if d.many > 0 {
		i %= d.many
	}
	asks := askAt(d.path, []customer{newCustomer(d.known + i), newCustomer(d.unknown + i)}, 1)
	var took [2]time.Duration
	for _, who := range rand.Perm(2) {
		var err error
		if took[who], err = asks.one(client, who); err != nil {
			return pair{}, err
		}
	}
	return pair{known: took[0], unknown: took[1]}, nil
}

// tellPairs reports the median of the differences with its 95% confidence interval (bootstrap), the
// probability that a known address is answered later (Mann-Whitney), and the p-value of the differences
// (Wilcoxon's signed-rank test).
func (b *bench) tellPairs(pairs []pair, how string) {
	differences := make([]float64, len(pairs))
	for i, p := range pairs {
		differences[i] = float64(p.known-p.unknown) / float64(time.Millisecond)
	}
	low, high := medianInterval(differences)
	b.figure("known against unknown address: median difference, "+how,
		fmt.Sprintf("%+.3f ms (95%%: %+.3f to %+.3f)", median(differences), low, high),
		fmt.Sprintf("within %.1f ms", mostDifference)+missed(low < -mostDifference || high > mostDifference))
	lean := laterChance(pairs)
	b.figure("chance that the known one is answered later, "+how, fmt.Sprintf("%.3f", lean),
		"0.48 to 0.52"+missed(math.Abs(lean-0.5) > mostLean))
	chance := signedRanks(differences)
	b.figure("such differences by chance (Wilcoxon), "+how, fmt.Sprintf("p = %.2f", chance),
		fmt.Sprintf("> %.2f", leastChance)+missed(chance <= leastChance))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// medianInterval returns the 95% confidence interval of the median, from resamples of the values.
func medianInterval(values []float64) (low, high float64) {
	medians := make([]float64, resamples)
	again := make([]float64, len(values))
	for i := range medians {
		for k := range again {
			again[k] = values[rand.IntN(len(values))]
		}
		medians[i] = median(again)
	}
	slices.Sort(medians)
	return medians[resamples/40], medians[resamples-resamples/40]
}

// laterChance returns the share of all combinations in which the known address took longer. Equal times
// count half.
func laterChance(pairs []pair) float64 {
	unknown := make([]time.Duration, len(pairs))
	for i, p := range pairs {
		unknown[i] = p.unknown
	}
	slices.Sort(unknown)
	var later float64
	for _, p := range pairs {
		from, _ := slices.BinarySearch(unknown, p.known)
		to, _ := slices.BinarySearch(unknown, p.known+1)
		later += float64(from) + float64(to-from)/2
	}
	return later / float64(len(pairs)) / float64(len(pairs))
}

// signedRanks returns the two-sided p-value of Wilcoxon's signed-rank test, by its normal approximation.
func signedRanks(differences []float64) float64 {
	ranked := slices.SortedFunc(slices.Values(differences), func(a, b float64) int {
		return cmp.Compare(math.Abs(a), math.Abs(b))
	})
	var positive float64
	for i, d := range ranked {
		if d > 0 {
			positive += float64(i + 1)
		}
	}
	n := float64(len(ranked))
	z := (positive - n*(n+1)/4) / math.Sqrt(n*(n+1)*(2*n+1)/24)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}
