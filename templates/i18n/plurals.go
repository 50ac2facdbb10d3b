package i18n

import (
	"fmt"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// plurals selects the plural form for a count in one language.
type plurals struct {
	small [100]string // the forms of 0 to 99, computed in advance
	rules *goi18n.Localizer
}

// formKey is a message whose form "one" has the text "one", and so on. Requesting it with a count makes the
// library return the CLDR form.
const formKey = "form"

func pluralsOf(lang string) (plurals, error) {
	tag, err := language.Parse(lang)
	if err != nil {
		return plurals{}, fmt.Errorf("i18n: the folder %q is no language: %w", lang, err)
	}
	bundle := goi18n.NewBundle(tag)
	names := &goi18n.Message{
		ID: formKey, Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other",
	}
	if err := bundle.AddMessages(tag, names); err != nil {
		return plurals{}, fmt.Errorf("i18n: plurals of %q: %w", lang, err)
	}
	p := plurals{rules: goi18n.NewLocalizer(bundle, lang)}
	for n := range p.small {
		p.small[n] = p.ask(n)
	}
	return p, nil
}

// form returns the plural form for a count: an integer, or a decimal string such as "1.5".
func (p *plurals) form(count any) string {
	if n, ok := count.(int); ok && n >= 0 && n < len(p.small) {
		return p.small[n]
	}
	return p.ask(count)
}

func (p *plurals) ask(count any) string {
	form, err := p.rules.Localize(&goi18n.LocalizeConfig{MessageID: formKey, PluralCount: count})
	if err != nil {
		return "other"
	}
	return form
}
