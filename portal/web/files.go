package web

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/colour"
	"postern/portal/web/gate"
	"postern/static"
)

// serveStatic serves the files under their hashed names, which may be cached for ever. It does so on any host: the page
// that refuses an unknown one wears them too.
func (s *site) serveStatic(c *fiber.Ctx) error {
	if s.gate.Recognise(c) == nil {
		setShopHeaders(c, gate.Shop(c))
	}
	file, found := static.Lookup(c.Path())
	if !found {
		return &portal.Error{Kind: portal.NotFound}
	}
	return sendFile(c, file.Type, file.Body)
}

const brandPrefix = "/brand/"

// serveBrand serves the shop's stylesheet, logo and icon. Their names hold a hash of what is in them.
func (s *site) serveBrand(c *fiber.Ctx) error {
	shop := gate.Shop(c)
	style, css := s.pages.BrandStyle(shop)
	switch path := c.Path(); {
	case style != "" && path == style:
		return sendFile(c, "text/css; charset=utf-8", css)
	case path == shop.Brand.LogoPath():
		return sendFile(c, "image/png", shop.Brand.Logo)
	case path == iconPath(shop.Brand):
		icon, err := iconOf(shop.Brand)
		if err != nil {
			return err
		}
		return sendFile(c, "image/png", icon)
	}
	return &portal.Error{Kind: portal.NotFound}
}

// findIcon leads to the shop's icon: browsers ask for it under one name for ever, which therefore names no content.
func (s *site) findIcon(c *fiber.Ctx) error {
	return c.Redirect(iconPath(gate.Shop(c).Brand), fiber.StatusFound)
}

// iconSide is the side of an icon: the 16 points of a tab at two pixels each.
const iconSide = 32

// iconPath names the icon by what it is made of: the logo, or the accent where there is none.
func iconPath(b portal.Brand) string {
	made := b.LogoHash
	if made == "" {
		made = strings.TrimPrefix(accentOf(b).String(), "#")
	}
	return brandPrefix + "icon-" + made + ".png"
}

// accentOf is the shop's accent, or the one of the stylesheet.
func accentOf(b portal.Brand) colour.Colour {
	if accent, err := colour.Parse(b.Accent); err == nil {
		return accent
	}
	return colour.Colour{R: 0x23, G: 0x58, B: 0x6a}
}

// iconOf is the logo within a square, or a door in the accent's colour.
func iconOf(b portal.Brand) ([]byte, error) {
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

// square draws a picture as large as it goes into the middle of an icon; the rest stays transparent.
func square(picture image.Image) image.Image {
	from, icon := picture.Bounds(), image.NewNRGBA(image.Rect(0, 0, iconSide, iconSide))
	side := max(from.Dx(), from.Dy())
	width, height := max(1, from.Dx()*iconSide/side), max(1, from.Dy()*iconSide/side)
	left, top := (iconSide-width)/2, (iconSide-height)/2
	for y := range height {
		for x := range width {
			part := image.Rect(x*from.Dx()/width, y*from.Dy()/height, (x+1)*from.Dx()/width, (y+1)*from.Dy()/height)
			icon.Set(left+x, top+y, average(picture, part.Add(from.Min)))
		}
	}
	return icon
}

// average is the mean colour of a part; of an empty one, as there are where a small picture grows, of its first pixel.
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

// door is the picture of a shop without a logo: a plate in its accent, and in it a door.
type door struct{ accent colour.Colour }

// doorSide is much larger than an icon, so that its edges become smooth.
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

func sendFile(c *fiber.Ctx, contentType string, body []byte) error {
	c.Set(fiber.HeaderContentType, contentType)
	c.Set(fiber.HeaderCacheControl, static.Cache)
	return c.Send(body)
}

// isFile tells the two kinds of path whose content never changes under its name.
func isFile(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), static.Prefix) || strings.HasPrefix(c.Path(), brandPrefix)
}
