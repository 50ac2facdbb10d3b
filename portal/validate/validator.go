// Package validate reads the values of an input, typed or sent, and collects what is wrong with them as field
// errors. It owns the kinds of errors that a caller sees, and the formats of text, emails, amounts, dates,
// URLs and ids that all nouns share.
//
// It must not know any noun.
package validate

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

// Validator reads the values of an input and collects all field errors, so that the sender can fix them in
// one go.
type Validator struct {
	Rejected []FieldError
	Warnings []FieldError
	unlisted int // warnings beyond maxWarnings
	Currency string
	Formats  *address.Formats // of those that read addresses
	Latest   time.Time        // the latest moment that NotAhead accepts; zero for any
	Zone     *time.Location   // of times that name none; nil refuses them
}

// The largest values that are read, in characters; a document in bytes.
const (
	MaxNumber   = 64
	MaxWord     = 100
	MaxName     = 500
	MaxText     = 5000
	maxURL      = 2000
	MaxDocument = 4 << 20
)

func (f *Validator) Reject(field, key string, args ...string) {
	f.Rejected = append(f.Rejected, newFieldError(field, key, args))
}

// maxWarnings is how many warnings on one document are listed; the rest are counted.
const maxWarnings = 100

// Warn records that a merely descriptive value was rounded, cleaned or dropped. The rest of the document is
// accepted.
func (f *Validator) Warn(field, key string, args ...string) {
	if len(f.Warnings) == maxWarnings {
		f.unlisted++
		return
	}
	f.Warnings = append(f.Warnings, newFieldError(field, key, args))
}

// ListedWarnings returns the warnings; if some are not listed, the last one gives their number.
func (f *Validator) ListedWarnings() []FieldError {
	if f.unlisted == 0 {
		return f.Warnings
	}
	return append(f.Warnings, newFieldError("", "warning.more", []string{"Count", fmt.Sprint(f.unlisted)}))
}

func newFieldError(field, key string, args []string) FieldError {
	wrong := FieldError{Field: field, Key: key}
	for i := 0; i+1 < len(args); i += 2 {
		if wrong.Args == nil {
			wrong.Args = map[string]string{}
		}
		wrong.Args[args[i]] = args[i+1]
	}
	return wrong
}

// Text reads one line, without invisible characters.
func (f *Validator) Text(field, value string, most int) string {
	return f.bounded(field, f.clean(field, value, clean.Line), most)
}

// Prose reads a text that may have several lines.
func (f *Validator) Prose(field, value string, most int) string {
	return f.bounded(field, f.clean(field, value, clean.Prose), most)
}

// clean removes unprintable characters, and warns if that was more than white space.
func (f *Validator) clean(field, value string, by func(string) (string, bool)) string {
	if !utf8.ValidString(value) {
		f.Reject(field, "text.control")
		return ""
	}
	clean, changed := by(value)
	if changed {
		f.Warn(field, "text.cleaned")
	}
	if strings.ContainsRune(clean, utf8.RuneError) {
		f.Warn(field, "text.letter_lost")
	}
	return clean
}

func (f *Validator) bounded(field, value string, most int) string {
	if utf8.RuneCountInString(value) > most {
		f.Reject(field, "text.long", "Most", fmt.Sprint(most))
		return ""
	}
	return value
}

func (f *Validator) Required(field, value string) string {
	if value == "" && !f.isRejected(field) {
		f.Reject(field, "text.required")
	}
	return value
}

func (f *Validator) isRejected(field string) bool {
	for _, wrong := range f.Rejected {
		if wrong.Field == field {
			return true
		}
	}
	return false
}

func (f *Validator) Email(field, value string) string {
	email, ok := CanonicalEmail(value)
	if !ok {
		f.Reject(field, "email.form")
	}
	return email
}

func (f *Validator) CurrencyCode(field, code string) string {
	code, ok := money.Canonical(code)
	if !ok {
		f.Reject(field, "money.currency")
		return ""
	}
	return code
}

// Link reads an absolute http or https URL without user information.
func (f *Validator) Link(field, value string) string {
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || len(u.String()) > maxURL || OriginOf(value) == "" || value != clean.Code(value) {
		f.Reject(field, "url.form")
		return ""
	}
	return u.String()
}

// DecodeJSON reads one JSON document strictly: known members only, none twice, valid UTF-8 (RFC 7493), no
// data after it. Errors are Invalid, with a pointer to the place.
func DecodeJSON(body []byte, into any) error {
	if len(body) > MaxDocument {
		return NewError(TooLarge, "error.too_large")
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // some .NET clients send one; RFC 8259, 8.1 lets it be ignored
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	return JSONError(err)
}

// JSONError returns the Invalid error about a document that the decoder refuses.
func JSONError(err error) error { return InvalidFields([]FieldError{jsonError(err)}) }

// jsonError says where a document is wrong, and how. The decoder's own text may quote the input, so it is
// not passed on.
func jsonError(err error) FieldError {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		if errors.Is(err, json.ErrUnknownName) {
			return FieldError{Field: pointer(semantic.JSONPointer), Key: "json.unknown"}
		}
		return FieldError{Field: pointer(semantic.JSONPointer), Key: "json.type"}
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		key := "json.syntax"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			key = "json.duplicate"
		}
		return FieldError{Field: pointer(syntactic.JSONPointer), Key: key}
	}
	return FieldError{Key: "json.syntax"}
}

// maxPointer limits the pointer's length in bytes, as a hostile document could make it long.
const maxPointer = 200

func pointer(p jsontext.Pointer) string {
	text := strings.ToValidUTF8(string(p), "")
	return text[:min(len(text), maxPointer)]
}

func (f *Validator) Optional(field string, value *string, most int) *string {
	if value == nil {
		return nil
	}
	text := f.Cut(field, *value, most)
	return &text
}
