package portal

import (
	"context"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
)

// kindWithdrawal names the job to do what is due with a statement of withdrawal.
const kindWithdrawal = "withdrawal"

func (w Worker) withdrawalJobs() job.Source {
	return job.Documents[withdrawal]{
		Collection: withdrawalCollection(),
		Open:       w.app.withdrawalDocs,
		List:       func(w *withdrawal) *job.List { return &w.Work },
		Kinds:      map[string]job.Kind[withdrawal]{kindWithdrawal: {Do: inShop(w.app, w.tendWithdrawal)}},
	}
}

// schedule sets when the worker looks at the statement next.
func (w *withdrawal) schedule(at time.Time) {
	w.Work.Schedule(job.Request{Kind: kindWithdrawal, At: at})
}

// tendWithdrawal does what is due with a statement: it finds its order, puts its mails into the outbox, and
// deletes it in the end. Each step can be done twice, so that a crash between any two loses and doubles
// nothing.
func (w Worker) tendWithdrawal(ctx context.Context, shop Shop, t job.Task[withdrawal]) (job.Finish[withdrawal], error) {
	doc, id, err := t.Doc, t.Key, error(nil)
	if over := func(w2 withdrawal) bool { return !w.app.now().Before(w2.keptUntil()) }; over(doc) {
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
	return func(now *withdrawal) {
		now.Told, now.Tell = now.Told || !waits, now.Tell && !doc.Tell // another worker may have found the order since
		now.schedule(now.nextLook(w.app.now()))
	}, ifFound(err)
}

func (w withdrawal) keptUntil() time.Time { return w.At.AddDate(withdrawalKeep, 0, 0) }

// nextLook is when the worker looks at the statement next: again for its order, which a feed may bring
// late, and then to delete it.
func (w withdrawal) nextLook(now time.Time) time.Time {
	if w.Tell {
		return now
	}
	if w.Held || !w.Told {
		return now.Add(lateRetry)
	}
	if w.Order == "" {
		for _, gap := range []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour} {
			if at := w.At.Add(gap); at.After(now) {
				return at
			}
		}
	}
	return w.keptUntil()
}

// matchWithdrawal looks for the order, notes the statement there, and then writes down which it is. The
// shop is told of it even if strangers used up what the shop is told of in an hour: an order takes so few
// notes that they bound its mails.
func (w Worker) matchWithdrawal(ctx context.Context, shop Shop, id string, doc withdrawal) (withdrawal, error) {
	number, err := w.orderOf(ctx, shop, doc.Statement)
	if err != nil || number == "" {
		return doc, err
	}
	known := func(o storedOrder) bool {
		return slices.ContainsFunc(o.Received, func(r ReceivedWithdrawal) bool { return r.ID == id })
	}
	order, err := w.app.orderDocs(shop.ID).Change(ctx, number, func(o *storedOrder) error {
		if doc.precedes(*o) || known(*o) || len(o.Received) >= maxReceivedMarks {
			return storage.ErrUnchanged
		}
		own := doc.Customer != "" && doc.Customer == o.Customer
		o.Received = append(o.Received, ReceivedWithdrawal{ID: id, At: doc.At, Whole: doc.Statement.Whole(), Own: own})
		return nil
	})
	if err != nil || doc.precedes(order) {
		return doc, err
	}
	return w.app.withdrawalDocs(shop.ID).Change(ctx, id, func(doc *withdrawal) error {
		doc.Order, doc.InTime = number, order.inTime(doc.At, shop.Location())
		if doc.Held && known(order) {
			doc.Held, doc.Tell = false, true
		}
		return nil
	})
}

// precedes reports whether a statement was sent before the order was placed. It is about another contract
// then: numbers can be guessed, and a stranger must not use up the right of an order that is still to come.
func (w withdrawal) precedes(o storedOrder) bool { return w.At.Add(clockSkew).Before(o.PlacedAt) }

// orderOf finds the order that a statement is about: one with its number that was placed with its address,
// or is its owner's; else the only one of that owner whose number is written with other signs, or stands
// behind a word such as "No.". "" is none.
func (w Worker) orderOf(ctx context.Context, shop Shop, s Statement) (number string, err error) {
	customer, err := w.app.follow(ctx, shop.ID, emailHandle(s.Email))
	if err != nil {
		return "", err
	}
	typed := slices.Compact([]string{s.Number, halfWidth(s.Number), bareNumber(s.Number)})
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
		found, several, err := w.orderLike(ctx, shop, customer, searchTerm(number))
		if found != "" || several || err != nil {
			return found, err
		}
	}
	return "", nil
}

// orderLike is the only order of a customer whose number has a search term, "" for none, and for several.
func (w Worker) orderLike(ctx context.Context, shop Shop, customer, term string) (number string, several bool, err error) {
	if customer == "" || term == "" {
		return "", false, nil
	}
	page, err := storage.Find[struct{}](ctx, w.app.orderDocs(shop.ID), storage.Query{
		Index: ordersBySearch, Equal: []any{customer}, Prefix: &term, Limit: MaxFound,
	})
	for _, hit := range page.Hits {
		if searchTerm(hit.Key) != term {
			continue
		}
		if number != "" {
			return "", true, nil
		}
		number = hit.Key
	}
	return number, false, err
}

// The mails of a statement. Their entries' keys name it, so that they carry nothing of it and can be sent
// again.
const (
	mailWithdrawalReceipt = "withdrawal_receipt"
	mailWithdrawalTold    = "withdrawal_told"
	receiptEntry          = "withdrawal-receipt-"
	toldEntry             = "withdrawal-told-"
)

// tellWithdrawal puts the receipt, unless that waits, and the mail to the shop into the outbox, where they
// are still to be sent.
func (w Worker) tellWithdrawal(ctx context.Context, shop Shop, id string, doc withdrawal, waits bool) error {
	entry := mail.Entry{Kind: mailWithdrawalReceipt, To: doc.Statement.Email, Lang: doc.Statement.Lang, CreatedAt: w.app.now()}
	if !doc.Told && !waits && doc.Receipt == receiptMailed {
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
