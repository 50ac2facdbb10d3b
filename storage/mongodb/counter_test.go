package mongodb

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
)

// TestExpiredCounterInARace has many begin an expired counter anew at once: one does, and the others count on.
func TestExpiredCounterInARace(t *testing.T) {
	if IsFerretDB(t) {
		t.Skip("FerretDB is not atomic between connections")
	}
	const many = 30
	store := reach(t, withDatabase(serverURI(t)))
	now := time.Now()
	count := func(at time.Time) int64 {
		tallies, err := store.Increment(t.Context(), at, []storage.Count{{Key: "k", By: 1, Expires: at.Add(time.Hour)}})
		if err != nil {
			t.Error(err)
			return 0
		}
		return tallies[0].N
	}
	count(now)
	got, want := make([]int64, many), make([]int64, many)
	var group sync.WaitGroup
	for i := range many {
		want[i] = int64(i + 1)
		group.Go(func() { got[i] = count(now.Add(2 * time.Hour)) })
	}
	group.Wait()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("each number once (-want +got):\n%s", diff)
	}
}
