package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/voucher"
	"postern/storage"
)

func (a *App) voucherDocs(shop string) storage.Docs[voucher.Voucher] {
	return voucher.Docs(a.engine, shop)
}

func (a *App) redemptionDocs(shop string) storage.Docs[voucher.Redemption] {
	return voucher.RedemptionDocs(a.engine, shop)
}

func voucherNotFound() error { return validate.NewError(validate.NotFound, "voucher.not_found") }

// readCode reads the code in a path.
func readCode(f *validate.Validator, text string) string {
	code, ok := voucher.CanonicalCode(text)
	if !ok {
		f.Reject("/code", "voucher.code")
	}
	return code
}

// codeOf is readCode for a request that reads nothing else.
func codeOf(text string) (string, error) {
	f := &validate.Validator{}
	code := readCode(f, text)
	return code, validate.InvalidFields(f.Rejected)
}

// PutVoucher stores a voucher under its code as of its updated_at. Uses that were counted stay counted, also
// if the voucher was deleted since. Field errors are at JSON pointers.
func (f Feed) PutVoucher(ctx context.Context, code string, body []byte) (order.Receipt, error) {
	v := &validate.Validator{Latest: f.latest(), Zone: f.shop.Location()}
	code = readCode(v, code)
	terms, at, err := voucher.Decode(v, body, code)
	if err != nil {
		return order.Receipt{}, err
	}
	f.noteAhead(ctx, "voucher", at)
	holders, err := f.app.voucherHolders(ctx, f.shop.ID, terms.For)
	if err != nil {
		return order.Receipt{}, err
	}
	receipt := order.Receipt{Warnings: v.ListedWarnings()}
	stored, err := f.app.voucherDocs(f.shop.ID).Put(ctx, code, func(doc *voucher.Voucher,
		found bool) (err error) {
		if !found {
			doc.Code, doc.CreatedAt = code, f.app.now()
		}
		receipt.Overridden = time.Time{}
		if f.forced && at.Before(doc.UpdatedAt) {
			receipt.Overridden = doc.UpdatedAt
		}
		receipt.Outcome, err = f.compareVoucher(*doc, found, terms, at)
		if err == nil && receipt.Outcome != order.Created && receipt.Outcome != order.Updated {
			return storage.ErrUnchanged
		}
		doc.Terms, doc.Holders, doc.UpdatedAt = terms, holders, at
		doc.DeletedAt, doc.Erased = time.Time{}, false
		return err
	})
	receipt.StoredUpdatedAt = stored.UpdatedAt
	f.noteOlder(ctx, "voucher", receipt.Overridden)
	if err == nil && receipt.Outcome != order.Stale {
		err = f.app.forgetVoucherOfErased(ctx, f.shop.ID, stored)
	}
	return receipt, err
}

// compareVoucher compares a delivery with the stored voucher. What was deleted is created again, unless its
// customer was deleted and the delivery may be from before.
func (f Feed) compareVoucher(stored voucher.Voucher, found bool, terms voucher.Terms, at time.Time) (
	order.Outcome, error) {
	switch {
	case !found:
		return order.Created, nil
	case !f.forced && (at.Before(stored.UpdatedAt) || stored.Erased && !at.After(stored.UpdatedAt)):
		return order.Stale, nil
	case stored.IsDeleted():
		return order.Created, nil
	}
	before, err := storage.Digest(&stored.Terms)
	if err != nil {
		return "", err
	}
	given, err := storage.Digest(&terms)
	if before == given && at.Equal(stored.UpdatedAt) {
		return order.Unchanged, err
	}
	return order.Updated, err
}

// voucherHolders returns the holder keys of whom a voucher is for. A customer who was deleted is
// validate.Gone, and one whose erasure has begun Unavailable.
func (a *App) voucherHolders(ctx context.Context, shop string, who voucher.Audience) ([]string, error) {
	if who.IsZero() {
		return []string{voucher.Everyone}, nil
	}
	holders, _, err := a.holdersOf(ctx, shop, who)
	return holders, err
}

// holdersOf returns the holder keys of a customer, and the id of the account that the audience names, if there
// is one, which may have been merged into the customer's. Nobody has none.
func (a *App) holdersOf(ctx context.Context, shop string, who voucher.Audience) (holders []string,
	id string, err error) {
	introduced := false
	if who.FeedCustomer != "" {
		holders = append(holders, voucher.FeedKey(who.FeedCustomer))
		h, _, err := a.identifierDocs(shop).Get(ctx, identifier.FeedKey(who.FeedCustomer))
		switch {
		case ifFound(err) != nil:
			return nil, "", err
		case h.Erased:
			return nil, "", validate.NewError(validate.Gone, "customer.erased")
		case h.Introduced:
			id, introduced = h.Customer, true
		}
	}
	if who.Email != "" {
		holders = append(holders, voucher.EmailKey(who.Email))
		if id == "" {
			if id, err = a.follow(ctx, shop, identifier.EmailKey(who.Email)); err != nil {
				return nil, "", err
			}
		}
	}
	if id == "" {
		return holders, "", nil
	}
	if err := a.awaitErasure(ctx, shop, id); err != nil {
		return nil, "", err
	}
	c, err := a.customer(ctx, shop, id)
	switch {
	case errors.Is(err, storage.ErrNotFound) && introduced: // an introduced id comes after its customer
		return nil, "", erasing(err)
	case err != nil:
		return holders, "", ifFound(err)
	}
	return distinct(append(holders, HolderKeys(c)...)), id, nil
}

// HolderKeys returns all voucher keys of a customer, with those of the accounts merged into it.
func HolderKeys(c customer.Customer) []string {
	keys := voucher.KeysOf(c.ID, c.FeedID, c.EmailsHeld())
	for _, m := range c.Merged {
		keys = append(keys, voucher.KeysOf(m.ID, m.FeedID, m.Emails)...)
	}
	return keys
}

