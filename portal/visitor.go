package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/storage"
)

// Visitor is someone who is not signed in, in one shop.
type Visitor struct {
	app     *App
	shop    Shop
	browser Browser
}

// Visitor makes the actor of a request without a session.
func (a *App) Visitor(shop Shop, browser Browser) Visitor {
	return Visitor{app: a, shop: shop, browser: browser}
}

// Shop is the shop the visitor is in.
func (v Visitor) Shop() Shop { return v.shop }

// Pending is a mail that was asked for.
type Pending struct {
	Email  string // canonical
	Masked string // as MaskEmail shows it
}

// mailSignIn is the kind of an outbox entry that asks for a sign-in mail, and the names of what it carries.
const (
	mailSignIn     = "sign_in"
	payBrowser     = "browser"     // hash of the asking browser's secret
	payDestination = "destination" // where the link leads
	payDevice      = "device"      // what the mail says of who asked
	payReserve     = "reserve"     // set: only for a browser that signed in there before
)

// Ask asks for a sign-in mail. It does the same for every well-formed address, known or not: it counts, and
// writes one outbox entry, also above the address's limits, though nothing comes of that. An ill-formed
// address is Invalid at "email"; a client above its own limit is TooMany, whatever the address, and writes
// nothing.
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

// LinkState is what became of a link.
type LinkState string

// The states of a link. Only who holds a real token learns which of the ended ones it is.
const (
	LinkLive     LinkState = "live"
	LinkUsed     LinkState = "used"
	LinkReplaced LinkState = "replaced" // another link or code was used instead
	LinkExpired  LinkState = "expired"
	LinkStopped  LinkState = "stopped" // by "this was not me"
	LinkDamaged  LinkState = "damaged" // cut, altered, or never sent
)

// LinkPage is what opening a link shows.
type LinkPage struct {
	State       LinkState
	Masked      string    // the address, "" when damaged
	At          time.Time // when it was used, replaced or expired
	Auto        bool      // this browser asked for it just now: a script may press the button
	Destination string    // where it leads, or led
}

// Link looks at a link and spends nothing: mail scanners open links, too.
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
		return damaged, nil // the account has another address by now, and this one need not learn it
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

// AskAgain asks for a new link by an ended one, to the address that one was for, and leading where it led.
// A damaged link is Gone.
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
