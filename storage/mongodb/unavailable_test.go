package mongodb

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/storage"
)

// outage is a proxy in front of the server that can disconnect or stop answering.
type outage struct {
	net.Listener
	server string

	mu     sync.Mutex
	silent bool
	conns  []net.Conn
}

func throughOutage(t *testing.T, uri string) (*outage, string) {
	t.Helper()
	b, through := throughBreaker(t, uri)
	b.Close()
	o := &outage{Listener: listen(t), server: b.server}
	go o.serve()
	return o, strings.Replace(through, b.Addr().String(), o.Addr().String(), 1)
}

func (o *outage) serve() {
	for {
		client, err := o.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", o.server)
		if err != nil {
			client.Close()
			continue
		}
		o.mu.Lock()
		o.conns = append(o.conns, client, server)
		o.mu.Unlock()
		go o.pass(server, client)
		go o.pass(client, server)
	}
}

// pass forwards data, and discards it while the proxy is silent.
func (o *outage) pass(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		o.mu.Lock()
		silent := o.silent
		o.mu.Unlock()
		if err != nil {
			return
		}
		var out io.Writer = to
		if silent {
			out = io.Discard
		}
		if _, err := out.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (o *outage) goAway() {
	o.Close()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, conn := range o.conns {
		conn.Close()
	}
}

func (o *outage) fallSilent() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.silent = true
}

// TestOutage checks that with the server gone or hanging every operation returns storage.ErrUnavailable
// well within a request's fifteen seconds, and that a cancelled request does not return it.
func TestOutage(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*outage){"gone": (*outage).goAway,
		"silent": (*outage).fallSilent} {
		t.Run(name, func(t *testing.T) {
			proxy, through := throughOutage(t, withDatabase(serverURI(t)))
			store, err := Open(t.Context(), through+"&serverSelectionTimeoutMS=400&timeoutMS=400", orders())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			first := record(t, 1, "first")
			fail(proxy)
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
			defer cancel()
			for operation, do := range map[string]func() error{
				"get":    func() error { _, err := store.Get(ctx, "orders", first.ID); return err },
				"insert": func() error { return store.Insert(ctx, "orders", first) },
				"scan": func() error {
					_, err := store.Scan(ctx, "orders",
						storage.Scan{Index: orders().Indexes[0], Shop: "main", Limit: 1})
					return err
				},
				"count": func() error {
					_, err := store.Increment(ctx, time.Now(),
						[]storage.Count{{Key: "k", By: 1, Expires: time.Now().Add(time.Hour)}})
					return err
				},
			} {
				begun := time.Now()
				err := do()
				if !errors.Is(err, storage.ErrUnavailable) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: %v", operation, err)
				}
				if took := time.Since(begun); took > 5*time.Second {
					t.Errorf("%s took %s", operation, took)
				}
			}
			gaveUp, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := store.Get(gaveUp, "orders", first.ID); errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("a caller who gave up: %v", err)
			}
		})
	}
}

// TestSecondTry checks that an operation is retried within the request's time after the server has hung
// once.
func TestSecondTry(t *testing.T) {
	t.Parallel()
	uri := withDatabase(serverURI(t))
	straight := reach(t, uri, storage.Collection{Name: "docs"})
	if err := straight.Insert(t.Context(), "docs", record(t, 1, "first")); err != nil {
		t.Fatal(err)
	}
	proxy, through := throughBreaker(t, uri)
	hanging := reach(t, through+"&timeoutMS=500", storage.Collection{Name: "docs"})
	wait := make(chan struct{})
	defer close(wait)
	proxy.arm("find", false, func() { <-wait })
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if _, err := hanging.Get(ctx, "docs", "main/a"); err != nil {
		t.Errorf("no second try: %v", err)
	}
}

func TestOpenSaysThatItWaitsForIndexes(t *testing.T) {
	t.Parallel()
	uri := withDatabase(serverURI(t))
	reach(t, uri)
	proxy, through := throughBreaker(t, uri)
	said := make(chan string, 100)
	proxy.arm("createIndexes", false, func() {
		select {
		case line := <-said:
			said <- line
		case <-time.After(10 * time.Second):
		}
	})
	opener := Opener{Say: func(line string) { said <- line }}
	store, err := opener.open(t.Context(), through, 10*time.Millisecond, []storage.Collection{orders()})
	if err == nil { // the driver retried
		store.Close()
	}
	select {
	case line := <-said:
		if !strings.Contains(line, "4 indexes of orders; waiting") {
			t.Errorf("said %q", line)
		}
	default:
		t.Error("nothing was said")
	}
}

// TestOpenTellsWhatIsWrongWithTheAddress checks that each fault is reported in one line.
func TestOpenTellsWhatIsWrongWithTheAddress(t *testing.T) {
	t.Parallel()
	uri := withDatabase(serverURI(t)) + "&serverSelectionTimeoutMS=700"
	for name, c := range map[string]struct{ option, want string }{
		"another replica set": {"replicaSet=rs7",
			`no server there is a member of the replica set "rs7": correct replicaSet=`},
		"TLS to a plain one":   {"tls=true", "if it speaks no TLS, leave tls=true out of the address"},
		"a misspelt option":    {"replicaset_name=rs7", `MongoDB has no option "replicaset_name"`},
		"a misspelt retry":     {"retryWrite=true", `MongoDB has no option "retrywrite"`},
		"a value of no number": {"maxPoolSize=many", "the address is malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := Open(t.Context(), uri+"&"+c.option)
			if err == nil {
				store.Close()
				t.Fatal("opened")
			}
			wantFault(t, err, c.want)
		})
	}
}
