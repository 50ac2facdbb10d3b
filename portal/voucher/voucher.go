// Package voucher is the voucher: what it takes off, for whom, when and how often, and the redemptions that
// count its uses.
//
// A use is two documents: the voucher counts it and remembers it as a step in progress, in one write, and the
// redemption of the order then holds the answer. A step that a crash left is finished by the next use or by a
// job, so that no use is lost, and none counts twice.
//
// It must not know customers' documents or orders.
package voucher

import (
	"slices"
	"strings"
	"time"

	"postern/portal/job"
	"postern/portal/money"
	"postern/storage"
)

// Terms are what the shop's system says about a voucher. It has either an Amount with its Currency, or a
// Percent.
type Terms struct {
	Title       string        `bson:"title,omitempty"`
	Description string        `bson:"description,omitempty"`
	Amount      int64         `bson:"amount,omitempty"` // in minor units
	Currency    string        `bson:"currency,omitempty"`
	Percent     money.Decimal `bson:"percent,omitempty"`
	For         Audience      `bson:"for,omitempty"`
	From        time.Time     `bson:"from,omitempty"`         // zero for at once
	Until       time.Time     `bson:"until,omitempty"`        // the first moment when it no longer works; zero for never
	Uses        int64         `bson:"uses,omitempty"`         // in total; 0 for any number
	PerCustomer int64         `bson:"per_customer,omitempty"` // uses of one customer; 0 for any number
}

// Audience says for whom a voucher is: a customer, by the shop system's id or by email, or everyone.
type Audience struct {
	FeedCustomer string `bson:"feed_customer,omitempty"`
	Email        string `bson:"email,omitempty"` // canonical
}

// IsZero reports whether the audience is everyone; it is then not stored.
func (a Audience) IsZero() bool { return a == Audience{} }

// Voucher is a stored voucher. Its key is the Code.
type Voucher struct {
	Terms     `bson:",inline"`
	Code      string    `bson:"code"`
	Holders   []string  `bson:"holders,omitempty"` // whom it is for: keys as of CustomerKey, or Everyone
	Used      int64     `bson:"used,omitempty"`
	Seq       int64     `bson:"seq,omitempty"`  // of the last step
	Open      []Step    `bson:"open,omitempty"` // counted, but perhaps not in the redemptions yet
	CreatedAt time.Time `bson:"created_at"`
	UpdatedAt time.Time `bson:"updated_at"`           // as the feed dates it
	DeletedAt time.Time `bson:"deleted_at,omitempty"` // it stays, so that its uses stay counted
	Erased    bool      `bson:"erased,omitempty"`     // deleted together with its customer
	Work      job.List  `bson:"work,omitempty"`
}

// Step is a use that was counted: one that was taken or, with Back, given back.
type Step struct {
	Seq     int64         `bson:"seq"`
	Order   string        `bson:"order"`
	Back    bool          `bson:"back,omitempty"`
	At      time.Time     `bson:"at"`
	Holders []string      `bson:"holders,omitempty"` // who used it
	Amount  int64         `bson:"amount,omitempty"`
	Curr    string        `bson:"currency,omitempty"`
	Percent money.Decimal `bson:"percent,omitempty"`
}

// KindSettle is the job that finishes steps that a crash left.
const KindSettle = "voucher_settle"

// SettleAfter is how long a step may be in progress before the job finishes it.
const SettleAfter = time.Minute

// Everyone is the holder of vouchers that anyone may use.
const Everyone = "*"

// CustomerKey is the holder key of a customer by Postern's id.
func CustomerKey(id string) string { return customerKey + id }

// EmailKey is the holder key of a canonical email.
func EmailKey(email string) string { return "email:" + email }

// FeedKey is the holder key of a customer by the shop system's id.
func FeedKey(id string) string { return "feed:" + id }

// KeysOf returns the holder keys of a customer with Postern's id, the shop system's id or "", and emails.
func KeysOf(id, feedID string, emails []string) []string {
	keys := []string{CustomerKey(id)}
	if feedID != "" {
		keys = append(keys, FeedKey(feedID))
	}
	for _, email := range emails {
		keys = append(keys, EmailKey(email))
	}
	return keys
}

const customerKey = "customer:"

// CustomersOf returns Postern's ids of the customers among holder keys.
func CustomersOf(holders []string) (ids []string) {
	for _, key := range holders {
		if id, is := strings.CutPrefix(key, customerKey); is {
			ids = append(ids, id)
		}
	}
	return ids
}

// ByHolder lists the vouchers for a holder that are not deleted.
const ByHolder = "holder"

// Collection declares the collection of vouchers and its indexes.
func Collection() storage.Collection {
	return storage.Collection{Name: "vouchers", Indexes: append(job.Indexes(), storage.Index{
		Name: ByHolder,
		Fields: []storage.Field{{Path: "holders", Kind: storage.String, Multi: true},
			{Path: "updated_at", Kind: storage.Time}},
		Head: []string{"code", "title", "description", "amount", "currency", "percent", "from", "until", "uses",
			"per_customer", "used"},
	})}
}

// Docs opens the vouchers of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Voucher] {
	return storage.Open[Voucher](engine, shop, Collection())
}

// IsDeleted reports whether the voucher was deleted. Its redemptions keep their answers.
func (v Voucher) IsDeleted() bool { return !v.DeletedAt.IsZero() }

// Left returns the number of uses that are left, or false if any number is.
func (v Voucher) Left() (left int64, limited bool) { return max(0, v.Uses-v.Used), v.Uses > 0 }

// IsFor reports whether one of the holder keys may use the voucher.
func (v Voucher) IsFor(holders []string) bool {
	return slices.ContainsFunc(v.Holders, func(key string) bool {
		return key == Everyone || slices.Contains(holders, key)
	})
}

// Begin counts a step and puts it in progress.
func (v *Voucher) Begin(s Step) {
	v.Seq++
	s.Seq = v.Seq
	if s.Back {
		v.Used--
	} else {
		v.Used++
		s.Amount, s.Curr, s.Percent = v.Amount, v.Currency, v.Percent
	}
	v.Open = append(v.Open, s)
	v.settle(s.At)
}

// End removes the steps up to a number, which are in their redemptions.
func (v *Voucher) End(seq int64) (changed bool) {
	before := len(v.Open)
	v.Open = slices.DeleteFunc(v.Open, func(s Step) bool { return s.Seq <= seq })
	v.settle(time.Time{})
	return len(v.Open) < before
}

// settle schedules the job while steps are in progress.
func (v *Voucher) settle(now time.Time) {
	r := job.Request{Kind: KindSettle}
	if len(v.Open) > 0 {
		if now.IsZero() {
			return
		}
		r.At = now.Add(SettleAfter)
	}
	v.Work.Schedule(r)
}

// Delete deletes the voucher, and what it says about a person.
func (v *Voucher) Delete(now time.Time) {
	v.DeletedAt, v.Holders = now, nil
	v.For, v.Title, v.Description = Audience{}, "", ""
}

// Erase deletes a voucher that was for a customer who is deleted, and what it said.
func (v *Voucher) Erase(now time.Time) {
	v.Delete(now)
	v.Erased = true
}
