package order_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/address"
	"postern/portal/money"
	"postern/portal/order"
)

// system is a shop system: how its order becomes one in our format, and the rows of money that the order
// itself has, read from it independently.
type system struct {
	convert func(node) document
	rows    func(node) ledger
}

func systems() map[string]system {
	return map[string]system{
		"shopify": {shopifyOrder, shopifyRows}, "woocommerce": {wooOrder, wooRows},
		"prestashop": {prestaOrder, prestaRows}, "ecwid": {ecwidOrder, ecwidRows},
		"magento": {magentoOrder, magentoRows}, "shopware": {shopwareOrder, shopwareRows},
	}
}

// TestOrdersOfShopSystemsAreExpressedWithoutLoss converts twenty orders of each shop system to our format,
// reads and writes them, and compares every row of money with the one in the system's own order. It also
// checks that the rows add up to the total by the rule in the API's guide.
func TestOrdersOfShopSystemsAreExpressedWithoutLoss(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Bratislava")
	if err != nil {
		t.Fatal(err)
	}
	decoder := order.Decoder{Formats: address.New(), Zone: zone}
	for name, system := range systems() {
		payloads := payloadsOf(t, name)
		if len(payloads) != 20 {
			t.Errorf("%s has %d payloads", name, len(payloads))
		}
		for _, p := range payloads {
			t.Run(name+"/"+p.Case, func(t *testing.T) {
				t.Parallel()
				body, err := json.Marshal(system.convert(p.Payload))
				if err != nil {
					t.Fatal(err)
				}
				o, warnings, err := decoder.Decode(body, "")
				if err != nil || len(warnings) > 0 {
					t.Fatalf("%v, warnings %+v, of %s", err, warnings, body)
				}
				written := nodeOf(t, o.Wire())
				got := rowsOf(written)
				if diff := cmp.Diff(system.rows(p.Payload).shown(o.Currency), got.shown(o.Currency)); diff != "" {
					t.Errorf("rows (-the system's +ours):\n%s", diff)
				}
				checkSums(t, written)
				again, err := json.Marshal(o.Wire())
				if err != nil {
					t.Fatal(err)
				}
				reread, _, err := decoder.Decode(again, "")
				if diff := cmp.Diff(o, reread); err != nil || diff != "" {
					t.Errorf("read again: %v\n%s", err, diff)
				}
			})
		}
	}
}

// payload is an order of a shop system with what a connector fetches beside it.
type payload struct {
	Case    string `json:"case"`
	Payload node   `json:"payload"`
}

