package colour

import "fmt"

// Readable is the least contrast of text by WCAG 2.2, 1.4.3 (level AA).
const Readable = 4.5

// Page is what stands behind the text in light and in dark mode.
type Page struct{ Light, Dark Colour }

// Palette is an accent as the pages use it. Each On colour is for text upon the one before it.
type Palette struct{ Light, OnLight, Dark, OnDark Colour }

// TooPale is the error of an accent that cannot be read on the light page; Nearest can.
type TooPale struct {
	Given, Nearest Colour
	// Contrast is that of Given on the light page.
	Contrast float64
}

// Error names both colours; it is for logs, not for visitors.
func (e *TooPale) Error() string {
	return fmt.Sprintf("colour: %s has a contrast of %.2f where %.1f is needed; %s passes",
		e.Given, e.Contrast, Readable, e.Nearest)
}

// Accent makes the palette of an accent that can be read as text on the light page, and upon which black
// or white text can be read. Else the error is a *TooPale with the nearest shade that passes both.
func Accent(c Colour, page Page) (Palette, error) {
	if !readable(c, page.Light) {
		return Palette{}, &TooPale{Given: c, Nearest: Shade(c, page.Light), Contrast: Contrast(c, page.Light)}
	}
	dark := Shade(c, page.Dark)
	return Palette{Light: c, OnLight: On(c), Dark: dark, OnDark: On(dark)}, nil
}

// readable holds for text of a colour on the ground, and for black or white text upon the colour.
func readable(c, ground Colour) bool {
	return Contrast(c, ground) >= Readable && Contrast(c, On(c)) >= Readable
}

// On is the text colour for use upon c: white where it can be read, else black, which then always can.
func On(c Colour) Colour {
	if Contrast(c, White()) >= Readable {
		return White()
	}
	return Black()
}

// Shade is the shade of c nearest to it in lightness that can be read as text on the ground: c itself
// where it can be, else the same hue, darker on a light ground and lighter on a dark one. There always
// is one: on any ground black or white has 4.58 at least.
func Shade(c, ground Colour) Colour {
	if readable(c, ground) {
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
		if next := shade.colour(); readable(next, ground) {
			passes, best = shade.l, next
		} else {
			fails = shade.l
		}
	}
	return best
}
