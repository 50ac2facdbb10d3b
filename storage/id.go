package storage

import "github.com/google/uuid"

// NewID makes a key that no other document has and that sorts by the time it was made (UUID version 7, RFC
// 9562).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID reports whether a key has the form that NewID gives.
func IsID(key string) bool {
	id, err := uuid.Parse(key)
	return err == nil && id.String() == key
}
