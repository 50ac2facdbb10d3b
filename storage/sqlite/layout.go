package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"

	"postern/storage"
)

const buildBatch = 500

var errLayout = errors.New("another version of the program has changed the indexes of this store meanwhile: restart this one")

// layout knows which tables the declared collections need, and notices when another process has changed
// them.
type layout struct {
	collections map[string]*collection
	wanted      tables
	schema      int64 // SQLite's schema number when the tables were last checked
}

// tables maps table names to declarations, "" for a table of bodies.
type tables map[string]string

// prepareTables makes the tables of the store in dir match the declarations.
func prepareTables(ctx context.Context, c *conn, dir string,
	collections map[string]*collection) (*layout, error) {
	l := &layout{collections: collections, wanted: tables{}}
	for _, t := range collections {
		l.wanted[t.name] = ""
		for _, ix := range t.indexes {
			l.wanted[ix.table] = ix.declaration()
		}
	}
	err := l.check(c)
	if err == nil || !errors.Is(err, errLayout) {
		return l, err
	}
	if err := l.change(ctx, c, dir); err != nil {
		return nil, err
	}
	return l, l.check(c)
}

func (ix *index) declaration() string {
	text, err := json.Marshal(struct {
		Fields   []storage.Field
		Head     []string
		AllShops bool `json:",omitempty"`
	}{ix.Fields, ix.Head, ix.AllShops})
	if err != nil {
		panic(fmt.Sprintf("sqlite: a declaration always encodes: %v", err))
	}
	return string(text)
}

// check returns errLayout unless the tables of the declared collections match their declarations.
func (l *layout) check(c *conn) error {
	var schema int64
	if err := c.row(`PRAGMA schema_version`, nil, &schema); err != nil {
		return err
	}
	if schema == l.schema {
		return nil
	}
	found, err := l.found(c)
	if err != nil {
		return err
	}
	if !maps.Equal(found, l.wanted) {
		return errLayout
	}
	l.schema = schema
	return nil
}

// recheck is check on a connection other than the writer's; only the writer may store the result.
func (l *layout) recheck(c *conn) error {
	return (&layout{collections: l.collections, wanted: l.wanted}).check(c)
}

// found returns the existing tables of the declared collections.
func (l *layout) found(c *conn) (tables, error) {
	found := tables{}
	err := c.each(`SELECT name, collection, declaration FROM _tables`, nil,
		func(r *cursor) (bool, error) {
			var name, collection, declaration string
			err := r.scan(&name, &collection, &declaration)
			if l.collections[collection] != nil {
				found[name] = declaration
			}
			return true, err
		})
	return found, err
}

// change changes the tables in one transaction, so that a crash leaves nothing half built. A server cannot
// write once its indexes have changed, so a store that another process is serving is left unchanged.
func (l *layout) change(ctx context.Context, c *conn, dir string) error {
	if err := c.begin(); err != nil {
		return err
	}
	found, err := l.found(c)
	if err == nil && l.alters(found) {
		var lock *os.File
		if lock, err = takeLock(dir); err == nil {
			defer lock.Close()
		}
	}
	if held := (*heldError)(nil); errors.As(err, &held) {
		err = fmt.Errorf("another version of the program serves this store (process %s), with other indexes: stop it, and start it with this version", held.pid)
	}
	if err == nil {
		err = l.rebuild(ctx, c, found)
	}
	if err != nil {
		return errors.Join(err, c.exec(`ROLLBACK`))
	}
	return c.exec(`COMMIT`)
}

// alters reports whether a change affects an existing collection, which others may be writing to.
func (l *layout) alters(found tables) bool {
	for name, declaration := range found {
		if wanted, ok := l.wanted[name]; !ok || wanted != declaration {
			return true
		}
	}
	for _, t := range l.collections {
		_, there := found[t.name]
		for _, ix := range t.indexes {
			if _, ok := found[ix.table]; there && !ok {
				return true
			}
		}
	}
	return false
}

// rebuild drops tables that are no longer declared or declared differently, and builds the missing ones.
func (l *layout) rebuild(ctx context.Context, c *conn, found tables) error {
	for name, declaration := range found {
		if wanted, ok := l.wanted[name]; ok && wanted == declaration {
			continue
		}
		if err := dropTable(c, name); err != nil {
			return err
		}
		delete(found, name)
	}
	for _, t := range l.collections {
		if err := t.build(ctx, c, found); err != nil {
			return fmt.Errorf("build the indexes of %s: %w", t.name, err)
		}
	}
	return nil
}

func dropTable(c *conn, name string) error {
	if err := c.exec(fmt.Sprintf(`DROP TABLE %q`, name)); err != nil {
		return err
	}
	return c.exec(`DELETE FROM _tables WHERE name = ?`, name)
}

func (t *collection) addTable(c *conn, name, create, declaration string) error {
	if err := c.exec(create); err != nil {
		return err
	}
	return c.exec(`INSERT INTO _tables (name, collection, declaration) VALUES (?, ?, ?)`, name,
		t.name, declaration)
}

// build creates the missing tables, and fills the new indexes from the bodies.
func (t *collection) build(ctx context.Context, c *conn, found tables) error {
	if _, ok := found[t.name]; !ok {
		if err := t.addTable(c, t.name, t.create, ""); err != nil {
			return err
		}
	}
	var missing []*index
	for _, ix := range t.indexes {
		if _, ok := found[ix.table]; ok {
			continue
		}
		if err := t.addTable(c, ix.table, ix.create, ix.declaration()); err != nil {
			return err
		}
		missing = append(missing, ix)
	}
	if len(missing) == 0 {
		return nil
	}
	return t.fill(ctx, c, missing)
}

// fill reads the bodies in batches, so that memory does not grow with the collection.
func (t *collection) fill(ctx context.Context, c *conn, missing []*index) error {
	query := fmt.Sprintf(`SELECT rowid, body FROM %q WHERE rowid > ? ORDER BY rowid LIMIT %d`,
		t.name, buildBatch)
	for last := int64(-1); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var bodies [][]byte
		size := 0
		err := c.each(query, []any{last}, func(r *cursor) (bool, error) {
			var body []byte
			err := r.scan(&last, &body)
			bodies = append(bodies, body)
			size += len(body)
			return size < maxGroupBytes, err
		})
		if err != nil || len(bodies) == 0 {
			return err
		}
		if err := addBodies(c, missing, bodies); err != nil {
			return err
		}
	}
}

func addBodies(c *conn, indexes []*index, bodies [][]byte) error {
	for _, body := range bodies {
		p, err := parse(body)
		if err != nil {
			return err
		}
		for _, ix := range indexes {
			if err := ix.update(c, nil, ix.entries(p)); err != nil {
				return err
			}
		}
	}
	return nil
}
