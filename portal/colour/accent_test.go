package colour

import (
	"errors"
	"math"
	"testing"
)

func page() Page { return Page{Light: Colour{250, 249, 247}, Dark: Colour{0x16, 0x15, 0x14}} }

func TestAccent(t *testing.T) {
	t.Parallel()
	white := Page{Light: White(), Dark: page().Dark}
	tests := []struct {
		name, in string
		passes   bool
		onLight  string
	}{
		{"grey that just passes on white", "#767676", true, "#ffffff"},
		{"grey that just fails", "#777777", false, ""},
		{"navy", "#003366", true, "#ffffff"},
		{"black", "#000000", true, "#ffffff"},
		{"white", "#ffffff", false, ""},
		{"yellow", "#ffdd00", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Accent(parse(t, tt.in), white)
			var pale *TooPale
			if tt.passes != (err == nil) || !tt.passes && !errors.As(err, &pale) {
				t.Fatalf("%v, %v", p, err)
			}
			if tt.passes && (p.Light.String() != tt.in || p.OnLight.String() != tt.onLight) {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestAccentLooksAtThePageItself(t *testing.T) {
	t.Parallel()
	if _, err := Accent(parse(t, "#767676"), page()); err == nil {
		t.Error("4.31 on a page that is not quite white passed")
	}
}

func TestNearestOfGrey(t *testing.T) {
	t.Parallel()
	if got := Shade(parse(t, "#888888"), White()); got.String() != "#767676" {
		t.Errorf("%s, want #767676", got)
	}
}

func TestOn(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"#ffdd00": "#000000", "#767676": "#ffffff",
		"#777777": "#000000"} {
		if got := On(parse(t, in)); got.String() != want {
			t.Errorf("on %s: %s", in, got)
		}
	}
}

// TestEveryColourEndsReadable checks, for colours across the whole range, that the palette or the
// suggestion is readable in light and dark mode, that the suggestion itself is accepted, and that it
// differs no more than necessary.
func TestEveryColourEndsReadable(t *testing.T) {
	t.Parallel()
	for _, c := range palette(17) {
		p, err := Accent(c, page())
		var pale *TooPale
		if errors.As(err, &pale) {
			if pale.Contrast >= Readable {
				t.Errorf("%s refused with %.2f", c, pale.Contrast)
			}
			if got := Contrast(pale.Nearest, page().Light); got > Readable+0.15 {
				t.Errorf("%s: %s is further off than needed: %.2f", c, pale.Nearest, got)
			}
			sameHue(t, c, pale.Nearest)
			p, err = Accent(pale.Nearest, page())
		}
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		readablePalette(t, p)
		sameHue(t, p.Light, p.Dark)
	}
}

func readablePalette(t *testing.T, p Palette) {
	t.Helper()
	if got := Contrast(p.Dark, page().Dark); got < bright {
		t.Errorf("%s is dull on a dark page: %.2f", p.Dark, got)
	}
	pairs := [][2]Colour{
		{p.Light, page().Light}, {p.Light, p.OnLight}, {p.Dark, page().Dark}, {p.Dark, p.OnDark},
	}
	for _, pair := range pairs {
		if got := Contrast(pair[0], pair[1]); got < Readable {
			t.Errorf("%+v: %s on %s has %.2f", p, pair[0], pair[1], got)
		}
	}
}

// sameHue compares the hues of two colours that have enough chroma for a hue to be visible and to survive
// rounding to eight bits.
func sameHue(t *testing.T, a, b Colour) {
	t.Helper()
	x, y := a.oklch(), b.oklch()
	if x.c < 0.06 || y.c < 0.06 {
		return
	}
	if off := math.Abs(math.Remainder(x.h-y.h, 2*math.Pi)) * 180 / math.Pi; off > 3 {
		t.Errorf("%s and %s: the hue moved by %.1f degrees", a, b, off)
	}
}

func TestShadeOnAnyGround(t *testing.T) {
	t.Parallel()
	for _, ground := range palette(51) {
		for _, in := range []string{"#808080", "#c00000", "#ffdd00", "#003366"} {
			if got := Shade(parse(t, in), ground); !readable(got, ground, Readable) {
				t.Errorf("%s on %s: %s cannot be read", in, ground, got)
			}
		}
	}
}
