package portal

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"postern/portal/job"
	"postern/portal/validate"
	"postern/portal/voucher"
	"postern/storage"
)

// voucherUses gathers the uses of a voucher that are asked for while others are being written, so that a
// thousand at the same time share a few writes of the voucher and never run into conflicts with one another.
// Processes that write the same voucher at the same time repeat their write, as with any document.
type voucherUses struct {
	mu      sync.Mutex
	waiting map[string][]*voucherUse // by shop and code; a key that is present has a writer
}

// voucherUse is one use that is asked for, or one given back, until it is decided.
type voucherUse struct {
	order   string
	back    bool
	holders []string // who uses it
	decided chan struct{}
	result  voucher.Redemption // then
	err     error
}

const (
	// maxUsesAtOnce is the maximum number of uses in one write; it limits the size of the voucher.
	maxUsesAtOnce = 200
	// useWriteTime is the time limit for a batch of uses.
	useWriteTime = 10 * time.Second
	useTries     = 100
)

// Redeem takes a use of a voucher for an order and returns what the voucher takes off. The same order gets
// the same answer, however often and late it asks, and takes one use. A voucher that the order cannot use is
// a validate.Conflict; an unknown one is NotFound.
func (f Feed) Redeem(ctx context.Context, code string, body []byte) (voucher.RedemptionRecord, error) {
	code, err := codeOf(code)
	if err != nil {
		return voucher.RedemptionRecord{}, err
	}
	number, who, err := voucher.DecodeRedeem(body)
	if err != nil {
		return voucher.RedemptionRecord{}, err
	}
	kept, err := f.app.redemption(ctx, f.shop.ID, code, number)
	if err != nil || kept.IsLive() {
		return kept.Record(), err
	}
	u := &voucherUse{order: number}
	if u.holders, _, err = f.app.holdersOf(ctx, f.shop.ID, who); err != nil {
		return voucher.RedemptionRecord{}, err
	}
	if err = f.app.useVoucher(ctx, f.shop.ID, code, u); err != nil {
		return voucher.RedemptionRecord{}, err
	}
	return u.result.Record(), nil
}

// GiveBack gives the use of an order back. Giving it back twice changes nothing; an order that never had one
// is validate.NotFound.
func (f Feed) GiveBack(ctx context.Context, code, number string) error {
	code, number, err := readUse(code, number)
	if err != nil {
		return err
	}
	return f.app.useVoucher(ctx, f.shop.ID, code, &voucherUse{order: number, back: true})
}

// Redemption returns the use of a voucher by an order, also one that was given back, or validate.NotFound.
func (f Feed) Redemption(ctx context.Context, code, number string) (voucher.RedemptionRecord, error) {
	code, number, err := readUse(code, number)
	if err != nil {
		return voucher.RedemptionRecord{}, err
	}
	kept, err := f.app.redemption(ctx, f.shop.ID, code, number)
	if err == nil && kept.Seq == 0 {
		err = notRedeemed()
	}
	return kept.Record(), err
}

func readUse(code, number string) (string, string, error) {
	v := &validate.Validator{}
	code, number = readCode(v, code), voucher.ReadOrder(v, "/order", number)
	return code, number, validate.InvalidFields(v.Rejected)
}

func notRedeemed() error { return validate.NewError(validate.NotFound, "voucher.not_redeemed") }

// redemption returns the use of a voucher by an order, the zero one if there is none. A step in progress
// counts: if its process died, nothing else would tell of it.
func (a *App) redemption(ctx context.Context, shop, code, number string) (voucher.Redemption, error) {
	v, err := a.voucherDocs(shop).Read(ctx, code)
	if err != nil {
		return voucher.Redemption{}, err
	}
	kept, err := a.redemptionDocs(shop).Read(ctx, voucher.RedemptionKey(code, number))
	for _, step := range v.Doc.Open {
		if step.Order == number {
			kept.Doc.Take(code, step)
		}
	}
	return kept.Doc, err
}

// useVoucher has a use decided, together with others of the same voucher.
func (a *App) useVoucher(ctx context.Context, shop, code string, u *voucherUse) error {
	u.decided = make(chan struct{})
	key := shop + "/" + code
	a.uses.mu.Lock()
	if a.uses.waiting == nil {
		a.uses.waiting = map[string][]*voucherUse{}
	}
	waiting, writing := a.uses.waiting[key]
	a.uses.waiting[key] = append(waiting, u)
	a.uses.mu.Unlock()
	if !writing {
		go a.writeUses(context.WithoutCancel(ctx), shop, code, key)
	}
	select {
	case <-u.decided:
		return u.err
	case <-ctx.Done(): // it may be decided all the same; the same order then gets that answer
		return ctx.Err()
	}
}

// writeUses decides the uses that wait for a voucher, batch after batch, until there are none.
func (a *App) writeUses(ctx context.Context, shop, code, key string) {
	for batch := a.uses.next(key); len(batch) > 0; batch = a.uses.next(key) {
		limited, cancel := context.WithTimeout(ctx, useWriteTime)
		err := a.decideUses(limited, shop, code, batch)
		cancel()
		for _, u := range batch {
			if err != nil {
				u.err = err
			}
			close(u.decided)
		}
	}
}

// next takes a batch of the uses that wait, at most one of each order. Without any, the writing ends.
func (w *voucherUses) next(key string) (batch []*voucherUse) {
	w.mu.Lock()
	defer w.mu.Unlock()
	orders, rest := map[string]bool{}, []*voucherUse(nil)
	for _, u := range w.waiting[key] {
		if orders[u.order] || len(batch) == maxUsesAtOnce {
			rest = append(rest, u)
			continue
		}
		orders[u.order], batch = true, append(batch, u)
	}
	if w.waiting[key] = rest; len(batch) == 0 {
		delete(w.waiting, key)
	}
	return batch
}

