package colour

import (
	"errors"
	"math"
	"testing"
)

func parse(t *testing.T, s string) Colour {
	t.Helper()
	c, err := Parse(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return c
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
	}{
		{"#767676", "#767676"},
		{"#ABCDEF", "#abcdef"},
		{"#1a9", "#11aa99"},
		{"", ""},
		{"#", ""},
		{"fff", ""},
		{"#ffff", ""},
		{"#fffffff", ""},
		{"#ff ff0", ""},
		{"#ggg", ""},
		{" #fff", ""},
		{"#fff;", ""},
		{"red", ""},
		{"#ﬀﬀﬀ", ""},
		{"##ffff", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			c, err := Parse(tt.in)
			if tt.want == "" {
				if !errors.Is(err, ErrSyntax) {
					t.Errorf("read as %v, %v", c, err)
				}
				return
			}
			if err != nil || c.String() != tt.want {
				t.Errorf("%v, %v", c, err)
			}
		})
	}
}

// TestContrast compares with the values of the WebAIM contrast checker.
func TestContrast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#ffffff", "#ffffff", 1},
		{"#767676", "#ffffff", 4.54},
		{"#777777", "#ffffff", 4.48},
		{"#ff0000", "#ffffff", 4.00},
		{"#0000ff", "#ffffff", 8.59},
		{"#ffff00", "#ffffff", 1.07},
	}
	for _, tt := range tests {
		a, b := parse(t, tt.a), parse(t, tt.b)
		for _, got := range []float64{Contrast(a, b), Contrast(b, a)} {
			if math.Abs(got-tt.want) > 0.005 {
				t.Errorf("%s on %s: %.3f, want %.2f", tt.a, tt.b, got, tt.want)
			}
		}
	}
}

// TestOKLCH compares with the test values that Ottosson published for OKLab.
func TestOKLCH(t *testing.T) {
	t.Parallel()
	white, red := White().oklch(), Colour{255, 0, 0}.oklch()
	if math.Abs(white.l-1) > 1e-3 || white.c > 1e-3 {
		t.Errorf("white: %+v", white)
	}
	if math.Abs(red.l-0.628) > 1e-3 || math.Abs(red.c-0.2577) > 1e-3 ||
		math.Abs(red.h*180/math.Pi-29.23) > 0.05 {
		t.Errorf("red: %+v", red)
	}
	for _, c := range palette(17) {
		if got := c.oklch().colour(); got != c {
			t.Errorf("%s came back as %s", c, got)
		}
	}
}

// palette returns colours at regular steps through the RGB cube; steps of 17 and 51 include its corners.
func palette(step int) []Colour {
	var all []Colour
	for r := 0; r < 256; r += step {
		for g := 0; g < 256; g += step {
			for b := 0; b < 256; b += step {
				all = append(all, Colour{uint8(r), uint8(g), uint8(b)})
			}
		}
	}
	return all
}
