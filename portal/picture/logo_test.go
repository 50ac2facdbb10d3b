package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
)

const signature = "\x89PNG\r\n\x1a\n"

// flat returns a single-colour picture whose top left quarter is red.
func flat(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{0, 0, 200, 255}
			if x < w/2 && y < h/2 {
				c = color.NRGBA{255, 0, 0, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func inPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webpOne and webpLossless return a lossy and a lossless picture of one pixel.
func webpOne() []byte      { return unbase("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA") }
func webpLossless() []byte { return unbase("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==") }

func unbase(s string) []byte {
	b, _ := base64.StdEncoding.DecodeString(s)
	return b
}

// chunk returns a chunk of a PNG file.
func chunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// claim returns only the header of a grey PNG that claims the given size.
func claim(w, h uint32) []byte {
	data := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte(signature), chunk("IHDR", append(data, 8, 0, 0, 0, 0))...)
}

// afterHeader inserts chunks between the header and the pixels.
func afterHeader(file []byte, chunks ...[]byte) []byte {
	const header = len(signature) + 25
	return slices.Concat(file[:header], slices.Concat(chunks...), file[header:])
}

// chunks lists the names of a PNG's chunks and checks that nothing follows the last one.
func chunks(t *testing.T, file []byte) []string {
	t.Helper()
	var names []string
	for rest := file[len(signature):]; len(rest) > 0; {
		if len(rest) < 12 {
			t.Fatalf("%d bytes after the last chunk", len(rest))
		}
		names = append(names, string(rest[4:8]))
		rest = rest[12+binary.BigEndian.Uint32(rest):]
	}
	return slices.Compact(names)
}

func TestLogoRefuses(t *testing.T) {
	t.Parallel()
	good := inPNG(t, flat(40, 20))
	tests := []struct {
		name string
		in   []byte
		want Reason
	}{
		{"nothing", nil, Format},
		{"text", []byte("hello"), Format},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), Format},
		{"HTML", []byte("<!doctype html><script>alert(1)</script>"), Format},
		{"HTML before a PNG", append([]byte("<script>"), good...), Format},
		{"GIF", asGIF(t, flat(40, 20)), Format},
		{"animated WebP", append([]byte("RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02"),
			make([]byte, 20)...), Format},
		{"too many bytes", append(slices.Clone(good), make([]byte, MaxBytes)...), TooLarge},
		{"50,000 pixels wide", claim(50_000, 1), Dimensions},
		{"one too wide", claim(MaxSide+1, 1), Dimensions},
		{"one too high", claim(1, MaxSide+1), Dimensions},
		{"30 megapixels", claim(6000, 5000), Dimensions},
		{"25 megapixels, but no pixels", claim(5000, 5000), Damaged},
		{"no pixels wide", claim(0, 5), Damaged},
		{"only a signature", []byte(signature), Damaged},
		{"truncated PNG", good[:len(good)-30], Damaged},
		{"truncated JPEG", inJPEG(t, flat(40, 20))[:400], Damaged},
		{"truncated WebP", webpOne()[:30], Damaged},
		{"a JPEG of far too many scans", withScans(inJPEG(t, flat(40, 20)), maxScans), Damaged},
		{"a bit turned over", flipped(good, 50), Damaged},
		{"PNG signature before a JPEG", append([]byte(signature), inJPEG(t, flat(40, 20))...), Damaged},
		{"JPEG start before a PNG", append([]byte("\xff\xd8\xff"), good...), Damaged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Logo(tt.in)
			var refused *Error
			if !errors.As(err, &refused) || refused.Reason != tt.want {
				t.Errorf("%v; want %s", err, tt.want)
			}
			if got.Data != nil {
				t.Error("refused, and yet a picture")
			}
		})
	}
}

// withScans inserts more scans, which are empty, before the end of a JPEG file.
func withScans(file []byte, more int) []byte {
	end := len(file) - 2
	return slices.Concat(file[:end], bytes.Repeat([]byte("\xff\xda\x00\x02"), more), file[end:])
}

func TestScansAreCounted(t *testing.T) {
	t.Parallel()
	file := inJPEG(t, flat(40, 20))
	thumbnail := withSegment(file, 0xe1, withScans(file, 5))
	for _, tt := range []struct {
		name string
		file []byte
		want int
	}{
		{"baseline", file, 1},
		{"three more", withScans(file, 3), 4},
		{"a thumbnail in the metadata", thumbnail, 1},
		{"a film after the end", append(slices.Clone(file), withScans(file, 5)...), 1},
		{"cut short", withScans(file, 3)[:len(file)+3], 2},
	} {
		if got := scansOf(tt.file); got != tt.want {
			t.Errorf("%s: %d scans, want %d", tt.name, got, tt.want)
		}
	}
}

