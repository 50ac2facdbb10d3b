package merchant

import (
	"context"
	"errors"
	"slices"
	"strings"

	"postern/mail"
	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// EmailQuery asks for a page of the outbox, as given in the URL.
type EmailQuery struct {
	State    string // one of EmailStates; "" for all of a person, or else for the first
	Person   string // an address, or what finds a customer exactly
	Kind     string // one of portal.EmailKinds
	From, To string // days, both inclusive
	Cursor   string
}

// EmailStates lists the states of emails, in the order of the page.
func EmailStates() []string { return []string{mail.Failed, mail.Waiting, mail.Sent, mail.Dropped} }

// EmailRow is an email of the outbox, without its payload.
type EmailRow struct {
	mail.Entry
	ID string
}

// EmailPage is a page of emails, latest first.
type EmailPage struct {
	Rows     []EmailRow
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Partial  bool // the list may go on where it stopped
}

const emailsPerPage = 50

func (s Staff) outbox() mail.Outbox {
	box := mail.NewOutbox(s.app.Engine(), s.shop.ID)
	box.Now = s.app.Now
	return box
}

// Emails returns a page of the outbox. Field errors are at the names of the query's fields and at "cursor".
func (s Staff) Emails(ctx context.Context, q EmailQuery) (EmailPage, error) {
	if !s.May(staff.PermissionCustomers) {
		return EmailPage{}, denied()
	}
	filter, err := s.emailFilter(q)
	if err != nil {
		return EmailPage{}, err
	}
	addresses, err := s.addressesOf(ctx, q.Person)
	if err != nil {
		return EmailPage{}, err
	}
	switch {
	case q.Person != "" && len(addresses) == 0:
		return EmailPage{}, nil
	case len(addresses) > 1:
		rows, err := s.emailsTo(ctx, addresses, filter)
		return EmailPage{Rows: rows}, err
	case len(addresses) == 1:
		filter.To = addresses[0]
	case filter.State == "":
		filter.State = EmailStates()[0]
	}
	found, err := s.outbox().Find(ctx, filter)
	if errors.Is(err, storage.ErrCursor) {
		err = wrongField("cursor", "cursor.bad")
	}
	return EmailPage{Rows: emailRows(found.Hits), Next: found.Next, Previous: found.Previous,
		Partial: found.Partial}, err
}

func (s Staff) emailFilter(q EmailQuery) (mail.Filter, error) {
	f := &validate.Validator{}
	filter := mail.Filter{State: q.State, Kind: q.Kind, Cursor: q.Cursor, Limit: emailsPerPage}
	if q.State != "" && !slices.Contains(EmailStates(), q.State) {
		f.Reject("state", "filter.unknown")
	}
	if q.Kind != "" && !slices.Contains(portal.EmailKinds(), q.Kind) {
		f.Reject("kind", "filter.unknown")
	}
	first, last := f.Day("from", q.From, s.shop.Location()), f.Day("to", q.To, s.shop.Location())
	if !first.IsZero() && !last.IsZero() && first.After(last) {
		f.Reject("from", "period.order")
	}
	if !first.IsZero() {
		filter.From = validate.Dawn(first)
	}
	if !last.IsZero() {
		filter.Until = validate.Dawn(last.AddDate(0, 0, 1))
	}
	return filter, validate.InvalidFields(f.Rejected)
}

func emailRows(hits []storage.Hit[mail.Entry]) []EmailRow {
	rows := make([]EmailRow, len(hits))
	for i, hit := range hits {
		rows[i] = EmailRow{Entry: hit.Head, ID: hit.Key}
	}
	return rows
}

// addressesOf returns the addresses of the person that a text names: an address, or all of a customer's.
func (s Staff) addressesOf(ctx context.Context, text string) ([]string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if email, ok := validate.CanonicalEmail(text); ok {
		return []string{email}, nil
	}
	ids, err := s.exactly(ctx, text)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		c, _, err := s.customers().Get(ctx, id)
		if err == nil && c.Erasure.Begun.IsZero() {
			return c.EmailsHeld(), nil
		}
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
	}
	return nil, nil
}

