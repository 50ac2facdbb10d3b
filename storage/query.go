package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxLimit is the maximum number of rows that one Find returns.
const MaxLimit = 1000

// Query asks one index for a page of heads. Values are string, int64, time.Time or bool, as the index
// declares.
//
// Equal gives values for the index's first fields. From (inclusive) and To (exclusive), each optional,
// bound the next field. Alternatively, Prefix selects the strings in that field with that prefix, each
// document once, at its first string with the prefix; its pages have no Previous. If the field is
// multi-valued and not in the head, it returns a single page, ordered by key among those found. A
// multi-valued field must be in Equal or be the field of Prefix.
//
// Where are further conditions, on fields of the head. A Find tests them while it walks the index. With Where
// or Prefix it looks at no more than MaxLook rows.
type Query struct {
	Index      string
	Equal      []any
	From, To   any
	Prefix     *string
	Where      []Condition
	Descending bool
	Limit      int    // 1 to MaxLimit
	Cursor     string // Next or Previous of a page of the same query; "" for the first page
}

// Hit is a document found: its key, and its head decoded into H. Only FindAllShops sets Shop.
type Hit[H any] struct {
	Shop string
	Key  string
	Head H
}

// Page is part of a list. Next and Previous are cursors for the neighbouring pages in the query's own
// direction, "" if there is none. Partial says that the Find stopped after MaxLook rows: the page has fewer
// hits than asked for, perhaps none, and the list may go on.
type Page[H any] struct {
	Hits     []Hit[H]
	Next     string
	Previous string
	Partial  bool
}

// Find returns the page of q. It returns ErrCursor for a cursor that is damaged or belongs to another
// query. An index over all shops is an error, since a Docs covers only its own shop's documents.
func Find[H, T any](ctx context.Context, d Docs[T], q Query) (Page[H], error) {
	if err := d.checkShop(); err != nil {
		return Page[H]{}, err
	}
	return find[H](ctx, d.source, q)
}

// FindAllShops is Find over the documents of all shops, by an index declared with AllShops. It costs one
// read regardless of the number of shops, so background work uses it to find what is due. Rows that are
// equal in all fields are ordered by shop, then by key.
func FindAllShops[H any](ctx context.Context, engine Engine, collection Collection,
	q Query) (Page[H], error) {
	return find[H](ctx, source{engine: engine, collection: collection}, q)
}

func find[H any](ctx context.Context, d source, q Query) (Page[H], error) {
	scan, back, err := d.scan(q)
	if err != nil {
		return Page[H]{}, err
	}
	rows, err := d.engine.Scan(ctx, d.collection.Name, scan)
	if err != nil {
		return Page[H]{}, fmt.Errorf("find in %s by %s: %w", d.collection.Name, q.Index, err)
	}
	if back && len(rows) == 0 {
		q.Cursor = "" // all earlier rows are gone, so the next page is the first
		return find[H](ctx, d, q)
	}
	ends := pageEnds{back: back, paged: q.Prefix == nil || scan.IsPaged()}
	if last := len(rows) - 1; last >= 0 && rows[last].Stop {
		ends.stop, rows = &rows[last].Position, rows[:last]
	}
	ends.more = len(rows) > q.Limit
	rows = rows[:min(len(rows), q.Limit)]
	if back {
		slices.Reverse(rows)
	}
	if !ends.paged {
		slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.ID, b.ID) })
	}
	return page[H](d, q, rows, ends)
}

// pageEnds holds whether there are more rows in the direction scanned, whether the scan went backwards,
// where it stopped early (nil if it did not), and whether its list has pages at all.
type pageEnds struct {
	back, more, paged bool
	stop              *Position
}

func page[H any](d source, q Query, rows []Row, ends pageEnds) (Page[H], error) {
	p := Page[H]{Hits: make([]Hit[H], len(rows)), Partial: ends.stop != nil}
	for i, row := range rows {
		shop, key, _ := strings.Cut(row.ID, "/")
		if p.Hits[i].Key = key; d.shop == "" {
			p.Hits[i].Shop = shop
		}
		if err := decode(row.Head, &p.Hits[i].Head); err != nil {
			return p, fmt.Errorf("decode head of %s: %w", d.collection.Name, err)
		}
	}
	first, last := ends.stop, ends.stop // of the page: where the scan stopped if nothing else is there
	if len(rows) > 0 {
		if first == nil || !ends.back {
			first = &rows[0].Position
		}
		if last == nil || ends.back {
			last = &rows[len(rows)-1].Position
		}
	}
	if first == nil || !ends.paged {
		return p, nil
	}
	mark, on := d.fingerprint(q), ends.more || ends.stop != nil
	if ends.back || on {
		p.Next = cursor{Position: *last}.encode(mark)
	}
	if q.Prefix == nil && (ends.back && on || !ends.back && q.Cursor != "") {
		p.Previous = cursor{Position: *first, Back: true}.encode(mark)
	}
	return p, nil
}

