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
	Messages   []inquiry.Record            `json:"messages"`
	Requests   []inquiry.Record            `json:"requests"`
	ErasureAt  string                      `json:"erasure_at,omitzero"`
	CreatedAt  time.Time                   `json:"created_at"`
}

type consentData struct {
	Purpose customer.Purpose       `json:"purpose"`
	Status  customer.ConsentStatus `json:"status"`
	At      time.Time              `json:"at"`
	Source  string                 `json:"source"`
	Wording string                 `json:"wording,omitzero"`
	Version string                 `json:"wording_version,omitzero"`
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

// Export writes the content of the account as one JSON object: "person" with the customer (as the API
// returns it), consents, sessions, answers about VAT IDs, messages and requests; "orders" in the format of
// a feed; and "withdrawals". It writes one order at a time, so that memory use does not grow with their
// number. The session must be Fresh (else validate.StepUp).
func (s Shopper) Export(ctx context.Context, to io.Writer) error {
	if err := s.requireVerified(); err != nil {
		return err
	}
	person, err := s.personData(ctx)
	if err != nil {
		return err
	}
	out := jsontext.NewEncoder(to, jsontext.WithIndent("  "))
	if err := errors.Join(out.WriteToken(jsontext.BeginObject), out.WriteToken(jsontext.String("person")), json.MarshalEncode(out, person),
		out.WriteToken(jsontext.String("orders")), out.WriteToken(jsontext.BeginArray)); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	withdrawn := []string{}
	if err := s.eachOrder(ctx, order.Query{}, func(o order.Stored) error {
		for _, received := range o.Received {
			withdrawn = append(withdrawn, received.ID)
		}
		return json.MarshalEncode(out, o.Wire())
	}); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	statements, err := s.statements(ctx, withdrawn)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return errors.Join(out.WriteToken(jsontext.EndArray), out.WriteToken(jsontext.String("withdrawals")), json.MarshalEncode(out, statements),
		out.WriteToken(jsontext.EndObject))
}

// statements returns the statements of withdrawal with the given ids, and those with the customer's
// address, whether or not they have an order.
func (s Shopper) statements(ctx context.Context, ids []string) ([]withdrawal.Record, error) {
	query := storage.Query{Index: withdrawal.ByEmail, Equal: []any{s.customer.Email}, Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[struct{}](ctx, s.app.withdrawalDocs(s.shop.ID), query)
		if err != nil {
			return nil, err
		}
		for _, hit := range page.Hits {
			ids = append(ids, hit.Key)
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			break
		}
	}
	slices.Sort(ids) // by time, as ids are
	records := []withdrawal.Record{}
	for _, id := range slices.Compact(ids) {
		w, _, err := s.app.withdrawalDocs(s.shop.ID).Get(ctx, id)
		if errors.Is(err, storage.ErrNotFound) {
			continue // expired
		}
		if err != nil {
			return nil, err
		}
		records = append(records, w.Record(id))
	}
	return records, nil
}

func (s Shopper) personData(ctx context.Context) (personData, error) {
	sessions, err := s.Sessions(ctx)
	if err != nil {
		return personData{}, err
	}
	record, err := Feed{app: s.app, shop: s.shop}.readOut(ctx, s.customer)
	if err != nil {
		return personData{}, err
	}
	data := personData{Customer: record, VATAnswers: s.customer.VAT.History, CreatedAt: s.customer.CreatedAt}
	if s.customer.FedEmail != s.customer.Email {
		data.FedEmail = s.customer.FedEmail
	}
	for _, said := range s.customer.Consents {
		data.Consents = append(data.Consents, consentData(said))
	}
	for _, f := range s.customer.Reserved {
		data.Addresses = append(data.Addresses, reservedData{f.Email, f.Until})
	}
	for _, session := range sessions {
		data.Sessions = append(data.Sessions, sessionData{session.Device, session.Network, session.SignedInAt, session.SeenAt})
	}
	for _, a := range s.customer.Removed {
		data.Deleted = append(data.Deleted, customer.SavedAddressWire{ID: a.ID, Address: a.Address})
	}
	if data.Messages, err = s.messageData(ctx); err != nil {
		return data, err
	}
	if data.Requests, err = s.requestData(ctx); err != nil {
		return data, err
	}
	if s.customer.Erasure.Pending() {
		data.ErasureAt = order.Moment(&s.customer.Erasure.At)
	}
	return data, nil
}

// eachOrder visits all orders that a query finds, in the query's sequence, page by page.
func (s Shopper) eachOrder(ctx context.Context, q order.Query, visit func(order.Stored) error) error {
	query, err := s.orderQuery(q)
	if err != nil {
		return err
	}
	docs := s.app.orderDocs(s.shop.ID)
	query.Limit = sweepBatch
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			o, _, err := docs.Get(ctx, hit.Key)
			if errors.Is(err, storage.ErrNotFound) || err == nil && o.Customer != s.customer.ID {
				continue // moved meanwhile
			}
			if err == nil {
				err = visit(o)
			}
			if err != nil {
				return err
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return nil
		}
	}
}

// Table is the CSV format that spreadsheets of a country expect: the column separator and the decimal sign.
type Table struct{ Column, Point rune }

// OrdersCSV writes the orders of a list as CSV (RFC 4180) in UTF-8 with a byte order mark, which
// spreadsheets need: a header line, then a line for each order, with the columns number, placed_at, state,
// payment, fulfillment, items, total and currency. The session must be Fresh (else validate.StepUp); faults are
// those of Orders.
func (s Shopper) OrdersCSV(ctx context.Context, q order.Query, table Table, to io.Writer) error {
	if err := s.requireVerified(); err != nil {
		return err
	}
	q.Cursor = ""
	if _, err := s.orderQuery(q); err != nil {
		return err
	}
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return fmt.Errorf("orders as CSV: %w", err)
	}
	out := csv.NewWriter(to)
	out.UseCRLF, out.Comma = true, table.Column
	err := out.Write([]string{"number", "placed_at", "state", "payment", "fulfillment", "items", "total", "currency"})
	if err == nil {
		err = s.eachOrder(ctx, q, func(o order.Stored) error { return out.Write(table.row(o.Order, s.shop.Location())) })
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
		o.Number, o.PlacedAt.In(zone).Format(time.DateTime), o.Status.State, o.Status.Payment, o.Status.Fulfillment, strings.Join(items, " + "),
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
