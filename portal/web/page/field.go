package page

import (
	"fmt"
	"html/template"
	"strings"
)

// Field is one input of a form, with its label, hint and fault.
type Field struct {
	ID, Name, Label string
	Hint, Fault     string
	Value           string
	Mark            string // beside the label, such as "(optional)"
	Type            string // such as "text", "checkbox" ("yes" or no value) or "textarea"
	Autocomplete    string
	InputMode       string
	Capitals        string // autocapitalize
	MaxLength       string
	Required        bool
	Autofocus       bool
	Plain           bool // no spell checking
	Half            bool // shares its row on wide screens
	Code            bool // large digits with wide spacing
	Checked         bool
	Options         []Option // of a select list, nil for any other input

	icons icons
}

// Option is one choice in a select list.
type Option struct {
	Value, Label string
	Selected     bool
}

// LabelOf returns the label of the option with the value, or "".
func LabelOf(options []Option, value string) string {
	for _, option := range options {
		if option.Value == value {
			return option.Label
		}
	}
	return ""
}

// DescribedBy returns the IDs of the hint and the fault for screen readers.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Fault != "" {
		ids = append(ids, f.ID+"-fault")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

// roomForField is the approximate size of a field in bytes.
const roomForField = 512

// HTML returns the field's HTML.
func (f Field) HTML() template.HTML {
	var m Markup
	f.Write(&m)
	return m.HTML()
}

// Write writes the field's HTML.
func (f *Field) Write(m *Markup) {
	m.Grow(roomForField)
	m.Raw(`<div class="field`).If(f.Type == "checkbox", " check").If(f.Half, " half").If(f.Fault != "", " faulty").Raw("\">\n")
	switch {
	case f.Options != nil:
		f.label(m)
		f.list(m)
	case f.Type == "checkbox":
		f.box(m)
		f.label(m)
	default:
		f.label(m)
		f.input(m)
	}
	f.under(m)
	m.Raw("</div>\n")
}

func (f *Field) label(m *Markup) {
	m.Raw(`<label for="`).Text(f.ID).Raw(`">`).Text(f.Label)
	if f.Mark != "" {
		m.Raw(` <span class="mark">`).Text(f.Mark).Raw("</span>")
	}
	m.Raw("</label>\n")
}

func (f *Field) input(m *Markup) {
	if f.Type == "textarea" {
		f.area(m)
		return
	}
	m.Raw("<input").If(f.Code, ` class="code"`).If(f.Type == "text" && !f.Code, ` dir="auto"`).Raw(` id="`).Text(f.ID).Raw(`" name="`).Text(f.Name).Raw(`" type="`).Text(f.Type).
		Raw(`" value="`).Text(f.Value).Raw(`"`)
	m.Attr("autocomplete", f.Autocomplete).Attr("inputmode", f.InputMode).Attr("autocapitalize", f.Capitals)
	m.If(f.Plain, ` spellcheck="false"`).Attr("maxlength", f.MaxLength).If(f.Required, " required").If(f.Autofocus, " autofocus")
	f.described(m)
	m.Raw(">\n")
}

func (f *Field) list(m *Markup) {
	m.Raw(`<span class="select"><select id="`).Text(f.ID).Raw(`" name="`).Text(f.Name).Raw(`"`).Attr("autocomplete", f.Autocomplete).
		If(f.Required, " required")
	f.described(m)
	m.Raw(">\n")
	for _, option := range f.Options {
		m.Raw(`<option value="`).Text(option.Value).Raw(`"`).If(option.Selected, " selected").Raw(">").Text(option.Label).Raw("</option>\n")
	}
	m.Raw("</select>").Put(f.icons["down"]).Raw("</span>\n")
}

func (f *Field) box(m *Markup) {
	m.Raw(`<input id="`).Text(f.ID).Raw(`" name="`).Text(f.Name).Raw(`" type="checkbox" value="yes"`).If(f.Checked, " checked")
	f.described(m)
	m.Raw(">\n")
}

// described links the input to its hint and fault.
func (f *Field) described(m *Markup) {
	m.Attr("aria-describedby", f.DescribedBy()).If(f.Fault != "", ` aria-invalid="true"`)
}

// under writes the hint and the fault below the input.
func (f *Field) under(m *Markup) {
	if f.Hint != "" {
		m.Raw(`<p class="hint" id="`).Text(f.ID).Raw(`-hint">`).Text(f.Hint).Raw("</p>\n")
	}
	if f.Fault != "" {
		m.Raw(`<p class="fault" id="`).Text(f.ID).Raw(`-fault">`).Put(f.icons["alert"]).Text(f.Fault).Raw("</p>\n")
	}
}

func (f *Field) set(attribute, value, optional string) error {
	on := value != ""
	switch attribute {
	case "type":
		f.Type = value
	case "autocomplete":
		f.Autocomplete = value
	case "inputmode":
		f.InputMode = value
	case "autocapitalize":
		f.Capitals = value
	case "maxlength":
		f.MaxLength = value
	case "hint":
		f.Hint = value
	case "required":
		f.Required = on
	case "autofocus":
		f.Autofocus = on
	case "plain":
		f.Plain = on
	case "half":
		f.Half = on
	case "code":
		f.Code = on
	case "optional":
		if on {
			f.Mark = optional
		}
	default:
		return fmt.Errorf("page: field %s: no attribute %q", f.Name, attribute)
	}
	return nil
}

// fieldID returns an ID for a field that cannot clash with the page's other IDs.
func fieldID(name string) string { return "f-" + strings.ReplaceAll(name, "/", "-") }
