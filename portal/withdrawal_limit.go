package portal

import (
	"context"
	"slices"
	"time"

	"postern/storage"
)

// The limits of statements and of the mails they cause. Only the last keeps a statement from being
// recorded: it is far above what people behind one address send, and without it a program could fill the
// store with what is kept for years. Who is signed in has receipts mailed to an address that is theirs, so
// only what no person sends is kept back.
const (
	receiptsAnHour     = 6 // to one address, of one client
	receiptsADay       = 15
	ownReceiptsADay    = 200 // to who is signed in
	receiptsOfClient   = 60  // in clientPeriod
	receiptsToAddress  = 30  // a day, of all clients
	toldAnHour         = 300 // to the shop, of visitors whose statement matches no order; the others an hour later
	unmatchedAnHour    = 120 // of a shop: receipts of visitors whose statement matches no order; the others an hour later
	statementsOfClient = 600 // in clientPeriod
)

// sender is the rate-limit subject of a statement, and the key within it. A signed-in customer has a limit
// of their own. A visitor shares that of their network, by email, so that strangers who enter another
// person's email use up their own limit.
func (w withdrawal) sender() (who, to string) {
	if w.Customer != "" {
		return "of/" + w.Customer, ""
	}
	return w.Network, mailbox(w.Statement.Email)
}

func (a *App) statementBound(shop Shop, w withdrawal) bound {
	who, _ := w.sender()
	return a.bound(shop.ID, "withdrawals-client", limit(statementsOfClient, clientPeriod), who)
}

// ownBounds are what the mails count against that a sender uses up alone: the first is that of all
// addresses together.
func (a *App) ownBounds(shop Shop, w withdrawal) []bound {
	who, to := w.sender()
	all := a.bound(shop.ID, "receipt-client", limit(receiptsOfClient, clientPeriod), who)
	if w.Customer != "" {
		return []bound{all, a.bound(shop.ID, "receipt-day", limit(ownReceiptsADay, 24*time.Hour), who)}
	}
	return []bound{
		all,
		a.bound(shop.ID, "receipt-hour", limit(receiptsAnHour, time.Hour), who, to),
		a.bound(shop.ID, "receipt-day", limit(receiptsADay, 24*time.Hour), who, to),
	}
}

// lateRetry is when a mail that a limit of the shop put off is tried again. The limits' windows are over by
// then.
const lateRetry = time.Hour

// putOff puts off, never drops, what the shop's own limits keep back for the hour: the receipt of a
// visitor's statement that matches no order, which goes to whatever address somebody wrote, and the mail
// that tells the shop of such a statement.
func (a *App) putOff(ctx context.Context, shop Shop, id string, w withdrawal) (tended withdrawal, waits bool, err error) {
	if w.Order == "" && w.Customer == "" && !w.Told && w.Receipt == receiptMailed {
		over, err := a.over(ctx, []bound{a.bound(shop.ID, "receipts-unmatched", limit(unmatchedAnHour, time.Hour))})
		if err != nil {
			return w, false, err
		}
		waits = over[0]
	}
	if !w.Held || a.now().Before(w.At.Add(lateRetry)) {
		return w, waits, nil
	}
	over, err := a.over(ctx, []bound{a.toldBound(shop)})
	if err != nil || over[0] {
		return w, waits, err
	}
	w, err = a.withdrawalDocs(shop.ID).Change(ctx, id, func(w *withdrawal) error {
		w.Held, w.Tell = false, true
		return nil
	})
	return w, waits, err
}

func (a *App) toldBound(shop Shop) bound {
	return a.bound(shop.ID, "withdrawals-told", limit(toldAnHour, time.Hour))
}

// withheld is what the limits keep back of a statement's mails.
type withheld struct{ receipt, told bool }

// countOwn counts in turn: what one measure refuses uses up none of the next.
func (a *App) countOwn(ctx context.Context, bounds []bound) (withheld, error) {
	for i, b := range bounds {
		over, err := a.over(ctx, []bound{b})
		if err != nil || over[0] {
			return withheld{receipt: true, told: i == 0}, err
		}
	}
	return withheld{}, nil
}

// countMails counts the mails of a statement. What is over its sender's own measure takes nothing from the
// measures that visitors share, and who is signed in does not share them.
func (a *App) countMails(ctx context.Context, shop Shop, w withdrawal) (withheld, error) {
	held, err := a.countOwn(ctx, a.ownBounds(shop, w))
	if err != nil || held.told || w.Customer != "" {
		return held, err
	}
	shared := []bound{a.toldBound(shop)}
	if !held.receipt {
		shared = append(shared, a.bound(shop.ID, "receipt-address", limit(receiptsToAddress, 24*time.Hour), mailbox(w.Statement.Email)))
	}
	over, err := a.over(ctx, shared)
	return withheld{receipt: held.receipt || slices.Contains(over[1:], true), told: over[0]}, err
}

// settleReceipt counts the mails of a statement and writes down which of them may be sent.
func (a *App) settleReceipt(ctx context.Context, shop Shop, id string, w withdrawal) (withdrawal, error) {
	held, err := a.countMails(ctx, shop, w)
	if err != nil {
		return w, err
	}
	return a.withdrawalDocs(shop.ID).Change(ctx, id, func(w *withdrawal) error {
		if w.Receipt != "" {
			return storage.ErrUnchanged
		}
		w.Receipt, w.Tell, w.Held, w.Network = receiptMailed, !held.told, held.told, ""
		w.schedule(a.now())
		if held.receipt {
			w.Receipt = receiptHeld
		}
		return nil
	})
}
