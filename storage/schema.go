package storage

import (
	"fmt"
	"regexp"
)

// Kind is the type of an indexed field.
type Kind uint8

// The kinds an index can order by.
const (
	String Kind = iota + 1 // by bytes
	Int                    // int64; an int32 counts as one
	Time                   // UTC milliseconds
	Bool                   // false before true
)

// Field is one field of an index: the BSON name (with dots for embedded documents) and its kind. Multi
// marks an array whose elements are each indexed.
type Field struct {
	Path  string
	Kind  Kind
	Multi bool
}

// Index orders the documents of one shop by Fields. It stores Head, the BSON names of the top-level fields
// that a list shows, so that a list never reads the documents. With AllShops it orders the documents of all
// shops together: then FindAllShops reads it, and Find, which is limited to one shop, does not.
type Index struct {
	Name     string
	Fields   []Field
	Head     []string
	AllShops bool
}

// Collection declares one type of document.
type Collection struct {
	Name    string
	Indexes []Index
}

var nameShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)

// Check returns the first problem with the declaration: an invalid name, an index without fields or with
// two multi-valued fields, or one declared twice.
func (c Collection) Check() error {
	if !nameShape.MatchString(c.Name) {
		return fmt.Errorf("storage: collection %q: the name is no plain word", c.Name)
	}
	seen := map[string]bool{}
	for _, index := range c.Indexes {
		err := index.check()
		if seen[index.Name] {
			err = fmt.Errorf("declared twice")
		}
		if err != nil {
			return fmt.Errorf("storage: collection %s, index %q: %w", c.Name, index.Name, err)
		}
		seen[index.Name] = true
	}
	return nil
}

func (i Index) check() error {
	multi := 0
	for _, field := range i.Fields {
		if field.Multi {
			multi++
		}
		if field.Path == "" {
			return fmt.Errorf("a field has no name")
		}
		if field.Kind < String || field.Kind > Bool {
			return fmt.Errorf("field %s has no kind", field.Path)
		}
	}
	switch {
	case !nameShape.MatchString(i.Name):
		return fmt.Errorf("the name is no plain word")
	case len(i.Fields) == 0:
		return fmt.Errorf("no field")
	case multi > 1:
		return fmt.Errorf("more than one multi-valued field")
	}
	return nil
}

// index returns the declared index with the name.
func (c Collection) index(name string) (Index, error) {
	for _, index := range c.Indexes {
		if index.Name == name {
			return index, nil
		}
	}
	return Index{}, fmt.Errorf("storage: collection %s has no index %q", c.Name, name)
}
