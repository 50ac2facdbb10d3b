package portal

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"postern/storage"
)

// UnsubscribePrefix begins the paths that take a consent back by one click (RFC 8058). They answer to what
// is signed in them, never to a cookie.
const UnsubscribePrefix = "/unsubscribe/"

// unsubscribe is what a one-click address says: who, and what for. It names nobody: the id is the portal's
// own.
type unsubscribe struct {
	customer string
	purpose  Purpose
}

// SigningKey is a key of a shop, sealed under the installation secret. It is written nowhere but into the
// store.
type SigningKey []byte

// String hides the key from logs and prints.
func (SigningKey) String() string { return "(secret)" }

// GoString hides the key from prints of a whole shop.
func (SigningKey) GoString() string { return "(secret)" }

// MarshalText hides the key from JSON.
func (SigningKey) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

const unsubscribeKeyBytes = 32

// unsubscribeKey is the shop's key for one-click addresses, made when it is first needed. Two who make it
// at once have one: the shop's document decides.
func (a *App) unsubscribeKey(ctx context.Context, shop Shop) ([]byte, error) {
	if len(shop.UnsubscribeKey) > 0 {
		return a.openKey(shop)
	}
	changed, err := a.shopDocs().Change(ctx, shop.ID, func(shop *Shop) error {
		if len(shop.UnsubscribeKey) == 0 {
			key := make([]byte, unsubscribeKeyBytes)
			rand.Read(key) // never fails (crypto/rand)
			shop.UnsubscribeKey = a.secret.Seal(unsubscribeSeal(shop.ID), key)
		}
		return nil
	})
	if err != nil {
		return nil, wrap("make the key of one-click addresses", missing(err))
	}
	a.forgetShops()
	return a.openKey(changed)
}

// unsubscribeSeal is the id that a shop's key is sealed for: the key of another shop, put in its place,
// does not open.
func unsubscribeSeal(shop string) string { return "shops/" + shop + "/unsubscribe_key" }

// openKey is the shop's key for one-click addresses as it signs; none when the shop has none yet.
func (a *App) openKey(shop Shop) ([]byte, error) {
	if len(shop.UnsubscribeKey) == 0 {
		return nil, nil
	}
	key, err := a.secret.Open(unsubscribeSeal(shop.ID), shop.UnsubscribeKey)
	return key, wrap("read the key of one-click addresses of shop "+shop.ID, err)
}

// sealAgain seals what was sealed under the older secret under the current one.
func (a *App) sealAgain(ctx context.Context) error {
	shops, err := a.loadShops(ctx)
	if err != nil {
		return err
	}
	for _, shop := range shops {
		if _, err := a.shopDocs().Change(ctx, shop.ID, func(shop *Shop) error {
			key, err := a.openKey(*shop)
			if err != nil || key == nil {
				return cmp.Or(err, storage.ErrUnchanged)
			}
			shop.UnsubscribeKey = a.secret.Seal(unsubscribeSeal(shop.ID), key)
			return nil
		}); err != nil {
			return err
		}
	}
	a.forgetShops()
	return nil
}

// token is the signed text of the address: what it says, and its HMAC-SHA256.
func (u unsubscribe) token(shop string, key []byte) string {
	said := u.said()
	return base64.RawURLEncoding.EncodeToString(append([]byte(said), signUnsubscribe(shop, said, key)...))
}

func (u unsubscribe) said() string { return string(u.purpose) + "." + u.customer }

func signUnsubscribe(shop, said string, key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("postern unsubscribe\x00" + shop + "\x00" + said)) // never fails (hash.Hash)
	return mac.Sum(nil)
}

const maxUnsubscribeToken = 512

// parseUnsubscribe reads a token that this shop has signed; ok is false for any other.
func parseUnsubscribe(shop, text string, key []byte) (u unsubscribe, ok bool) {
	if len(key) == 0 || len(text) > maxUnsubscribeToken {
		return u, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) <= sha256.Size || base64.RawURLEncoding.EncodeToString(raw) != text { // the decoder skips line breaks
		return u, false
	}
	said, mac := string(raw[:len(raw)-sha256.Size]), raw[len(raw)-sha256.Size:]
	if !hmac.Equal(mac, signUnsubscribe(shop, said, key)) {
		return u, false
	}
	purpose, customer, found := strings.Cut(said, ".")
	u = unsubscribe{customer: customer, purpose: Purpose(purpose)}
	return u, found && slices.Contains(Purposes(), u.purpose)
}

// Unsubscription tells what an address of UnsubscribePrefix would take back, and changes nothing: mail
// scanners open links, too. An address that is not one of ours is NotFound, and does not tell whose it may
// have been.
func (v Visitor) Unsubscription(text string) (Purpose, error) {
	u, err := v.parseUnsubscribe(text)
	return u.purpose, err
}

func (v Visitor) parseUnsubscribe(text string) (unsubscribe, error) {
	key, err := v.app.openKey(v.shop)
	if err != nil {
		return unsubscribe{}, err
	}
	u, ok := parseUnsubscribe(v.shop.ID, text, key)
	if !ok {
		return unsubscribe{}, failure(NotFound, "unsubscribe.unknown")
	}
	return u, nil
}

// Unsubscribe takes the consent back. Twice is once, and so is an account that is gone: there is nobody to
// write to.
func (v Visitor) Unsubscribe(ctx context.Context, text string) (Purpose, error) {
	u, err := v.parseUnsubscribe(text)
	if err != nil {
		return "", err
	}
	err = v.app.noteConsent(ctx, v.shop.ID, u.customer, Consent{Purpose: u.purpose, Status: ConsentWithdrawn, Source: SourceUnsubscribe})
	if KindOf(err) == NotFound {
		err = nil
	}
	return u.purpose, err
}
