package webtest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Page is a response. Selectors are CSS.
type Page struct {
	Status  int
	Header  http.Header
	Body    string
	URL     *url.URL       // of the request
	Cookies []*http.Cookie // that the response set
	t       testing.TB
	parsed  *goquery.Document
}

// Redirect returns the target of a redirect.
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

// Want reports an error with the page if the status differs.
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

// Text returns the text of the first matching element with white space collapsed, or "".
func (p *Page) Text(selector string) string { return collapse(p.find(selector).First().Text()) }

// Texts returns the texts of all matching elements.
func (p *Page) Texts(selector string) []string {
	return p.find(selector).Map(func(_ int,
		element *goquery.Selection) string {
		return collapse(element.Text())
	})
}

// Attr returns an attribute of the first matching element, or "" without the element or the attribute.
func (p *Page) Attr(selector, name string) string { return p.find(selector).First().AttrOr(name, "") }

// Attrs returns an attribute of all matching elements that have it.
func (p *Page) Attrs(selector, name string) []string {
	return p.find(selector).Filter("[" + name + "]").Map(func(_ int, element *goquery.Selection) string {
		return element.AttrOr(name, "")
	})
}

func (p *Page) find(selector string) *goquery.Selection {
	if p.parsed == nil {
		// The HTML5 parser accepts any text, and reading from a string cannot fail.
		p.parsed, _ = goquery.NewDocumentFromReader(strings.NewReader(p.Body))
	}
	return p.parsed.Find(selector)
}

func collapse(text string) string { return strings.Join(strings.Fields(text), " ") }

// RawTexts returns the texts of the matching elements with their white space.
func (p *Page) RawTexts(selector string) []string {
	var texts []string
	p.find(selector).Each(func(_ int, s *goquery.Selection) { texts = append(texts, s.Text()) })
	return texts
}
