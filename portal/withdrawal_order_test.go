package portal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

// threeLines returns an order with three lines, the last of which is custom-made.
func threeLines(number string) []byte {
	return orderJSON(number, jan, `"lines":[{"id":"1","name":"Book","quantity":"1","unit_price":"12.5","total":"12.50"}]`,
		`"lines":[{"id":"a","sku":"P","name":"Pen","quantity":"3","total":"6.00"},{"id":"b","name":"Cloth","quantity":"1.5","total":"6.00"},
		{"id":"c","name":"Ring","quantity":"1","total":"0.50","withdrawal":"custom_made"}]`)
}

// TestWithdrawalChoices checks which items a signed-in customer may choose.
func TestWithdrawalChoices(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(threeLines("3"))
	h.put(orderJSON("1", jan))
	h.put(orderJSON("business", jan, `"currency"`, `"vat_id":"SK2022273990","currency"`))
	h.put(orderJSON("other", eva))
	shopper := h.signIn(jan)
	pen, cloth := order.StatementLine{ID: "a", SKU: "P", Name: "Pen",
		Quantity: "3"}, order.StatementLine{ID: "b", Name: "Cloth", Quantity: "1.5"}
	pieces := pen
	pieces.Quantity = "2"
	tests := []struct {
		name   string
		number string
		parts  map[int]string // nil for the whole order
		want   []order.StatementLine
		kind   validate.Kind
		errors []string
	}{
		{name: "the whole order", number: "1"},
		{name: "the whole order but for what is excluded", number: "3",
			want: []order.StatementLine{pen, cloth}},
		{name: "all of it, line by line", number: "1", parts: map[int]string{0: "1"}},
		{name: "some pieces", number: "3", parts: map[int]string{0: "2", 1: "0"},
			want: []order.StatementLine{pieces}},
		{name: "a length", number: "3", parts: map[int]string{1: "1.5"}, want: []order.StatementLine{cloth}},
		{name: "nothing", number: "3", parts: map[int]string{}, kind: validate.Invalid,
			errors: []string{" withdrawal.none"}},
		{name: "zeros", number: "3", parts: map[int]string{0: "0", 1: ""}, kind: validate.Invalid,
			errors: []string{" withdrawal.none"}},
		{name: "more than there is", number: "3", parts: map[int]string{0: "4"}, kind: validate.Invalid,
			errors: []string{"line/0 withdrawal.quantity"}},
		{name: "less than nothing", number: "3", parts: map[int]string{0: "-1"}, kind: validate.Invalid,
			errors: []string{"line/0 withdrawal.quantity"}},
		{name: "a number written otherwise", number: "3", parts: map[int]string{0: "+2", 1: "1.50"},
			kind: validate.Invalid, errors: []string{"line/0 withdrawal.quantity",
				"line/1 withdrawal.quantity"}},
		{name: "a part of a length", number: "3", parts: map[int]string{1: "1"}, kind: validate.Invalid,
			errors: []string{"line/1 withdrawal.quantity"}},
		{name: "no number", number: "3", parts: map[int]string{0: "all"}, kind: validate.Invalid,
			errors: []string{"line/0 withdrawal.quantity"}},
		{name: "an excluded line", number: "3", parts: map[int]string{0: "1", 2: "1"}, kind: validate.Invalid,
			errors: []string{"line/2 withdrawal.quantity"}},
		{name: "a business", number: "business", kind: validate.Conflict},
		{name: "another's order", number: "other", kind: validate.NotFound},
		{name: "no such order", number: "404", kind: validate.NotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			order, _ := shopper.Order(t.Context(), test.number)
			s, id, err := shopper.PrepareWithdrawal(t.Context(), portal.WithdrawalChoice{
				Number: test.number, Name: "Jan Novák", Parts: test.parts != nil, Quantities: test.parts,
				LinesVersion: order.LinesVersion(),
			})
			if err != nil {
				if diff := cmp.Diff(test.errors,
					fieldErrorsOf(err)); validate.KindOf(err) != test.kind || diff != "" {
					t.Errorf("%v: %s", err, diff)
				}
				return
			}
			if test.kind != validate.Internal || !storage.IsID(id) {
				t.Errorf("accepted, with id %q", id)
			}
			want := withdrawal.Statement{Name: "Jan Novák", Email: jan, Number: test.number, Lines: test.want}
			if diff := cmp.Diff(want, s); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWithdrawalOfAnOrder withdraws from some items and then the rest, while a feed changes the lines in
// between.
func TestWithdrawalOfAnOrder(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(threeLines("3"))
	shopper := h.signIn(jan)
	o, err := shopper.Order(t.Context(), "3")
	if err != nil {
		t.Fatal(err)
	}
	choice := portal.WithdrawalChoice{Number: "3", Name: "Jan", Parts: true,
		Quantities: map[int]string{0: "1"}, LinesVersion: o.LinesVersion()}
	id := storage.NewID()
	first, err := shopper.Withdraw(t.Context(), id, choice)
	if err != nil || !first.Mailed {
		t.Fatalf("%+v, %v", first, err)
	}
	h.work()
	if o, err = shopper.Order(t.Context(), "3"); err != nil || o.Withdrawal.Closed != "" ||
		len(o.Withdrawal.Received) != 1 || o.Withdrawal.Received[0].Whole {
		t.Errorf("after the first: %+v, %v", o.Withdrawal, err)
	}
	h.put(orderJSON("3", jan, `"updated_at":"2026-03-05`, `"updated_at":"2026-03-06`))
	if again, err := shopper.Withdraw(t.Context(), id, choice); err != nil || cmp.Diff(first, again) != "" {
		t.Errorf("the same form after the order changed: %+v, %v", again, err)
	}
	if _, err := shopper.Withdraw(t.Context(), storage.NewID(),
		choice); validate.KindOf(err) != validate.Conflict {
		t.Errorf("another with the lines of before: %v", err)
	}
	if _, err := h.visitor("x").Withdraw(t.Context(), id,
		first.Statement); validate.KindOf(err) != validate.Conflict {
		t.Errorf("the same id by somebody else: %v", err)
	}
	o, err = shopper.Order(t.Context(), "3")
	if err != nil {
		t.Fatal(err)
	}
	whole := portal.WithdrawalChoice{Number: "3", Name: "Jan", LinesVersion: o.LinesVersion()}
	if _, err := shopper.Withdraw(t.Context(), storage.NewID(), whole); err != nil {
		t.Fatal(err)
	}
	h.work()
	if o, err = shopper.Order(t.Context(), "3"); err != nil ||
		o.Withdrawal.Closed != order.WithdrawalReceived {
		t.Errorf("after the second: %+v, %v", o.Withdrawal, err)
	}
	if _, err := shopper.Withdraw(t.Context(), storage.NewID(),
		whole); validate.KindOf(err) != validate.Conflict {
		t.Errorf("a third: %v", err)
	}
}

// TestWithdrawalSwitchedOff checks that a shop without the feature answers as if its pages did not exist,
// and that enabling it again brings everything back.
func TestWithdrawalSwitchedOff(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	h.set(shop.Settings{Withdrawal: ptr(false)})
	if _, _, err := h.visitor("x").PrepareWithdrawal(stated("1")); validate.KindOf(err) != validate.NotFound {
		t.Errorf("prepare: %v", err)
	}
	if _, err := h.visitor("x").Withdraw(t.Context(), storage.NewID(),
		stated("1")); validate.KindOf(err) != validate.NotFound {
		t.Errorf("withdraw: %v", err)
	}
	shopper := h.signIn(jan)
	order, err := shopper.Order(t.Context(), "1")
	if err != nil || order.Withdrawal != nil {
		t.Errorf("order: %+v, %v", order.Withdrawal, err)
	}
	if _, err := shopper.Withdraw(t.Context(), storage.NewID(),
		portal.WithdrawalChoice{Number: "1",
			LinesVersion: order.LinesVersion()}); validate.KindOf(err) != validate.NotFound {
		t.Errorf("of an order: %v", err)
	}
	if h.set(shop.Settings{Withdrawal: ptr(true)}); h.withdraw(stated("1")).At.IsZero() {
		t.Error("not received")
	}
}

// TestWithdrawalExceptionWords checks that an unknown exception is refused with a pointer to it.
func TestWithdrawalExceptionWords(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	line := `"total":"12.50"}]`
	for _, word := range order.WithdrawalExceptions() {
		if outcome := h.put(orderJSON(word, jan, line,
			`"withdrawal":"`+word+`",`+line)); outcome != order.Created {
			t.Errorf("%s: %s", word, outcome)
		}
	}
	_, err := h.feed().PutOrder(t.Context(), "1", orderJSON("1", jan, line, `"withdrawal":"none",`+line))
	if diff := cmp.Diff([]string{"/lines/0/withdrawal withdrawal.exception"},
		fieldErrorsOf(err)); diff != "" {
		t.Error(diff)
	}
}
