package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// SignedIn is a new session.
type SignedIn struct {
	Cookie      string        // value of the session cookie
	MaxAge      time.Duration // maximum lifetime of the session
	Destination string        // a path of the portal, or a URL on one of the shop's origins
}

// Redeem signs in with a link, once. It is a single Replace: of a thousand simultaneous clicks, one wins.
// The same browser may repeat it for 60 seconds and gets the same session; for everyone else a used link is
// Gone, with the key "link.used", "link.replaced", "link.expired" or "link.damaged". A browser without the
// portal's cookie cannot get a session: this is Invalid with "error.cookies", and the link stays valid.
func (v Visitor) Redeem(ctx context.Context, text string) (SignedIn, error) {
	t, ok := credential.ParseLink(text)
	if !ok {
		return SignedIn{}, goneLink(credential.LinkDamaged)
	}
	if v.browser.Secret == "" {
		return SignedIn{}, validate.NewError(validate.Invalid, "error.cookies")
	}
	cookie, err := t.Session(v.browser.Secret)
	if err != nil {
		return SignedIn{}, err
	}
	destination := ""
	_, err = v.app.credentialDocs(v.shop.ID).Change(ctx, t.Credentials,
		func(a *credential.Credentials) error {
			destination, err = v.claimLink(ctx, a, t, cookie)
			return err
		})
	if errors.Is(err, storage.ErrNotFound) {
		err = goneLink(credential.LinkDamaged)
	}
	return v.signedIn(cookie, destination), err
}

// claimLink applies the rule of single use to the document as read; the Replace that follows decides who
// wins.
func (v Visitor) claimLink(
	ctx context.Context, a *credential.Credentials, t, cookie credential.Token,
) (destination string, err error) {
	now := v.app.now()
	r, live := a.LiveRequest(t.Hash(), now)
	if live {
		if err := v.app.settleCustomer(ctx, v.shop, a, r); err != nil {
			return "", err
		}
		a.PruneExpired(now)
		fresh := v.newSession(cookie)
		fresh.Closed = r.Closed
		a.SignIn(r, fresh, v.browser.Hash())
		return r.Destination, nil
	}
	fate := a.EndState(t.Hash(), now)
	if _, again := a.Session(cookie.Hash(), now); again && fate.How == credential.LinkUsed &&
		now.Sub(fate.At) < credential.RepeatWindow {
		return fate.Destination, storage.ErrUnchanged
	}
	return "", goneLink(fate.How)
}

// EnterCode signs in with the code of an email that this browser requested. Wrong, expired and never sent
// codes all return the same error, Invalid at "code". Five tries invalidate a code but never a link; a
// client that tries hundreds of codes gets validate.TooMany. As with a link, the right code may be repeated
// within 60 seconds and gives the same session.
func (v Visitor) EnterCode(ctx context.Context, email, text string) (SignedIn, error) {
	canonical, ok := validate.CanonicalEmail(email)
	code := credential.NormaliseCode(text)
	tries := int64(1)
	if !ok || code == "" || v.browser.Secret == "" {
		tries = 0 // it cannot be right
	}
	tried, refund, err := v.countCode(ctx, credential.TriesOfCode(v.shop.ID, canonical, v.browser.Hash()), tries)
	if err != nil {
		return SignedIn{}, err
	}
	wrong := validate.InvalidFields([]validate.FieldError{{Field: "code", Key: "code.wrong"}})
	if tries == 0 {
		return SignedIn{}, wrong
	}
	cookie, err := credential.CodeSession(v.app.credentialsID(v.shop.ID, canonical), v.browser.Secret, code)
	if err != nil {
		return SignedIn{}, err
	}
	signed, err := v.claimCode(ctx, cookie, code, tried)
	switch {
	case err == nil:
		refund()
		return signed, nil
	case errors.Is(err, storage.ErrNotFound) || validate.KindOf(err) == validate.Gone:
		return SignedIn{}, wrong
	}
	return SignedIn{}, err
}

