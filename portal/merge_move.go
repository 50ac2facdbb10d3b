package portal

import (
	"context"
	"slices"
	"time"

	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/voucher"
	"postern/storage"
)

// mergeRest is how long after a merge its job looks once more for what a request wrote that had found its
// customer before; see customer.Erasure.
const mergeRest = time.Minute

// finishMerge moves what a merge or its undo has to move, as the batch does, and once more after a rest.
func (w Worker) finishMerge(ctx context.Context, s shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	nothing := func(context.Context, int) error { return nil }
	var err error
	if from := t.Job.Args[customer.ArgFrom]; from != "" {
		err = w.returnMerged(ctx, s, t.Key, from, nothing)
	} else {
		err = w.moveMerged(ctx, s, t.Key, nothing)
	}
	if err != nil || t.Job.Args[argAgain] != "" {
		return nil, err
	}
	return func(c *customer.Customer) {
		args := job.Args{argAgain: "yes"}
		if from := t.Job.Args[customer.ArgFrom]; from != "" {
			args[customer.ArgFrom] = from
		}
		c.Work.Add(job.Request{Kind: customer.KindMergeMove, Args: args, At: w.app.now().Add(mergeRest),
			Slow: true})
	}, nil
}

// argAgain marks the second run of a KindMergeMove job.
const argAgain = "again"

// moveMerged moves the orders of a merged account to the customer that it leads to.
func (w Worker) moveMerged(ctx context.Context, s shop.Shop, loser string,
	progress func(context.Context, int) error) error {
	c, err := customer.Follow(ctx, w.app.customerDocs(s.ID), loser)
	if err != nil || c.ID == loser {
		return ifFound(err)
	}
	for {
		page, err := storage.Find[order.Row](ctx, w.app.orderDocs(s.ID),
			storage.Query{Index: order.ByPlaced, Equal: []any{loser}, Limit: sweepBatch})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		move := orderMove{from: loser, to: c.ID, note: func(o *order.Stored) {
			if o.MergedFrom == "" {
				o.MergedFrom = loser
			}
		}}
		if err := w.moveOrders(ctx, s, page.Hits, move); err != nil {
			return err
		}
		if err := progress(ctx, len(page.Hits)); err != nil {
			return err
		}
	}
}

// returnMerged gives the orders back that came from an account which is on its own again, or by its
// identifiers, with what was written about them.
func (w Worker) returnMerged(ctx context.Context, s shop.Shop, loser, survivor string,
	progress func(context.Context, int) error) error {
	c, _, err := w.app.customerDocs(s.ID).Get(ctx, loser)
	if err != nil || !c.Tombstone.IsZero() { // merged again since
		return ifFound(err)
	}
	if survivor, err = w.app.present(ctx, s.ID, survivor); err != nil {
		return err
	}
	move := orderMove{from: survivor, to: loser, note: func(o *order.Stored) {
		if o.MergedFrom == loser {
			o.MergedFrom = ""
		}
	}}
	query := storage.Query{Index: order.ByPlaced, Equal: []any{survivor}, Limit: sweepBatch}
	for {
		page, err := storage.Find[order.Row](ctx, w.app.orderDocs(s.ID), query)
		if err != nil {
			return err
		}
		returning, err := w.movedFrom(ctx, s, page.Hits, c.Is)
		if err == nil {
			err = w.moveOrders(ctx, s, returning, move)
		}
		if err == nil {
			err = w.returnWritten(ctx, s, returning, move)
		}
		if err == nil && len(returning) > 0 {
			err = progress(ctx, len(returning))
		}
		if err != nil {
			return err
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			break
		}
	}
	if err := w.returnCredentials(ctx, s, c); err != nil {
		return err
	}
	return w.returnVouchers(ctx, s, c, survivor)
}

// movedFrom selects the orders that came from certain accounts, "" for none.
func (w Worker) movedFrom(ctx context.Context, s shop.Shop, hits []storage.Hit[order.Row],
	is func(account string) bool) (list []storage.Hit[order.Row], err error) {
	keys := make([]string, len(hits))
	for i, hit := range hits {
		keys[i] = hit.Key
	}
	read, err := storage.ReadAll[struct {
		MergedFrom string `bson:"merged_from"`
	}](ctx, w.app.orderDocs(s.ID), keys)
	from := map[string]bool{}
	for _, hit := range read {
		from[hit.Key] = is(hit.Head.MergedFrom)
	}
	for _, hit := range hits {
		if from[hit.Key] {
			list = append(list, hit)
		}
	}
	return list, err
}

// orderMove moves orders from one account to another, and notes where they came from.
type orderMove struct {
	from, to string
	note     func(*order.Stored)
}

// moveOrders moves orders. The counts of both accounts are requested before, as for every order.
func (w Worker) moveOrders(ctx context.Context, s shop.Shop, hits []storage.Hit[order.Row],
	move orderMove) error {
	var months []order.CustomerMonth
	for _, hit := range hits {
		for _, id := range []string{move.from, move.to} {
			if m := order.MonthOf(id, hit.Head.PlacedAt, s.Location()); !slices.Contains(months, m) {
				months = append(months, m)
			}
		}
	}
	if len(months) == 0 {
		return nil
	}
	requested := w.app.now()
	if err := w.app.requestCounts(ctx, s, months...); err != nil {
		return err
	}
	err := eachAtOnce(ctx, hits, func(ctx context.Context, hit storage.Hit[order.Row]) error {
		_, err := w.app.orderDocs(s.ID).Change(ctx, hit.Key, func(o *order.Stored) error {
			if o.Customer != move.from {
				return storage.ErrUnchanged
			}
			o.Customer = move.to
			move.note(o)
			return nil
		})
		return ifFound(err)
	})
	if err != nil {
		return err
	}
	return w.app.confirmCounts(ctx, s, requested, months...)
}

