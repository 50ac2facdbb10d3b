package order

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The limits on what can be found. An order is found by its number and by the names and SKUs of its goods,
// line by line, until maxTerms is reached: enough for about 150 lines. Terms differ in their first maxTerm
// characters.
const (
	maxTerms = 500
	maxTerm  = 32
	// maxSearch is the number of words of a search that count.
	maxSearch = 8
)

// searchTerms returns the terms that find an order, sorted.
func (o Order) searchTerms() []string {
	found := map[string]bool{}
	for _, term := range numberTerms(o.Number) {
		found[term] = true
	}
	for _, line := range o.Lines {
		if !line.IsGoods() {
			continue
		}
		for _, term := range append(textTerms(line.Name), tails(groups(line.SKU))...) {
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

// numberTerms returns the terms of an order number: the number without punctuation, and the same from each
// later group on, also without leading zeros. "2024-SK-001234" is found by "2024sk", by "001234" and by
// "1234".
func numberTerms(number string) []string {
	terms := tails(groups(number))
	for _, term := range terms {
		if bare := strings.TrimLeft(term, "0"); bare != "" && bare != term {
			terms = append(terms, bare)
		}
	}
	return terms
}

// textTerms returns the terms of a text: those of each word, so that "T-shirt" is found by "t-shirt", by
// "tshirt" and by "shirt". A single letter is no term.
func textTerms(text string) []string {
	var terms []string
	for _, word := range strings.Fields(text) {
		terms = append(terms, tails(groups(word))...)
	}
	return slices.DeleteFunc(terms, isLetter)
}

// tails joins the groups from each group on.
func tails(groups []string) []string {
	terms := make([]string, len(groups))
	joined := ""
	for i, group := range slices.Backward(groups) {
		joined = cut(group + joined)
		terms[i] = joined
	}
	return terms
}

// groups splits a text into groups of letters and digits, in lower case and without accents.
func groups(text string) []string {
	return strings.FieldsFunc(plain(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// cut returns at most maxTerm characters of a term.
func cut(term string) string {
	if len(term) <= maxTerm {
		return term
	}
	count := 0
	for i := range term {
		if count++; count > maxTerm {
			return term[:i]
		}
	}
	return term
}

// isLetter reports whether a term is a single letter of the Latin alphabet.
func isLetter(term string) bool { return len(term) == 1 && term[0] >= 'a' }

// plain converts a text to lower case without accents: letters that Unicode takes apart lose their marks,
// and those that it does not are written as people do who lack them on their keyboard.
func plain(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	var out strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch r = unicode.ToLower(r); r {
		case 'ł':
			r = 'l'
		case 'đ', 'ð':
			r = 'd'
		case 'ø':
			r = 'o'
		case 'ı':
			r = 'i'
		case 'ß':
			out.WriteByte('s')
			r = 's'
		case 'æ':
			out.WriteByte('a')
			r = 'e'
		case 'œ':
			out.WriteByte('o')
			r = 'e'
		}
		if !unicode.Is(unicode.Mn, r) {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// SearchTerm returns the term of a whole order number.
func SearchTerm(number string) string { return cut(strings.Join(groups(number), "")) }

// Search is what a shopper looks for: orders with a term that begins with Number, or with terms that begin with
// each of the Words.
type Search struct {
	Number string   // the whole text, which may be a number with other punctuation
	Words  []string // the longest first; nil if the text is one word
}

// ParseSearch reads the text of a search. It leaves out a word such as "No." before a number, and single letters
// beside longer words.
func ParseSearch(text string) Search {
	text = BareNumber(text)
	var words []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		if term := SearchTerm(word); term != "" && !isLetter(term) {
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
