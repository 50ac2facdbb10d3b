package mongodb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"postern/storage"
)

// Scan returns the rows asked for. A position needs several finds, the nearest rows first, each over one
// contiguous range of the index; most pages take one or two.
func (s *Store) Scan(ctx context.Context, collection string, scan storage.Scan) ([]storage.Row, error) {
	if scan.Prefix != nil && !utf8.ValidString(*scan.Prefix) {
		return nil, nil // the server knows only UTF-8, and rejects such a pattern
	}
	switch {
	case scan.IsPaged() && scan.Index.Fields[len(scan.Equal)].Multi:
		return s.scanWords(ctx, collection, scan)
	case scan.Look > 0 && (scan.Prefix == nil || scan.IsPaged()):
		return s.walkAlong(ctx, collection, scan)
	}
	var rows []storage.Row
	for _, part := range parts(scan) {
		if len(rows) >= scan.Limit {
			break
		}
		found, err := s.find(ctx, collection, part, scan.Limit-len(rows))
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

func (s *Store) find(ctx context.Context, collection string, p part, limit int) ([]storage.Row, error) {
	c, err := s.collection(collection)
	if err != nil {
		return nil, err
	}
	opts := options.Find().SetHint(pattern(p.Index)).SetProjection(p.projection()).SetSkip(p.skip).
		SetLimit(int64(limit)).SetBatchSize(int32(limit) + 1) // one extra, so that the server keeps no cursor open
	if p.inOrder() {
		opts.SetSort(p.sort())
	}
	var docs []bson.Raw
	err = s.read(ctx, func(ctx context.Context) error {
		cursor, err := c.Find(ctx, p.filter(), opts)
		if err != nil {
			return err
		}
		return cursor.All(ctx, &docs)
	})
	if err != nil {
		return nil, explain(err)
	}
	rows := make([]storage.Row, len(docs))
	for i, doc := range docs {
		if rows[i], err = p.row(doc); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// part is a range of a scan: after the fields in Equal, the first ties fields have the values of After, and
// the next one is beyond After. It ends at the position until (nil for none), and leaves out the first skip
// rows.
type part struct {
	storage.Scan
	ties  int
	until *storage.Position
	skip  int64
}

// parts returns the ranges of a scan in order, just one if there is no position. The lexicographic "or" of
// a position is split because then each branch is a find for which the server has only one plan.
func parts(scan storage.Scan) []part {
	if scan.After == nil {
		return []part{{Scan: scan}}
	}
	var list []part
	for ties := len(scan.After.Values); ties >= 0; ties-- {
		list = append(list, part{Scan: scan, ties: ties})
	}
	return list
}

// rest returns the fields after Equal, which order the rows.
func (p part) rest() []storage.Field { return p.Index.Fields[len(p.Equal):] }

// inOrder reports whether the server can sort by the index: it sorts an array by its smallest element, which
// need not have the prefix.
func (p part) inOrder() bool {
	return p.Prefix == nil || p.IsPaged() && !p.Index.Fields[len(p.Equal)].Multi
}

func (p part) sort() bson.D {
	direction := 1
	if p.Descending {
		direction = -1
	}
	var paths []string
	for _, field := range p.rest() {
		paths = append(paths, field.Path)
	}
	return inc(direction, append(paths, "_id")...)
}

// projection selects the head, the values of the position, and the id. It leaves out a field nested in
// another selected one, which the server would reject.
func (p part) projection() bson.D {
	paths := append([]string{"_id"}, p.Index.Head...)
	if p.inOrder() {
		for _, field := range p.rest() {
			paths = append(paths, field.Path)
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	return inc(1, slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		return slices.ContainsFunc(ancestors(path),
			func(above string) bool { return slices.Contains(paths, above) })
	})...)
}

// row converts a document returned by a find.
func (p part) row(doc bson.Raw) (storage.Row, error) {
	elements, err := doc.Elements()
	if err != nil {
		return storage.Row{}, fmt.Errorf("mongodb: a damaged document: %w", err)
	}
	row := storage.Row{Position: storage.Position{ID: doc.Lookup("_id").StringValue()}}
	head := bson.D{}
	for _, e := range elements {
		if slices.Contains(p.Index.Head, e.Key()) {
			head = append(head, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	if row.Head, err = bson.Marshal(head); err != nil || !p.inOrder() {
		return row, err
	}
	for _, field := range p.rest() {
		value, ok := decode(doc.Lookup(strings.Split(field.Path, ".")...), field.Kind)
		if !ok {
			return row, fmt.Errorf("mongodb: %s of %s is not of its kind", field.Path, row.ID)
		}
		row.Values = append(row.Values, value)
	}
	return row, nil
}

// ancestors returns the parent paths: "a" and "a.b" for "a.b.c".
func ancestors(path string) []string {
	var above []string
	for i := range path {
		if path[i] == '.' {
			above = append(above, path[:i])
		}
	}
	return above
}
