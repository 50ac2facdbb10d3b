package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/storage"
	"postern/templates/i18n"
)

// composeInquiry makes the mail that tells the shop, which the shop answers by replying, or the receipt of
// a request.
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

// subject is what the mails of an inquiry are about: "message", "return" or "cancel".
func (in inquiry) subject() string {
	if in.Channel == channelMessages {
		return "message"
	}
	return in.Kind
}

// details are the customer's own words, line by line, with the lines of the order that they are about.
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

// text is the line as people read it: "2 × Book (B-7)".
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

// receiptLetter confirms a request to who sent it, and says that it is no more than that.
func (in inquiry) receiptLetter(shop Shop, l *i18n.Localizer, money string) mail.Letter {
	letter := shop.letter(l, "mail.request."+in.Kind, "Number", in.Order, "When", in.At, "Zone", shop.TimeZone)
	if money != "" {
		letter.Paragraphs = append(letter.Paragraphs, l.T("request.money."+money))
	}
	letter.Details = in.details()
	letter.Notes = []string{l.T("mail.request.not_you")}
	return letter
}
