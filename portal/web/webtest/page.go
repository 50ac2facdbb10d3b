package webtest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Page is an answer. Selectors are CSS.
type Page struct {
	Status  int
	Header  http.Header
	Body    string
	URL     *url.URL       // of the request
	Cookies []*http.Cookie // that it set
	t       testing.TB
	parsed  *goquery.Document
}

// Redirect is where the answer leads, if it is a redirect.
func (p *Page) Redirect() (*url.URL, bool) {
	location := ""
	if p.Status/100 == 3 {
		location = p.Header.Get("Location")
	}
	target, err := url.Parse(location)
	if location == "" || err != nil {
		return nil, false
	}
	return p.URL.ResolveReference(target), true
}

// Want makes it an error of the test when the status is another, and shows the page then.
func (p *Page) Want(status int) *Page {
	if p.t == nil {
		return p
	}
	p.t.Helper()
	if p.Status != status {
		p.t.Errorf("%s: status %d, want %d: %.600s", p.URL, p.Status, status, p.Body)
	}
	return p
}

// Has reports whether an element matches.
func (p *Page) Has(selector string) bool { return p.find(selector).Length() > 0 }

// Text is the text of the first element that matches, white space collapsed; "" when none does.
func (p *Page) Text(selector string) string { return collapse(p.find(selector).First().Text()) }

// Texts are the texts of all elements that match.
func (p *Page) Texts(selector string) []string {
	return p.find(selector).Map(func(_ int, element *goquery.Selection) string { return collapse(element.Text()) })
}

// Attr is an attribute of the first element that matches; "" when none does or it lacks the attribute.
func (p *Page) Attr(selector, name string) string { return p.find(selector).First().AttrOr(name, "") }

// Attrs are an attribute of all elements that match and have it.
func (p *Page) Attrs(selector, name string) []string {
	return p.find(selector).Filter("[" + name + "]").Map(func(_ int, element *goquery.Selection) string {
		return element.AttrOr(name, "")
	})
}

func (p *Page) find(selector string) *goquery.Selection {
	if p.parsed == nil {
		// The parser of HTML5 accepts any text; only reading can fail, and a string's cannot.
		p.parsed, _ = goquery.NewDocumentFromReader(strings.NewReader(p.Body))
	}
	return p.parsed.Find(selector)
}

func collapse(text string) string { return strings.Join(strings.Fields(text), " ") }
