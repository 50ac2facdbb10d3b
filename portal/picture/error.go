package picture

// Reason says why a file was refused.
type Reason string

// The reasons of an Error.
const (
	// TooLarge: more than MaxBytes.
	TooLarge Reason = "too_large"
	// Format: not a PNG, JPEG or still WebP file.
	Format Reason = "format"
	// Damaged: the file starts like an image but cannot be decoded completely.
	Damaged Reason = "damaged"
	// Dimensions: a side or the number of pixels is outside the limits.
	Dimensions Reason = "dimensions"
)

// Error is the type of every error of Logo, Photo and CheckPhoto.
type Error struct {
	Reason Reason
	cause  error
}

// Error returns the reason and the decoder's message; it is for logs, not for visitors.
func (e *Error) Error() string {
	if e.cause == nil {
		return "picture: " + string(e.Reason)
	}
	return "picture: " + string(e.Reason) + ": " + e.cause.Error()
}

// Unwrap returns the decoder's error, or nil.
func (e *Error) Unwrap() error { return e.cause }
