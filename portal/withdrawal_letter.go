package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/storage"
	"postern/templates/i18n"
)

// StatementFact is one item of a statement with its label.
type StatementFact struct{ Label, Value string }

// Facts returns the full content of a statement, as confirmed by its sender and repeated in the receipt.
func (s Statement) Facts(l *i18n.Localizer) []StatementFact {
	facts := []StatementFact{
		{l.T("withdraw.name"), s.Name}, {l.T("withdraw.number"), s.Number}, {l.T("withdraw.email"), s.Email},
	}
	if s.Whole() {
		return append(facts, StatementFact{l.T("withdraw.scope"), l.T("withdraw.scope.whole")})
	}
	if s.Goods != "" {
		facts = append(facts, StatementFact{l.T("withdraw.only"), s.Goods})
	}
	for _, line := range s.Lines {
		facts = append(facts, StatementFact{l.T("withdraw.only"), line.text()})
	}
	return facts
}

func (s Statement) details(l *i18n.Localizer) []string {
	var lines []string
	for _, fact := range s.Facts(l) {
		lines = append(lines, fact.Label+": "+fact.Value)
	}
	return lines
}

// composeWithdrawal composes the receipt, or the email to the shop.
func (w Worker) composeWithdrawal(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	id := strings.TrimPrefix(strings.TrimPrefix(entry, receiptEntry), toldEntry)
	doc, _, err := w.app.withdrawalDocs(shop.ID).Get(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	if e.Kind == mailWithdrawalTold {
		to := recipient{email: e.To, replyTo: doc.Statement.Email, shop: true}
		return to, func(l *i18n.Localizer) mail.Letter { return doc.toldLetter(shop, l) }, err
	}
	to := recipient{email: e.To}
	if err == nil {
		to.lang, err = w.languageOf(ctx, shop, doc.Customer)
	}
	return to, func(l *i18n.Localizer) mail.Letter { return doc.receiptLetter(shop, l) }, err
}

// repeatsNumber reports whether an email may repeat the order number where the sender's own words must not
// appear: in an email to an unverified mailbox, and in a subject. A number that was matched, or chosen by a
// signed-in customer, comes from the shop itself.
func (w withdrawal) repeatsNumber() bool {
	return w.Order != "" || w.Customer != "" || looksLikeNumber(w.Statement.Number)
}

// receiptLetter writes the acknowledgement required by Art. 11a(4): the statement's content, and the date
// and time when it was sent.
func (w withdrawal) receiptLetter(shop Shop, l *i18n.Localizer) mail.Letter {
	said := w.Statement.unlinked()
	letter := shop.letter(l, "mail.withdrawal", "Number", w.Order, "When", w.At, "Zone", shop.TimeZone)
	if w.Order == "" { // the number is only what the sender typed
		letter.Subject = l.T("mail.withdrawal.subject_plain")
	}
	if !w.repeatsNumber() {
		said.Number = l.T("mail.withdrawal.number_kept")
	}
	letter.Details = said.details(l)
	letter.Notes = []string{l.T("mail.withdrawal.next", "Shop", shop.Name), l.T("mail.withdrawal.not_you")}
	return letter
}

// toldLetter writes the email to the shop, including what is known about the order.
func (w withdrawal) toldLetter(shop Shop, l *i18n.Localizer) mail.Letter {
	said := w.Statement.unlinked()
	letter := shop.letter(l, "mail.shop.withdrawal", "Number", said.Number, "When", w.At, "Zone", shop.TimeZone)
	if !w.repeatsNumber() {
		letter.Subject = l.T("mail.shop.withdrawal.subject_plain")
	}
	letter.Details = said.details(l)
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
	if w.Receipt == receiptHeld {
		letter.Notes = append(letter.Notes, l.T("mail.shop.withdrawal.held"))
	}
	return letter
}
