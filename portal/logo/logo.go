// Package logo owns what becomes of an uploaded logo: a file of unknown origin goes in, a small PNG that
// this package has drawn itself comes out. Nothing of the file but its pixels survives: no metadata, no
// further frames, nothing hidden before, within or after the picture.
//
// SVG is refused, because it can carry scripts. The package must not know about shops, requests, file
// names or storage, and it trusts no name or media type.
package logo

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// Bounds of what goes in and of what comes out.
const (
	// MaxBytes of a file, 5 MiB.
	MaxBytes = 5 << 20
	// MaxSide of a picture in pixels.
	MaxSide = 10_000
	// MaxPixels of a picture: 25 megapixels.
	MaxPixels = 25_000_000
	// FitWidth and FitHeight are the box a logo is scaled down to: 320 by 80 points at two pixels each.
	FitWidth, FitHeight = 640, 160
)

// maxScans bounds the scans of a progressive JPEG, which has ten or so: each costs a walk over the whole
// picture, and a file of MaxBytes could hold a hundred thousand. Among pixels the marker cannot occur.
const (
	maxScans   = 100
	scanMarker = "\xff\xda"
)

// Image is a logo that can be served: PNG is the whole file, Width and Height are its pixels.
type Image struct {
	PNG           []byte
	Width, Height int
}

// Normalise makes a PNG of a PNG, JPEG or WebP file, told apart by content. Of an animated PNG it takes
// the first picture. A picture that is larger than FitWidth by FitHeight is scaled down; none is scaled
// up. A photograph stored on its side is turned upright. Every error is an *Error.
//
// The size is read from the header and checked before a pixel is decoded. Within the bounds decoding can
// still take some 400 MB for a moment (a progressive JPEG of 25 megapixels), so a server should let one
// logo through at a time.
func Normalise(file []byte) (Image, error) {
	if len(file) > MaxBytes {
		return Image{}, &Error{Reason: TooLarge}
	}
	kind := sniff(file)
	size, err := header(kind, file)
	if err != nil {
		return Image{}, err
	}
	if kind == kindJPEG && bytes.Count(file, []byte(scanMarker)) > maxScans {
		return Image{}, &Error{Reason: Damaged}
	}
	picture, err := decode(kind, file)
	if err != nil {
		return Image{}, &Error{Reason: Damaged, cause: err}
	}
	if picture.Bounds().Size() != size {
		return Image{}, &Error{Reason: Damaged}
	}
	turn := upright
	if kind == kindJPEG {
		turn = orientationOf(file)
	}
	return encode(turn.apply(shrink(picture, turn.box())))
}

// header reads and checks the size without decoding.
func header(kind kind, file []byte) (image.Point, error) {
	var config image.Config
	var err error
	switch r := bytes.NewReader(file); kind {
	case kindPNG:
		config, err = png.DecodeConfig(r)
	case kindJPEG:
		config, err = jpeg.DecodeConfig(r)
	case kindWebP:
		config, err = webp.DecodeConfig(r)
	default:
		return image.Point{}, &Error{Reason: Format}
	}
	if err != nil {
		return image.Point{}, &Error{Reason: Damaged, cause: err}
	}
	size := image.Pt(config.Width, config.Height)
	if min(size.X, size.Y) < 1 || max(size.X, size.Y) > MaxSide || size.X*size.Y > MaxPixels {
		return image.Point{}, &Error{Reason: Dimensions}
	}
	return size, nil
}

func decode(kind kind, file []byte) (image.Image, error) {
	switch r := bytes.NewReader(file); kind {
	case kindPNG:
		return png.Decode(r)
	case kindJPEG:
		return jpeg.Decode(r)
	default:
		return webp.Decode(r)
	}
}

func encode(picture *image.NRGBA) (Image, error) {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, picture); err != nil {
		return Image{}, &Error{Reason: Damaged, cause: err}
	}
	size := picture.Bounds().Size()
	return Image{PNG: b.Bytes(), Width: size.X, Height: size.Y}, nil
}
