package portal

import (
	"context"
	"errors"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// Visitor is a person in one shop who is not signed in.
type Visitor struct {
	app     *App
	shop    shop.Shop
	browser credential.Browser
}

// Visitor returns the actor of a request without a session.
func (a *App) Visitor(shop shop.Shop, browser credential.Browser) Visitor {
	return Visitor{app: a, shop: shop, browser: browser}
}

// Shop returns the shop that the visitor is in.
func (v Visitor) Shop() shop.Shop { return v.shop }

// Pending is a sign-in email that has been requested.
type Pending struct {
	Email  string // canonical
	Masked string // as returned by validate.MaskEmail
}

// mailSignIn is the kind of a sign-in email's outbox entry; the others are the keys of its payload.
const (
	mailSignIn     = "sign_in"
	payBrowser     = "browser"     // hash of the requesting browser's secret
	payDestination = "destination" // where the link leads
	payDevice      = "device"      // how the email describes the requesting device
	payReserve     = "reserve"     // if set: send only for a browser that has signed in there before
)

// RequestLink requests a sign-in email. It does the same work for every well-formed address, known or not: it
// counts the request and writes one outbox entry, even over the address's limits, where the entry has no
// effect. A malformed address is Invalid at "email". A client over its own limit gets validate.TooMany,
// whatever the address, and nothing is written.
func (v Visitor) RequestLink(ctx context.Context, email, destination, lang string) (Pending, error) {
	return v.requestLink(ctx, email, lang, linkRequest{kind: mailSignIn, limits: "link",
		destination: v.shop.Destination(destination)})
}

// linkRequest is a request for a sign-in email of a customer or of staff.
type linkRequest struct {
	kind        string // of the outbox entry
	limits      string // begins the labels of the limits
	destination string
}

func (v Visitor) requestLink(ctx context.Context, email, lang string, r linkRequest) (Pending, error) {
	canonical, ok := validate.CanonicalEmail(email)
	if !ok {
		return Pending{}, validate.InvalidFields([]validate.FieldError{{Field: "email", Key: "email.form"}})
	}
	pending := Pending{Email: canonical, Masked: validate.MaskEmail(canonical)}
	asked, err := v.app.countLinkRequest(ctx, v.shop.ID, r.limits, canonical, v.browser)
	if err != nil {
		return pending, err
	}
	payload := map[string]string{
		payBrowser: v.browser.Hash(), payDestination: r.destination, payDevice: v.browser.Device(),
	}
	state := mail.Waiting
	if asked.reserve {
		payload[payReserve], state = "yes", mail.Deferred
	}
	_, err = v.app.outbox(v.shop.ID).Add(ctx, mail.Entry{
		Kind: r.kind, To: canonical, Lang: lang, State: state, Throttled: asked.throttled,
		CreatedAt: v.app.now(), NextAt: v.app.now(),
		Payload: payload,
	})
	return pending, err
}

// Link looks up a link without using it, because mail scanners open links too.
func (v Visitor) Link(ctx context.Context, text string) (credential.LinkPage, error) {
	now := v.app.now()
	damaged := credential.LinkPage{State: credential.LinkDamaged}
	t, ok := credential.ParseLink(text)
	if !ok {
		return damaged, nil
	}
	doc, _, err := v.app.credentialDocs(v.shop.ID).Get(ctx, t.Credentials)
	if errors.Is(err, storage.ErrNotFound) {
		return damaged, nil
	}
	if err != nil {
		return damaged, err
	}
	r, live := doc.LiveRequest(t.Hash(), now)
	if !live {
		return doc.DeadPage(t.Hash(), now), nil
	}
	var owner customer.Customer
	if doc.Customer != "" {
		owner, err = v.app.stillHas(ctx, v.shop, doc)
	}
	if validate.KindOf(err) == validate.Gone {
		return damaged, nil // the account now has another address, which is not revealed to this one
	}
	confirms := owner.IsUnconfirmed(doc.Email)
	if err == nil && doc.Customer != "" && (!owner.Admits(r.MadeAt, r.Closed) || confirms && !r.Confirm) {
		return credential.LinkPage{State: credential.LinkExpired, Masked: validate.MaskEmail(doc.Email),
			At: now}, nil
	}
	auto := !confirms && credential.SameHash(r.Browser, v.browser.Hash()) &&
		now.Sub(r.MadeAt) <= credential.AutoWindow
	return credential.LinkPage{State: credential.LinkLive, Masked: validate.MaskEmail(doc.Email), At: r.Until,
		Auto: auto, Destination: r.Destination, Confirm: confirms}, err
}

// RequestAnotherLink requests a new link in place of an ended one, for the same address and destination. A
// damaged link is Gone.
func (v Visitor) RequestAnotherLink(ctx context.Context, text, lang string) (Pending, error) {
	page, err := v.Link(ctx, text)
	if err != nil {
		return Pending{}, err
	}
	t, _ := credential.ParseLink(text)
	if page.State == credential.LinkDamaged {
		return Pending{}, goneLink(credential.LinkDamaged)
	}
	doc, _, err := v.app.credentialDocs(v.shop.ID).Get(ctx, t.Credentials)
	if err != nil {
		return Pending{}, err
	}
	return v.RequestLink(ctx, doc.Email, page.Destination, lang)
}

func goneLink(state credential.LinkState) error {
	return validate.NewError(validate.Gone, "link."+string(state))
}
