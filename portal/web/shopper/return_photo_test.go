package shopper_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"postern/portal/web/webtest"
)

// photo returns a photo as a phone takes it: its metadata say where.
func photo(t *testing.T, width, height int) webtest.File {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x00CANARY 48.1486N 17.1077E"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return webtest.File{Name: "IMG_1234.JPG", Type: "image/jpeg",
		Data: slices.Concat(b.Bytes()[:2], segment, b.Bytes()[2:])}
}

// noise returns a PNG of about the given number of bytes, so that the form is a large body.
func noise(t *testing.T, size int) webtest.File {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 1000, size/1000))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(i * i >> 7)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return webtest.File{Name: "\u202egpj.exe", Type: "image/png", Data: b.Bytes()}
}

// returnForm opens the form to return an order of two books.
func returnForm(t *testing.T) (*webtest.Installation, *webtest.Browser) {
	t.Helper()
	i := helped(t)
	put(t, i, "A/1", fields{"fulfillment": "delivered", "lines": []fields{
		{"name": "A book", "sku": "B-7", "quantity": "2", "total": "12.50"}}})
	b := signedIn(i)
	b.Get("/orders/A%2F1/return").Want(http.StatusOK)
	return i, b
}

func filled() map[string]string {
	return map[string]string{"line/0": "2", "reason": "damaged", "text": "Torn."}
}

// TestReturnWithPhotos checks that photos are chosen without scripts, shown with their return on the order's
// page, and sent only to their owner, as pictures in which no browser runs anything.
func TestReturnWithPhotos(t *testing.T) {
	t.Parallel()
	i, b := returnForm(t)
	if form := b.Page; form.Attr("[name=photos]", "accept") != "image/jpeg,image/png,image/webp" ||
		!strings.Contains(form.Text("#f-photos-hint"), "Up to 5") || !strings.Contains(form.Text("label[for=f-photos]"), "optional") {
		t.Errorf("the form: %s", form.Text("main form"))
	}
	b.SubmitFiles("main form", filled(), map[string][]webtest.File{
		"photos": {photo(t, 2000, 1000), noise(t, 200_000)}}).Want(http.StatusOK)
	page := b.Page
	if page.Text(".flash") != "Return request sent to the shop." {
		t.Fatalf("the page: %s", page.Text("main"))
	}
	const pictures = "main .return .photos a img"
	if got := page.Attrs(pictures, "alt"); !slices.Equal(got, []string{"Photo 1 of your return", "Photo 2 of your return"}) {
		t.Errorf("alternative texts: %q", got)
	}
	if page.Attr(pictures, "width") != "320" || page.Attr(pictures, "height") != "160" {
		t.Errorf("the picture is said to be %s by %s", page.Attr(pictures, "width"), page.Attr(pictures, "height"))
	}
	full, preview := page.Attrs("main .photos a", "href")[0], page.Attr(pictures, "src")
	for path, size := range map[string]image.Point{full: image.Pt(1600, 800), preview: image.Pt(320, 160)} {
		got := b.Get(path).Want(http.StatusOK)
		config, err := jpeg.DecodeConfig(strings.NewReader(got.Body))
		if err != nil || image.Pt(config.Width, config.Height) != size || strings.Contains(got.Body, "CANARY") {
			t.Errorf("%s: %d by %d, %v", path, config.Width, config.Height, err)
		}
		policy := got.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "script-src 'none'") || !strings.HasSuffix(policy, "; sandbox") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
		for name, want := range map[string]string{"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff",
			"Cache-Control":                "no-store",
			"Content-Disposition":          `inline; filename="photo-1.jpg"`,
			"Cross-Origin-Resource-Policy": "same-origin"} {
			if got := got.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	stranger, visitor := i.Browser(), i.Browser()
	i.SignIn(stranger, "eva@example.com")
	put(t, i, "E/1", fields{"email": "eva@example.com"})
	for _, path := range []string{full, preview, strings.Replace(full, "A%2F1", "E%2F1", 1)} {
		stranger.Get(path).Want(http.StatusNotFound)
		if visitor.Get(path); visitor.Page.URL.Path != "/sign-in" {
			t.Errorf("a visitor sees %s", visitor.Page.URL)
		}
	}
	for _, path := range []string{"/0", "/3", "/x", "/1/other"} {
		b.Get(strings.TrimSuffix(full, "/1") + path).Want(http.StatusNotFound)
	}
	if log := i.Log.String(); strings.Contains(log, "IMG_1234") || strings.Contains(log, "gpj.exe") {
		t.Error("the log holds the name of a file")
	}
}

// TestFailedFormAsksForPhotosAgain checks that a form with a fault, in a photo or elsewhere, keeps what was
// typed and asks at the field to choose the photos again.
func TestFailedFormAsksForPhotosAgain(t *testing.T) {
	t.Parallel()
	const again = "Choose your photos again. They weren’t saved."
	html := webtest.File{Name: "a.png", Type: "image/png", Data: []byte("<!doctype html><script>alert(1)</script>")}
	tests := map[string]struct {
		change map[string]string
		photos []webtest.File
		want   string
	}{
		"a type that lies": {nil, []webtest.File{photo(t, 8, 8), html}, "Photo 2 isn’t a JPEG, PNG or WebP image. " + again},
		"six":              {nil, slices.Repeat([]webtest.File{photo(t, 8, 8)}, 6), "Choose no more than 5 photos. " + again},
		"too large": {nil, []webtest.File{{Name: "a.jpg", Data: append(photo(t, 8, 8).Data, make([]byte, 5<<20)...)}},
			"Photo 1 is larger than 5 MB. " + again},
		"another fault":  {map[string]string{"reason": ""}, []webtest.File{photo(t, 8, 8)}, again},
		"without photos": {map[string]string{"reason": ""}, nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, b := returnForm(t)
			values := filled()
			for name, value := range tt.change {
				values[name] = value
			}
			page := b.SubmitFiles("main form", values, map[string][]webtest.File{"photos": tt.photos}).
				Want(http.StatusUnprocessableEntity)
			if got := page.Text("#f-photos-error"); got != tt.want {
				t.Errorf("at the field: %q, want %q", got, tt.want)
			}
			if listed := page.Has(".field-errors a[href='#f-photos']"); listed != (tt.want != "") {
				t.Errorf("the summary: %s", page.Text(".field-errors"))
			}
			if page.Text("main textarea") != "Torn." || page.Attr("[name='line/0'] [selected]", "value") != "2" {
				t.Errorf("what was typed is lost: %s", page.Text("main form"))
			}
			b.SubmitFiles("main form", filled(), map[string][]webtest.File{"photos": {photo(t, 8, 8)}}).Want(http.StatusOK)
			if !b.Page.Has("main .photos img") {
				t.Error("the photo is not shown after the second attempt")
			}
		})
	}
}

