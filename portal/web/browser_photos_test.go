package web_test

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"postern/portal/web/webtest/chrome"
)

// photoFiles writes photos, each a gradient of another colour and size, and returns their paths.
func photoFiles(t *testing.T, sizes ...image.Point) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	for n, size := range sizes {
		picture := image.NewRGBA(image.Rectangle{Max: size})
		for y := range size.Y {
			for x := range size.X {
				picture.SetRGBA(x, y, color.RGBA{uint8(90 * n), uint8(255 * x / size.X), uint8(255 * y / size.Y), 255})
			}
		}
		path := filepath.Join(dir, fmt.Sprintf("IMG_%d.JPG", n))
		file, err := os.Create(path)
		if err == nil {
			err = jpeg.Encode(file, picture, nil)
		}
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// returnsWithPhotos shows the form with photos after a fault, and the order with the return.
func (g gallery) returnsWithPhotos() {
	tab := g.shopper
	paths := photoFiles(g.t, image.Pt(1200, 900), image.Pt(300, 900), image.Pt(900, 300), image.Pt(400, 400), image.Pt(20, 20))
	tab.Visit("/orders/" + g.lang + "-shipped/return")
	tab.ChooseFiles("#f-photos", paths[0])
	tab.Follow("main form button.main")
	g.sees("order-return-photos-error", tab)
	g.sendPhotos(tab, paths)
	g.sees("order-return-photos", tab)
}

// sendPhotos fills in the form to return an item, chooses photos, and sends it.
func (g gallery) sendPhotos(tab *chrome.Tab, paths []string) {
	tab.Fill("#f-line-0", "1")
	tab.Fill("#f-reason", "damaged")
	tab.ChooseFiles("#f-photos", paths...)
	tab.Follow("main form button.main")
}

// TestBrowserPhotos chooses photos in a browser, sees them on the order's page, and opens one: a page of its
// own that shows only the photo.
func TestBrowserPhotos(t *testing.T) {
	t.Parallel()
	s := newStand(t, chrome.Start(t))
	s.fill(t, s.Key("main"), jana)
	tab := s.tab(t, chrome.Options{})
	s.signIn(t, tab, jana)
	order := "/orders/jana-shipped"
	tab.Visit(order + "/return")
	gallery{stand: s, t: t}.sendPhotos(tab, photoFiles(t, image.Pt(2400, 1200), image.Pt(60, 80)))
	if tab.Path() != order {
		t.Fatalf("sent to %s: %s", tab.Path(), tab.Text("main"))
	}
	const sizes = `[...document.querySelectorAll(".photos img")].map((i) => (i.scrollIntoView(), i.complete && i.naturalWidth) || 0).join()`
	tab.WaitUntil(sizes + ` === "320,60"`)
	tab.Follow(".photos a")
	if got := chrome.Evaluate[string](tab, `document.contentType + " " + document.images[0].naturalWidth`); got != "image/jpeg 1600" {
		t.Errorf("the photo itself: %s", got)
	}
}
