package mongodb

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"postern/storage"
)

// firstLook is how many rows a scan with conditions looks at for each row it returns, before it looks at all
// that it may.
const firstLook = 20

// walkAlong scans with conditions, which the server tests. It looks at a stretch of the index first that most
// scans find enough in.
func (s *Store) walkAlong(ctx context.Context, collection string, scan storage.Scan) ([]storage.Row, error) {
	var rows []storage.Row
	for left, stretch := scan.Look, min(scan.Look, firstLook*scan.Limit); ; stretch = left {
		found, stop, err := s.lookAt(ctx, collection, scan, stretch)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
		scan.Limit -= len(found)
		left -= stretch
		switch {
		case scan.Limit == 0 || stop == nil:
			return rows, nil
		case left == 0:
			return append(rows, storage.Row{Position: *stop, Stop: true}), nil
		}
		scan.After = stop
	}
}

// lookAt returns what the scan finds in the next rows, and where they end; nil if the index ends before.
func (s *Store) lookAt(ctx context.Context, collection string, scan storage.Scan,
	look int) (rows []storage.Row, stop *storage.Position, err error) {
	for _, p := range parts(scan) {
		all := p
		all.Where = nil
		walked, err := s.countUpTo(ctx, collection, all, look)
		if err != nil {
			return nil, nil, err
		}
		if walked == look {
			all.skip = int64(look - 1)
			last, err := s.find(ctx, collection, all, 1)
			if err != nil {
				return nil, nil, err
			}
			if len(last) == 1 { // or rows were deleted, and the part ends before
				stop, p.until = &last[0].Position, &last[0].Position
			}
		}
		found, err := s.find(ctx, collection, p, scan.Limit-len(rows))
		if err != nil {
			return nil, nil, err
		}
		rows, look = append(rows, found...), look-walked
		if len(rows) == scan.Limit || stop != nil || look <= 0 {
			break
		}
	}
	return rows, stop, nil
}

// countUpTo counts the rows of a part, to the limit at most.
func (s *Store) countUpTo(ctx context.Context, collection string, p part, limit int) (int, error) {
	c, err := s.collection(collection)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.read(ctx, func(ctx context.Context) (err error) {
		n, err = c.CountDocuments(ctx, p.filter(),
			options.Count().SetLimit(int64(limit)).SetHint(pattern(p.Index)))
		return err
	})
	return int(n), explain(err)
}

// upTo is the condition that a row does not stand beyond the position.
func (p part) upTo(end storage.Position) bson.D {
	before := "$lt"
	if p.Descending {
		before = "$gt"
	}
	var ties bson.D
	var any bson.A
	for i, field := range p.rest() {
		value := encode(end.Values[i])
		any = append(any, append(slices.Clone(ties), bson.E{Key: field.Path, Value: bson.D{{Key: before,
			Value: value}}}))
		ties = append(ties, bson.E{Key: field.Path, Value: bson.D{{Key: "$eq", Value: value}}})
	}
	any = append(any, append(slices.Clone(ties), bson.E{Key: "_id", Value: bson.D{{Key: before + "e",
		Value: end.ID}}}))
	return bson.D{{Key: "$or", Value: any}}
}

// scanWords scans a prefix of a multi-valued field that is in the head. The server returns documents in the
// order of the index, each once; which of its words is the document's place, and what else the query wants,
// is tested here, on no more documents than the scan may look at. (A server that does not use the index, or
// several shards, return them in another order: then the pages are right as long as that bound is not
// reached.)
func (s *Store) scanWords(ctx context.Context, collection string, scan storage.Scan) ([]storage.Row, error) {
	looked, err := s.wordsAfter(ctx, collection, scan)
	if err != nil {
		return nil, err
	}
	var rows []storage.Row
	for _, row := range looked {
		first, _ := scan.First(row.Head, *scan.Prefix)
		if first == row.Values[0].Text && storage.Meet(row.Head, scan.Where) {
			rows = append(rows, row)
		}
	}
	if rows = rows[:min(len(rows), scan.Limit)]; len(rows) < scan.Limit && len(looked) == scan.Look {
		rows = append(rows, storage.Row{Position: looked[len(looked)-1].Position, Stop: true})
	}
	return rows, nil
}

// wordsAfter returns the next documents with a word, in the order of their first word after the position:
// first those with the position's own word, then those with a later one.
func (s *Store) wordsAfter(ctx context.Context, collection string, scan storage.Scan) ([]storage.Row, error) {
	var all []storage.Row
	for _, p := range parts(scan) {
		p.Where = nil
		from := *scan.Prefix
		if scan.After != nil {
			from = scan.After.Values[0].Text
		}
		if scan.After != nil && p.ties == 0 {
			from += "\x00" // the next string
			p.After, p.From = nil, &storage.Value{Kind: storage.String, Text: from}
		}
		rows, err := s.find(ctx, collection, p, scan.Look-len(all))
		if err != nil {
			return nil, err
		}
		for i := range rows {
			word, _ := scan.First(rows[i].Head, from)
			rows[i].Values = []storage.Value{{Kind: storage.String, Text: word}}
		}
		slices.SortFunc(rows, func(a, b storage.Row) int { return comparePositions(a.Position, b.Position) })
		if all = append(all, rows...); len(all) >= scan.Look {
			break
		}
	}
	return all, nil
}

func comparePositions(a, b storage.Position) int {
	return cmp.Or(strings.Compare(a.Values[0].Text, b.Values[0].Text), strings.Compare(a.ID, b.ID))
}

// conditionFilter returns the filter of a condition. Like an index, it follows the path through documents
// but not through arrays, and compares values of one kind.
func conditionFilter(c storage.Condition) bson.D {
	all := bson.A{}
	for _, above := range ancestors(c.Path) {
		all = append(all, bson.D{{Key: above, Value: noArray()}})
	}
	there := func(test bson.D) bson.D {
		return bson.D{{Key: "$and", Value: append(slices.Clone(all), bson.D{{Key: c.Path, Value: test}})}}
	}
	exists := bson.D{{Key: "$exists", Value: true}}
	switch c.Operator {
	case storage.Present:
		return there(exists)
	case storage.Absent:
		return bson.D{{Key: "$nor", Value: bson.A{there(exists)}}}
	}
	var choices bson.A
	for _, test := range valueTests(c) {
		if c.Operator == storage.Contains || c.Operator == storage.ContainsPrefix {
			choices = append(choices, there(bson.D{{Key: "$elemMatch", Value: test}}))
		} else {
			choices = append(choices, there(append(test, noArray()...)))
		}
	}
	return bson.D{{Key: "$or", Value: choices}}
}

// valueTests returns the tests of which a value must pass one.
func valueTests(c storage.Condition) []bson.D {
	kind := func(k storage.Kind) bson.E { return bson.E{Key: "$type", Value: typeNames(k)} }
	switch c.Operator {
	case storage.Within:
		var d bson.D
		if c.From != nil {
			d = append(d, kind(c.From.Kind), bson.E{Key: "$gte", Value: encode(*c.From)})
		}
		if c.To != nil {
			if c.From == nil {
				d = append(d, kind(c.To.Kind))
			}
			d = append(d, bson.E{Key: "$lt", Value: encode(*c.To)})
		}
		return []bson.D{d}
	case storage.Begins, storage.ContainsPrefix:
		return []bson.D{{kind(storage.String), {Key: "$regex", Value: anchored(c.Values[0].Text)}}}
	}
	var tests []bson.D
	for _, v := range c.Values {
		tests = append(tests, bson.D{kind(v.Kind), {Key: "$eq", Value: encode(v)}})
	}
	return tests
}
