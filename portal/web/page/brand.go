package page

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"postern/portal/colour"
	"postern/portal/shop"
)

// brand is a shop's stylesheet.
type brand struct {
	url string
	css []byte
}

// BrandStyle returns the path of the shop's stylesheet, "/brand/" + hash + ".css", and the stylesheet. It
// sets the accent variables of css/portal.css to readable shades for light and dark mode. For a shop
// without an accent BrandStyle returns "" and nil.
func (p *Pages) BrandStyle(shop shop.Shop) (url string, css []byte) {
	accent := shop.Brand.Accent
	if accent == "" {
		return "", nil
	}
	if kept, ok := p.brands.Load(accent); ok {
		b := kept.(brand)
		return b.url, b.css
	}
	b := newBrand(accent)
	p.brands.Store(accent, b)
	return b.url, b.css
}

// newBrand returns the stylesheet for an accent, or an empty one if the accent is not a colour.
func newBrand(accent string) brand {
	palette, err := paletteOf(accent)
	if err != nil {
		return brand{}
	}
	css := fmt.Appendf(nil, ":root{--accent:%s;--on-accent:%s;--accent-dark:%s;--on-accent-dark:%s}\n",
		palette.Light, palette.OnLight, palette.Dark, palette.OnDark)
	sum := sha256.Sum256(css)
	return brand{url: "/brand/" + hex.EncodeToString(sum[:8]) + ".css", css: css}
}

// paletteOf replaces an accent that is too pale with the nearest readable shade.
func paletteOf(accent string) (colour.Palette, error) {
	given, err := colour.Parse(accent)
	if err != nil {
		return colour.Palette{}, err
	}
	grounds := shop.PageColours()
	palette, err := colour.Accent(given, grounds)
	var pale *colour.TooPale
	if errors.As(err, &pale) {
		return colour.Accent(pale.Nearest, grounds)
	}
	return palette, err
}
