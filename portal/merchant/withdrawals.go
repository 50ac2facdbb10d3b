package merchant

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

// WithdrawalRow is a statement of withdrawal as staff see it.
type WithdrawalRow struct {
	withdrawal.Withdrawal
	ID       string
	RefundBy time.Time // noon of the last day for the refund (Art. 13(1) of Directive 2011/83/EU)
	Owner    string    // the id of the customer whom it names, "" for none
	Late     bool      // RefundBy has passed and nothing was refunded or rejected
}

// WithdrawalPage is a page of statements.
type WithdrawalPage struct {
	Rows     []WithdrawalRow
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Partial  bool // the list may go on where it stopped
}

const withdrawalsPerPage = 25

// Withdrawals returns a page of the statements: those about which something is left to decide, in the order
// of their refund deadlines, or with all every one, latest first. A cursor of another list is a field error
// at "cursor".
func (s Staff) Withdrawals(ctx context.Context, all bool, cursor string) (WithdrawalPage, error) {
	if !s.May(staff.PermissionCustomers) {
		return WithdrawalPage{}, denied()
	}
	query := withdrawal.Undecided()
	if all {
		query.Where, query.Descending = nil, true
	}
	query.Limit, query.Cursor = withdrawalsPerPage, cursor
	found, err := storage.Find[withdrawal.Withdrawal](ctx, s.withdrawals(), query)
	if errors.Is(err, storage.ErrCursor) {
		err = wrongField("cursor", "cursor.bad")
	}
	p := WithdrawalPage{Next: found.Next, Previous: found.Previous, Partial: found.Partial}
	for _, hit := range found.Hits {
		p.Rows = append(p.Rows, s.withdrawalRow(hit.Key, hit.Head))
	}
	return p, err
}

func (s Staff) withdrawals() storage.Docs[withdrawal.Withdrawal] {
	return withdrawal.Docs(s.app.Engine(), s.shop.ID)
}

func (s Staff) withdrawalRow(id string, w withdrawal.Withdrawal) WithdrawalRow {
	place := order.Place{Zone: s.shop.Location(), Country: s.shop.HomeCountry()}
	row := WithdrawalRow{Withdrawal: w, ID: id, Owner: w.Customer, RefundBy: place.RefundDue(w.At)}
	row.Late = w.Ended == "" && validate.Midday(s.app.Now(), place.Zone).After(row.RefundBy)
	return row
}

// Withdrawal returns a statement with the customer whom it names, or validate.NotFound.
func (s Staff) Withdrawal(ctx context.Context, id string) (WithdrawalRow, error) {
	if !s.May(staff.PermissionCustomers) {
		return WithdrawalRow{}, denied()
	}
	w, _, err := s.withdrawals().Get(ctx, id)
	if err != nil {
		return WithdrawalRow{}, validate.NotFoundIfMissing(err)
	}
	row := s.withdrawalRow(id, w)
	if row.Owner, err = s.app.Desk(s.shop).Withdrawer(ctx, w); err == nil && row.Owner != "" {
		err = s.recordView(ctx, row.Owner)
	}
	return row, err
}

// DecideWithdrawal records what was decided about a statement; its sender gets an email. Field errors are at
// "state" and "text". An unknown statement is validate.NotFound, one that was decided otherwise a Conflict.
func (s Staff) DecideWithdrawal(ctx context.Context, id string, made withdrawal.Decision) error {
	if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
		return err
	}
	act, err := s.newAct(audit.WithdrawalDecided, "", "")
	if err != nil {
		return err
	}
	return s.app.Desk(s.shop).DecideWithdrawal(ctx, id, made, act)
}

// DecideCustomerWithdrawal is DecideWithdrawal for a statement of a customer, and validate.NotFound for any
// other.
func (s Staff) DecideCustomerWithdrawal(ctx context.Context, customer, id string,
	made withdrawal.Decision) error {
	w, err := s.Withdrawal(ctx, id)
	if err == nil && w.Owner != customer {
		err = validate.NewError(validate.NotFound, "request.not_found")
	}
	if err != nil {
		return err
	}
	return s.DecideWithdrawal(ctx, id, made)
}

// maxWithdrawals is how many statements of a customer are shown.
const maxWithdrawals = 20

// withdrawalsOf returns the latest statements that name one of a customer's addresses, latest first.
func (s Staff) withdrawalsOf(ctx context.Context, c customer.Customer,
	before time.Time) ([]WithdrawalRow, error) {
	var rows []WithdrawalRow
	for _, email := range c.AllEmails() {
		query := storage.Query{Index: withdrawal.ByEmail, Equal: []any{email}, Descending: true,
			Limit: maxWithdrawals}
		if !before.IsZero() {
			query.To = before
		}
		found, err := storage.Find[struct{}](ctx, s.withdrawals(), query)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(found.Hits))
		for i, hit := range found.Hits {
			keys[i] = hit.Key
		}
		read, err := storage.ReadAll[withdrawal.Withdrawal](ctx, s.withdrawals(), keys)
		if err != nil {
			return nil, err
		}
		for _, hit := range read {
			rows = append(rows, s.withdrawalRow(hit.Key, hit.Head))
		}
	}
	// A signed-in customer's statement can have an address that was somebody else's before.
	rows = slices.DeleteFunc(rows, func(row WithdrawalRow) bool {
		return row.Customer != "" && !c.Is(row.Customer)
	})
	slices.SortStableFunc(rows, func(a, b WithdrawalRow) int { return b.At.Compare(a.At) })
	return rows, nil
}
