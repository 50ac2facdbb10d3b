// Package mongodb is the storage engine over a MongoDB server of any deployment: standalone, replica set,
// or sharded by {shop: 1, _id: "hashed"}. It owns the connection, the indexes, how a scan becomes finds,
// what came of a write whose answer was lost, and the wording of what can go wrong. It alone imports the
// driver.
//
// Documents are stored as they come. Writes wait for the majority's journals and reads go to the primary,
// whatever the address says. On a sharded cluster a filter for one document carries the shop, and elsewhere
// the id alone. The package must not know what the documents mean.
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
	operationTimeout = 4 * time.Second // for one try at an operation, unless the address has timeoutMS
	buildTimeout     = 12 * time.Hour  // for the indexes of a collection that is large already
	closeTimeout     = 10 * time.Second
)

var _ storage.Engine = (*Store)(nil)

// Store is an open database of a MongoDB server.
type Store struct {
	client   *mongo.Client
	db       *mongo.Database
	declared map[string]bool

	patience  time.Duration // of one try at an operation
	sharded   bool          // behind mongos
	pipelines bool          // an update may be a pipeline
	say       func(string)
	sayAfter  time.Duration
}

// Opener opens stores. Say gets a line when opening waits for long; nil says nothing.
type Opener struct{ Say func(line string) }

// Open connects to the server at the mongodb:// or mongodb+srv:// address and makes the declared indexes
// that are missing, which takes a while when the collections hold much. The database is the address's path,
// "postern" without one. A store of a newer program is an error, and is left as it is. Its errors are one
// line, tell apart what went wrong, and never show the password.
func Open(ctx context.Context, uri string, collections ...storage.Collection) (*Store, error) {
	return Opener{}.Open(ctx, uri, collections...)
}

// Open is the function Open.
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
		client: client, db: client.Database(name), declared: map[string]bool{storage.Notes().Name: true},
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

// clientOptions are those of the address, but for what the store promises.
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

// format is the number of how documents, counters and notes are stored here. A program that knows only
// lower ones must not touch them.
const format = 1

// checkFormat notes the format of a new store, and refuses one that a newer program wrote.
func (s *Store) checkFormat(ctx context.Context) error {
	stored, err := storage.NoteFormat(ctx, s, format)
	if err == nil && stored > format {
		err = &fault{what: fmt.Sprintf("this store was written by a newer version of the program (format %d, known is %d): use that version",
			stored, format)}
	}
	return err
}

// prepare looks whether the store is ours to use, and makes the indexes.
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

// Drop removes the database and all that is in it.
func (s *Store) Drop(ctx context.Context) error {
	return explain(s.db.Drop(ctx))
}

// Close waits up to ten seconds for operations in hand and disconnects. A second one does nothing.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.client.Disconnect(ctx)
	if errors.Is(err, mongo.ErrClientDisconnected) {
		return nil
	}
	return explain(err)
}

func (s *Store) collection(name string, opts ...options.Lister[options.CollectionOptions]) (*mongo.Collection, error) {
	if !s.declared[name] {
		return nil, fmt.Errorf("mongodb: collection %q was not declared", name)
	}
	return s.db.Collection(name, opts...), nil
}

// inc is an ascending or descending key pattern, as indexes, sorts and projections want it.
func inc(direction int, paths ...string) bson.D {
	pattern := make(bson.D, len(paths))
	for i, path := range paths {
		pattern[i] = bson.E{Key: path, Value: int32(direction)}
	}
	return pattern
}
