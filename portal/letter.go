package portal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"postern/mail"
	"postern/portal/colour"
	"postern/storage"
	"postern/templates/i18n"
)

// Composer returns the function that composes the emails of outbox entries just before they are sent.
func (w Worker) Composer(catalogue *i18n.Catalogue, renderer *mail.Renderer) mail.Composer {
	return func(ctx context.Context, shopID, id string, e mail.Entry) (mail.Message, error) {
		shop, err := w.app.shop(ctx, shopID)
		if err != nil {
			return mail.Message{}, err
		}
		to, letter, err := w.compose(ctx, shop, id, e)
		if err != nil {
			return mail.Message{}, err
		}
		lang := catalogue.Match(shop.Languages, to.languages(e, shop)...)
		return shop.message(to, letter(catalogue.Localizer(lang, shop.Location())), renderer)
	}
}

// message turns a letter of the shop into an email.
func (s Shop) message(to recipient, written mail.Letter, renderer *mail.Renderer) (mail.Message, error) {
	text, html, err := renderer.Render(written)
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{
		FromName: cmp.Or(s.SenderName, s.Name), From: s.SenderEmail, To: to.email, ReplyTo: cmp.Or(to.replyTo, s.Brand.SupportEmail),
		Subject: written.Subject, Text: text, HTML: html, Lang: written.Lang, Personal: to.shop,
	}, nil
}

