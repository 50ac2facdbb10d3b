package portal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/shop"
	"postern/storage"
	"postern/templates/i18n"
)

// Composer returns the function that composes the emails of outbox entries just before they are sent.
func (w Worker) Composer(catalogue *i18n.Catalogue, renderer *mail.Renderer) mail.Composer {
	return w.composer(w.letters(), catalogue, renderer)
}

// letters returns the composers of all kinds of emails.
func (w Worker) letters() map[string]composer {
	letters := map[string]composer{}
	for _, d := range w.declarations() {
		maps.Copy(letters, d.letters)
	}
	return letters
}

// EmailKinds lists the kinds of emails in the outbox.
func EmailKinds() []string { return slices.Sorted(maps.Keys(Worker{}.letters())) }

func (w Worker) composer(letters map[string]composer, catalogue *i18n.Catalogue,
	renderer *mail.Renderer) mail.Composer {
	return func(ctx context.Context, shopID, id string, e mail.Entry) (mail.Message, error) {
		shop, err := w.app.shop(ctx, shopID)
		if err != nil {
			return mail.Message{}, err
		}
		compose := letters[e.Kind]
		if compose == nil {
			return mail.Message{}, fmt.Errorf("no such kind of email: %q", e.Kind)
		}
		to, letter, err := compose(ctx, shop, id, e)
		if err != nil {
			return mail.Message{}, err
		}
		lang := catalogue.Match(shop.Languages, to.Languages(e, shop)...)
		return shop.Message(to, letter(catalogue.Localizer(lang, shop.Location())), renderer)
	}
}

// signInOffer holds the link, the code or both of a sign-in email. It exists only while the email is
// composed and sent.
type signInOffer struct {
	link, code string // "" for none
	life       time.Duration
}

// composeSignIn creates the secrets of a sign-in email and stores their hashes. It drops emails to unknown
// addresses, unless the shop allows registration, and throttled requests. A repeated attempt withdraws the
// link of the previous one only if that email certainly never arrived.
func (w Worker) composeSignIn(ctx context.Context, shop shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to, err := w.recipient(ctx, shop, e.To)
	if err != nil {
		return to, nil, err
	}
	if err := w.allow(ctx, shop, to, entry, e); err != nil {
		return to, nil, err
	}
	now := w.app.now()
	t := credential.NewToken(w.app.credentialsID(shop.ID, to.Email))
	request := credential.Request{
		ID: storage.NewID(), Link: t.Hash(), Browser: e.Payload[payBrowser],
		Destination: e.Payload[payDestination],
		MadeAt:      now, Until: now.Add(shop.LinkLife), Entry: entry, Lang: e.Lang, Closed: to.Closed,
		Confirm: to.Unconfirmed,
	}
	if to.Closed {
		request.Destination = closedHome
	}
	offer := signInOffer{life: shop.LinkLife, link: shop.URL("/sign-in/link/" + t.String())}
	// The code must be entered for the email that was typed.
	if now.Sub(e.CreatedAt) < credential.CodeLife && request.Browser != "" && to.Email == e.To && !to.Closed &&
		!to.Unconfirmed {
		tried, _, err := w.app.countTry(ctx, credential.TriesOfCode(shop.ID, to.Email, request.Browser), 0)
		if err != nil {
			return to, nil, err
		}
		offer.code = credential.NewCode()
		request.Code, request.CodeUntil, request.Mark = credential.CodeHash(request.ID, offer.code),
			now.Add(credential.CodeLife), tried.Mark()
	}
	linked := false
	_, err = w.app.credentialDocs(shop.ID).Put(ctx, t.Credentials,
		func(a *credential.Credentials, _ bool) error {
			owner, err := to.Customer, error(nil)
			if owner == "" {
				owner, err = w.app.currentOwner(ctx, shop, *a)
			}
			if err != nil {
				return err
			}
			a.AssignTo(to.Email, owner, now)
			if owner == "" {
				a.StaleAt = request.Until.Add(credential.DeadRemembered)
			}
			a.PruneExpired(now)
			if !e.Unsure {
				a.RemoveRequest(entry)
			}
			linked = a.AddRequest(request)
			return nil
		})
	if !linked {
		offer.link = ""
	}
	if err == nil && offer.link == "" && offer.code == "" && (e.Payload[payBy] == "" || to.Unconfirmed) {
		err = mail.ErrDrop // the five earlier links still work
	}
	return to, func(l *i18n.Localizer) mail.Letter { return offer.letterTo(to, shop, l, e) }, err
}

// letterTo writes the email that the recipient gets: the link with the code, or what takes its place.
func (o signInOffer) letterTo(to shop.Recipient, s shop.Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	switch {
	case to.Closed:
		return o.closedLetter(s, l, e)
	case to.Unconfirmed:
		return o.confirmLetter(s, l, e)
	case e.Payload[payBy] != "":
		return o.shopLetter(s, l, e)
	}
	return o.letter(s, l, e)
}

// allow drops an entry that exceeds the limits of its address. It counts each entry once and marks it as
// counted only afterwards: an attempt that died between the two is counted again, so a crash never lets
// emails exceed the limit. An earlier attempt does not prove that the entry was counted, because it may
// have died before.
func (w Worker) allow(ctx context.Context, shop shop.Shop, to shop.Recipient, entry string,
	e mail.Entry) error {
	if e.Throttled || e.Payload[payBy] != "" && (to.Customer == "" || to.Closed) {
		return mail.ErrDrop
	}
	if e.Payload[payBy] != "" {
		return nil // counted when the shop asked
	}
	allowed := w.app.limitOf(shop.ID, "mail-allowed", limit(1, mail.Life(e.Kind)), entry,
		strconv.FormatInt(e.ResentAt.UnixMilli(), 10))
	if e.Attempts > 0 || e.Composed {
		at, err := newLimiter(w.app, allowed.rate).Peek(ctx, allowed.key)
		if err != nil || at.Remaining == 0 {
			return err
		}
	}
	if err := w.countMail(ctx, shop, to, e); err != nil {
		return err
	}
	_, err := w.app.count(ctx, []subjectLimit{allowed})
	return err
}

