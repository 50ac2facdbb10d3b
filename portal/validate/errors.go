package validate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/storage"
)

// NotFoundIfMissing turns storage.ErrNotFound into a NotFound error.
func NotFoundIfMissing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return &Error{Kind: NotFound, Cause: err}
	}
	return err
}

// Kind is the category of an Error; the web layer maps it to a status.
type Kind uint8

// The kinds of failure. Internal is the zero value, so an error without a kind is internal.
const (
	Internal    Kind = iota // the portal's own fault; its text is for the log only
	Invalid                 // the input is wrong; Fields say where
	SignIn                  // needs a signed-in customer, or a valid key
	StepUp                  // signed in, but a code must be entered once more
	Denied                  // signed in, but not allowed
	NotFound                // no such thing, or none this actor may know of
	Gone                    // was there, and ended
	Conflict                // changed by someone else meanwhile, or taken
	TooLarge                // more than is accepted
	TooMany                 // too often; later it works
	Unavailable             // a part the portal needs does not answer
)

// FieldError is one wrong field. Field is a JSON pointer (RFC 6901) into a document, such as
// "/lines/0/quantity", or the name of a form field. Key names the message that says what is wrong and how
// to fix it; Args are its values.
type FieldError struct {
	Field string
	Key   string
	Args  map[string]string
}

// Error is a failure with a kind, a message key for people, and a cause for the log.
type Error struct {
	Kind   Kind
	Key    string            // of the message; "" for the kind's own
	Args   map[string]string // of the message
	Fields []FieldError
	Cause  error
	// RetryAfter is how long to wait before trying again, if known (TooMany, Unavailable).
	RetryAfter time.Duration
}

// RetryAfter returns how long to wait before trying again; 0 if the error does not say.
func RetryAfter(err error) time.Duration {
	var own *Error
	if errors.As(err, &own) {
		return own.RetryAfter
	}
	return 0
}

// Error returns the text for the log. It holds field names and message keys, no values.
func (e *Error) Error() string {
	parts := []string{fmt.Sprintf("portal: kind %d", e.Kind)}
	if e.Key != "" {
		parts = append(parts, e.Key)
	}
	for _, wrong := range e.Fields {
		parts = append(parts, wrong.Field+": "+wrong.Key)
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of err: Unavailable if the store does not answer, Internal for any other foreign
// error.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e) && e.Kind != Internal:
		return e.Kind
	case errors.Is(err, storage.ErrUnavailable):
		return Unavailable
	}
	return Internal
}

// KeyOf returns the message key of err, "" for none.
func KeyOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Key
	}
	return ""
}

// FieldErrors returns the wrong fields that err names.
func FieldErrors(err error) []FieldError {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}

// NewError returns an Error of a kind with its message key.
func NewError(kind Kind, key string) *Error { return &Error{Kind: kind, Key: key} }

// InvalidFields returns an Invalid error with the field errors, or nil if there are none.
func InvalidFields(fields []FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Key: "error.invalid", Fields: fields}
}