// scan checks q against the schema and converts it for the engine, asking for one extra row to find out
// whether more follow. The bool reports whether the cursor pages backwards.
func (d source) scan(q Query) (Scan, bool, error) {
	index, err := d.collection.index(q.Index)
	if err == nil && index.AllShops != (d.shop == "") {
		err = fmt.Errorf("storage: collection %s: index %s is over all shops: %v", d.collection.Name,
			q.Index, index.AllShops)
	}
	if err != nil {
		return Scan{}, false, err
	}
	s := Scan{Index: index, Shop: d.shop, Prefix: q.Prefix, Descending: q.Descending, Limit: q.Limit + 1}
	if q.Limit < 1 || q.Limit > MaxLimit {
		return s, false, fmt.Errorf("storage: limit %d is not in 1..%d", q.Limit, MaxLimit)
	}
	if err := s.bind(q); err != nil {
		return s, false, fmt.Errorf("storage: collection %s, index %s: %w", d.collection.Name,
			index.Name, err)
	}
	if s.Prefix != nil || len(s.Where) > 0 {
		s.Look = MaxLook
	}
	if q.Cursor == "" {
		return s, false, nil
	}
	at, err := decodeCursor(q.Cursor, d.fingerprint(q))
	if err != nil || q.Prefix != nil && (at.Back || !s.IsPaged()) || !s.fits(at.Position) {
		return s, false, ErrCursor
	}
	s.After = &at.Position
	s.Descending = q.Descending != at.Back
	return s, at.Back, nil
}

// bind converts the query's values to the kinds of the index's fields.
func (s *Scan) bind(q Query) error {
	fields := s.Index.Fields
	if len(q.Equal) > len(fields) {
		return fmt.Errorf("%d values for %d fields", len(q.Equal), len(fields))
	}
	for i, v := range q.Equal {
		value, err := valueOf(v, fields[i].Kind)
		if err != nil {
			return fmt.Errorf("field %s: %w", fields[i].Path, err)
		}
		s.Equal = append(s.Equal, value)
	}
	for _, c := range q.Where {
		if err := c.check(s.Index); err != nil {
			return err
		}
	}
	if s.Where = q.Where; len(s.Where) > maxChoices {
		return fmt.Errorf("%d conditions", len(s.Where))
	}
	return s.bindRest(q, fields[len(q.Equal):])
}

func (s *Scan) bindRest(q Query, rest []Field) error {
	if len(rest) == 0 {
		if q.From != nil || q.To != nil || q.Prefix != nil {
			return fmt.Errorf("no field left for a range or prefix")
		}
		return nil
	}
	if q.Prefix != nil {
		if rest[0].Kind != String || len(rest) > 1 || q.From != nil || q.To != nil || q.Descending {
			return fmt.Errorf("a prefix needs a string as the last field, no range and no direction")
		}
		if len(q.Where) > 0 && !s.IsPaged() {
			return fmt.Errorf("conditions beside a prefix need the field in the head")
		}
		return nil
	}
	for _, field := range rest {
		if field.Multi {
			return fmt.Errorf("multi-valued field %s needs a value", field.Path)
		}
	}
	var err error
	if s.From, err = bound(q.From, rest[0].Kind); err != nil {
		return err
	}
	s.To, err = bound(q.To, rest[0].Kind)
	return err
}

func bound(v any, kind Kind) (*Value, error) {
	if v == nil {
		return nil, nil
	}
	value, err := valueOf(v, kind)
	return &value, err
}

func valueOf(v any, kind Kind) (Value, error) {
	switch v := v.(type) {
	case string:
		return Value{Kind: kind, Text: v}, want(kind, String)
	case int64:
		return Value{Kind: kind, Num: v}, want(kind, Int)
	case time.Time:
		return Value{Kind: kind, Num: v.UnixMilli()}, want(kind, Time)
	case bool:
		value := Value{Kind: kind}
		if v {
			value.Num = 1
		}
		return value, want(kind, Bool)
	}
	return Value{}, fmt.Errorf("a %T cannot be indexed", v)
}

func want(kind, given Kind) error {
	if kind != given {
		return fmt.Errorf("value of kind %d where the index has %d", given, kind)
	}
	return nil
}

// fits reports whether the position has a value of the right kind for each field after Equal.
func (s *Scan) fits(at Position) bool {
	rest := s.Index.Fields[len(s.Equal):]
	if len(at.Values) != len(rest) || s.Shop != "" && !strings.HasPrefix(at.ID, s.Shop+"/") {
		return false
	}
	for i, v := range at.Values {
		if v.Kind != rest[i].Kind {
			return false
		}
	}
	return true
}