// countMail counts an email against the daily limit of its address and drops it if that is used up, unless
// it was requested from a browser that has signed in there before. Part of the daily limit is reserved for
// such browsers, so that a stranger cannot use it all up.
func (w Worker) countMail(ctx context.Context, shop shop.Shop, to shop.Recipient, e mail.Entry) error {
	day := w.app.limitOf(shop.ID, "mail-day", limit(requestsADay, 24*time.Hour), mailbox(to.Email))
	if e.Payload[payReserve] == "" {
		over, err := w.app.exceeded(ctx, []subjectLimit{day})
		if err != nil || !over[0] {
			return err
		}
	}
	known, err := w.knowsBrowser(ctx, shop, to, e.Payload[payBrowser])
	if err != nil {
		return err
	}
	if !known {
		return mail.ErrDrop
	}
	day = w.app.limitOf(shop.ID, "reserve-day", limit(reservedADay, 24*time.Hour), mailbox(to.Email))
	over, err := w.app.exceeded(ctx, []subjectLimit{day})
	if err == nil && over[0] {
		err = mail.ErrDrop
	}
	return err
}

// knowsBrowser reports whether a browser has signed in to the address before.
func (w Worker) knowsBrowser(ctx context.Context, shop shop.Shop, to shop.Recipient,
	hash string) (bool, error) {
	doc, _, err := w.app.credentialDocs(shop.ID).Get(ctx, w.app.credentialsID(shop.ID, to.Email))
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return slices.ContainsFunc(doc.Browsers,
		func(b credential.KnownBrowser) bool { return credential.SameHash(b.Hash, hash) }), err
}

// languageOf returns the customer's own language, or "" for no customer.
func (w Worker) languageOf(ctx context.Context, shop shop.Shop, customer string) (string, error) {
	if customer == "" {
		return "", nil
	}
	c, err := w.app.customer(ctx, shop.ID, customer)
	return c.Language, ifFound(err)
}

// recipient returns the address stored on the account, never the one that was typed, except that where
// registration is open it also returns an address without an account.
func (w Worker) recipient(ctx context.Context, sh shop.Shop, asked string) (shop.Recipient, error) {
	id, err := w.app.follow(ctx, sh.ID, identifier.EmailKey(asked))
	if err != nil {
		return shop.Recipient{}, err
	}
	c, err := customer.Follow(ctx, w.app.customerDocs(sh.ID), id)
	switch {
	case err == nil && !c.Erasure.Begun.IsZero():
		return shop.Recipient{}, mail.ErrDrop
	case err == nil && c.ID != id && !c.Is(id): // it is being merged, or taken out again, at this moment
		return shop.Recipient{}, errMergeUnderWay
	case err == nil:
		to := shop.Recipient{Email: c.Email, Lang: c.Language, Customer: c.ID, Closed: !c.Disabled.IsZero()}
		if c.HasAddress(asked) {
			to.Email = asked
		}
		to.Unconfirmed = c.IsUnconfirmed(to.Email)
		return to, nil
	case !errors.Is(err, storage.ErrNotFound):
		return shop.Recipient{}, err
	case sh.Registration:
		return shop.Recipient{Email: asked}, nil // an identifier without its customer is completed when the link is opened
	}
	return shop.Recipient{}, mail.ErrDrop
}

// letter writes the sign-in email in one language.
func (o signInOffer) letter(shop shop.Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	letter := mail.Letter{
		Lang: l.Lang(), Brand: shop.LetterBrand(),
		Subject: l.T("mail.sign_in.subject", "Shop", shop.Name),
		Heading: l.T("mail.sign_in.heading", "Shop", shop.Name),
		Details: []string{l.T("mail.sign_in.asked", "When", l.DateTime(e.CreatedAt))},
		Notes:   []string{l.T("mail.sign_in.not_you")},
	}
	if device := e.Payload[payDevice]; device != "" {
		letter.Details[0] = l.T("mail.sign_in.asked_from", "When", l.DateTime(e.CreatedAt), "Device", device)
	}
	if o.link != "" {
		letter.Paragraphs = append(letter.Paragraphs, l.T("mail.sign_in.link", "Life", lifeText(l, o.life)))
		letter.Button = &mail.Button{Label: l.T("mail.sign_in.button"), URL: o.link}
	} else {
		letter.Paragraphs = append(letter.Paragraphs, l.T("mail.sign_in.earlier_links"))
	}
	if o.code != "" {
		letter.Code, letter.CodeLabel = credential.ShowCode(o.code), l.T("mail.sign_in.code")
	}
	letter.Preheader = letter.Paragraphs[0]
	return letter
}

// lifeText says how long a link works, in the largest whole unit.
func lifeText(l *i18n.Localizer, life time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case life%day == 0:
		return l.T("life.days", "Count", int(life/day))
	case life%time.Hour == 0:
		return l.T("life.hours", "Count", int(life/time.Hour))
	}
	return l.T("life.minutes", "Count", int(life/time.Minute))
}

// SignInKinds lists the kinds of emails that carry a customer's sign-in link.
func SignInKinds() []string { return []string{mailSignIn} }

// CodeKinds lists the kinds of emails with a secret that only the browser that asked can use, or that only
// its owner may ask for.
func CodeKinds() []string {
	return []string{mailEmailCode, credential.MailStepUp, mailStaffSignIn}
}
