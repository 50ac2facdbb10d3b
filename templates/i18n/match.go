package i18n

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// maxWish is the maximum length of a header that is parsed, in bytes.
const maxWish = 256

// Match returns the offered language that suits the first wish for which there is a match. A wish is a tag
// ("sk") or an Accept-Language header, in which a regional tag ("sk-SK") matches its language; empty or
// invalid wishes are skipped. If nothing is offered, all languages are; offered languages without a
// catalogue are ignored. If no wish matches, Match returns the first offered language.
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
	i := c.matcher(known).match(wish)
	if i < 0 {
		return "", false
	}
	return known[i], true
}

// matcher finds the languages for wishes. It keeps its answers: browsers send few different headers, and
// parsing one takes longer than translating a row of a list.
type matcher struct {
	language.Matcher
	mu      sync.RWMutex
	answers map[string]int // wish -> position, or -1
}

// maxAnswers is the maximum number of answers that a matcher keeps. When there are more, it starts again, so
// that made-up headers neither use up memory nor stay.
const maxAnswers = 1024

// match returns the position of the matching language, or -1.
func (m *matcher) match(wish string) int {
	m.mu.RLock()
	answer, known := m.answers[wish]
	m.mu.RUnlock()
	if known {
		return answer
	}
	answer = -1
	tags, _, err := language.ParseAcceptLanguage(wish)
	if err == nil && len(tags) > 0 {
		if _, i, confidence := m.Match(tags...); confidence > language.No {
			answer = i
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.answers) >= maxAnswers {
		clear(m.answers)
	}
	m.answers[strings.Clone(wish)] = answer
	return answer
}

// matcher caches matchers, because building one takes longer than translating a whole page.
func (c *Catalogue) matcher(known []string) *matcher {
	name := strings.Join(known, ",")
	if kept, ok := c.matchers.Load(name); ok {
		return kept.(*matcher)
	}
	tags := make([]language.Tag, len(known))
	for i, lang := range known {
		tags[i] = language.Make(lang)
	}
	kept, _ := c.matchers.LoadOrStore(name, &matcher{Matcher: language.NewMatcher(tags),
		answers: map[string]int{}})
	return kept.(*matcher)
}
