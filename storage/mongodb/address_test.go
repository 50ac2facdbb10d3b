package mongodb

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

func TestDatabaseName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, uri, want string }{
		{"no path", "mongodb://a.example", "postern"},
		{"bare slash", "mongodb://a.example/?tls=true", "postern"},
		{"query only in the path", "mongodb+srv://u:p@a.example/shops?appName=1/2", "shops"},
		{"several hosts", "mongodb://u:p@a.example:1,b.example:2/shops", "shops"},
		{"escaped", "mongodb://a.example/sh%6Fps", "shops"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := databaseName(c.uri)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestMalformedAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, uri string }{
		{"empty", ""},
		{"no scheme", "localhost:27017"},
		{"another scheme", "postgres://u:hunter2@localhost/"},
		{"no host", "mongodb://"},
		{"port no number", "mongodb://u:hunter2@localhost:port/"},
		{"bare @ in the password", "mongodb://u:@hunter2@localhost/"},
		{"password that looks like a host",
			"mongodb://u:x@hunter2/db@localhost?serverSelectionTimeoutMS=100"},
		{"bare % in the password", "mongodb://u:%hunter2@localhost/"},
		{"bare colon in the password", "mongodb://u:hunter2:x@localhost/"},
		{"bare slash in the password", "mongodb://u:hunter2/x@localhost/"},
		{"option without a value", "mongodb://u:hunter2@localhost/?tls"},
		{"option of another kind", "mongodb://u:hunter2@localhost/?maxPoolSize=many"},
		{"mechanism unknown", "mongodb://u:hunter2@localhost/?authMechanism=guess"},
		{"database with a dot", "mongodb://u:hunter2@localhost/a.b"},
		{"line feed", "mongodb://u:hunter2@local\nhost:x/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(t.Context(), c.uri)
			if err == nil {
				t.Fatal("opened")
			}
			wantFault(t, err, "address is malformed")
			if err = CheckAddress(c.uri); err == nil {
				t.Fatal("not seen by the check")
			}
			wantFault(t, err, "address is malformed")
		})
	}
}

// wantFault checks that the error is one line that contains want but not the test's password.
func wantFault(t *testing.T, err error, want string) {
	t.Helper()
	text := err.Error()
	if !strings.Contains(text, want) {
		t.Errorf("%q does not say %q", text, want)
	}
	if strings.Contains(text, "hunter2") || strings.Contains(text, "\n") {
		t.Errorf("%q has the password or several lines", text)
	}
}

func TestUnknownName(t *testing.T) {
	t.Parallel()
	err := addressFault(&net.DNSError{Err: "no such host", Name: "_mongodb._tcp.shop.example"})
	wantFault(t, err, "no server")
	if dns := (*net.DNSError)(nil); !errors.As(err, &dns) {
		t.Error("the cause is lost")
	}
}

func TestWhatTheAddressCannotChange(t *testing.T) {
	t.Parallel()
	opts, err := clientOptions("mongodb://localhost/?w=1&journal=false&readPreference=secondary&readConcernLevel=available" +
		"&socketTimeoutMS=1&timeoutMS=700&serverSelectionTimeoutMS=800&appName=mine&retryWrites=false")
	if err != nil {
		t.Fatal(err)
	}
	if opts.WriteConcern.W != "majority" || opts.WriteConcern.Journal == nil || !*opts.WriteConcern.Journal {
		t.Errorf("write concern %v", opts.WriteConcern)
	}
	if opts.ReadPreference.Mode() != readpref.PrimaryMode || opts.ReadConcern.Level != "local" {
		t.Errorf("read preference %v, concern %v", opts.ReadPreference, opts.ReadConcern)
	}
	if *opts.Timeout != 700*time.Millisecond || *opts.ServerSelectionTimeout != 800*time.Millisecond {
		t.Errorf("timeouts %v, %v", *opts.Timeout, *opts.ServerSelectionTimeout)
	}
	if *opts.AppName != "mine" || *opts.RetryWrites {
		t.Errorf("the address is not heard: %q, %v", *opts.AppName, *opts.RetryWrites)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	opts, err := clientOptions("mongodb://localhost")
	if err != nil {
		t.Fatal(err)
	}
	if *opts.Timeout != operationTimeout || *opts.ServerSelectionTimeout != selectTimeout ||
		opts.RetryWrites != nil && !*opts.RetryWrites {
		t.Errorf("timeouts %v, %v, retries %v", *opts.Timeout, *opts.ServerSelectionTimeout, opts.RetryWrites)
	}
}