// distinct returns the texts in order, each once.
func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// Voucher returns a voucher as the shop's system sent it, with its uses, or validate.NotFound.
func (f Feed) Voucher(ctx context.Context, code string) (voucher.Record, error) {
	code, err := codeOf(code)
	if err != nil {
		return voucher.Record{}, err
	}
	v, _, err := f.app.voucherDocs(f.shop.ID).Get(ctx, code)
	if errors.Is(err, storage.ErrNotFound) || err == nil && v.IsDeleted() {
		err = voucherNotFound()
	}
	return v.Record(), err
}

// DeleteVoucher deletes a voucher. Its redemptions keep their answers and can be given back.
func (f Feed) DeleteVoucher(ctx context.Context, code string) error {
	code, err := codeOf(code)
	if err != nil {
		return err
	}
	_, err = f.app.voucherDocs(f.shop.ID).Change(ctx, code, func(v *voucher.Voucher) error {
		if v.IsDeleted() {
			return storage.ErrNotFound
		}
		v.Delete(f.app.now())
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = voucherNotFound()
	}
	return err
}

// forgetVoucherOfErased erases a voucher for a customer whose erasure began while it was being stored.
func (a *App) forgetVoucherOfErased(ctx context.Context, shop string, v voucher.Voucher) error {
	gone, err := a.anyErased(ctx, shop, voucher.CustomersOf(v.Holders))
	if err != nil || !gone {
		return err
	}
	return a.eraseVoucher(ctx, shop, v.Code, v.Holders)
}

// anyErased reports whether one of the customers is deleted or about to be.
func (a *App) anyErased(ctx context.Context, shop string, customers []string) (bool, error) {
	for _, id := range customers {
		if _, err := a.customer(ctx, shop, id); errors.Is(err, storage.ErrNotFound) {
			return true, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (a *App) eraseVoucher(ctx context.Context, shop, code string, holders []string) error {
	_, err := a.voucherDocs(shop).Change(ctx, code, func(v *voucher.Voucher) error {
		if !slices.ContainsFunc(v.Holders, func(key string) bool { return slices.Contains(holders, key) }) {
			return storage.ErrUnchanged
		}
		v.Erase(a.now())
		return nil
	})
	return ifFound(err)
}

// eraseVouchers deletes the vouchers for a customer.
func (w Worker) eraseVouchers(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	keys := HolderKeys(c)
	return eachHeld(ctx, w.app.voucherDocs(shop.ID), voucher.ByHolder, keys, func(code string) error {
		return w.app.eraseVoucher(ctx, shop.ID, code, keys)
	})
}

// eraseRedemptions removes a customer from the uses of vouchers. The uses stay counted.
func (w Worker) eraseRedemptions(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	docs := w.app.redemptionDocs(shop.ID)
	return eachHeld(ctx, docs, voucher.OfHolder, HolderKeys(c), func(key string) error {
		_, err := docs.Change(ctx, key, func(r *voucher.Redemption) error {
			r.Forget()
			return nil
		})
		return ifFound(err)
	})
}

// eachHeld visits the documents of the holders that an index finds, until there are none: do takes each out
// of the index.
func eachHeld[T any](ctx context.Context, docs storage.Docs[T], index string, holders []string,
	do func(key string) error) error {
	for _, holder := range holders {
		for {
			page, err := storage.Find[struct{}](ctx, docs,
				storage.Query{Index: index, Equal: []any{holder}, Limit: sweepBatch})
			if err != nil {
				return err
			}
			if len(page.Hits) == 0 {
				break
			}
			for _, hit := range page.Hits {
				if err := do(hit.Key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// keysHeld returns the keys of the documents of the holders that an index finds, each once.
func keysHeld[T any](ctx context.Context, docs storage.Docs[T], index string,
	holders []string) ([]string, error) {
	var keys []string
	for _, holder := range holders {
		query := storage.Query{Index: index, Equal: []any{holder}, Limit: readBatch}
		for {
			page, err := storage.Find[struct{}](ctx, docs, query)
			if err != nil {
				return nil, err
			}
			for _, hit := range page.Hits {
				keys = append(keys, hit.Key)
			}
			if query.Cursor = page.Next; query.Cursor == "" {
				break
			}
		}
	}
	return distinct(keys), nil
}

// vouchers writes the vouchers for the customer.
func (x *export) vouchers(ctx context.Context) error {
	return exportHeld(x, ctx, x.app.voucherDocs(x.shop.ID), voucher.ByHolder, voucher.Voucher.Record)
}

// redemptions writes the uses of vouchers by the customer.
func (x *export) redemptions(ctx context.Context) error {
	return exportHeld(x, ctx, x.app.redemptionDocs(x.shop.ID), voucher.OfHolder, voucher.Redemption.Record)
}

func exportHeld[T, R any](x *export, ctx context.Context, docs storage.Docs[T], index string,
	record func(T) R) error {
	keys, err := keysHeld(ctx, docs, index, HolderKeys(x.customer))
	for _, key := range keys {
		doc, _, err := docs.Get(ctx, key)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err == nil {
			err = json.MarshalEncode(x.out, record(doc))
		}
		if err != nil {
			return err
		}
	}
	return err
}

func (w Worker) voucherJobs() job.Source {
	return job.Documents[voucher.Voucher]{
		Collection: voucher.Collection(),
		Open:       w.app.voucherDocs,
		List:       func(v *voucher.Voucher) *job.List { return &v.Work },
		Kinds: map[string]job.Kind[voucher.Voucher]{
			voucher.KindSettle: {Do: w.settleVoucher},
		},
	}
}
