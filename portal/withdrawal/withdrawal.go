// Package withdrawal is the statement with which a consumer withdraws from a contract (Directive 2011/83/EU,
// Article 11a), and its receipt.
//
// It must not decide whether a statement is in time: it keeps what was declared.
package withdrawal

import (
	"fmt"
	"time"

	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/storage"
)

// Statement is a consumer's declaration to withdraw from a contract (Art. 11a(2) of Directive 2011/83/EU):
// the name, the contract, and the address for the receipt. Without Goods and Lines it covers the whole
// contract.
type Statement struct {
	Name   string                `bson:"name"`
	Email  string                `bson:"email"`           // canonical
	Number string                `bson:"number"`          // order number, as typed
	Goods  string                `bson:"goods,omitempty"` // only these, in the consumer's words
	Lines  []order.StatementLine `bson:"lines,omitempty"` // only these, chosen from the order
	Lang   string                `bson:"lang,omitempty"`  // of the page
}

// Whole reports whether the statement covers the whole contract.
func (s Statement) Whole() bool { return s.Goods == "" && len(s.Lines) == 0 }

// Same reports whether the two statements are equal, apart from the language of their pages.
func (s Statement) Same(other Statement) bool {
	other.Lang = s.Lang
	return fmt.Sprintf("%q", s) == fmt.Sprintf("%q", other)
}

// Withdrawal is a received statement. Statement, At and Customer never change: they prove what the consumer
// declared and when, and that the shop acknowledged it (Art. 11a(4); burden of proof in Art. 11(4)). Name
// and address are therefore kept for legal claims even if the account is erased (Art. 17(3)(e) GDPR), until
// claims from the contract are time-barred: three years, the longest of the usual limitation periods where
// the portal is used. Then the worker deletes the record.
type Withdrawal struct {
	Statement Statement  `bson:"statement"`
	At        time.Time  `bson:"at"`
	Place     string     `bson:"place"`              // in the list of all; sorts by At
	Customer  string     `bson:"customer,omitempty"` // the signed-in customer
	Order     string     `bson:"order,omitempty"`    // number of the matched order
	InTime    *bool      `bson:"in_time,omitempty"`
	Network   string     `bson:"network,omitempty"` // of the client, until the emails are counted
	Receipt   string     `bson:"receipt,omitempty"` // ReceiptMailed or ReceiptHeld, "" until decided
	Tell      bool       `bson:"tell,omitempty"`    // the email to the shop is still to be sent
	Held      bool       `bson:"held,omitempty"`    // the email to the shop waits, or needs a matching order
	Told      bool       `bson:"told,omitempty"`    // the receipt is in the outbox, if it is emailed at all
	Decided   []Decision `bson:"decided,omitempty"` // by the shop, oldest first
	Ended     string     `bson:"ended,omitempty"`   // the state after which nothing is left to decide
	Work      job.List   `bson:"work,omitempty"`
}

// The values of Withdrawal.Receipt.
const (
	ReceiptMailed = "mailed"
	ReceiptHeld   = "held"
)

const (
	withdrawalKeep = 3           // years
	SettleTime     = time.Minute // time for the request itself to count the emails; after that the worker does
)

// The indexes of withdrawals.
const (
	ByPlace = "place"
	ByEmail = "email"
)

// Collection declares the collection of withdrawals and its indexes.
func Collection() storage.Collection {
	return storage.Collection{Name: "withdrawals", Indexes: append(job.Indexes(), []storage.Index{
		{
			Name: ByPlace, Fields: []storage.Field{{Path: "place", Kind: storage.String}},
			Head: []string{"statement", "at", "place", "order", "in_time", "customer", "decided", "ended"},
		},
		{Name: ByEmail, Fields: []storage.Field{{Path: "statement.email", Kind: storage.String},
			{Path: "at", Kind: storage.Time}}},
	}...)}
}

// Docs opens the withdrawals of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Withdrawal] {
	return storage.Open[Withdrawal](engine, shop, Collection())
}

// maxGoods is the maximum length of Statement.Goods in characters.
const maxGoods = 1000

// Check validates a statement as typed.
func (s Statement) Check(f *validate.Validator) Statement {
	s.Name = f.Required("name", f.WithoutPaths("name", f.Text("name", s.Name, validate.MaxWord)))
	s.Number = f.Required("number", f.WithoutPaths("number", f.Text("number", s.Number, validate.MaxNumber)))
	s.Goods = f.WithoutLinks("goods", f.Text("goods", s.Goods, maxGoods))
	s.Email = f.Email("email", s.Email)
	return s
}

// Receipt is shown to the sender: the statement as received, and the time.
type Receipt struct {
	Statement Statement
	At        time.Time
	Mailed    bool // the receipt is emailed; false if the address has had too many recently
}

func (w Withdrawal) ReceiptShown() Receipt {
	return Receipt{Statement: w.Statement, At: w.At, Mailed: w.Receipt != ReceiptHeld}
}

const PlaceForm = "20060102T150405.000Z"

// PlaceOf returns the position of a document in its list: by time, then by id.
func PlaceOf(at time.Time, id string) string { return at.UTC().Format(PlaceForm) + "-" + id }

// KindTend is the kind of the job that processes a withdrawal statement.
const KindTend = "withdrawal"

// Schedule sets when the worker next processes the statement.
func (w *Withdrawal) Schedule(at time.Time) {
	w.Work.Schedule(job.Request{Kind: KindTend, At: at})
}

func (w Withdrawal) KeptUntil() time.Time { return w.At.AddDate(withdrawalKeep, 0, 0) }

// NextLook returns when the worker next processes the statement: to look for its order, which a feed may
// send late, and later to delete it.
func (w Withdrawal) NextLook(now time.Time) time.Time {
	if w.Tell {
		return now
	}
	if w.Held || !w.Told {
		return now.Add(LateRetry)
	}
	if w.Order == "" {
		for _, gap := range []time.Duration{time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
			30 * 24 * time.Hour} {
			if at := w.At.Add(gap); at.After(now) {
				return at
			}
		}
	}
	return w.KeptUntil()
}

// LateRetry is the delay before an email that was held back by a limit of the shop is tried again. By then
// the limit's window has ended.
const LateRetry = time.Hour

// Unlinked returns the statement as emails show it, with a space after each dot that could create a link.
// "Dr. Novák", "3.5 kg" and "vol.2" stay unchanged.
func (s Statement) Unlinked() Statement {
	for _, text := range []*string{&s.Name, &s.Number, &s.Goods} {
		*text = validate.HostIP.ReplaceAllString(validate.HostDot.ReplaceAllString(*text, "$1 $2"), "$1 $2")
	}
	return s
}
