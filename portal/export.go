package portal

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"postern/portal/cart"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/withdrawal"
	"postern/storage"
)

// personData is everything stored about a customer except orders, in the form that they can download (Art.
// 15 and 20 GDPR).
type personData struct {
	Customer   customer.Record             `json:"customer"`
	FedEmail   string                      `json:"email_in_shop_records,omitzero"` // what the shop's system says, where it is another
	VATAnswers []customer.VATAnswer        `json:"vat_answers"`
	Consents   []consentData               `json:"consents_said"`
	Addresses  []reservedData              `json:"former_email_addresses"`
	Sessions   []sessionData               `json:"sessions"`
	Deleted    []customer.SavedAddressWire `json:"deleted_addresses"` // which may be put back for a day
	Declined   []string                    `json:"order_emails_declined,omitzero"`
	Messages   []inquiry.Record            `json:"messages"`
	Requests   []inquiry.Record            `json:"requests"`
	Cart       *cart.Record                `json:"cart,omitzero"`
	Groups     []groupData                 `json:"groups"`
	ErasureAt  string                      `json:"erasure_at,omitzero"`
	Disabled   *disabledData               `json:"disabled,omitzero"`
	TaxExempt  *exemptData                 `json:"tax_exempt,omitzero"`
	Tags       []string                    `json:"tags,omitzero"` // given by the shop
	CreatedAt  time.Time                   `json:"created_at"`
}

type disabledData struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

type exemptData struct {
	Reason      string `json:"reason"`
	Certificate string `json:"certificate,omitzero"`
}

type consentData struct {
	Purpose customer.Purpose       `json:"purpose"`
	Status  customer.ConsentStatus `json:"status"`
	At      time.Time              `json:"at"`
	Source  string                 `json:"source"`
	Wording string                 `json:"wording,omitzero"`
	Version string                 `json:"wording_version,omitzero"`
	Note    string                 `json:"note,omitzero"`
	Merge   string                 `json:"-"`
}

type reservedData struct {
	Email string    `json:"email"`
	Until time.Time `json:"held_until"`
}

type sessionData struct {
	Device     string    `json:"device,omitzero"`
	Network    string    `json:"network,omitzero"`
	SignedInAt time.Time `json:"signed_in_at"`
	SeenAt     time.Time `json:"last_used_at"`
}

// downloadList is a member of the download that is a list.
type downloadList struct {
	name  string
	write func(*export, context.Context) error
}

// export writes one download.
type export struct {
	Shopper
	out       *jsontext.Encoder
	withdrawn []string // ids of the withdrawals from the orders
	ordered   bool     // the orders are written, so that withdrawn is complete
}

