package storage

import "github.com/google/uuid"

// NewID returns a unique key that sorts by creation time (UUID version 7, RFC 9562).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID reports whether key has the format of NewID.
func IsID(key string) bool {
	id, err := uuid.Parse(key)
	return err == nil && id.String() == key
}
