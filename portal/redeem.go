package portal

import (
	"context"
	"errors"
	"slices"
	"time"

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
	t, ok := parseLink(text)
	if !ok {
		return SignedIn{}, goneLink(LinkDamaged)
	}
	if v.browser.Secret == "" {
		return SignedIn{}, failure(Invalid, "error.cookies")
	}
	cookie, err := t.session(v.browser.Secret)
	if err != nil {
		return SignedIn{}, err
	}
	if err := v.app.settleCustomer(ctx, v.shop, t.access, func(a *access) bool {
		_, live := a.live(t.hash(), v.app.now())
		return live
	}); err != nil {
		return SignedIn{}, err
	}
	destination := ""
	_, err = v.app.accessDocs(v.shop.ID).Change(ctx, t.access, func(a *access) error {
		destination, err = v.claimLink(a, t, cookie)
		return err
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = goneLink(LinkDamaged)
	}
	return v.signedIn(cookie, destination), err
}

// claimLink applies the rule of single use to the document as read; the Replace that follows decides who
// wins.
func (v Visitor) claimLink(a *access, t, cookie token) (destination string, err error) {
	now := v.app.now()
	r, live := a.live(t.hash(), now)
	if live {
		a.tidy(now)
		a.admit(r, v.newSession(cookie), v.browser.hash())
		return r.Destination, nil
	}
	fate := a.fate(t.hash(), now)
	if _, again := a.session(cookie.hash(), now); again && fate.How == LinkUsed && now.Sub(fate.At) < repeatWindow {
		return fate.Destination, storage.ErrUnchanged
	}
	return "", goneLink(fate.How)
}

// EnterCode signs in with the code of an email that this browser requested. Wrong, expired and never sent
// codes all return the same error, Invalid at "code". Five tries invalidate a code but never a link; a
// client that tries hundreds of codes gets TooMany. As with a link, the right code may be repeated within
// 60 seconds and gives the same session.
func (v Visitor) EnterCode(ctx context.Context, email, text string) (SignedIn, error) {
	canonical, ok := CanonicalEmail(email)
	code := normaliseCode(text)
	tries := int64(1)
	if !ok || code == "" || v.browser.Secret == "" {
		tries = 0 // it cannot be right
	}
	client, now := v.codeBound(), v.app.now()
	fromClient := storage.Count{Key: client.key, By: 1, Expires: now.Add(client.rate.Period)}
	tried, rest, err := v.app.countTry(ctx, triesOfCode(v.shop.ID, canonical, v.browser.hash()), tries, fromClient)
	if err != nil {
		return SignedIn{}, err
	}
	if rest[0].N > client.rate.Limit {
		return SignedIn{}, &Error{Kind: TooMany, Key: "code.too_many", RetryAfter: rest[0].Expires.Sub(now)}
	}
	wrong := invalid([]Fault{{Field: "code", Key: "code.wrong"}})
	if tries == 0 {
		return SignedIn{}, wrong
	}
	cookie, err := codeSession(v.app.accessID(v.shop.ID, canonical), v.browser.Secret, code)
	if err != nil {
		return SignedIn{}, err
	}
	signed, err := v.claimCode(ctx, cookie, code, tried)
	switch {
	case err == nil:
		fromClient.By = -1 // only wrong codes count
		if _, failed := v.app.engine.Increment(ctx, now, []storage.Count{fromClient}); failed != nil {
			v.app.log.WarnContext(ctx, "a right code counts as a wrong one", "error", failed)
		}
		return signed, nil
	case errors.Is(err, storage.ErrNotFound) || KindOf(err) == Gone:
		return SignedIn{}, wrong
	}
	return SignedIn{}, err
}

// claimCode applies the rules of a code, as claimLink does for a link. If the code is not valid, it returns
// ErrNotFound or Gone and writes nothing.
func (v Visitor) claimCode(ctx context.Context, cookie token, code string, tried tally) (SignedIn, error) {
	matches := func(a *access) bool {
		_, matches := a.matchCode(v.browser.hash(), code, tried, v.app.now())
		return matches
	}
	if err := v.app.settleCustomer(ctx, v.shop, cookie.access, matches); err != nil {
		return SignedIn{}, err
	}
	destination := ""
	_, err := v.app.accessDocs(v.shop.ID).Change(ctx, cookie.access, func(a *access) error {
		now := v.app.now()
		if s, again := a.session(cookie.hash(), now); again && s.provenBy(code, now) {
			destination = s.Destination
			return storage.ErrUnchanged
		}
		r, matches := a.matchCode(v.browser.hash(), code, tried, now)
		if !matches {
			return storage.ErrNotFound
		}
		destination = r.Destination
		a.tidy(now)
		fresh := v.newSession(cookie)
		fresh.prove(code, now)
		fresh.Destination = destination
		a.admit(r, fresh, v.browser.hash())
		return nil
	})
	return v.signedIn(cookie, destination), err
}

// matchCode finds the request that the code belongs to, if this browser made it, it has not expired and a
// try is left. tried includes this try.
func (a *access) matchCode(browserHash, code string, tried tally, now time.Time) (request, bool) {
	for _, r := range a.Requests {
		if r.takesCode(browserHash, tried, now) && sameHash(r.Code, codeHash(r.ID, code)) {
			return r, true
		}
	}
	return request{}, false
}

func (r request) takesCode(browserHash string, tried tally, now time.Time) bool {
	return r.Code != "" && sameHash(r.Browser, browserHash) && tried.since(r.Mark) <= codeTries && now.Before(r.CodeUntil)
}

func (v Visitor) newSession(cookie token) session {
	now := v.app.now()
	return session{Hash: cookie.hash(), Device: v.browser.device(), Network: v.browser.network(), SignedInAt: now, SeenAt: now}
}

func (v Visitor) signedIn(cookie token, destination string) SignedIn {
	if destination == "" {
		destination = Home
	}
	return SignedIn{Cookie: cookie.String(), MaxAge: sessionAbsolute, Destination: destination}
}

// settleCustomer ensures, before a claim that can succeed, that the address has a customer: where
// registration is open, the account is created when the link or code is used. If the customer has another
// address now, links and codes sent to this one are Gone as replaced.
func (a *App) settleCustomer(ctx context.Context, shop Shop, key string, stands func(*access) bool) error {
	docs := a.accessDocs(shop.ID)
	doc, _, err := docs.Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !stands(&doc) {
		return nil // the claim itself gives the answer
	}
	if err != nil {
		return err
	}
	if doc.Customer != "" {
		return a.stillHas(ctx, shop, doc)
	}
	id, err := a.register(ctx, shop, doc.Email)
	if err != nil {
		return err
	}
	doc, err = docs.Change(ctx, key, func(d *access) error {
		d.belongTo(d.Email, id, a.now())
		return nil
	})
	if err != nil {
		return err
	}
	return a.stillHas(ctx, shop, doc)
}

// presentOwner returns the customer of an access document, or "" if the customer no longer has its address.
func (a *App) presentOwner(ctx context.Context, shop Shop, doc access) (customer string, err error) {
	if doc.Customer == "" {
		return "", nil
	}
	switch err := a.stillHas(ctx, shop, doc); {
	case KindOf(err) == Gone:
		return "", nil
	case err != nil:
		return "", err
	}
	return doc.Customer, nil
}

// stillHas returns nil if the document's customer still has its address, otherwise a Gone error.
func (a *App) stillHas(ctx context.Context, shop Shop, doc access) error {
	customer, err := a.customer(ctx, shop.ID, doc.Customer)
	if errors.Is(err, storage.ErrNotFound) || err == nil && customer.Email != doc.Email {
		return goneLink(LinkReplaced)
	}
	return err
}

// endSessions ends the document's sessions that end selects and returns how many there were.
func (a *access) endSessions(end func(session) bool) int {
	before := len(a.Sessions)
	a.Sessions = slices.DeleteFunc(a.Sessions, end)
	return before - len(a.Sessions)
}
