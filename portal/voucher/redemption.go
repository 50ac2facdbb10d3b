package voucher

import (
	"time"

	"postern/portal/money"
	"postern/storage"
)

// Redemption is the use of a voucher by an order. Its key is of RedemptionKey. It stays when the use was
// given back, so that a late repeat of an earlier step changes nothing.
type Redemption struct {
	Code        string        `bson:"code"`
	Order       string        `bson:"order"`
	RedeemedAt  time.Time     `bson:"redeemed_at"`
	GivenBackAt time.Time     `bson:"given_back_at,omitempty"`
	Amount      int64         `bson:"amount,omitempty"` // what the voucher took off when it was redeemed
	Currency    string        `bson:"currency,omitempty"`
	Percent     money.Decimal `bson:"percent,omitempty"`
	Holders     []string      `bson:"holders,omitempty"` // who used it; none once they were deleted
	Counts      []string      `bson:"counts,omitempty"`  // Holders, unless the use was given back
	Seq         int64         `bson:"seq"`               // of the last step
}

// The indexes of redemptions.
const (
	// ByUse lists the uses of a voucher by a holder that count.
	ByUse = "use"
	// OfHolder lists the redemptions of a holder by time.
	OfHolder = "of_holder"
)

// RedemptionCollection declares the collection of redemptions and its indexes.
func RedemptionCollection() storage.Collection {
	list := func(path string) storage.Field {
		return storage.Field{Path: path, Kind: storage.String, Multi: true}
	}
	return storage.Collection{Name: "redemptions", Indexes: []storage.Index{
		{Name: ByUse, Fields: []storage.Field{{Path: "code", Kind: storage.String}, list("counts")},
			Head: []string{"order"}},
		{Name: OfHolder, Fields: []storage.Field{list("holders"), {Path: "redeemed_at", Kind: storage.Time}},
			Head: []string{"code", "order", "given_back_at"}},
	}}
}

// RedemptionDocs opens the redemptions of a shop.
func RedemptionDocs(engine storage.Engine, shop string) storage.Docs[Redemption] {
	return storage.Open[Redemption](engine, shop, RedemptionCollection())
}

// RedemptionKey is the key of the redemption of an order. A code has no slash.
func RedemptionKey(code, order string) string { return code + "/" + order }

// IsLive reports whether the order has the use.
func (r Redemption) IsLive() bool { return r.Seq > 0 && r.GivenBackAt.IsZero() }

// Take applies a step of the voucher with the code, and reports whether that changed anything: a step that is
// not newer than the last one was applied before.
func (r *Redemption) Take(code string, s Step) (changed bool) {
	if s.Seq <= r.Seq {
		return false
	}
	if s.Back {
		r.GivenBackAt, r.Counts, r.Seq = s.At, nil, s.Seq
		return true
	}
	*r = Redemption{Code: code, Order: s.Order, RedeemedAt: s.At, Amount: s.Amount, Currency: s.Curr,
		Percent: s.Percent, Holders: s.Holders, Counts: s.Holders, Seq: s.Seq}
	return true
}

// Forget removes who used the voucher.
func (r *Redemption) Forget() { r.Holders, r.Counts = nil, nil }
