package mongodb

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"postern/storage"
)

// settleTimeout is how long the question what came of a write may outlive its caller's deadline.
const settleTimeout = 2 * time.Second

// Get returns the whole document, or storage.ErrNotFound.
func (s *Store) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	c, err := s.collection(collection)
	if err != nil {
		return nil, err
	}
	var raw bson.Raw
	err = s.read(ctx, func(ctx context.Context) (err error) {
		raw, err = c.FindOne(ctx, s.byID(id)).Raw()
		return err
	})
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, storage.ErrNotFound
	}
	return raw, explain(err)
}

// Insert stores a new document, or returns storage.ErrExists.
func (s *Store) Insert(ctx context.Context, collection string, r storage.Record) error {
	return s.write(ctx, write{
		collection: collection, id: r.ID, leaves: r.Version, size: len(r.Doc), missed: storage.ErrExists,
		do: func(ctx context.Context, c *mongo.Collection) (bool, error) {
			_, err := c.InsertOne(ctx, r.Doc)
			if mongo.IsDuplicateKeyError(err) && !unconfirmed(err) {
				return false, nil
			}
			return true, err
		}})
}

// Replace stores r over the version read, or returns storage.ErrConflict.
func (s *Store) Replace(ctx context.Context, collection string, r storage.Record, read storage.Version) error {
	return s.write(ctx, write{
		collection: collection, id: r.ID, read: read, leaves: r.Version, size: len(r.Doc), missed: storage.ErrConflict,
		do: func(ctx context.Context, c *mongo.Collection) (bool, error) {
			result, err := c.ReplaceOne(ctx, s.byVersion(r.ID, read), r.Doc)
			return err == nil && result.MatchedCount > 0, err
		}})
}

// Delete removes the version read, or returns storage.ErrConflict. When the answer is lost and the document
// gone, it may have been another who removed it: that is an error of its own, not nil.
func (s *Store) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	return s.write(ctx, write{collection: collection, id: id, read: read, missed: storage.ErrConflict,
		do: func(ctx context.Context, c *mongo.Collection) (bool, error) {
			result, err := c.DeleteOne(ctx, s.byVersion(id, read))
			return err == nil && result.DeletedCount > 0, err
		}})
}

// write is a change of one document that happens only in the state read, which makes it harmless to repeat.
// The zero version stands for no document. do reports whether it met that state; missed is the error when
// not.
type write struct {
	collection, id string
	read, leaves   storage.Version
	do             func(context.Context, *mongo.Collection) (bool, error)
	missed         error
	size           int // of the document, in bytes
}

// write runs w. When the answer is lost it runs w again: that either does what the first did not, or,
// having waited for the majority, shows that the state is another by now, maybe by the first.
func (s *Store) write(ctx context.Context, w write) error {
	if err := ctx.Err(); err != nil {
		return explain(err)
	}
	c, err := s.collection(w.collection)
	if err != nil {
		return err
	}
	met := false
	try := func(ctx context.Context) (err error) {
		met, err = w.do(ctx, c)
		return err
	}
	limit := s.patience + time.Duration(w.size)*timePerByte
	err = s.within(ctx, limit, try)
	first := err
	if uncertain(err) && ctx.Err() == nil {
		err = s.within(ctx, limit, try)
	}
	switch {
	case err == nil && met:
		return nil
	case err != nil && !uncertain(first):
		return explain(err)
	case first == nil && w.read != (storage.Version{}):
		return w.missed
	}
	return s.settle(ctx, w, first)
}

// settle tells by the stored version what came of w, whose first answer was lost with the error first, or
// which is an Insert that missed. The version is one that the majority has: what it leaves open is neither
// success nor a miss.
func (s *Store) settle(ctx context.Context, w write, first error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	stored, err := s.version(ctx, w.collection, w.id)
	switch {
	case err != nil && first == nil:
		return explain(err)
	case err != nil:
		return explain(first)
	case w.left(stored):
		return nil
	case first == nil || w.overtaken(stored):
		return w.missed
	}
	return explain(first)
}

// left reports whether the stored version is proof that the write happened. A Delete leaves none: others
// delete, too.
func (w write) left(stored storage.Version) bool {
	return w.leaves != (storage.Version{}) && stored == w.leaves
}

// overtaken reports whether the stored version, which this write did not make, came from the one read by
// another's step. A later version than this write leaves is no proof of that: it may stand on this one.
func (w write) overtaken(stored storage.Version) bool {
	deletes := w.leaves == (storage.Version{})
	return stored.N > w.read.N && (deletes || stored.N <= w.leaves.N)
}

// version is that of the document as the majority has it, zero when there is none.
func (s *Store) version(ctx context.Context, collection, id string) (storage.Version, error) {
	var stored struct {
		N    int64  `bson:"v"`
		Mark string `bson:"mark"`
	}
	c, err := s.collection(collection, options.Collection().SetReadConcern(readconcern.Majority()))
	if err != nil {
		return storage.Version{}, err
	}
	err = c.FindOne(ctx, s.byID(id), options.FindOne().SetProjection(inc(1, "v", "mark"))).Decode(&stored)
	if errors.Is(err, mongo.ErrNoDocuments) {
		err = nil
	}
	return storage.Version{N: stored.N, Mark: stored.Mark}, err
}

// uncertain reports whether a write that ended with err may have happened, or may yet be undone by a change
// of primary.
func uncertain(err error) bool {
	if selection := (topology.ServerSelectionError{}); err == nil || errors.As(err, &selection) {
		return false // nothing was sent
	}
	labelled := mongo.LabeledError(nil)
	return unconfirmed(err) || mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.Is(err, context.Canceled) ||
		errors.As(err, &labelled) && labelled.HasErrorLabel("RetryableWriteError")
}

// unconfirmed reports whether the server answered, but without knowing that the majority has it.
func unconfirmed(err error) bool {
	w := mongo.WriteException{}
	return errors.As(err, &w) && w.WriteConcernError != nil
}

// byID names a document: by the id alone, which a server answers on its shortest path, and in a sharded
// cluster with the shop, so that one shard is asked. The shop is the part of the id before the first slash.
func (s *Store) byID(id string) bson.D {
	if !s.sharded {
		return bson.D{{Key: "_id", Value: id}}
	}
	shop, _, _ := strings.Cut(id, "/")
	return bson.D{{Key: "_id", Value: id}, {Key: "shop", Value: shop}}
}

func (s *Store) byVersion(id string, v storage.Version) bson.D {
	return append(s.byID(id), bson.E{Key: "v", Value: v.N}, bson.E{Key: "mark", Value: v.Mark})
}