// returnWritten gives back what was written about returned orders while they were with the survivor.
func (w Worker) returnWritten(ctx context.Context, s shop.Shop, hits []storage.Hit[order.Row],
	move orderMove) error {
	numbers := map[string]bool{}
	for _, hit := range hits {
		numbers[hit.Key] = true
		if err := w.returnInquiries(ctx, s, hit.Key, move); err != nil {
			return err
		}
	}
	returns := func(number string) bool { return numbers[number] }
	survivor, err := w.app.customer(ctx, s.ID, move.from)
	if err != nil {
		return ifFound(err)
	}
	answered, asked := survivor.GiveBackOrders(returns)
	if len(answered)+len(asked) == 0 {
		return nil
	}
	if _, err := w.app.changeCustomer(ctx, s.ID, move.to, func(c *customer.Customer) error {
		c.TakeBackOrders(answered, asked)
		return nil
	}); ifFound(err) != nil {
		return err
	}
	_, err = w.app.changeCustomer(ctx, s.ID, move.from, func(c *customer.Customer) error {
		c.GiveBackOrders(returns)
		return nil
	})
	return ifFound(err)
}

func (w Worker) returnInquiries(ctx context.Context, s shop.Shop, number string, move orderMove) error {
	docs := w.app.inquiryDocs(s.ID)
	for {
		page, err := storage.Find[struct{}](ctx, docs, storage.Query{Index: inquiry.ByOrder,
			Equal: []any{move.from, number}, Limit: sweepBatch})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		for _, hit := range page.Hits {
			in, err := docs.Change(ctx, hit.Key, func(in *inquiry.Inquiry) error {
				if in.Customer == move.from {
					in.Customer = move.to
				}
				return nil
			})
			if ifFound(err) != nil {
				return err
			}
			for _, photo := range in.Photos {
				_, err := w.app.photoDocs(s.ID).Change(ctx, photo.Key, func(p *inquiry.StoredPhoto) error {
					p.Customer = move.to
					return nil
				})
				if ifFound(err) != nil {
					return err
				}
			}
		}
	}
}

// returnCredentials gives an account the credentials documents of its emails back, without anything that
// lets somebody in to the other account.
func (w Worker) returnCredentials(ctx context.Context, s shop.Shop, c customer.Customer) error {
	docs := w.app.credentialDocs(s.ID)
	for _, email := range c.AllEmails() {
		_, err := docs.Change(ctx, w.app.credentialsID(s.ID, email), func(doc *credential.Credentials) error {
			if doc.Customer == "" || c.Is(doc.Customer) {
				return storage.ErrUnchanged
			}
			doc.AssignTo(email, c.ID, w.app.now())
			return nil
		})
		if ifFound(err) != nil {
			return err
		}
	}
	return nil
}

// returnVouchers computes anew for whom the vouchers of both accounts are, and leaves each use to the account
// whose order used it.
func (w Worker) returnVouchers(ctx context.Context, s shop.Shop, c customer.Customer, survivor string) error {
	keys, docs := HolderKeys(c), w.app.voucherDocs(s.ID)
	codes, err := keysHeld(ctx, docs, voucher.ByHolder, keys)
	if err != nil {
		return err
	}
	for _, code := range codes {
		_, err := docs.Change(ctx, code, func(v *voucher.Voucher) error {
			holders, err := w.app.voucherHolders(ctx, s.ID, v.For)
			if validate.KindOf(err) == validate.Gone || err == nil && (v.IsDeleted() || len(holders) == 0) {
				return storage.ErrUnchanged
			}
			if err != nil || slices.Equal(holders, v.Holders) {
				return errOr(err, storage.ErrUnchanged)
			}
			v.Holders = holders
			return nil
		})
		if ifFound(err) != nil {
			return err
		}
	}
	uses, err := keysHeld(ctx, w.app.redemptionDocs(s.ID), voucher.OfHolder, keys)
	if err != nil {
		return err
	}
	for _, key := range uses {
		if err := w.returnUse(ctx, s, key, c, survivor); err != nil {
			return err
		}
	}
	return nil
}

func (w Worker) returnUse(ctx context.Context, s shop.Shop, key string, c customer.Customer,
	survivor string) error {
	other, err := w.app.customer(ctx, s.ID, survivor)
	if err != nil {
		return ifFound(err)
	}
	mine, theirs := HolderKeys(c), HolderKeys(other)
	_, err = w.app.redemptionDocs(s.ID).Change(ctx, key, func(r *voucher.Redemption) error {
		both := func(key string) bool { return slices.Contains(theirs, key) }
		if !slices.ContainsFunc(r.Holders, both) {
			return storage.ErrUnchanged
		}
		o, err := w.app.orderDocs(s.ID).Read(ctx, r.Order)
		if err != nil {
			return err
		}
		drop := mine
		if o.Found && c.Is(o.Doc.Customer) {
			drop = theirs
		}
		not := func(key string) bool { return slices.Contains(drop, key) }
		r.Holders = slices.DeleteFunc(slices.Clone(r.Holders), not)
		r.Counts = slices.DeleteFunc(slices.Clone(r.Counts), not)
		return nil
	})
	return ifFound(err)
}
