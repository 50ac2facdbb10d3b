package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	driver "modernc.org/sqlite"
)

// conn is one connection with its prepared statements. Only one goroutine at a time may use it.
//
// Statements run without the caller's context: on the writer it would interrupt other callers' writes in
// the group, and on a reader it costs more than the short statement. Callers check the context between
// statements.
type conn struct {
	db    *sql.DB
	sql   *sql.Conn
	stmts map[string]statement
	args  []sqldriver.NamedValue // reused
	wait  time.Duration          // how long begin waits for another process
}

// connect opens one connection in its own database handle.
func connect(path string, parameters url.Values) (*conn, error) {
	address, err := addressOf(path, parameters)
	if err != nil {
		return nil, err
	}
	connector, err := driver.NewConnector(address)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	c, err := db.Conn(context.Background())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &conn{db: db, sql: c, stmts: map[string]statement{}, wait: busyTimeout}, nil
}

// addressOf returns SQLite's URI for a file. The path is made absolute because the URI of a relative path
// would begin with a host.
func addressOf(path string, parameters url.Values) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	address := url.URL{Scheme: "file", Path: path, RawQuery: parameters.Encode()}
	return address.String(), nil
}

// exec runs a statement that returns no rows.
func (c *conn) exec(query string, args ...any) error {
	stmt, err := c.prepare(query)
	if err != nil {
		return err
	}
	named, err := c.named(query, args)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(context.Background(), named)
	return err
}

// begin begins a transaction that writes. It waits for another process.
func (c *conn) begin() error {
	for until := time.Now().Add(c.wait); ; {
		if err := c.exec(`BEGIN IMMEDIATE`); code(err) != codeBusy || time.Now().After(until) {
			return err
		}
	}
}

func (c *conn) close() error {
	var errs []error
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.sql.Close(), c.db.Close())...)
}

// pool holds the read-only connections. The one that was used last is used next: what it has read of the file
// is good until the next commit.
type pool struct {
	path string
	free chan struct{} // one for each connection that nobody uses
	mu   sync.Mutex
	idle []*conn // those that are open, the last used at the end
}

const minReaders = 4

func newPool(path string) *pool {
	p := &pool{path: path, free: make(chan struct{}, max(minReaders, runtime.GOMAXPROCS(0)))}
	for range cap(p.free) {
		p.free <- struct{}{}
	}
	return p
}

// with calls do with a connection that nobody else uses during the call.
func (p *pool) with(ctx context.Context, do func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.free <- struct{}{} }()
	c, err := p.take()
	if err != nil {
		return fmt.Errorf("sqlite: open a reader: %w", err)
	}
	defer p.giveBack(c)
	return plain(do(c))
}

func (p *pool) take() (*conn, error) {
	p.mu.Lock()
	last := len(p.idle) - 1
	if last < 0 {
		p.mu.Unlock() // so that others can give back connections while the file is opened
		return openReader(p.path)
	}
	defer p.mu.Unlock()
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c, nil
}

func (p *pool) giveBack(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// close closes all connections; the caller has made sure that none is in use.
func (p *pool) close() error {
	for range cap(p.free) {
		<-p.free
	}
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

func openReader(path string) (*conn, error) {
	return connect(path, url.Values{
		"mode": {"ro"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
			"mmap_size(1073741824)", "cache_size(-8000)", "temp_store(memory)",
		},
	})
}
