package portal

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"postern/storage"
)

// WithdrawalChoice is what a signed-in customer withdraws from: an order, or some of its lines, by index
// and with a quantity each ("" and "0" for none). Mark is the LinesMark of the lines that were shown.
type WithdrawalChoice struct {
	Number     string
	Name       string // only used if the account has no name
	Parts      bool   // use Quantities instead of the whole order
	Quantities map[int]string
	Mark       string
	Lang       string
}

// linesMarkLength is the length of LinesMark in characters.
const linesMarkLength = 12

// LinesMark returns a short hash of the order's lines, which changes when they do.
func (o Order) LinesMark() string {
	text, err := json.Marshal(o.Lines)
	if err != nil {
		return ""
	}
	return hashOf(string(text))[:linesMarkLength]
}

// withdrawalOf returns the withdrawal right of a stored order, or nil in a shop without online withdrawal.
func (s Shopper) withdrawalOf(doc storedOrder) *WithdrawalRight {
	if s.shop.NoWithdrawal {
		return nil
	}
	right := doc.withdrawalRight(s.app.now(), s.shop.Location(), doc.Received)
	return &right
}

// Takes reports whether a signed-in customer may send a statement about the order, including a late one.
func (r WithdrawalRight) Takes() bool { return r.Closed == "" || r.Closed == WithdrawalOver }

// PrepareWithdrawal makes a statement from a choice, for its sender to confirm, and returns an id for the
// confirmation form. It writes nothing. Faults are at "name", at "line/" plus a line's index, and at "" if
// nothing is chosen. It is a Conflict if the lines have changed since they were shown.
func (s Shopper) PrepareWithdrawal(ctx context.Context, choice WithdrawalChoice) (st Statement, id string, err error) {
	order, err := s.Order(ctx, choice.Number)
	if err != nil {
		return st, "", err
	}
	switch {
	case order.Withdrawal == nil:
		return st, "", failure(NotFound, "withdrawal.off")
	case !order.Withdrawal.Takes():
		return st, "", failure(Conflict, "withdrawal.closed")
	case choice.Mark != order.LinesMark():
		return st, "", failure(Conflict, "withdrawal.changed")
	}
	f := &form{}
	st = Statement{
		Name: s.customer.Name(), Email: s.customer.Email, Number: order.Number, Lines: choice.lines(f, order.Order), Lang: choice.Lang,
	}
	if st.Name == "" {
		st.Name = f.required("name", f.withoutPaths("name", f.text("name", choice.Name, maxWord)))
	}
	return st, storage.NewID(), invalid(f.faults)
}

// lines returns the chosen lines, or none for the whole order.
func (choice WithdrawalChoice) lines(f *form, o Order) []StatementLine {
	var chosen []StatementLine
	whole := true
	for i, line := range o.Lines {
		quantity := choice.quantity(f, i, line)
		if !line.IsGoods() {
			continue
		}
		whole = whole && quantity == line.Quantity.String()
		if quantity != "" {
			chosen = append(chosen, StatementLine{ID: line.ID, SKU: line.SKU, Name: line.Name, Quantity: quantity})
		}
	}
	if whole {
		return nil
	}
	if len(chosen) == 0 && len(f.faults) == 0 {
		f.fault("", "withdrawal.none")
	}
	return chosen
}

// quantity returns the chosen quantity of a line, or "".
func (choice WithdrawalChoice) quantity(f *form, place int, line Line) string {
	all := line.Quantity.String()
	given := choice.Quantities[place]
	switch {
	case !choice.Parts && line.Withdrawal == "" && line.IsGoods():
		return all
	case !choice.Parts || given == "" || given == "0":
		return ""
	case line.Withdrawal != "" || !line.IsGoods() || !isPart(given, all):
		f.fault("line/"+strconv.Itoa(place), "withdrawal.quantity")
		return ""
	}
	return given
}

// isPart reports whether given equals all or is a smaller whole number of pieces.
func isPart(given, all string) bool {
	pieces, err := strconv.Atoi(given)
	of, fault := strconv.Atoi(all)
	return given == all || err == nil && fault == nil && strconv.Itoa(pieces) == given && 1 <= pieces && pieces <= of
}

// Withdraw records a confirmed statement under the id of its form. Repeating it returns the same receipt,
// even if the order has changed in between. A customer who has sent hundreds recently gets TooMany.
func (s Shopper) Withdraw(ctx context.Context, id string, choice WithdrawalChoice) (WithdrawalReceipt, error) {
	if receipt, err := s.withdrawn(ctx, id, choice); !errors.Is(err, storage.ErrNotFound) {
		return receipt, err
	}
	st, _, err := s.PrepareWithdrawal(ctx, choice)
	if KindOf(err) == Conflict { // possibly caused by a duplicate of this request
		if receipt, again := s.withdrawn(ctx, id, choice); !errors.Is(again, storage.ErrNotFound) {
			return receipt, again
		}
	}
	if err != nil {
		return WithdrawalReceipt{}, err
	}
	return s.app.receive(ctx, s.shop, id, withdrawal{Statement: st, Customer: s.customer.ID})
}

// withdrawn returns the receipt of a form that was sent before, or storage.ErrNotFound.
func (s Shopper) withdrawn(ctx context.Context, id string, choice WithdrawalChoice) (WithdrawalReceipt, error) {
	sent, _, err := s.app.withdrawalDocs(s.shop.ID).Get(ctx, id)
	switch {
	case err != nil:
		return WithdrawalReceipt{}, err
	case sent.Customer != s.customer.ID || sent.Statement.Number != choice.Number:
		return WithdrawalReceipt{}, failure(Conflict, "withdrawal.different")
	}
	return sent.receipt(), nil
}

// withdrawalException reads why a line is excluded from withdrawal, in any spelling of the known words.
// Unlike other unknown words, an unknown one is refused instead of dropped, because a misunderstanding
// could remove or grant a right.
func (f *form) withdrawalException(field, word string) string {
	key := statusKey(word)
	if saysNothing(key) {
		return ""
	}
	if !slices.Contains(WithdrawalExceptions(), key) {
		f.fault(field, "withdrawal.exception")
		return ""
	}
	return key
}
