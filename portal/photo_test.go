package portal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/inquiry"
	"postern/portal/shop"
	"postern/portal/validate"
)

const canary = "CANARY 48.1486N 17.1077E"

// jpegPhoto returns a photo of one colour that says in its EXIF block where it was taken.
func jpegPhoto(t *testing.T, width, height int, grey uint8) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, width, height))
	for i := range picture.Pix {
		picture.Pix[i] = grey
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x00" + canary
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return slices.Concat(b.Bytes()[:2], segment, b.Bytes()[2:])
}

// pngPhoto returns a PNG of one pixel.
func pngPhoto(t *testing.T, red uint8) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 1, 1))
	picture.Set(0, 0, color.RGBA{red, 0, 0, 255})
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withPhotos returns a return request with photos.
func withPhotos(t *testing.T, s portal.Shopper, photos ...[]byte) portal.Request {
	t.Helper()
	r := giveBack(t, s)
	r.Photos = photos
	return r
}

// sendMany makes the order one of a hundred books, enough for many returns.
func sendMany(h *testApp) {
	h.put(orderJSON("sent", jan, `"quantity":"1"`, `"quantity":"100","sku":"B-7"`,
		`"updated_at":"2026-03-05T10:00:00Z"`, `"updated_at":"2026-03-05T10:30:00Z"`))
}

// isJPEG reports whether a file is a JPEG image of the size without anything that was in the original.
func isJPEG(t *testing.T, file []byte, width, height int) {
	t.Helper()
	config, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil || config.Width != width || config.Height != height || bytes.Contains(file, []byte("CANARY")) {
		t.Errorf("%d by %d, %v; want %d by %d without a place", config.Width, config.Height, err, width, height)
	}
}

