package shop

import (
	"cmp"
	"net/url"
	"slices"

	"postern/mail"
	"postern/portal/colour"
	"postern/templates/i18n"
)

// Message turns a letter of the shop into an email.
func (s Shop) Message(to Recipient, written mail.Letter, renderer *mail.Renderer) (mail.Message, error) {
	text, html, err := renderer.Render(written)
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{
		FromName: cmp.Or(s.SenderName, s.Name), From: s.SenderEmail, To: to.Email,
		ReplyTo: cmp.Or(to.ReplyTo, s.Brand.SupportEmail),
		Subject: written.Subject, Text: text, HTML: html, Lang: written.Lang, Personal: to.Shop,
	}, nil
}

// Recipient is the recipient of an email.
type Recipient struct {
	Email, Lang string // lang is the customer's language, or ""
	Customer    string // "" if no customer has the address
	Closed      bool   // the customer is disabled
	Unconfirmed bool   // the address must be confirmed before it lets anybody in
	ReplyTo     string // address for replies, "" for the shop's
	Shop        bool   // the email forwards a customer's message to the shop
}

// Languages returns the preferred languages of an email, best first: that of the page that caused it, the
// customer's, the shop's. A customer created by an order has the order's at first. The caller keeps to those
// the shop offers. Every email uses it.
func (to Recipient) Languages(e mail.Entry, shop Shop) []string {
	return []string{e.Lang, to.Lang, shop.Language}
}

// Offered returns a language that the shop offers, and "" for any other.
func (s Shop) Offered(lang string) string {
	if slices.Contains(s.Languages, lang) {
		return lang
	}
	return ""
}

// LetterBrand returns the shop's branding for emails.
func (s Shop) LetterBrand() mail.Brand {
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

// Letter starts an email with the subject, heading and text that the catalogue has under key.
func (s Shop) Letter(l *i18n.Localizer, key string, args ...any) mail.Letter {
	args = append([]any{"Shop", s.Name}, args...)
	text := l.T(key+".text", args...)
	return mail.Letter{
		Lang: l.Lang(), Brand: s.LetterBrand(), Subject: l.T(key+".subject", args...),
		Heading:   l.T(key+".heading", args...),
		Preheader: text, Paragraphs: []string{text},
	}
}

// maxMailURL is the maximum length of a URL in an email: some programs break longer ones.
const maxMailURL = 140

// MailURL returns the URL of a path for an email, or that of another path if programs would break the first.
func (s Shop) MailURL(path, instead string) string {
	if long := s.URL(path); len(long) <= maxMailURL {
		return long
	}
	return s.URL(instead)
}

// AskURL returns the page that requests a link to a destination. It leaves out a destination that would
// make the URL too long for an email.
func (s Shop) AskURL(destination string) string {
	if long := s.URL("/sign-in?" + url.Values{"to": {destination}}.Encode()); destination != "" &&
		len(long) <= maxMailURL {
		return long
	}
	return s.URL("/sign-in")
}
