package bank

import (
	"image"
	"image/color"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// moduleSize is the width of a module in pixels.
const moduleSize = 4

var pathRun = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// painted draws a Picture as a browser would.
func painted(t *testing.T, p Picture) image.Image {
	t.Helper()
	if rest := pathRun.ReplaceAllString(p.Path, ""); rest != "" {
		t.Fatalf("the path has %q", rest)
	}
	drawing := image.NewGray(image.Rect(0, 0, p.Size*moduleSize, p.Size*moduleSize))
	for i := range drawing.Pix {
		drawing.Pix[i] = 0xff
	}
	for _, run := range pathRun.FindAllStringSubmatch(p.Path, -1) {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(run[i+1])
		}
		for x := n[0] * moduleSize; x < (n[0]+n[2])*moduleSize; x++ {
			for y := n[1] * moduleSize; y < (n[1]+1)*moduleSize; y++ {
				drawing.SetGray(x, y, color.Gray{})
			}
		}
	}
	return drawing
}

// TestQRIsRead draws payments and reads them with another program.
func TestQRIsRead(t *testing.T) {
	t.Parallel()
	payments := map[string]Payment{
		"EPC":           {Name: "Müller & Söhne", IBAN: "DE71110220330123456789", Amount: euro(1230), Reference: "Bestellung 4711"},
		"SPAYD":         {Name: "Obchod", IBAN: "CZ5855000000001265098001", Amount: crowns(48050), VariableSymbol: "1234567890"},
		"PAY by square": {Name: "Obchod", IBAN: "SK4523585719461382368397", Amount: euro(2530), VariableSymbol: "47"},
		"the longest": {Name: strings.Repeat("N", 70), IBAN: "MT84MALT011000012345MTLCAST001S", BIC: "DEUTDEFF500",
			Amount: euro(99999999999), Reference: strings.Repeat("r", 140)},
	}
	for name, payment := range payments {
		t.Run(name, func(t *testing.T) {
			code, ok := payment.Code("")
			picture, err := QR(code.Payload)
			if !ok || err != nil {
				t.Fatal(code, err)
			}
			bitmap, err := gozxing.NewBinaryBitmapFromImage(painted(t, picture))
			if err != nil {
				t.Fatal(err)
			}
			read, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
				gozxing.DecodeHintType_CHARACTER_SET: "UTF-8",
			})
			if err != nil || read.GetText() != code.Payload {
				t.Errorf("%v, %v; want %q", read, err, code.Payload)
			}
		})
	}
	if _, err := QR(strings.Repeat("x", 5000)); err == nil {
		t.Error("drew more than fits")
	}
}

func BenchmarkQR(b *testing.B) {
	code, _ := Payment{Name: "Obchod", IBAN: "SK4523585719461382368397", Amount: euro(2530), VariableSymbol: "47"}.Code("")
	for b.Loop() {
		if _, err := QR(code.Payload); err != nil {
			b.Fatal(err)
		}
	}
}