// TestReturnPhotos checks that photos are re-encoded, listed with their return, and readable by their owner
// and by the shop, and by nobody else.
func TestReturnPhotos(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	other := h.open("other", shop.Settings{})
	r := withPhotos(t, s, jpegPhoto(t, 3200, 1000, 9), pngPhoto(t, 1), pngPhoto(t, 1))
	if err := s.RequestReturn(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	sent, err := s.Correspondence(t.Context(), "sent")
	if err != nil || len(sent.Requests) != 1 || len(sent.Requests[0].Photos) != 2 {
		t.Fatalf("%+v, %v: the PNG was sent twice", sent, err)
	}
	if p := sent.Requests[0].Photos[0]; p.Width != 1600 || p.Height != 500 || p.Size == 0 {
		t.Errorf("%+v", p)
	}
	photo, err := s.ReturnPhoto(t.Context(), "sent", r.Form, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	isJPEG(t, photo, 1600, 500)
	preview, err := s.ReturnPhoto(t.Context(), "sent", r.Form, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	isJPEG(t, preview, 320, 100)
	if strings.Contains(h.everything(), "CANARY") {
		t.Error("the store holds the place")
	}
	ofShop, err := h.feed().ReturnPhoto(t.Context(), r.Form, 1)
	if err != nil || !bytes.Equal(ofShop, photo) {
		t.Errorf("the shop gets %d bytes, %v", len(ofShop), err)
	}
	evas := h.signIn(eva)
	h.shop = other
	for name, read := range map[string]func() error{
		"no photo 0":             func() error { _, err := s.ReturnPhoto(t.Context(), "sent", r.Form, 0, false); return err },
		"no photo 3":             func() error { _, err := s.ReturnPhoto(t.Context(), "sent", r.Form, 3, false); return err },
		"another order":          func() error { _, err := s.ReturnPhoto(t.Context(), "new", r.Form, 1, false); return err },
		"another return":         func() error { _, err := s.ReturnPhoto(t.Context(), "sent", s.NewForm(), 1, false); return err },
		"another customer":       func() error { _, err := evas.ReturnPhoto(t.Context(), "sent", r.Form, 1, false); return err },
		"another customer's own": func() error { _, err := evas.ReturnPhoto(t.Context(), "Eva's", r.Form, 1, true); return err },
		"another shop":           func() error { _, err := h.feed().ReturnPhoto(t.Context(), r.Form, 1); return err },
	} {
		if err := read(); validate.KindOf(err) != validate.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmailsSayHowManyPhotos(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	if err := s.RequestReturn(t.Context(), withPhotos(t, s, pngPhoto(t, 1), pngPhoto(t, 99))); err != nil {
		t.Fatal(err)
	}
	h.work()
	mails := h.deliver()
	for to, want := range map[string]string{support: "2 photos. Your shop system can get them through the API.",
		jan: "2 photos"} {
		if _, found := mailWith(mails, to, []string{want}); !found {
			t.Errorf("no email to %s says %q:\n%s", to, want, allTexts(mails))
		}
	}
}

// TestBadPhotosAreRefused checks that a bad photo is reported at its field with its number, and that then
// nothing is stored.
func TestBadPhotosAreRefused(t *testing.T) {
	t.Parallel()
	good, sized := pngPhoto(t, 1), jpegPhoto(t, 40, 20, 9)
	wide := bytes.Clone(sized) // claims to be 50,000 pixels wide
	at := bytes.Index(wide, []byte("\xff\xc0"))
	copy(wide[at+7:], []byte{0xc3, 0x50})
	tests := map[string]struct {
		photos [][]byte
		want   string
	}{
		"six":                   {slices.Repeat([][]byte{good}, 6), "photo.many: 5"},
		"HTML":                  {[][]byte{good, []byte("<!doctype html><script>alert(1)</script>")}, "photo.format: 2"},
		"empty":                 {[][]byte{{}}, "photo.format: 1"},
		"50,000 pixels wide":    {[][]byte{wide}, "photo.dimensions: 1"},
		"cut short":             {[][]byte{good, sized[:len(sized)-20]}, "photo.damaged: 2"},
		"a byte more than 5 MB": {[][]byte{append(bytes.Clone(good), make([]byte, 5<<20)...)}, "photo.too_large: 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, s := inquiryApp(t)
			err := s.RequestReturn(t.Context(), withPhotos(t, s, tt.photos...))
			var got []string
			for _, wrong := range validate.FieldErrors(err) {
				got = append(got, wrong.Field+" "+wrong.Key+": "+wrong.Args["N"]+wrong.Args["Most"])
			}
			if diff := cmp.Diff([]string{"photos " + tt.want}, got); diff != "" {
				t.Error(diff)
			}
			if stored := h.everything(); strings.Contains(stored, "jpeg") || strings.Contains(stored, "Torn.") {
				t.Error("something was stored")
			}
		})
	}
}

// TestPhotosAreDecodedLast checks that another fault of the form is reported before a photo is decoded.
func TestPhotosAreDecodedLast(t *testing.T) {
	t.Parallel()
	_, s := inquiryApp(t)
	broken := jpegPhoto(t, 40, 20, 9)
	r := withPhotos(t, s, broken[:len(broken)-20])
	r.Reason = "boredom"
	wrong := validate.FieldErrors(s.RequestReturn(t.Context(), r))
	if len(wrong) != 1 || wrong[0].Field != "reason" {
		t.Errorf("%+v", wrong)
	}
}

// TestFormWithPhotosSentTwice checks that the same form creates one return with one set of photos, and that
// other photos under its id are a conflict that changes nothing.
func TestFormWithPhotosSentTwice(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	r := withPhotos(t, s, pngPhoto(t, 1), pngPhoto(t, 99))
	for range 2 {
		if err := s.RequestReturn(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(h.everything(), `"preview"`); got != 2 {
		t.Errorf("%d photos are stored", got)
	}
	before, err := s.ReturnPhoto(t.Context(), "sent", r.Form, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	r.Photos = [][]byte{pngPhoto(t, 200)}
	if err := s.RequestReturn(t.Context(), r); validate.KindOf(err) != validate.Conflict {
		t.Errorf("other photos: %v", err)
	}
	if after, err := s.ReturnPhoto(t.Context(), "sent", r.Form, 1, false); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the photo has changed; %v", err)
	}
}

// TestPhotosWithoutReturnAreRemoved checks that the sweep keeps the photos of stored returns for good, and
// removes those whose return was not stored, an hour later.
func TestPhotosWithoutReturnAreRemoved(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	sendMany(h)
	kept := withPhotos(t, s, pngPhoto(t, 1))
	if err := s.RequestReturn(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	for range inquiry.MaxRequests - 1 {
		if err := s.RequestReturn(t.Context(), giveBack(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RequestReturn(t.Context(), withPhotos(t, s, pngPhoto(t, 99))); validate.KindOf(err) != validate.Conflict {
		t.Fatalf("one return too many: %v", err)
	}
	photos := func() int { return strings.Count(h.everything(), `"preview"`) }
	h.clock.Move(59 * time.Minute)
	if h.sweep(); photos() != 2 {
		t.Errorf("%d photos before the hour has passed", photos())
	}
	h.clock.Move(time.Minute)
	if h.sweep(); photos() != 1 {
		t.Errorf("%d photos after an hour", photos())
	}
	if strings.Contains(h.everything(), "unclaimed_until") {
		t.Error("the photo of a return is still looked at")
	}
	if _, err := s.ReturnPhoto(t.Context(), "sent", kept.Form, 1, false); err != nil {
		t.Errorf("the photo of a return: %v", err)
	}
}

func TestPhotosAreLimited(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	sendMany(h)
	for n := range 12 {
		var photos [][]byte
		for i := range 5 {
			photos = append(photos, pngPhoto(t, uint8(4*(5*n+i))))
		}
		if err := s.RequestReturn(t.Context(), withPhotos(t, s, photos...)); err != nil {
			t.Fatal(err)
		}
	}
	one := withPhotos(t, s, pngPhoto(t, 255))
	if err := s.RequestReturn(t.Context(), one); keyOf(err) != "photo.too_many" {
		t.Errorf("photo 61: %v", err)
	}
	if err := s.RequestReturn(t.Context(), giveBack(t, s)); err != nil {
		t.Errorf("without a photo: %v", err)
	}
	h.clock.Move(24 * time.Hour)
	if err := s.RequestReturn(t.Context(), one); err != nil {
		t.Errorf("a day later: %v", err)
	}
	for range 20 {
		if err := s.BeginUpload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.BeginUpload(t.Context()); keyOf(err) != "photo.too_many_uploads" {
		t.Errorf("upload 21: %v", err)
	}
}

// TestPhotosInDownloadAndErasure checks that the download of a customer's data holds the photos, and that
// the erasure of the account removes them and nobody else's.
func TestPhotosInDownloadAndErasure(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	h.put(orderJSON("Eva's sent", eva))
	evas := h.signIn(eva)
	r, hers := withPhotos(t, s, pngPhoto(t, 1), pngPhoto(t, 99)), withPhotos(t, s, pngPhoto(t, 1))
	order, err := evas.Order(t.Context(), "Eva's sent")
	hers.Number, hers.Mark, hers.Quantities = "Eva's sent", order.LinesVersion(), map[int]string{0: "1"}
	if err := errors.Join(err, s.RequestReturn(t.Context(), r), evas.RequestReturn(t.Context(), hers)); err != nil {
		t.Fatal(err)
	}
	photo, err := s.ReturnPhoto(t.Context(), "sent", r.Form, 2, false)
	if err != nil {
		t.Fatal(err)
	}
	s = h.shopper(h.signInByCode(jan, "another browser"))
	var file bytes.Buffer
	if err := s.Export(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	var data struct {
		Photos []struct {
			Order, Request, Type, Data string
			Number                     int
		}
	}
	if err := json.Unmarshal(file.Bytes(), &data); err != nil || len(data.Photos) != 2 {
		t.Fatalf("%d photos in the download, %v", len(data.Photos), err)
	}
	for _, p := range data.Photos {
		if p.Order != "sent" || p.Request != r.Form || p.Type != "image/jpeg" ||
			p.Number == 2 && p.Data != base64.StdEncoding.EncodeToString(photo) {
			t.Errorf("%+v", p)
		}
	}
	h.erase(s)
	if _, err := h.feed().ReturnPhoto(t.Context(), r.Form, 1); validate.KindOf(err) != validate.NotFound {
		t.Errorf("after the erasure: %v", err)
	}
	if got := strings.Count(h.everything(), `"preview"`); got != 1 {
		t.Errorf("%d photos are left; Eva's one should be", got)
	}
	if _, err := evas.ReturnPhoto(t.Context(), "Eva's sent", hers.Form, 1, true); err != nil {
		t.Errorf("Eva's: %v", err)
	}
}
