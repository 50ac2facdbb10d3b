package merchant

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// CustomerView is what staff see of one customer.
type CustomerView struct {
	customer.Customer
	Orders   order.Counts             // what the orders add up to, by month
	Rows     []order.Row              // a page of the orders, newest first
	Next     string                   // cursors of the neighbouring pages of orders, "" for none
	Previous string                   //
	Sessions []credential.SessionInfo // the live ones, the last used first
	Letters  []inquiry.Record         // the last requests and messages, of both sides, newest first
	More     bool                     // there are earlier letters
	Notes    []NoteView

	Withdrawals []WithdrawalRow // the latest statements with one of the customer's addresses, latest first
	Emails      []EmailRow      // the latest to the customer's addresses, latest first
}

const (
	ordersPerPage = 10
	maxLetters    = 20
)

// Customer returns a customer of the shop, or validate.NotFound, with a page of the orders. A cursor of
// another list is a field error at "cursor".
func (s Staff) Customer(ctx context.Context, id, cursor string) (CustomerView, error) {
	c, err := s.ReadCustomer(ctx, id)
	if err != nil {
		return CustomerView{}, err
	}
	v := CustomerView{Customer: c}
	counts, err := order.CountsDocs(s.app.Engine(), s.shop.ID).Read(ctx, c.ID)
	if err != nil {
		return v, err
	}
	v.Orders = counts.Doc
	v.Orders.Adopt()
	if err := s.addOrders(ctx, &v, cursor); err != nil {
		return v, err
	}
	if err := s.addSessions(ctx, &v); err != nil {
		return v, err
	}
	if v.Notes, err = s.notesOn(ctx, c); err != nil {
		return v, err
	}
	if v.Withdrawals, err = s.withdrawalsOf(ctx, c, time.Time{}); err != nil {
		return v, err
	}
	if v.Emails, err = s.emailsTo(ctx, c.EmailsHeld(), mail.Filter{Limit: shownEmails}); err != nil {
		return v, err
	}
	return v, s.addLetters(ctx, &v)
}

// ReadCustomer returns a customer of the shop, or validate.NotFound. The id of an account that was merged leads
// to its customer. The view is in the log before anything is returned.
func (s Staff) ReadCustomer(ctx context.Context, id string) (customer.Customer, error) {
	if !s.May(staff.PermissionCustomers) {
		return customer.Customer{}, denied()
	}
	c, err := customer.Get(ctx, s.customers(), id)
	if err == nil {
		err = s.recordView(ctx, c.ID)
	}
	if err != nil {
		return customer.Customer{}, validate.NotFoundIfMissing(err)
	}
	return c, nil
}

func (s Staff) addOrders(ctx context.Context, v *CustomerView, cursor string) error {
	found, err := storage.Find[order.Row](ctx, order.Docs(s.app.Engine(), s.shop.ID), storage.Query{
		Index: order.ByPlaced, Equal: []any{v.ID}, Descending: true, Limit: ordersPerPage, Cursor: cursor,
	})
	if errors.Is(err, storage.ErrCursor) {
		return wrongField("cursor", "cursor.bad")
	}
	v.Next, v.Previous = found.Next, found.Previous
	for _, hit := range found.Hits {
		row := hit.Head
		row.Number = hit.Key
		v.Rows = append(v.Rows, row)
	}
	return err
}

// addSessions adds the sessions by all of the customer's emails. Documents of a replaced installation secret
// let nobody in.
func (s Staff) addSessions(ctx context.Context, v *CustomerView) error {
	docs := credential.Docs(s.app.Engine(), s.shop.ID)
	for _, email := range v.AllEmails() {
		doc, err := docs.Read(ctx, s.app.Secret().ID(s.shop.ID, "access", email))
		if err != nil {
			return err
		}
		if v.Is(doc.Doc.Customer) {
			v.Sessions = append(v.Sessions, doc.Doc.SessionInfos(s.app.Now())...)
		}
	}
	slices.SortStableFunc(v.Sessions, func(a,
		b credential.SessionInfo) int {
		return b.SeenAt.Compare(a.SeenAt)
	})
	return nil
}

func (s Staff) addLetters(ctx context.Context, v *CustomerView) error {
	for _, id := range v.IDs() {
		found, err := storage.Find[inquiry.Inquiry](ctx, inquiry.Docs(s.app.Engine(), s.shop.ID), storage.Query{
			Index: inquiry.ByCustomer, Equal: []any{id}, Descending: true, Limit: maxLetters,
		})
		if err != nil {
			return err
		}
		v.More = v.More || found.Next != ""
		for _, hit := range found.Hits {
			v.Letters = append(v.Letters, hit.Head.Record(hit.Key))
		}
	}
	slices.SortStableFunc(v.Letters, func(a, b inquiry.Record) int { return b.At.Compare(a.At) })
	v.More = v.More || len(v.Letters) > maxLetters
	v.Letters = v.Letters[:min(len(v.Letters), maxLetters)]
	return nil
}

// Age returns the customer's age in years, 0 if the date of birth is unknown.
func (v CustomerView) Age(now time.Time) int {
	born, err := time.Parse(time.DateOnly, v.BirthDate)
	if err != nil {
		return 0
	}
	years := now.Year() - born.Year()
	if now.Month() < born.Month() || now.Month() == born.Month() && now.Day() < born.Day() {
		years--
	}
	return years
}
