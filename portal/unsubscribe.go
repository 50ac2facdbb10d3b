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

	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// UnsubscribePrefix is the prefix of the one-click paths that withdraw a consent (RFC 8058). They depend
// only on their signed content, never on a cookie.
const UnsubscribePrefix = "/unsubscribe/"

// unsubscribe is the content of a one-click URL: customer and purpose. It does not reveal the person: the
// id is Postern's own.
type unsubscribe struct {
	customer string
	purpose  customer.Purpose
}

const unsubscribeKeyBytes = 32

// unsubscribeKey returns the shop's key for one-click URLs and creates it when first needed. If two
// processes do so at the same time, the shop's document decides which key is kept.
func (a *App) unsubscribeKey(ctx context.Context, sh shop.Shop) ([]byte, error) {
	if len(sh.UnsubscribeKey) > 0 {
		return a.openKey(sh)
	}
	changed, err := a.shopDocs().Change(ctx, sh.ID, func(shop *shop.Shop) error {
		if len(shop.UnsubscribeKey) == 0 {
			key := make([]byte, unsubscribeKeyBytes)
			rand.Read(key) // never fails (crypto/rand)
			shop.UnsubscribeKey = a.secret.Seal(unsubscribeSeal(shop.ID), key)
		}
		return nil
	})
	if err != nil {
		return nil, wrap("make the key of one-click addresses", validate.NotFoundIfMissing(err))
	}
	a.forgetShops()
	return a.openKey(changed)
}

// unsubscribeSeal returns the id that a shop's key is sealed for, so that a key copied from another shop
// cannot be opened.
func unsubscribeSeal(shop string) string { return "shops/" + shop + "/unsubscribe_key" }

// openKey returns the shop's decrypted key for one-click URLs, or nil if it has none yet.
func (a *App) openKey(shop shop.Shop) ([]byte, error) {
	if len(shop.UnsubscribeKey) == 0 {
		return nil, nil
	}
	key, err := a.secret.Open(unsubscribeSeal(shop.ID), shop.UnsubscribeKey)
	return key, wrap("read the key of one-click addresses of shop "+shop.ID, err)
}

// sealAgain re-encrypts with the current secret all data that was sealed with the older one.
func (a *App) sealAgain(ctx context.Context) error {
	shops, err := a.loadShops(ctx)
	if err != nil {
		return err
	}
	for _, sh := range shops {
		if _, err := a.shopDocs().Change(ctx, sh.ID, func(shop *shop.Shop) error {
			key, err := a.openKey(*shop)
			if err != nil || key == nil {
				return cmp.Or(err, storage.ErrUnchanged)
			}
			shop.UnsubscribeKey = a.secret.Seal(unsubscribeSeal(shop.ID), key)
			return nil
		}); err != nil {
			return err
		}
		if err := a.sealStaffAgain(ctx, sh.ID); err != nil {
			return err
		}
	}
	a.forgetShops()
	return nil
}

// token returns the signed part of the URL: its content and the HMAC-SHA256.
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

// parseUnsubscribe parses a token signed by this shop; ok is false for any other.
func parseUnsubscribe(shop, text string, key []byte) (u unsubscribe, ok bool) {
	if len(key) == 0 || len(text) > maxUnsubscribeToken {
		return u, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	// Encoding again rejects line breaks, which the decoder skips.
	if err != nil || len(raw) <= sha256.Size || base64.RawURLEncoding.EncodeToString(raw) != text {
		return u, false
	}
	said, mac := string(raw[:len(raw)-sha256.Size]), raw[len(raw)-sha256.Size:]
	if !hmac.Equal(mac, signUnsubscribe(shop, said, key)) {
		return u, false
	}
	purpose, c, found := strings.Cut(said, ".")
	u = unsubscribe{customer: c, purpose: customer.Purpose(purpose)}
	return u, found && slices.Contains(customer.Purposes(), u.purpose)
}

// Unsubscription returns the purpose that a one-click URL would unsubscribe from. It changes nothing,
// because mail scanners open links too. An invalid URL is validate.NotFound, which does not reveal whether it
// was ever valid.
func (v Visitor) Unsubscription(text string) (customer.Purpose, error) {
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
		return unsubscribe{}, validate.NewError(validate.NotFound, "unsubscribe.unknown")
	}
	return u, nil
}

// Unsubscribe withdraws the consent. It is safe to repeat, and it is no error if the account no longer
// exists.
func (v Visitor) Unsubscribe(ctx context.Context, text string) (customer.Purpose, error) {
	u, err := v.parseUnsubscribe(text)
	if err != nil {
		return "", err
	}
	err = v.app.noteConsent(ctx, v.shop.ID, u.customer,
		customer.Consent{Purpose: u.purpose, Status: customer.ConsentWithdrawn,
			Source: customer.SourceUnsubscribe})
	if validate.KindOf(err) == validate.NotFound {
		err = nil
	}
	return u.purpose, err
}
