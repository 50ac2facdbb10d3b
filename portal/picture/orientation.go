package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation is the value of the EXIF tag 0x0112, 1 to 8: how the stored rows and columns are arranged.
type orientation int

// upright is the orientation of nearly all images.
const upright orientation = 1

// sideways reports whether width and height are swapped.
func (o orientation) sideways() bool { return o >= 5 }

// box returns the box that the stored image must fit in, so that the upright one fits width by height.
func (o orientation) box(width, height int) image.Point {
	if o.sideways() {
		return image.Pt(height, width)
	}
	return image.Pt(width, height)
}

// apply rotates and mirrors a stored image so that it is upright.
func (o orientation) apply(from *image.NRGBA) *image.NRGBA {
	if o == upright {
		return from
	}
	size := from.Bounds().Size()
	turned := size
	if o.sideways() {
		turned = image.Pt(size.Y, size.X)
	}
	to := image.NewNRGBA(image.Rectangle{Max: turned})
	for y := range turned.Y {
		for x := range turned.X {
			p := o.source(x, y, size)
			to.SetNRGBA(x, y, from.NRGBAAt(p.X, p.Y))
		}
	}
	return to
}

// source returns where the pixel at x, y of the upright image is stored.
func (o orientation) source(x, y int, size image.Point) image.Point {
	right, bottom := size.X-1, size.Y-1
	switch o {
	case 2:
		return image.Pt(right-x, y)
	case 3:
		return image.Pt(right-x, bottom-y)
	case 4:
		return image.Pt(x, bottom-y)
	case 5:
		return image.Pt(y, x)
	case 6:
		return image.Pt(y, bottom-x)
	case 7:
		return image.Pt(right-y, bottom-x)
	case 8:
		return image.Pt(right-y, x)
	}
	return image.Pt(x, y)
}

// orientationOf reads the orientation from the EXIF segment of a JPEG file.
func orientationOf(file []byte) orientation {
	const startOfScan, app1 = 0xda, 0xe1
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan; {
		length := int(binary.BigEndian.Uint16(rest[2:])) + 2
		if length < 4 || length > len(rest) {
			break
		}
		if tiff, ok := bytes.CutPrefix(rest[4:length], []byte("Exif\x00\x00")); ok && rest[1] == app1 {
			return orientationIn(tiff)
		}
		rest = rest[length:]
	}
	return upright
}

// orientationIn reads the tag from the first directory of a TIFF block. Invalid data counts as upright.
func orientationIn(tiff []byte) orientation {
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return upright
	}
	const tag, entry = 0x0112, 12
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			break
		}
		if o := orientation(order.Uint16(entries[8:])); order.Uint16(entries) == tag && o >= 1 && o <= 8 {
			return o
		}
		entries = entries[entry:]
	}
	return upright
}
