package web

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/static"
	"postern/storage/storagetest"
)

// iconSite returns the site of one shop.
func iconSite(t *testing.T, settings shop.Settings) *Site {
	t.Helper()
	app := portal.New(storagetest.Open(t, portal.Collections()...), secrettest.Ring())
	settings.Name, settings.BaseURL, settings.SenderEmail = new("Shop"), new("https://a.test"),
		new("shop@a.test")
	if _, err := app.Operator().CreateShop(t.Context(), "main", settings); err != nil {
		t.Fatal(err)
	}
	whole, err := New(Config{App: app})
	if err != nil {
		t.Fatal(err)
	}
	return whole
}

func askIcon(t *testing.T, site *Site, path string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(http.MethodGet, "https://a.test"+path, http.NoBody)
	request.RequestURI = path // the host only in the header, as browsers send it
	response, err := site.Test(request, -1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// flag returns a picture whose left half is blue and whose right half is white.
func flag(t *testing.T, width, height int) []byte {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, color.White)
			if x < width/2 {
				picture.Set(x, y, color.NRGBA{B: 200, A: 255})
			}
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestIcon(t *testing.T) {
	t.Parallel()
	const none, blue, white = "00000000", "0000c8ff", "ffffffff"
	for _, test := range []struct {
		name     string
		settings shop.Settings
		want     map[image.Point]string
	}{
		{"no logo, no accent", shop.Settings{}, map[image.Point]string{
			{0, 0}: none, {31, 31}: none, {16, 1}: "23586aff", {5, 16}: "23586aff", {16, 18}: white,
			{16, 28}: "23586aff", {16, 5}: "23586aff",
		}},
		{"accent", shop.Settings{Accent: new("#0a5c36")},
			map[image.Point]string{{0, 0}: none, {16, 1}: "0a5c36ff", {16, 18}: white}},
		{"wide logo", shop.Settings{Logo: new(flag(t, 640, 160))}, map[image.Point]string{
			{0, 11}: none, {0, 12}: blue, {15, 19}: blue, {16, 19}: white, {31, 12}: white, {31, 20}: none,
		}},
		{"tall logo", shop.Settings{Logo: new(flag(t, 80, 160))}, map[image.Point]string{
			{7, 0}: none, {8, 0}: blue, {15, 31}: blue, {16, 31}: white, {23, 0}: white, {24, 0}: none,
		}},
		{"small logo", shop.Settings{Logo: new(flag(t, 4, 4))},
			map[image.Point]string{{0, 0}: blue, {15, 31}: blue, {16, 0}: white, {31, 31}: white}},
		{"logo of odd size", shop.Settings{Logo: new(flag(t, 50, 1))},
			map[image.Point]string{{0, 15}: blue, {31, 15}: white, {0, 16}: none}},
	} {
		t.Run(test.name, func(t *testing.T) {
			site := iconSite(t, test.settings)
			asked := askIcon(t, site, "/favicon.ico")
			if asked.StatusCode != http.StatusFound {
				t.Fatalf("status %d", asked.StatusCode)
			}
			icon := askIcon(t, site, asked.Header.Get("Location"))
			got := []string{icon.Status, icon.Header.Get("Content-Type"), icon.Header.Get("Cache-Control")}
			if diff := cmp.Diff([]string{"200 OK", "image/png", static.Cache}, got); diff != "" {
				t.Fatalf("%s: %s", asked.Header.Get("Location"), diff)
			}
			picture, err := png.Decode(icon.Body)
			if err != nil || picture.Bounds() != image.Rect(0, 0, iconSide, iconSide) {
				t.Fatalf("picture %v, error %v", picture, err)
			}
			for at, want := range test.want {
				c := color.NRGBAModel.Convert(picture.At(at.X, at.Y)).(color.NRGBA)
				if got := fmt.Sprintf("%02x%02x%02x%02x", c.R, c.G, c.B, c.A); got != want {
					t.Errorf("at %s the icon is %s, want %s", at, got, want)
				}
			}
		})
	}
}

// TestIconUnderOtherNames checks that only the current icon's name is served.
func TestIconUnderOtherNames(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]shop.Settings{"accent": {Accent: new("#0a5c36")},
		"logo": {Logo: new(flag(t, 4, 4))}} {
		site := iconSite(t, settings)
		for _, path := range []string{"/brand/icon-.png", "/brand/icon-23586a.png", "/brand/icon.png"} {
			if status := askIcon(t, site, path).StatusCode; status != http.StatusNotFound {
				t.Errorf("%s: %s gives %d", name, path, status)
			}
		}
	}
}

// TestPicturesMayBeShownElsewhere checks that pictures allow other sites to show them, which webmail may
// require for the logo.
func TestPicturesMayBeShownElsewhere(t *testing.T) {
	t.Parallel()
	logo := flag(t, 640, 160)
	site := iconSite(t, shop.Settings{Logo: &logo})
	icon := askIcon(t, site, "/favicon.ico").Header.Get("Location")
	for _, path := range []string{icon, strings.Replace(icon, "icon-", "", 1)} {
		picture := askIcon(t, site, path)
		if picture.StatusCode != http.StatusOK || picture.Header.Get(resourcePolicy) != "cross-origin" {
			t.Errorf("%s: %s, %s %q", path, picture.Status, resourcePolicy,
				picture.Header.Get(resourcePolicy))
		}
	}
}

// TestIconIsDrawnOnce checks that the icon is drawn once for each version of a shop.
func TestIconIsDrawnOnce(t *testing.T) {
	var kept icons
	green, red := shop.Shop{ID: "a"}, shop.Shop{ID: "a"}
	green.Brand.Accent, red.Brand.Accent = "#0a5c36", "#a01010"
	first, err := kept.of(green)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() { _, _ = kept.of(green) }); n > 5 {
		t.Errorf("an icon that is drawn already takes %v allocations", n)
	}
	second, err := kept.of(red)
	if err != nil || bytes.Equal(first, second) {
		t.Errorf("a new accent has the old icon, error %v", err)
	}
	if len(kept.drawn) != 1 {
		t.Errorf("%d icons of one shop are kept", len(kept.drawn))
	}
}
