package portal

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/group"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// maxPart is about how many bytes of rows a part of an export's file has, unless one customer has more.
const maxPart = 1 << 20

// logExport records that the file is made, before it is. The act names no customer, only how many there are.
func logExport(ctx context.Context, b bulk) error {
	act := b.act(audit.CustomersExported, "")
	act.ID, act.At = batch.ActID(b.batch.ID, "export"), b.batch.StartedAt
	act.Changes = []audit.Change{{Field: "customers", After: strconv.FormatInt(b.batch.Total, 10)}}
	return b.app.auditLog(b.shop.ID).Record(ctx, act)
}

// exportPage stores the rows of a page's customers. After a crash it stores the page's parts again.
func (w Worker) exportPage(ctx context.Context, b bulk, ids []string) ([]batch.Left, error) {
	matching, err := w.matching(ctx, b, ids)
	if err != nil {
		return nil, err
	}
	groups, err := group.Docs(w.app.engine, b.shop.ID).Read(ctx, group.Key)
	if err != nil {
		return nil, err
	}
	made := make([]batch.Row, len(ids))
	why := newVerdicts()
	if err := eachAtOnce(ctx, indexes(len(ids)), func(ctx context.Context, i int) error {
		if matching != nil && !matching[ids[i]] {
			why.set(ids[i], "batch.skipped.filters")
			return nil
		}
		c, err := w.app.customer(ctx, b.shop.ID, ids[i])
		if errors.Is(err, storage.ErrNotFound) {
			why.set(ids[i], "batch.skipped.gone")
			return nil
		}
		if err == nil {
			made[i] = exportRow(b.shop, c, &groups.Doc)
		}
		return err
	}); err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(made, func(r batch.Row) bool { return r.Customer == "" })
	return why.left(ids), w.storeParts(ctx, b, rows)
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// storeParts stores the rows of the present page, in pieces that a document can hold.
func (w Worker) storeParts(ctx context.Context, b bulk, rows []batch.Row) error {
	docs, piece := batch.PartDocs(w.app.engine, b.shop.ID), 0
	part := batch.Part{}
	size := 0
	store := func() error {
		part.Columns, part.Expires = exportColumns(), b.batch.FileUntil()
		_, err := docs.Put(ctx, batch.PartKey(b.batch.ID, b.batch.Next, piece),
			func(stored *batch.Part, _ bool) error {
				*stored = part
				return nil
			})
		piece, size, part = piece+1, 0, batch.Part{}
		return err
	}
	for _, row := range rows {
		if size > 0 && size+row.Size() > maxPart {
			if err := store(); err != nil {
				return err
			}
		}
		part.Rows, part.Customers = append(part.Rows, row), append(part.Customers, row.Customer)
		size += row.Size()
	}
	if size > 0 {
		if err := store(); err != nil {
			return err
		}
	}
	return w.removeParts(ctx, b, piece)
}

// removeParts removes the pieces of the present page from a number on, which an attempt before a crash may
// have left.
func (w Worker) removeParts(ctx context.Context, b bulk, piece int) error {
	docs := batch.PartDocs(w.app.engine, b.shop.ID)
	for ; ; piece++ {
		key := batch.PartKey(b.batch.ID, b.batch.Next, piece)
		if _, _, err := docs.Get(ctx, key); err != nil {
			return ifFound(err)
		}
		if err := remove(ctx, docs, key); err != nil {
			return err
		}
	}
}

// eraseParts removes a customer from the files of exports.
func (w Worker) eraseParts(ctx context.Context, s shop.Shop, c customer.Customer) error {
	docs := batch.PartDocs(w.app.engine, s.ID)
	for {
		page, err := storage.Find[struct{}](ctx, docs, storage.Query{Index: batch.ByCustomer, Equal: []any{c.ID},
			Limit: readBatch})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		for _, hit := range page.Hits {
			_, err := docs.Change(ctx, hit.Key, func(p *batch.Part) error {
				p.Forget(c.ID)
				return nil
			})
			if ifFound(err) != nil {
				return err
			}
		}
	}
}

// exportColumns are the columns of customers.csv: stable names in English, in which the file can be imported
// again.
func exportColumns() []string {
	return []string{"email", "customer_id", "title", "first_name", "last_name", "birth_date", "phone",
		"language", "company_name", "company_country", "company_reg_no", "tax_no", "vat_id", "vat_status", "vat_checked_at",
		"vat_consultation_no", "groups", "tags", "tax_exempt", "tax_exempt_reason", "tax_exempt_certificate",
		"marketing_status", "marketing_at", "marketing_source", "partner_status", "partner_at", "partner_source",
		"blocked", "blocked_reason", "registered", "registered_at", "last_visit_at", "orders", "total_spent",
		"currency", "last_order_at"}
}

// exportAddressColumns are the columns of addresses.csv, whose first one names the customer.
func exportAddressColumns() []string {
	return []string{"email", "address_id", "default_shipping", "default_billing", "first_name", "last_name",
		"company", "line1", "line2", "dependent_locality", "city", "administrative_area", "postal_code",
		"sorting_code", "country", "phone"}
}

// exportSeparator parts several groups or tags in a cell.
const exportSeparator = "|"

// ExportCustomers checks that a member of staff can download the file of a batch now, and returns what writes
// it: a ZIP with customers.csv and addresses.csv, in UTF-8 with CRLF. Texts that a spreadsheet would take for
// a formula begin with an apostrophe. It is validate.Gone when the file was deleted.
func (a *App) ExportCustomers(s shop.Shop, b batch.Batch) (func(context.Context, io.Writer) error, error) {
	switch {
	case b.Action != BulkExport || b.State != batch.Done:
		return nil, validate.NewError(validate.Conflict, "batch.not_ready")
	case !a.now().Before(b.FileUntil()):
		return nil, validate.NewError(validate.Gone, "batch.file.gone")
	}
	return func(ctx context.Context, to io.Writer) error {
		out := zip.NewWriter(to)
		err := a.writeRows(ctx, s, b, out, exportFile{"customers.csv", exportColumns(),
			func(r batch.Row) [][]string { return [][]string{r.Cells} }})
		if err == nil {
			err = a.writeRows(ctx, s, b, out, exportFile{"addresses.csv", exportAddressColumns(),
				func(r batch.Row) [][]string { return r.Addresses }})
		}
		return errors.Join(err, out.Close())
	}, nil
}

// exportFile is one of the files of an export, with the lines that a customer has in it.
type exportFile struct {
	name    string
	columns []string
	lines   func(batch.Row) [][]string
}

// errOtherColumns says that another version of the program made a part of the file.
var errOtherColumns = errors.New("portal: the export was begun by another version; start it again")

func (a *App) writeRows(ctx context.Context, s shop.Shop, b batch.Batch, to *zip.Writer, f exportFile) error {
	entry, err := to.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: b.EndedAt})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	out := csv.NewWriter(entry)
	out.UseCRLF = true
	if err := out.Write(f.columns); err != nil {
		return err
	}
	err = a.eachPart(ctx, s, b, func(p batch.Part) error {
		if !slices.Equal(p.Columns, exportColumns()) {
			return errOtherColumns
		}
		for _, row := range p.Rows {
			for _, line := range f.lines(row) {
				cells := make([]string, len(line))
				for i, cell := range line {
					cells[i] = inert(cell)
				}
				if err := out.Write(cells); err != nil {
					return err
				}
			}
		}
		return nil
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// eachPart visits the parts of a file in their order.
func (a *App) eachPart(ctx context.Context, s shop.Shop, b batch.Batch, visit func(batch.Part) error) error {
	docs := batch.PartDocs(a.engine, s.ID)
	for n := range b.Pages {
		for piece := 0; ; piece++ {
			part, _, err := docs.Get(ctx, batch.PartKey(b.ID, n, piece))
			if errors.Is(err, storage.ErrNotFound) {
				break
			}
			if err == nil {
				err = visit(part)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
