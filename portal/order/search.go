package order

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"postern/portal/fold"
)

// The limits on what can be found. An order is found by its number and by the names and SKUs of its goods,
// line by line, until maxTerms is reached: enough for about 150 lines.
const (
	maxTerms = 500
	// maxSearch is the number of words of a search that count.
	maxSearch = 8
)

// searchTerms returns the terms that find an order, sorted.
func (o Order) searchTerms() []string {
	found := map[string]bool{}
	for _, term := range fold.Number(o.Number) {
		found[term] = true
	}
	for _, line := range o.Lines {
		if !line.IsGoods() {
			continue
		}
		for _, term := range append(fold.Words(line.Name), fold.Tails(line.SKU)...) {
			if len(found) == maxTerms {
				break
			}
			found[term] = true
		}
	}
	terms := make([]string, 0, len(found))
	for term := range found {
		terms = append(terms, term)
	}
	slices.Sort(terms)
	return terms
}

// SearchTerm returns the term of a whole order number.
func SearchTerm(number string) string { return fold.Term(number) }

// Search is what a shopper looks for: orders with a term that begins with Number, or with terms that begin
// with each of the Words.
type Search struct {
	Number string   // the whole text, which may be a number with other punctuation
	Words  []string // the longest first; nil if the text is one word
}

// ParseSearch reads the text of a search. It leaves out a word such as "No." before a number, and single
// letters beside longer words.
func ParseSearch(text string) Search {
	text = BareNumber(text)
	var words []string
	for _, word := range strings.FieldsFunc(text,
		func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		if term := SearchTerm(word); term != "" && !fold.IsLetter(term) {
			words = append(words, term)
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	words = slices.Compact(words[:min(len(words), maxSearch)])
	s := Search{Number: SearchTerm(text), Words: words}
	if len(words) == 1 && words[0] == s.Number {
		s.Words = nil
	}
	return s
}

// Matches reports whether an order with the terms, which are sorted, is one that is looked for.
func (s Search) Matches(terms []string) bool {
	has := func(word string) bool {
		at, _ := slices.BinarySearch(terms, word)
		return at < len(terms) && strings.HasPrefix(terms[at], word)
	}
	if s.Number != "" && has(s.Number) {
		return true
	}
	return len(s.Words) > 0 && !slices.ContainsFunc(s.Words, func(word string) bool { return !has(word) })
}
