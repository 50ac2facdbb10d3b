package shop

// SigningKey is a signing key of a shop, encrypted with the installation secret. It is written only to the
// store.
type SigningKey []byte

// String hides the key in logs and printed output.
func (SigningKey) String() string { return "(secret)" }

// GoString hides the key when a whole shop is printed.
func (SigningKey) GoString() string { return "(secret)" }

// MarshalText hides the key in JSON.
func (SigningKey) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }
