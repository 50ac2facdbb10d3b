package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Statement is what a consumer says who withdraws from a contract (Art. 11a(2) of Directive 2011/83/EU):
// who, from which contract, and where the receipt goes. Without Goods and Lines it is the whole contract.
type Statement struct {
	Name   string          `bson:"name"`
	Email  string          `bson:"email"`           // canonical
	Number string          `bson:"number"`          // of the order, as typed
	Goods  string          `bson:"goods,omitempty"` // only these, in the consumer's words
	Lines  []StatementLine `bson:"lines,omitempty"` // only these, chosen from the order
	Lang   string          `bson:"lang,omitempty"`  // of the page
}

// StatementLine is one line of an order, or a part of it.
type StatementLine struct {
	ID       string `bson:"id,omitempty" json:"id,omitzero"` // the feed's
	SKU      string `bson:"sku,omitempty" json:"sku,omitzero"`
	Name     string `bson:"name" json:"name"`
	Quantity string `bson:"quantity" json:"quantity"` // a decimal
}

// Whole reports whether the statement is about the whole contract.
func (s Statement) Whole() bool { return s.Goods == "" && len(s.Lines) == 0 }

// same reports whether two are the same statement, whatever the language of their pages.
func (s Statement) same(other Statement) bool {
	other.Lang = s.Lang
	return fmt.Sprintf("%q", s) == fmt.Sprintf("%q", other)
}

// withdrawal is a statement that was received. Statement, At and Customer are never altered: they prove
// what the consumer declared and when, and that the shop acknowledged it (Art. 11a(4); the burden of proof
// of Art. 11(4)). So name and address stay in it, whatever becomes of the account, as legal claims need
// them (Art. 17(3)(e) GDPR), until claims from the contract are barred: three years, the longest of the
// common limitation periods where the portal is used. Then the worker deletes it.
type withdrawal struct {
	Statement Statement `bson:"statement"`
	At        time.Time `bson:"at"`
	Place     string    `bson:"place"`              // in the list of all; sorts by At
	Customer  string    `bson:"customer,omitempty"` // who was signed in
	Order     string    `bson:"order,omitempty"`    // the number of the order it was matched to
	InTime    *bool     `bson:"in_time,omitempty"`
	Network   string    `bson:"network,omitempty"` // of the client, until its mails are counted
	Receipt   string    `bson:"receipt,omitempty"` // whether mails may be sent, "" while that is not decided
	Tell      bool      `bson:"tell,omitempty"`    // the shop is still to be told
	Held      bool      `bson:"held,omitempty"`    // the shop is told later, or once an order is found
	Told      bool      `bson:"told,omitempty"`    // the receipt is in the outbox, if it is mailed at all
	Work      job.List  `bson:"work,omitempty"`
}

// What the limits say of the receipt's mail.
const (
	receiptMailed = "mailed"
	receiptHeld   = "held"
)

const (
	withdrawalKeep = 3           // years
	settleTime     = time.Minute // in which the request that brought a statement counts its mails; then the worker does
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

// The bounds of a statement.
const maxGoods = 1000

// check reads a statement as it was typed.
func (s Statement) check(f *form) Statement {
	s.Name = f.required("name", f.withoutPaths("name", f.text("name", s.Name, maxWord)))
	s.Number = f.required("number", f.withoutPaths("number", f.text("number", s.Number, maxNumber)))
	s.Goods = f.withoutLinks("goods", f.text("goods", s.Goods, maxGoods))
	s.Email = f.email("email", s.Email)
	return s
}

// WithdrawalReceipt is what a sender is shown: the statement as it was received, and when.
type WithdrawalReceipt struct {
	Statement Statement
	At        time.Time
	Mailed    bool // a mail with the receipt goes out; else too many went to the address lately
}

// PrepareWithdrawal checks a statement before its sender confirms it, and gives the form that confirms it
// an id. It writes nothing. Faults stand at "name", "number", "goods" and "email".
func (v Visitor) PrepareWithdrawal(typed Statement) (s Statement, id string, err error) {
	if v.shop.NoWithdrawal {
		return s, "", failure(NotFound, "withdrawal.off")
	}
	f := &form{}
	s = typed.check(f)
	return s, storage.NewID(), invalid(f.faults)
}

// Withdraw records a confirmed statement under its form's id; twice is once, and gives the same receipt. It
// looks at no order: whether name, number and address belong together shows in no answer. An id that
// PrepareWithdrawal never gives is Invalid. From a client that sent hundreds lately it is TooMany.
func (v Visitor) Withdraw(ctx context.Context, id string, typed Statement) (WithdrawalReceipt, error) {
	s, _, err := v.PrepareWithdrawal(typed)
	if err != nil {
		return WithdrawalReceipt{}, err
	}
	return v.app.receive(ctx, v.shop, id, withdrawal{Statement: s, Network: clientNetwork(v.browser.IP)})
}

// receive records a statement: inserted first, and then the one who inserted it counts its mails. A crash
// in between leaves the counting to the worker. Past the client's bound of statements it is TooMany.
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

// received is the answer to a form that was sent before. Nobody else can have the id, but who has must also
// know the statement. A form that was not is one too many.
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

// placeOf is where a statement stands in the list of all: by time, then by id.
func placeOf(at time.Time, id string) string { return at.UTC().Format(placeForm) + "-" + id }
