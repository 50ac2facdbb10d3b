package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/storage"
	"postern/templates/i18n"
)

// composeInquiry composes the email that forwards an inquiry to the shop, which can reply to the customer
// directly, or the receipt for a request.
func (w Worker) composeInquiry(ctx context.Context, sh shop.Shop, entry string, e mail.Entry) (shop.Recipient,
	letterWriter, error) {
	id := strings.TrimPrefix(strings.TrimPrefix(entry, inquiryToldEntry), inquiryReceipt)
	in, _, err := w.app.inquiryDocs(sh.ID).Get(ctx, id)
	var c customer.Customer
	if err == nil {
		c, err = w.app.customer(ctx, sh.ID, in.Customer)
	}
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	if e.Kind == mailInquiryTold {
		return shop.Recipient{Email: e.To, ReplyTo: c.Email, Shop: true},
			func(l *i18n.Localizer) mail.Letter { return inquiryToldLetter(in, sh, l, c) }, err
	}
	money := ""
	if err == nil && in.Kind == inquiry.RequestCancel {
		var order order.Stored
		order, _, err = w.app.orderDocs(sh.ID).Get(ctx, in.Order)
		if err = ifFound(err); order.Customer == c.ID {
			money = order.Status.CancelMoney()
		}
	}
	return shop.Recipient{Email: c.Email,
			Lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
			return inquiryReceiptLetter(in, sh,
				l, money)
		}, err
}

func inquiryToldLetter(in inquiry.Inquiry, shop shop.Shop, l *i18n.Localizer,
	c customer.Customer) mail.Letter {
	who := c.Email
	if name := c.Name(); name != "" {
		who = name + " (" + c.Email + ")"
	}
	letter := shop.Letter(l, "mail.shop."+in.Subject(), "Number", in.Order, "Who", who, "When", in.At,
		"Zone", shop.TimeZone)
	letter.Details = in.Details()
	letter.Notes = []string{l.T("mail.shop.reply", "Email", c.Email)}
	return letter
}

// inquiryReceiptLetter confirms to the customer that the request was received, and says that this is no more than
// a receipt.
func inquiryReceiptLetter(in inquiry.Inquiry, shop shop.Shop, l *i18n.Localizer, money string) mail.Letter {
	letter := shop.Letter(l, "mail.request."+in.Kind, "Number", in.Order, "When", in.At,
		"Zone", shop.TimeZone)
	if money != "" {
		letter.Paragraphs = append(letter.Paragraphs, l.T("request.money."+money))
	}
	letter.Details = in.Details()
	letter.Notes = []string{l.T("mail.request.not_you")}
	return letter
}