// compose prepares an email by its kind. It returns the recipient and a function that writes the letter in
// a given language.
func (w Worker) compose(ctx context.Context, shop Shop, id string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	switch e.Kind {
	case mailSignIn, mailFirstOrder:
		return w.composeSignIn(ctx, shop, id, e)
	case mailNotice:
		return w.composeNotice(ctx, shop, id, e)
	case mailStepUp:
		return w.composeStepUp(ctx, shop, id, e)
	case mailErasure:
		return w.composeErasure(ctx, shop, e)
	case mailNews:
		return w.composeNews(ctx, shop, id, e)
	case mailEmailCode:
		return w.composeEmailCode(ctx, shop, id, e)
	case mailEmailMoved:
		return w.composeEmailMoved(ctx, shop, id, e)
	case mailEmailUndone:
		return w.composeEmailUndone(ctx, shop, e)
	case mailWithdrawalReceipt, mailWithdrawalTold:
		return w.composeWithdrawal(ctx, shop, id, e)
	case mailInquiryTold, mailInquiryReceipt:
		return w.composeInquiry(ctx, shop, id, e)
	}
	return recipient{}, nil, fmt.Errorf("no such kind of mail: %q", e.Kind)
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
func (w Worker) composeSignIn(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to, err := w.recipient(ctx, shop, e.To)
	if err != nil {
		return to, nil, err
	}
	if err := w.allow(ctx, shop, to, entry, e); err != nil {
		return to, nil, err
	}
	now := w.app.now()
	t := newToken(w.app.accessID(shop.ID, to.email))
	request := request{
		ID: storage.NewID(), Link: t.hash(), Browser: e.Payload[payBrowser], Destination: e.Payload[payDestination],
		MadeAt: now, Until: now.Add(shop.LinkLife), Entry: entry, Lang: e.Lang,
	}
	offer := signInOffer{life: shop.LinkLife, link: shop.URL("/sign-in/link/" + t.String())}
	// The code must be entered for the email that was typed.
	if now.Sub(e.CreatedAt) < codeLife && request.Browser != "" && to.email == e.To {
		tried, _, err := w.app.countTry(ctx, triesOfCode(shop.ID, to.email, request.Browser), 0)
		if err != nil {
			return to, nil, err
		}
		offer.code = newCode()
		request.Code, request.CodeUntil, request.Mark = codeHash(request.ID, offer.code), now.Add(codeLife), tried.mark()
	}
	linked := false
	_, err = w.app.accessDocs(shop.ID).Put(ctx, t.access, func(a *access, _ bool) error {
		owner, err := to.customer, error(nil)
		if owner == "" {
			owner, err = w.app.presentOwner(ctx, shop, *a)
		}
		if err != nil {
			return err
		}
		a.belongTo(to.email, owner, now)
		if owner == "" {
			a.StaleAt = request.Until.Add(deadRemembered)
		}
		a.tidy(now)
		if !e.Unsure {
			a.withdraw(entry)
		}
		linked = a.add(request)
		return nil
	})
	if !linked {
		offer.link = ""
	}
	if err == nil && offer.link == "" && offer.code == "" && e.Payload[payBy] == "" {
		err = mail.ErrDrop // the five earlier links still work
	}
	if e.Payload[payBy] != "" {
		return to, func(l *i18n.Localizer) mail.Letter { return offer.shopLetter(shop, l, e) }, err
	}
	return to, func(l *i18n.Localizer) mail.Letter { return offer.letter(shop, l, e) }, err
}

// allow drops an entry that exceeds the limits of its address. It counts each entry once and marks it as
// counted only afterwards: an attempt that died between the two is counted again, so a crash never lets
// emails exceed the limit. An earlier attempt does not prove that the entry was counted, because it may
// have died before.
func (w Worker) allow(ctx context.Context, shop Shop, to recipient, entry string, e mail.Entry) error {
	if e.Throttled || e.Payload[payBy] != "" && to.customer == "" {
		return mail.ErrDrop
	}
	if e.Payload[payBy] == byFeed {
		return nil // counted when the feed asked
	}
	allowed := w.app.bound(shop.ID, "mail-allowed", limit(1, mail.Life(e.Kind)), entry,
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
	_, err := w.app.count(ctx, []bound{allowed})
	return err
}

// countMail counts an email against the daily limit of its address and drops it if that is used up, unless
// it was requested from a browser that has signed in there before. Part of the daily limit is reserved for
// such browsers, so that a stranger cannot use it all up.
func (w Worker) countMail(ctx context.Context, shop Shop, to recipient, e mail.Entry) error {
	day := w.app.bound(shop.ID, "mail-day", limit(asksADay, 24*time.Hour), mailbox(to.email))
	if e.Payload[payReserve] == "" {
		over, err := w.app.over(ctx, []bound{day})
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
	day = w.app.bound(shop.ID, "reserve-day", limit(reservedADay, 24*time.Hour), mailbox(to.email))
	over, err := w.app.over(ctx, []bound{day})
	if err == nil && over[0] {
		err = mail.ErrDrop
	}
	return err
}

// knowsBrowser reports whether a browser has signed in to the address before.
func (w Worker) knowsBrowser(ctx context.Context, shop Shop, to recipient, hash string) (bool, error) {
	doc, _, err := w.app.accessDocs(shop.ID).Get(ctx, w.app.accessID(shop.ID, to.email))
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return slices.ContainsFunc(doc.Browsers, func(b browser) bool { return sameHash(b.Hash, hash) }), err
}

// recipient is the recipient of an email.
type recipient struct {
	email, lang string // lang is the customer's language, or ""
	customer    string // "" if no customer has the address
	replyTo     string // address for replies, "" for the shop's
	shop        bool   // the email forwards a customer's message to the shop
}

// languages returns the preferred languages of an email, best first: that of the page that caused it, the
// customer's, the shop's. The caller keeps to those the shop offers. Every email uses it.
func (to recipient) languages(e mail.Entry, shop Shop) []string {
	return []string{e.Lang, to.lang, shop.Language}
}

// languageOf returns the customer's own language, or "" for no customer.
func (w Worker) languageOf(ctx context.Context, shop Shop, customer string) (string, error) {
	if customer == "" {
		return "", nil
	}
	c, err := w.app.customer(ctx, shop.ID, customer)
	return c.Language, ifFound(err)
}

// recipient returns the address stored on the account, never the one that was typed, except that where
// registration is open it also returns an address without an account.
func (w Worker) recipient(ctx context.Context, shop Shop, asked string) (recipient, error) {
	id, err := w.app.follow(ctx, shop.ID, emailHandle(asked))
	if err != nil {
		return recipient{}, err
	}
	c, _, err := w.app.customerDocs(shop.ID).Get(ctx, id)
	switch {
	case err == nil && !c.Erasure.Begun.IsZero():
		return recipient{}, mail.ErrDrop
	case err == nil:
		return recipient{email: c.Email, lang: c.Language, customer: c.ID}, nil
	case !errors.Is(err, storage.ErrNotFound):
		return recipient{}, err
	case shop.Registration:
		return recipient{email: asked}, nil // a handle without its customer is completed when the link is opened
	}
	return recipient{}, mail.ErrDrop
}

// letter writes the sign-in email in one language.
func (o signInOffer) letter(shop Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	letter := mail.Letter{
		Lang: l.Lang(), Brand: shop.letterBrand(),
		Subject: l.T("mail.sign_in.subject", "Shop", shop.Name), Heading: l.T("mail.sign_in.heading", "Shop", shop.Name),
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
		letter.Code, letter.CodeLabel = showCode(o.code), l.T("mail.sign_in.code")
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

// letterBrand returns the shop's branding for emails.
func (s Shop) letterBrand() mail.Brand {
	brand := mail.Brand{Name: s.Name, URL: s.URL("/"), Support: s.Brand.SupportEmail, Accent: s.Brand.Accent}
	if s.Brand.LogoHash != "" {
		brand.LogoURL = s.URL(s.Brand.LogoPath())
	}
	if c, err := colour.Parse(s.Brand.Accent); err == nil {
		brand.OnAccent = colour.On(c).String()
	}
	return brand
}

// LogoPath returns the path that serves the logo, or "" if the shop has none. It changes with the picture.
func (b Brand) LogoPath() string {
	if b.LogoHash == "" {
		return ""
	}
	return "/brand/" + b.LogoHash + ".png"
}
