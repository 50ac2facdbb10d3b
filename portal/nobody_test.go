package portal_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/portal/order"
	"postern/portal/validate"
)

// idsForNobody are JSON ids that shop systems send for an order without a customer.
var idsForNobody = []string{
	`0`, `-1`, `0.0`, `-1.0`, `-0`, `false`, `"0"`, `"-1"`, `"+0"`, `"0.0"`, `"0,00"`, `"00000"`,
	`" 0 "`, `"−1"`, `"０"`,
	`"null"`, `"NULL"`, `"(null)"`, `"<null>"`, `"nil"`, `"None"`, `" none "`, `"undefined"`, `"NaN"`,
	`"false"`, `"n/a"`, `"#N/A"`,
	`"guest"`, `"Guest"`, `"GUEST USER"`, `"guest_customer"`, `"anonymous"`, `"Anonymous User"`,
	`"NOT LOGGED IN"`, `"-"`, `"?"`, `"unknown"`,
	`"00000000-0000-0000-0000-000000000000"`, `"{00000000-0000-0000-0000-000000000000}"`,
	`"00000000000000000000000000000000"`,
	`"ffffffff-ffff-ffff-ffff-FFFFFFFFFFFF"`, `"0x0"`, `18446744073709551615`, `4294967295`,
	`"[object Object]"`,
	`"gid://shopify/Customer/0"`, `"gid://shopify/Customer/null"`, `"gid://shopify/Customer/0?key=1"`,
	`"gid://shopify/Customer/guest/"`,
	`"\\N"`, `"'-1'"`, `"\"-1\""`, `"“0”"`, `"–1"`, `"‐1"`, `"٠"`, `"०"`, `"-١"`, `"hosť"`, `"Gość"`,
	`"invité"`, `"Anonym"`, `"anonymní"`,
}

// orderBy returns an order with a customer id given as JSON.
func orderBy(id, number, email string) []byte {
	return orderJSON(number, email, `"currency"`, `"customer_id":`+id+`,"currency"`)
}

func TestIDForNobodyIsDroppedFromAnOrder(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	for i, id := range append(slices.Clone(idsForNobody), `0e0`, `0E15`, `0.0e7`, `-1e0`) {
		email := fmt.Sprintf("p%d@example.com", i)
		receipt, err := h.feed().PutOrder(t.Context(), fmt.Sprint(i), orderBy(id, fmt.Sprint(i), email))
		if err != nil || len(receipt.Warnings) != 1 || receipt.Warnings[0].Field != "/customer_id" {
			t.Errorf("%s: %+v, %v", id, receipt, err)
		}
	}
	for _, id := range append(ordinaryIDs(), `null`, `""`, `1e3`, `9007199254740993`) {
		receipt, err := h.feed().PutOrder(t.Context(), "x"+id, orderBy(id, "x"+id, jan))
		if err != nil || len(receipt.Warnings) != 0 {
			t.Errorf("%s: %+v, %v", id, receipt, err)
		}
	}
}

func TestIDForNobodyIsRefusedForACustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	for _, id := range idsForNobody {
		if strings.HasPrefix(id, `"`) {
			if err := json.Unmarshal([]byte(id), &id); err != nil {
				t.Fatal(err)
			}
		}
		_, err := h.feed().PutCustomer(t.Context(), id,
			[]byte(`{"email":"jan@example.com","updated_at":"2026-01-01T00:00:00Z"}`))
		if found := validate.FieldErrors(err); validate.KindOf(err) != validate.Invalid ||
			len(found) != 1 || found[0].Key != "customer_id.nobody" {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// ordinaryIDs returns JSON ids that look similar but belong to real customers.
func ordinaryIDs() []string {
	return []string{
		`7`, `"7"`, `"c0"`, `"0-1"`, `"a0000"`, `"NO-1"`, `"gid://shopify/Customer/7"`,
		`"gid://shopify/Customer/7?key=0"`,
		`"https://shop.example/customers/7/"`, `"E1001"`, `"E20"`, `"e7"`, `"00E1"`, `"0E15"`, `"0e462097"`,
		`"-E1"`, `"1e3"`, `"N"`, `"(1)"`, `"١"`, `"'7'"`,
	}
}

func TestOrdinaryIDIsTakenForACustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	for i, id := range ordinaryIDs() {
		body := fmt.Sprintf(`{"email":"o%d@example.com","updated_at":"2026-01-01T00:00:00Z"}`, i)
		if receipt, err := h.feed().PutCustomer(t.Context(), strings.Trim(id, `"`), []byte(body)); i > 1 &&
			(err != nil || receipt.Outcome != order.Created) {
			t.Errorf("%s: %+v, %v", id, receipt, err)
		}
	}
}

func TestImportListsWarnings(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	var file strings.Builder
	for i := range 150 {
		file.Write(append(oneLine(orderBy(`"guest"`, fmt.Sprint(i), jan)), '\n'))
	}
	report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID,
		strings.NewReader(file.String()), func(int) {})
	if err != nil || report.Created != 150 || report.WarnedCount != 150 || len(report.Warned) != 100 {
		t.Fatalf("%d created, %d warned, %d listed, %v", report.Created, report.WarnedCount,
			len(report.Warned), err)
	}
}
