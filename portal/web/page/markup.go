package page

import (
	"html/template"
	"strings"
)

// Markup writes HTML for the long lists of a page. In a template each value costs a call by reflection, for the rows of a list
// together more than all the rest of the page; a list written here is one value to its template.
//
// Nothing gets in unescaped but constants of the source and what is HTML by its type.
type Markup struct{ text strings.Builder }

// constant is what a string in the source turns into by itself, and a variable does not.
type constant string

// Raw writes a constant as it stands.
func (m *Markup) Raw(html constant) *Markup {
	m.text.WriteString(string(html))
	return m
}

// Text writes a text between tags, or the value of an attribute in quotes. An address must be one that is safe to follow.
func (m *Markup) Text(text string) *Markup {
	m.text.WriteString(template.HTMLEscapeString(text))
	return m
}

// Item writes an item of a list of links; the link of what is shown is marked.
func (m *Markup) Item(path, label string, present bool) {
	m.Raw(`<li><a href="`).Text(path).Raw(`"`)
	if present {
		m.Raw(` aria-current="page"`)
	}
	m.Raw(`>`).Text(label).Raw("</a></li>\n")
}

// Put writes what is HTML already.
func (m *Markup) Put(html template.HTML) *Markup {
	m.text.WriteString(string(html))
	return m
}

// Grow makes room for so many more bytes.
func (m *Markup) Grow(n int) { m.text.Grow(n) }

// HTML is all that was written.
func (m *Markup) HTML() template.HTML { return template.HTML(m.text.String()) }
