package portal_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
)

// TestExport checks that the export is one JSON object with all of the customer's data, and that a feed
// could send its orders again.
func TestExport(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.person()
	var file bytes.Buffer
	if err := h.signIn(traces["e-mail address"]).Export(t.Context(),
		&file); validate.KindOf(err) != validate.StepUp || file.Len() != 0 {
		t.Errorf("without a fresh code: %v, %d bytes", err, file.Len())
	}
	s := h.shopper(h.signInByCode(traces["e-mail address"], "browser"))
	if err := s.Export(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	for name, trace := range traces {
		if !strings.Contains(file.String(), trace) {
			t.Errorf("the %s is not among the data", name)
		}
	}
	var all struct {
		Orders []json.RawMessage `json:"orders"`
	}
	if err := json.Unmarshal(file.Bytes(), &all); err != nil || len(all.Orders) != 2 {
		t.Fatalf("%d orders, %v", len(all.Orders), err)
	}
	for _, o := range all.Orders {
		var compact bytes.Buffer
		if err := json.Compact(&compact, o); err != nil {
			t.Fatal(err)
		}
		if got := h.put(compact.Bytes()); got != order.Unchanged {
			t.Errorf("an exported order, sent again, is %s", got)
		}
	}
}

// TestExportOfStatements checks that the export has each of the customer's statements once, matched to an
// order or not, and the address still in the shop's records.
func TestExportOfStatements(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	for _, number := range []string{"1", "none", "1"} {
		h.withdraw(stated(number))
	}
	h.withdraw(withEmail(stated("2"), eva))
	h.quiet()
	cookie := h.change(h.signInByCode(jan, "one"), jana, "one")
	h.withdraw(withEmail(stated("3"), jana))
	h.quiet()
	var file bytes.Buffer
	if err := h.shopper(h.refresh(cookie)).Export(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	var all struct {
		Person struct {
			Email string `json:"email_in_shop_records"`
		} `json:"person"`
		Withdrawals []struct {
			Number string `json:"number"`
		} `json:"withdrawals"`
	}
	if err := json.Unmarshal(file.Bytes(), &all); err != nil || all.Person.Email != jan {
		t.Errorf("the shop has %q, %v", all.Person.Email, err)
	}
	var numbers []string
	for _, w := range all.Withdrawals {
		numbers = append(numbers, w.Number)
	}
	if diff := cmp.Diff([]string{"1", "1", "3"}, numbers); diff != "" {
		t.Error(diff)
	}
}

// TestOrdersCSV checks that a spreadsheet can read the file and runs no formula from the shop's data.
func TestOrdersCSV(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan, `"name":"Book"`, `"name":"=A1;=HYPERLINK(\"http://evil.test\")"`))
	h.put(orderJSON("2", jan, `"quantity":"1"`, `"quantity":"2.5"`, `"number":"2"`, `"number":"2"`,
		"2026-03-05T10", "2025-03-05T10"))
	s := h.shopper(h.signInByCode(jan, "browser"))
	var file bytes.Buffer
	if err := s.OrdersCSV(t.Context(), order.Query{}, portal.Table{Column: ',', Point: '.'},
		&file); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffnumber,placed_at,state,payment,fulfillment,items,total,currency\r\n" +
		"1,2026-03-05 11:00:00,open,paid,shipped,\"'=A1; =HYPERLINK(\"\"http://evil.test\"\")\",12.50,EUR\r\n" +
		"2,2025-03-05 11:00:00,open,paid,shipped,2.5 × Book,12.50,EUR\r\n"
	if diff := cmp.Diff(want, file.String()); diff != "" {
		t.Error(diff)
	}
	file.Reset()
	if err := s.OrdersCSV(t.Context(), order.Query{Period: "2025"}, portal.Table{Column: ';', Point: ','},
		&file); err != nil || !strings.HasSuffix(file.String(), ";2,5 × Book;12,50;EUR\r\n") ||
		strings.Count(file.String(), "\r\n") != 2 {
		t.Errorf("of one year: %q %v", file.String(), err)
	}
	if err := s.OrdersCSV(t.Context(), order.Query{Period: "never"}, portal.Table{Column: ',', Point: '.'},
		&file); validate.KindOf(err) != validate.Invalid {
		t.Errorf("a bad period: %v", err)
	}
}

// TestNoCellIsAFormula tries every sign that starts a formula, in each width, and wherever a spreadsheet
// might split the file.
func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫"} {
		h := newTestApp(t)
		h.put(orderJSON("1", jan, `"name":"Book"`, `"name":"`+sign+`1;`+sign+`2,`+sign+`3"`))
		s := h.shopper(h.signInByCode(jan, "browser"))
		var file bytes.Buffer
		if err := s.OrdersCSV(t.Context(), order.Query{}, portal.Table{Column: ',', Point: '.'},
			&file); err != nil {
			t.Fatal(err)
		}
		if want := `"'` + sign + "1; " + sign + "2, " + sign + `3"`; !strings.Contains(file.String(), want) {
			t.Errorf("%s is no text: %s", sign, file.String())
		}
	}
}
