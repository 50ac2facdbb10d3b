// Package passkeytest is for tests. It is an authenticator in software, which answers as a security key does
// and can be made to answer wrongly.
//
// It must not know how the answers are checked.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// Flags of the authenticator data (WebAuthn level 3, section 6.1).
const (
	Present  = 0x01
	Verified = 0x04
	Syncable = 0x08
	Synced   = 0x10
	attested = 0x40
)

// Key is a passkey in an authenticator. Its fields decide what the next answer says.
type Key struct {
	ID     []byte
	Host   string // the RP ID
	Origin string
	Count  uint32 // of the next answer; 0 for an authenticator that does not count
	Flags  byte

	t      testing.TB
	handle []byte
	secret *ecdsa.PrivateKey
}

// New returns an authenticator in a browser at an origin of a host.
func New(t testing.TB, host, origin string) *Key {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id) // never fails (crypto/rand)
	return &Key{ID: id, Host: host, Origin: origin, Flags: Present | Verified, t: t, secret: secret}
}

// options are the members of both kinds of options that the authenticator reads.
type options struct {
	Challenge string `json:"challenge"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
}

func (k *Key) read(text []byte) options {
	k.t.Helper()
	var o options
	if err := json.Unmarshal(text, &o); err != nil || o.Challenge == "" {
		k.t.Fatalf("options %s: %v", text, err)
	}
	return o
}

// Create answers options for a new passkey.
func (k *Key) Create(text []byte) string {
	k.t.Helper()
	o := k.read(text)
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	k.handle = handle
	object := append([]byte{0xa3, 0x63}, "fmt\x64none\x67attStmt\xa0\x68authData\x59"...)
	data := k.created()
	object = append(binary.BigEndian.AppendUint16(object, uint16(len(data))), data...) //nolint:gosec // short
	return k.answer(map[string]any{
		"clientDataJSON":    k.client("webauthn.create", o.Challenge),
		"attestationObject": base64.RawURLEncoding.EncodeToString(object), "transports": []string{"internal"},
	})
}

// created returns the authenticator data of a new passkey: an AAGUID of zeros, the id, and the public key in
// COSE (ES256).
func (k *Key) created() []byte {
	data := append(k.data(k.Flags|attested), make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID))) //nolint:gosec // 32
	data = append(data, k.ID...)
	point, err := k.secret.PublicKey.Bytes() // 4, x, y
	if err != nil {
		k.t.Fatal(err)
	}
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	data = append(data, point[1:33]...)
	data = append(data, 0x22, 0x58, 0x20)
	return append(data, point[33:]...)
}

// Prove answers options that ask for a proof.
func (k *Key) Prove(text []byte) string {
	k.t.Helper()
	client := k.client("webauthn.get", k.read(text).Challenge)
	plain, err := base64.RawURLEncoding.DecodeString(client)
	if err != nil {
		k.t.Fatal(err)
	}
	data, hash := k.data(k.Flags), sha256.Sum256(plain)
	signed := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.secret, signed[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.answer(map[string]any{
		"clientDataJSON": client, "authenticatorData": base64.RawURLEncoding.EncodeToString(data),
		"signature":  base64.RawURLEncoding.EncodeToString(signature),
		"userHandle": base64.RawURLEncoding.EncodeToString(k.handle),
	})
}

func (k *Key) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(k.Host))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.Count)
}

func (k *Key) client(kind, challenge string) string {
	k.t.Helper()
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.Origin,
		"crossOrigin": false})
	if err != nil {
		k.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (k *Key) answer(response map[string]any) string {
	k.t.Helper()
	id := base64.RawURLEncoding.EncodeToString(k.ID)
	text, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{}})
	if err != nil {
		k.t.Fatal(err)
	}
	return string(text)
}
