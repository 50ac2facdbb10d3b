package mongodb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// breaker is a proxy in front of the server that, when armed, breaks the connection of the next matching
// command, before or after the server has executed it.
type breaker struct {
	net.Listener
	server string

	mu      sync.Mutex
	command string
	done    bool   // lets the server execute it first
	then    func() // runs between the break and the retry

	alter func(answer string) string // changes all answers; may be nil
	seen  func(request []byte)       // gets all requests; may be nil
}

// throughBreaker returns a breaker and the address that leads through it to the server.
func throughBreaker(t *testing.T, uri string) (*breaker, string) {
	t.Helper()
	scheme, rest, _ := strings.Cut(uri, "://")
	user := ""
	if before, after, found := strings.Cut(rest, "@"); found {
		user, rest = before+"@", after
	}
	hosts, rest, _ := strings.Cut(rest, "/")
	server, _, several := strings.Cut(hosts, ",")
	if several || scheme != "mongodb" || strings.Contains(rest, "tls=true") {
		t.Skip("the proxy is for one server without TLS")
	}
	if !strings.Contains(server, ":") {
		server += ":27017"
	}
	b := &breaker{Listener: listen(t), server: server}
	go b.serve()
	return b, "mongodb://" + user + b.Addr().String() + "/" + rest + "&directConnection=true"
}

func (b *breaker) arm(command string, done bool, then func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.command, b.done, b.then = command, done, then
}

func (b *breaker) watch(seen func(request []byte)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = seen
}

// strike reports whether the message is the one to break, and then disarms the breaker.
func (b *breaker) strike(message []byte) (hit, done bool, then func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen != nil {
		b.seen(message)
	}
	if b.command == "" || !bytes.Contains(message, []byte("\x02"+b.command+"\x00")) {
		return false, false, nil
	}
	b.command = ""
	return true, b.done, b.then
}

func (b *breaker) serve() {
	for {
		client, err := b.Accept()
		if err != nil {
			return
		}
		go b.relay(client)
	}
}

// relay forwards each message and its answer; this driver and server never have two in flight.
func (b *breaker) relay(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", b.server)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		hit, done, then := b.strike(request)
		if !hit || done {
			server.Write(request)
			answer, err := readMessage(server)
			if err != nil {
				return
			}
			if !hit {
				client.Write(b.altered(answer))
				continue
			}
		}
		if then != nil {
			then()
		}
		return
	}
}

func (b *breaker) altered(answer []byte) []byte {
	if b.alter == nil {
		return answer
	}
	return []byte(b.alter(string(answer)))
}

// readMessage reads a message of the wire protocol: its length, little-endian and including itself, then
// the rest.
func readMessage(from io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(head))
	copy(message, head)
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

func record(t *testing.T, n int64, mark string) storage.Record {
	t.Helper()
	r := storage.Record{ID: "main/a", Shop: "main", Version: storage.Version{N: n, Mark: mark}}
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: r.ID}, {Key: "shop", Value: r.Shop}, {Key: "v", Value: n}, {Key: "mark", Value: mark}})
	if err != nil {
		t.Fatal(err)
	}
	r.Doc = raw
	return r
}

// errUnsure stands for any error that says nothing about the document.
var errUnsure = errors.New("an internal error")

func meets(err, want error) bool {
	if errors.Is(want, errUnsure) {
		return err != nil && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrExists)
	}
	return errors.Is(err, want)
}

