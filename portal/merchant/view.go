package merchant

import (
	"context"
	"errors"
	"strconv"
	"time"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/validate"
	"postern/storage"
)

// recordView logs that the person looks at a customer: one entry an hour.
func (s Staff) recordView(ctx context.Context, id string) error {
	act, err := s.newAct(audit.CustomerViewed, id, "")
	if err != nil {
		return err
	}
	hour := act.At.Truncate(time.Hour).Unix()
	act.ID = s.app.Secret().ID(s.shop.ID, "view", s.member.ID, id, strconv.FormatInt(hour, 10))
	return s.recordOn(ctx, act)
}

// recordOn puts an act that changes nothing of the customer in the log. A customer who was erased at the same
// time leaves nothing behind and is validate.NotFound.
func (s Staff) recordOn(ctx context.Context, act audit.Act) error {
	if err := s.log().RecordOnce(ctx, act); err != nil {
		return err
	}
	_, err := customer.Get(ctx, s.customers(), act.Customer)
	if errors.Is(err, storage.ErrNotFound) {
		erasure := audit.New(audit.CustomerErased, audit.Actor{Kind: audit.Worker}, s.app.Now())
		return errors.Join(validate.NotFoundIfMissing(err), s.log().Erase(ctx, act.Customer, erasure))
	}
	return err
}
