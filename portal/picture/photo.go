package picture

import (
	"bytes"
	"image"
	"image/draw"
	"image/jpeg"
)

// The longest sides of a photo and of its preview in pixels.
const (
	PhotoSide   = 1600
	PreviewSide = 320
)

const photoQuality = 82

// CheckPhoto refuses a file that Photo would refuse for its size, its format or its header, at little cost.
func CheckPhoto(file []byte) error {
	_, _, err := check(file)
	return err
}

// Photo converts a PNG, JPEG or WebP file to a JPEG of at most PhotoSide pixels a side, turned upright, and
// a preview of it. Smaller images are not scaled up. Transparent parts become white. Every error is an
// *Error. Besides what open needs, it takes about 30 MB.
func Photo(file []byte) (photo, preview Image, err error) {
	picture, turn, err := open(file)
	if err != nil {
		return Image{}, Image{}, err
	}
	upright := turn.apply(average(picture, fit(picture.Bounds().Size(), image.Pt(PhotoSide, PhotoSide))))
	if photo, err = asJPEG(upright); err != nil {
		return Image{}, Image{}, err
	}
	small := average(upright, image.Pt(PreviewSize(photo.Width, photo.Height)))
	preview, err = asJPEG(small)
	return photo, preview, err
}

// PreviewSize returns the size of the preview of a photo.
func PreviewSize(width, height int) (int, int) {
	size := fit(image.Pt(width, height), image.Pt(PreviewSide, PreviewSide))
	return size.X, size.Y
}

func asJPEG(picture *image.NRGBA) (Image, error) {
	size := picture.Bounds().Size()
	opaque := &image.RGBA{Pix: picture.Pix, Stride: picture.Stride, Rect: picture.Rect} // alike without transparency
	var b bytes.Buffer
	if err := jpeg.Encode(&b, opaque, &jpeg.Options{Quality: photoQuality}); err != nil {
		return Image{}, &Error{Reason: Damaged, cause: err}
	}
	return Image{Data: b.Bytes(), Width: size.X, Height: size.Y}, nil
}

// average redraws a picture on white at a size that is not larger. Each pixel is the mean of the area that
// it covers. Beside the result this takes memory for a few rows only, which kernels with a wider reach do
// not: they would need 200 MB for a large photo.
func average(picture image.Image, size image.Point) *image.NRGBA {
	const rows = 16 // converted at a time
	from := picture.Bounds()
	mean := newMean(from.Size(), size)
	strip := image.NewRGBA(image.Rect(0, 0, from.Dx(), rows))
	for top := from.Min.Y; top < from.Max.Y; top += rows {
		draw.Draw(strip, strip.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Bounds(), picture, image.Pt(from.Min.X, top), draw.Over)
		for y := range min(rows, from.Max.Y-top) {
			mean.add(strip.Pix[y*strip.Stride:][:4*from.Dx()])
		}
	}
	return mean.to
}

// mean takes the rows of a picture and sums them up. All sums are exact integers: along a side that shrinks
// from n to m pixels, a source pixel has the length m and a result pixel the length n.
type mean struct {
	from, size image.Point
	to         *image.NRGBA
	y          int      // of the next source row
	row        []uint64 // sums of the source row: red, green and blue of each result pixel
	sums       []uint64 // of the result row so far
}

func newMean(from, size image.Point) *mean {
	return &mean{from: from, size: size, to: image.NewNRGBA(image.Rectangle{Max: size}),
		row: make([]uint64, 3*size.X), sums: make([]uint64, 3*size.X)}
}

// add adds the next source row.
func (m *mean) add(pixels []byte) {
	m.sumRow(pixels)
	start := m.y * m.size.Y
	end, border := start+m.size.Y, (start/m.from.Y+1)*m.from.Y // border is where the next result row begins
	m.y++
	m.addRow(min(end, border) - start)
	if end >= border {
		m.finishRow(start / m.from.Y)
		m.addRow(end - border)
	}
}

// sumRow sums up a source row by the result pixels that it contributes to.
func (m *mean) sumRow(pixels []byte) {
	clear(m.row)
	at, rest := 0, m.from.X // the result pixel, and how much of its length is still to come
	for i := 0; i+3 < len(pixels); i += 4 {
		part := min(rest, m.size.X)
		m.addPixel(at, pixels[i:i+3], part)
		if rest -= part; rest == 0 {
			at, rest = at+1, m.from.X
			if over := m.size.X - part; over > 0 {
				m.addPixel(at, pixels[i:i+3], over)
				rest -= over
			}
		}
	}
}

func (m *mean) addPixel(at int, pixel []byte, length int) {
	sums := m.row[3*at : 3*at+3 : 3*at+3]
	sums[0] += uint64(pixel[0]) * uint64(length)
	sums[1] += uint64(pixel[1]) * uint64(length)
	sums[2] += uint64(pixel[2]) * uint64(length)
}

func (m *mean) addRow(length int) {
	for i, sum := range m.row {
		m.sums[i] += sum * uint64(length)
	}
}

// finishRow writes a row of the result and starts the next one.
func (m *mean) finishRow(y int) {
	area := uint64(m.from.X) * uint64(m.from.Y)
	pixels := m.to.Pix[y*m.to.Stride:]
	for x := range m.size.X {
		for c := range 3 {
			pixels[4*x+c] = byte((m.sums[3*x+c] + area/2) / area)
		}
		pixels[4*x+3] = 0xff
	}
	clear(m.sums)
}
