package mongodb

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// interpret applies an update pipeline to a stored document, or to none if nil, as the server's
// documentation describes.
func interpret(t *testing.T, pipeline bson.A, stored bson.M) bson.M {
	t.Helper()
	for _, stage := range pipeline {
		set, is := stage.(bson.D)
		if !is || len(set) != 1 || set[0].Key != "$set" {
			t.Fatalf("no $set: %v", stage)
		}
		next := bson.M{}
		for name, value := range stored {
			next[name] = value
		}
		for _, field := range set[0].Value.(bson.D) {
			next[field.Key] = evaluate(t, field.Value, stored)
		}
		stored = next
	}
	return stored
}

// evaluate returns the value of an expression; nil means a missing field.
func evaluate(t *testing.T, expression any, stored bson.M) any {
	t.Helper()
	switch e := expression.(type) {
	case string:
		return stored[e[1:]] // only field paths are strings here
	case bson.D:
		args := e[0].Value.(bson.A)
		value := func(i int) any { return evaluate(t, args[i], stored) }
		switch e[0].Key {
		case "$cond":
			if value(0).(bool) {
				return value(1)
			}
			return value(2)
		case "$gt": // of dates; a missing field is less than any date
			left, is := value(0).(bson.DateTime)
			return is && left > value(1).(bson.DateTime)
		case "$add":
			return value(0).(int64) + value(1).(int64)
		}
		t.Fatalf("unknown operator %s", e[0].Key)
	}
	return expression
}

// TestCountPipeline checks the pipeline against the rules of a counter, because the server in CI supports
// no pipelines.
func TestCountPipeline(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	end, later := now.Add(time.Hour), now.Add(2*time.Hour)
	counted := func(n int64, expires time.Time) bson.M {
		return bson.M{"_id": "k", "n": n, "expires": millis(expires), "remove_at": bson.DateTime(7)}
	}
	for _, c := range []struct {
		name   string
		stored bson.M
		by     int64
		want   bson.M // without remove_at
		fresh  bool
	}{
		{"no counter", bson.M{"_id": "k"},
			3, bson.M{"_id": "k", "n": int64(3), "expires": millis(later)}, true},
		{"a live one", counted(4, end), 3, bson.M{"_id": "k", "n": int64(7), "expires": millis(end)}, false},
		{"a live one, down", counted(4, end), -6, bson.M{"_id": "k", "n": int64(-2),
			"expires": millis(end)}, false},
		{"a millisecond before the end", counted(4, now.Add(time.Millisecond)), 1,
			bson.M{"_id": "k", "n": int64(5), "expires": millis(now.Add(time.Millisecond))}, false},
		{"at the end", counted(4, now), 1, bson.M{"_id": "k", "n": int64(1), "expires": millis(later)}, true},
		{"an expired one", counted(4, now.Add(-time.Hour)), 2,
			bson.M{"_id": "k", "n": int64(2), "expires": millis(later)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := interpret(t, countPipeline(now,
				storage.Count{Key: "k", By: c.by, Expires: later}), c.stored)
			removed := got["remove_at"].(bson.DateTime)
			delete(got, "remove_at")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if ahead := time.Until(removed.Time()); c.fresh && (ahead < time.Hour || ahead > 2*time.Hour) ||
				!c.fresh && removed != 7 {
				t.Errorf("removed at %v", removed.Time())
			}
		})
	}
}

// TestCounterOutlivesAClockInThePast checks that the server does not remove a counter that has expired only
// by the test's clock.
func TestCounterOutlivesAClockInThePast(t *testing.T) {
	t.Parallel()
	store := reach(t, withDatabase(serverURI(t)))
	past := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, pipelines := range []bool{false, store.pipelines} {
		t.Run(fmt.Sprintf("pipelines %v", pipelines), func(t *testing.T) {
			store.pipelines = pipelines
			for i, at := range []time.Time{past, past.Add(time.Second), past.Add(2 * time.Hour)} { // created, incremented, created again
				key := fmt.Sprint("k", pipelines)
				if _, err := store.Increment(t.Context(), at,
					[]storage.Count{{Key: key, By: 1, Expires: at.Add(time.Hour)}}); err != nil {
					t.Fatal(err)
				}
				var stored counter
				if err := store.db.Collection(counters).FindOne(t.Context(),
					bson.D{{Key: "_id", Value: key}}).Decode(&stored); err != nil {
					t.Fatal(err)
				}
				if ahead := time.Until(stored.RemoveAt); ahead < 59*time.Minute || ahead > time.Hour {
					t.Errorf("count %d: removed in %s", i, ahead)
				}
			}
		})
	}
}