// decideUses decides the uses of a batch, each by itself, and stores those that it allows. The voucher is
// written first: it counts them, and from then on they are done, also if the process dies.
func (a *App) decideUses(ctx context.Context, shop, code string, batch []*voucherUse) error {
	docs := a.voucherDocs(shop)
	for range useTries {
		v, read, err := docs.Get(ctx, code)
		if errors.Is(err, storage.ErrNotFound) {
			err = voucherNotFound()
		}
		if err != nil {
			return err
		}
		if err := a.settleSteps(ctx, shop, v); err != nil {
			return err
		}
		v.Open = nil
		before := v.Seq
		for _, u := range batch {
			u.result, u.err = a.decideUse(ctx, shop, &v, u)
			if u.err != nil && validate.KindOf(u.err) == validate.Internal {
				return u.err
			}
		}
		if v.Seq == before {
			return nil
		}
		err = docs.Replace(ctx, code, read, v)
		if errors.Is(err, storage.ErrConflict) {
			continue
		}
		if err == nil {
			err = a.settleSteps(ctx, shop, v)
		}
		if err != nil {
			return err
		}
		return a.endSteps(ctx, shop, code, v.Seq)
	}
	return validate.NewError(validate.Conflict, "error.conflict")
}

// decideUse begins a step of the voucher, whose earlier ones are all in the redemptions, or says why not. An
// order that has what it asks for gets it again.
func (a *App) decideUse(ctx context.Context, shop string, v *voucher.Voucher, u *voucherUse) (
	voucher.Redemption, error) {
	kept, err := a.redemptionDocs(shop).Read(ctx, voucher.RedemptionKey(v.Code, u.order))
	if err != nil {
		return kept.Doc, err
	}
	step := voucher.Step{Order: u.order, Back: u.back, Holders: u.holders,
		At: a.now().UTC().Truncate(time.Millisecond)}
	switch {
	case u.back && kept.Doc.Seq == 0:
		return kept.Doc, notRedeemed()
	case kept.Doc.IsLive() != u.back:
		return kept.Doc, nil
	case !u.back:
		if err := a.mayUse(ctx, shop, *v, step); err != nil {
			return kept.Doc, err
		}
	}
	v.Begin(step)
	kept.Doc.Take(v.Code, v.Open[len(v.Open)-1])
	return kept.Doc, nil
}

// mayUse returns nil if a use may be taken, and otherwise why not.
func (a *App) mayUse(ctx context.Context, shop string, v voucher.Voucher, s voucher.Step) error {
	if err := v.Refusal(s); err != nil || v.PerCustomer == 0 {
		return err
	}
	orders := map[string]bool{} // that have a use of the customer
	for _, key := range s.Holders {
		page, err := storage.Find[struct {
			Order string `bson:"order"`
		}](ctx, a.redemptionDocs(shop), storage.Query{
			Index: voucher.ByUse, Equal: []any{v.Code, key}, Limit: voucher.MaxPerCustomer + maxUsesAtOnce,
		})
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			orders[hit.Head.Order] = true
		}
	}
	for _, begun := range v.Open {
		switch {
		case begun.Back:
			delete(orders, begun.Order)
		case slices.ContainsFunc(begun.Holders, func(key string) bool { return slices.Contains(s.Holders, key) }):
			orders[begun.Order] = true
		}
	}
	if int64(len(orders)) >= v.PerCustomer {
		return validate.NewError(validate.Conflict, "voucher.used_by_customer")
	}
	return nil
}

// settleSteps applies the steps in progress to their redemptions.
func (a *App) settleSteps(ctx context.Context, shop string, v voucher.Voucher) error {
	docs := a.redemptionDocs(shop)
	return eachAtOnce(ctx, v.Open, func(ctx context.Context, s voucher.Step) error {
		key := voucher.RedemptionKey(v.Code, s.Order)
		kept, err := docs.Put(ctx, key, func(r *voucher.Redemption, _ bool) error {
			if !r.Take(v.Code, s) {
				return storage.ErrUnchanged
			}
			return nil
		})
		if err != nil {
			return err
		}
		return a.forgetUseOfErased(ctx, shop, key, kept.Holders)
	})
}

// forgetUseOfErased removes customers from a redemption who were deleted while it was being stored.
func (a *App) forgetUseOfErased(ctx context.Context, shop, key string, holders []string) error {
	gone, err := a.anyErased(ctx, shop, voucher.CustomersOf(holders))
	if err != nil || !gone {
		return err
	}
	_, err = a.redemptionDocs(shop).Change(ctx, key, func(r *voucher.Redemption) error {
		r.Forget()
		return nil
	})
	return ifFound(err)
}

// endSteps takes the steps up to a number out of the voucher.
func (a *App) endSteps(ctx context.Context, shop, code string, seq int64) error {
	_, err := a.voucherDocs(shop).Change(ctx, code, func(v *voucher.Voucher) error {
		if !v.End(seq) {
			return storage.ErrUnchanged
		}
		return nil
	})
	return ifFound(err)
}

// settleVoucher finishes the steps that a crash left.
func (w Worker) settleVoucher(ctx context.Context,
	t job.Task[voucher.Voucher]) (job.Finish[voucher.Voucher], error) {
	if err := w.app.settleSteps(ctx, t.Shop, t.Doc); err != nil {
		return nil, err
	}
	seq := t.Doc.Seq
	return func(v *voucher.Voucher) { v.End(seq) }, nil
}
