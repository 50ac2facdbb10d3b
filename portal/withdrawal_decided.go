package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/portal/audit"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
	"postern/templates/i18n"
)

// DecideWithdrawal records what the shop decided about a statement, with the act, and has its sender told by
// email. Field errors are at "state" and "text". An unknown statement is validate.NotFound, one that was
// decided otherwise a Conflict.
func (d Desk) DecideWithdrawal(ctx context.Context, id string, made withdrawal.Decision,
	act audit.Act) error {
	docs := d.app.withdrawalDocs(d.shop.ID)
	stored, _, err := docs.Get(ctx, id)
	if err == nil {
		act.Customer, err = d.app.withdrawer(ctx, d.shop.ID, stored)
	}
	if err != nil {
		return validate.NotFoundIfMissing(err)
	}
	made.At = act.At
	_, err = docs.Change(ctx, id, func(w *withdrawal.Withdrawal) error {
		before := w.State()
		if err := w.Decide(made); err != nil {
			return err
		}
		act.Changes = []audit.Change{{Field: audit.FieldOrder, After: w.Statement.Number},
			{Field: "withdrawal", Before: before, After: w.State()}, {Field: "message", After: made.Text}}
		return act.Carry(&w.Work)
	})
	return validate.NotFoundIfMissing(err)
}

// Withdrawer returns the id of the customer who sent a statement, or whose address it names, "" for none.
func (d Desk) Withdrawer(ctx context.Context, w withdrawal.Withdrawal) (string, error) {
	return d.app.withdrawer(ctx, d.shop.ID, w)
}

// withdrawer returns the customer who sent a statement, or whose address it names, "" if there is none any
// more.
func (a *App) withdrawer(ctx context.Context, shop string, w withdrawal.Withdrawal) (id string, err error) {
	if id = w.Customer; id == "" {
		if id, err = a.follow(ctx, shop, identifier.EmailKey(w.Statement.Email)); err != nil {
			return "", err
		}
	}
	if id == "" {
		return "", nil
	}
	c, err := a.customer(ctx, shop, id)
	return c.ID, ifFound(err)
}

// postWithdrawalDecided emails a decision to the sender of the statement. Repeating it adds no second email.
func (w Worker) postWithdrawalDecided(ctx context.Context, shop shop.Shop,
	t job.Task[withdrawal.Withdrawal]) (job.Finish[withdrawal.Withdrawal], error) {
	said := t.Doc.Statement
	return nil, w.post(ctx, shop, withdrawalDecidedEntry+t.Job.Args[withdrawal.ArgState]+"-"+t.Key, mail.Entry{
		Kind: mailWithdrawalDecided, To: said.Email, Lang: said.Lang, CreatedAt: w.app.now()})
}

// composeWithdrawalDecided composes the email about a decision.
func (w Worker) composeWithdrawalDecided(ctx context.Context, sh shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	state, id, _ := strings.Cut(strings.TrimPrefix(entry, withdrawalDecidedEntry), "-")
	doc, _, err := w.app.withdrawalDocs(sh.ID).Get(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	to := shop.Recipient{Email: e.To}
	if err == nil {
		to.Lang, err = w.languageOf(ctx, sh, doc.Customer)
	}
	return to, func(l *i18n.Localizer) mail.Letter { return withdrawalDecidedLetter(doc, state, sh, l) }, err
}

// withdrawalDecidedLetter writes what the shop decided. It is a reply to a person, so it repeats the number
// as that person typed it only where the receipt does.
func withdrawalDecidedLetter(w withdrawal.Withdrawal, state string, shop shop.Shop,
	l *i18n.Localizer) mail.Letter {
	number := w.Statement.Unlinked().Number
	if !repeatsNumber(w) {
		number = ""
	}
	letter := shop.Letter(l, "mail.withdrawal_decided."+state, "When", w.At)
	if number != "" {
		letter.Details = []string{l.T("withdraw.number") + ": " + number}
	}
	for _, made := range w.Decided {
		if made.State != state {
			continue
		}
		for line := range strings.SplitSeq(made.Text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				letter.Quote = append(letter.Quote, line)
			}
		}
	}
	return letter
}
