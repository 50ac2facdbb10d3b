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

// settleTimeout is how far the check of a write's outcome may exceed the caller's deadline.
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
func (s *Store) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	return s.write(ctx, write{
		collection: collection, id: r.ID, read: read, leaves: r.Version, size: len(r.Doc),
		missed: storage.ErrConflict,
		do: func(ctx context.Context, c *mongo.Collection) (bool, error) {
			result, err := c.ReplaceOne(ctx, s.byVersion(r.ID, read), r.Doc)
			return err == nil && result.MatchedCount > 0, err
		}})
}

// Delete removes the version read, or returns storage.ErrConflict. If the answer is lost and the document
// is gone, another process may have removed it: that is a separate error, not nil.
func (s *Store) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	return s.write(ctx, write{collection: collection, id: id, read: read, missed: storage.ErrConflict,
		do: func(ctx context.Context, c *mongo.Collection) (bool, error) {
			result, err := c.DeleteOne(ctx, s.byVersion(id, read))
			return err == nil && result.DeletedCount > 0, err
		}})
}

// write is a change of one document that is applied only in the state read, so it is safe to repeat. The
// zero version means no document. do reports whether the document was in that state; missed is the error if
// it was not.
type write struct {
	collection, id string
	read, leaves   storage.Version
	do             func(context.Context, *mongo.Collection) (bool, error)
	missed         error
	size           int // of the document, in bytes
}

// write runs w. If the answer is lost it runs w again: the second run either makes the change or, having
// waited for the majority, shows that the state has changed since, perhaps by the first run.
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

// settle determines the outcome of w from the stored version. It is called when the first answer was lost
// with the error first, or for an Insert that missed. The version is read with majority concern; if that
// does not decide, the outcome is neither success nor a miss.
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

// left reports whether the stored version proves that the write happened. It never does for a Delete, which
// others may have made.
func (w write) left(stored storage.Version) bool {
	return w.leaves != (storage.Version{}) && stored == w.leaves
}

// overtaken reports whether the stored version, which this write did not make, proves that another write
// replaced the version read. A version later than the one this write leaves proves nothing: it may build on
// this write.
func (w write) overtaken(stored storage.Version) bool {
	deletes := w.leaves == (storage.Version{})
	return stored.N > w.read.N && (deletes || stored.N <= w.leaves.N)
}

// version returns the version of the document as acknowledged by the majority, zero if there is none.
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

// uncertain reports whether a write that ended with err may have happened, or may yet be rolled back by a
// change of primary.
func uncertain(err error) bool {
	if selection := (topology.ServerSelectionError{}); err == nil || errors.As(err, &selection) {
		return false // nothing was sent
	}
	labelled := mongo.LabeledError(nil)
	return unconfirmed(err) || mongo.IsNetworkError(err) || mongo.IsTimeout(err) || errors.Is(err,
		context.Canceled) ||
		errors.As(err, &labelled) && labelled.HasErrorLabel("RetryableWriteError")
}

// unconfirmed reports whether the server answered but could not confirm that the majority has the write.
func unconfirmed(err error) bool {
	w := mongo.WriteException{}
	return errors.As(err, &w) && w.WriteConcernError != nil
}

// byID selects a document: by id alone, which a server answers on its shortest path, or in a sharded
// cluster with the shop as well, so that only one shard is asked. The shop is the part of the id before the
// first slash.
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
