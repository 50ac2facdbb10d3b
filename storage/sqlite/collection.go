package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// collection is a declared collection with its SQL.
type collection struct {
	name    string
	indexes []*index

	create, get, find, insert, replace, remove string
	versions, bodies, count                    string
}

// declare checks the declarations and prepares their SQL. Table names join collection and index by two
// underscores, so a collection must not contain them.
func declare(collections []storage.Collection) (map[string]*collection, error) {
	declared := map[string]*collection{}
	for _, d := range collections {
		if err := d.Check(); err != nil {
			return nil, err
		}
		if strings.Contains(d.Name, "__") || strings.HasPrefix(d.Name, "sqlite_") || declared[d.Name] != nil {
			return nil, fmt.Errorf("sqlite: collection %s: the name is reserved or taken", d.Name)
		}
		c := newCollection(d.Name)
		for _, i := range d.Indexes {
			c.indexes = append(c.indexes, newIndex(d.Name, i))
		}
		declared[d.Name] = c
	}
	return declared, nil
}

func newCollection(name string) *collection {
	return &collection{
		name:    name,
		create:  fmt.Sprintf(`CREATE TABLE %q (id TEXT NOT NULL PRIMARY KEY, v INTEGER NOT NULL, mark TEXT NOT NULL, body BLOB NOT NULL)`, name),
		get:     fmt.Sprintf(`SELECT body FROM %q WHERE id = ?`, name),
		find:    fmt.Sprintf(`SELECT rowid, v, mark, body FROM %q WHERE id = ?`, name),
		insert:  fmt.Sprintf(`INSERT INTO %q (id, v, mark, body) VALUES (?, ?, ?, ?)`, name),
		replace: fmt.Sprintf(`UPDATE %q SET v = ?, mark = ?, body = ? WHERE rowid = ?`, name),
		remove:  fmt.Sprintf(`DELETE FROM %q WHERE rowid = ?`, name),

		versions: fmt.Sprintf(`SELECT id, v, mark, NULL FROM %q WHERE id > ? ORDER BY id LIMIT ?`, name),
		bodies:   fmt.Sprintf(`SELECT id, v, mark, body FROM %q WHERE id > ? ORDER BY id LIMIT ?`, name),
		count:    fmt.Sprintf(`SELECT count(*) FROM %q`, name),
	}
}

// entries returns the document's rows in each index.
func (t *collection) entries(doc bson.Raw) ([][]entry, error) {
	if len(t.indexes) == 0 {
		return nil, nil
	}
	p, err := parse(doc)
	if err != nil {
		return nil, fmt.Errorf("sqlite: a document of %s: %w", t.name, err)
	}
	all := make([][]entry, len(t.indexes))
	for i, ix := range t.indexes {
		all[i] = ix.entries(p)
	}
	return all, nil
}

// stored is a document found before it is changed.
type stored struct {
	row     int64
	version storage.Version
	body    []byte
}

func (t *collection) lookup(c *conn, id string) (stored, error) {
	var s stored
	err := c.row(t.find, []any{id}, &s.row, &s.version.N, &s.version.Mark, &s.body)
	return s, err
}

func (t *collection) insertRecord(c *conn, r storage.Record, rows [][]entry) error {
	err := c.exec(t.insert, r.ID, r.Version.N, r.Version.Mark, []byte(r.Doc))
	if code(err) == codeConstraint {
		return storage.ErrExists
	}
	if err != nil {
		return err
	}
	return t.updateIndexes(c, nil, rows)
}

func (t *collection) replaceRecord(c *conn, r storage.Record, read storage.Version, rows [][]entry) error {
	old, err := t.version(c, r.ID, read)
	if err != nil {
		return err
	}
	before, err := t.entries(old.body)
	if err != nil {
		return err
	}
	if err := c.exec(t.replace, r.Version.N, r.Version.Mark, []byte(r.Doc), old.row); err != nil {
		return err
	}
	return t.updateIndexes(c, before, rows)
}

func (t *collection) deleteRecord(c *conn, id string, read storage.Version) error {
	old, err := t.version(c, id, read)
	if err != nil {
		return err
	}
	before, err := t.entries(old.body)
	if err != nil {
		return err
	}
	if err := c.exec(t.remove, old.row); err != nil {
		return err
	}
	return t.updateIndexes(c, before, nil)
}

// version finds the document, and returns storage.ErrConflict if it is not in the version read.
func (t *collection) version(c *conn, id string, read storage.Version) (stored, error) {
	old, err := t.lookup(c, id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && old.version != read {
		return old, storage.ErrConflict
	}
	return old, err
}

// updateIndexes changes only the rows that differ. A nil side has no rows in any index.
func (t *collection) updateIndexes(c *conn, before, after [][]entry) error {
	for i, ix := range t.indexes {
		var old, fresh []entry
		if before != nil {
			old = before[i]
		}
		if after != nil {
			fresh = after[i]
		}
		if err := ix.update(c, old, fresh); err != nil {
			return fmt.Errorf("index %s: %w", ix.table, err)
		}
	}
	return nil
}
