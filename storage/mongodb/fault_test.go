package mongodb

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/address"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

func TestOpenWithoutServer(t *testing.T) {
	t.Parallel()
	silent := listen(t)
	gone := listen(t)
	gone.Close()
	for _, c := range []struct{ name, host, want string }{
		{"nothing listens", gone.Addr().String(), "connection refused"},
		{"no answer", silent.Addr().String(), "no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			started := time.Now()
			_, err := Open(t.Context(), "mongodb://u:hunter2@"+c.host+"/?serverSelectionTimeoutMS=300")
			if err == nil {
				t.Fatal("opened")
			}
			wantFault(t, err, "no server at "+c.host+" within 300ms: ")
			wantFault(t, err, c.want)
			if took := time.Since(started); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestOpenCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, "mongodb://u:hunter2@"+listen(t).Addr().String())
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	wantFault(t, err, "context canceled")
}

// listen returns a listener that never answers.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestOpenSignsIn(t *testing.T) {
	t.Parallel()
	uri := withDatabase(serverURI(t))
	scheme, rest, _ := strings.Cut(uri, "://")
	if _, hosts, found := strings.Cut(rest, "@"); found {
		rest = hosts
	}
	store, err := Open(t.Context(), scheme+"://nobody:hunter2@"+rest)
	if err == nil {
		store.Close()
		t.Fatal("opened")
	}
	wantFault(t, err, "refuses the user name and password")
}

func TestExplain(t *testing.T) {
	t.Parallel()
	secondary := description.Topology{Servers: []description.Server{
		{Addr: address.Address("a.example:27017"), Kind: description.ServerKindRSSecondary},
		{Addr: address.Address("b.example:27017"), LastError: errors.New("dial: refused")},
	}}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"no permission", mongo.CommandError{Code: 13, Name: "Unauthorized",
			Message: "not authorized on x\nto execute"},
			"the user has no permission: (Unauthorized) not authorized on x to execute"},
		{"credentials", mongo.CommandError{Code: 18, Message: "Authentication failed."},
			"refuses the user name and password"},
		{"credentials of another operation",
			errors.New("connection pool for a.example was cleared because another operation failed with: auth error: (AuthenticationFailed) no"), "refuses the user name and password"},
		{"server's limit", mongo.CommandError{Code: 50, Message: "operation exceeded time limit"},
			"did not answer in time"},
		{"our limit", context.DeadlineExceeded, "did not answer in time"},
		{"network", mongo.CommandError{Labels: []string{"NetworkError"}, Message: "EOF"},
			"the connection was lost: EOF"},
		{"no primary", topology.ServerSelectionError{Wrapped: context.DeadlineExceeded, Desc: secondary},
			"no primary at a.example:27017, b.example:27017: it takes no writes"},
		{"other", errors.New("odd"), "mongodb: odd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := explain(c.err)
			wantFault(t, got, c.want)
			var told *fault
			if !errors.As(got, &told) || told.cause == nil {
				t.Error("the cause is lost")
			}
		})
	}
	if explain(nil) != nil {
		t.Error("nil has a fault")
	}
}