// Export writes the content of the account as one JSON object: "person" with what the collections declare
// about the customer, then their lists: "orders" in the format of a feed, and "withdrawals". It writes one
// order at a time, so that memory use does not grow with their number. The session must be RecentlyVerified
// (else validate.StepUp).
func (s Shopper) Export(ctx context.Context, to io.Writer) error {
	if err := s.requireVerified(); err != nil {
		return err
	}
	x := &export{Shopper: s, out: jsontext.NewEncoder(to, jsontext.WithIndent("  "))}
	if err := x.write(ctx); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func (x *export) write(ctx context.Context) error {
	var person personData
	declared := x.app.Worker().declarations()
	for _, d := range declared {
		if d.person == nil {
			continue
		}
		if err := d.person(x.Shopper, ctx, &person); err != nil {
			return err
		}
	}
	if err := errors.Join(x.out.WriteToken(jsontext.BeginObject), x.out.WriteToken(jsontext.String("person")),
		json.MarshalEncode(x.out, person)); err != nil {
		return err
	}
	for _, d := range declared {
		if d.list == nil {
			continue
		}
		if err := errors.Join(x.out.WriteToken(jsontext.String(d.list.name)),
			x.out.WriteToken(jsontext.BeginArray)); err != nil {
			return err
		}
		if err := errors.Join(d.list.write(x, ctx), x.out.WriteToken(jsontext.EndArray)); err != nil {
			return err
		}
	}
	return x.out.WriteToken(jsontext.EndObject)
}

// orders writes the orders as a feed would send them.
func (x *export) orders(ctx context.Context) error {
	err := x.eachOrder(ctx, order.Query{}, func(o order.Stored) error {
		for _, received := range o.Received {
			x.withdrawn = append(x.withdrawn, received.ID)
		}
		return json.MarshalEncode(x.out, o.Wire())
	})
	x.ordered = err == nil
	return err
}

// withdrawals writes the statements of withdrawal from the orders, and those with the customer's email,
// whether or not they have an order.
func (x *export) withdrawals(ctx context.Context) error {
	if !x.ordered {
		return errors.New("the orders come before the withdrawals: they name some of them")
	}
	docs := x.app.withdrawalDocs(x.shop.ID)
	for _, email := range append([]string{x.customer.Email}, x.customer.FurtherEmails()...) {
		query := storage.Query{Index: withdrawal.ByEmail, Equal: []any{email}, Limit: storage.MaxLimit}
		for {
			page, err := storage.Find[struct{}](ctx, docs, query)
			if err != nil {
				return err
			}
			for _, hit := range page.Hits {
				x.withdrawn = append(x.withdrawn, hit.Key)
			}
			if query.Cursor = page.Next; query.Cursor == "" {
				break
			}
		}
	}
	slices.Sort(x.withdrawn) // by time, as ids are
	for _, id := range slices.Compact(x.withdrawn) {
		statement, _, err := docs.Get(ctx, id)
		if errors.Is(err, storage.ErrNotFound) {
			continue // expired
		}
		if err == nil {
			err = json.MarshalEncode(x.out, statement.Record(id))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addCustomer adds what the customer's document holds.
func (s Shopper) addCustomer(ctx context.Context, data *personData) error {
	record, err := Feed{app: s.app, shop: s.shop}.readOut(ctx, s.customer)
	if err != nil {
		return err
	}
	data.Customer, data.VATAnswers, data.CreatedAt = record, s.customer.VAT.History, s.customer.CreatedAt
	data.Declined = s.customer.NoOrderEmails
	if s.customer.FedEmail != s.customer.Email {
		data.FedEmail = s.customer.FedEmail
	}
	for _, said := range s.customer.Consents {
		data.Consents = append(data.Consents, consentData(said))
	}
	for _, r := range s.customer.Reserved {
		data.Addresses = append(data.Addresses, reservedData{r.Email, r.Until})
	}
	for _, a := range s.customer.Removed {
		data.Deleted = append(data.Deleted, customer.SavedAddressWire{ID: a.ID, Address: a.Address})
	}
	if closed := disabledData(s.customer.Disabled); !s.customer.Disabled.IsZero() {
		data.Disabled = &closed
	}
	if exempt := exemptData(s.customer.TaxExempt); !s.customer.TaxExempt.IsZero() {
		data.TaxExempt = &exempt
	}
	data.Tags = s.customer.Tags
	if s.customer.Erasure.Pending() {
		data.ErasureAt = order.Moment(&s.customer.Erasure.At)
	}
	return s.addGroups(ctx, data)
}

// addSessions adds the sessions that the credentials hold.
func (s Shopper) addSessions(ctx context.Context, data *personData) error {
	sessions, err := s.Sessions(ctx)
	for _, session := range sessions {
		data.Sessions = append(data.Sessions,
			sessionData{session.Device, session.Network, session.SignedInAt, session.SeenAt})
	}
	return err
}

// addInquiries adds the messages and requests.
func (s Shopper) addInquiries(ctx context.Context, data *personData) error {
	data.Messages, data.Requests = []inquiry.Record{}, []inquiry.Record{}
	for _, id := range s.customer.IDs() {
		err := s.app.eachInquiry(ctx, s.shop.ID, []any{id}, func(channel string, r inquiry.Record) {
			if channel == inquiry.ChannelRequests {
				data.Requests = append(data.Requests, r)
			} else {
				data.Messages = append(data.Messages, r)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachOrder visits all orders that a query finds, in the query's sequence, page by page.
func (s Shopper) eachOrder(ctx context.Context, q order.Query, visit func(order.Stored) error) error {
	if q.Search != "" {
		rows, _, err := s.searchOrders(ctx, q.Search)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.visitOrder(ctx, row.Number, visit); err != nil {
				return err
			}
		}
		return nil
	}
	query, err := s.orderQuery(q)
	if err != nil {
		return err
	}
	query.Limit = sweepBatch
	for {
		page, err := storage.Find[struct{}](ctx, s.app.orderDocs(s.shop.ID), query)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			if err := s.visitOrder(ctx, hit.Key, visit); err != nil {
				return err
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return nil
		}
	}
}

// visitOrder visits an order unless it was removed or moved to another customer after it was found.
func (s Shopper) visitOrder(ctx context.Context, number string, visit func(order.Stored) error) error {
	o, _, err := s.app.orderDocs(s.shop.ID).Get(ctx, number)
	if errors.Is(err, storage.ErrNotFound) || err == nil && o.Customer != s.customer.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return visit(o)
}

// Table is the CSV format that spreadsheets of a country expect: the column separator and the decimal sign.
type Table struct{ Column, Point rune }

// OrdersCSV writes the orders of a list as CSV (RFC 4180) in UTF-8 with a byte order mark, which spreadsheets
// need: a header line, then a line for each order, with the columns number, placed_at, state, payment,
// fulfillment, items, total and currency. The session must be recently verified (else validate.StepUp); field
// errors are those of Orders.
func (s Shopper) OrdersCSV(ctx context.Context, q order.Query, table Table, to io.Writer) error {
	if err := s.requireVerified(); err != nil {
		return err
	}
	q.Cursor = ""
	if err := s.CheckOrderQuery(q); err != nil {
		return err
	}
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return fmt.Errorf("orders as CSV: %w", err)
	}
	out := csv.NewWriter(to)
	out.UseCRLF, out.Comma = true, table.Column
	err := out.Write([]string{"number", "placed_at", "state", "payment", "fulfillment", "items",
		"total", "currency"})
	if err == nil {
		err = s.eachOrder(ctx, q, func(o order.Stored) error {
			return out.Write(table.row(o.Order,
				s.shop.Location()))
		})
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

func (t Table) row(o order.Order, zone *time.Location) []string {
	var items []string
	for _, line := range o.Lines {
		if line.IsGoods() {
			items = append(items, t.quantity(line.Quantity)+line.Name)
		}
	}
	row := []string{
		o.Number, o.PlacedAt.In(zone).Format(time.DateTime), o.Status.State, o.Status.Payment,
		o.Status.Fulfillment, strings.Join(items, " + "),
	}
	for i, cell := range row {
		row[i] = inert(cell)
	}
	total := t.decimal(o.Amount(o.Total).Decimal())
	return append(row, total, o.Currency)
}

// quantity is a line's quantity as a prefix, with the decimal sign of the amounts; "" for one.
func (t Table) quantity(q money.Decimal) string {
	if q == "1" || q == "" {
		return ""
	}
	return t.decimal(q.String()) + " × "
}

func (t Table) decimal(number string) string { return strings.Replace(number, ".", string(t.Point), 1) }

// formulaStarts are the characters that make a spreadsheet read a cell as a formula (OWASP, CSV injection),
// and their full-width and small forms, which some spreadsheets treat alike.
const formulaStarts = "=+-@\t\r\n＝＋－＠﹦﹢﹣﹫"

// inert keeps a spreadsheet from reading a text, or any part that it takes for a cell, as a formula.
func inert(cell string) string {
	formula := func(text string) bool {
		first, size := utf8.DecodeRuneInString(text)
		return size > 0 && strings.ContainsRune(formulaStarts, first)
	}
	var out strings.Builder
	for i, r := range cell {
		out.WriteRune(r)
		if strings.ContainsRune(",;\"\t\r\n", r) && formula(cell[i+utf8.RuneLen(r):]) {
			out.WriteByte(' ')
		}
	}
	if formula(cell) {
		return "'" + out.String()
	}
	return out.String()
}
