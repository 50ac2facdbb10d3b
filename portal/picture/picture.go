// Package picture processes uploaded pictures: logos of shops and photos from customers. It takes a file of
// unknown origin and returns a smaller one that the package has encoded itself. Only the pixels of the file
// survive: no metadata, such as the place where a photo was taken, no further frames, and no data hidden
// before, within or after the image.
//
// SVG is refused, because it can contain scripts. The package must not know about shops, requests, file
// names or storage, and it trusts no name or media type.
package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// The limits of a file.
const (
	// MaxBytes is the maximum size of a file: 5 MiB.
	MaxBytes = 5 << 20
	// MaxSide is the maximum width and height of an image in pixels.
	MaxSide = 10_000
	// MaxPixels is the maximum number of pixels of an image: 25 megapixels.
	MaxPixels = 25_000_000
)

// maxScans limits the scans of a progressive JPEG, which normally has about ten. Each scan is a pass over
// the whole image, and a file of MaxBytes could contain a hundred thousand.
const maxScans = 30

// Image is a picture that is ready to be served: Data is the whole file, Width and Height are in pixels.
type Image struct {
	Data          []byte
	Width, Height int
}

// open decodes a PNG, JPEG or WebP file, detected by its content, and says how to turn it upright. From an
// animated PNG it takes the first frame. Every error is an *Error.
//
// The size is read from the header and checked before any pixel is decoded. Within the limits, decoding may
// still briefly need about 400 MB (a progressive JPEG of 25 megapixels), so a server should process one
// picture at a time.
func open(file []byte) (image.Image, orientation, error) {
	kind, size, err := check(file)
	if err != nil {
		return nil, upright, err
	}
	picture, err := decode(kind, file)
	if err != nil {
		return nil, upright, &Error{Reason: Damaged, cause: err}
	}
	if picture.Bounds().Size() != size {
		return nil, upright, &Error{Reason: Damaged}
	}
	if kind == kindJPEG {
		return picture, orientationOf(file), nil
	}
	return picture, upright, nil
}

// check checks a file without decoding its pixels.
func check(file []byte) (kind, image.Point, error) {
	if len(file) > MaxBytes {
		return kindUnknown, image.Point{}, &Error{Reason: TooLarge}
	}
	kind := sniff(file)
	size, err := header(kind, file)
	if err == nil && kind == kindJPEG && scansOf(file) > maxScans {
		err = &Error{Reason: Damaged}
	}
	return kind, size, err
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
	most := MaxPixels
	if config.ColorModel == color.CMYKModel {
		most /= 2 // the decoder needs about twice the memory for it
	}
	if min(size.X, size.Y) < 1 || max(size.X, size.Y) > MaxSide || size.X*size.Y > most {
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
