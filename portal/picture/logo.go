package picture

import (
	"bytes"
	"image/png"
)

// LogoWidth and LogoHeight are the box that a logo is scaled down to: 320 by 80 points at two pixels per
// point.
const LogoWidth, LogoHeight = 640, 160

// Logo converts a PNG, JPEG or WebP file to a PNG, turned upright. An image larger than LogoWidth by
// LogoHeight is scaled down; smaller images are not scaled up. Every error is an *Error. Memory: see open.
func Logo(file []byte) (Image, error) {
	picture, turn, err := open(file)
	if err != nil {
		return Image{}, err
	}
	upright := turn.apply(shrink(picture, turn.box(LogoWidth, LogoHeight)))
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, upright); err != nil {
		return Image{}, &Error{Reason: Damaged, cause: err}
	}
	size := upright.Bounds().Size()
	return Image{Data: b.Bytes(), Width: size.X, Height: size.Y}, nil
}