func payloadsOf(t *testing.T, name string) []payload {
	t.Helper()
	text, err := os.ReadFile("testdata/payloads/" + name + ".ndjson")
	if err != nil {
		t.Fatal(err)
	}
	var list []payload
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text))
	for lines.Scan() {
		var p payload
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// ledger lists the rows of money of an order.
type ledger []ledgerRow

type ledgerRow struct {
	name   string
	amount *big.Rat
}

func (l *ledger) add(name string, amount *big.Rat) { *l = append(*l, ledgerRow{name, amount}) }

// shown returns the rows as text, with the decimal places of the currency. A row of nothing is left out,
// because systems write 0 where others write no row.
func (l ledger) shown(currency string) []string {
	var list []string
	for _, row := range l {
		if row.amount.Sign() != 0 || row.name == "total" {
			list = append(list, row.name+" "+rounded(row.amount, currency))
		}
	}
	return list
}

// rounded returns an amount with the decimal places of the currency.
func rounded(amount *big.Rat, currency string) string {
	places, _ := money.Digits(currency)
	return amount.FloatString(places)
}

// rowsOf lists the rows of an order in our format.
func rowsOf(o node) ledger {
	var l ledger
	for _, line := range o.list("lines") {
		l.add("line "+line.text("name"), line.num("total"))
		l.add("line before discounts "+line.text("name"), line.num("subtotal"))
	}
	l.add("subtotal", o.num("subtotal"))
	l.add("discount", o.num("discount"))
	for _, d := range o.list("discounts") {
		l.add("discount "+d.text("label")+d.text("code"), d.num("amount"))
	}
	for _, f := range o.list("fees") {
		l.add("fee "+f.text("kind"), f.num("amount"))
	}
	l.add("shipping", o.num("shipping"))
	l.add("tax", o.num("tax"))
	for _, tax := range o.list("taxes") {
		l.add("tax of "+tax.num("rate").FloatString(3), tax.num("amount"))
	}
	for _, card := range o.list("gift_cards") {
		l.add("gift card "+card.text("last_digits"), card.num("amount"))
	}
	l.add("store credit", o.num("store_credit"))
	l.add("total", o.num("total"))
	for _, p := range o.list("payments") {
		l.add("payment "+p.text("method"), p.num("amount"))
	}
	l.add("paid", o.num("amount_paid"))
	l.add("due", o.num("amount_due"))
	l.add("refunded", o.num("refunded"))
	for i, r := range o.list("refunds") {
		l.add(fmt.Sprint("refund ", i), r.num("amount"))
		for _, line := range r.list("lines") {
			l.add(fmt.Sprint("refund ", i, " of ", line.text("line")), line.num("amount"))
		}
		l.add(fmt.Sprint("refund ", i, " of shipping"), r.num("shipping"))
		l.add(fmt.Sprint("refund ", i, " adjusted"), r.num("adjustment"))
	}
	return l
}

// checkSums checks the sums that the API's guide states, at "How the rows add up".
func checkSums(t *testing.T, o node) {
	t.Helper()
	before, goods := new(big.Rat), o.num("subtotal")
	for _, line := range o.list("lines") {
		if line.has("subtotal") {
			before = plus(before, line.num("subtotal"))
		} else {
			before = plus(before, line.num("total"))
		}
	}
	places, _ := money.Digits(o.text("currency"))
	cent := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	near(t, "the lines and the subtotal", before, goods, new(big.Rat).Mul(cent, big.NewRat(int64(len(o.list("lines"))), 1)))
	sum := plus(minus(goods, o.num("discount")), o.num("shipping"))
	if !o.yes("lines_taxed") {
		sum = plus(sum, o.num("tax"))
	}
	sum = plus(sum, total(o.list("fees"), "amount"))
	sum = minus(minus(sum, total(o.list("gift_cards"), "amount")), o.num("store_credit"))
	nothing := new(big.Rat)
	near(t, "the rows and the total", sum, o.num("total"), nothing)
	near(t, "the discounts", total(o.list("discounts"), "amount"), o.num("discount"), nothing)
	near(t, "the payments", total(o.list("payments"), "amount"), o.num("amount_paid"), nothing)
	near(t, "the refunds", total(o.list("refunds"), "amount"), o.num("refunded"), nothing)
	for i, r := range o.list("refunds") {
		parts := plus(plus(r.num("shipping"), r.num("adjustment")), total(r.list("lines"), "amount"))
		if parts.Sign() != 0 {
			near(t, fmt.Sprint("refund ", i), parts, r.num("amount"), nothing)
		}
	}
}

func near(t *testing.T, which string, a, b, most *big.Rat) {
	t.Helper()
	if diff := new(big.Rat).Sub(a, b); diff.Abs(diff).Cmp(most) > 0 {
		t.Errorf("%s: %s and %s", which, a.FloatString(4), b.FloatString(4))
	}
}

// node is a value of a JSON document.
type node struct{ value any }

func (n *node) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(&n.value)
}

func nodeOf(t *testing.T, value any) node {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var n node
	if err := n.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return n
}

// at returns the value at a path of member names, or none.
func (n node) at(path string) node {
	if path == "" {
		return n
	}
	for name := range strings.SplitSeq(path, ".") {
		members, _ := n.value.(map[string]any)
		n = node{members[name]}
	}
	return n
}

func (n node) has(path string) bool { return n.at(path).value != nil }
func (n node) yes(path string) bool { return n.at(path).value == true }

func (n node) list(path string) []node {
	var list []node
	values, _ := n.at(path).value.([]any)
	for _, v := range values {
		list = append(list, node{v})
	}
	return list
}

// text returns a string or a number as text, "" for none.
func (n node) text(path string) string {
	if v := n.at(path).value; v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// num returns a number, 0 for none.
func (n node) num(path string) *big.Rat {
	if r, ok := new(big.Rat).SetString(n.text(path)); ok {
		return r
	}
	return new(big.Rat)
}

// total adds up a member of all elements.
func total(list []node, path string) *big.Rat {
	sum := new(big.Rat)
	for _, n := range list {
		sum.Add(sum, n.num(path))
	}
	return sum
}

func plus(a, b *big.Rat) *big.Rat  { return new(big.Rat).Add(a, b) }
func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
func negative(a *big.Rat) *big.Rat { return new(big.Rat).Neg(a) }

// document is an order in our format, before it is written as JSON.
type document map[string]any

// amounts sets members to amounts of the order's currency.
func (d document) amounts(values map[string]*big.Rat) document {
	for name, value := range values {
		d[name] = rounded(value, d["currency"].(string))
	}
	return d
}

// add appends an element to a list, with its amounts in the order's currency. Amounts are given as numbers.
func (d document) add(list string, element document) {
	for name, value := range element {
		if r, ok := value.(*big.Rat); ok {
			element[name] = rounded(r, d["currency"].(string))
		}
	}
	elements, _ := d[list].([]document)
	d[list] = append(elements, element)
}

// lastFour returns the last characters of a card's code.
func lastFour(code string) string {
	code = strings.ReplaceAll(code, "-", "")
	return code[max(0, len(code)-4):]
}
