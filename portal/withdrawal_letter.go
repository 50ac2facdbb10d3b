package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/withdrawal"
	"postern/storage"
	"postern/templates/i18n"
)

// composeWithdrawal composes the receipt, or the email to the shop.
func (w Worker) composeWithdrawal(ctx context.Context, sh shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	id := strings.TrimPrefix(strings.TrimPrefix(entry, receiptEntry), toldEntry)
	doc, _, err := w.app.withdrawalDocs(sh.ID).Get(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	if e.Kind == mailWithdrawalTold {
		to := shop.Recipient{Email: e.To, ReplyTo: doc.Statement.Email, Shop: true}
		return to, func(l *i18n.Localizer) mail.Letter { return withdrawalToldLetter(doc, sh, l) }, err
	}
	to := shop.Recipient{Email: e.To}
	if err == nil {
		to.Lang, err = w.languageOf(ctx, sh, doc.Customer)
	}
	return to, func(l *i18n.Localizer) mail.Letter { return withdrawalReceiptLetter(doc, sh, l) }, err
}

// repeatsNumber reports whether an email may repeat the order number where the sender's own words must not
// appear: in an email to an unverified mailbox, and in a subject. A number that was matched, or chosen by a
// signed-in customer, comes from the shop itself.
func repeatsNumber(w withdrawal.Withdrawal) bool {
	return w.Order != "" || w.Customer != "" || order.LooksLikeNumber(w.Statement.Number)
}

// withdrawalReceiptLetter writes the acknowledgement required by Art. 11a(4): the statement's content, and
// the date and time when it was sent.
func withdrawalReceiptLetter(w withdrawal.Withdrawal, shop shop.Shop, l *i18n.Localizer) mail.Letter {
	said := w.Statement.Unlinked()
	letter := shop.Letter(l, "mail.withdrawal", "Number", w.Order, "When", w.At, "Zone", shop.TimeZone)
	if w.Order == "" { // the number is only what the sender typed
		letter.Subject = l.T("mail.withdrawal.subject_plain")
	}
	if !repeatsNumber(w) {
		said.Number = l.T("mail.withdrawal.number_kept")
	}
	letter.Details = said.Details(l)
	letter.Notes = []string{l.T("mail.withdrawal.next", "Shop", shop.Name), l.T("mail.withdrawal.not_you")}
	return letter
}

// withdrawalToldLetter writes the email to the shop, including what is known about the order.
func withdrawalToldLetter(w withdrawal.Withdrawal, shop shop.Shop, l *i18n.Localizer) mail.Letter {
	said := w.Statement.Unlinked()
	letter := shop.Letter(l, "mail.shop.withdrawal", "Number", said.Number, "When", w.At,
		"Zone", shop.TimeZone)
	if !repeatsNumber(w) {
		letter.Subject = l.T("mail.shop.withdrawal.subject_plain")
	}
	letter.Details = said.Details(l)
	match := "mail.shop.withdrawal.unmatched"
	switch {
	case w.Order != "" && w.InTime == nil:
		match = "mail.shop.withdrawal.matched"
	case w.Order != "" && *w.InTime:
		match = "mail.shop.withdrawal.in_time"
	case w.Order != "":
		match = "mail.shop.withdrawal.late"
	}
	letter.Notes = []string{l.T(match, "Order", w.Order)}
	if w.Receipt == withdrawal.ReceiptHeld {
		letter.Notes = append(letter.Notes, l.T("mail.shop.withdrawal.held"))
	}
	return letter
}
