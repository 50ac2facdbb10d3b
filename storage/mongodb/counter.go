package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"postern/storage"
)

const (
	// counters holds the counters. The dot keeps it apart from every declared collection.
	counters = "engine.counters"
	// counterGrace keeps a server whose clock is fast from removing counters that still count.
	counterGrace = time.Hour
	counterTries = 100
	counterSides = 8 // counters of one call counted concurrently, so that it does not use the whole pool
)

// counter is a stored counter. RemoveAt is its expiry by this machine's real clock, whichever clock the
// count used; the server removes the counter some time after that.
type counter struct {
	Key      string    `bson:"_id"`
	N        int64     `bson:"n"`
	Expires  time.Time `bson:"expires"`
	RemoveAt time.Time `bson:"remove_at"`
}

// indexCounters lets the server remove expired counters, if it can.
func (s *Store) indexCounters(ctx context.Context) error {
	_, err := s.db.Collection(counters).Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys: inc(1, "remove_at"),
		Options: options.Index().SetName(indexPrefix +
			"remove_at").SetExpireAfterSeconds(int32(counterGrace.Seconds())),
	})
	if hasCode(err, codeNotImplemented, codeNotSupported) {
		return nil
	}
	return err
}

// Increment applies counts of different keys concurrently, and those of one key in order. A lost answer is
// an error, because a retry might count twice.
func (s *Store) Increment(ctx context.Context, now time.Time,
	counts []storage.Count) ([]storage.Tally, error) {
	tallies := make([]storage.Tally, len(counts))
	byKey := map[string][]int{}
	for i, count := range counts {
		byKey[count.Key] = append(byKey[count.Key], i)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(counterSides)
	for _, places := range byKey {
		group.Go(func() error {
			for _, i := range places {
				err := s.attempt(ctx, func(ctx context.Context) (err error) {
					tallies[i], err = s.count(ctx, now, counts[i])
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, explain(err)
	}
	return tallies, nil
}

func (s *Store) count(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	switch {
	case c.By == 0:
		return s.look(ctx, now, c)
	case s.pipelines:
		return s.countAtOnce(ctx, now, c)
	}
	return s.countInSteps(ctx, now, c)
}

// askCounting finds out by trial how the server can count: with a pipeline update, or else in steps, which
// rely on duplicate-key errors. A server that gets both wrong is rejected.
func (s *Store) askCounting(ctx context.Context) error {
	for _, s.pipelines = range []bool{true, false} {
		if right, err := s.countsRight(ctx); right || err != nil {
			return explain(err)
		}
	}
	return &fault{what: "the server cannot keep counters: it takes no update pipelines, and an upsert whose _id is taken " +
		"gets no duplicate-key error (code 11000)"}
}

// countsRight creates a counter, adds to it, and restarts it after it expires.
func (s *Store) countsRight(ctx context.Context) (bool, error) {
	begun := time.Now()
	c := storage.Count{Key: "probe/" + storage.NewID(), By: 1}
	for _, step := range []struct {
		at   time.Duration
		want int64
	}{{0, 1}, {0, 2}, {2 * time.Minute, 1}} {
		now := begun.Add(step.at)
		c.Expires = now.Add(time.Minute)
		tally, err := s.count(ctx, now, c)
		if uncertain(err) || unanswered(err) {
			return false, err
		}
		if err != nil || tally.N != step.want || !tally.Expires.Equal(millis(c.Expires).Time()) {
			return false, nil
		}
	}
	_, err := s.db.Collection(counters).DeleteOne(ctx, bson.D{{Key: "_id", Value: c.Key}})
	return err == nil, err
}

// countAtOnce counts in one command that selects the counter by id alone. The server can then take its
// shortest path, a sharded cluster asks one shard, and the result does not depend on how the server reports
// a duplicate key.
func (s *Store) countAtOnce(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	opts := options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)
	filter := bson.D{{Key: "_id", Value: c.Key}}
	return decodeTally(s.db.Collection(counters).FindOneAndUpdate(ctx, filter, countPipeline(now, c), opts))
}

// countPipeline adds to the live counter or restarts it. All its expressions see the document as it was
// before the update; a missing field is less than any date.
func countPipeline(now time.Time, c storage.Count) bson.A {
	ifLive := func(then, otherwise any) bson.D {
		live := bson.D{{Key: "$gt", Value: bson.A{"$expires", millis(now)}}}
		return bson.D{{Key: "$cond", Value: bson.A{live, then, otherwise}}}
	}
	return bson.A{bson.D{{Key: "$set", Value: bson.D{
		{Key: "n", Value: ifLive(bson.D{{Key: "$add", Value: bson.A{"$n", c.By}}}, c.By)},
		{Key: "expires", Value: ifLive("$expires", millis(c.Expires))},
		{Key: "remove_at", Value: ifLive("$remove_at", removal(now, c))},
	}}}}
}

// removal is the counter's expiry by this machine's clock. It differs from Expires in tests, which may use
// a clock that is stopped in the past.
func removal(now time.Time, c storage.Count) bson.DateTime {
	return millis(time.Now().Add(c.Expires.Sub(now)))
}

// countInSteps adds to the live counter or creates it. If an expired counter has the key, creating it fails
// and the counter is replaced, unless another process has replaced it in between and so made it live.
func (s *Store) countInSteps(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	for range counterTries {
		tally, err := s.add(ctx, now, c)
		if !mongo.IsDuplicateKeyError(err) {
			return tally, err
		}
		tally, err = s.renew(ctx, now, c)
		if !errors.Is(err, mongo.ErrNoDocuments) {
			return tally, err
		}
	}
	return storage.Tally{}, fmt.Errorf("gave up on a counter after %d tries", counterTries)
}

func (s *Store) look(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	tally, err := decodeTally(s.db.Collection(counters).FindOne(ctx, byLife(c.Key, "$gt", now)))
	if errors.Is(err, mongo.ErrNoDocuments) {
		return storage.Tally{Expires: millis(c.Expires).Time().UTC()}, nil
	}
	return tally, err
}

func (s *Store) add(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	update := bson.D{
		{Key: "$inc", Value: bson.D{{Key: "n", Value: c.By}}},
		{Key: "$setOnInsert", Value: bson.D{
			{Key: "expires", Value: millis(c.Expires)}, {Key: "remove_at", Value: removal(now, c)},
		}},
	}
	opts := options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)
	return decodeTally(s.db.Collection(counters).FindOneAndUpdate(ctx,
		byLife(c.Key, "$gt", now), update, opts))
}

func (s *Store) renew(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	fresh := counter{Key: c.Key, N: c.By, Expires: c.Expires, RemoveAt: removal(now, c).Time()}
	opts := options.FindOneAndReplace().SetReturnDocument(options.After)
	return decodeTally(s.db.Collection(counters).FindOneAndReplace(ctx,
		byLife(c.Key, "$lte", now), fresh, opts))
}

func decodeTally(result *mongo.SingleResult) (storage.Tally, error) {
	var stored counter
	err := result.Decode(&stored)
	return storage.Tally{N: stored.N, Expires: stored.Expires}, err
}

// byLife selects the counter if its expiry compares with now as given.
func byLife(key, comparison string, now time.Time) bson.D {
	return bson.D{{Key: "_id", Value: key},
		{Key: "expires", Value: bson.D{{Key: comparison, Value: millis(now)}}}}
}

func millis(t time.Time) bson.DateTime { return bson.NewDateTimeFromTime(t) }
