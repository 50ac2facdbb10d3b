package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/mail"
	"postern/portal/colour"
	"postern/storage"
	"postern/templates/i18n"
)

// Composer makes the messages of outbox entries, at the moment they are handed over.
func (w Worker) Composer(catalogue *i18n.Catalogue, renderer *mail.Renderer) mail.Composer {
	return func(ctx context.Context, shopID, id string, e mail.Entry) (mail.Message, error) {
		shop, err := w.app.shop(ctx, shopID)
		if err != nil {
			return mail.Message{}, err
		}
		if e.Kind != mailSignIn {
			return mail.Message{}, fmt.Errorf("no such kind of mail: %q", e.Kind)
		}
		offer, err := w.offerSignIn(ctx, shop, id, e)
		if err != nil {
			return mail.Message{}, err
		}
		lang := catalogue.Match(shop.Languages, offer.lang, e.Lang, shop.Language)
		letter := offer.letter(shop, catalogue.Localizer(lang, shop.Location()), e)
		text, html, err := renderer.Render(letter)
		if err != nil {
			return mail.Message{}, err
		}
		return mail.Message{
			FromName: shop.SenderName, From: shop.SenderEmail, To: offer.to, ReplyTo: shop.Brand.SupportEmail,
			Subject: letter.Subject, Text: text, HTML: html, Lang: lang,
		}, nil
	}
}

// signInOffer is what a sign-in mail gives: a link, a code, or both. It exists only between making and handing over.
type signInOffer struct {
	to, lang   string
	link, code string // "" for none
	life       time.Duration
}

// offerSignIn makes the secrets of a sign-in mail and stores their hashes. An address that nobody has is dropped, unless the
// shop lets people register; a throttled request too. A repeated attempt takes the earlier one's link back only when
// that mail surely never arrived.
func (w Worker) offerSignIn(ctx context.Context, shop Shop, entry string, e mail.Entry) (signInOffer, error) {
	if e.Throttled {
		return signInOffer{}, mail.ErrDrop
	}
	to, lang, customer, err := w.recipient(ctx, shop, e.To)
	if err != nil {
		return signInOffer{}, err
	}
	now := w.app.now()
	t := newToken(accessID(shop.ID, to))
	request := request{
		ID: storage.NewID(), Link: t.hash(), Browser: e.Payload[payBrowser], Destination: e.Payload[payDestination],
		MadeAt: now, Until: now.Add(shop.LinkLife), Entry: entry,
	}
	offer := signInOffer{to: to, lang: lang, life: shop.LinkLife, link: shop.URL("/sign-in/link/" + t.String())}
	if now.Sub(e.CreatedAt) < codeLife && request.Browser != "" {
		offer.code = newCode()
		request.Code, request.CodeUntil = codeHash(request.ID, offer.code), now.Add(codeLife)
	}
	_, err = w.app.accessDocs(shop.ID).Put(ctx, t.access, func(a *access, _ bool) error {
		a.Email, a.Customer = to, customer
		a.tidy(now)
		if !e.Unsure {
			a.withdraw(entry)
		}
		if !a.add(request) {
			offer.link = ""
		}
		return nil
	})
	if err == nil && offer.link == "" && offer.code == "" {
		err = mail.ErrDrop // the five earlier links still work
	}
	return offer, err
}

// recipient is whom a sign-in mail goes to: the address stored on the account, never just what was typed; where
// registration is open, an address nobody has.
func (w Worker) recipient(ctx context.Context, shop Shop, asked string) (to, lang, customer string, err error) {
	id, err := w.app.follow(ctx, shop.ID, emailHandle(asked))
	if err != nil {
		return "", "", "", err
	}
	c, _, err := w.app.customerDocs(shop.ID).Get(ctx, id)
	switch {
	case err == nil:
		return c.Email, c.Language, c.ID, nil
	case !errors.Is(err, storage.ErrNotFound):
		return "", "", "", err
	case shop.Registration:
		return asked, "", id, nil
	}
	return "", "", "", mail.ErrDrop
}

// letter is the mail in one language.
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

// lifeText tells how long a link works, in the largest whole unit.
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

// letterBrand is the shop's look in a mail.
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

// LogoPath is where the portal serves the logo, "" when there is none. It changes with the picture.
func (b Brand) LogoPath() string {
	if b.LogoHash == "" {
		return ""
	}
	return "/brand/" + b.LogoHash + ".png"
}
