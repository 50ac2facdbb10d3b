package page

// area writes an input of several lines. Browsers leave out a line break right behind the tag, so that one
// of the text needs one before it.
func (f *Field) area(m *Markup) {
	m.Raw(`<textarea id="`).Text(f.ID).Raw(`" name="`).Text(f.Name).Raw(`" dir="auto"`).Attr("maxlength", f.MaxLength).If(f.Required, " required")
	f.described(m)
	m.Raw(">\n").Text(f.Value).Raw("</textarea>\n")
}
