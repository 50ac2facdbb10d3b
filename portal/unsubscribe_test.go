package portal_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
)

// unsubscribeToken returns the token that a feed gets with the customer's record for a purpose.
func (h *testApp) unsubscribeToken(email string, purpose customer.Purpose) string {
	h.t.Helper()
	record, err := h.feed().CustomerByEmail(h.t.Context(), email)
	token, found := strings.CutPrefix(record.Consents[purpose].UnsubscribeURL,
		h.shop.BaseURL+portal.UnsubscribePrefix)
	if err != nil || !found {
		h.t.Fatalf("read-out %+v, %v", record.Consents, err)
	}
	h.reload()
	return token
}

// reload reads the shop again, as the next request does.
func (h *testApp) reload() {
	h.t.Helper()
	shop, err := h.app.Operator().Shop(h.t.Context(), h.shop.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	h.shop = shop
}

func TestUnsubscribe(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	agree(t, h.signIn(jan), customer.Newsletter, sentence)
	agree(t, h.signIn(jan), customer.PartnerOffers, sentence)
	token := h.unsubscribeToken(jan, customer.Newsletter)
	v := h.visitor("nobody's")
	if purpose, err := v.Unsubscription(token); err != nil || purpose != customer.Newsletter ||
		h.signIn(jan).Customer().Consent(purpose).Status != customer.ConsentGiven {
		t.Errorf("looking: %s, %v", purpose, err)
	}
	h.clock.Move(time.Minute)
	for range 3 {
		if purpose, err := v.Unsubscribe(t.Context(), token); err != nil || purpose != customer.Newsletter {
			t.Errorf("%s, %v", purpose, err)
		}
	}
	c := h.signIn(jan).Customer()
	said := c.Consent(customer.Newsletter)
	if said.Status != customer.ConsentWithdrawn || said.Source != customer.SourceUnsubscribe ||
		!said.At.Equal(h.clock.Now()) || len(c.Consents) != 3 {
		t.Errorf("noted: %+v", c.Consents)
	}
	if c.Consent(customer.PartnerOffers).Status != customer.ConsentGiven {
		t.Error("the other purpose went, too")
	}
	if again := h.unsubscribeToken(jan, customer.Newsletter); again != token {
		t.Error("the address is another one each time")
	}
}

// TestUnsubscribeWhatWasNeverAsked checks that the "no" is recorded, since the shop may have asked
// elsewhere.
func TestUnsubscribeWhatWasNeverAsked(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token := h.unsubscribeToken(jan, customer.PartnerOffers)
	if _, err := h.visitor("x").Unsubscribe(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if said := h.signIn(jan).Customer().Consent(customer.PartnerOffers); said.Status != customer.ConsentWithdrawn {
		t.Errorf("%+v", said)
	}
}

// TestEditedUnsubscribe checks that a token with any character changed, or made without the key, is refused
// as unknown.
func TestEditedUnsubscribe(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.newCustomer("eva@example.com")
	token := h.unsubscribeToken(jan, customer.Newsletter)
	wrong := []string{"", "x", token + "A", token[:len(token)-1], token + "=", " " + token, token + "\n",
		strings.Repeat("A", 10000), strings.Repeat("é", 50)}
	for i := range token {
		for _, other := range "Aa0-_" {
			if edited := token[:i] + string(other) + token[i+1:]; edited != token {
				wrong = append(wrong, edited)
			}
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(raw), "newsletter.", "partner_offers.", 1)
	stranger := h.unsubscribeToken("eva@example.com", customer.Newsletter)
	wrong = append(wrong, base64.RawURLEncoding.EncodeToString([]byte(other)), stranger[:40]+token[40:],
		base64.StdEncoding.EncodeToString(raw),
		base64.RawURLEncoding.EncodeToString(raw[:len(raw)-32]),
		base64.RawURLEncoding.EncodeToString(make([]byte, len(raw))))
	for _, text := range wrong {
		purpose, looking := h.visitor("x").Unsubscription(text)
		_, pressing := h.visitor("x").Unsubscribe(t.Context(), text)
		if purpose != "" || keyOf(looking) != "unsubscribe.unknown" ||
			keyOf(pressing) != "unsubscribe.unknown" || validate.KindOf(pressing) != validate.NotFound {
			t.Errorf("%q: %s, %v, %v", text, purpose, looking, pressing)
		}
	}
	for _, email := range []string{jan, "eva@example.com"} {
		if n := len(h.signIn(email).Customer().Consents); n != 0 {
			t.Errorf("%s: %d things were noted", email, n)
		}
	}
}

// TestUnsubscribeHoldsNobody checks that the token contains neither the address nor its hash, and that
// another shop refuses it.
func TestUnsubscribeHoldsNobody(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token := h.unsubscribeToken(jan, customer.Newsletter)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || strings.Contains(string(raw), "jan") || strings.Contains(string(raw), "example") {
		t.Errorf("the token says %q", raw)
	}
	first := h.shop
	h.shop = h.open("other", shop.Settings{})
	h.newCustomer(eva)
	h.unsubscribeToken(eva, customer.Newsletter)
	if _, err := h.visitor("x").Unsubscribe(t.Context(), token); validate.KindOf(err) != validate.NotFound {
		t.Errorf("another shop: %v", err)
	}
	h.shop = first
	if _, err := h.visitor("x").Unsubscribe(t.Context(), token); err != nil {
		t.Error(err)
	}
}

// signedWithNothing returns a token that anyone who knows an id can make for a shop without a key.
func signedWithNothing(h *testApp, email string) string {
	h.t.Helper()
	said := "newsletter." + h.signIn(email).Customer().ID
	mac := hmac.New(sha256.New, nil)
	fmt.Fprintf(mac, "postern unsubscribe\x00%s\x00%s", h.shop.ID, said)
	return base64.RawURLEncoding.EncodeToString(mac.Sum([]byte(said)))
}

// TestUnsubscribeKey checks that the key is created once even when many need it at the same time, survives
// a change of settings, and is never exposed.
func TestUnsubscribeKey(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	feed := h.feed()
	if len(h.shop.UnsubscribeKey) != 0 {
		t.Fatal("made before it is needed")
	}
	if _, err := h.visitor("x").Unsubscription(signedWithNothing(h,
		jan)); validate.KindOf(err) != validate.NotFound {
		t.Errorf("before there is a key: %v", err)
	}
	var wait sync.WaitGroup
	var seen sync.Map
	for range 20 {
		wait.Go(func() {
			record, err := feed.CustomerByEmail(t.Context(), jan)
			if err != nil {
				t.Error(err)
			}
			seen.Store(record.Consents[customer.Newsletter].UnsubscribeURL, true)
		})
	}
	wait.Wait()
	kinds := 0
	seen.Range(func(any, any) bool { kinds++; return true })
	shop, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{Name: ptr("Other")})
	if err != nil || kinds != 1 || len(shop.UnsubscribeKey) != 12+32+16 {
		t.Fatalf("%d addresses, a key of %d bytes: %v", kinds, len(shop.UnsubscribeKey), err)
	}
	text, err := json.Marshal(shop)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(text) + fmt.Sprintf("%v %+v %#v %s", shop, shop, shop, shop.UnsubscribeKey)
	plain := []byte(shop.UnsubscribeKey)
	for _, secret := range []string{base64.StdEncoding.EncodeToString(plain), fmt.Sprintf("%d", plain),
		hex.EncodeToString(plain), string(plain)} {
		if strings.Contains(shown, secret) {
			t.Error("a print of the shop shows the key")
		}
	}
}
