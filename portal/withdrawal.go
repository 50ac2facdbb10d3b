package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Statement is a consumer's declaration to withdraw from a contract (Art. 11a(2) of Directive 2011/83/EU):
// the name, the contract, and the address for the receipt. Without Goods and Lines it covers the whole
// contract.
type Statement struct {
	Name   string          `bson:"name"`
	Email  string          `bson:"email"`           // canonical
	Number string          `bson:"number"`          // order number, as typed
	Goods  string          `bson:"goods,omitempty"` // only these, in the consumer's words
	Lines  []StatementLine `bson:"lines,omitempty"` // only these, chosen from the order
	Lang   string          `bson:"lang,omitempty"`  // of the page
}

// StatementLine is one line of an order, or part of it.
type StatementLine struct {
	ID       string `bson:"id,omitempty" json:"id,omitzero"` // from the feed
	SKU      string `bson:"sku,omitempty" json:"sku,omitzero"`
	Name     string `bson:"name" json:"name"`
	Quantity string `bson:"quantity" json:"quantity"` // a decimal
}

// Whole reports whether the statement covers the whole contract.
func (s Statement) Whole() bool { return s.Goods == "" && len(s.Lines) == 0 }

// same reports whether the two statements are equal, apart from the language of their pages.
func (s Statement) same(other Statement) bool {
	other.Lang = s.Lang
	return fmt.Sprintf("%q", s) == fmt.Sprintf("%q", other)
}

// withdrawal is a received statement. Statement, At and Customer never change: they prove what the consumer
// declared and when, and that the shop acknowledged it (Art. 11a(4); burden of proof in Art. 11(4)). Name
// and address are therefore kept for legal claims even if the account is erased (Art. 17(3)(e) GDPR), until
// claims from the contract are time-barred: three years, the longest of the usual limitation periods where
// the portal is used. Then the worker deletes the record.
type withdrawal struct {
	Statement Statement `bson:"statement"`
	At        time.Time `bson:"at"`
	Place     string    `bson:"place"`              // in the list of all; sorts by At
	Customer  string    `bson:"customer,omitempty"` // the signed-in customer
	Order     string    `bson:"order,omitempty"`    // number of the matched order
	InTime    *bool     `bson:"in_time,omitempty"`
	Network   string    `bson:"network,omitempty"` // of the client, until the emails are counted
	Receipt   string    `bson:"receipt,omitempty"` // receiptMailed or receiptHeld, "" until decided
	Tell      bool      `bson:"tell,omitempty"`    // the email to the shop is still to be sent
	Held      bool      `bson:"held,omitempty"`    // the email to the shop waits, or needs a matching order
	Told      bool      `bson:"told,omitempty"`    // the receipt is in the outbox, if it is emailed at all
	Work      job.List  `bson:"work,omitempty"`
}

// The values of withdrawal.Receipt.
const (
	receiptMailed = "mailed"
	receiptHeld   = "held"
)

const (
	withdrawalKeep = 3           // years
	settleTime     = time.Minute // time for the request itself to count the emails; after that the worker does
)

// The indexes of withdrawals.
const (
	withdrawalsByPlace = "place"
	withdrawalsByEmail = "email"
)

func withdrawalCollection() storage.Collection {
	return storage.Collection{Name: "withdrawals", Indexes: append(job.Indexes(), []storage.Index{
		{
			Name: withdrawalsByPlace, Fields: []storage.Field{{Path: "place", Kind: storage.String}},
			Head: []string{"statement", "at", "place", "order", "in_time"},
		},
		{Name: withdrawalsByEmail, Fields: []storage.Field{{Path: "statement.email", Kind: storage.String}, {Path: "at", Kind: storage.Time}}},
	}...)}
}

func (a *App) withdrawalDocs(shop string) storage.Docs[withdrawal] {
	return storage.Open[withdrawal](a.engine, shop, withdrawalCollection())
}

// maxGoods is the maximum length of Statement.Goods in characters.
const maxGoods = 1000

