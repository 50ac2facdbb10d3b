package bank

import (
	"fmt"
	"image/color"
	"strconv"
	"sync"

	"github.com/boombuler/barcode/qr"
)

// Picture is a QR code as a drawing: a square of Size units with dark modules of one unit each.
type Picture struct {
	Size int
	Path string // of an SVG
}

// quietZone is the width of the light border that readers need, in modules (ISO 18004).
const quietZone = 4

// QR draws a text as a QR code that is still read with 15 % of it damaged, the level of EPC069-12.
func QR(text string) (Picture, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return Picture{}, fmt.Errorf("bank: QR code: %w", err)
	}
	size := code.Bounds().Dx()
	dark := func(x, y int) bool {
		return x < size && color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y == 0 //nolint:forcetypeassert // GrayModel
	}
	var path []byte
	for y := range size {
		for x := 0; x < size; x++ {
			from := x
			for dark(x, y) {
				x++
			}
			if x > from {
				path = run(path, from, y, x-from)
			}
		}
	}
	return Picture{Size: size + 2*quietZone, Path: string(path)}, nil
}

// run adds a row of dark modules.
func run(path []byte, x, y, length int) []byte {
	path = append(path, 'M')
	path = strconv.AppendInt(path, int64(x+quietZone), 10)
	path = append(path, ' ')
	path = strconv.AppendInt(path, int64(y+quietZone), 10)
	path = append(path, 'h')
	path = strconv.AppendInt(path, int64(length), 10)
	path = append(path, "v1h-"...)
	path = strconv.AppendInt(path, int64(length), 10)
	return append(path, 'z')
}

// Drawings keeps the latest QR codes, since drawing one takes longer than the rest of a page. The zero value
// is ready to use, by several goroutines.
type Drawings struct {
	mu   sync.Mutex
	kept map[string]Picture
}

// maxDrawings is the number of QR codes that are kept, of about 10 kB each.
const maxDrawings = 500

// QR is like the function QR.
func (d *Drawings) QR(text string) (Picture, error) {
	d.mu.Lock()
	picture, ok := d.kept[text]
	d.mu.Unlock()
	if ok {
		return picture, nil
	}
	picture, err := QR(text)
	if err != nil {
		return Picture{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) >= maxDrawings || d.kept == nil {
		d.kept = map[string]Picture{}
	}
	d.kept[text] = picture
	return picture, nil
}
