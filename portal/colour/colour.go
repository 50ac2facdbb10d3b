// Package colour owns a shop's accent colour: reading it, its contrast by WCAG 2.2, whether it can be
// read on the pages, the nearest shade that can, and its shade for dark pages.
//
// It must not know about style sheets, shops or requests.
package colour

import (
	"encoding/hex"
	"errors"
	"math"
	"strings"
)

// ErrSyntax says that a text is neither "#rgb" nor "#rrggbb".
var ErrSyntax = errors.New("colour: syntax")

// Colour is an opaque sRGB colour.
type Colour struct{ R, G, B uint8 }

// White is the paper, #ffffff.
func White() Colour { return Colour{255, 255, 255} }

// Black is the ink, #000000.
func Black() Colour { return Colour{} }

// Parse reads "#rgb" or "#rrggbb" in capitals or small letters. All else is ErrSyntax: names, alpha,
// spaces, and whatever would not be a colour in a style sheet.
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

// String is "#rrggbb" in small letters: safe to put into a style sheet.
func (c Colour) String() string {
	return "#" + hex.EncodeToString([]byte{c.R, c.G, c.B})
}

// Contrast is the contrast ratio of WCAG 2.2 between two colours, from 1 (the same) to 21 (black and
// white), whichever is the text.
func Contrast(a, b Colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2, 0 to 1.
func (c Colour) luminance() float64 {
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// linear undoes the transfer curve of sRGB.
func linear(v uint8) float64 {
	s := float64(v) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}
