package portal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// handOff is a code on its way to the storefront. Its document's key is the code's hash.
type handOff struct {
	Customer    string    `bson:"customer"`
	Credentials string    `bson:"access"`  // key of the credentials document
	Session     string    `bson:"session"` // hash of the session that made it
	ReturnTo    string    `bson:"return_to"`
	Challenge   string    `bson:"challenge,omitempty"`
	Until       time.Time `bson:"until"` // the first moment it no longer works
	Taken       bool      `bson:"taken,omitempty"`
}

const (
	handOffLife    = 60 * time.Second
	handOffsAnHour = 240 // of one customer
	handOffsByEnd  = "until"
)

func handOffCollection() storage.Collection {
	return storage.Collection{Name: "handoffs", Indexes: []storage.Index{{
		Name: handOffsByEnd, Fields: []storage.Field{{Path: "until", Kind: storage.Time}},
	}}}
}

func (a *App) handOffDocs(shop string) storage.Docs[handOff] {
	return storage.Open[handOff](a.engine, shop, handOffCollection())
}

// HandOff creates a code of 256 bits that identifies the customer to the storefront, once and within 60
// seconds, and returns the URL that delivers it. Only its hash is stored. 240 an hour, then validate.TooMany.
func (s Shopper) HandOff(ctx context.Context, back shop.Return) (address string, err error) {
	if err := s.requireOwn(); err != nil {
		return "", err
	}
	over, err := s.app.exceeded(ctx, []subjectLimit{s.limitOf("hand-off", limit(handOffsAnHour, time.Hour))})
	if err != nil {
		return "", err
	}
	if over[0] {
		return "", validate.NewError(validate.TooMany, "error.too_many")
	}
	var key [credential.SecretBytes]byte
	rand.Read(key[:]) // never fails (crypto/rand)
	code := base64.RawURLEncoding.EncodeToString(key[:])
	err = s.app.handOffDocs(s.shop.ID).Insert(ctx, secret.Hash(code), handOff{
		Customer: s.customer.ID, Credentials: s.credentialsKey, Session: s.session.Hash,
		ReturnTo: back.URL, Challenge: back.Challenge, Until: s.app.now().Add(handOffLife),
	})
	return back.With(code), err
}

// HandOffWire is the storefront's request to exchange a code.
type HandOffWire struct {
	Code     string `json:"code"`
	ReturnTo string `json:"return_to"`
	Verifier string `json:"code_verifier"`
}

// ExchangeHandOff returns the customer that a code was made for, once. A code that is unknown, used,
// expired, or of another shop or return_to, or that lacks its verifier, is Gone, always with the key
// "hand_off.gone": the sender learns nothing from the difference, and a wrongly presented code is spent,
// too. A code is also Gone if its session has ended in the meantime.
func (f Feed) ExchangeHandOff(ctx context.Context, body []byte) (customer.Record, error) {
	var w HandOffWire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return customer.Record{}, err
	}
	if w.ReturnTo == "" { // the code is not spent: nobody can have meant this
		return customer.Record{}, validate.InvalidFields([]validate.FieldError{{Field: "/return_to",
			Key: "text.required"}})
	}
	h, err := takeHandOff(ctx, f.app.handOffDocs(f.shop.ID), secret.Hash(w.Code))
	if err != nil {
		return customer.Record{}, err
	}
	if !f.app.now().Before(h.Until) || h.ReturnTo != w.ReturnTo || !h.proven(w.Verifier) {
		return customer.Record{}, goneHandOff()
	}
	c, err := f.app.customerOfHandOff(ctx, f.shop.ID, h)
	if err != nil {
		return customer.Record{}, err
	}
	return f.readOut(ctx, c)
}

func goneHandOff() error { return validate.NewError(validate.Gone, "hand_off.gone") }

// takeHandOff reads a code's document and replaces it with an empty one marked as taken; of several
// concurrent readers, the first to write gets the code. A deletion would not do: if its answer is lost,
// nobody can tell which caller deleted it. The sweep removes the rest.
func takeHandOff(ctx context.Context, docs storage.Docs[handOff], key string) (handOff, error) {
	h, read, err := docs.Get(ctx, key)
	if err == nil && h.Taken {
		return h, goneHandOff()
	}
	if err == nil {
		err = docs.Replace(ctx, key, read, handOff{Until: h.Until, Taken: true})
	}
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) {
		err = goneHandOff()
	}
	return h, err
}

// proven checks the verifier of RFC 7636, 4.6. A verifier without a challenge is as wrong as a challenge
// without a verifier: an attacker has removed the challenge on the way.
func (h handOff) proven(verifier string) bool {
	if h.Challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return shop.VerifierShape.MatchString(verifier) && credential.SameHash(h.Challenge,
		base64.RawURLEncoding.EncodeToString(sum[:]))
}

// customerOfHandOff returns the customer if the session that created the code is still live and the account
// still has the same address and is not disabled.
func (a *App) customerOfHandOff(ctx context.Context, shop string, h handOff) (customer.Customer, error) {
	doc, _, err := a.credentialDocs(shop).Get(ctx, h.Credentials)
	if errors.Is(err, storage.ErrNotFound) {
		err = goneHandOff()
	}
	if err != nil {
		return customer.Customer{}, err
	}
	c, err := a.customer(ctx, shop, h.Customer)
	if errors.Is(err, storage.ErrNotFound) {
		err = goneHandOff()
	}
	made, live := doc.Session(h.Session, a.now())
	if err == nil && (!live || !c.Is(doc.Customer) || !c.SignsInBy(doc.Email) || !c.Admits(made.SignedInAt,
		false)) {
		err = goneHandOff()
	}
	return c, err
}

// sweepHandOffs removes expired codes, taken or not.
func (w Worker) sweepHandOffs(ctx context.Context, shop shop.Shop) error {
	now := w.app.now()
	over := func(h handOff) bool { return !now.Before(h.Until) }
	return sweepBy(ctx, w.app.handOffDocs(shop.ID),
		storage.Query{Index: handOffsByEnd, To: now.Add(time.Millisecond)}, over)
}
