package logo

// Reason says why a file was refused.
type Reason string

// The reasons of an Error.
const (
	// TooLarge: more than MaxBytes.
	TooLarge Reason = "too_large"
	// Format: not a PNG, JPEG or still WebP file.
	Format Reason = "format"
	// Damaged: it begins like one, but cannot be read to the end.
	Damaged Reason = "damaged"
	// Dimensions: a side or the number of pixels is out of bounds.
	Dimensions Reason = "dimensions"
)

// Error is the one error of Normalise.
type Error struct {
	Reason Reason
	cause  error
}

// Error gives the reason and the decoder's words; it is for logs, not for visitors.
func (e *Error) Error() string {
	if e.cause == nil {
		return "logo: " + string(e.Reason)
	}
	return "logo: " + string(e.Reason) + ": " + e.cause.Error()
}

// Unwrap is the decoder's error, if there was one.
func (e *Error) Unwrap() error { return e.cause }
