package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// shape reports whether a point of a drawing has ink, in a square from -1 to 1.
type shape func(x, y float64) bool

func disc(cx, cy, r float64) shape {
	return func(x, y float64) bool { return math.Hypot(x-cx, y-cy) <= r }
}

func box(x0, y0, x1, y1 float64) shape {
	return func(x, y float64) bool { return x >= x0 && x <= x1 && y >= y0 && y <= y1 }
}

// peak returns a triangle with the tip at the top.
func peak(cx, top, bottom, half float64) shape {
	return func(x, y float64) bool {
		return y >= top && y <= bottom && math.Abs(x-cx) <= half*(y-top)/(bottom-top)
	}
}

func either(shapes ...shape) shape {
	return func(x, y float64) bool {
		for _, s := range shapes {
			if s(x, y) {
				return true
			}
		}
		return false
	}
}

func without(s, hole shape) shape {
	return func(x, y float64) bool { return s(x, y) && !hole(x, y) }
}

// drawings returns the drawings of the products in the demo's shop.
func drawings() map[string]shape {
	return map[string]shape{
		"mug": either(box(-0.5, -0.4, 0.25, 0.5), without(disc(0.3, 0.05, 0.32), disc(0.3, 0.05, 0.18))),
		"book": without(box(-0.5, -0.6, 0.5, 0.6),
			either(box(-0.4, -0.6, -0.34, 0.6), box(-0.2, -0.35, 0.35, -0.2))),
		"lamp":   either(peak(0, -0.65, 0.05, 0.55), box(-0.05, 0, 0.05, 0.55), box(-0.3, 0.5, 0.3, 0.6)),
		"tree":   either(peak(0, -0.7, -0.1, 0.35), peak(0, -0.4, 0.4, 0.5), box(-0.08, 0.4, 0.08, 0.65)),
		"bottle": either(box(-0.3, -0.2, 0.3, 0.65), box(-0.1, -0.65, 0.1, -0.1), disc(0, -0.2, 0.3)),
		"plate":  without(disc(0, 0, 0.65), without(disc(0, 0, 0.46), disc(0, 0, 0.4))),
		"bag":    either(box(-0.45, -0.15, 0.45, 0.6), without(disc(0, -0.15, 0.32), disc(0, -0.15, 0.24))),
		"chair":  either(box(-0.4, -0.65, -0.28, 0.6), box(-0.4, 0, 0.4, 0.14), box(0.28, 0, 0.4, 0.6)),
		"bean":   without(disc(0, 0, 0.5), without(disc(-0.5, 0, 0.55), disc(-0.5, 0, 0.48))),
		"file": without(box(-0.4, -0.6, 0.4, 0.6),
			either(box(-0.25, -0.3, 0.25, -0.22), box(-0.25, 0, 0.25, 0.08), box(-0.25, 0.3, 0.1, 0.38))),
	}
}

const pictureSide = 160

// drawProducts draws the pictures of the products and returns them as small PNG files by name.
func drawProducts() (map[string][]byte, error) {
	pictures := map[string][]byte{}
	for _, p := range products() {
		ink, paper := hue(p.hue, 0.42), hue(p.hue, 0.9)
		file, err := paint(drawings()[p.drawing], pictureSide, ink, paper)
		if err != nil {
			return nil, fmt.Errorf("picture of %s: %w", p.sku, err)
		}
		pictures[p.picture()] = file
	}
	return pictures, nil
}

// drawLogo draws the logo of the demo's shop: a small forest on a transparent background.
func drawLogo() ([]byte, error) {
	forest := either(
		peak(0, -0.85, 0.1, 0.4), peak(0, -0.45, 0.55, 0.55), box(-0.09, 0.5, 0.09, 0.9),
		peak(-0.62, -0.35, 0.6, 0.34), box(-0.68, 0.6, -0.56, 0.9),
		peak(0.62, -0.35, 0.6, 0.34), box(0.56, 0.6, 0.68, 0.9),
	)
	return paint(forest, pictureSide, color.NRGBA{R: 0x2f, G: 0x8f, B: 0x66, A: 255}, color.NRGBA{})
}

// samples is the number of sample points per pixel in each direction, for smooth edges.
const samples = 3

func paint(s shape, side int, ink, paper color.NRGBA) ([]byte, error) {
	picture := image.NewNRGBA(image.Rect(0, 0, side, side))
	for py := range side {
		for px := range side {
			picture.SetNRGBA(px, py, blend(paper, ink, cover(s, px, py, side)))
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}

// cover returns the share of a pixel that has ink, 0 to 1.
func cover(s shape, px, py, side int) float64 {
	inked := 0
	at := func(p, sub int) float64 {
		return 2*(float64(p)+(float64(sub)+0.5)/samples)/float64(side) - 1
	}
	for sy := range samples {
		for sx := range samples {
			if s(at(px, sx), at(py, sy)) {
				inked++
			}
		}
	}
	return float64(inked) / (samples * samples)
}

// blend draws ink over paper. Without paper it makes the ink transparent.
func blend(paper, ink color.NRGBA, share float64) color.NRGBA {
	if paper.A == 0 {
		ink.A = uint8(255 * share)
		return ink
	}
	mix := func(a, b uint8) uint8 { return uint8(float64(a)*(1-share) + float64(b)*share) }
	return color.NRGBA{R: mix(paper.R, ink.R), G: mix(paper.G, ink.G), B: mix(paper.B, ink.B), A: 255}
}

// hue returns a muted colour with a hue from 0 to 360 and a lightness from 0 to 1.
func hue(degrees, light float64) color.NRGBA {
	chroma := 0.35 * (1 - math.Abs(2*light-1))
	channel := func(offset float64) uint8 {
		k := math.Mod(offset+degrees/30, 12)
		return uint8(255 * (light - chroma*max(-1, min(k-3, 9-k, 1))))
	}
	return color.NRGBA{R: channel(0), G: channel(8), B: channel(4), A: 255}
}
