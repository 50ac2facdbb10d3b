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

// What must not be exceeded if the time of an answer is to tell nothing: the difference in milliseconds,
// how far the probability that a known address is answered later may be from one half, and how unlikely
// chance may become.
const (
	mostDifference = 0.2
	mostLean       = 0.02
	leastChance    = 0.01
	resamples      = 2000
	mostWarmUps    = 500
)

// pair is how long the same request took for an address that has an account and for one that has none.
type pair struct{ known, unknown time.Duration }

// askPairs asks for links by turns for known and unknown addresses, in random order within a pair, over one
// connection, and says whether the times tell which is which. The times of one pair are compared with each
// other, since all drift together. The known ones are the store's customers from a place on, and each of a
// pair is asked for as often as the other.
func (b *bench) askPairs(ctx context.Context, p *process, from int, how string) error {
	b.say("asking for %d pairs of a known and an unknown address, %s", b.pairs, how)
	client := &fasthttp.HostClient{Addr: p.address, MaxConns: 1, MaxIdemponentCallAttempts: 1, ReadTimeout: patience}
	defer client.CloseIdleConnections()
	var pairs []pair
	for i := range b.warmUps() + b.pairs {
		if err := ctx.Err(); err != nil {
			return err
		}
		one, err := askPair(client, from+i, b.stored+i)
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

// warmUps is how many pairs are asked for before those that count.
func (o options) warmUps() int { return min(mostWarmUps, o.pairs) }

// askPair asks for one known and one unknown address, each from a client of its own.
func askPair(client *fasthttp.HostClient, known, unknown int) (pair, error) {
	asks := askFor([]customer{newCustomer(known), newCustomer(unknown)}, 1)
	var took [2]time.Duration
	for _, who := range rand.Perm(2) {
		var err error
		if took[who], err = asks.one(client, who); err != nil {
			return pair{}, err
		}
	}
	return pair{known: took[0], unknown: took[1]}, nil
}

// tellPairs reports the median of the differences with its 95% interval (bootstrap), the chance that a
// known address is answered later (Mann-Whitney), and the probability of such differences by chance
// (Wilcoxon's signed ranks).
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
	b.figure("chance that the known one is answered later, "+how, fmt.Sprintf("%.3f", lean), "0.48 to 0.52"+missed(math.Abs(lean-0.5) > mostLean))
	chance := signedRanks(differences)
	b.figure("such differences by chance (Wilcoxon), "+how, fmt.Sprintf("p = %.2f", chance), fmt.Sprintf("> %.2f", leastChance)+missed(chance <= leastChance))
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// medianInterval is the 95% interval of the median over resamples of the values.
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

// laterChance is the share of all combinations in which the known address took longer; equal times count
// half.
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

// signedRanks is the two-sided p of Wilcoxon's signed-rank test, by its normal approximation.
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
