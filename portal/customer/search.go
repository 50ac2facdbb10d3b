package customer

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"postern/portal/fold"
	"postern/storage"
)

// maxSearch is the number of words of a search that count.
const maxSearch = 8

// Search is what somebody looks for: customers with a term that begins with each of the words.
type Search struct {
	words []string // folded, the longest first
	whole []string // the words written together, in either order of two
}

// ParseSearch reads the text of a search. Words that are digits are one number, such as a phone number in
// groups; the zeros before it do not count, because they belong to how it is dialled. Single letters beside
// longer words are left out.
func ParseSearch(text string) Search {
	var s Search
	number := ""
	var typed []string
	for _, word := range strings.FieldsFunc(text,
		func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		switch term := fold.Term(word); {
		case fold.IsDigits(term):
			number += term
		case term != "" && len(typed) < maxSearch:
			typed = append(typed, term)
		}
	}
	if number != "" {
		typed = append(typed, cmp.Or(PhoneTerm(number), number))
	}
	if len(typed) > 1 {
		typed = slices.DeleteFunc(typed, fold.IsLetter)
	}
	s.words = slices.Clone(typed)
	slices.SortStableFunc(s.words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	s.words = slices.Compact(s.words)
	if len(typed) == 2 {
		s.whole = []string{fold.Term(typed[0] + typed[1]), fold.Term(typed[1] + typed[0])}
	}
	return s
}

// IsEmpty reports whether there is nothing to look for.
func (s Search) IsEmpty() bool { return len(s.words) == 0 }

// Find returns the query that walks the terms with the longest word and tests the others.
func (s Search) Find(cursor string, limit int) storage.Query {
	return storage.Query{Index: ByTerm, Prefix: &s.words[0], Limit: limit, Cursor: cursor,
		Where: s.Conditions()[1:]}
}

// Conditions returns what the customers found meet.
func (s Search) Conditions() []storage.Condition {
	var where []storage.Condition
	for _, word := range s.words {
		where = append(where, storage.HasWord("terms", word))
	}
	return where
}

// Whole returns queries for a first and a last name written together: they find at once who has both, where
// each alone is frequent.
func (s Search) Whole(limit int) []storage.Query {
	var queries []storage.Query
	for i := range s.whole {
		queries = append(queries, storage.Query{Index: ByTerm, Prefix: &s.whole[i], Limit: limit})
	}
	return queries
}
