// Package colour handles a shop's accent colour: parsing, contrast under WCAG 2.2, whether the colour is
// readable on the pages, the nearest shade that is, and the shade for dark mode.
//
// It must not know about style sheets, shops or requests.
package colour

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
)

// ErrSyntax means that a text is neither "#rgb" nor "#rrggbb".
var ErrSyntax = errors.New("colour: syntax")

// Colour is an opaque sRGB colour.
type Colour struct{ R, G, B uint8 }

// White returns #ffffff.
func White() Colour { return Colour{255, 255, 255} }

// Black returns #000000.
func Black() Colour { return Colour{} }

// Parse parses "#rgb" or "#rrggbb" in either case. Anything else is ErrSyntax: names, alpha, spaces, and
// any text that would not be a colour in a style sheet.
func Parse(s string) (Colour, error) {
	digits, ok := strings.CutPrefix(s, "#")
	if !ok || len(digits) != 3 && len(digits) != 6 {
		return Colour{}, ErrSyntax
	}
	if len(digits) == 3 {
		d := digits
		digits = string([]byte{d[0], d[0], d[1], d[1], d[2], d[2]})
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return Colour{}, ErrSyntax
	}
	return Colour{b[0], b[1], b[2]}, nil
}

// String returns "#rrggbb" in lower case, which is safe to use in a style sheet.
func (c Colour) String() string {
	return "#" + hex.EncodeToString([]byte{c.R, c.G, c.B})
}

// Contrast returns the contrast ratio of two colours under WCAG 2.2, from 1 (equal) to 21 (black and
// white), regardless of which is the text.
func Contrast(a, b Colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance returns the relative luminance of WCAG 2.2, 0 to 1.
func (c Colour) luminance() float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// linear reverses the sRGB transfer curve.
func linear(v uint8) float64 {
	s := float64(v) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}
