package portal

import (
	"strings"
	"testing"

	"postern/portal/credential"
	"postern/portal/secret/secrettest"
)

// FuzzParseToken checks that a parsed token is written back unchanged, so that a secret has only one valid
// spelling.
func FuzzParseToken(f *testing.F) {
	real := credential.NewToken(New(nil, secrettest.Ring()).credentialsID("main", "jan@example.com")).String()
	for _, text := range []string{"", "x", real, real[:63], real + "A", real + "=", strings.ToLower(real),
		strings.Repeat("A", 64),
		strings.Repeat("_", 64), real[:63] + "\n", real[:32] + "\n" + real[32:], strings.Repeat("é", 32),
		real[:32] + "\x00" + real[33:]} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, ok := credential.ParseToken(text)
		if !ok {
			if read != (credential.Token{}) {
				t.Errorf("%q is none and gives %v", text, read)
			}
			return
		}
		if read.String() != text || len(text) != credential.TokenLength || len(read.Credentials) != 22 ||
			read.Hash() == "" {
			t.Errorf("%q is read as %q", text, read)
		}
	})
}
