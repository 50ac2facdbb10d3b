package portal_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/shop"

	"github.com/google/go-cmp/cmp"
)

// fill imports Jan's orders placed at the given times, numbered in that order.
func (h *testApp) fill(placed ...string) {
	h.t.Helper()
	var file bytes.Buffer
	for i, at := range placed {
		body := orderJSON(fmt.Sprintf("n%d", i), jan, `"placed_at":"2026-03-05T10:00:00Z"`,
			`"placed_at":"`+at+`"`)
		file.Write(append(oneLine(body), '\n'))
	}
	report, err := h.app.Operator().ImportOrders(h.t.Context(), h.shop.ID, &file, func(int) {})
	if err != nil || report.RefusedCount > 0 {
		h.t.Fatalf("fill: %v %v", err, report.Refused)
	}
	h.work()
}

// TestPeriods runs on 21 November 2026 for a shop in Bratislava, which is one hour ahead of UTC in winter.
func TestPeriods(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.fill(
		"2026-11-20T12:00:00Z", // n0
		"2026-10-22T12:00:00Z", // n1: 30 days ago
		"2026-10-21T12:00:00Z", // n2
		"2026-08-21T12:00:00Z", // n3: 3 months ago
		"2026-05-21T12:00:00Z", // n4: 6 months ago
		"2025-12-31T23:30:00Z", // n5: in Bratislava already 2026
		"2025-12-31T22:30:00Z", // n6: still 2025
		"2023-06-15T12:00:00Z", // n7
	)
	shopper := h.signIn(jan)
	tests := map[string]struct {
		query order.Query
		want  []string
	}{
		"all":                {order.Query{}, []string{"n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"}},
		"30 days":            {order.Query{Period: "30d"}, []string{"n0", "n1"}},
		"3 months":           {order.Query{Period: "3m"}, []string{"n0", "n1", "n2", "n3"}},
		"6 months":           {order.Query{Period: "6m"}, []string{"n0", "n1", "n2", "n3", "n4"}},
		"this year":          {order.Query{Period: "2026"}, []string{"n0", "n1", "n2", "n3", "n4", "n5"}},
		"last year":          {order.Query{Period: "2025"}, []string{"n6"}},
		"a year without any": {order.Query{Period: "2024"}, nil},
		"one day": {order.Query{Period: "custom", From: "2026-10-21", To: "2026-10-21"},
			[]string{"n2"}},
		"both ends count": {order.Query{Period: "custom", From: "2026-10-21", To: "2026-10-22"},
			[]string{"n1", "n2"}},
		"open end":       {order.Query{Period: "custom", From: "2026-10-22"}, []string{"n0", "n1"}},
		"open beginning": {order.Query{Period: "custom", To: "2025-12-31"}, []string{"n6", "n7"}},
		"midnight in Bratislava": {order.Query{Period: "custom", From: "2026-01-01", To: "2026-01-01"},
			[]string{"n5"}},
		"dates without a period":    {order.Query{From: "2026-10-21", To: "2026-10-22"}, []string{"n1", "n2"}},
		"one date without a period": {order.Query{To: "2025-12-31"}, []string{"n6", "n7"}},
		"dates go before a period": {order.Query{Period: "2026", From: "2025-01-01", To: "2025-12-31"},
			[]string{"n6"}},
		"neither": {order.Query{Period: "custom"},
			[]string{"n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"}},
		"a status and a period": {order.Query{Period: "2025", Status: "open"}, []string{"n6"}},
		"another status":        {order.Query{Period: "2025", Status: "delivered"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			page, err := shopper.Orders(t.Context(), test.query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, numbers(page)); diff != "" {
				t.Error(diff)
			}
			if page.Total != 8 || !slices.Equal(page.Years, []int{2026, 2025, 2023}) {
				t.Errorf("total %d, years %v", page.Total, page.Years)
			}
		})
	}
}

