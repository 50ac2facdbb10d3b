package portal

import (
	"context"
	"errors"

	"postern/mail"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/storage"
	"postern/templates/i18n"
)

const (
	mailMerged = "merged"
	payTold    = "told" // a value of customer.ArgTold
)

// errMergeUnderWay delays an email to an address whose account leads to a customer who does not have it yet,
// or not any more: a merge, or its undo, is between two writes.
var errMergeUnderWay = errors.New("portal: the account is being merged, or taken apart, at this moment")

// postMergeLetter queues an email about a merge to one of the addresses.
func (w Worker) postMergeLetter(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	return nil, w.post(ctx, shop, "merged-"+t.Job.ID, mail.Entry{
		Kind: mailMerged, To: t.Job.Args[customer.ArgEmail], CreatedAt: w.app.now(),
		Payload: map[string]string{customer.PayCustomer: t.Doc.ID, payTold: t.Job.Args[customer.ArgTold]},
	})
}

// composeMergeLetter writes the email about a merge, its undo, or a confirmed address. It goes to the address of either account,
// and names neither the other address nor anything of the other account.
func (w Worker) composeMergeLetter(ctx context.Context, sh shop.Shop, _ string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	c, err := w.app.customer(ctx, sh.ID, e.Payload[customer.PayCustomer])
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	return shop.Recipient{Email: e.To, Lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
		key := map[string]string{"": "mail.merged", customer.ToldUndone: "mail.unmerged",
			customer.ToldConfirmed: "mail.merge_confirmed"}[e.Payload[payTold]]
		letter := sh.Letter(l, key)
		if e.Payload[payTold] == "" && c.IsUnconfirmed(e.To) {
			letter.Paragraphs = append(letter.Paragraphs, l.T("mail.merged.confirm"))
		}
		letter.Button = &mail.Button{Label: l.T("mail.merged.button"), URL: sh.URL("/sign-in")}
		letter.Notes = []string{l.T(key+".not_you", "Shop", sh.Name)}
		letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(e.CreatedAt))}
		return letter
	}, err
}

// confirmLetter writes the email that somebody gets in place of a sign-in link who asks for one by an address
// that has to be confirmed first. It has no code: the link's page says what is confirmed.
func (o signInOffer) confirmLetter(sh shop.Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	letter := sh.Letter(l, "mail.confirm_address")
	letter.Paragraphs = append(letter.Paragraphs, l.T("mail.invited.once", "Life", lifeText(l, o.life)))
	letter.Button = &mail.Button{Label: l.T("mail.confirm_address.button"), URL: o.link}
	letter.Details = []string{l.T("mail.sign_in.asked", "When", l.DateTime(e.CreatedAt))}
	if device := e.Payload[payDevice]; device != "" {
		letter.Details[0] = l.T("mail.sign_in.asked_from", "When", l.DateTime(e.CreatedAt), "Device", device)
	}
	letter.Notes = []string{l.T("mail.confirm_address.not_you", "Shop", sh.Name)}
	return letter
}
