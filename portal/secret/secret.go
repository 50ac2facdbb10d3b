// Package secret handles the installation secret: 32 random bytes that all processes of one installation
// share. It owns the secret's file, the keys derived from it, and the encryption of data that only the
// portal may read. It must not know what the keys are used for, or the store.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
)

const (
	// Bytes is the length of a secret.
	Bytes = 32
	// idBytes is the length of a keyed id: 128 bits, enough to rule out collisions.
	idBytes = 16
)

// Ring holds the installation secret, and the previous one during a rotation. It is safe for concurrent
// use.
type Ring struct {
	current *key
	older   *key // nil for none
}

// key is one secret with a cache of the keys derived from it and of the HMACs that use them, because a
// derivation costs as much as several of these.
type key struct {
	secret  []byte
	derived sync.Map // info string to []byte
	hashes  sync.Map // info string to *sync.Pool of hash.Hash
}

// New returns a ring of the current secret and, during a rotation, the previous one.
func New(current []byte, older ...[]byte) (*Ring, error) {
	if len(older) > 1 {
		return nil, errors.New("secret: more than two secrets")
	}
	all := append([][]byte{current}, older...)
	for _, one := range all {
		if len(one) != Bytes {
			return nil, fmt.Errorf("secret: %d bytes instead of %d", len(one), Bytes)
		}
	}
	r := &Ring{current: &key{secret: current}}
	if len(older) == 1 && !hmac.Equal(current, older[0]) {
		r.older = &key{secret: older[0]}
	}
	return r, nil
}

// String hides the secret in logs and printed output.
func (*Ring) String() string { return "(secret)" }

// GoString hides the secret when a struct that contains it is printed.
func (*Ring) GoString() string { return "(secret)" }

// derive returns the key for one purpose: HKDF-SHA256 of the secret with info.
func (k *key) derive(info string) []byte {
	if known, ok := k.derived.Load(info); ok {
		return known.([]byte)
	}
	derived, err := hkdf.Key(sha256.New, k.secret, nil, "postern "+info, sha256.Size)
	if err != nil { // only for an invalid length, or a secret that is too short in FIPS mode
		panic("secret: " + err.Error())
	}
	k.derived.Store(info, derived)
	return derived
}

// macs returns a pool of HMACs with the derived key, because setting one up costs more than using it.
func (k *key) macs(info string) *sync.Pool {
	if known, ok := k.hashes.Load(info); ok {
		return known.(*sync.Pool)
	}
	derived := k.derive(info)
	pool, _ := k.hashes.LoadOrStore(info, &sync.Pool{New: func() any { return hmac.New(sha256.New, derived) }})
	return pool.(*sync.Pool)
}

// ID returns an id for the given parts that only holders of the secret can compute: 16 bytes of HMAC-SHA256
// as base64url. Its key is derived for the shop ("" for the whole installation) and the label.
func (r *Ring) ID(shop, label string, parts ...string) string {
	macs := r.current.macs("id\x00" + shop + "\x00" + label)
	mac := macs.Get().(hash.Hash)
	defer func() {
		mac.Reset() // keeps nothing of the parts
		macs.Put(mac)
	}()
	mac.Write([]byte(strings.Join(parts, "\x00"))) // never fails (hash.Hash)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:idBytes])
}

// Check returns a value by which a store recognises the current secret. It does not reveal the secret.
func (r *Ring) Check() string { return hex.EncodeToString(r.current.derive("check")) }

// OlderCheck is Check for the previous secret, or "" if there is none.
func (r *Ring) OlderCheck() string {
	if r.older == nil {
		return ""
	}
	return hex.EncodeToString(r.older.derive("check"))
}

// ErrSealed means that data was sealed with another secret or for another id, or is damaged.
var ErrSealed = errors.New("secret: sealed under another secret, or damaged")

// Seal encrypts with AES-256-GCM under the current secret. Only Open with the same id can decrypt the
// result.
func (r *Ring) Seal(id string, plain []byte) []byte {
	aead := r.current.aead()
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	rand.Read(nonce) // never fails (crypto/rand)
	return aead.Seal(nonce, nonce, plain, []byte(id))
}

// Open decrypts data that was sealed for the id with the current or the previous secret. Otherwise it
// returns ErrSealed.
func (r *Ring) Open(id string, sealed []byte) ([]byte, error) {
	for _, k := range []*key{r.current, r.older} {
		if k == nil || len(sealed) < k.aead().NonceSize() {
			continue
		}
		size := k.aead().NonceSize()
		if plain, err := k.aead().Open(nil, sealed[:size], sealed[size:], []byte(id)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrSealed
}

func (k *key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.derive("seal"))
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCM(block); err == nil {
			return aead
		}
	}
	panic("secret: " + err.Error()) // cannot happen: the key has 32 bytes
}
