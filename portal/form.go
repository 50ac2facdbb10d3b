package portal

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"postern/portal/address"
	"postern/portal/money"
)

// form reads the values of an input and gathers what is wrong with them, all of it, so that the sender mends it in one go.
type form struct {
	faults   []Fault
	warnings []Fault
	unlisted int // warnings beyond maxWarnings
	currency string
}

func (f *form) fault(field, key string, args ...string) {
	f.faults = append(f.faults, newFault(field, key, args))
}

// maxWarnings is how many warnings on one document are listed; the rest are counted.
const maxWarnings = 100

// warn notes that a value which only decorates was rounded, cleaned or dropped. The rest of the document is taken.
func (f *form) warn(field, key string, args ...string) {
	if len(f.warnings) == maxWarnings {
		f.unlisted++
		return
	}
	f.warnings = append(f.warnings, newFault(field, key, args))
}

// listed returns the warnings, the last one with the number of those that are not in the list.
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

// text reads one line: trimmed, without controls and without what turns the writing direction around.
func (f *form) text(field, value string, most int) string {
	return f.read(field, value, most, unfitForLine)
}

// prose reads a text that may have several lines.
func (f *form) prose(field, value string, most int) string {
	return f.read(field, value, most, func(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && unfitForLine(r) })
}

func (f *form) read(field, value string, most int, unfit func(rune) bool) string {
	value = strings.TrimSpace(value)
	switch {
	case utf8.RuneCountInString(value) > most:
		f.fault(field, "text.long", "Most", fmt.Sprint(most))
	case strings.ContainsFunc(value, unfit):
		f.fault(field, "text.control")
	default:
		return value
	}
	return ""
}

// unfitForLine finds controls and the bidirectional overrides and isolates of UAX #9, which could make a text read as
// another one.
func unfitForLine(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == utf8.RuneError
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

// The years a time may lie in; outside them is a mistake of the sender.
const (
	firstYear = 1970
	lastYear  = 2199
)

// time reads an RFC 3339 time, nil when none is given. The store keeps milliseconds.
func (f *form) time(field, value string) *time.Time {
	if value == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil || t.UTC().Year() < firstYear || t.UTC().Year() > lastYear {
		f.fault(field, "time.form")
		return nil
	}
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// moment reads a time that must be given.
func (f *form) moment(field, value string) time.Time {
	f.required(field, value)
	if t := f.time(field, value); t != nil {
		return *t
	}
	return time.Time{}
}

func (f *form) currencyCode(field, code string) string {
	code, ok := money.Canonical(code)
	if !ok {
		f.fault(field, "money.currency")
		return ""
	}
	return code
}

// amount reads a decimal of the form's currency into minor units.
func (f *form) amount(field, value string) int64 {
	if f.currency == "" {
		return 0 // told at the currency
	}
	d, err := money.ParseDecimal(value)
	var amount money.Amount
	if err == nil {
		amount, err = d.In(f.currency) // "12.500000" is an exact number of cents
	}
	if err != nil {
		f.fault(field, moneyKey(value, err))
	}
	return amount.Minor
}

func (f *form) optionalAmount(field string, value *string) *int64 {
	if value == nil {
		return nil
	}
	minor := f.amount(field, *value)
	return &minor
}

func (f *form) decimal(field, value string, required bool) money.Decimal {
	if value == "" && !required {
		return ""
	}
	d, err := money.ParseDecimal(value)
	if err != nil {
		f.fault(field, moneyKey(value, err))
	}
	return d
}

func moneyKey(value string, err error) string {
	switch {
	case value == "":
		return "text.required"
	case errors.Is(err, money.ErrPrecision):
		return "money.precision"
	case errors.Is(err, money.ErrRange):
		return "money.range"
	}
	return "money.form"
}

// link reads an absolute http or https URL without user information.
func (f *form) link(field, value string) string {
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || len(u.String()) > maxURL || originOf(value) == "" || strings.ContainsFunc(value, unfitForLine) {
		f.fault(field, "url.form")
		return ""
	}
	return u.String()
}

// address reads an address as an order carries it: bounded and printable, but not judged, since the parcel has gone.
func (f *form) address(field string, a *address.Address) *address.Address {
	if a == nil || a.IsZero() {
		return nil
	}
	out := *a
	for _, name := range address.Names() {
		out.Set(name, f.text(field+"/"+string(name), a.Get(name), 2*address.MaxLength))
	}
	return &out
}

// decodeJSON reads one JSON document strictly: known members only, none twice, valid UTF-8 (RFC 7493), nothing behind it.
// What is wrong is Invalid, with a pointer to where.
func decodeJSON(body []byte, into any) error {
	if len(body) > maxOrderJSON {
		return failure(TooLarge, "error.too_large")
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	return &Error{Kind: Invalid, Key: "error.invalid", Faults: []Fault{jsonFault(err)}}
}

// jsonFault tells where a document is wrong, and how: the decoder's own text may quote the input, so it is not passed on.
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

// maxPointer cuts the pointer of a hostile document.
const maxPointer = 200

func pointer(p jsontext.Pointer) string {
	text := strings.ToValidUTF8(string(p), "")
	return text[:min(len(text), maxPointer)]
}
