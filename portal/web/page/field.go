package page

import (
	"fmt"
	"html/template"
	"strings"
)

// Field is one input of a form, with its label, hint and error.
type Field struct {
	ID, Name, Label string
	Hint, Error     string
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
	Accept          string   // of files: the types that the browser offers
	Options         []Option // of a select list, nil for any other input

	fragments *fragments
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

// DescribedBy returns the IDs of the hint and the error for screen readers.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

// shownField is the data of partials/field.
type shownField struct {
	Field
	DescribedBy   string
	List          template.HTML // the options
	IsList, IsBox bool
	IsFile        bool
}

// HTML returns the field's HTML.
func (f Field) HTML() (template.HTML, error) {
	list, err := f.list()
	if err != nil {
		return "", err
	}
	data := shownField{Field: f, IsList: f.Options != nil}
	data.IsBox, data.IsFile = !data.IsList && f.Type == "checkbox", f.Type == "file"
	gaps := f.fragments.gaps()
	data.Options = nil // data of one shape differ only in the gaps
	data.DescribedBy, data.List = gaps.Text(f.DescribedBy()), gaps.HTML(list)
	for _, text := range []*string{
		&data.ID, &data.Name, &data.Label, &data.Hint, &data.Error, &data.Value, &data.Mark,
		&data.Autocomplete, &data.InputMode, &data.Capitals, &data.MaxLength, &data.Accept,
	} {
		*text = gaps.Text(*text)
	}
	shape := Shape{Template: "partials/field", Variant: f.Type, Flags: f.flags()}
	return f.fragments.html(shape, gaps, &data)
}

// flags returns the conditions that the template tests.
func (f *Field) flags() uint64 {
	var flags uint64
	for i, set := range [...]bool{f.Required, f.Autofocus, f.Plain, f.Half, f.Code, f.Checked,
		f.Options != nil} {
		if set {
			flags |= 1 << i
		}
	}
	return flags
}

// list returns the HTML of the options.
func (f *Field) list() (template.HTML, error) {
	if f.Options == nil {
		return "", nil
	}
	var out strings.Builder
	gaps := f.fragments.gaps()
	for _, option := range f.Options {
		gaps.Reset()
		shape := Shape{Template: "partials/option"}
		if option.Selected {
			shape.Flags = 1
		}
		option.Value, option.Label = gaps.Text(option.Value), gaps.Text(option.Label)
		if err := f.fragments.write(&out, shape, gaps, &option); err != nil {
			return "", err
		}
	}
	return template.HTML(out.String()), nil
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
	case "accept":
		f.Accept = value
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
