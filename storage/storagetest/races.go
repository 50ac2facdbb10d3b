package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/storage"
)

// Races is the part of the suite with concurrent writers. A store that is not atomic fails it.
func Races(t *testing.T, place Place) {
	run(t, place, []check{
		{"races/of Replace have one winner", raceReplace},
		{"races/of Insert have one winner", raceInsert},
		{"races/of Delete and Replace have one winner", raceDelete},
		{"races/of Change count exactly", raceChange},
		{"races/of Increment count exactly", raceIncrement},
		{"races/readers see whole documents", raceReaders},
	})
}

// together calls do n times concurrently.
func together(n int, do func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	group.Wait()
}

// winners counts the calls without an error; all others must fail with the error want.
func winners(t *testing.T, n int, want error, do func(i int) error) int64 {
	t.Helper()
	var won atomic.Int64
	together(n, func(i int) {
		switch err := do(i); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, want):
			t.Errorf("call %d: %v, want %v", i, err, want)
		}
	})
	return won.Load()
}

func raceReplace(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "k", doc{"num": int64(-1)})
	_, read := get(t, d, "k")
	var winner atomic.Int64
	won := winners(t, 200, storage.ErrConflict, func(i int) error {
		err := d.Replace(t.Context(), "k", read, doc{"num": int64(i)})
		if err == nil {
			winner.Store(int64(i))
		}
		return err
	})
	same(t, "winners", 1, won)
	v, version := get(t, d, "k")
	same(t, "the winner's document", any(winner.Load()), v["num"])
	same(t, "version", read.N+1, version.N)
	same(t, "list", []string{"k"}, list(t, d, storage.Query{Index: "by_num"}))
}

func raceInsert(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	won := winners(t, 200, storage.ErrExists, func(i int) error {
		return d.Insert(t.Context(), "k", doc{"num": int64(i)})
	})
	same(t, "winners", 1, won)
	same(t, "list", []string{"k"}, list(t, d, storage.Query{Index: "by_num"}))
}

func raceDelete(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "k", doc{"num": int64(1)})
	_, read := get(t, d, "k")
	won := winners(t, 100, storage.ErrConflict, func(i int) error {
		if i%2 == 0 {
			return d.Delete(t.Context(), "k", read)
		}
		return d.Replace(t.Context(), "k", read, doc{"num": int64(2)})
	})
	same(t, "winners", 1, won)
}

func raceChange(t *testing.T, opener Opener) {
	const workers, each = 12, 20
	d := openThings(t, opener)
	put(t, d, "k", doc{"num": int64(0)})
	together(workers, func(int) {
		for range each {
			_, err := d.Change(t.Context(), "k", func(v *doc) error {
				(*v)["num"] = (*v)["num"].(int64) + 1
				return nil
			})
			if err != nil {
				t.Errorf("change: %v", err)
			}
		}
	})
	v, version := get(t, d, "k")
	same(t, "count", any(int64(workers*each)), v["num"])
	same(t, "version", int64(workers*each+1), version.N)
}

func raceIncrement(t *testing.T, opener Opener) {
	const workers, each = 20, 20
	engine, now := open(t, opener), epoch()
	end := now.Add(time.Hour)
	results := make([][]int64, workers)
	together(workers, func(i int) {
		own := fmt.Sprintf("own-%d", i)
		for n := range int64(each) {
			tallies, err := engine.Increment(t.Context(), now,
				[]storage.Count{{Key: "shared", By: 1, Expires: end}, {Key: own, By: 1, Expires: end}})
			if err != nil {
				t.Errorf("increment: %v", err)
				return
			}
			results[i] = append(results[i], tallies[0].N)
			if tallies[1].N != n+1 {
				t.Errorf("%s is %d, want %d", own, tallies[1].N, n+1)
			}
		}
	})
	var want []int64
	for n := range int64(workers * each) {
		want = append(want, n+1)
	}
	same(t, "each number once", want, slices.Sorted(slices.Values(slices.Concat(results...))))
}

// raceReaders reads documents while they are being written; their two fields must always agree.
func raceReaders(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "k", doc{"num": int64(0), "title": number(0)})
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					wholeDocument(t, d)
				}
			}
		})
	}
	for i := range 200 {
		_, err := d.Change(t.Context(), "k", func(v *doc) error {
			(*v)["num"], (*v)["title"] = int64(i), number(i)
			return nil
		})
		if err != nil {
			t.Errorf("change: %v", err)
		}
	}
	close(done)
	readers.Wait()
}

func wholeDocument(t *testing.T, d storage.Docs[doc]) {
	v, _, err := d.Get(t.Context(), "k")
	if err != nil || v["title"] != number(int(v["num"].(int64))) {
		t.Errorf("document %v, error %v", v, err)
	}
	page, err := storage.Find[doc](t.Context(), d, storage.Query{Index: "by_num", Limit: 10})
	if err != nil {
		t.Errorf("find: %v", err)
		return
	}
	// An engine may list a document that moves along the index twice or not at all, but never a mixed one.
	for _, hit := range page.Hits {
		if hit.Head["title"] != number(int(hit.Head["num"].(int64))) {
			t.Errorf("head %v", hit.Head)
		}
	}
}
