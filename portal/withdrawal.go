package portal

import (
	"context"
	"errors"
	"strconv"
	"time"

	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

func (a *App) withdrawalDocs(shop string) storage.Docs[withdrawal.Withdrawal] {
	return withdrawal.Docs(a.engine, shop)
}

// PrepareWithdrawal checks a statement before its sender confirms it, and returns an id for the
// confirmation form. It writes nothing. Field errors are at "name", "number", "goods" and "email".
func (v Visitor) PrepareWithdrawal(typed withdrawal.Statement) (s withdrawal.Statement,
	id string, err error) {
	if v.shop.NoWithdrawal {
		return s, "", validate.NewError(validate.NotFound, "withdrawal.off")
	}
	f := &validate.Validator{}
	s = typed.Check(f)
	return s, storage.NewID(), validate.InvalidFields(f.Rejected)
}

// Withdraw records a confirmed statement under the id of its form; repeating it returns the same receipt.
// It does not look up the order: no response reveals whether name, number and address belong together. An
// id that cannot come from PrepareWithdrawal is Invalid. A client that has sent hundreds recently gets
// validate.TooMany.
func (v Visitor) Withdraw(ctx context.Context, id string,
	typed withdrawal.Statement) (withdrawal.Receipt, error) {
	s, _, err := v.PrepareWithdrawal(typed)
	if err != nil {
		return withdrawal.Receipt{}, err
	}
	return v.app.receive(ctx, v.shop,
		id, withdrawal.Withdrawal{Statement: s, Network: clientNetwork(v.browser.IP)})
}

// receive records a statement. The request that inserts it also counts its emails; after a crash in
// between, the worker does so. Over the client's limit of statements it is validate.TooMany.
func (a *App) receive(ctx context.Context, shop shop.Shop, id string,
	w withdrawal.Withdrawal) (withdrawal.Receipt, error) {
	if !storage.IsID(id) {
		return withdrawal.Receipt{}, validate.NewError(validate.Invalid, "withdrawal.expired")
	}
	over, err := a.exceeded(ctx, []subjectLimit{a.statementBound(shop, w)})
	if err != nil {
		return withdrawal.Receipt{}, err
	}
	if over[0] {
		return a.received(ctx, shop, id, w)
	}
	w.At = a.now().UTC().Truncate(time.Millisecond)
	w.Place = withdrawal.PlaceOf(w.At, id)
	w.Schedule(w.At.Add(withdrawal.SettleTime))
	err = a.withdrawalDocs(shop.ID).Insert(ctx, id, w)
	if errors.Is(err, storage.ErrExists) {
		return a.received(ctx, shop, id, w)
	}
	if err == nil {
		w, err = a.settleReceipt(ctx, shop, id, w)
	}
	return w.ReceiptShown(), err
}

// received answers a form that may have been sent before. Nobody else can know the id; even so, the
// statement must be the same. A new form is refused as one too many.
func (a *App) received(ctx context.Context, shop shop.Shop, id string,
	again withdrawal.Withdrawal) (withdrawal.Receipt, error) {
	w, _, err := a.withdrawalDocs(shop.ID).Get(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = validate.NewError(validate.TooMany, "withdrawal.too_many")
	}
	if err == nil && (w.Customer != again.Customer || !w.Statement.Same(again.Statement)) {
		err = validate.NewError(validate.Conflict, "withdrawal.different")
	}
	if err != nil {
		return withdrawal.Receipt{}, err
	}
	return w.ReceiptShown(), nil
}

// Withdrawals lists the statements that follow after, or all of them for "". An after that did not come
// from Next is Invalid.
func (f Feed) Withdrawals(ctx context.Context, after string) (withdrawal.Page, error) {
	found, err := listed(ctx, f.app.withdrawalDocs(f.shop.ID),
		listing[withdrawal.Withdrawal, withdrawal.Record]{
			query: storage.Query{Index: withdrawal.ByPlace}, after: after, now: f.app.now(),
			record: func(id string, w withdrawal.Withdrawal) (withdrawal.Record,
				string) {
				return w.Record(id), w.Place
			},
		})
	return withdrawal.Page{Withdrawals: found.list, Next: found.next, More: found.more}, err
}

// WithdrawalChoice is what a signed-in customer withdraws from: an order, or some of its lines, by index
// and with a quantity each ("" and "0" for none). Mark is the LinesVersion of the lines that were shown.
type WithdrawalChoice struct {
	Number       string
	Name         string // only used if the account has no name
	Parts        bool   // use Quantities instead of the whole order
	Quantities   map[int]string
	LinesVersion string
	Lang         string
}

// withdrawalOf returns the withdrawal right of a stored order, or nil in a shop without online withdrawal.
func (s Shopper) withdrawalOf(doc order.Stored) *order.WithdrawalRight {
	if s.shop.NoWithdrawal {
		return nil
	}
	right := doc.WithdrawalRight(s.app.now(), placeOf(s.shop), doc.Received)
	return &right
}

// placeOf returns where a shop counts its periods.
func placeOf(shop shop.Shop) order.Place {
	return order.Place{Zone: shop.Location(), Country: shop.HomeCountry()}
}

// PrepareWithdrawal makes a statement from a choice, for its sender to confirm, and returns an id for the
// confirmation form. It writes nothing. Field errors are at "name", at "line/" plus a line's index, and at ""
// if nothing is chosen. It is a Conflict if the lines have changed since they were shown.
func (s Shopper) PrepareWithdrawal(ctx context.Context, choice WithdrawalChoice) (st withdrawal.Statement,
	id string, err error) {
	if err := s.requireOwn(); err != nil {
		return st, "", err
	}
	order, err := s.Order(ctx, choice.Number)
	if err != nil {
		return st, "", err
	}
	switch {
	case order.Withdrawal == nil:
		return st, "", validate.NewError(validate.NotFound, "withdrawal.off")
	case !order.Withdrawal.Accepts():
		return st, "", validate.NewError(validate.Conflict, "withdrawal.closed")
	case choice.LinesVersion != order.LinesVersion():
		return st, "", validate.NewError(validate.Conflict, "withdrawal.changed")
	}
	f := &validate.Validator{}
	st = withdrawal.Statement{
		Name: s.customer.Name(), Email: s.customer.Email, Number: order.Number,
		Lines: choice.lines(f, order.Order), Lang: choice.Lang,
	}
	if st.Name == "" {
		st.Name = f.Required("name", f.WithoutPaths("name", f.Text("name", choice.Name, validate.MaxWord)))
	}
	return st, storage.NewID(), validate.InvalidFields(f.Rejected)
}

// lines returns the chosen lines, or none for the whole order.
func (choice WithdrawalChoice) lines(f *validate.Validator, o order.Order) []order.StatementLine {
	var chosen []order.StatementLine
	whole, counted := true, o.Counted()
	for i, line := range o.Lines {
		quantity := choice.quantity(f, i, line, counted[i])
		if !counted[i] {
			continue
		}
		whole = whole && quantity == line.Quantity.String()
		if quantity != "" {
			chosen = append(chosen, order.StatementLine{ID: line.ID, SKU: line.SKU, Name: line.Name,
				Quantity: quantity})
		}
	}
	if whole {
		return nil
	}
	if len(chosen) == 0 && len(f.Rejected) == 0 {
		f.Reject("", "withdrawal.none")
	}
	return chosen
}

// quantity returns the chosen quantity of a line, or "". counted is whether it is one of the order's items.
func (choice WithdrawalChoice) quantity(f *validate.Validator, place int, line order.Line,
	counted bool) string {
	all := line.Quantity.String()
	given := choice.Quantities[place]
	switch {
	case !choice.Parts && line.Withdrawal == "" && counted:
		return all
	case !choice.Parts || given == "" || given == "0":
		return ""
	case line.Withdrawal != "" || !counted || !isPart(given, all):
		f.Reject("line/"+strconv.Itoa(place), "withdrawal.quantity")
		return ""
	}
	return given
}

// isPart reports whether given equals all or is a smaller whole number of pieces.
func isPart(given, all string) bool {
	pieces, err := strconv.Atoi(given)
	of, fault := strconv.Atoi(all)
	return given == all || err == nil && fault == nil && strconv.Itoa(pieces) == given &&
		1 <= pieces && pieces <= of
}

// Withdraw records a confirmed statement under the id of its form. Repeating it returns the same receipt,
// even if the order has changed in between. A customer who has sent hundreds recently gets validate.TooMany.
func (s Shopper) Withdraw(ctx context.Context, id string,
	choice WithdrawalChoice) (withdrawal.Receipt, error) {
	if err := s.requireOwn(); err != nil {
		return withdrawal.Receipt{}, err
	}
	if receipt, err := s.withdrawn(ctx, id, choice); !errors.Is(err, storage.ErrNotFound) {
		return receipt, err
	}
	st, _, err := s.PrepareWithdrawal(ctx, choice)
	if validate.KindOf(err) == validate.Conflict { // possibly caused by a duplicate of this request
		if receipt, again := s.withdrawn(ctx, id, choice); !errors.Is(again, storage.ErrNotFound) {
			return receipt, again
		}
	}
	if err != nil {
		return withdrawal.Receipt{}, err
	}
	return s.app.receive(ctx, s.shop, id, withdrawal.Withdrawal{Statement: st, Customer: s.customer.ID})
}

// withdrawn returns the receipt of a form that was sent before, or storage.ErrNotFound.
func (s Shopper) withdrawn(ctx context.Context, id string,
	choice WithdrawalChoice) (withdrawal.Receipt, error) {
	sent, _, err := s.app.withdrawalDocs(s.shop.ID).Get(ctx, id)
	switch {
	case err != nil:
		return withdrawal.Receipt{}, err
	case sent.Customer != s.customer.ID || sent.Statement.Number != choice.Number:
		return withdrawal.Receipt{}, validate.NewError(validate.Conflict, "withdrawal.different")
	}
	return sent.ReceiptShown(), nil
}
