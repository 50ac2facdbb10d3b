package storagetest

import (
	"strings"
	"testing"
	"time"

	"postern/storage"
)

func counterChecks() []check {
	return []check{
		{"counters/count within a window", countWindow},
		{"counters/several at once", countSeveral},
		{"counters/by zero only looks", countZero},
		{"counters/begin anew when expired", countAnew},
		{"counters/below zero", countNegative},
		{"counters/outlast the store's closing", countOutlast},
		{"counters/expired ones in great number", countExpired},
	}
}

func epoch() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) }

func tally(t *testing.T, engine storage.Engine, now time.Time, counts ...storage.Count) []storage.Tally {
	t.Helper()
	tallies, err := engine.Increment(t.Context(), now, counts)
	if err != nil {
		t.Fatalf("increment: %v", err)
	}
	for i := range tallies {
		tallies[i].Expires = tallies[i].Expires.UTC()
	}
	return tallies
}

func countWindow(t *testing.T, opener Opener) {
	engine, now := open(t, opener), epoch()
	end := now.Add(time.Hour)
	for i := range 5 {
		at := now.Add(time.Duration(i) * time.Minute)
		// A later count asks for a later expiry; the first one's still applies.
		got := tally(t, engine, at, storage.Count{Key: "k", By: 2, Expires: at.Add(time.Hour)})
		same(t, "tally", []storage.Tally{{N: int64(2 * (i + 1)), Expires: end}}, got)
	}
}

func countSeveral(t *testing.T, opener Opener) {
	engine, now := open(t, opener), epoch()
	short, long := now.Add(time.Minute), now.Add(time.Hour)
	odd := strings.Repeat("é/$.", 50)
	counts := []storage.Count{
		{Key: "b", By: 1, Expires: short}, {Key: "a", By: 10, Expires: long},
		{Key: "B", By: 100, Expires: long},
		{Key: odd, By: 5, Expires: long}, {Key: "b", By: 1, Expires: short},
	}
	want := []storage.Tally{{N: 1, Expires: short}, {N: 10, Expires: long}, {N: 100, Expires: long},
		{N: 5, Expires: long}, {N: 2, Expires: short}}
	same(t, "tallies in their order", want, tally(t, engine, now, counts...))
	same(t, "no counts", 0, len(tally(t, engine, now)))
}

func countZero(t *testing.T, opener Opener) {
	engine, now := open(t, opener), epoch()
	early, late := now.Add(time.Minute), now.Add(time.Hour)
	look := storage.Count{Key: "k", Expires: early}
	same(t, "a look at nothing", []storage.Tally{{N: 0, Expires: early}}, tally(t, engine, now, look))
	count := storage.Count{Key: "k", By: 3, Expires: late}
	same(t, "the look made nothing", []storage.Tally{{N: 3, Expires: late}}, tally(t, engine, now, count))
	same(t, "a look at the counter", []storage.Tally{{N: 3, Expires: late}}, tally(t, engine, now, look))
	look.Expires = late.Add(time.Hour)
	same(t, "a look at an expired one", []storage.Tally{{N: 0, Expires: look.Expires}},
		tally(t, engine, late, look))
}

func countAnew(t *testing.T, opener Opener) {
	engine, now := open(t, opener), epoch()
	first, second := now.Add(time.Minute), now.Add(time.Hour)
	tally(t, engine, now, storage.Count{Key: "k", By: 7, Expires: first})
	for _, c := range []struct {
		name string
		at   time.Time
		want storage.Tally
	}{
		{"a millisecond before the end", first.Add(-time.Millisecond), storage.Tally{N: 8, Expires: first}},
		{"at the end", first, storage.Tally{N: 1, Expires: second}},
		{"after it", first.Add(time.Millisecond), storage.Tally{N: 2, Expires: second}},
	} {
		same(t, c.name, []storage.Tally{c.want},
			tally(t, engine, c.at, storage.Count{Key: "k", By: 1, Expires: second}))
	}
}

func countNegative(t *testing.T, opener Opener) {
	engine, now := open(t, opener), epoch()
	end := now.Add(time.Hour)
	for _, step := range []struct{ by, want int64 }{{2, 2}, {-1, 1}, {-5, -4}, {4, 0}, {1 << 40, 1 << 40}} {
		got := tally(t, engine, now, storage.Count{Key: "k", By: step.by, Expires: end})
		same(t, "tally", []storage.Tally{{N: step.want, Expires: end}}, got)
	}
}

func countOutlast(t *testing.T, opener Opener) {
	now, end := epoch(), epoch().Add(time.Hour)
	for i := range int64(2) {
		engine, err := opener()
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		same(t, "tally", []storage.Tally{{N: i + 1, Expires: end}},
			tally(t, engine, now, storage.Count{Key: "k", By: 1, Expires: end}))
		if err := engine.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
}

func countExpired(t *testing.T, opener Opener) {
	engine, now := open(t, opener), epoch()
	var counts []storage.Count
	for i := range 100 {
		counts = append(counts, storage.Count{Key: number(i), By: 1, Expires: now.Add(time.Minute)})
	}
	tally(t, engine, now, counts...)
	living := storage.Count{Key: "living", By: 1, Expires: now.Add(time.Hour)}
	for i := range int64(60) {
		got := tally(t, engine, now.Add(2*time.Minute), living)
		same(t, "a counter that lives", []storage.Tally{{N: i + 1, Expires: living.Expires}}, got)
	}
	got := tally(t, engine, now.Add(2*time.Minute),
		storage.Count{Key: number(50), By: 1, Expires: living.Expires})
	same(t, "an expired one", []storage.Tally{{N: 1, Expires: living.Expires}}, got)
}
