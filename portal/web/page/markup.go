package page

import (
	"html/template"
	"slices"
	"strings"
)

// Markup writes the HTML that appears on every page or many times on one: the frame, fields, the rows of a
// list. In a template each value costs a call by reflection, which together would take longer than the rest
// of a request. Written here, they are a single value to the template.
//
// It escapes everything except constants in the source and values of type template.HTML.
type Markup struct{ text strings.Builder }

// constant accepts string literals by implicit conversion, but no string variables.
type constant string

// Raw writes a constant unescaped.
func (m *Markup) Raw(html constant) *Markup {
	m.text.WriteString(string(html))
	return m
}

// If writes a constant if the condition holds.
func (m *Markup) If(applies bool, html constant) *Markup {
	if applies {
		m.text.WriteString(string(html))
	}
	return m
}

// Text escapes text for use between tags or in a quoted attribute. Use URL for a URL.
func (m *Markup) Text(text string) *Markup {
	m.text.WriteString(template.HTMLEscapeString(text))
	return m
}

// URL writes a URL as the value of a quoted attribute. It accepts local paths and the schemes http, https
// and mailto. Any other URL could be a script and becomes "#".
func (m *Markup) URL(address string) *Markup {
	scheme, _, found := strings.Cut(address, ":")
	if found && !strings.ContainsAny(scheme, "/?#") && !slices.Contains([]string{"https", "http", "mailto"}, strings.ToLower(scheme)) {
		address = "#"
	}
	return m.Text(address)
}

// Attr writes a space and an attribute, unless the value is empty.
func (m *Markup) Attr(name constant, value string) *Markup {
	if value != "" {
		m.Raw(" ").Raw(name).Raw(`="`).Text(value).Raw(`"`)
	}
	return m
}

// Item writes a link as a list item, marked if it is the current one.
func (m *Markup) Item(path, label string, present bool) {
	m.Raw(`<li><a href="`).URL(path).Raw(`"`).If(present, ` aria-current="page"`).Raw(`>`).Text(label).Raw("</a></li>\n")
}

// Put writes a value that is already HTML.
func (m *Markup) Put(html template.HTML) *Markup {
	m.text.WriteString(string(html))
	return m
}

// Grow makes room for n more bytes.
func (m *Markup) Grow(n int) { m.text.Grow(n) }

// HTML returns the HTML written so far.
func (m *Markup) HTML() template.HTML { return template.HTML(m.text.String()) }
