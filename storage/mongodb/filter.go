package mongodb

import (
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// filter selects the rows of the part. Each field of the index is restricted to its type, since the index
// also holds missing values and other types. A field not declared Multi must not be an array, since the
// server compares an array by its elements.
func (p part) filter() bson.D {
	all := bson.A{}
	for i, field := range p.Index.Fields {
		for _, above := range ancestors(field.Path) {
			all = append(all, bson.D{{Key: above, Value: noArray()}})
		}
		conditions := append(p.conditions(i), bson.E{Key: "$type", Value: typeNames(field.Kind)})
		if field.Multi {
			conditions = bson.D{{Key: "$elemMatch", Value: conditions}}
		} else {
			conditions = append(conditions, noArray()...)
		}
		all = append(all, bson.D{{Key: field.Path, Value: conditions}})
		if at := p.position(i); at != nil {
			all = append(all, bson.D{{Key: field.Path, Value: at}})
		}
	}
	if p.After != nil && p.ties == len(p.After.Values) {
		all = append(all, bson.D{{Key: "_id", Value: bson.D{{Key: p.beyond(), Value: p.After.ID}}}})
	}
	if p.until != nil {
		all = append(all, p.upTo(*p.until))
	}
	for _, c := range p.Where {
		all = append(all, conditionFilter(c))
	}
	if p.Index.AllShops {
		return bson.D{{Key: "$and", Value: all}}
	}
	return bson.D{{Key: "shop", Value: p.Shop}, {Key: "$and", Value: all}}
}

// conditions returns the query's conditions on field i of the index.
func (p part) conditions(i int) bson.D {
	switch {
	case i < len(p.Equal):
		return bson.D{{Key: "$eq", Value: encode(p.Equal[i])}}
	case i == len(p.Equal):
		return p.bounds()
	}
	return nil
}

// position returns the condition that After sets on field i of the index.
func (p part) position(i int) bson.D {
	i -= len(p.Equal)
	switch {
	case p.After == nil || i < 0 || i > p.ties || i == len(p.After.Values):
		return nil
	case i < p.ties:
		return bson.D{{Key: "$eq", Value: encode(p.After.Values[i])}}
	}
	return bson.D{{Key: p.beyond(), Value: encode(p.After.Values[i])}}
}

func (p part) beyond() string {
	if p.Descending {
		return "$lt"
	}
	return "$gt"
}

// bounds returns the conditions of the range or prefix.
func (p part) bounds() bson.D {
	var d bson.D
	if p.From != nil {
		d = append(d, bson.E{Key: "$gte", Value: encode(*p.From)})
	}
	if p.To != nil {
		d = append(d, bson.E{Key: "$lt", Value: encode(*p.To)})
	}
	if p.Prefix != nil {
		d = append(d, bson.E{Key: "$regex", Value: anchored(*p.Prefix)})
	}
	return d
}

// anchored returns the pattern for strings that begin with prefix. The server derives the index bounds from
// it. A pattern cannot contain NUL.
func anchored(prefix string) string {
	return "^" + strings.ReplaceAll(regexp.QuoteMeta(prefix), "\x00", `\x00`)
}

func noArray() bson.D {
	return bson.D{{Key: "$not", Value: bson.D{{Key: "$type", Value: "array"}}}}
}

// typeNames returns the BSON types that hold the kind.
func typeNames(kind storage.Kind) any {
	switch kind {
	case storage.Int:
		return bson.A{"int", "long"}
	case storage.Time:
		return "date"
	case storage.Bool:
		return "bool"
	}
	return "string"
}

func encode(v storage.Value) any {
	switch v.Kind {
	case storage.Int:
		return v.Num
	case storage.Time:
		return bson.DateTime(v.Num)
	case storage.Bool:
		return v.Num != 0
	}
	return v.Text
}

func decode(raw bson.RawValue, kind storage.Kind) (storage.Value, bool) {
	v, ok := storage.Value{Kind: kind}, false
	switch kind {
	case storage.Int:
		v.Num, ok = raw.AsInt64OK()
	case storage.Time:
		v.Num, ok = raw.DateTimeOK()
	case storage.Bool:
		var set bool
		if set, ok = raw.BooleanOK(); set {
			v.Num = 1
		}
	default:
		v.Text, ok = raw.StringValueOK()
	}
	return v, ok
}
