package i18n

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
)

// message is one sentence: a fixed text, or one pattern per plural form.
type message struct {
	text   string             // of a sentence without placeholders and plural forms
	forms  map[string]pattern // nil for such a sentence; "other" is always present
	counts bool               // whether there is more than one form
}

// pattern is a sentence split at its placeholders.
type pattern []piece

// piece is text, or a placeholder for the value called name in a format ("" for the default).
type piece struct{ text, name, manner string }

// place matches {{.Name}} or {{manner .Name}}. Any other text in double braces is an error.
var place = regexp.MustCompile(`\{\{\s*(?:([a-z]+)\s+)?\.([A-Z][A-Za-z]*)\s*\}\}`)

var (
	errEmpty  = errors.New("empty text")
	errBraces = errors.New("braces that are no place for a value")
	errOther  = errors.New(`no form "other"`)
)

func newMessage(entry *goi18n.Message, rules spaces) (*message, error) {
	forms := formsOf(entry)
	if text := forms["other"]; len(forms) == 1 && strings.TrimSpace(text) != "" && !strings.Contains(text,
		"{{") &&
		!strings.Contains(text, "}}") {
		return &message{text: rules.keep(entry.ID, text)}, nil
	}
	m := &message{forms: make(map[string]pattern, len(forms))}
	for form, text := range forms {
		cut, err := cut(rules.keep(entry.ID, text))
		if err != nil {
			return nil, fmt.Errorf("form %q: %w", form, err)
		}
		m.forms[form] = cut
	}
	m.counts = len(m.forms) > 1
	switch {
	case len(m.forms) == 0:
		return nil, errEmpty
	case m.forms["other"] == nil:
		return nil, errOther
	}
	return m, nil
}

// formsOf returns the plural forms that have a text.
func formsOf(entry *goi18n.Message) map[string]string {
	forms := make(map[string]string, 1)
	for _, form := range [...][2]string{
		{"zero", entry.Zero}, {"one", entry.One}, {"two", entry.Two}, {"few", entry.Few},
		{"many", entry.Many}, {"other", entry.Other},
	} {
		if form[1] != "" {
			forms[form[0]] = form[1]
		}
	}
	return forms
}

func cut(text string) (pattern, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errEmpty
	}
	var out pattern
	end := 0
	for _, at := range place.FindAllStringSubmatchIndex(text, -1) {
		if at[0] > end {
			out = append(out, piece{text: text[end:at[0]]})
		}
		manner := ""
		if at[2] >= 0 {
			manner = text[at[2]:at[3]]
		}
		if manner != "" && !slices.Contains(manners(), manner) {
			return nil, fmt.Errorf("unknown manner %q", manner)
		}
		out = append(out, piece{name: text[at[4]:at[5]], manner: manner})
		end = at[1]
	}
	if end < len(text) {
		out = append(out, piece{text: text[end:]})
	}
	for _, p := range out {
		if strings.Contains(p.text, "{{") || strings.Contains(p.text, "}}") {
			return nil, errBraces
		}
	}
	return out, nil
}
