package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// cursor reads the rows of a query.
type cursor struct {
	sqldriver.Rows
	values []sqldriver.Value // of the present row
}

// query runs a query. The caller must close the cursor.
func (c *conn) query(query string, args []any) (*cursor, error) {
	stmt, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	named, err := c.named(query, args)
	if err != nil {
		return nil, err
	}
	found, err := stmt.QueryContext(context.Background(), named)
	if err != nil {
		return nil, err
	}
	return &cursor{Rows: found, values: make([]sqldriver.Value, len(found.Columns()))}, nil
}

// next reads the next row and reports whether there is one.
func (r *cursor) next() (bool, error) {
	err := r.Next(r.values)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// scan copies the present row: integers into *int64 or *int, text into *string, and blobs into *[]byte.
func (r *cursor) scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("sqlite: %d columns for %d values", len(r.values), len(dest))
	}
	for i, to := range dest {
		if !assign(to, r.values[i]) {
			return fmt.Errorf("sqlite: column %s is %T, which does not fit into %T", r.Columns()[i], r.values[i], to)
		}
	}
	return nil
}

// assign reports whether the value fits. For a blob NULL is nil, as where a walk leaves out the documents.
func assign(dest any, value sqldriver.Value) (fits bool) {
	switch dest := dest.(type) {
	case *int64:
		*dest, fits = value.(int64)
	case *int:
		var n int64
		n, fits = value.(int64)
		*dest = int(n)
		fits = fits && int64(*dest) == n
	case *string:
		*dest, fits = value.(string)
	case *[]byte:
		*dest, fits = value.([]byte)
		fits = fits || value == nil
	}
	return fits
}

// row reads the first row of the query into dest, or returns sql.ErrNoRows.
func (c *conn) row(query string, args []any, dest ...any) error {
	found := false
	err := c.each(query, args, func(r *cursor) (bool, error) {
		found = true
		return false, r.scan(dest...)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// each calls do for every row of the query until do returns false or an error. do must not run the same query
// on this connection, because both would share one statement.
func (c *conn) each(query string, args []any, do func(*cursor) (bool, error)) (err error) {
	r, err := c.query(query, args)
	if err != nil {
		return err
	}
	defer func() {
		if closing := r.Close(); err == nil { // after a failed step, closing repeats its error
			err = closing
		}
	}()
	for {
		if more, err := r.next(); err != nil || !more {
			return err
		}
		if more, err := do(r); err != nil || !more {
			return err
		}
	}
}
