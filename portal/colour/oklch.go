package colour

import "math"

// oklch is a colour given by perceived lightness (0 to 1), chroma and hue (radians), after Björn Ottosson's
// OKLab (2020). Unlike in HSL, shades of one hue look related.
type oklch struct{ l, c, h float64 }

func (c Colour) oklch() oklch {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	light := 0.2104542553*l + 0.7936177850*m - 0.0040720468*s
	x := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	y := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s
	return oklch{light, math.Hypot(x, y), math.Atan2(y, x)}
}

// colour returns the nearest displayable colour with the same lightness and hue, with reduced chroma if
// necessary.
func (o oklch) colour() Colour {
	if rgb := o.linear(); inGamut(rgb) {
		return encode(rgb)
	}
	low, high := 0.0, o.c
	for range 16 {
		o.c = (low + high) / 2
		if inGamut(o.linear()) {
			low = o.c
		} else {
			high = o.c
		}
	}
	o.c = low
	return encode(o.linear())
}

// linear returns red, green and blue before the transfer curve. Values outside 0 to 1 cannot be displayed.
func (o oklch) linear() [3]float64 {
	x, y := o.c*math.Cos(o.h), o.c*math.Sin(o.h)
	l := cube(o.l + 0.3963377774*x + 0.2158037573*y)
	m := cube(o.l - 0.1055613458*x - 0.0638541728*y)
	s := cube(o.l - 0.0894841775*x - 1.2914855480*y)
	return [3]float64{
		4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s,
	}
}

func cube(v float64) float64 { return v * v * v }

// inGamut reports whether a colour can be displayed, with some tolerance for rounding in the matrices.
func inGamut(rgb [3]float64) bool {
	const slack = 1e-4
	for _, v := range rgb {
		if v < -slack || v > 1+slack {
			return false
		}
	}
	return true
}

func encode(rgb [3]float64) Colour {
	var b [3]uint8
	for i, v := range rgb {
		v = min(max(v, 0), 1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		b[i] = uint8(math.Round(v * 255))
	}
	return Colour{b[0], b[1], b[2]}
}
