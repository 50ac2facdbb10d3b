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
	// counterGrace keeps a server whose clock is ahead from removing counters that still count.
	counterGrace = time.Hour
	counterTries = 100
)

// counter is a stored counter.
type counter struct {
	Key     string    `bson:"_id"`
	N       int64     `bson:"n"`
	Expires time.Time `bson:"expires"`
}

// indexCounters lets the server remove expired counters, where it can.
func (s *Store) indexCounters(ctx context.Context) error {
	_, err := s.db.Collection(counters).Indexes().CreateOne(ctx, mongo.IndexModel{
		Keys:    inc(1, "expires"),
		Options: options.Index().SetName(indexPrefix + "expires").SetExpireAfterSeconds(int32(counterGrace.Seconds())),
	})
	if hasCode(err, codeNotImplemented, codeNotSupported) {
		return nil
	}
	return err
}

// Increment applies the counts side by side, those of one key in their order.
func (s *Store) Increment(ctx context.Context, now time.Time, counts []storage.Count) ([]storage.Tally, error) {
	tallies := make([]storage.Tally, len(counts))
	byKey := map[string][]int{}
	for i, count := range counts {
		byKey[count.Key] = append(byKey[count.Key], i)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, places := range byKey {
		group.Go(func() (err error) {
			for _, i := range places {
				if tallies[i], err = s.count(ctx, now, counts[i]); err != nil {
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

// count adds to the live counter or makes it. The key of an expired one is taken, so making it fails; then it is replaced,
// unless another has done that meanwhile, which makes it live.
func (s *Store) count(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	if c.By == 0 {
		return s.look(ctx, now, c)
	}
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
		{Key: "$setOnInsert", Value: bson.D{{Key: "expires", Value: millis(c.Expires)}}},
	}
	opts := options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)
	return decodeTally(s.db.Collection(counters).FindOneAndUpdate(ctx, byLife(c.Key, "$gt", now), update, opts))
}

func (s *Store) renew(ctx context.Context, now time.Time, c storage.Count) (storage.Tally, error) {
	fresh := counter{Key: c.Key, N: c.By, Expires: c.Expires}
	opts := options.FindOneAndReplace().SetReturnDocument(options.After)
	return decodeTally(s.db.Collection(counters).FindOneAndReplace(ctx, byLife(c.Key, "$lte", now), fresh, opts))
}

func decodeTally(result *mongo.SingleResult) (storage.Tally, error) {
	var stored counter
	err := result.Decode(&stored)
	return storage.Tally{N: stored.N, Expires: stored.Expires}, err
}

// byLife finds the counter if its expiry compares so to now.
func byLife(key, comparison string, now time.Time) bson.D {
	return bson.D{{Key: "_id", Value: key}, {Key: "expires", Value: bson.D{{Key: comparison, Value: millis(now)}}}}
}

func millis(t time.Time) bson.DateTime { return bson.NewDateTimeFromTime(t) }
