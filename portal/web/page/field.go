package page

import (
	"fmt"
	"html/template"
	"strings"
)

// Field is one input of a form, with its label and what is said to it.
type Field struct {
	ID, Name, Label string
	Hint, Fault     string
	Value           string
	Mark            string // beside the label: "(optional)"
	Type            string // of the input: "text"; "checkbox" for one that is "yes" or nothing, "textarea" for several lines
	Autocomplete    string
	InputMode       string
	Capitals        string // autocapitalize
	MaxLength       string
	Required        bool
	Autofocus       bool
	Plain           bool // no spelling help
	Half            bool // shares its row on wide screens
	Code            bool // large, spaced figures
	Checked         bool
	Options         []Option // of a list to choose from, nil for any other input

	icons icons
}

// Option is one choice of a list.
type Option struct {
	Value, Label string
	Selected     bool
}

// LabelOf is the label of the option with a value, "" when there is none.
func LabelOf(options []Option, value string) string {
	for _, option := range options {
		if option.Value == value {
			return option.Label
		}
	}
	return ""
}

// DescribedBy names the hint and the fault for screen readers.
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

// roomForField is what a field takes, about, in bytes.
const roomForField = 512

// HTML is the field as it stands in a form.
func (f Field) HTML() template.HTML {
	var m Markup
	f.Write(&m)
	return m.HTML()
}

// Write writes the field as it stands in a form.
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

// described ties the input to what stands under it.
func (f *Field) described(m *Markup) {
	m.Attr("aria-describedby", f.DescribedBy()).If(f.Fault != "", ` aria-invalid="true"`)
}

// under writes the hint and the fault.
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

// fieldID keeps a field's id apart from those of the page.
func fieldID(name string) string { return "f-" + strings.ReplaceAll(name, "/", "-") }