// TestHostileForms sends what no browser sends. Nothing is stored, and the site goes on.
func TestHostileForms(t *testing.T) {
	t.Parallel()
	i, b := returnForm(t)
	typed := url.Values{"form": {b.Page.Attr("[name=form]", "value")}, "mark": {b.Page.Attr("[name=mark]", "value")},
		"owner": {b.Page.Attr("[name=owner]", "value")}, "line/0": {"1"}, "reason": {"damaged"}}
	form := b.Page
	text := func(name, value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	var whole strings.Builder
	for name, values := range typed {
		whole.WriteString(text(name, values[0]))
	}
	fileAt := func(name string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"a.jpg\"\r\n\r\n" + string(photo(t, 8, 8).Data) + "\r\n"
	}
	const multipart, end = "multipart/form-data; boundary=b", "--b--\r\n"
	strange := strings.Replace(whole.String(), typed.Get("owner"), "somebody-else", 1)
	tests := []struct {
		name, kind, body string
		header           map[string]string
		status           int
	}{
		{"no boundary", "multipart/form-data", whole.String() + end, nil, 400},
		{"cut short", multipart, whole.String() + fileAt("photos"), nil, 400},
		{"a file as a text", multipart, whole.String() + fileAt("text") + end, nil, 400},
		{"a text as a file", multipart, whole.String() + text("photos", "x") + end, nil, 400},
		{"two owners", multipart, whole.String() + text("owner", "x") + end, nil, 400},
		{"10,000 parts", multipart, strings.Repeat("--b\r\n\r\n\r\n", 10_000) + end, nil, 413},
		{"compressed", multipart, whole.String() + end, map[string]string{"Content-Encoding": "gzip"}, 415},
		{"compressed, by another name", multipart, whole.String() + end, map[string]string{"Content-Encoding": "br"}, 415},
		{"of another site", multipart, whole.String() + end, map[string]string{"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}, 403},
		{"of another account", multipart, strange + end, nil, 403},
		{"in capitals", "Multipart/Form-Data; boundary=b", whole.String() + end, nil, 415},
		{"27 MB", multipart, whole.String() + strings.Repeat("x", 27<<20) + end, nil, 413},
	}
	for _, tt := range tests {
		header := map[string]string{"Content-Type": tt.kind, "Sec-Fetch-Site": "same-origin"}
		for name, value := range tt.header {
			header[name] = value
		}
		page := b.Send(webtest.Request{Method: http.MethodPost, Path: "/orders/A%2F1/return", Header: header, Body: tt.body})
		if page.Status != tt.status {
			t.Errorf("%s: status %d, want %d: %.300s", tt.name, page.Status, tt.status, page.Text("main"))
		}
	}
	for _, path := range []string{"/orders/A%2F1/message", "/profile", "/sign-in"} { // which take no files
		b.Send(webtest.Request{Method: http.MethodPost, Path: path, Body: whole.String() + end,
			Header: map[string]string{"Content-Type": multipart, "Sec-Fetch-Site": "same-origin"}}).Want(http.StatusUnsupportedMediaType)
	}
	if b.Get("/orders/A%2F1").Has("main .return") {
		t.Error("a return was stored")
	}
	i.Browser().Send(webtest.Request{Method: http.MethodPost, Path: "/orders/A%2F1/return", Body: whole.String() + strings.Repeat("x", 100_000) + end,
		Header: map[string]string{"Content-Type": multipart, "Sec-Fetch-Site": "same-origin"}}).Want(http.StatusSeeOther)
	b.Page = form
	b.Submit("main form", filled()).Want(http.StatusOK)
	if !b.Page.Has("main .return") {
		t.Error("the form without photos was not stored")
	}
}
