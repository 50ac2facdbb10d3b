package merchant

import (
	"context"
	"io"
	"strconv"

	"postern/portal/audit"
	"postern/portal/staff"
	"postern/portal/validate"
)

// ExportFile returns what writes the file of a batch that exported customers; see portal.ExportCustomers. It
// needs a fresh second factor, and only the person who started the batch gets the file. The download is an
// entry in the log before anything is written.
func (s Staff) ExportFile(ctx context.Context, id string) (func(context.Context, io.Writer) error, error) {
	b, err := s.readBatch(ctx, id)
	if err == nil {
		err = s.requireFresh()
	}
	if err == nil {
		err = s.requireStill(ctx, staff.PermissionBulk)
	}
	if err == nil && b.By.ID != s.member.ID {
		err = validate.NewError(validate.Denied, "batch.file.other")
	}
	if err != nil {
		return nil, err
	}
	write, err := s.app.ExportCustomers(s.shop, b)
	if err != nil {
		return nil, err
	}
	act, err := s.newAct(audit.CustomersDownloaded, "", "")
	if err != nil {
		return nil, err
	}
	act.Batch = b.ID
	act.Changes = []audit.Change{{Field: "customers", After: strconv.FormatInt(b.Changed, 10)}}
	return write, s.log().Record(ctx, act)
}

// Exported reports whether the batch has made a file that the person can download now.
func (s Staff) Exported(v BatchView) bool {
	_, err := s.app.ExportCustomers(s.shop, v.Batch)
	return err == nil && v.By.ID == s.member.ID
}
