package picture

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Files that the standard library cannot write, compressed: a CMYK and a progressive JPEG of 16 by 8 red
// pixels, and, compressed twice, a progressive JPEG of 5,000 by 5,000 pixels.
const (
	cmykJPEG = "H4sICLqhDWsCA2NteWsuanBnAPt/4/87Bj7HlPykVIYUBiBg+n+bwZlBhI9fiJ9XREhASFxURELOSFFORkbOVkdPxcjTwcfb3cHNNSCqOCkgNDfM1S2lIzW3vLqxqdEvoXd6T+204rrGGpAhjKLi4nJSctaKitY1wW7BNSSD/wcYRDgYOBgEWBiVGJgEGZkFGVmUGP4fYRBjYGRkZEABrGxAcREBNFEGkGpRHIoFMRXfYuBjYQRaxSzIwsBgz7CCkaU4jfn/TQChFBxsJQEAAA=="
	progJPEG = "H4sICLqhDWsCA3Byb2cuanBnAPt/4/8DBgEvN083BkZGBgZGIGT4f5vBmUGEj1+In1dESEBIXFREQs5IUU5GRs5WR0/FyNPBx9vdwc01IKo4KSA0N8zVLaUjNbe8urGp0S+hd3pP7bTiusYakCGMouLiclJy1oqK1jXBbsE1JIP/hxgEORg4GASYGZUYmAQZmQUZ/x9hEAU7FQWwgIQZ0YVZWP/fYuBhZmRgEmAWAHpugtxxoDoRAXTdAkBlHEDNjKxM9iAFgugKGMAKmBkZ7Rnr8ShggivAaQWbPcQK3G6wV7SHuZqBGSTxmYCTBAg5SaCegI0C9v9vAgBkeZZuCQIAAA=="
	hugeJPEG = "H4sIAAAAAAACA5Pv5uDYtZA3m4m5oCg/3chUL6sgneHteXvv0EKZ4x/fv5/DtfL2U5n/hTsvCIju8LTICIzdOImna1aMy8LoG0JXwiavLu5XeuHI8fBd1HbH+Y2Lm1/o88rorJbO+1Q19/uX1vMP5/wxzXf9WlGWZxbU5cHu/+R9of0q7960x0lX99yRWbN64bWI3aZWt3ZVvj02deNt4fL3d2bNmDWnbsuHkl8H/xw+uTI9f955/b0RdXtr3p/czZ8fvy++Yusd2xrPVezs0cprP5ZV77E2Nr38N/+n9xVm59XOq1NXLV4RHLl8j5yyvf3XGY8+zKmznn96b8YUza5Va/jq3l1+zjCowLmWPXKHQ3893TG12nBC0JLPR0/V9e2V2W1ZVpTz/MaZjdMev9i1o3DHev970zVLL2l+c93/277uf6tf4araVzF/n+8T7zVyFXx6cN2s3f8CJ6l4Djs0t3Hapyqe65p9t0/tlfBI9ZqblWp/PK7vroy15bbinGcRpwtLYu/8OL3vRXn83D3+F8//u83P3Ko4N6OahQEA2Ufp+tgCAAA="
)

