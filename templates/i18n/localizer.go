package i18n

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Localizer returns texts in one language and time zone. It is safe for concurrent use.
type Localizer struct {
	speech  *speech
	zone    *time.Location
	missing *missing
	year    int // the current year, 0 if unknown
}

// AsOf returns a localizer for a page that is read now. DayDate then adds the year to a day of another
// year.
func (l *Localizer) AsOf(now time.Time) *Localizer {
	reads := *l
	reads.year = now.In(l.zone).Year()
	return &reads
}

// Lang returns the language tag, such as "sk".
func (l *Localizer) Lang() string { return l.speech.lang }

// Zone returns the time zone that dates are written in.
func (l *Localizer) Zone() *time.Location { return l.zone }

// Has reports whether the key has a message.
func (l *Localizer) Has(key string) bool { return l.speech.messages[key] != nil }

// T returns the message of a key with its placeholders filled. args are pairs of names and values, or one
// map (map[string]any or map[string]string). The value named Count selects the plural form and is written
// with digit groups. A time is written in the placeholder's format, or as a day if it has none; a text is
// written as a number if the format is "decimal". An unknown key is returned unchanged, and a missing value
// as nothing; both are counted (Catalogue.Missing).
func (l *Localizer) T(key string, args ...any) string {
	m := l.speech.messages[key]
	if m == nil {
		l.missing.add(key)
		return key
	}
	if m.forms == nil {
		return m.text
	}
	form := "other"
	if count, ok := value(args, "Count"); ok && m.counts {
		form = l.speech.plurals.form(count)
	}
	cut := m.forms[form]
	if cut == nil {
		cut = m.forms["other"]
	}
	return l.fill(key, cut, args)
}

// mark is the placeholder for the value that Around leaves out. No text contains it.
const mark = "\x00"

// Around returns the message of a key in two parts, before and after the value called name, so that a page
// can put markup around that value, such as a link or bold type. Never build a sentence from two keys
// instead.
func (l *Localizer) Around(key, name string, args ...any) (before, after string) {
	before, after, _ = strings.Cut(l.T(key, append(slices.Clip(args), name, mark)...), mark)
	return before, after
}

func (l *Localizer) fill(key string, cut pattern, args []any) string {
	var b strings.Builder
	dot := false // the last value ended in one: "Kniha, s.r.o." needs no second
	for _, p := range cut {
		if p.name == "" {
			text := p.text
			if dot && strings.HasPrefix(text, ".") && !strings.HasPrefix(text, "..") {
				text = text[1:]
			}
			b.WriteString(text)
			dot = false
			continue
		}
		v, ok := value(args, p.name)
		if !ok {
			l.missing.add(key + ":" + p.name)
		}
		shown := l.show(v, p)
		b.WriteString(shown)
		dot = strings.HasSuffix(shown, ".")
	}
	return b.String()
}

// value returns the value with a name.
func value(args []any, name string) (any, bool) {
	if len(args) == 0 {
		return nil, false
	}
	switch first := args[0].(type) {
	case map[string]any:
		v, ok := first[name]
		return v, ok
	case map[string]string:
		v, ok := first[name]
		return v, ok
	}
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == name {
			return args[i+1], true
		}
	}
	return nil, false
}

// show formats a value for its placeholder.
func (l *Localizer) show(v any, p piece) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if p.manner == decimal {
			return l.decimal(v)
		}
		return v
	case int:
		return l.whole(int64(v), p)
	case int64:
		return l.whole(v, p)
	case time.Time:
		return l.written(v, p.manner)
	case *time.Time:
		if v == nil {
			return ""
		}
		return l.written(*v, p.manner)
	}
	return fmt.Sprint(v)
}

// whole formats a whole number. It groups the digits only of a count, not of a year or percentage.
func (l *Localizer) whole(n int64, p piece) string {
	if p.name == "Count" {
		return l.Number(n)
	}
	return strconv.FormatInt(n, 10)
}
