package page

// area writes a multi-line input. Browsers drop a line break directly after the opening tag, so area adds
// one to keep a leading break in the text.
func (f *Field) area(m *Markup) {
	m.Raw(`<textarea id="`).Text(f.ID).Raw(`" name="`).Text(f.Name).Raw(`" dir="auto"`).Attr("maxlength", f.MaxLength).If(f.Required, " required")
	f.described(m)
	m.Raw(">\n").Text(f.Value).Raw("</textarea>\n")
}
