package i18n

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// noBreak is the no-break space. Catalogues contain only ordinary spaces; spaces.bind replaces them as
// needed.
const noBreak = "\u00a0"

// wordJoiner forbids a line break where it stands and is not seen. Browsers would break "e-mail" after its "e".
const wordJoiner = "\u2060"

// spaces holds one language's rules for preventing line breaks. The zero value has none.
type spaces struct {
	on      bool
	letters string // one-letter words that stay with the next word, in lower case
}

func spacesOf(lang string) spaces {
	switch lang {
	case "cs", "sk":
		return spaces{on: true, letters: "aikosuvz"}
	case "pl":
		return spaces{on: true, letters: "aiouwz"}
	case "de", "en":
		return spaces{on: true}
	}
	return spaces{}
}

// keep returns the text of a key with the breaks that its language forbids. Emails are left with ordinary
// hyphens, for programs that show every character; so is a single word, which may be the head of a table.
func (s spaces) keep(key, text string) string {
	bound := s.bind(text)
	if strings.HasPrefix(key, "mail.") || !strings.Contains(text, " ") {
		return bound
	}
	return whole(bound)
}

// whole keeps "e-mail" and its forms on one line.
func whole(text string) string {
	for _, letter := range []string{"e-", "E-"} {
		text = strings.ReplaceAll(text, letter+"mail", letter+wordJoiner+"mail")
		text = strings.ReplaceAll(text, letter+"Mail", letter+wordJoiner+"Mail")
	}
	return text
}

// bind puts no-break spaces after one-letter words, between a number and its unit, within dates, after §
// and abbreviations before a number, and within abbreviations such as "z. B.".
func (s spaces) bind(text string) string {
	if !s.on || !strings.Contains(text, " ") {
		return text
	}
	words := splitWords(text)
	var b strings.Builder
	b.Grow(len(text) + len(words))
	for i, word := range words {
		if i > 0 {
			b.WriteString(s.between(words[i-1], word))
		}
		b.WriteString(word)
	}
	return b.String()
}

// splitWords splits at spaces outside placeholders.
func splitWords(text string) []string {
	if !strings.Contains(text, "{{") {
		return strings.Split(text, " ")
	}
	words := make([]string, 0, strings.Count(text, " ")+1)
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

// between returns the space between two words.
func (s spaces) between(before, after string) string {
	before = strings.TrimLeft(before, "(„“«\"")
	switch {
	case before == "" || after == "":
		return " "
	case s.isLetter(before), isNumber(before) && beginsUnit(after), before == "×" && beginsNumber(after),
		isOrdinal(before) && beginsUnit(after), before == "at" && strings.HasPrefix(after, "{{.Time}}"),
		slices.Contains(numbered(), before) && beginsNumber(after), isShort(before) &&
			isShort(strings.TrimRight(after, ",)")):
		return noBreak
	}
	return " "
}

func (s spaces) isLetter(word string) bool {
	r, size := utf8.DecodeRuneInString(word)
	return size == len(word) && strings.ContainsRune(s.letters, unicode.ToLower(r))
}

// numbered returns the words that precede a number, in all languages with rules.
func numbered() []string {
	return []string{"§", "č.", "čl.", "ods.", "odst.", "písm.", "art.", "ust.", "nr", "Nr.", "Art.", "Abs.",
		"Art.-Nr.", "um"}
}

// isNumber reports whether a word is a number, or a placeholder for one.
func isNumber(word string) bool {
	if slices.Contains([]string{"{{.Count}}", "{{.Most}}", "{{.Quantity}}", "{{.Rate}}", "{{.Time}}"}, word) {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(word)
	return unicode.IsDigit(last) && strings.Trim(word, "0123456789.,:+") == ""
}

// isOrdinal reports whether a word is a number with a full stop, such as "5." in "5. marca".
func isOrdinal(word string) bool {
	number, dotted := strings.CutSuffix(word, ".")
	return dotted && isNumber(number)
}

func beginsNumber(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsDigit(r) || strings.HasPrefix(word, "{{")
}

// beginsUnit reports whether a word may be the unit of the number before it. It accepts capitals, because
// German nouns such as months have them.
func beginsUnit(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '%' || r == '×'
}

// isShort reports whether a word is an abbreviation of one or two letters, such as "z.", "B." or "in.".
func isShort(word string) bool {
	stem, dotted := strings.CutSuffix(word, ".")
	return dotted && stem != "" && utf8.RuneCountInString(stem) <= 2 && !strings.ContainsFunc(stem,
		func(r rune) bool { return !unicode.IsLetter(r) })
}
