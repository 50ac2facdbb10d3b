package mongodb

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// greeting is a server's description of itself.
type greeting struct {
	Msg       string    `bson:"msg"` // of mongos: isdbgrid
	LocalTime time.Time `bson:"localTime"`

	stable bool // it supports the Stable API
}

func (g greeting) sharded() bool { return g.Msg == "isdbgrid" }

// greet asks the server what it is and whether it supports the Stable API. It uses a separate connection,
// since a client declares the API once, when it is created.
func greet(ctx context.Context, opts *options.ClientOptions) (greeting, error) {
	client, err := mongo.Connect(opts)
	if err != nil {
		return greeting{}, &fault{"the address cannot be used: " + err.Error(), err}
	}
	defer client.Disconnect(context.WithoutCancel(ctx))
	started := time.Now()
	hello := func(more ...bson.E) (g greeting, err error) {
		command := append(bson.D{{Key: "hello", Value: 1}}, more...)
		err = client.Database("admin").RunCommand(ctx, command).Decode(&g)
		return g, err
	}
	g, err := hello(bson.E{Key: "apiVersion", Value: "1"}, bson.E{Key: "apiStrict", Value: true})
	if server := mongo.ServerError(nil); errors.As(err, &server) && !uncertain(err) {
		g, err = hello()
		return g, explainAfter(err, time.Since(started))
	}
	g.stable = err == nil
	return g, withTLSHint(explainAfter(err, time.Since(started)), opts.TLSConfig != nil)
}

// stableAPI makes the server reject any command outside version 1 of its API, which later servers keep.
func stableAPI() *options.ServerAPIOptions {
	return options.ServerAPI(options.ServerAPIVersion1).SetStrict(true).SetDeprecationErrors(true)
}
