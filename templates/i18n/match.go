package i18n

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// maxWish bounds the header that is parsed, in bytes.
const maxWish = 256

// Match chooses among the offered languages the one that suits the first wish that any suits. A wish is
// a tag ("sk") or an Accept-Language header, in which a regional tag ("sk-SK") asks for its language; an
// empty or unreadable one is passed over. Nothing offered means all languages; offered ones without a
// catalogue are ignored. With no wish met it is the first offered.
func (c *Catalogue) Match(offered []string, wishes ...string) string {
	known := c.known(offered)
	for _, wish := range wishes {
		if slices.Contains(known, wish) {
			return wish
		}
		if lang, ok := c.closest(known, wish); ok {
			return lang
		}
	}
	return known[0]
}

func (c *Catalogue) known(offered []string) []string {
	known := make([]string, 0, len(offered))
	for _, lang := range offered {
		if c.speech[lang] != nil {
			known = append(known, lang)
		}
	}
	if len(known) == 0 {
		return c.languages
	}
	return known
}

func (c *Catalogue) closest(known []string, wish string) (string, bool) {
	if len(wish) > maxWish {
		whole := strings.LastIndexByte(wish[:maxWish], ',')
		wish = wish[:max(whole, 0)]
	}
	tags, _, err := language.ParseAcceptLanguage(wish)
	if err != nil || len(tags) == 0 {
		return "", false
	}
	_, i, confidence := c.matcher(known).Match(tags...)
	return known[i], confidence > language.No
}

// matcher is kept, because building one costs more than a whole page of sentences.
func (c *Catalogue) matcher(known []string) language.Matcher {
	name := strings.Join(known, ",")
	if kept, ok := c.matchers.Load(name); ok {
		return kept.(language.Matcher)
	}
	tags := make([]language.Tag, len(known))
	for i, lang := range known {
		tags[i] = language.Make(lang)
	}
	kept, _ := c.matchers.LoadOrStore(name, language.NewMatcher(tags))
	return kept.(language.Matcher)
}
