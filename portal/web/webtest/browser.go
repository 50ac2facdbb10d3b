// Package webtest is for tests. It has a browser without scripts (cookies, forms, redirects, selectors),
// which uses the site in this process or at any base URL, and a complete portal to use it on, with a
// mailbox in memory, a worker that the test runs, and a clock that it sets.
//
// It must not bypass what it tests: it knows the site only through HTTP.
package webtest

import (
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// maxRedirects is the number of consecutive redirects that a Browser follows.
const maxRedirects = 10

// Browser is one browser: a cookie jar and the page last shown. Each is for one goroutine; any number may
// run in parallel. A failed request is an error of the test and gives a Page with the status 0.
type Browser struct {
	Header http.Header // added to every request
	Page   *Page       // last shown
	t      testing.TB
	client *http.Client
	base   *url.URL
}

// NewBrowser returns a new browser for the site at base. transport is Serve's, or nil for the network.
func NewBrowser(t testing.TB, base string, transport http.RoundTripper) *Browser {
	t.Helper()
	address, err := url.Parse(base)
	if err != nil {
		t.Fatalf("base URL: %v", err)
	}
	jar, _ := cookiejar.New(nil) // never fails
	return &Browser{
		Header: http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}},
		t:      t,
		base:   address,
		client: &http.Client{Jar: jar, Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			}},
	}
}

// Request is a request to send unchanged. Path is a path or a URL. Header is added to the browser's own.
type Request struct {
	Method string // "" for GET
	Path   string
	Header map[string]string
	Body   string
}

// Send sends one request unchanged and follows no redirect. It omits a header whose value is "".
func (b *Browser) Send(r Request) *Page {
	b.t.Helper()
	request, err := http.NewRequest(r.Method, b.resolve(r.Path).String(), strings.NewReader(r.Body))
	if err != nil {
		b.t.Errorf("%s %s: %v", r.Method, r.Path, err)
		return &Page{}
	}
	request.Header = b.Header.Clone()
	for name, value := range r.Header {
		switch {
		case strings.EqualFold(name, "Host"):
			request.Host = value
		case value == "":
			request.Header.Del(name)
		default:
			request.Header.Set(name, value)
		}
	}
	return b.show(request)
}

// show sends the request and makes the response the browser's page.
func (b *Browser) show(request *http.Request) *Page {
	b.t.Helper()
	b.Page = &Page{t: b.t, URL: request.URL}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Errorf("%s %s: %v", request.Method, request.URL, err)
		return b.Page
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Errorf("%s %s: read the answer: %v", request.Method, request.URL, err)
	}
	b.Page.Status, b.Page.Header, b.Page.Body = response.StatusCode, response.Header, string(body)
	b.Page.Cookies = response.Cookies()
	return b.Page
}

// Get opens a path as if it was typed into the address bar, and follows redirects.
func (b *Browser) Get(path string) *Page {
	b.t.Helper()
	return b.follow(b.Send(Request{Path: path, Header: map[string]string{
		"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	}}))
}

// Post sends form fields as one of the site's own forms does, and follows redirects.
func (b *Browser) Post(path string, fields url.Values) *Page {
	b.t.Helper()
	return b.follow(b.Send(Request{Method: http.MethodPost, Path: path, Body: fields.Encode(),
		Header: map[string]string{
			"Content-Type":   "application/x-www-form-urlencoded",
			"Origin":         b.base.Scheme + "://" + b.base.Host,
			"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}}))
}

const multipartForm = "multipart/form-data"

// File is a file that is chosen in a form.
type File struct {
	Name, Type string
	Data       []byte
}

// Upload sends form fields and files as a form of the site with enctype="multipart/form-data" does, and
// follows redirects. A field without files is sent as browsers do: as one without a name and content.
func (b *Browser) Upload(path string, fields url.Values, files map[string][]File) *Page {
	b.t.Helper()
	body, contentType := b.parts(fields, files)
	return b.follow(b.Send(Request{Method: http.MethodPost, Path: path, Body: body,
		Header: map[string]string{
			"Content-Type":   contentType,
			"Origin":         b.base.Scheme + "://" + b.base.Host,
			"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		}}))
}

func (b *Browser) parts(fields url.Values, files map[string][]File) (body, contentType string) {
	var out strings.Builder
	w := multipart.NewWriter(&out)
	add := func(disposition, contentType string, data []byte) {
		header := textproto.MIMEHeader{"Content-Disposition": {disposition}}
		if contentType != "" {
			header.Set("Content-Type", contentType)
		}
		part, err := w.CreatePart(header)
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil {
			b.t.Errorf("%s: %v", disposition, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, value := range fields[name] {
			add(fmt.Sprintf("form-data; name=%q", name), "", []byte(value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		chosen := files[name]
		if len(chosen) == 0 {
			chosen = []File{{Type: "application/octet-stream"}}
		}
		for _, file := range chosen {
			add(fmt.Sprintf(`form-data; name=%q; filename="%s"`, name, file.Name), file.Type, file.Data)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Errorf("multipart form: %v", err)
	}
	return out.String(), w.FormDataContentType()
}

// follow follows redirects by GET within the site. A redirect to another site becomes the page.
func (b *Browser) follow(page *Page) *Page {
	b.t.Helper()
	for range maxRedirects {
		target, moved := page.Redirect()
		if !moved || target.Host != b.base.Host {
			return page
		}
		page = b.Send(Request{Path: target.String(),
			Header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
	}
	b.t.Errorf("%s: more than %d redirects", page.URL.Path, maxRedirects)
	return page
}

func (b *Browser) resolve(path string) *url.URL {
	target, err := url.Parse(path)
	if err != nil {
		b.t.Errorf("path %q: %v", path, err)
		return b.base
	}
	if b.Page != nil && b.Page.URL != nil {
		return b.Page.URL.ResolveReference(target)
	}
	return b.base.ResolveReference(target)
}

// Cookie returns the value of a cookie that the site set, or "".
func (b *Browser) Cookie(name string) string {
	for _, cookie := range b.client.Jar.Cookies(b.base) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// SetCookie sets a cookie, as an attacker would, or restores an old one.
func (b *Browser) SetCookie(name, value string) {
	b.client.Jar.SetCookies(b.base, []*http.Cookie{{
		Name: name, Value: value, Path: "/", Secure: b.base.Scheme == "https",
	}})
}

// RefuseCookies makes the browser reject all cookies, as if the user had blocked them.
func (b *Browser) RefuseCookies() { b.client.Jar = noJar{} }

// noJar is a cookie jar that stays empty.
type noJar struct{}

func (noJar) SetCookies(*url.URL, []*http.Cookie) {}
func (noJar) Cookies(*url.URL) []*http.Cookie     { return nil }