func unpack(t testing.TB, packed []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	file, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// gps returns an EXIF block that says where a photo was taken, as a text that the test looks for.
func gps() []byte {
	b := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01")
	b = append(b, 0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 26) // the tag GPSInfo leads to the next directory
	b = append(b, 0, 0, 0, 0, 0, 1)
	return append(b, "\x00\x1b\x00\x02\x00\x00\x00\x07\x00\x00\x00\x2cCANARY 48.1486N 17.1077E"...)
}

// segments lists the markers of a JPEG file and checks that nothing follows the image.
func segments(t *testing.T, file []byte) (markers []byte) {
	t.Helper()
	if !bytes.HasSuffix(file, []byte("\xff\xd9")) {
		t.Error("something follows the image")
	}
	for rest := file[2:]; rest[1] != 0xda; {
		if rest[0] != 0xff {
			t.Fatalf("no marker: %x", rest[:2])
		}
		markers = append(markers, rest[1])
		rest = rest[2+binary.BigEndian.Uint16(rest[2:]):]
	}
	return slices.Compact(markers)
}

func TestPhotoKeepsOnlyPixels(t *testing.T) {
	t.Parallel()
	clean := inJPEG(t, flat(40, 20))
	tests := map[string][]byte{
		"where it was taken":  withSegment(clean, 0xe1, gps()),
		"XMP":                 withSegment(clean, 0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00CANARY")),
		"colour profile":      withSegment(clean, 0xe2, []byte("ICC_PROFILE\x00CANARY")),
		"captions":            withSegment(clean, 0xed, []byte("Photoshop 3.0\x00CANARY")),
		"comment":             withSegment(clean, 0xfe, []byte("CANARY")),
		"HTML after the end":  append(slices.Clone(clean), "<script>CANARY</script>"...),
		"zip after a PNG":     append(inPNG(t, flat(40, 20)), "PK\x03\x04CANARY"...),
		"text in a PNG":       afterHeader(inPNG(t, flat(40, 20)), chunk("eXIf", []byte("CANARY"))),
		"HTML in the header":  withSegment(clean, 0xe0, []byte("JFIF\x00<!doctype html><script>CANARY")),
		"metadata of a WebP":  append(webpOne(), "EXIF\x06\x00\x00\x00CANARY"...),
		"a film of the phone": append(slices.Clone(clean), strings.Repeat("\xff\xdaCANARY", 2*maxScans)...),
	}
	for name, file := range tests {
		t.Run(name, func(t *testing.T) {
			photo, preview, err := Photo(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, image := range []Image{photo, preview} {
				if bytes.Contains(image.Data, []byte("CANARY")) {
					t.Error("it survived")
				}
				if got := segments(t, image.Data); !bytes.Equal(got, []byte{0xdb, 0xc0, 0xc4}) {
					t.Errorf("segments %x", got) // tables and the frame: no APPn, no comment
				}
			}
		})
	}
}

func TestPhotoSizes(t *testing.T) {
	t.Parallel()
	sideways := withSegment(inJPEG(t, flat(2000, 1000)), 0xe1, exif(binary.BigEndian, 6))
	tests := []struct {
		name           string
		file           []byte
		photo, preview image.Point
	}{
		{"small", inJPEG(t, flat(40, 20)), image.Pt(40, 20), image.Pt(40, 20)},
		{"as large as may be", inJPEG(t, flat(1600, 100)), image.Pt(1600, 100), image.Pt(320, 20)},
		{"a little larger", inJPEG(t, flat(1601, 801)), image.Pt(1600, 800), image.Pt(320, 160)},
		{"high", inPNG(t, flat(700, 3200)), image.Pt(350, 1600), image.Pt(70, 320)},
		{"sideways", sideways, image.Pt(800, 1600), image.Pt(160, 320)},
		{"a line", inPNG(t, image.NewGray(image.Rect(0, 0, MaxSide, 1))), image.Pt(1600, 1), image.Pt(320, 1)},
		{"WebP", webpOne(), image.Pt(1, 1), image.Pt(1, 1)},
		{"16 bits", inPNG(t, image.NewNRGBA64(image.Rect(0, 0, 3200, 10))), image.Pt(1600, 5), image.Pt(320, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			photo, preview, err := Photo(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			for image, want := range map[*Image]image.Point{&photo: tt.photo, &preview: tt.preview} {
				config, err := jpeg.DecodeConfig(bytes.NewReader(image.Data))
				if err != nil || config.Width != want.X || config.Height != want.Y ||
					image.Width != want.X || image.Height != want.Y {
					t.Errorf("%d by %d, said to be %d by %d; want %v; %v", config.Width, config.Height,
						image.Width, image.Height, want, err)
				}
			}
		})
	}
}

func TestPhotoIsUpright(t *testing.T) {
	t.Parallel()
	corners := map[uint16]string{1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
		5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}
	stored := inJPEG(t, flat(1800, 900))
	for turn, corner := range corners {
		photo, preview, err := Photo(withSegment(stored, 0xe1, exif(binary.LittleEndian, turn)))
		if err != nil {
			t.Fatal(err)
		}
		for _, image := range []Image{photo, preview} {
			if got := redCorner(decoded(t, image)); got != corner {
				t.Errorf("orientation %d: red at the %s, want the %s", turn, got, corner)
			}
		}
	}
}

func decoded(t *testing.T, i Image) image.Image {
	t.Helper()
	picture, err := jpeg.Decode(bytes.NewReader(i.Data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func TestPhotoColours(t *testing.T) {
	t.Parallel()
	compressed := func(text string) []byte {
		packed, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return unpack(t, packed)
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 20, 20)) // transparent
	tests := map[string]struct {
		file []byte
		want color.RGBA
	}{
		"CMYK":        {compressed(cmykJPEG), color.RGBA{255, 0, 0, 255}},
		"progressive": {compressed(progJPEG), color.RGBA{255, 0, 0, 255}},
		"transparent": {inPNG(t, glass), color.RGBA{255, 255, 255, 255}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			photo, _, err := Photo(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if got := color.RGBAModel.Convert(decoded(t, photo).At(4, 4)).(color.RGBA); !near(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func near(a, b color.RGBA) bool {
	far := func(x, y uint8) bool { return max(x, y)-min(x, y) > 12 }
	return !far(a.R, b.R) && !far(a.G, b.G) && !far(a.B, b.B)
}

func TestAverageIsTheMeanOfTheArea(t *testing.T) {
	t.Parallel()
	row := image.NewGray(image.Rect(3, 5, 6, 8)) // 3 by 3, not at the origin
	for y := range 3 {
		for x, v := range []uint8{0, 90, 240} {
			row.SetGray(3+x, 5+y, color.Gray{v})
		}
	}
	got := average(row, image.Pt(2, 1))
	for x, want := range []uint8{30, 190} { // (0 + 90/2) / 1.5 and (90/2 + 240) / 1.5
		if c := got.NRGBAAt(x, 0); c != (color.NRGBA{want, want, want, 255}) {
			t.Errorf("pixel %d is %v, want %d", x, c, want)
		}
	}
	random := image.NewNRGBA(image.Rect(0, 0, 37, 41))
	for i := range random.Pix {
		random.Pix[i] = uint8(rand.Uint32()) | uint8(i%4/3*255)
	}
	if same := average(random, random.Rect.Size()); !bytes.Equal(same.Pix, random.Pix) {
		t.Error("a picture that fits has changed")
	}
}

func TestPhotoRefuses(t *testing.T) {
	t.Parallel()
	good := inJPEG(t, flat(40, 20))
	tests := []struct {
		name string
		file []byte
		want Reason
	}{
		{"nothing", nil, Format},
		{"HTML that is called a PNG", []byte("<!doctype html><script>alert(1)</script>"), Format},
		{"HTML that begins like a GIF", []byte("GIF89a/*<script>*/=1"), Format},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), Format},
		{"PDF", []byte("%PDF-1.7\n"), Format},
		{"iPhone's HEIC", []byte("\x00\x00\x00\x18ftypheic"), Format},
		{"a JPEG's start before HTML", []byte("\xff\xd8\xff<script>alert(1)</script>"), Damaged},
		{"50,000 pixels wide", claim(50_000, 1), Dimensions},
		{"50,000 pixels wide, as JPEG", claimJPEG(inJPEG(t, flat(8, 8)), 50_000, 8), Dimensions},
		{"26 megapixels", claim(5200, 5000), Dimensions},
		{"fewer pixels than it claims", claimJPEG(good, 4000, 3000), Damaged},
		{"100,000 scans", withScans(good, 100_000), Damaged},
		{"truncated", good[:len(good)/2], Damaged},
		{"too many bytes", append(slices.Clone(good), make([]byte, MaxBytes)...), TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			photo, preview, err := Photo(tt.file)
			var refused *Error
			if !errors.As(err, &refused) || refused.Reason != tt.want {
				t.Errorf("%v; want %s", err, tt.want)
			}
			if photo.Data != nil || preview.Data != nil {
				t.Error("refused, and yet a picture")
			}
			if err := CheckPhoto(tt.file); tt.want != Damaged && err == nil {
				t.Error("only the pixels show it")
			}
		})
	}
}

// claimJPEG changes the size in the header of a JPEG.
func claimJPEG(file []byte, w, h uint16) []byte {
	file = slices.Clone(file)
	at := bytes.Index(file, []byte("\xff\xc0"))
	binary.BigEndian.PutUint16(file[at+5:], h)
	binary.BigEndian.PutUint16(file[at+7:], w)
	return file
}

// TestPhotoMemory checks what the largest photo takes in memory: a progressive JPEG, whose coefficients are
// decoded before its pixels. Not parallel: it measures.
func TestPhotoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 25 megapixels")
	}
	twice, err := base64.StdEncoding.DecodeString(hugeJPEG)
	if err != nil {
		t.Fatal(err)
	}
	file := unpack(t, unpack(t, twice))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := Photo(file); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	const most = 430 << 20
	if taken := after.TotalAlloc - before.TotalAlloc; taken > most || taken < 300<<20 {
		t.Errorf("took %d MiB; the comments say about 400 MB", taken>>20)
	}
}

func TestNoiseFitsADocument(t *testing.T) {
	t.Parallel()
	noise := image.NewNRGBA(image.Rect(0, 0, PhotoSide, PhotoSide))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rand.Uint32())
		if i%4 == 3 {
			noise.Pix[i] = 255
		}
	}
	photo, err := asJPEG(noise)
	if err != nil || len(photo.Data) > 4<<20 {
		t.Errorf("%d bytes, %v", len(photo.Data), err)
	}
}

func BenchmarkPhoto(b *testing.B) {
	for _, size := range []image.Point{{4032, 3024}, {1600, 1200}} {
		file := inJPEG(b, flat(size.X, size.Y))
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Photo(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func FuzzPhoto(f *testing.F) {
	f.Add(inPNG(f, flat(8, 4)))
	f.Add(withSegment(inJPEG(f, flat(8, 4)), 0xe1, gps()))
	f.Add(webpLossless())
	f.Fuzz(func(t *testing.T, file []byte) {
		photo, preview, err := Photo(file)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) {
				t.Errorf("an error without a reason: %v", err)
			}
			return
		}
		for image, side := range map[*Image]int{&photo: PhotoSide, &preview: PreviewSide} {
			config, err := jpeg.DecodeConfig(bytes.NewReader(image.Data))
			if err != nil || config.Width != image.Width || max(config.Width, config.Height) > side {
				t.Errorf("%d by %d: %v", config.Width, config.Height, err)
			}
			segments(t, image.Data)
		}
	})
}
