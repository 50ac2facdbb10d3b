package portal

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/money"
)

// TestWhatIsGoods checks which lines are goods that a customer may return.
func TestWhatIsGoods(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		line Line
		want bool
	}{
		{"a book", Line{Name: "Book", Quantity: "1", Total: 100}, true},
		{"a gift", Line{Name: "Sample", Quantity: "1"}, true},
		{"a length", Line{Name: "Cloth", Quantity: "0.5", Total: 100}, true},
		{"none", Line{Name: "Book", Quantity: "0", Total: 100}, false},
		{"none, with places", Line{Name: "Book", Quantity: "0.00"}, false},
		{"less than none", Line{Name: "Book", Quantity: "-1", Total: 100}, false},
		{"a reduction", Line{Name: "Voucher", Quantity: "1", Total: -100}, false},
		{"a tip, says the feed", Line{Name: "For the driver", Kind: "tip", Quantity: "1", Total: 100}, false},
		{"a deposit, says the feed", Line{Name: "Pfand", Kind: "deposit", Quantity: "6", Total: 150}, false},
		{"goods called a tip, says the feed", Line{Name: "Tip", Kind: "goods", Quantity: "1", Total: 100}, true},
		{"a tip, by its name", Line{Name: " Tip ", Quantity: "1", Total: 100}, false},
		{"rounding, by its name", Line{Name: "Zaokrúhlenie", Quantity: "1", Total: 1}, false},
		{"a billiard tip", Line{Name: "Tip", SKU: "T-13", Quantity: "1", Total: 100}, true},
		{"a name that begins so", Line{Name: "Tip of the Iceberg", Quantity: "1", Total: 100}, true},
	}
	for _, test := range tests {
		if got := test.line.IsGoods(); got != test.want {
			t.Errorf("%s: goods is %v", test.name, got)
		}
	}
}

// mixed returns an order of two books and several lines that are not goods.
func mixed() Order {
	return Order{Currency: "EUR", Total: 2000, Status: Status{Fulfillment: Delivered}, Lines: []Line{
		{Name: "Tip", Quantity: "1", Total: 100, Kind: "tip"}, {Name: "Book", Quantity: "2", Total: 2000},
		{Name: "Store credit", Quantity: "-1", Total: -100}, {Name: "Gone", Quantity: "0"},
	}}
}

// TestOnlyGoodsAreCountedAndChosen checks the order list, the CSV export, a return and a withdrawal.
func TestOnlyGoodsAreCountedAndChosen(t *testing.T) {
	t.Parallel()
	o := mixed()
	if row := o.row(); row.Pieces != 1 || row.FirstItem != "Book" {
		t.Errorf("the list has %d positions, the first %q", row.Pieces, row.FirstItem)
	}
	o.Lines[1].Quantity = "1.5"
	if got := (Table{Column: ';', Point: ','}).row(o, time.UTC)[5:7]; cmp.Diff([]string{"1,5 × Book", "20,00"}, got) != "" {
		t.Errorf("the table has %q", got)
	}
	o.Lines[1].Quantity = "2"
	for place, want := range []int{0, 1, 0, 0} {
		quantities := map[int]string{place: o.Lines[place].Quantity.String()}
		returned, withdrawn := &form{}, &form{}
		if got := (Request{Quantities: quantities}).lines(returned, o); len(got) != want {
			t.Errorf("line %d is returned: %+v", place, got)
		}
		if got := (WithdrawalChoice{Parts: true, Quantities: quantities}).lines(withdrawn, o); len(got) != 0 {
			t.Errorf("line %d, all goods or none, is withdrawn from in parts: %+v", place, got)
		}
		if bad := place != 1; bad != (len(returned.faults) > 0) || bad != (len(withdrawn.faults) > 0) {
			t.Errorf("line %d: %+v, %+v", place, returned.faults, withdrawn.faults)
		}
	}
	if got := (WithdrawalChoice{}).lines(&form{}, o); got != nil {
		t.Errorf("the whole order is %+v", got)
	}
	o.Lines[1].Withdrawal = "custom_made"
	if right := o.withdrawalRight(o.PlacedAt, time.UTC, nil); right.Closed != WithdrawalExcluded {
		t.Errorf("an order whose goods are all excluded is %q", right.Closed)
	}
}

// TestLineKinds checks that kinds are read in any common spelling and exported, and that an unknown one is
// dropped with a warning while the order is accepted.
func TestLineKinds(t *testing.T) {
	t.Parallel()
	const line = `"total":"1.00","lines":[{"name":"A","quantity":"1","total":"1.00","kind":"tip"}]`
	o := orderOf(t, line)
	if got := o.wire().Lines[0].Kind; got != "tip" || money.Decimal(o.wire().Lines[0].Quantity) != "1" {
		t.Errorf("kind %q", got)
	}
	for word, want := range map[string]string{
		"": "", "null": "", "goods": "goods", "Goods": "goods", " PRODUCT ": "goods", "item": "goods", "physical": "goods", "line-item": "goods",
		"Tip": "tip", "SHIPPING": "shipping", "ServiceFee": "fee", "gnome": "",
	} {
		f := &form{}
		got := f.lineKind("/lines/0/kind", word)
		if warned := len(f.listed()) == 1; got != want || len(f.faults) != 0 || warned != (word == "gnome") {
			t.Errorf("%q is %q, want %q; %+v, %+v", word, got, want, f.faults, f.listed())
		}
	}
	f := &form{}
	if got := f.withdrawalException("/lines/0/withdrawal", "Custom-Made"); got != "custom_made" || len(f.faults) != 0 {
		t.Errorf("an exception is %q, %+v", got, f.faults)
	}
	if f.withdrawalException("/lines/0/withdrawal", "gnome"); len(f.faults) != 1 {
		t.Error("an unknown exception was taken")
	}
}

// TestOrderNumbersAsPeopleWriteThem checks that the word before an order number is dropped.
func TestOrderNumbersAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"2001": "2001", "#2001": "2001", "No. 2001": "2001", "No.2001": "2001", "nr 2001": "2001", "Nr. 2001": "2001", "č. 2001": "2001",
		"Č.2001": "2001", "№ 2001": "2001", "２００１": "2001", "＃２００１": "2001", "Order #2001": "2001", "objednávka č. 2001": "2001",
		"Bestellung Nr. 2001": "2001", "NO-2001": "NO-2001", "NO2001": "NO2001", "nr": "nr", "C2001": "C2001", "2024-SK-1": "2024-SK-1",
	} {
		if got := bareNumber(typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}
