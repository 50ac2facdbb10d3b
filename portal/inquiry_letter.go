package portal

import (
	"cmp"
	"context"
	"errors"
	"slices"
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
		if err = ifFound(err); c.Is(order.Customer) {
			money = order.Status.CancelMoney()
		}
	}
	return shop.Recipient{Email: c.Email,
			Lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
			return inquiryReceiptLetter(in, sh,
				l, money)
		}, err
}

// composeAnswer composes the email of the shop's message, or of a declined request, to the customer.
func (w Worker) composeAnswer(ctx context.Context, sh shop.Shop, entry string, e mail.Entry) (shop.Recipient,
	letterWriter, error) {
	id, state := strings.TrimPrefix(entry, answerEntry), ""
	if decided, is := strings.CutPrefix(entry, decidedEntry); is {
		state, id, _ = strings.Cut(decided, "-")
	}
	in, _, err := w.app.inquiryDocs(sh.ID).Get(ctx, id)
	var c customer.Customer
	if err == nil {
		c, err = w.app.customer(ctx, sh.ID, in.Customer)
	}
	var o order.Stored
	if err == nil {
		o, _, err = w.app.orderDocs(sh.ID).Get(ctx, in.Order)
		err = ifFound(err)
	}
	if errors.Is(err, storage.ErrNotFound) || err == nil && !c.Is(o.Customer) {
		err = mail.ErrDrop
	}
	to := shop.Recipient{Email: c.Email, Lang: cmp.Or(c.Language, sh.Offered(o.Language)), Customer: c.ID}
	return to, func(l *i18n.Localizer) mail.Letter { return answerLetter(in, state, sh, l) }, err
}

// answerLetter tells the customer what the shop wrote, or decided on a request. Its link is plain: people
// forward such emails.
func answerLetter(in inquiry.Inquiry, decided string, sh shop.Shop, l *i18n.Localizer) mail.Letter {
	key, text := "mail.answer", in.Text
	switch {
	case decided == order.ReturnDeclined:
		key, text = "mail.declined."+in.Kind, in.Declined.Text
	case decided != "":
		key, text = "mail.decided."+in.Kind+"."+decided, ""
		for _, made := range in.Decided {
			if made.State == decided {
				text = made.Text
			}
		}
	}
	letter := sh.Letter(l, key, "Number", in.Order)
	letter.Quote = inquiry.Inquiry{Text: text}.Details()
	if in.Author != "" {
		letter.Quote = append(letter.Quote, in.Author)
	}
	letter.Button = &mail.Button{Label: l.T(key + ".button"), URL: orderURL(sh, in.Order)}
	letter.Notes = []string{l.T("mail.order.sign_in")}
	return letter
}

func inquiryToldLetter(in inquiry.Inquiry, shop shop.Shop, l *i18n.Localizer,
	c customer.Customer) mail.Letter {
	who := c.Email
	if name := c.Name(); name != "" {
		who = name + " (" + c.Email + ")"
	}
	letter := shop.Letter(l, "mail.shop."+in.Subject(), "Number", in.Order, "Who", who, "When", in.At,
		"Zone", shop.TimeZone)
	letter.Details = inquiryDetails(in, l)
	if n := len(in.Photos); n > 0 {
		letter.Details = append(letter.Details, l.T("mail.shop.photos", "Count", n))
	}
	letter.Notes = []string{l.T("mail.shop.reply", "Email", c.Email)}
	return letter
}

// inquiryDetails lists what a letter repeats of an inquiry.
func inquiryDetails(in inquiry.Inquiry, l *i18n.Localizer) []string {
	reason := in.Reason
	if slices.Contains(inquiry.Reasons(), reason) {
		reason = l.T("return.reason." + reason)
	}
	if reason == "" {
		return in.Details()
	}
	return append([]string{l.T("mail.order.reason", "Reason", reason)}, in.Details()...)
}

// inquiryReceiptLetter confirms to the customer that the request was received, and says that this is no more
// than a receipt.
func inquiryReceiptLetter(in inquiry.Inquiry, shop shop.Shop, l *i18n.Localizer, money string) mail.Letter {
	letter := shop.Letter(l, "mail.request."+in.Kind, "Number", in.Order, "When", in.At,
		"Zone", shop.TimeZone)
	if money != "" {
		letter.Paragraphs = append(letter.Paragraphs, l.T("request.money."+money))
	}
	letter.Details = inquiryDetails(in, l)
	if n := len(in.Photos); n > 0 {
		letter.Details = append(letter.Details, l.T("mail.request.photos", "Count", n))
	}
	letter.Notes = []string{l.T("mail.request.not_you")}
	return letter
}
