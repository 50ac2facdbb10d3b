package order

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"postern/portal/fold"
)

// TestTermsOfAnOrder lists the terms of an order with a number, a SKU and names of every kind.
func TestTermsOfAnOrder(t *testing.T) {
	t.Parallel()
	o := Order{Number: "2024-SK-0012", Lines: []Line{
		{Name: "Malý princ – T-shirt X", SKU: "AB-12/x", Quantity: "1"},
		{Name: "Łódź STRAẞE Œuvre", Quantity: "2"},
		{Name: "Discount", Quantity: "1", Total: -1},
	}}
	want := strings.Fields("0012 12 12x 2024sk0012 ab12x lodz maly oeuvre princ shirt sk0012 strasse tshirt x")
	if diff := cmp.Diff(want, o.searchTerms()); diff != "" {
		t.Error(diff)
	}
}

// TestTermsOfALargeOrderHaveALimit checks an order of 1,000 lines: its number and first lines are found, and
// a later line only by a word that an earlier one has, too.
func TestTermsOfALargeOrderHaveALimit(t *testing.T) {
	t.Parallel()
	o := Order{Number: "N-1"}
	for i := range 1000 {
		o.Lines = append(o.Lines, Line{Name: fmt.Sprintf("Cup c%d", i), SKU: fmt.Sprint("sku", i), Quantity: "1"})
	}
	terms := o.searchTerms()
	if len(terms) != maxTerms {
		t.Errorf("%d terms", len(terms))
	}
	for search, want := range map[string]bool{"n1": true, "cup c0": true, "sku200": true, "c999": false} {
		if got := ParseSearch(search).Matches(terms); got != want {
			t.Errorf("%q is found: %v", search, got)
		}
	}
}

// TestSearchLooksForTheLongestWordFirst checks what a search looks for.
func TestSearchLooksForTheLongestWordFirst(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40)
	for search, want := range map[string]Search{
		"the little prince":      {"thelittleprince", []string{"little", "prince", "the"}},
		"Príncíček,  MALÝ":       {"princicekmaly", []string{"princicek", "maly"}},
		"vitamin c":              {"vitaminc", []string{"vitamin"}},
		"t-shirt":                {"tshirt", nil},
		"c":                      {"c", nil},
		"cup 5":                  {"cup5", []string{"cup", "5"}},
		"objednávka č. 2024-001": {"2024001", nil},
		"cup cup":                {"cupcup", []string{"cup"}},
		"--- ,":                  {},
		"":                       {},
		long:                     {long[:fold.MaxTerm], nil},
		"a1 a2 a3 a4 a5 a6 a7 a8 a9": {"a1a2a3a4a5a6a7a8a9",
			[]string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"}},
	} {
		got := ParseSearch(search)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q: %s", search, diff)
		}
	}
}

// TestSearchMatchesTermsByTheirBeginning checks searches against one order.
func TestSearchMatchesTermsByTheirBeginning(t *testing.T) {
	t.Parallel()
	terms := Order{Number: "SK2024-017", Lines: []Line{{Name: "Malý princ, T-shirt", SKU: "AB-12", Quantity: "1"}}}.searchTerms()
	for search, want := range map[string]bool{
		"princ maly": true, "PRINC": true, "shirt tshirt": true, "t-shirt": true, "sk 2024 017": true, "17": true,
		"ab12": true, "12": true, "princ 017": true, "maly s": true, "maly velky": false, "rinc": false, "a": true,
		"": false, "-": false, "princ maly x1": false,
	} {
		if got := ParseSearch(search).Matches(terms); got != want {
			t.Errorf("%q matches: %v", search, got)
		}
	}
}

// FuzzSearchFindsNumbersAndNames checks that an order is found by its whole number and by the whole name and
// SKU of its item, unless that has nothing but single letters.
func FuzzSearchFindsNumbersAndNames(f *testing.F) {
	for _, seed := range [][3]string{{"2024-SK-001", "T-shirt", "AB/1"}, {"a b", "İstanbul ℍ", "ǅ"}, {"0", "がぎ", "한국"},
		{"č", "nr 5", "#"}, {"No. 7", "\xff\xfe", "ŉ ŀl"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, number, name, sku string) {
		o := Order{Number: number, Lines: []Line{{Name: name, SKU: sku, Quantity: "1", Kind: lineGoods}}}
		terms := o.searchTerms()
		for _, text := range []string{number, name, sku} {
			search := ParseSearch(text)
			if len(search.Number) > 1 && search.Words != nil && len(terms) < maxTerms && !search.Matches(terms) {
				t.Errorf("%q is not among %q", text, terms)
			}
		}
	})
}
