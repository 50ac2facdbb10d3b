package portal

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"postern/storage"
)

// Return is a request to go back, signed in, to the shop's storefront: to a URL on one of the shop's
// origins, with the PKCE challenge (RFC 7636, S256) of the browser that started it, or "".
type Return struct {
	URL       string
	Challenge string
}

const (
	maxReturn    = 1000 // bytes of a Return's URL
	returnPath   = "/sign-in/continue"
	returnURL    = "return_to"
	returnProof  = "code_challenge"
	returnedCode = "code"
)

var (
	challengeShape = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)       // base64url of a SHA-256
	verifierShape  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636, 4.1
)

// ReturnTo returns the Return for a URL and a challenge. ok is false unless the URL is written exactly as a
// browser would request it, has an allowed origin other than the portal's own, and has no parameter that
// could be mistaken for the code. It is also false for a malformed challenge: ignoring that would make a
// stolen code more useful.
func (s Shop) ReturnTo(address, challenge string) (back Return, ok bool) {
	if len(address) > maxReturn || strings.ContainsFunc(address, unfitForURL) || challenge != "" && !challengeShape.MatchString(challenge) {
		return Return{}, false
	}
	u, err := url.Parse(address)
	if err != nil || u.String() != address || saysCode(u.RawQuery) {
		return Return{}, false
	}
	origin := originOf(address)
	if origin == s.Origin() || !s.ServesOrigin(origin) {
		return Return{}, false
	}
	return Return{URL: address, Challenge: challenge}, true
}

// saysCode reports whether a query has a parameter that some server would read as "code": the storefront
// could then mistake another person's code for ours.
func saysCode(query string) bool {
	for _, part := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		name = strings.TrimFunc(name, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' })
		if err != nil || strings.EqualFold(name, returnedCode) {
			return true
		}
	}
	return false
}

// Path returns the portal's own page that forwards to the storefront, as a destination.
func (r Return) Path() string {
	query := url.Values{returnURL: {r.URL}}
	if r.Challenge != "" {
		query.Set(returnProof, r.Challenge)
	}
	return returnPath + "?" + query.Encode()
}

// ReturnOf parses the result of Path, and nothing else.
func (s Shop) ReturnOf(destination string) (back Return, ok bool) {
	query, found := strings.CutPrefix(destination, returnPath+"?")
	if !found {
		return Return{}, false
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return Return{}, false
	}
	back, ok = s.ReturnTo(values.Get(returnURL), values.Get(returnProof))
	return back, ok && back.Path() == destination
}

// with adds the code to the URL: after the existing query, before the fragment.
func (r Return) with(code string) string {
	address, fragment, found := strings.Cut(r.URL, "#")
	if found {
		fragment = "#" + fragment
	}
	between := "?"
	if strings.Contains(address, "?") {
		between = "&"
	}
	return address + between + returnedCode + "=" + code + fragment
}

// handOff is a code on its way to the storefront. Its document's key is the code's hash.
type handOff struct {
	Customer  string    `bson:"customer"`
	Access    string    `bson:"access"`  // key of the access document
	Session   string    `bson:"session"` // hash of the session that made it
	ReturnTo  string    `bson:"return_to"`
	Challenge string    `bson:"challenge,omitempty"`
	Until     time.Time `bson:"until"` // the first moment it no longer works
	Taken     bool      `bson:"taken,omitempty"`
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
// seconds, and returns the URL that delivers it. Only its hash is stored. 240 an hour, then TooMany.
func (s Shopper) HandOff(ctx context.Context, back Return) (address string, err error) {
	over, err := s.app.over(ctx, []bound{s.bound("hand-off", limit(handOffsAnHour, time.Hour))})
	if err != nil {
		return "", err
	}
	if over[0] {
		return "", failure(TooMany, "error.too_many")
	}
	var secret [secretBytes]byte
	rand.Read(secret[:]) // never fails (crypto/rand)
	code := base64.RawURLEncoding.EncodeToString(secret[:])
	err = s.app.handOffDocs(s.shop.ID).Insert(ctx, hashOf(code), handOff{
		Customer: s.customer.ID, Access: s.access, Session: s.session.Hash,
		ReturnTo: back.URL, Challenge: back.Challenge, Until: s.app.now().Add(handOffLife),
	})
	return back.with(code), err
}

// handOffWire is the storefront's request to exchange a code.
type handOffWire struct {
	Code     string `json:"code"`
	ReturnTo string `json:"return_to"`
	Verifier string `json:"code_verifier"`
}

// ExchangeHandOff returns the customer that a code was made for, once. A code that is unknown, used,
// expired, or of another shop or return_to, or that lacks its verifier, is Gone, always with the key
// "hand_off.gone": the sender learns nothing from the difference, and a wrongly presented code is spent,
// too. A code is also Gone if its session has ended in the meantime.
func (f Feed) ExchangeHandOff(ctx context.Context, body []byte) (CustomerRecord, error) {
	var w handOffWire
	if err := decodeJSON(body, &w); err != nil {
		return CustomerRecord{}, err
	}
	if w.ReturnTo == "" { // the code is not spent: nobody can have meant this
		return CustomerRecord{}, invalid([]Fault{{Field: "/return_to", Key: "text.required"}})
	}
	h, err := takeHandOff(ctx, f.app.handOffDocs(f.shop.ID), hashOf(w.Code))
	if err != nil {
		return CustomerRecord{}, err
	}
	if !f.app.now().Before(h.Until) || h.ReturnTo != w.ReturnTo || !h.proven(w.Verifier) {
		return CustomerRecord{}, goneHandOff()
	}
	c, err := f.app.customerOfHandOff(ctx, f.shop.ID, h)
	if err != nil {
		return CustomerRecord{}, err
	}
	return f.readOut(ctx, c)
}

func goneHandOff() error { return failure(Gone, "hand_off.gone") }

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
	return verifierShape.MatchString(verifier) && sameHash(h.Challenge, base64.RawURLEncoding.EncodeToString(sum[:]))
}

// customerOfHandOff returns the customer if the session that created the code is still live and the account
// still has the same address.
func (a *App) customerOfHandOff(ctx context.Context, shop string, h handOff) (Customer, error) {
	doc, _, err := a.accessDocs(shop).Get(ctx, h.Access)
	if errors.Is(err, storage.ErrNotFound) {
		err = goneHandOff()
	}
	if err != nil {
		return Customer{}, err
	}
	c, err := a.customer(ctx, shop, h.Customer)
	if errors.Is(err, storage.ErrNotFound) {
		err = goneHandOff()
	}
	_, live := doc.session(h.Session, a.now())
	if err == nil && (!live || doc.Customer != c.ID || doc.Email != c.Email) {
		err = goneHandOff()
	}
	return c, err
}

// sweepHandOffs removes expired codes, taken or not.
func (w Worker) sweepHandOffs(ctx context.Context, shop Shop) error {
	now := w.app.now()
	over := func(h handOff) bool { return !now.Before(h.Until) }
	return sweepBy(ctx, w.app.handOffDocs(shop.ID), storage.Query{Index: handOffsByEnd, To: now.Add(time.Millisecond)}, over)
}
