package secret

import (
	"crypto/sha256"
	"encoding/base64"
)

// Hash returns a secret as it is stored: base64url of its SHA-256.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
