package portal

import (
	"context"
	"time"

	"postern/storage"
)

// WithdrawalRecord is a received statement as shown to the shop's system. Order and InTime are nil if no
// order was found; InTime is also nil if the order has no withdrawal period.
type WithdrawalRecord struct {
	ID     string          `json:"id"`
	At     time.Time       `json:"at"`
	Name   string          `json:"name"`
	Email  string          `json:"email"`
	Number string          `json:"number"` // as typed
	Order  *string         `json:"order"`
	InTime *bool           `json:"in_time"`
	Whole  bool            `json:"whole"`
	Goods  string          `json:"goods"`
	Lines  []StatementLine `json:"lines"`
}

// WithdrawalPage is a page of the list, oldest first. Pass Next as after to read the following page, now or
// later.
type WithdrawalPage struct {
	Withdrawals []WithdrawalRecord `json:"withdrawals"`
	Next        string             `json:"next"`
	More        bool               `json:"more"`
}

// Withdrawals lists the statements that follow after, or all of them for "". An after that did not come
// from Next is Invalid.
func (f Feed) Withdrawals(ctx context.Context, after string) (WithdrawalPage, error) {
	found, err := listed(ctx, f.app.withdrawalDocs(f.shop.ID), listing[withdrawal, WithdrawalRecord]{
		query: storage.Query{Index: withdrawalsByPlace}, after: after, now: f.app.now(),
		record: func(id string, w withdrawal) (WithdrawalRecord, string) { return w.record(id), w.Place },
	})
	return WithdrawalPage{Withdrawals: found.list, Next: found.next, More: found.more}, err
}

func (w withdrawal) record(id string) WithdrawalRecord {
	s := w.Statement
	r := WithdrawalRecord{
		ID: id, At: w.At, Name: s.Name, Email: s.Email, Number: s.Number, InTime: w.InTime, Whole: s.Whole(), Goods: s.Goods, Lines: s.Lines,
	}
	if w.Order != "" {
		r.Order = &w.Order
	}
	if r.Lines == nil {
		r.Lines = []StatementLine{}
	}
	return r
}