// emailsTo returns the latest emails to several addresses.
func (s Staff) emailsTo(ctx context.Context, addresses []string, filter mail.Filter) ([]EmailRow, error) {
	var rows []EmailRow
	filter.Cursor = ""
	for _, address := range addresses {
		filter.To = address
		found, err := s.outbox().Find(ctx, filter)
		if err != nil {
			return nil, err
		}
		rows = append(rows, emailRows(found.Hits)...)
	}
	slices.SortStableFunc(rows, func(a, b EmailRow) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return rows[:min(len(rows), filter.Limit)], nil
}

// EmailView is an email with the customer to whom it went.
type EmailView struct {
	EmailRow
	Customer string // id, "" for none
	Resend   Resend
}

// Resend says how an email can be sent again.
type Resend string

// The ways in which an email can be sent again.
const (
	ResendNever Resend = ""     // it would not help, or only the person can ask for it
	ResendSame  Resend = "same" // the email is composed and sent again
	ResendLink  Resend = "link" // the customer gets a new sign-in link
)

// Email returns an email of the outbox, or validate.NotFound. Its payload is for the composer alone.
func (s Staff) Email(ctx context.Context, id string) (EmailView, error) {
	if !s.May(staff.PermissionCustomers) {
		return EmailView{}, denied()
	}
	e, err := s.outbox().Get(ctx, id)
	v := EmailView{EmailRow: EmailRow{Entry: e, ID: id}}
	if err != nil {
		return v, validate.NotFoundIfMissing(err)
	}
	if v.Customer, err = s.customerAt(ctx, e.To); err == nil && v.Customer != "" {
		err = s.recordView(ctx, v.Customer)
	}
	v.Resend = v.way()
	return v, err
}

// customerAt returns the id of the customer with an address, "" for none.
func (s Staff) customerAt(ctx context.Context, email string) (string, error) {
	held, _, err := identifier.Docs(s.app.Engine(), s.shop.ID).Get(ctx, identifier.EmailKey(email))
	if err != nil || held.Customer == "" {
		return "", notMissing(err)
	}
	c, err := customer.Follow(ctx, s.customers(), held.Customer)
	if err != nil || !c.Erasure.Begun.IsZero() {
		return "", notMissing(err)
	}
	return c.ID, nil
}

func notMissing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// way returns how the email can be sent again. What carries a secret is never sent again: a customer gets a
// new link in the usual way, a code belongs to the browser that asked, and staff ask for themselves.
func (v EmailView) way() Resend {
	switch {
	case v.Throttled || v.State == mail.Deferred:
		return ResendNever
	case slices.Contains(portal.SignInKinds(), v.Kind):
		if v.Customer != "" {
			return ResendLink
		}
		return ResendNever
	case slices.Contains(portal.CodeKinds(), v.Kind) || v.State == mail.Dropped:
		return ResendNever
	}
	return ResendSame
}

// ResendEmail sends an email again, as its Resend says; with the customer, that is a new sign-in link within
// the limits of the address (validate.TooMany). It is a Conflict if the email cannot be sent again.
func (s Staff) ResendEmail(ctx context.Context, id string) error {
	if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
		return err
	}
	v, err := s.Email(ctx, id)
	if err != nil {
		return err
	}
	switch v.Resend {
	case ResendLink:
		return s.MailSignIn(ctx, v.Customer, "")
	case ResendNever:
		return validate.NewError(validate.Conflict, "emails.resend.never")
	}
	act, err := s.newAct(audit.EmailResent, v.Customer, "")
	if err != nil {
		return err
	}
	act.Changes = []audit.Change{{Field: "email_kind", After: v.Kind}}
	if err := s.log().Record(ctx, act); err != nil {
		return err
	}
	err = s.outbox().Resend(ctx, id)
	if errors.Is(err, mail.ErrDrop) {
		err = validate.NewError(validate.Conflict, "emails.resend.never")
	}
	return validate.NotFoundIfMissing(err)
}

// shownEmails is how many emails a customer's page shows.
const shownEmails = 10
