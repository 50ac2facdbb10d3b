package shopper

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// together puts no-break spaces into an address or opening hours as the shop gave them: before a house number,
// within a postcode, and between the two ends of a time span.
func together(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		words := strings.Split(line, " ")
		var b strings.Builder
		for n, word := range words {
			switch {
			case n == 0:
			case spans(words, n-1) || spans(words, n-2) || isNumbered(words[n-1], word):
				b.WriteString(noBreak)
			default:
				b.WriteString(" ")
			}
			b.WriteString(word)
		}
		lines[i] = b.String()
	}
	return strings.Join(lines, "\n")
}

// longestTo is the length in bytes of the longest word between the ends of a span, such as "až" or "bis".
const longestTo = 3

// spans reports whether a time span such as "8:00 to 18:00" begins at the word.
func spans(words []string, at int) bool {
	return at >= 0 && at+2 < len(words) && isTime(words[at]) && len(words[at+1]) <= longestTo &&
		isTime(strings.TrimRight(words[at+2], ",;."))
}

func isTime(word string) bool {
	return strings.ContainsAny(word, "0123456789") && strings.Trim(word, "0123456789:.h") == ""
}

// isNumbered reports whether a word is the number of the street before it, or goes on with a postcode.
func isNumbered(before, word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(before)
	return unicode.IsDigit(first) && !strings.Contains(word, ":") && (unicode.IsLetter(last) || unicode.IsDigit(last))
}

// wordJoiner forbids a line break where it stands and is not seen.
const wordJoiner = "\u2060"

// unbroken keeps words such as "e-book" and "T-shirt" on one line: after a single letter a browser would break
// them at the hyphen.
func unbroken(name string) string {
	if !strings.Contains(name, "-") {
		return name
	}
	var b strings.Builder
	before, single := ' ', false // the rune before, and whether it is a letter of its own
	for _, r := range name {
		if before == '-' && single && unicode.IsLetter(r) {
			b.WriteString(wordJoiner)
		}
		if r != '-' {
			single = unicode.IsLetter(r) && !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != '-'
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}
