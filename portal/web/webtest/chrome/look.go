package chrome

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
)

// Look is how a page is shown.
type Look struct {
	Width  int // in CSS pixels, 0 for 1280; below 700 it is a phone
	Dark   bool
	Print  bool
	Motion bool // the system does not ask for less motion
}

const (
	wide      = 1280
	phone     = 700 // widths below are a phone's
	wideTall  = 900
	phoneTall = 780
	sharp     = 2 // dots a CSS pixel, in pictures
)

// Look shows the page otherwise.
func (t *Tab) Look(look Look) {
	t.t.Helper()
	t.look(look, 1)
}

func (t *Tab) look(look Look, scale float64) {
	t.t.Helper()
	if look.Width == 0 {
		look.Width = wide
	}
	screen := emulation.SetDeviceMetricsOverrideParams{Width: int64(look.Width), Height: wideTall, DeviceScaleFactor: scale}
	if look.Width < phone {
		screen.Height, screen.Mobile = phoneTall, true
	}
	call(t, emulation.SetDeviceMetricsOverride, screen)
	t.width = look.Width
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: word(look.Dark, "dark", "light")},
		{Name: "prefers-reduced-motion", Value: word(look.Motion, "no-preference", "reduce")},
	}}
	media.Media = word(look.Print, "print", "")
	call(t, emulation.SetEmulatedMedia, media)
}

func word(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// Screenshot looks at the page and writes the whole of it, as name.png, into the folder that
// PORTAL_TEST_PICTURES names. Without one it does nothing.
func (t *Tab) Screenshot(name string, look Look) {
	t.t.Helper()
	folder := os.Getenv("PORTAL_TEST_PICTURES")
	if folder == "" {
		return
	}
	t.look(look, sharp)
	picture := call(t, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(true)})
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.t.Fatalf("folder of pictures: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture.Data, 0o600); err != nil {
		t.t.Errorf("write a picture: %v", err)
	}
	t.Look(look)
}

// Overhang is how many CSS pixels the page is wider than the window, 0 for none.
func (t *Tab) Overhang() int {
	t.t.Helper()
	return max(0, Evaluate[int](t, "document.documentElement.scrollWidth")-t.width)
}

// PDF is the page as it is printed on A4, to be looked at.
func (t *Tab) PDF() []byte {
	t.t.Helper()
	const width, height = 210 / 25.4, 297 / 25.4 // inches
	return call(t, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: width, PaperHeight: height, PreferCSSPageSize: new(true)}).Data
}
