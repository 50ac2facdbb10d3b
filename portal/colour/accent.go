package colour

import "fmt"

// Readable is the minimum contrast of text under WCAG 2.2, 1.4.3 (level AA).
const Readable = 4.5

// bright is the contrast of the accent on a dark page. One that is only readable looks dull there.
const bright = 7

// Page holds the background colours of a page in light and in dark mode.
type Page struct{ Light, Dark Colour }

// Palette holds the shades of an accent colour that the pages use. Each On colour is for text on the colour
// before it.
type Palette struct{ Light, OnLight, Dark, OnDark Colour }

// TooPale is the error for an accent that is not readable on the light page; Nearest is.
type TooPale struct {
	Given, Nearest Colour
	// Contrast is the contrast of Given on the light page.
	Contrast float64
}

// Error names both colours; the text is for logs, not for visitors.
func (e *TooPale) Error() string {
	return fmt.Sprintf("colour: %s has a contrast of %.2f where %.1f is needed; %s passes",
		e.Given, e.Contrast, Readable, e.Nearest)
}

// Accent returns the palette of an accent colour. The accent must be readable as text on the light page,
// and black or white text must be readable on it; otherwise the error is a *TooPale with the nearest shade
// that satisfies both.
func Accent(c Colour, page Page) (Palette, error) {
	if !readable(c, page.Light, Readable) {
		return Palette{}, &TooPale{Given: c, Nearest: Shade(c, page.Light), Contrast: Contrast(c, page.Light)}
	}
	dark := shade(c, page.Dark, bright)
	return Palette{Light: c, OnLight: On(c), Dark: dark, OnDark: On(dark)}, nil
}

// readable reports whether c has a contrast as text on ground, and black or white text is readable on c.
func readable(c, ground Colour, contrast float64) bool {
	return Contrast(c, ground) >= contrast && Contrast(c, On(c)) >= Readable
}

// On returns the text colour to use on c: white if it is readable, otherwise black, which then always is.
func On(c Colour) Colour {
	if Contrast(c, White()) >= Readable {
		return White()
	}
	return Black()
}

// Shade returns the shade of c nearest in lightness that is readable as text on ground: c itself if
// possible, otherwise the same hue, darker on a light background and lighter on a dark one. Such a shade
// always exists: on any background, black or white has a contrast of at least 4.58.
func Shade(c, ground Colour) Colour { return shade(c, ground, Readable) }

func shade(c, ground Colour, contrast float64) Colour {
	if readable(c, ground, contrast) {
		return c
	}
	shade := c.oklch()
	fails, passes := shade.l, 0.0
	best := Black()
	if Contrast(White(), ground) > Contrast(Black(), ground) {
		passes, best = 1, White()
	}
	for range 12 {
		shade.l = (fails + passes) / 2
		if next := shade.colour(); readable(next, ground, contrast) {
			passes, best = shade.l, next
		} else {
			fails = shade.l
		}
	}
	return best
}