func TestLostAnswer(t *testing.T) {
	t.Parallel()
	first, second, other, third := record(t, 1, "first"), record(t, 2, "second"), record(t, 2, "other"), record(t, 3, "third")
	rival := record(t, 1, "rival")
	insert := func(s *Store) error { return s.Insert(t.Context(), "docs", first) }
	replace := func(s *Store) error { return s.Replace(t.Context(), "docs", second, first.Version) }
	remove := func(s *Store) error { return s.Delete(t.Context(), "docs", first.ID, first.Version) }
	overtake := func(s *Store) error { return s.Replace(t.Context(), "docs", other, first.Version) }
	follow := func(read storage.Version) func(*Store) error {
		return func(s *Store) error { return s.Replace(t.Context(), "docs", third, read) }
	}
	for _, c := range []struct {
		name, command string
		done          bool
		before        func(*Store) error // before the fault
		do            func(*Store) error
		between       func(*Store) error // by another process
		want          error
		left          storage.Version
	}{
		{"insert done", "insert", true, nil, insert, nil, nil, first.Version},
		{"insert not done", "insert", false, nil, insert, nil, nil, first.Version},
		{"insert not done and overtaken", "insert", false, nil, insert, func(s *Store) error { return s.Insert(t.Context(), "docs", rival) }, storage.ErrExists, rival.Version},
		{"insert done and followed", "insert", true, nil, insert, overtake, errUnsure, other.Version},
		{"replace done and followed", "update", true, insert, replace, follow(second.Version), errUnsure, third.Version},
		{"replace done and deleted", "update", true, insert, replace, func(s *Store) error {
			return s.Delete(t.Context(), "docs", first.ID, second.Version)
		}, errUnsure, storage.Version{}},
		{"replace done", "update", true, insert, replace, nil, nil, second.Version},
		{"replace not done", "update", false, insert, replace, nil, nil, second.Version},
		{"replace not done and overtaken", "update", false, insert, replace, overtake, storage.ErrConflict, other.Version},
		{"delete done", "delete", true, insert, remove, nil, errUnsure, storage.Version{}},
		{"delete not done and overtaken by a delete", "delete", false, insert, remove, remove, errUnsure, storage.Version{}},
		{"delete not done", "delete", false, insert, remove, nil, nil, storage.Version{}},
		{"delete not done and overtaken", "delete", false, insert, remove, overtake, storage.ErrConflict, other.Version},
	} {
		t.Run(c.name, func(t *testing.T) {
			uri := withDatabase(serverURI(t))
			straight := reach(t, uri, storage.Collection{Name: "docs"})
			proxy, through := throughBreaker(t, uri)
			broken := reach(t, through, storage.Collection{Name: "docs"})
			if c.before != nil {
				if err := c.before(straight); err != nil {
					t.Fatal(err)
				}
			}
			struck := make(chan struct{})
			proxy.arm(c.command, c.done, func() {
				defer close(struck)
				if c.between == nil {
					return
				}
				if err := c.between(straight); err != nil {
					t.Errorf("between: %v", err)
				}
			})
			if err := c.do(broken); !meets(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			select {
			case <-struck:
			default:
				t.Error("the connection was not broken")
			}
			left, err := straight.version(t.Context(), "docs", first.ID)
			if err != nil || left != c.left {
				t.Errorf("left %v, %v; want %v", left, err, c.left)
			}
		})
	}
}

// TestLostAnswerToNobody cancels the caller's context when the connection breaks. There is no retry, but
// the result of the first attempt is correct.
func TestLostAnswerToNobody(t *testing.T) {
	t.Parallel()
	first, second := record(t, 1, "first"), record(t, 2, "second")
	for _, c := range []struct {
		name string
		done bool
		want error
		left storage.Version
	}{
		{"done", true, nil, second.Version},
		{"not done", false, context.Canceled, first.Version},
	} {
		t.Run(c.name, func(t *testing.T) {
			uri := withDatabase(serverURI(t))
			straight := reach(t, uri, storage.Collection{Name: "docs"})
			proxy, through := throughBreaker(t, uri)
			broken := reach(t, through, storage.Collection{Name: "docs"})
			if err := straight.Insert(t.Context(), "docs", first); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			proxy.arm("update", c.done, cancel)
			if err := broken.Replace(ctx, "docs", second, first.Version); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if ctx.Err() == nil {
				t.Error("the connection was not broken")
			}
			left, err := straight.version(t.Context(), "docs", first.ID)
			if err != nil || left != c.left {
				t.Errorf("left %v, %v; want %v", left, err, c.left)
			}
		})
	}
}
