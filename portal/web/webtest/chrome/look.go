package chrome

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
)

// Look describes how a page is displayed.
type Look struct {
	Width  int // in CSS pixels, 0 for 1280; a phone below 700
	Dark   bool
	Forced bool // forced colours, as in a high-contrast mode of the system
	Print  bool
	Motion bool // the system does not ask for reduced motion
}

const (
	wide      = 1280
	phone     = 700 // smaller widths are phones
	wideTall  = 900
	phoneTall = 780
	sharp     = 2 // pixels per CSS pixel in screenshots
)

// Look changes how the page is displayed.
func (t *Tab) Look(look Look) {
	t.t.Helper()
	t.look(look, 1)
}

func (t *Tab) look(look Look, scale float64) {
	t.t.Helper()
	if look.Width == 0 {
		look.Width = wide
	}
	screen := emulation.SetDeviceMetricsOverrideParams{Width: int64(look.Width), Height: wideTall,
		DeviceScaleFactor: scale}
	if look.Width < phone {
		screen.Height, screen.Mobile = phoneTall, true
	}
	call(t, emulation.SetDeviceMetricsOverride, screen)
	t.width = look.Width
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: word(look.Dark, "dark", "light")},
		{Name: "forced-colors", Value: word(look.Forced, "active", "none")},
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

// Screenshot displays the page with the look and saves all of it as name.png in the folder
// PORTAL_TEST_PICTURES. If that is not set, Screenshot does nothing.
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

// Overhang returns by how many CSS pixels the page is wider than the window, or 0.
func (t *Tab) Overhang() int {
	t.t.Helper()
	return max(0, Evaluate[int](t, "document.documentElement.scrollWidth")-t.width)
}

// PDF returns the page as printed on A4, for viewing.
func (t *Tab) PDF() []byte {
	t.t.Helper()
	const width, height = 210 / 25.4, 297 / 25.4 // inches
	return call(t, page.PrintToPDF,
		page.PrintToPDFParams{PaperWidth: width, PaperHeight: height, PreferCSSPageSize: new(true)}).Data
}
