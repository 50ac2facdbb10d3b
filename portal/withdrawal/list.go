package withdrawal

import (
	"time"

	"postern/portal/order"
)

// Record is a received statement as shown to the shop's system. Order and InTime are nil if no
// order was found; InTime is also nil if the order has no withdrawal period.
type Record struct {
	ID     string                `json:"id"`
	At     time.Time             `json:"at"`
	Name   string                `json:"name"`
	Email  string                `json:"email"`
	Number string                `json:"number"` // as typed
	Order  *string               `json:"order"`
	InTime *bool                 `json:"in_time"`
	Whole  bool                  `json:"whole"`
	Goods  string                `json:"goods"`
	Lines  []order.StatementLine `json:"lines"`

	Decided []Decision `json:"decided,omitempty"`
}

// Page is a page of the list, oldest first. Pass Next as after to read the following page, now or
// later.
type Page struct {
	Withdrawals []Record `json:"withdrawals"`
	Next        string   `json:"next"`
	More        bool     `json:"more"`
}

func (w Withdrawal) Record(id string) Record {
	s := w.Statement
	r := Record{
		ID: id, At: w.At, Name: s.Name, Email: s.Email, Number: s.Number, InTime: w.InTime, Whole: s.Whole(),
		Goods: s.Goods, Lines: s.Lines, Decided: w.Decided,
	}
	if w.Order != "" {
		r.Order = &w.Order
	}
	if r.Lines == nil {
		r.Lines = []order.StatementLine{}
	}
	return r
}
