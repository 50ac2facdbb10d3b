package portal

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"postern/portal/address"
	"postern/portal/clean"
	"postern/portal/money"
)

// form reads the values of an input and collects all faults, so that the sender can fix them in one go.
type form struct {
	faults   []Fault
	warnings []Fault
	unlisted int // warnings beyond maxWarnings
	currency string
	atlas    *address.Atlas // of those that read addresses
	latest   time.Time      // the latest moment that notAhead accepts; zero for any
}

// The largest values that are read, in characters; a document in bytes.
const (
	maxNumber    = 64
	maxWord      = 100
	maxName      = 500
	maxText      = 5000
	maxURL       = 2000
	maxOrderJSON = 4 << 20
)

func (f *form) fault(field, key string, args ...string) {
	f.faults = append(f.faults, newFault(field, key, args))
}

// maxWarnings is how many warnings on one document are listed; the rest are counted.
const maxWarnings = 100

// warn records that a merely descriptive value was rounded, cleaned or dropped. The rest of the document is
// accepted.
func (f *form) warn(field, key string, args ...string) {
	if len(f.warnings) == maxWarnings {
		f.unlisted++
		return
	}
	f.warnings = append(f.warnings, newFault(field, key, args))
}

// listed returns the warnings; if some are not listed, the last one gives their number.
func (f *form) listed() []Fault {
	if f.unlisted == 0 {
		return f.warnings
	}
	return append(f.warnings, newFault("", "warning.more", []string{"Count", fmt.Sprint(f.unlisted)}))
}

func newFault(field, key string, args []string) Fault {
	fault := Fault{Field: field, Key: key}
	for i := 0; i+1 < len(args); i += 2 {
		if fault.Args == nil {
			fault.Args = map[string]string{}
		}
		fault.Args[args[i]] = args[i+1]
	}
	return fault
}

// text reads one line, without invisible characters.
func (f *form) text(field, value string, most int) string {
	return f.bounded(field, f.clean(field, value, clean.Line), most)
}

// prose reads a text that may have several lines.
func (f *form) prose(field, value string, most int) string {
	return f.bounded(field, f.clean(field, value, clean.Prose), most)
}

// clean removes unprintable characters, and warns if that was more than white space.
func (f *form) clean(field, value string, by func(string) (string, bool)) string {
	if !utf8.ValidString(value) {
		f.fault(field, "text.control")
		return ""
	}
	clean, changed := by(value)
	if changed {
		f.warn(field, "text.cleaned")
	}
	if strings.ContainsRune(clean, utf8.RuneError) {
		f.warn(field, "text.letter_lost")
	}
	return clean
}

func (f *form) bounded(field, value string, most int) string {
	if utf8.RuneCountInString(value) > most {
		f.fault(field, "text.long", "Most", fmt.Sprint(most))
		return ""
	}
	return value
}

func (f *form) required(field, value string) string {
	if value == "" && !f.faulty(field) {
		f.fault(field, "text.required")
	}
	return value
}

func (f *form) faulty(field string) bool {
	for _, fault := range f.faults {
		if fault.Field == field {
			return true
		}
	}
	return false
}

func (f *form) email(field, value string) string {
	email, ok := CanonicalEmail(value)
	if !ok {
		f.fault(field, "email.form")
	}
	return email
}

// The range of years for a time; a year outside it is a mistake of the sender.
const (
	firstYear = 1970
	lastYear  = 2199
)

// time reads an RFC 3339 time, nil when none is given. The store keeps milliseconds.
func (f *form) time(field, value string) *time.Time {
	if value == "" {
		return nil
	}
	t := parseTime(value)
	if t == nil {
		f.fault(field, "time.form")
	}
	return t
}

// parseTime reads a time in any unambiguous format: RFC 3339, and the same with a space instead of the T or
// without the colon in the offset, as PHP writes it. It returns nil for any other text and for years out of
// range.
func parseTime(value string) *time.Time {
	value = strings.ToUpper(clean.Code(value))
	layouts := []string{
		time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700",
	}
	for _, layout := range layouts {
		t, err := time.Parse(layout, value)
		if err == nil && t.UTC().Year() >= firstYear && t.UTC().Year() <= lastYear {
			t = t.UTC().Truncate(time.Millisecond)
			return &t
		}
	}
	return nil
}

// moment reads a required time.
func (f *form) moment(field, value string) time.Time {
	f.required(field, value)
	if t := f.time(field, value); t != nil {
		return *t
	}
	return time.Time{}
}

// clockSkew is how far a sender's clock may run ahead of ours.
const clockSkew = 5 * time.Minute

// notAhead refuses a time that only a wrong clock can produce: no correct update could be newer, so it
// would freeze the document.
func (f *form) notAhead(field string, t time.Time) {
	if !f.latest.IsZero() && t.After(f.latest) {
		f.fault(field, "time.ahead", "Now", f.latest.Add(-clockSkew).Format(time.RFC3339))
	}
}

func (f *form) currencyCode(field, code string) string {
	code, ok := money.Canonical(code)
	if !ok {
		f.fault(field, "money.currency")
		return ""
	}
	return code
}

// link reads an absolute http or https URL without user information.
func (f *form) link(field, value string) string {
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || len(u.String()) > maxURL || originOf(value) == "" || value != clean.Code(value) {
		f.fault(field, "url.form")
		return ""
	}
	return u.String()
}

// decodeJSON reads one JSON document strictly: known members only, none twice, valid UTF-8 (RFC 7493), no
// data after it. Errors are Invalid, with a pointer to the place.
func decodeJSON(body []byte, into any) error {
	if len(body) > maxOrderJSON {
		return failure(TooLarge, "error.too_large")
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // some .NET clients send one; RFC 8259, 8.1 lets it be ignored
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	return &Error{Kind: Invalid, Key: "error.invalid", Faults: []Fault{jsonFault(err)}}
}

// jsonFault says where a document is wrong, and how. The decoder's own text may quote the input, so it is
// not passed on.
func jsonFault(err error) Fault {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		if errors.Is(err, json.ErrUnknownName) {
			return Fault{Field: pointer(semantic.JSONPointer), Key: "json.unknown"}
		}
		return Fault{Field: pointer(semantic.JSONPointer), Key: "json.type"}
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		key := "json.syntax"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			key = "json.duplicate"
		}
		return Fault{Field: pointer(syntactic.JSONPointer), Key: key}
	}
	return Fault{Key: "json.syntax"}
}

// maxPointer limits the pointer's length in bytes, as a hostile document could make it long.
const maxPointer = 200

func pointer(p jsontext.Pointer) string {
	text := strings.ToValidUTF8(string(p), "")
	return text[:min(len(text), maxPointer)]
}
