package order

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/portal/money"
	"postern/portal/validate"
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
		{"goods called a tip, says the feed",
			Line{Name: "Tip", Kind: "goods", Quantity: "1", Total: 100}, true},
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

// TestLineKinds checks that kinds are read in any common spelling and exported, and that an unknown one is
// dropped with a warning while the order is accepted.
func TestLineKinds(t *testing.T) {
	t.Parallel()
	const line = `"total":"1.00","lines":[{"name":"A","quantity":"1","total":"1.00","kind":"tip"}]`
	o := orderOf(t, line)
	if got := o.Wire().Lines[0].Kind; got != "tip" || money.Decimal(o.Wire().Lines[0].Quantity) != "1" {
		t.Errorf("kind %q", got)
	}
	for word, want := range map[string]string{
		"": "", "null": "", "goods": "goods", "Goods": "goods", " PRODUCT ": "goods", "item": "goods",
		"physical": "goods", "line-item": "goods",
		"Tip": "tip", "SHIPPING": "shipping", "ServiceFee": "fee", "gnome": "",
	} {
		f := &validate.Validator{}
		got := readLineKind(f, "/lines/0/kind", word)
		if warned := len(f.ListedWarnings()) == 1; got != want || len(f.Rejected) != 0 ||
			warned != (word == "gnome") {
			t.Errorf("%q is %q, want %q; %+v, %+v", word, got, want, f.Rejected, f.ListedWarnings())
		}
	}
	f := &validate.Validator{}
	if got := readException(f, "/lines/0/withdrawal", "Custom-Made"); got != "custom_made" ||
		len(f.Rejected) != 0 {
		t.Errorf("an exception is %q, %+v", got, f.Rejected)
	}
	if readException(f, "/lines/0/withdrawal", "gnome"); len(f.Rejected) != 1 {
		t.Error("an unknown exception was taken")
	}
}

// TestPiecesOfBundles checks that a bundle counts once, wherever its price is.
func TestPiecesOfBundles(t *testing.T) {
	t.Parallel()
	const line = `{"id":"%s","parent":"%s","name":"%s","quantity":"1","total":"%s"}`
	tests := []struct {
		name  string
		lines [][3]string // id, parent, total
		want  string
	}{
		{"parts included in the price", [][3]string{{"a", "", "9"}, {"b", "a", "0"}, {"c", "a", "0"}}, "a"},
		{"priced by its parts", [][3]string{{"a", "", "0"}, {"b", "a", "4"}, {"c", "a", "5"}}, "b c"},
		{"a free part among priced ones", [][3]string{{"a", "", "0"}, {"b", "a", "4"}, {"c", "a", "0"}}, "b c"},
		{"an extra with its own price", [][3]string{{"a", "", "9"}, {"b", "a", "2"}, {"c", "a", "0"}}, "a b"},
		{"priced parts that add up to the price", [][3]string{{"a", "", "9"}, {"b", "a", "4"}, {"c", "a", "5"}}, "a"},
		{"nothing has a price", [][3]string{{"a", "", "0"}, {"b", "a", "0"}}, "a"},
		{"parts of parts", [][3]string{{"a", "", "0"}, {"b", "a", "5"}, {"c", "b", "0"}}, "b"},
		{"its own parent", [][3]string{{"a", "a", "5"}}, "a"},
		{"each the other's parent", [][3]string{{"a", "b", "5"}, {"b", "a", "4"}}, "a b"},
		{"a ring of three", [][3]string{{"a", "b", "0"}, {"b", "c", "5"}, {"c", "a", "0"}}, "a b"},
		{"no such parent", [][3]string{{"a", "", "5"}, {"b", "z", "0"}}, "a b"},
	}
	for _, test := range tests {
		var lines []string
		for _, l := range test.lines {
			lines = append(lines, fmt.Sprintf(line, l[0], l[1], l[0], l[2]))
		}
		var names []string
		o := orderOf(t, `"total":"9","lines":[`+strings.Join(lines, ",")+`]`)
		for _, item := range o.Items() {
			names = append(names, item.Name)
		}
		if got := strings.Join(names, " "); got != test.want || o.Summary().Count() != len(names) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestOrderNumbersAsPeopleWriteThem checks that the word before an order number is dropped.
func TestOrderNumbersAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"2001": "2001", "#2001": "2001", "No. 2001": "2001", "No.2001": "2001", "nr 2001": "2001",
		"Nr. 2001": "2001", "č. 2001": "2001",
		"Č.2001": "2001", "№ 2001": "2001", "２００１": "2001", "＃２００１": "2001", "Order #2001": "2001",
		"objednávka č. 2001":  "2001",
		"Bestellung Nr. 2001": "2001", "NO-2001": "NO-2001", "NO2001": "NO2001", "nr": "nr", "C2001": "C2001",
		"2024-SK-1": "2024-SK-1",
	} {
		if got := BareNumber(typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}

// TestPiecesInNoParcelAreAtTheShop counts what can't be sent back yet, of an order whose parcels say what they
// hold.
func TestPiecesInNoParcelAreAtTheShop(t *testing.T) {
	t.Parallel()
	for fulfillment, want := range map[string][]money.Decimal{
		Processing: {"2", ""}, PartiallyShipped: {"2", "1"}, Shipped: {"", ""},
	} {
		o := Order{Lines: []Line{{ID: "a", Quantity: "3"}, {ID: "b", Quantity: "1"}},
			Shipments: []Shipment{{Items: []ShipmentItem{{Line: "a", Quantity: "1"}}}}}
		o.Status.Fulfillment = fulfillment
		if got := o.AtShop(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", fulfillment, got, want)
		}
	}
}
