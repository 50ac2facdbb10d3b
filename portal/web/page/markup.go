package page

import (
	"html/template"
	"slices"
	"strings"
)

// Markup writes HTML for what stands on every page or often on one: the frame, fields, the rows of a list.
// In a template each value costs a call by reflection, for all of these more than the rest of a request;
// written here they are one value to it.
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

// If writes a constant where it applies.
func (m *Markup) If(applies bool, html constant) *Markup {
	if applies {
		m.text.WriteString(string(html))
	}
	return m
}

// Text writes a text between tags, or the value of an attribute in quotes; an address is written by URL.
func (m *Markup) Text(text string) *Markup {
	m.text.WriteString(template.HTMLEscapeString(text))
	return m
}

// URL writes an address as the value of an attribute in quotes: of this site, of the web, or of a mailbox.
// In place of any other, which could be a script, stands one that leads nowhere.
func (m *Markup) URL(address string) *Markup {
	scheme, _, found := strings.Cut(address, ":")
	if found && !strings.ContainsAny(scheme, "/?#") && !slices.Contains([]string{"https", "http", "mailto"}, strings.ToLower(scheme)) {
		address = "#"
	}
	return m.Text(address)
}

// Attr writes an attribute, with a blank before it, unless the value is empty.
func (m *Markup) Attr(name constant, value string) *Markup {
	if value != "" {
		m.Raw(" ").Raw(name).Raw(`="`).Text(value).Raw(`"`)
	}
	return m
}

// Item writes an item of a list of links; the link of what is shown is marked.
func (m *Markup) Item(path, label string, present bool) {
	m.Raw(`<li><a href="`).URL(path).Raw(`"`).If(present, ` aria-current="page"`).Raw(`>`).Text(label).Raw("</a></li>\n")
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
