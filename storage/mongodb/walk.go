package mongodb

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"

	"postern/storage"
)

var (
	_ storage.Walker = (*Store)(nil)
	_ storage.Clock  = (*Store)(nil)
)

// walkTimeout is the timeout of one step of a walk, which may return many megabytes.
const walkTimeout = time.Minute

// Walk returns the next entries of the collection in id order, as acknowledged by the majority; a sharded
// cluster asks every shard. Documents whose ids are not strings are not ours and are left out.
func (s *Store) Walk(ctx context.Context, collection string, w storage.Walk) ([]storage.Entry, error) {
	c, err := s.collection(collection, options.Collection().SetReadConcern(readconcern.Majority()))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, walkTimeout)
	defer cancel()
	opts := options.Find().SetSort(inc(1, "_id")).SetLimit(int64(w.Limit))
	if !w.Bodies {
		opts.SetProjection(inc(1, "_id", "v", "mark")).SetBatchSize(int32(w.Limit) + 1)
	}
	cursor, err := c.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: w.After}}}}, opts)
	if err != nil {
		return nil, explain(err)
	}
	defer cursor.Close(context.WithoutCancel(ctx))
	var found []storage.Entry
	for size := 0; size < storage.WalkBytes && cursor.Next(ctx); {
		e := storage.Entry{ID: cursor.Current.Lookup("_id").StringValue(),
			Version: storage.VersionOf(cursor.Current)}
		if w.Bodies {
			e.Doc = append(bson.Raw(nil), cursor.Current...)
		}
		found, size = append(found, e), size+len(e.Doc)
	}
	return found, explain(cursor.Err())
}

// Count returns an estimate of the number of documents in the collection.
func (s *Store) Count(ctx context.Context, collection string) (int64, error) {
	c, err := s.collection(collection)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.read(ctx, func(ctx context.Context) (err error) {
		n, err = c.EstimatedDocumentCount(ctx)
		return err
	})
	return n, explain(err)
}

// Clock returns the server's time.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var g greeting
	err := s.read(ctx, func(ctx context.Context) error {
		return s.client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&g)
	})
	return g.LocalTime.UTC(), explain(err)
}
