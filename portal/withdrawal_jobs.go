package portal

import (
	"context"
	"slices"

	"postern/mail"
	"postern/portal/audit"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

func (w Worker) withdrawalJobs() job.Source {
	return job.Documents[withdrawal.Withdrawal]{
		Collection: withdrawal.Collection(),
		Open:       w.app.withdrawalDocs,
		List:       func(w *withdrawal.Withdrawal) *job.List { return &w.Work },
		Kinds: map[string]job.Kind[withdrawal.Withdrawal]{
			withdrawal.KindTend:    {Do: inShop(w.app, w.tendWithdrawal)},
			withdrawal.KindDecided: {Do: inShop(w.app, w.postWithdrawalDecided)},
			audit.KindRecord:       recordsActs[withdrawal.Withdrawal](w.app),
		},
	}
}

// tendWithdrawal processes a statement: it finds the order, adds the emails to the outbox, and finally
// deletes the statement. Each step can be repeated, so that a crash between any two neither loses nor
// duplicates anything.
func (w Worker) tendWithdrawal(ctx context.Context, shop shop.Shop,
	t job.Task[withdrawal.Withdrawal]) (job.Finish[withdrawal.Withdrawal], error) {
	doc, id, err := t.Doc, t.Key, error(nil)
	if over := func(w2 withdrawal.Withdrawal) bool { return !w.app.now().Before(w2.KeptUntil()) }; over(doc) {
		return nil, removeIf(ctx, w.app.withdrawalDocs(shop.ID), id, over)
	}
	if doc.Receipt == "" {
		doc, err = w.app.settleReceipt(ctx, shop, id, doc)
	}
	if err == nil && doc.Order == "" {
		doc, err = w.matchWithdrawal(ctx, shop, id, doc)
	}
	waits := false
	if err == nil {
		doc, waits, err = w.app.putOff(ctx, shop, id, doc)
	}
	if err == nil {
		err = w.tellWithdrawal(ctx, shop, id, doc, waits)
	}
	return func(now *withdrawal.Withdrawal) {
		// Another worker may have matched the order in the meantime.
		now.Told, now.Tell = now.Told || !waits, now.Tell && !doc.Tell
		now.Schedule(now.NextLook(w.app.now()))
	}, ifFound(err)
}

// matchWithdrawal looks for the order, marks it with the statement, and then records the order in the
// statement. The shop gets an email about a matched statement even if strangers have used up the hourly
// limit: the small number of marks per order limits these emails as well.
func (w Worker) matchWithdrawal(ctx context.Context, shop shop.Shop, id string,
	doc withdrawal.Withdrawal) (withdrawal.Withdrawal, error) {
	number, err := w.orderOf(ctx, shop, doc.Statement)
	if err != nil || number == "" {
		return doc, err
	}
	known := func(o order.Stored) bool {
		return slices.ContainsFunc(o.Received, func(r order.ReceivedWithdrawal) bool { return r.ID == id })
	}
	order, err := w.app.orderDocs(shop.ID).Change(ctx, number, func(o *order.Stored) error {
		if precedes(doc, *o) || known(*o) || len(o.Received) >= order.MaxReceivedMarks {
			return storage.ErrUnchanged
		}
		own := doc.Customer != "" && (doc.Customer == o.Customer || doc.Customer == o.MergedFrom)
		o.Receive(order.ReceivedWithdrawal{ID: id, At: doc.At, Whole: doc.Statement.Whole(), Own: own},
			placeOf(shop))
		return nil
	})
	if err != nil || precedes(doc, order) {
		return doc, err
	}
	return w.app.withdrawalDocs(shop.ID).Change(ctx, id, func(doc *withdrawal.Withdrawal) error {
		doc.Order, doc.InTime = number, order.InTime(doc.At, placeOf(shop))
		if doc.Held && known(order) {
			doc.Held, doc.Tell = false, true
		}
		return nil
	})
}

// precedes reports whether a statement was sent before the order was placed. It then concerns another
// contract: order numbers can be guessed, and a stranger must not use up the right to withdraw from a
// future order.
func precedes(w withdrawal.Withdrawal, o order.Stored) bool {
	return w.At.Add(validate.MaxClockSkew).Before(o.PlacedAt)
}

// orderOf finds the order of a statement: the one with its number that was placed with its email or belongs
// to the customer with that email. Otherwise it is the only order of that customer whose number matches
// apart from punctuation or a word such as "No." before it. It returns "" for none.
func (w Worker) orderOf(ctx context.Context, shop shop.Shop,
	s withdrawal.Statement) (number string, err error) {
	customer, err := w.app.follow(ctx, shop.ID, identifier.EmailKey(s.Email))
	if err != nil {
		return "", err
	}
	if customer != "" {
		if customer, err = w.app.present(ctx, shop.ID, customer); err != nil {
			return "", err
		}
	}
	typed := slices.Compact([]string{s.Number, validate.HalfWidth(s.Number), order.BareNumber(s.Number)})
	for _, number := range typed {
		doc, _, err := w.app.orderDocs(shop.ID).Get(ctx, number)
		if err == nil && (doc.Email == s.Email || customer != "" && doc.Customer == customer) {
			return number, nil
		}
		if ifFound(err) != nil {
			return "", err
		}
	}
	for _, number := range typed {
		found, several, err := w.orderLike(ctx, shop, customer, order.SearchTerm(number))
		if found != "" || several || err != nil {
			return found, err
		}
	}
	return "", nil
}

// orderLike returns the only order of a customer whose number has the given search term, or "" for none or
// several.
func (w Worker) orderLike(ctx context.Context, shop shop.Shop, customer, term string) (number string,
	several bool, err error) {
	if customer == "" || term == "" {
		return "", false, nil
	}
	query := storage.Query{Index: order.BySearch, Equal: []any{customer, term}, Limit: sweepBatch}
	for {
		page, err := storage.Find[struct{}](ctx, w.app.orderDocs(shop.ID), query)
		if err != nil {
			return "", false, err
		}
		for _, hit := range page.Hits {
			if order.SearchTerm(hit.Key) != term { // a word of a product
				continue
			}
			if number != "" {
				return "", true, nil
			}
			number = hit.Key
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return number, false, nil
		}
	}
}

// The emails about a statement. The outbox key contains the statement's id, so that the entry holds none of
// its content and can be sent again.
const (
	mailWithdrawalReceipt = "withdrawal_receipt"
	mailWithdrawalTold    = "withdrawal_told"
	receiptEntry          = "withdrawal-receipt-"
	toldEntry             = "withdrawal-told-"

	mailWithdrawalDecided  = "withdrawal_decided"
	withdrawalDecidedEntry = "withdrawal-decided-" // then the state, "-" and the statement's id
)

// tellWithdrawal adds the receipt, unless it waits, and the email to the shop to the outbox if they are
// still to be sent.
func (w Worker) tellWithdrawal(ctx context.Context, shop shop.Shop, id string, doc withdrawal.Withdrawal,
	waits bool) error {
	entry := mail.Entry{Kind: mailWithdrawalReceipt, To: doc.Statement.Email, Lang: doc.Statement.Lang,
		CreatedAt: w.app.now()}
	if !doc.Told && !waits && doc.Receipt == withdrawal.ReceiptMailed {
		if err := w.post(ctx, shop, receiptEntry+id, entry); err != nil {
			return err
		}
	}
	if !doc.Tell || shop.Brand.SupportEmail == "" {
		return nil
	}
	entry.Kind, entry.To, entry.Lang = mailWithdrawalTold, shop.Brand.SupportEmail, shop.Language
	return w.post(ctx, shop, toldEntry+id, entry)
}
