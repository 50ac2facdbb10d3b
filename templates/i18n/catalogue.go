// Package i18n holds the portal's texts: the message catalogues, one folder of flat JSON files per
// language, and each language's rules for plurals, dates and numbers.
//
// A message is a sentence with a key: a string, or an object of CLDR plural forms. It may contain
// placeholders such as {{.Name}}; a time may have a format, as in {{day .Name}}. A new language needs a new
// folder, and a line in dates.go for its own date formats. Messages that a language lacks appear in
// English.
//
// It knows texts, but no shops, requests or HTML. It returns plain text, which the caller must escape.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/sync/errgroup"
)

//go:embed */*.json
var files embed.FS

// developerFile holds the English messages that only developers read.
const developerFile = "developer.json"

//go:embed developer.json
var developerFiles embed.FS

// fallback is the language that is always complete.
const fallback = "en"

// Catalogue holds every message in every language. It is read-only and safe for concurrent use.
type Catalogue struct {
	languages []string // sorted, English first
	speech    map[string]*speech
	developer *speech // English, with messages for developers
	operator  *speech // English, with the developers' messages where pages have none
	missing   missing
	matchers  sync.Map // joined language tags -> *matcher
}

// speech is one language: its messages and rules.
type speech struct {
	lang     string
	messages map[string]*message
	plurals  plurals
	dates    dates
	spaces   spaces
}

var embedded = sync.OnceValues(func() (*Catalogue, error) { return load(files) })

// Load returns the embedded catalogues, which it parses on first use. It fails if a message is empty or
// malformed, or if a key occurs twice in one language.
func Load() (*Catalogue, error) { return embedded() }

func load(source fs.FS) (*Catalogue, error) {
	folders, err := fs.ReadDir(source, ".")
	if err != nil {
		return nil, fmt.Errorf("i18n: read the catalogues: %w", err)
	}
	c := &Catalogue{speech: make(map[string]*speech)}
	all := make([]*speech, len(folders))
	var group errgroup.Group // loading takes a large part of the start-up time
	for i, folder := range folders {
		group.Go(func() (err error) {
			all[i], err = loadLanguage(source, folder.Name())
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, spoken := range all {
		c.speech[spoken.lang] = spoken
		c.languages = append(c.languages, spoken.lang)
	}
	if c.speech[fallback] == nil {
		return nil, fmt.Errorf("i18n: no catalogue of %q", fallback)
	}
	slices.SortFunc(c.languages, englishFirst)
	c.fillGaps()
	if err := c.readDeveloper(); err != nil {
		return nil, err
	}
	return c, nil
}

// readDeveloper creates the texts for developers and operators. Developers get English, with their own
// messages first; operators get the pages' messages first.
func (c *Catalogue) readDeveloper() error {
	english := c.speech[fallback]
	own := speech{messages: make(map[string]*message)}
	if err := own.read(developerFiles, developerFile); err != nil {
		return fmt.Errorf("i18n: %s: %w", developerFile, err)
	}
	developer, operator := *english, *english
	developer.messages, operator.messages = maps.Clone(english.messages), maps.Clone(own.messages)
	maps.Copy(developer.messages, own.messages)
	maps.Copy(operator.messages, english.messages)
	c.developer, c.operator = &developer, &operator
	return nil
}

func loadLanguage(source fs.FS, lang string) (*speech, error) {
	rules, err := pluralsOf(lang)
	if err != nil {
		return nil, err
	}
	spoken := &speech{
		lang: lang, messages: make(map[string]*message), plurals: rules, dates: datesOf(lang),
		spaces: spacesOf(lang),
	}
	names, err := fs.Glob(source, path.Join(lang, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("i18n: list %s: %w", lang, err)
	}
	for _, name := range names {
		if err := spoken.read(source, name); err != nil {
			return nil, fmt.Errorf("i18n: %s: %w", name, err)
		}
	}
	return spoken, nil
}

func (s *speech) read(source fs.FS, name string) error {
	text, err := fs.ReadFile(source, name)
	if err != nil {
		return err
	}
	parsed, err := goi18n.ParseMessageBytes(text, json.Unmarshal)
	if err != nil {
		return err
	}
	for _, entry := range parsed {
		if s.messages[entry.ID] != nil {
			return fmt.Errorf("the key %q stands in another file too", entry.ID)
		}
		if s.messages[entry.ID], err = newMessage(entry, s.spaces); err != nil {
			return fmt.Errorf("the key %q: %w", entry.ID, err)
		}
	}
	return nil
}

// fillGaps adds the English messages that a language lacks.
func (c *Catalogue) fillGaps() {
	for key, sentence := range c.speech[fallback].messages {
		for _, spoken := range c.speech {
			if spoken.messages[key] == nil {
				spoken.messages[key] = sentence
			}
		}
	}
}

func englishFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == fallback || b != fallback && a < b:
		return -1
	}
	return 1
}

// Tags returns the same as Catalogue.Languages, without loading a catalogue.
func Tags() []string {
	tags, _ := fs.Glob(files, "*") // fails on a malformed pattern only
	slices.SortFunc(tags, englishFirst)
	return tags
}

// Languages returns the tags of all languages, such as "en", with English first.
func (c *Catalogue) Languages() []string { return slices.Clone(c.languages) }

// Name returns a language's name in that language, such as "Slovenčina". For an unknown language it returns
// the tag.
func (c *Catalogue) Name(lang string) string {
	if c.speech[lang] == nil {
		return lang
	}
	return c.Localizer(lang, time.UTC).T("lang.name")
}

// Localizer returns a localizer for a language and time zone; nil is UTC. A language without a catalogue
// becomes English. The call makes one small allocation, so every request can have its own.
func (c *Catalogue) Localizer(lang string, zone *time.Location) *Localizer {
	spoken := c.speech[lang]
	if spoken == nil {
		spoken = c.speech[fallback]
	}
	if zone == nil {
		zone = time.UTC
	}
	return &Localizer{speech: spoken, zone: zone, missing: &c.missing}
}

// Developer returns the English localizer for developers: responses of the API, and import reports.
func (c *Catalogue) Developer() *Localizer {
	return &Localizer{speech: c.developer, zone: time.UTC, missing: &c.missing}
}

// Operator returns the English localizer for operators at the command line: the pages' messages, and the
// developers' where the pages have none.
func (c *Catalogue) Operator() *Localizer {
	return &Localizer{speech: c.operator, zone: time.UTC, missing: &c.missing}
}

// Missing returns how often each unknown key or missing value ("key:Name") was requested since the start.
// It keeps at most 200 different ones.
func (c *Catalogue) Missing() map[string]int { return c.missing.all() }
