package portal

import (
	"postern/mail"
	"postern/portal/shop"
	"postern/templates/i18n"
)

// closedHome is where the link of a disabled customer leads.
const closedHome = shop.Closed

// closedLetter writes the email that a disabled customer gets instead of a sign-in link: whom to write to,
// and a link that opens only what such a customer must be able to do.
func (o signInOffer) closedLetter(sh shop.Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	letter := sh.Letter(l, "mail.closed")
	if support := sh.Brand.SupportEmail; support != "" {
		letter.Paragraphs = append(letter.Paragraphs, l.T("closed.contact", "Email", support))
	} else {
		letter.Paragraphs = append(letter.Paragraphs, l.T("closed.ask", "Shop", sh.Name))
	}
	letter.Paragraphs = append(letter.Paragraphs, l.T("mail.closed.link", "Life", lifeText(l, o.life)))
	letter.Button = &mail.Button{Label: l.T("mail.closed.button"), URL: o.link}
	letter.Details = []string{l.T("mail.sign_in.asked", "When", l.DateTime(e.CreatedAt))}
	if device := e.Payload[payDevice]; device != "" {
		letter.Details[0] = l.T("mail.sign_in.asked_from", "When", l.DateTime(e.CreatedAt), "Device", device)
	}
	letter.Notes = []string{l.T("mail.sign_in.not_you")}
	return letter
}