func flipped(file []byte, at int) []byte {
	b := slices.Clone(file)
	b[at] ^= 1
	return b
}

func TestLogoAccepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		in            []byte
		width, height int
	}{
		{"small PNG stays as large as it is", inPNG(t, flat(40, 20)), 40, 20},
		{"as large as the box", inPNG(t, flat(640, 160)), 640, 160},
		{"wide", inPNG(t, flat(1300, 130)), 640, 64},
		{"square", inPNG(t, flat(500, 500)), 160, 160},
		{"high", inPNG(t, flat(100, 1600)), 10, 160},
		{"a line of the greatest width", inPNG(t, image.NewGray(image.Rect(0, 0, MaxSide, 1))), 640, 1},
		{"JPEG, whatever it is called", inJPEG(t, flat(1280, 320)), 640, 160},
		{"WebP", webpOne(), 1, 1},
		{"lossless WebP", webpLossless(), 1, 1},
		{"16 bits", inPNG(t, image.NewNRGBA64(image.Rect(0, 0, 700, 10))), 640, 9},
		{"palette", inPNG(t, image.NewPaletted(image.Rect(0, 0, 700, 10),
			color.Palette{color.White, color.Black})), 640, 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Logo(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			picture, err := png.Decode(bytes.NewReader(got.Data))
			if err != nil {
				t.Fatal(err)
			}
			if size := picture.Bounds().Size(); size != image.Pt(tt.width, tt.height) ||
				size != image.Pt(got.Width, got.Height) {
				t.Errorf("%v, said to be %d by %d; want %d by %d", size, got.Width, got.Height,
					tt.width, tt.height)
			}
		})
	}
}

func TestOnlyPixelsSurvive(t *testing.T) {
	t.Parallel()
	clean := inPNG(t, flat(40, 20))
	frame := slices.Concat([]byte{0, 0, 0, 0}, binary.BigEndian.AppendUint32(nil, 40),
		binary.BigEndian.AppendUint32(nil, 20), make([]byte, 14))
	tests := []struct {
		name string
		in   []byte
	}{
		{"HTML after a PNG", append(slices.Clone(clean), "<script>CANARY</script>"...)},
		{"text in a PNG", afterHeader(clean, chunk("tEXt", []byte("Comment\x00CANARY")))},
		{"unknown chunk", afterHeader(clean, chunk("caNa", []byte("CANARY")))},
		{"animated PNG", afterHeader(clean, chunk("acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}),
			chunk("fcTL", frame), chunk("fdAT", []byte("\x00\x00\x00\x01CANARY")))},
		{"zip after a JPEG", append(inJPEG(t, flat(40, 20)), "PK\x03\x04CANARY"...)},
		{"comment in a JPEG", withSegment(inJPEG(t, flat(40, 20)), 0xfe, []byte("CANARY"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !bytes.Contains(tt.in, []byte("CANARY")) {
				t.Fatal("the file has nothing to lose")
			}
			got, err := Logo(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(got.Data, []byte("CANARY")) {
				t.Error("it survived")
			}
			if names := chunks(t, got.Data); !slices.Equal(names, []string{"IHDR", "IDAT", "IEND"}) {
				t.Errorf("chunks %v", names)
			}
		})
	}
}

func TestPixelsAreKept(t *testing.T) {
	t.Parallel()
	m := flat(8, 4)
	m.SetNRGBA(7, 3, color.NRGBA{10, 20, 30, 40})
	got, err := Logo(inPNG(t, m))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(got.Data))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(picture.(*image.NRGBA).Pix, m.Pix) {
		t.Error("the pixels of a small picture have changed")
	}
}

func FuzzLogo(f *testing.F) {
	f.Add(inPNG(f, flat(8, 4)))
	f.Add(withSegment(inJPEG(f, flat(8, 4)), 0xe1, exif(binary.LittleEndian, 6)))
	f.Add(webpOne())
	f.Add(webpLossless())
	f.Add(claim(50_000, 1))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := Logo(file)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) {
				t.Errorf("an error without a reason: %v", err)
			}
			return
		}
		config, err := png.DecodeConfig(bytes.NewReader(got.Data))
		if err != nil || config.Width != got.Width || config.Height != got.Height {
			t.Errorf("%+v, %v", config, err)
		}
		if got.Width > LogoWidth || got.Height > LogoHeight {
			t.Errorf("%d by %d", got.Width, got.Height)
		}
	})
}