// check validates a statement as typed.
func (s Statement) check(f *form) Statement {
	s.Name = f.required("name", f.withoutPaths("name", f.text("name", s.Name, maxWord)))
	s.Number = f.required("number", f.withoutPaths("number", f.text("number", s.Number, maxNumber)))
	s.Goods = f.withoutLinks("goods", f.text("goods", s.Goods, maxGoods))
	s.Email = f.email("email", s.Email)
	return s
}

// WithdrawalReceipt is shown to the sender: the statement as received, and the time.
type WithdrawalReceipt struct {
	Statement Statement
	At        time.Time
	Mailed    bool // the receipt is emailed; false if the address has had too many recently
}

// PrepareWithdrawal checks a statement before its sender confirms it, and returns an id for the
// confirmation form. It writes nothing. Faults are at "name", "number", "goods" and "email".
func (v Visitor) PrepareWithdrawal(typed Statement) (s Statement, id string, err error) {
	if v.shop.NoWithdrawal {
		return s, "", failure(NotFound, "withdrawal.off")
	}
	f := &form{}
	s = typed.check(f)
	return s, storage.NewID(), invalid(f.faults)
}

// Withdraw records a confirmed statement under the id of its form; repeating it returns the same receipt.
// It does not look up the order: no response reveals whether name, number and address belong together. An
// id that cannot come from PrepareWithdrawal is Invalid. A client that has sent hundreds recently gets
// TooMany.
func (v Visitor) Withdraw(ctx context.Context, id string, typed Statement) (WithdrawalReceipt, error) {
	s, _, err := v.PrepareWithdrawal(typed)
	if err != nil {
		return WithdrawalReceipt{}, err
	}
	return v.app.receive(ctx, v.shop, id, withdrawal{Statement: s, Network: clientNetwork(v.browser.IP)})
}

// receive records a statement. The request that inserts it also counts its emails; after a crash in
// between, the worker does so. Over the client's limit of statements it is TooMany.
func (a *App) receive(ctx context.Context, shop Shop, id string, w withdrawal) (WithdrawalReceipt, error) {
	if !storage.IsID(id) {
		return WithdrawalReceipt{}, failure(Invalid, "withdrawal.expired")
	}
	over, err := a.over(ctx, []bound{a.statementBound(shop, w)})
	if err != nil {
		return WithdrawalReceipt{}, err
	}
	if over[0] {
		return a.received(ctx, shop, id, w)
	}
	w.At = a.now().UTC().Truncate(time.Millisecond)
	w.Place = placeOf(w.At, id)
	w.schedule(w.At.Add(settleTime))
	err = a.withdrawalDocs(shop.ID).Insert(ctx, id, w)
	if errors.Is(err, storage.ErrExists) {
		return a.received(ctx, shop, id, w)
	}
	if err == nil {
		w, err = a.settleReceipt(ctx, shop, id, w)
	}
	return w.receipt(), err
}

// received answers a form that may have been sent before. Nobody else can know the id; even so, the
// statement must be the same. A new form is refused as one too many.
func (a *App) received(ctx context.Context, shop Shop, id string, again withdrawal) (WithdrawalReceipt, error) {
	w, _, err := a.withdrawalDocs(shop.ID).Get(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = failure(TooMany, "withdrawal.too_many")
	}
	if err == nil && (w.Customer != again.Customer || !w.Statement.same(again.Statement)) {
		err = failure(Conflict, "withdrawal.different")
	}
	if err != nil {
		return WithdrawalReceipt{}, err
	}
	return w.receipt(), nil
}

func (w withdrawal) receipt() WithdrawalReceipt {
	return WithdrawalReceipt{Statement: w.Statement, At: w.At, Mailed: w.Receipt != receiptHeld}
}

const placeForm = "20060102T150405.000Z"

// placeOf returns the position of a document in its list: by time, then by id.
func placeOf(at time.Time, id string) string { return at.UTC().Format(placeForm) + "-" + id }
