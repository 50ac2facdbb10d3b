package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/storage"
	"postern/templates/i18n"
)

// composeInquiry composes the email that forwards an inquiry to the shop, which can reply to the customer
// directly, or the receipt for a request.
func (w Worker) composeInquiry(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	id := strings.TrimPrefix(strings.TrimPrefix(entry, inquiryToldEntry), inquiryReceipt)
	in, _, err := w.app.inquiryDocs(shop.ID).Get(ctx, id)
	var c Customer
	if err == nil {
		c, err = w.app.customer(ctx, shop.ID, in.Customer)
	}
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	if e.Kind == mailInquiryTold {
		return recipient{email: e.To, replyTo: c.Email, shop: true}, func(l *i18n.Localizer) mail.Letter { return in.toldLetter(shop, l, c) }, err
	}
	money := ""
	if err == nil && in.Kind == RequestCancel {
		var order storedOrder
		order, _, err = w.app.orderDocs(shop.ID).Get(ctx, in.Order)
		if err = ifFound(err); order.Customer == c.ID {
			money = order.Status.CancelMoney()
		}
	}
	return recipient{email: c.Email, lang: c.Language}, func(l *i18n.Localizer) mail.Letter { return in.receiptLetter(shop, l, money) }, err
}

// subject returns the word for the inquiry in translation keys: "message", "return" or "cancel".
func (in inquiry) subject() string {
	if in.Channel == channelMessages {
		return "message"
	}
	return in.Kind
}

// details returns the order lines that the inquiry names, followed by the customer's text, one entry per
// line.
func (in inquiry) details() []string {
	var details []string
	for _, line := range in.Lines {
		details = append(details, line.text())
	}
	for line := range strings.SplitSeq(in.Text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			details = append(details, line)
		}
	}
	return details
}

// text formats the line for display: "2 × Book (B-7)".
func (line StatementLine) text() string {
	text := line.Quantity + " × " + line.Name
	if line.SKU != "" {
		text += " (" + line.SKU + ")"
	}
	return text
}

func (in inquiry) toldLetter(shop Shop, l *i18n.Localizer, c Customer) mail.Letter {
	who := c.Email
	if name := c.Name(); name != "" {
		who = name + " (" + c.Email + ")"
	}
	letter := shop.letter(l, "mail.shop."+in.subject(), "Number", in.Order, "Who", who, "When", in.At, "Zone", shop.TimeZone)
	letter.Details = in.details()
	letter.Notes = []string{l.T("mail.shop.reply", "Email", c.Email)}
	return letter
}

// receiptLetter confirms to the customer that the request was received, and says that this is no more than
// a receipt.
func (in inquiry) receiptLetter(shop Shop, l *i18n.Localizer, money string) mail.Letter {
	letter := shop.letter(l, "mail.request."+in.Kind, "Number", in.Order, "When", in.At, "Zone", shop.TimeZone)
	if money != "" {
		letter.Paragraphs = append(letter.Paragraphs, l.T("request.money."+money))
	}
	letter.Details = in.details()
	letter.Notes = []string{l.T("mail.request.not_you")}
	return letter
}
