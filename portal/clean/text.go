// Package clean cleans text that was typed or sent: it removes invisible characters and changes of
// writing direction, and repairs characters that were decoded with the wrong encoding.
//
// It must not know which field a text belongs to, how long it may be, or how errors are reported.
package clean

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Line reduces a text to one clean line: it trims the text, turns line breaks and tabs into spaces, and
// removes invisible characters. C1 controls (U+0080 to U+009F) are read as windows-1252, which they nearly
// always were: U+0092 is ’. Joiners are kept, because emoji and Indian names need them, and direction marks
// are kept in texts with right-to-left letters. changed is true if more than surrounding white space was
// changed.
func Line(text string) (clean string, changed bool) {
	return cleaned(strings.ReplaceAll(text, "\r\n", "\n"), func(r rune) rune {
		if lineBreak(r) || r == '\t' {
			return ' '
		}
		return visible(r)
	})
}

// Prose is Line for a text that may have several lines: it keeps tabs, and turns line breaks into line
// feeds.
func Prose(text string) (clean string, changed bool) {
	return cleaned(strings.ReplaceAll(text, "\r\n", "\n"), func(r rune) rune {
		switch {
		case r == '\t':
			return r
		case lineBreak(r):
			return '\n'
		}
		return visible(r)
	})
}

// Code cleans a text that machines compare, such as an email address, a number or a postal code: it trims
// the text and removes all invisible characters, including joiners and direction marks.
func Code(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text))
}

// HasControl reports whether a text contains a control character or a line or paragraph separator, or is
// invalid UTF-8.
func HasControl(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || lineBreak(r)
	})
}

func cleaned(text string, keep func(rune) rune) (string, bool) {
	trimmed := strings.TrimFunc(text, blank)
	if plain(trimmed) {
		return trimmed, false
	}
	marks := strings.ContainsFunc(trimmed, rightToLeft)
	clean := strings.Map(func(r rune) rune {
		if directionMark(r) && !marks {
			return -1
		}
		return keep(r)
	}, trimmed)
	clean = strings.TrimFunc(clean, blank)
	return clean, clean != trimmed
}

// plain reports whether a text contains only printable ASCII, as most texts do.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// visible returns the visible form of a character, or -1 if it has none.
func visible(r rune) rune {
	switch {
	case r >= 0x80 && r <= 0x9f:
		r = charmap.Windows1252.DecodeByte(byte(r))
		if r == unicode.ReplacementChar || unicode.IsControl(r) {
			return -1
		}
		return r
	case unicode.IsControl(r) || unicode.In(r, hidden()):
		return -1
	}
	return r
}

// hidden returns the format characters that occur in a name or a street only by accident: soft hyphens,
// zero-width spaces, byte order marks, and the embeddings, overrides and isolates of UAX #9, which could
// make a text read as another one.
func hidden() *unicode.RangeTable {
	return &unicode.RangeTable{R16: []unicode.Range16{
		{Lo: 0x00ad, Hi: 0x00ad, Stride: 1},
		{Lo: 0x180e, Hi: 0x180e, Stride: 1},
		{Lo: 0x200b, Hi: 0x200b, Stride: 1},
		{Lo: 0x202a, Hi: 0x202e, Stride: 1},
		{Lo: 0x2060, Hi: 0x206f, Stride: 1},
		{Lo: 0xfeff, Hi: 0xfeff, Stride: 1},
		{Lo: 0xfff9, Hi: 0xfffb, Stride: 1},
	}}
}

// blank reports whether r is white space. U+0085 is not: it is the ellipsis of windows-1252.
func blank(r rune) bool { return unicode.IsSpace(r) && r != 0x85 }

func lineBreak(r rune) bool {
	return slices.Contains([]rune{'\n', '\r', '\v', '\f', 0x2028, 0x2029}, r)
}

// directionMark reports whether r is an invisible character that only sets the writing direction.
func directionMark(r rune) bool { return r == 0x200e || r == 0x200f || r == 0x061c }

func rightToLeft(r rune) bool {
	return unicode.IsLetter(r) &&
		unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}
