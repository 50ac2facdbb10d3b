package i18n

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// noBreak is the no-break space. Catalogues hold ordinary spaces only; spaces.bind writes the others.
const noBreak = "\u00a0"

// spaces are the typographic rules of one language for where a line may not break. The zero value, as for
// English, binds nothing.
type spaces struct {
	on      bool
	letters string // words of one letter that stay with the next word, in lower case
}

func spacesOf(lang string) spaces {
	switch lang {
	case "cs", "sk":
		return spaces{on: true, letters: "aikosuvz"}
	case "pl":
		return spaces{on: true, letters: "aiouwz"}
	case "de":
		return spaces{on: true}
	}
	return spaces{}
}

// bind writes a no-break space after words of one letter, between a number and its unit, within a date,
// after § and abbreviations that a number follows, and within abbreviations such as "z. B.".
func (s spaces) bind(text string) string {
	if !s.on || !strings.Contains(text, " ") {
		return text
	}
	words := splitWords(text)
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteString(s.between(words[i-1], word))
		}
		b.WriteString(word)
	}
	return b.String()
}

// splitWords cuts at spaces outside of places for values.
func splitWords(text string) []string {
	var words []string
	start, inside := 0, false
	for i := range len(text) {
		switch {
		case strings.HasPrefix(text[i:], "{{"):
			inside = true
		case strings.HasPrefix(text[i:], "}}"):
			inside = false
		case text[i] == ' ' && !inside:
			words = append(words, text[start:i])
			start = i + 1
		}
	}
	return append(words, text[start:])
}

// between is the space between two words.
func (s spaces) between(before, after string) string {
	before = strings.TrimLeft(before, "(„“«\"")
	switch {
	case before == "" || after == "":
		return " "
	case s.isLetter(before), isNumber(before) && beginsUnit(after), before == "×" && beginsNumber(after),
		isOrdinal(before) && beginsUnit(after),
		slices.Contains(numbered(), before) && beginsNumber(after), isShort(before) && isShort(strings.TrimRight(after, ",)")):
		return noBreak
	}
	return " "
}

func (s spaces) isLetter(word string) bool {
	r, size := utf8.DecodeRuneInString(word)
	return size == len(word) && strings.ContainsRune(s.letters, unicode.ToLower(r))
}

// numbered are what a number completes, in all the languages that have rules.
func numbered() []string {
	return []string{"§", "č.", "čl.", "ods.", "odst.", "písm.", "art.", "ust.", "nr", "Nr.", "Art.", "Abs.", "Art.-Nr.", "um"}
}

// isNumber reports whether a word is a number, or a place that a number is written into.
func isNumber(word string) bool {
	if slices.Contains([]string{"{{.Count}}", "{{.Most}}", "{{.Quantity}}", "{{.Rate}}", "{{.Time}}"}, word) {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(word)
	return unicode.IsDigit(last) && strings.Trim(word, "0123456789.,:+") == ""
}

// isOrdinal reports whether a word is a number with a full stop: "5." of "5. marca".
func isOrdinal(word string) bool {
	number, dotted := strings.CutSuffix(word, ".")
	return dotted && isNumber(number)
}

func beginsNumber(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsDigit(r) || strings.HasPrefix(word, "{{")
}

// beginsUnit reports whether a word can belong to the number before it. A capital begins a sentence, but in
// German a noun, such as that of a month.
func beginsUnit(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '%' || r == '×'
}

// isShort reports whether a word is an abbreviation of one or two letters: "z.", "B.", "in.".
func isShort(word string) bool {
	stem, dotted := strings.CutSuffix(word, ".")
	return dotted && stem != "" && utf8.RuneCountInString(stem) <= 2 && !strings.ContainsFunc(stem, func(r rune) bool { return !unicode.IsLetter(r) })
}
