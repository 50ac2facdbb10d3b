package web

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"

	"postern/portal/colour"
	"postern/portal/shop"
)

// icons caches the current icon of each shop: drawing one takes milliseconds, and anyone may request it. It
// is safe for concurrent use.
type icons struct {
	mu    sync.Mutex
	drawn map[string]icon // by shop
}

// icon is a drawn icon; its path identifies the source it was drawn from.
type icon struct {
	path string
	file []byte
}

// of returns the shop's icon, redrawn only if its path has changed. Other requests for an icon wait during
// the drawing.
func (i *icons) of(shop shop.Shop) ([]byte, error) {
	path := iconPath(shop.Brand)
	i.mu.Lock()
	defer i.mu.Unlock()
	if kept := i.drawn[shop.ID]; kept.path == path {
		return kept.file, nil
	}
	file, err := iconOf(shop.Brand)
	if err != nil {
		return nil, err
	}
	if i.drawn == nil {
		i.drawn = make(map[string]icon)
	}
	i.drawn[shop.ID] = icon{path, file}
	return file, nil
}

// iconSide is the side of an icon: 16 points for a browser tab, at two pixels each.
const iconSide = 32

// iconPath names the icon by its source: the logo, or the accent colour if there is none.
func iconPath(b shop.Brand) string {
	made := b.LogoHash
	if made == "" {
		made = strings.TrimPrefix(accentOf(b).String(), "#")
	}
	return brandPrefix + "icon-" + made + ".png"
}

// accentOf returns the shop's accent colour, or the stylesheet's default.
func accentOf(b shop.Brand) colour.Colour {
	if accent, err := colour.Parse(b.Accent); err == nil {
		return accent
	}
	return colour.Colour{R: 0x23, G: 0x58, B: 0x6a}
}

// iconOf draws the logo in a square, or a door in the accent colour.
func iconOf(b shop.Brand) ([]byte, error) {
	picture := image.Image(door{accentOf(b)})
	if b.LogoHash != "" {
		logo, err := png.Decode(bytes.NewReader(b.Logo))
		if err != nil {
			return nil, err
		}
		picture = logo
	}
	var file bytes.Buffer
	err := png.Encode(&file, square(picture))
	return file.Bytes(), err
}

// square scales a picture to fit and centres it in an icon; the rest stays transparent.
func square(picture image.Image) image.Image {
	from, icon := picture.Bounds(), image.NewNRGBA(image.Rect(0, 0, iconSide, iconSide))
	side := max(from.Dx(), from.Dy())
	width, height := max(1, from.Dx()*iconSide/side), max(1, from.Dy()*iconSide/side)
	left, top := (iconSide-width)/2, (iconSide-height)/2
	for y := range height {
		for x := range width {
			part := image.Rect(x*from.Dx()/width, y*from.Dy()/height, (x+1)*from.Dx()/width,
				(y+1)*from.Dy()/height)
			icon.Set(left+x, top+y, average(picture, part.Add(from.Min)))
		}
	}
	return icon
}

// average returns the mean colour of a part of the picture. If the part is empty, as happens when a small
// picture is enlarged, average returns the colour of its first pixel.
func average(picture image.Image, part image.Rectangle) color.Color {
	part.Max.X, part.Max.Y = max(part.Max.X, part.Min.X+1), max(part.Max.Y, part.Min.Y+1)
	var red, green, blue, alpha uint64
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			r, g, b, a := picture.At(x, y).RGBA()
			red, green, blue, alpha = red+uint64(r), green+uint64(g), blue+uint64(b), alpha+uint64(a)
		}
	}
	n := uint64(part.Dx() * part.Dy())
	return color.RGBA64{R: uint16(red / n), G: uint16(green / n), B: uint16(blue / n), A: uint16(alpha / n)}
}

// door is the icon of a shop without a logo: a plate in the accent colour with a door in it.
type door struct{ accent colour.Colour }

// doorSide is much larger than an icon, so that edges become smooth when scaled down.
const doorSide = 8 * iconSide

// ColorModel implements image.Image.
func (door) ColorModel() color.Model { return color.NRGBAModel }

// Bounds implements image.Image.
func (door) Bounds() image.Rectangle { return image.Rect(0, 0, doorSide, doorSide) }

// At implements image.Image: the plate's corners are round, and the door has an arch.
func (d door) At(x, y int) color.Color {
	const middle, corner, half, arch, sill = doorSide / 2, 56, 48, 112, 208
	dx, dy := max(x-middle, middle-1-x), max(y-middle, middle-1-y)
	ox, oy := max(0, dx-(middle-corner)), max(0, dy-(middle-corner))
	switch above := max(0, arch-y); {
	case ox*ox+oy*oy >= corner*corner:
		return color.NRGBA{}
	case y < sill && dx*dx+above*above < half*half:
		on := colour.On(d.accent)
		return color.NRGBA{R: on.R, G: on.G, B: on.B, A: 0xff}
	}
	return color.NRGBA{R: d.accent.R, G: d.accent.G, B: d.accent.B, A: 0xff}
}