// TestNearestYear checks that a period without orders is offered the nearest year that has some, before or
// after it.
func TestNearestYear(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.fill("2026-03-05T12:00:00Z", "2023-06-15T12:00:00Z", "2020-06-15T12:00:00Z")
	shopper := h.signIn(jan)
	for query, want := range map[order.Query]int{
		{Period: "2024"}: 2023, {Period: "2025"}: 2026, {Period: "2022"}: 2023, {Period: "2019"}: 2020,
		{Period: "2030"}: 2026,
		{Period: "custom", From: "2024-11-01", To: "2024-12-31"}: 2023,
		{Period: "custom", To: "2019-12-31"}:                     2020,
		{Period: "custom", From: "2027-01-01"}:                   2026,
		{Period: "custom", From: "2023-08-01", To: "2023-08-31"}: 2023,
	} {
		if page, err := shopper.Orders(t.Context(), query); err != nil || page.Nearest != want {
			t.Errorf("%+v: %d, want %d, %v", query, page.Nearest, want, err)
		}
	}
}

// TestMonthsOfThirtyDays checks that on 31 May the last three months begin on the last day of February.
func TestMonthsOfThirtyDays(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.clock.Move(time.Date(2027, 5, 31, 10, 0, 0, 0, time.UTC).Sub(h.clock.Now()))
	h.fill("2027-03-01T12:00:00Z", "2027-02-28T12:00:00Z", "2027-02-27T12:00:00Z", "2026-11-30T12:00:00Z",
		"2026-11-29T12:00:00Z")
	shopper := h.signIn(jan)
	for period, want := range map[string][]string{"3m": {"n0", "n1"}, "6m": {"n0", "n1", "n2", "n3"}} {
		page, err := shopper.Orders(t.Context(), order.Query{Period: period})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, numbers(page)); diff != "" {
			t.Errorf("%s: %s", period, diff)
		}
	}
}

// TestDaysThatBeginOtherwise uses zones in which the clock skips midnight or passes it twice, and checks
// that each order falls on one day.
func TestDaysThatBeginOtherwise(t *testing.T) {
	t.Parallel()
	days := []struct{ zone, day, last, first string }{ // the last moment before the day and its first
		{"Atlantic/Azores", "2025-03-30", "2025-03-30T00:59:59Z", "2025-03-30T01:00:00Z"},
		{"Atlantic/Azores", "2025-10-26", "2025-10-25T23:59:59Z", "2025-10-26T00:00:00Z"},
		{"America/Santiago", "2025-09-07", "2025-09-07T03:59:59Z", "2025-09-07T04:00:00Z"},
		{"America/Santiago", "2025-04-06", "2025-04-06T03:59:59Z", "2025-04-06T04:00:00Z"},
		{"America/Havana", "2025-03-09", "2025-03-09T04:59:59Z", "2025-03-09T05:00:00Z"},
		{"America/Havana", "2025-11-02", "2025-11-02T03:59:59Z", "2025-11-02T04:00:00Z"},
		{"Asia/Beirut", "2025-03-30", "2025-03-29T21:59:59Z", "2025-03-29T22:00:00Z"},
		{"Europe/Bratislava", "2025-03-30", "2025-03-29T22:59:59Z", "2025-03-29T23:00:00Z"},
		{"Europe/Bratislava", "2025-10-26", "2025-10-25T21:59:59Z", "2025-10-25T22:00:00Z"},
		{"Asia/Kolkata", "2025-10-26", "2025-10-25T18:29:59Z", "2025-10-25T18:30:00Z"},
		{"UTC", "2025-10-26", "2025-10-25T23:59:59Z", "2025-10-26T00:00:00Z"},
	}
	for _, test := range days {
		t.Run(test.zone+" "+test.day, func(t *testing.T) {
			h := newTestApp(t).set(shop.Settings{TimeZone: &test.zone})
			h.fill(test.first, test.last)
			shopper := h.signIn(jan)
			day, err := time.Parse(time.DateOnly, test.day)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				query order.Query
				want  string
			}{
				{order.Query{Period: "custom", From: test.day}, "n0"},
				{order.Query{Period: "custom", To: day.AddDate(0, 0, -1).Format(time.DateOnly)}, "n1"},
			} {
				page, err := shopper.Orders(t.Context(), c.query)
				if got := numbers(page); err != nil || len(got) != 1 || got[0] != c.want {
					t.Errorf("%+v: %v, want %s, %v", c.query, got, c.want, err)
				}
			}
		})
	}
}

