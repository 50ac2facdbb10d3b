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

// pool holds the read-only connections.
type pool struct {
	path string
	free chan *conn // nil means a connection not yet opened
	size int
}

const minReaders = 4

func newPool(path string) *pool {
	p := &pool{path: path, size: max(minReaders, runtime.GOMAXPROCS(0))}
	p.free = make(chan *conn, p.size)
	for range p.size {
		p.free <- nil
	}
	return p
}

// with calls do with a connection that nobody else uses during the call.
func (p *pool) with(ctx context.Context, do func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var c *conn
	select {
	case c = <-p.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.free <- c }()
	if c == nil {
		var err error
		if c, err = openReader(p.path); err != nil {
			return fmt.Errorf("sqlite: open a reader: %w", err)
		}
	}
	return plain(do(c))
}

// close closes all connections; the caller has made sure that none is in use.
func (p *pool) close() error {
	var errs []error
	for range p.size {
		if c := <-p.free; c != nil {
			errs = append(errs, c.close())
		}
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
