// Package validate owns how a text that was typed or sent is cleaned: what cannot be seen, what turns the
// writing direction around, and letters that went through the wrong encoding.
//
// It must not know which field a text is of, how long it may be, or what a fault is called.
package validate

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Line makes a text one line: trimmed, line breaks and tabs turned into a space, without what cannot be
// seen. C1 controls (U+0080 to U+009F) are read as windows-1252, which they nearly always were: U+0092 is
// ’. Joiners stay, since emoji and Indian names need them, and direction marks stay beside letters that run
// from right to left. changed is true where more than white space at the ends went.
func Line(text string) (clean string, changed bool) {
	return cleaned(strings.ReplaceAll(text, "\r\n", "\n"), func(r rune) rune {
		if lineBreak(r) || r == '\t' {
			return ' '
		}
		return visible(r)
	})
}

// Prose is Line for a text that may have several lines: it keeps tabs and line breaks, as line feeds.
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

// Code is a text that machines compare, such as an email address, a number or a postal code: trimmed, and
// without anything that cannot be seen, joiners and direction marks included.
func Code(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text))
}

// HasControl reports whether a text has a control character or a line or paragraph separator, or is broken
// UTF-8.
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

// plain reports that a text has nothing but printable ASCII, as nearly all have.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// visible is a character that can be seen, -1 for none.
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

// hidden are format characters that a name or a street has only by accident: soft hyphens, zero-width
// spaces, byte order marks, and the embeddings, overrides and isolates of UAX #9, which could make a text
// read as another one.
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

// blank is white space. U+0085 is not: it is the dots of windows-1252.
func blank(r rune) bool { return unicode.IsSpace(r) && r != 0x85 }

func lineBreak(r rune) bool {
	return slices.Contains([]rune{'\n', '\r', '\v', '\f', 0x2028, 0x2029}, r)
}

// directionMark finds marks that show nothing and only say which way to write.
func directionMark(r rune) bool { return r == 0x200e || r == 0x200f || r == 0x061c }

func rightToLeft(r rune) bool {
	return unicode.IsLetter(r) &&
		unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}
