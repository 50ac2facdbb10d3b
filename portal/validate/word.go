package validate

import (
	"slices"
	"strings"
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
	for american, british := range map[string]string{"canceled": "cancelled", "authorised": "authorized",
		"fulfilment": "fulfillment"} {
		out = strings.ReplaceAll(out, american, british)
	}
	return out
}

// SaysNothing reports whether a key is empty or a word that some systems send for no value.
func SaysNothing(key string) bool {
	return slices.Contains([]string{"", "null", "nil", "undefined", "n_a", "na"}, key)
}

// Canonical returns the word that a key stands for: the key itself, or the word that table lists it under,
// or "".
func Canonical(key string, known []string, table map[string]string) string {
	if slices.Contains(known, key) {
		return key
	}
	for word, others := range table {
		if slices.Contains(strings.Fields(others), key) {
			return word
		}
	}
	return ""
}
