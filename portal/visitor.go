package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/storage"
)

// Visitor is a person in one shop who is not signed in.
type Visitor struct {
	app     *App
	shop    Shop
	browser Browser
}

// Visitor returns the actor of a request without a session.
func (a *App) Visitor(shop Shop, browser Browser) Visitor {
	return Visitor{app: a, shop: shop, browser: browser}
}

// Shop returns the shop that the visitor is in.
func (v Visitor) Shop() Shop { return v.shop }

// Pending is a sign-in email that has been requested.
type Pending struct {
	Email  string // canonical
	Masked string // as returned by MaskEmail
}

// mailSignIn is the kind of a sign-in email's outbox entry; the others are the keys of its payload.
const (
	mailSignIn     = "sign_in"
	payBrowser     = "browser"     // hash of the requesting browser's secret
	payDestination = "destination" // where the link leads
	payDevice      = "device"      // how the email describes the requesting device
	payReserve     = "reserve"     // if set: send only for a browser that has signed in there before
)

// Ask requests a sign-in email. It does the same work for every well-formed address, known or not: it
// counts the request and writes one outbox entry, even over the address's limits, where the entry has no
// effect. A malformed address is Invalid at "email". A client over its own limit gets TooMany, whatever the
// address, and nothing is written.
func (v Visitor) Ask(ctx context.Context, email, destination, lang string) (Pending, error) {
	canonical, ok := CanonicalEmail(email)
	if !ok {
		return Pending{}, invalid([]Fault{{Field: "email", Key: "email.form"}})
	}
	pending := Pending{Email: canonical, Masked: MaskEmail(canonical)}
	asked, err := v.app.countAsk(ctx, v.shop.ID, canonical, v.browser)
	if err != nil {
		return pending, err
	}
	payload := map[string]string{
		payBrowser: v.browser.hash(), payDestination: v.shop.destination(destination), payDevice: v.browser.device(),
	}
	state := mail.Waiting
	if asked.reserve {
		payload[payReserve], state = "yes", mail.Deferred
	}
	_, err = mail.NewOutbox(v.app.engine, v.shop.ID).Add(ctx, mail.Entry{
		Kind: mailSignIn, To: canonical, Lang: lang, State: state, Throttled: asked.throttled, CreatedAt: v.app.now(), NextAt: v.app.now(),
		Payload: payload,
	})
	return pending, err
}

// LinkState is the state of a sign-in link.
type LinkState string

// The states of a link. Only the holder of a real token can tell the ended states apart.
const (
	LinkLive     LinkState = "live"
	LinkUsed     LinkState = "used"
	LinkReplaced LinkState = "replaced" // another link or code was used instead
	LinkExpired  LinkState = "expired"
	LinkStopped  LinkState = "stopped" // by a "this wasn't me" link
	LinkDamaged  LinkState = "damaged" // truncated, altered, or never sent
)

// LinkPage is the content of the page that a link opens.
type LinkPage struct {
	State       LinkState
	Masked      string    // the address, "" if damaged
	At          time.Time // when it was used, replaced or expired
	Auto        bool      // this browser requested it just now, so a script may press the button
	Destination string    // where the link leads, or led
}

// Link looks up a link without using it, because mail scanners open links too.
func (v Visitor) Link(ctx context.Context, text string) (LinkPage, error) {
	now := v.app.now()
	damaged := LinkPage{State: LinkDamaged}
	t, ok := parseLink(text)
	if !ok {
		return damaged, nil
	}
	doc, _, err := v.app.accessDocs(v.shop.ID).Get(ctx, t.access)
	if errors.Is(err, storage.ErrNotFound) {
		return damaged, nil
	}
	if err != nil {
		return damaged, err
	}
	r, live := doc.live(t.hash(), now)
	if !live {
		return doc.deadPage(t.hash(), now), nil
	}
	if doc.Customer != "" {
		err = v.app.stillHas(ctx, v.shop, doc)
	}
	if KindOf(err) == Gone {
		return damaged, nil // the account now has another address, which is not revealed to this one
	}
	auto := sameHash(r.Browser, v.browser.hash()) && now.Sub(r.MadeAt) <= autoWindow
	return LinkPage{State: LinkLive, Masked: MaskEmail(doc.Email), At: r.Until, Auto: auto, Destination: r.Destination}, err
}

func (a *access) deadPage(link string, now time.Time) LinkPage {
	fate := a.fate(link, now)
	if fate.How == LinkDamaged {
		return LinkPage{State: LinkDamaged}
	}
	return LinkPage{State: fate.How, Masked: MaskEmail(a.Email), At: fate.At, Destination: fate.Destination}
}

// AskAgain requests a new link in place of an ended one, for the same address and destination. A damaged
// link is Gone.
func (v Visitor) AskAgain(ctx context.Context, text, lang string) (Pending, error) {
	page, err := v.Link(ctx, text)
	if err != nil {
		return Pending{}, err
	}
	t, _ := parseLink(text)
	if page.State == LinkDamaged {
		return Pending{}, goneLink(LinkDamaged)
	}
	doc, _, err := v.app.accessDocs(v.shop.ID).Get(ctx, t.access)
	if err != nil {
		return Pending{}, err
	}
	return v.Ask(ctx, doc.Email, page.Destination, lang)
}

func goneLink(state LinkState) error { return failure(Gone, "link."+string(state)) }
