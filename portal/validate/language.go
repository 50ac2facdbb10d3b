package validate

import (
	"strings"

	"golang.org/x/text/language"
)

// Language returns the ISO 639 code of the language that a shop system means, of two letters if it has one:
// "sk-SK", "sk_SK.UTF-8" and "slk" are sk; "cz", which is only Czechia's country code, is cs. It returns ""
// for what names no language, such as "und".
func Language(name string) string {
	base := strings.ToLower(strings.TrimSpace(name))
	if end := strings.IndexAny(base, "-_."); end > 0 {
		base = base[:end]
	}
	if base == "cz" {
		return "cs"
	}
	tag, err := language.ParseBase(base)
	if err != nil || tag == (language.Base{}) {
		return ""
	}
	return tag.String()
}

// FedLanguage reads a language of a feed, see Language. A word that names none is dropped with a warning.
func (f *Validator) FedLanguage(at, name string) string {
	lang := Language(name)
	if lang == "" && name != "" {
		f.Warn(at, "language.unknown")
	}
	return lang
}
