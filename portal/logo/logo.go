// Package logo processes uploaded logos: it takes a file of unknown origin and returns a small PNG that the
// package has encoded itself. Only the pixels of the file survive: no metadata, no further frames, and no
// data hidden before, within or after the image.
//
// SVG is refused, because it can contain scripts. The package must not know about shops, requests, file
// names or storage, and it trusts no name or media type.
package logo

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// The limits of the input and of the output.
const (
	// MaxBytes is the maximum size of a file: 5 MiB.
	MaxBytes = 5 << 20
	// MaxSide is the maximum width and height of an image in pixels.
	MaxSide = 10_000
	// MaxPixels is the maximum number of pixels of an image: 25 megapixels.
	MaxPixels = 25_000_000
	// FitWidth and FitHeight are the box that a logo is scaled down to: 320 by 80 points at two pixels per
	// point.
	FitWidth, FitHeight = 640, 160
)

// maxScans limits the scans of a progressive JPEG, which normally has about ten. Each scan is a pass over
// the whole image, and a file of MaxBytes could contain a hundred thousand. The marker cannot occur in
// pixel data.
const (
	maxScans   = 100
	scanMarker = "\xff\xda"
)

// Image is a logo that is ready to be served: PNG is the whole file, Width and Height are in pixels.
type Image struct {
	PNG           []byte
	Width, Height int
}

// Normalise converts a PNG, JPEG or WebP file, detected by its content, to a PNG. From an animated PNG it
// takes the first frame. An image larger than FitWidth by FitHeight is scaled down; smaller images are not
// scaled up. A photo stored sideways is turned upright. Every error is an *Error.
//
// The size is read from the header and checked before any pixel is decoded. Within the limits, decoding may
// still briefly need about 400 MB (a progressive JPEG of 25 megapixels), so a server should process one
// logo at a time.
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

// header reads and checks the size without decoding the image.
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
