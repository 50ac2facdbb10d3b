// Package secrettest has the installation secret of tests. It must not know what is tested.
package secrettest

import (
	"bytes"

	"postern/portal/secret"
)

// Ring is the same secret at every call, so that every App of a test is of one installation.
func Ring() *secret.Ring {
	ring, err := secret.New(bytes.Repeat([]byte("T"), secret.Bytes))
	if err != nil {
		panic(err)
	}
	return ring
}
