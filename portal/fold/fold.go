// Package fold turns texts into terms by which they are found: in lower case, without accents and
// punctuation, so that "Čermák", "CERMAK" and "cermak" are one.
//
// It must not know what a text means, or where its terms are stored.
package fold

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxTerm is the number of characters of a term that count.
const MaxTerm = 32

// Term returns the term of a whole text, without spaces and punctuation.
func Term(text string) string { return cut(strings.Join(groups(text), "")) }

// Tails returns the terms of a text: the whole, and what begins with each later group of letters and digits.
// "AB-12/x" is found by "ab12x", by "12x" and by "x".
func Tails(text string) []string {
	groups := groups(text)
	terms := make([]string, len(groups))
	joined := ""
	for i, group := range slices.Backward(groups) {
		joined = cut(group + joined)
		terms[i] = joined
	}
	return terms
}

// Words returns the terms of each word of a text, so that "T-shirt" is found by "t-shirt", by "tshirt" and by
// "shirt". A single letter is no term.
func Words(text string) []string {
	var terms []string
	for _, word := range strings.Fields(text) {
		terms = append(terms, Tails(word)...)
	}
	return slices.DeleteFunc(terms, IsLetter)
}

// Number returns the terms of a number: its tails, also without leading zeros. "2024-SK-001234" is found by
// "2024sk", by "001234" and by "1234".
func Number(number string) []string {
	terms := Tails(number)
	for _, term := range terms {
		if bare := strings.TrimLeft(term, "0"); bare != "" && bare != term {
			terms = append(terms, bare)
		}
	}
	return terms
}

// groups splits a text into groups of letters and digits, in lower case and without accents.
func groups(text string) []string {
	return strings.FieldsFunc(Text(text),
		func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// cut returns at most MaxTerm characters of a term.
func cut(term string) string {
	if len(term) <= MaxTerm {
		return term
	}
	count := 0
	for i := range term {
		if count++; count > MaxTerm {
			return term[:i]
		}
	}
	return term
}

// IsLetter reports whether a term is a single letter of the Latin alphabet.
func IsLetter(term string) bool { return len(term) == 1 && term[0] >= 'a' }

// IsDigits reports whether a term is a number.
func IsDigits(term string) bool {
	return term != "" && !strings.ContainsFunc(term, func(r rune) bool { return r < '0' || r > '9' })
}

// Text converts a text to lower case without accents: letters that Unicode takes apart lose their marks,
// and those that it does not are written as people do who lack them on their keyboard.
func Text(text string) string {
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
