package portal

import (
	"context"
	"slices"
	"time"

	"postern/portal/shop"
	"postern/portal/withdrawal"
	"postern/storage"
)

// The limits on statements and on the emails that they cause. Only statementsOfClient prevents a statement
// from being recorded: it is far above what people who share an IP address send, and without it a program
// could fill the store with records that are kept for years. Signed-in customers get receipts at their own
// address, so their limit only stops volumes that no person would send.
const (
	receiptsAnHour     = 6 // to one address, from one client
	receiptsADay       = 15
	ownReceiptsADay    = 200 // to a signed-in customer
	receiptsOfClient   = 60  // per clientPeriod
	receiptsToAddress  = 30  // per day, from all clients
	toldAnHour         = 300 // to the shop, about visitors' statements that match no order; others wait an hour
	unmatchedAnHour    = 120 // per shop: receipts for visitors' statements that match no order; others wait an hour
	statementsOfClient = 600 // per clientPeriod
)

// senderOf returns the rate-limit subject of a statement and the key within it. A signed-in customer has
// their own limit. Visitors share the limit of their network, counted by email, so that strangers who enter
// another person's email use up only their own limit.
func senderOf(w withdrawal.Withdrawal) (who, to string) {
	if w.Customer != "" {
		return "of/" + w.Customer, ""
	}
	return w.Network, mailbox(w.Statement.Email)
}

func (a *App) statementBound(shop shop.Shop, w withdrawal.Withdrawal) subjectLimit {
	who, _ := senderOf(w)
	return a.limitOf(shop.ID, "withdrawals-client", limit(statementsOfClient, clientPeriod), who)
}

// ownBounds returns the limits that only the sender uses up. The first one covers all addresses together.
func (a *App) ownBounds(shop shop.Shop, w withdrawal.Withdrawal) []subjectLimit {
	who, to := senderOf(w)
	all := a.limitOf(shop.ID, "receipt-client", limit(receiptsOfClient, clientPeriod), who)
	if w.Customer != "" {
		return []subjectLimit{all, a.limitOf(shop.ID, "receipt-day",
			limit(ownReceiptsADay, 24*time.Hour), who)}
	}
	return []subjectLimit{
		all,
		a.limitOf(shop.ID, "receipt-hour", limit(receiptsAnHour, time.Hour), who, to),
		a.limitOf(shop.ID, "receipt-day", limit(receiptsADay, 24*time.Hour), who, to),
	}
}

// putOff delays, but never drops, emails beyond the shop's own hourly limits: the receipt of a visitor's
// statement that matches no order, which goes to an unverified address, and the email to the shop about
// such a statement.
func (a *App) putOff(ctx context.Context, shop shop.Shop, id string,
	w withdrawal.Withdrawal) (tended withdrawal.Withdrawal, waits bool, err error) {
	if w.Order == "" && w.Customer == "" && !w.Told && w.Receipt == withdrawal.ReceiptMailed {
		over, err := a.exceeded(ctx, []subjectLimit{a.limitOf(shop.ID, "receipts-unmatched",
			limit(unmatchedAnHour, time.Hour))})
		if err != nil {
			return w, false, err
		}
		waits = over[0]
	}
	if !w.Held || a.now().Before(w.At.Add(withdrawal.LateRetry)) {
		return w, waits, nil
	}
	over, err := a.exceeded(ctx, []subjectLimit{a.toldBound(shop)})
	if err != nil || over[0] {
		return w, waits, err
	}
	w, err = a.withdrawalDocs(shop.ID).Change(ctx, id, func(w *withdrawal.Withdrawal) error {
		w.Held, w.Tell = false, true
		return nil
	})
	return w, waits, err
}

func (a *App) toldBound(shop shop.Shop) subjectLimit {
	return a.limitOf(shop.ID, "withdrawals-told", limit(toldAnHour, time.Hour))
}

// withheld tells which emails of a statement the limits hold back.
type withheld struct{ receipt, told bool }

// countOwn counts one limit after the other, so that a statement refused by one does not use up the next.
func (a *App) countOwn(ctx context.Context, bounds []subjectLimit) (withheld, error) {
	for i, b := range bounds {
		over, err := a.exceeded(ctx, []subjectLimit{b})
		if err != nil || over[0] {
			return withheld{receipt: true, told: i == 0}, err
		}
	}
	return withheld{}, nil
}

// countMails counts the emails of a statement. Emails over the sender's own limits do not use up the limits
// that visitors share, and statements of signed-in customers do not count against those.
func (a *App) countMails(ctx context.Context, shop shop.Shop, w withdrawal.Withdrawal) (withheld, error) {
	held, err := a.countOwn(ctx, a.ownBounds(shop, w))
	if err != nil || held.told || w.Customer != "" {
		return held, err
	}
	shared := []subjectLimit{a.toldBound(shop)}
	if !held.receipt {
		shared = append(shared, a.limitOf(shop.ID, "receipt-address", limit(receiptsToAddress, 24*time.Hour),
			mailbox(w.Statement.Email)))
	}
	over, err := a.exceeded(ctx, shared)
	return withheld{receipt: held.receipt || slices.Contains(over[1:], true), told: over[0]}, err
}

// settleReceipt counts the emails of a statement and records which of them may be sent.
func (a *App) settleReceipt(ctx context.Context, shop shop.Shop, id string,
	w withdrawal.Withdrawal) (withdrawal.Withdrawal, error) {
	held, err := a.countMails(ctx, shop, w)
	if err != nil {
		return w, err
	}
	return a.withdrawalDocs(shop.ID).Change(ctx, id, func(w *withdrawal.Withdrawal) error {
		if w.Receipt != "" {
			return storage.ErrUnchanged
		}
		w.Receipt, w.Tell, w.Held, w.Network = withdrawal.ReceiptMailed, !held.told, held.told, ""
		w.Schedule(a.now())
		if held.receipt {
			w.Receipt = withdrawal.ReceiptHeld
		}
		return nil
	})
}