func TestBadListQueries(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.fill("2026-11-20T12:00:00Z")
	var more []string
	for range 50 {
		more = append(more, "2026-11-19T12:00:00Z")
	}
	h.fill(more...)
	shopper := h.signIn(jan)
	first, err := shopper.Orders(t.Context(), order.Query{})
	if err != nil || first.Next == "" {
		t.Fatalf("first page: %v", err)
	}
	edited := []byte(first.Next)
	edited[20] ^= 1
	tests := map[string]struct {
		query order.Query
		want  []string
	}{
		"from after to": {order.Query{Period: "custom", From: "2026-02-02", To: "2026-02-01"},
			[]string{"to period.order.to"}},
		"from after to, without a period": {order.Query{From: "2026-02-02", To: "2026-02-01"},
			[]string{"to period.order.to"}},
		"31 February":             {order.Query{From: "2026-02-31"}, []string{"from period.date"}},
		"not a date":              {order.Query{To: "yesterday"}, []string{"to period.date"}},
		"unknown period":          {order.Query{Period: "2h"}, []string{"period period.unknown"}},
		"year 0":                  {order.Query{Period: "0000"}, []string{"period period.unknown"}},
		"unknown status":          {order.Query{Status: "$gt"}, []string{"status status.unknown"}},
		"edited cursor":           {order.Query{Cursor: string(edited)}, []string{"cursor cursor.bad"}},
		"cursor of another query": {order.Query{Period: "2026", Cursor: first.Next}, []string{"cursor cursor.bad"}},
		"cursor of another index": {order.Query{Status: "open", Cursor: first.Next}, []string{"cursor cursor.bad"}},
		"no cursor":               {order.Query{Cursor: "x"}, []string{"cursor cursor.bad"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := shopper.Orders(t.Context(), test.query)
			if diff := cmp.Diff(test.want, fieldErrorsOf(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPagesForthAndBack(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	var placed []string
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for i := range 50 {
		placed = append(placed, at.Add(-time.Duration(i/3)*time.Hour).Format(time.RFC3339)) // three at a time
	}
	h.fill(placed...)
	shopper := h.signIn(jan)
	var all []string
	var pages []order.Page
	for cursor := ""; ; {
		page, err := shopper.Orders(t.Context(), order.Query{Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		all, pages = append(all, numbers(page)...), append(pages, page)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(pages) != 3 || len(all) != 50 || len(slices.Compact(sorted(slices.Clone(all)))) != 50 {
		t.Fatalf("%d pages, %d rows", len(pages), len(all))
	}
	back, err := shopper.Orders(t.Context(), order.Query{Cursor: pages[2].Previous})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(numbers(pages[1]), numbers(back)); diff != "" {
		t.Error(diff)
	}
	if first, err := shopper.Orders(t.Context(), order.Query{Cursor: back.Previous}); err != nil ||
		first.Previous != "" {
		t.Errorf("before the first page: %q, %v", first.Previous, err)
	}
}

// TestSearchByNumber searches for numbers with other punctuation, without leading zeros, and by their
// beginning.
func TestSearchByNumber(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("2024-SK-001234", jan))
	h.put(orderJSON("#1001", jan, `"placed_at":"2026`, `"placed_at":"2023`))
	h.put(orderJSON("10012", jan))
	h.put(orderJSON("1001-stranger", "eva@example.com"))
	shopper := h.signIn(jan)
	for search, want := range map[string][]string{
		"1001": {"10012", "#1001"}, "#1001": {"10012", "#1001"}, "2024sk": {"2024-SK-001234"},
		"2024-sk-00": {"2024-SK-001234"}, "20-24 sk": {"2024-SK-001234"}, "order no. 1001": {"10012", "#1001"},
		"1234": {"2024-SK-001234"}, "001234": {"2024-SK-001234"}, "sk 001": {"2024-SK-001234"},
		"1234 2024": {"2024-SK-001234"},
		"999":       nil, "---": nil, ".*": nil, "10%": {"10012", "#1001"},
	} {
		if diff := cmp.Diff(want, h.found(shopper, search)); diff != "" {
			t.Errorf("search %q: %s", search, diff)
		}
	}
}

// found returns the numbers of the orders that a search finds.
func (h *testApp) found(shopper portal.Shopper, search string) []string {
	h.t.Helper()
	page, err := shopper.Orders(h.t.Context(), order.Query{Search: search, Period: "2020", Status: "cancelled"})
	if err != nil {
		h.t.Fatal(err)
	}
	return numbers(page)
}

// TestSearchByProduct searches for names and SKUs, without accents and in any order of words, over all time.
// The newest order comes first.
func TestSearchByProduct(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	prince := `"name":"Malý princ (tvrdá väzba)","sku":"KN-0815/a"`
	h.put(orderJSON("1", jan, `"name":"Book"`, prince, `"placed_at":"2026`, `"placed_at":"2019`))
	h.put(orderJSON("2", jan, `"name":"Book"`, prince, `"placed_at":"2026`, `"placed_at":"2025`))
	h.put(orderJSON("3", jan, `"name":"Book"`, `"name":"Princezná a drak"`))
	h.put(orderJSON("4", jan, `"name":"Book"`, `"name":"Malý stôl"`))
	h.put(orderJSON("5", "eva@example.com", `"name":"Book"`, prince))
	shopper := h.signIn(jan)
	for search, want := range map[string][]string{
		"princ": {"3", "2", "1"}, "PRINC MALÝ": {"2", "1"}, "maly princ": {"2", "1"}, "väzba": {"2", "1"},
		"vazb tvrd": {"2", "1"}, "kn-0815": {"2", "1"}, "KN0815A": {"2", "1"}, "0815": {"2", "1"}, "maly 2": {"2"},
		"malý drak": nil, "rinc": nil, "stol": {"4"},
	} {
		if diff := cmp.Diff(want, h.found(shopper, search)); diff != "" {
			t.Errorf("search %q: %s", search, diff)
		}
	}
	h.put(orderJSON("4", jan, `"name":"Book"`, `"name":"Lampa"`, `"updated_at":"2026-03-05`, `"updated_at":"2026-03-06`))
	if got := h.found(shopper, "stol"); got != nil {
		t.Errorf("the former product finds %v", got)
	}
}

// TestSearchLooksAtSomeOrdersOnly searches among more orders than a search looks at: for a word that all
// have, for that word beside one that few have, and for two words that all have.
func TestSearchLooksAtSomeOrdersOnly(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	var file bytes.Buffer
	for n := range order.MaxLooked + 1 {
		name := "Notebook dotted"
		if n == 7 {
			name += " red"
		}
		body := orderJSON(fmt.Sprintf("%03d", n), jan, `"name":"Book"`, `"name":"`+name+`"`)
		file.Write(append(oneLine(body), '\n'))
	}
	if _, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, &file, func(int) {}); err != nil {
		t.Fatal(err)
	}
	shopper := h.signIn(jan)
	for search, want := range map[string]struct {
		found int
		more  bool
	}{
		"notebook": {order.MaxFound, true}, "notebook red": {1, false}, "dotted notebook": {order.MaxFound, true},
		"19": {11, false}, "1": {order.MaxFound, true}, "notebook blue": {0, false},
	} {
		page, err := shopper.Orders(t.Context(), order.Query{Search: search})
		if err != nil || len(page.Rows) != want.found || page.More != want.more {
			t.Errorf("%q: %d found, more %v, %v", search, len(page.Rows), page.More, err)
		}
	}
}

// TestSearchReadsSomeRowsOnly searches for a letter with which thousands of words of long orders begin. The
// search ends, and says that there may be more orders; a longer word finds the one.
func TestSearchReadsSomeRowsOnly(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	var file bytes.Buffer
	const orders, lines = 14, 400
	for n := range orders {
		goods := make([]string, lines)
		for i := range goods {
			goods[i] = fmt.Sprintf(`{"name":"x","sku":"b%03dn%02d","quantity":"1","total":"1.00"}`, i, n)
		}
		body := orderJSON(fmt.Sprintf("%03d", n), jan, `"lines":[`, `"lines":[`+strings.Join(goods, ",")+",")
		file.Write(append(oneLine(body), '\n'))
	}
	if _, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, &file, func(int) {}); err != nil {
		t.Fatal(err)
	}
	shopper := h.signIn(jan)
	for search, want := range map[string]struct {
		found int
		more  bool
	}{"b": {orders, true}, "b0": {orders, false}, "b399n13": {1, false}, "bx": {0, false}} {
		page, err := shopper.Orders(t.Context(), order.Query{Search: search})
		if err != nil || len(page.Rows) != want.found || page.More != want.more {
			t.Errorf("%q: %d found, more %v, %v", search, len(page.Rows), page.More, err)
		}
	}
}

func TestStatusFilters(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	for number, words := range map[string][2]string{
		"moving": {"paid", "shipped"}, "there": {"paid", "delivered"}, "ended": {"voided", "cancelled"},
		"due": {"pending", "unfulfilled"}, "own-word": {"paid", "parked"},
	} {
		h.put(orderJSON(number, jan, `"paid"`, `"`+words[0]+`"`, `"shipped"`, `"`+words[1]+`"`))
	}
	h.put(orderJSON("courier", jan, `"paid"`, `"pending","payment_kind":"cod"`))
	for _, word := range []string{"shipped", "partially_shipped", "out_for_delivery", "partially_delivered",
		"delivery_failed", "delivered", "returned", "weird", "ready_for_pickup"} {
		h.put(orderJSON("done-"+word, jan, `"shipped"`, `"`+word+`","state":"completed"`))
	}
	shopper := h.signIn(jan)
	for status, want := range map[string][]string{
		"open": {"courier", "done-delivery_failed", "done-out_for_delivery", "done-partially_delivered",
			"done-partially_shipped", "done-shipped", "due", "moving", "own-word"},
		"delivered": {"done-delivered", "done-ready_for_pickup", "done-weird", "there"},
		"cancelled": {"ended"}, "unpaid": {"due"},
	} {
		page, err := shopper.Orders(t.Context(), order.Query{Status: status})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, sorted(numbers(page))); diff != "" {
			t.Errorf("%s: %s", status, diff)
		}
	}
}

// TestMonthThatBeginsWithoutMidnight checks the orders on both sides of a month that starts at 01:00.
func TestMonthThatBeginsWithoutMidnight(t *testing.T) {
	t.Parallel()
	zone := "America/Asuncion"
	h := newTestApp(t).set(shop.Settings{TimeZone: &zone})
	h.fill("2023-10-01T03:59:59Z", "2023-10-01T04:00:00Z")
	h.work()
	if page, err := h.signIn(jan).Orders(t.Context(), order.Query{}); err != nil || page.Total != 2 {
		t.Errorf("%d orders, %v", page.Total, err)
	}
}

func TestTimeZoneChangeRecounts(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.fill("2025-12-31T23:30:00Z")
	zone := "UTC"
	shop, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{TimeZone: &zone})
	if err != nil {
		t.Fatal(err)
	}
	h.shop = shop
	h.clock.Move(2 * time.Second) // by now every process knows the new zone
	h.work()
	page, err := h.signIn(jan).Orders(t.Context(), order.Query{})
	if err != nil || page.Total != 1 || !slices.Equal(page.Years, []int{2025}) {
		t.Errorf("total %d, years %v, %v", page.Total, page.Years, err)
	}
}
