package validate

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// HalfWidth converts full-width characters, which Chinese and Japanese input methods produce, to ASCII.
func HalfWidth(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000':
			return ' '
		}
		return r
	}, text)
}

// StatusKey converts a status word to the spelling of the nouns' tables: lower case, with parts joined by
// "_". "PartiallyShipped", "partially-shipped", "PARTIALLY SHIPPED" and "wc-partially-shipped" become the
// same word, and a schema.org URL becomes its last part.
func StatusKey(word string) string {
	if _, name, is := strings.Cut(word, "schema.org/"); is {
		word = name
	}
	var key strings.Builder
	gap, small := false, false
	for _, r := range word {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			gap, small = true, false
			continue
		case unicode.IsUpper(r) && small:
			gap = true
		}
		if gap && key.Len() > 0 {
			key.WriteByte('_')
		}
		key.WriteRune(unicode.ToLower(r))
		gap, small = false, unicode.IsLower(r)
	}
	out := strings.TrimPrefix(key.String(), "wc_")
	return spelling().Replace(out)
}

var spelling = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer("canceled", "cancelled", "authorised", "authorized", "fulfilment", "fulfillment")
})

// SaysNothing reports whether a key is empty or a word that some systems send for no value.
func SaysNothing(key string) bool {
	return slices.Contains([]string{"", "null", "nil", "undefined", "n_a", "na"}, key)
}

// Vocabulary maps keys to the words they stand for.
type Vocabulary map[string]string

// NewVocabulary returns the vocabulary of the known words, which stand for themselves, and of a table that
// lists other keys for a word, with spaces between them.
func NewVocabulary(known []string, table map[string]string) Vocabulary {
	v := Vocabulary{}
	for word, others := range table {
		for key := range strings.FieldsSeq(others) {
			v[key] = word
		}
	}
	for _, word := range known {
		v[word] = word
	}
	return v
}
