package portal

import (
	"context"
	"regexp"
	"time"

	"postern/storage"
)

// WithdrawalRecord is a received statement as the shop's system reads it. Order and InTime are nil where no order was found, InTime
// also where an order has no period.
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

// WithdrawalPage is a part of the list, oldest first. Next is what to ask for the part behind it, now or later.
type WithdrawalPage struct {
	Withdrawals []WithdrawalRecord `json:"withdrawals"`
	Next        string             `json:"next"`
	More        bool               `json:"more"`
}

const (
	withdrawalsPerPage = 100
	// withdrawalsSettle is how old a statement is when it is listed. By then every server has written what it received earlier, so a
	// reader that goes on from Next misses none; their clocks may differ by half a minute, and a request takes 15 seconds at most.
	withdrawalsSettle = time.Minute
)

var placeShape = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f-]{36}$`)

// Withdrawals lists the statements behind a place, "" for all. An after that no page gave is Invalid.
func (f Feed) Withdrawals(ctx context.Context, after string) (WithdrawalPage, error) {
	query := storage.Query{Index: withdrawalsByPlace, Limit: withdrawalsPerPage}
	if after != "" {
		if !placeShape.MatchString(after) {
			return WithdrawalPage{}, invalid([]Fault{{Field: "after", Key: "withdrawal.after"}})
		}
		query.From = after + "\x00"
	}
	query.To = f.app.now().Add(-withdrawalsSettle).UTC().Format(placeForm)
	found, err := storage.Find[withdrawal](ctx, f.app.withdrawalDocs(f.shop.ID), query)
	if err != nil {
		return WithdrawalPage{}, err
	}
	page := WithdrawalPage{Withdrawals: []WithdrawalRecord{}, Next: after, More: found.Next != ""}
	for _, hit := range found.Hits {
		page.Withdrawals = append(page.Withdrawals, hit.Head.record(hit.Key))
		page.Next = hit.Head.Place
	}
	return page, nil
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
