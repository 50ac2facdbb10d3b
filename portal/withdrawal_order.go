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

// LinesMark returns a hash of the order's lines, which changes when they do.
const linesMarkLength = 12

// LinesMark changes when the order's lines do.
func (o Order) LinesMark() string {
	text, err := json.Marshal(o.Lines)
	if err != nil {
		return ""
	}
	return hashOf(string(text))[:linesMarkLength]
}

// withdrawalOf is how a stored order stands to the right of withdrawal; nil in a shop that does without.
func (s Shopper) withdrawalOf(doc storedOrder) *WithdrawalRight {
	if s.shop.NoWithdrawal {
		return nil
	}
	right := doc.withdrawalRight(s.app.now(), s.shop.Location(), doc.Received)
	return &right
}

// PrepareWithdrawal makes a statement from a choice, for its sender to confirm, and returns an id for the
// confirmation form. It writes nothing. Faults are at "name", at "line/" plus a line's index, and at "" if
// nothing is chosen. It is a Conflict if the lines have changed since they were shown.
func (r WithdrawalRight) Takes() bool { return r.Closed == "" || r.Closed == WithdrawalOver }

// PrepareWithdrawal makes a statement of a choice, for its sender to confirm, and gives the form that
// confirms it an id. It writes nothing. Faults stand at "name", at "line/" and a line's place, and at ""
// when nothing is chosen. Lines that changed since are a Conflict.
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

// lines are the chosen lines; none for the whole order.
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

// quantity is how much is chosen of a line, "" for none.
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

// isPart reports whether a quantity is all there is, or a whole number of pieces of it.
func isPart(given, all string) bool {
	pieces, err := strconv.Atoi(given)
	of, fault := strconv.Atoi(all)
	return given == all || err == nil && fault == nil && strconv.Itoa(pieces) == given && 1 <= pieces && pieces <= of
}

// Withdraw records a confirmed statement under its form's id; twice is once, and gives the same receipt,
// whatever became of the order in between. From a customer who sent hundreds lately it is TooMany.
func (s Shopper) Withdraw(ctx context.Context, id string, choice WithdrawalChoice) (WithdrawalReceipt, error) {
	if receipt, err := s.withdrawn(ctx, id, choice); !errors.Is(err, storage.ErrNotFound) {
		return receipt, err
	}
	st, _, err := s.PrepareWithdrawal(ctx, choice)
	if KindOf(err) == Conflict { // maybe by a twin of this request
		if receipt, again := s.withdrawn(ctx, id, choice); !errors.Is(again, storage.ErrNotFound) {
			return receipt, again
		}
	}
	if err != nil {
		return WithdrawalReceipt{}, err
	}
	return s.app.receive(ctx, s.shop, id, withdrawal{Statement: st, Customer: s.customer.ID})
}

// withdrawn is the receipt of a form that was sent before, or storage.ErrNotFound.
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

// withdrawalException reads why a line cannot be withdrawn from, in any spelling of our words. Another word
// is refused, not dropped as others are: it would take a right away, or grant one, by a misunderstanding.
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
