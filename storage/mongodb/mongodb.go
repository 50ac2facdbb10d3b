// Package mongodb is the storage engine over a MongoDB server of any deployment: standalone, replica set,
// or sharded by {shop: 1, _id: "hashed"}. It owns the connection, the indexes, the translation of a scan
// into finds, the recovery after a lost answer to a write, and the wording of errors. It alone imports the
// driver.
//
// Documents are stored unchanged. Writes wait for a majority to journal them and reads go to the primary,
// whatever the address says. On a sharded cluster a filter for one document includes the shop, elsewhere
// only the id. The package must not know what the documents mean.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"postern/storage"
)

const (
	selectTimeout    = 3 * time.Second // to find a server, unless the address has serverSelectionTimeoutMS
	operationTimeout = 4 * time.Second // per attempt at an operation, unless the address has timeoutMS
	buildTimeout     = 12 * time.Hour  // for the indexes of a collection that is already large
	closeTimeout     = 10 * time.Second
)

var _ storage.Engine = (*Store)(nil)

// Store is an open database of a MongoDB server.
type Store struct {
	client   *mongo.Client
	db       *mongo.Database
	declared map[string]bool

	patience  time.Duration // per attempt at an operation
	sharded   bool          // connected through mongos
	pipelines bool          // an update may be a pipeline
	say       func(string)
	sayAfter  time.Duration
}

// Opener opens stores. Say is called with a message when opening takes long; nil discards it.
type Opener struct{ Say func(line string) }

// Open connects to the server at the mongodb:// or mongodb+srv:// address and creates the declared indexes
// that are missing, which takes a while for large collections. The database is the address's path, or
// "postern" if it has none. A store written by a newer program is an error and is left unchanged. Errors
// are one line, distinguish the causes, and never show the password.
func Open(ctx context.Context, uri string, collections ...storage.Collection) (*Store, error) {
	return Opener{}.Open(ctx, uri, collections...)
}

// Open is like the function Open.
func (o Opener) Open(ctx context.Context, uri string, collections ...storage.Collection) (*Store, error) {
	return o.open(ctx, uri, buildNotice, collections)
}

func (o Opener) open(
	ctx context.Context, uri string, sayAfter time.Duration, collections []storage.Collection,
) (*Store, error) {
	for _, c := range collections {
		if err := c.Check(); err != nil {
			return nil, err
		}
	}
	name, err := databaseName(uri)
	if err != nil {
		return nil, err
	}
	opts, err := clientOptions(uri)
	if err != nil {
		return nil, err
	}
	server, err := greet(ctx, opts)
	if err != nil {
		return nil, err
	}
	if server.stable {
		opts.SetServerAPIOptions(stableAPI())
	}
	client, err := mongo.Connect(opts)
	if err != nil {
		return nil, &fault{"the address cannot be used: " + err.Error(), err}
	}
	s := &Store{
		client: client, db: client.Database(name),
		declared: map[string]bool{storage.MetadataCollection().Name: true},
		patience: *opts.Timeout, sharded: server.sharded(), say: o.Say, sayAfter: sayAfter,
	}
	if s.say == nil {
		s.say = func(string) {}
	}
	if err := s.prepare(ctx, collections); err != nil {
		client.Disconnect(context.WithoutCancel(ctx))
		return nil, err
	}
	return s, nil
}

// clientOptions returns the options of the address, overridden where the store makes promises.
func clientOptions(uri string) (*options.ClientOptions, error) {
	opts := options.Client().ApplyURI(uri)
	if err := opts.Validate(); err != nil {
		return nil, addressFault(err)
	}
	concern := writeconcern.Majority()
	concern.Journal = new(true)
	opts.SetWriteConcern(concern)
	opts.SetReadPreference(readpref.Primary())
	opts.SetReadConcern(readconcern.Local())
	if opts.ServerSelectionTimeout == nil {
		opts.SetServerSelectionTimeout(selectTimeout)
	}
	if opts.Timeout == nil {
		opts.SetTimeout(operationTimeout)
	}
	if opts.AppName == nil {
		opts.SetAppName("postern")
	}
	return opts, nil
}

// format is the version of the layout of documents, counters and notes. A program that knows only lower
// versions must not touch them.
const format = 1

// checkFormat records the format of a new store, and rejects one written by a newer program.
func (s *Store) checkFormat(ctx context.Context) error {
	stored, err := storage.RecordFormat(ctx, s, format)
	if err == nil && stored > format {
		err = &fault{what: fmt.Sprintf("this store was written by a newer version of the program (format %d, known is %d): use that version",
			stored, format)}
	}
	return err
}

// prepare checks that the store is ours to use, and creates the indexes.
func (s *Store) prepare(ctx context.Context, collections []storage.Collection) error {
	if err := s.checkFormat(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	for _, c := range collections {
		s.declared[c.Name] = true
		if err := s.index(ctx, c); err != nil {
			return fmt.Errorf("indexes of %s: %w", c.Name, explain(err))
		}
	}
	if err := s.indexCounters(ctx); err != nil {
		return fmt.Errorf("index of counters: %w", explain(err))
	}
	return s.askCounting(ctx)
}

// Drop removes the database with all its contents.
func (s *Store) Drop(ctx context.Context) error {
	return explain(s.db.Drop(ctx))
}

// Close waits up to ten seconds for operations in flight and disconnects. A second call does nothing.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.client.Disconnect(ctx)
	if errors.Is(err, mongo.ErrClientDisconnected) {
		return nil
	}
	return explain(err)
}

func (s *Store) collection(name string,
	opts ...options.Lister[options.CollectionOptions]) (*mongo.Collection, error) {
	if !s.declared[name] {
		return nil, fmt.Errorf("mongodb: collection %q was not declared", name)
	}
	return s.db.Collection(name, opts...), nil
}

// inc returns an ascending or descending key pattern for indexes, sorts and projections.
func inc(direction int, paths ...string) bson.D {
	pattern := make(bson.D, len(paths))
	for i, path := range paths {
		pattern[i] = bson.E{Key: path, Value: int32(direction)}
	}
	return pattern
}
