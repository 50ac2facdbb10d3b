package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"slices"
	"testing"
)

// withSegment inserts a segment at the start of a JPEG file.
func withSegment(file []byte, marker byte, data []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2))
	return slices.Concat(file[:2], head, data, file[2:])
}

// exif returns an EXIF block with the given orientation, preceded by one other tag.
func exif(order binary.AppendByteOrder, turn uint16) []byte {
	mark := "MM"
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		mark = "II"
	}
	b := order.AppendUint16([]byte("Exif\x00\x00"+mark), 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, tag := range [][2]uint16{{0x0100, 7}, {0x0112, turn}} {
		b = order.AppendUint16(order.AppendUint16(b, tag[0]), 3)
		b = order.AppendUint16(order.AppendUint32(b, 1), tag[1])
		b = order.AppendUint16(b, 0)
	}
	return order.AppendUint32(b, 0)
}

func TestOrientation(t *testing.T) {
	t.Parallel()
	wide, high := image.Pt(80, 40), image.Pt(40, 80)
	tests := []struct {
		turn   uint16
		size   image.Point
		corner string
	}{
		{1, wide, "top left"}, {2, wide, "top right"}, {3, wide, "bottom right"}, {4, wide, "bottom left"},
		{5, high, "top left"}, {6, high, "top right"}, {7, high, "bottom right"}, {8, high, "bottom left"},
		{0, wide, "top left"}, {9, wide, "top left"},
	}
	for _, tt := range tests {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			t.Run(fmt.Sprint(tt.turn, order), func(t *testing.T) {
				got, err := Logo(withSegment(inJPEG(t, flat(80, 40)), 0xe1, exif(order, tt.turn)))
				if err != nil {
					t.Fatal(err)
				}
				picture, err := png.Decode(bytes.NewReader(got.Data))
				if err != nil {
					t.Fatal(err)
				}
				if size := picture.Bounds().Size(); size != tt.size {
					t.Errorf("%v, want %v", size, tt.size)
				}
				if corner := redCorner(picture); corner != tt.corner {
					t.Errorf("red at the %s, want the %s", corner, tt.corner)
				}
			})
		}
	}
}

// redCorner finds the corner with the red quarter.
func redCorner(m image.Image) string {
	size := m.Bounds().Size()
	found := ""
	for _, c := range []struct {
		name string
		x, y int
	}{
		{"top left", 2, 2}, {"top right", size.X - 3, 2},
		{"bottom left", 2, size.Y - 3}, {"bottom right", size.X - 3, size.Y - 3},
	} {
		if r, _, b, _ := m.At(c.x, c.y).RGBA(); r > 0xc000 && b < 0x4000 {
			found += c.name
		}
	}
	return found
}

func TestSidewaysPictureFitsTheBoxUpright(t *testing.T) {
	t.Parallel()
	file := withSegment(inJPEG(t, flat(400, 1600)), 0xe1, exif(binary.BigEndian, 6))
	got, err := Logo(file)
	if err != nil || got.Width != 640 || got.Height != 160 {
		t.Errorf("%d by %d, %v", got.Width, got.Height, err)
	}
}

func TestBrokenExifIsUpright(t *testing.T) {
	t.Parallel()
	whole := exif(binary.BigEndian, 6)
	for n := range len(whole) - 10 {
		file := withSegment(inJPEG(t, flat(80, 40)), 0xe1, whole[:n])
		if got := orientationOf(file); got != upright {
			t.Errorf("%d bytes of EXIF: orientation %d", n, got)
		}
	}
	far := slices.Clone(whole)
	copy(far[10:], []byte{0xff, 0xff, 0xff, 0xff})
	if got := orientationIn(far[6:]); got != upright {
		t.Errorf("a directory far away: %d", got)
	}
}

func TestSegmentThatClaimsMoreThanTheFileIsUpright(t *testing.T) {
	t.Parallel()
	whole := withSegment([]byte("\xff\xd8"), 0xe1, exif(binary.BigEndian, 6))
	if got := orientationOf(whole); got != 6 {
		t.Fatalf("whole: %d", got)
	}
	if got := orientationOf(whole[:len(whole)-1]); got != upright {
		t.Errorf("cut short: %d", got)
	}
}