// countCode counts a try of an emailed code and a code of the client, which is over its limit at
// validate.TooMany. refund takes the client's one back, because only wrong codes count.
func (v Visitor) countCode(ctx context.Context, of credential.Counter, tries int64) (tried credential.Tally,
	refund func(), err error) {
	client, now := v.codeLimit(), v.app.now()
	fromClient := storage.Count{Key: client.key, By: 1, Expires: now.Add(client.rate.Period)}
	tried, rest, err := v.app.countTry(ctx, of, tries, fromClient)
	if err == nil && rest[0].N > client.rate.Limit {
		err = &validate.Error{Kind: validate.TooMany, Key: "code.too_many", RetryAfter: rest[0].Expires.Sub(now)}
	}
	return tried, func() {
		fromClient.By = -1
		if _, failed := v.app.engine.Increment(ctx, now, []storage.Count{fromClient}); failed != nil {
			v.app.log.WarnContext(ctx, "a right code counts as a wrong one", "error", failed)
		}
	}, err
}

// claimCode applies the rules of a code, as claimLink does for a link. If the code is not valid, it returns
// ErrNotFound or Gone and writes nothing.
func (v Visitor) claimCode(ctx context.Context, cookie credential.Token, code string,
	tried credential.Tally) (SignedIn, error) {
	destination := ""
	_, err := v.app.credentialDocs(v.shop.ID).Change(ctx, cookie.Credentials,
		func(a *credential.Credentials) error {
			now := v.app.now()
			if s, again := a.Session(cookie.Hash(), now); again && s.VerifiedBy(code, now) {
				destination = s.Destination
				return storage.ErrUnchanged
			}
			r, matches := a.MatchCode(v.browser.Hash(), code, tried, now)
			if !matches {
				return storage.ErrNotFound
			}
			if err := v.app.settleCustomer(ctx, v.shop, a, r); err != nil {
				return err
			}
			destination = r.Destination
			a.PruneExpired(now)
			fresh := v.newSession(cookie)
			fresh.Verify(code, now)
			fresh.Destination = destination
			a.SignIn(r, fresh, v.browser.Hash())
			return nil
		})
	return v.signedIn(cookie, destination), err
}

func (v Visitor) newSession(cookie credential.Token) credential.Session {
	now := v.app.now()
	return credential.Session{Hash: cookie.Hash(), Device: v.browser.Device(), Network: v.browser.Network(),
		SignedInAt: now, SeenAt: now}
}

func (v Visitor) signedIn(cookie credential.Token, destination string) SignedIn {
	if destination == "" {
		destination = shop.Home
	}
	return SignedIn{Cookie: cookie.String(), MaxAge: credential.SessionAbsolute, Destination: destination}
}

// settleCustomer ensures, before a claim that can succeed, that the document's address has a customer: where
// registration is open, the account is created when the link or code is used. If the customer has another
// address now, links and codes sent to this one are Gone as replaced. A document that is moved to another
// customer at the same time is not the one read, so the Replace of the claim fails. A request that the
// customer does not admit is Gone as expired. One that confirms the address does so before the claim.
func (a *App) settleCustomer(ctx context.Context, shop shop.Shop, doc *credential.Credentials,
	r credential.Request) error {
	if doc.Customer == "" {
		id, err := a.register(ctx, shop, doc.Email)
		if err != nil {
			return err
		}
		doc.AssignTo(doc.Email, id, a.now())
	}
	c, err := a.stillHas(ctx, shop, *doc)
	if err == nil && (!c.Admits(r.MadeAt, r.Closed) || c.IsUnconfirmed(doc.Email) && !r.Confirm) {
		err = goneLink(credential.LinkExpired)
	}
	if err != nil || !c.IsUnconfirmed(doc.Email) {
		return err
	}
	_, err = a.changeCustomer(ctx, shop.ID, c.ID, func(c *customer.Customer) error {
		return c.Confirm(doc.Email, a.now())
	})
	return err
}

// currentOwner returns the customer of a credentials document, or "" if the customer no longer has its
// address.
func (a *App) currentOwner(ctx context.Context, shop shop.Shop,
	doc credential.Credentials) (customer string, err error) {
	if doc.Customer == "" {
		return "", nil
	}
	switch _, err := a.stillHas(ctx, shop, doc); {
	case validate.KindOf(err) == validate.Gone:
		return "", nil
	case err != nil:
		return "", err
	}
	return doc.Customer, nil
}

// stillHas returns the document's customer if that customer still has its address, otherwise a Gone error.
func (a *App) stillHas(ctx context.Context, shop shop.Shop,
	doc credential.Credentials) (customer.Customer, error) {
	c, err := a.customer(ctx, shop.ID, doc.Customer)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !c.HasAddress(doc.Email) {
		err = goneLink(credential.LinkReplaced)
	}
	return c, err
}
