package portal_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
)

// withoutEmail removes the email from an order.
func withoutEmail(body []byte) []byte {
	return []byte(strings.Replace(string(body), `"email":"`+jan+`",`, "", 1))
}

// later returns an order as changed on a later day of March.
func later(body []byte, day string) []byte {
	return []byte(strings.Replace(string(body), `"updated_at":"2026-03-05`, `"updated_at":"2026-03-`+day, 1))
}

// putReceipt puts an order and returns the answer.
func (h *testApp) putReceipt(number string, body []byte) order.Receipt {
	h.t.Helper()
	receipt, err := h.feed().PutOrder(h.t.Context(), number, body)
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt
}

// TestOrderWithoutEmailIsKept checks that an order without an email belongs to nobody until a delivery names
// its customer. Then it is in that customer's list and counts.
func TestOrderWithoutEmailIsKept(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	body := orderJSON("2", jan)
	receipt := h.putReceipt("2", withoutEmail(body))
	if receipt.Outcome != order.Created || receipt.Customer != "" || receipt.LinkedBy != "" {
		t.Fatalf("without an email: %+v", receipt)
	}
	h.work()
	shopper := h.signIn(jan)
	if page, err := shopper.Orders(t.Context(), order.Query{}); err != nil || page.Total != 1 ||
		cmp.Diff([]string{"1"}, numbers(page)) != "" {
		t.Errorf("the list: %d, %q, %v", page.Total, numbers(page), err)
	}
	for name, query := range map[string]order.Query{"search": {Search: "2"}, "state": {Status: order.Views()[0]}} {
		if page, err := shopper.Orders(t.Context(), query); err != nil || len(page.Rows) > 1 {
			t.Errorf("%s: %q, %v", name, numbers(page), err)
		}
	}
	if _, err := shopper.Order(t.Context(), "2"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("its page: %v", err)
	}

	receipt = h.putReceipt("2", later(body, "06"))
	if receipt.Outcome != order.Updated || receipt.Customer == "" || receipt.LinkedBy != order.ByEmail {
		t.Errorf("with an email: %+v", receipt)
	}
	h.work()
	if page, err := shopper.Orders(t.Context(), order.Query{}); err != nil || page.Total != 2 {
		t.Errorf("the list: %d, %q, %v", page.Total, numbers(page), err)
	}
	if _, err := shopper.Order(t.Context(), "2"); err != nil {
		t.Errorf("its page: %v", err)
	}
	if receipt = h.putReceipt("2", later(body, "06")); receipt.Outcome != order.Unchanged {
		t.Errorf("sent again: %+v", receipt)
	}
}

// TestLateEmailOfAnOrder checks deliveries in any order of time: an old one gives an order no owner, and one
// without an email takes none away.
func TestLateEmailOfAnOrder(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	named := orderJSON("1", jan)
	steps := []struct {
		name    string
		body    []byte
		outcome order.Outcome
		by      order.LinkedBy
	}{
		{"no email", withoutEmail(later(named, "07")), order.Created, ""},
		{"an older one with it", later(named, "06"), order.Stale, ""},
		{"no email, sent again", withoutEmail(later(named, "07")), order.Unchanged, ""},
		{"of the same time, with it", later(named, "07"), order.Updated, order.ByEmail},
		{"a newer one without it", withoutEmail(later(named, "08")), order.Updated, order.Kept},
		{"the same again", withoutEmail(later(named, "08")), order.Unchanged, order.Kept},
		{"with it again", later(named, "09"), order.Updated, order.ByEmail},
	}
	for _, step := range steps {
		receipt := h.putReceipt("1", step.body)
		if receipt.Outcome != step.outcome || receipt.LinkedBy != step.by || (receipt.Customer == "") != (step.by == "") {
			t.Errorf("%s: %+v", step.name, receipt)
		}
	}
	if found, err := h.feed().CustomerByEmail(t.Context(), jan); err != nil || found.Email != jan {
		t.Errorf("the customer: %+v, %v", found, err)
	}
}

// TestOrderWithoutEmailOfAnIntroducedCustomer checks that the id of a customer is enough.
func TestOrderWithoutEmailOfAnIntroducedCustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	body := withoutEmail(orderBy(`"77"`, "1", jan))
	if receipt := h.putReceipt("1", body); receipt.Customer != "" {
		t.Errorf("before the customer: %+v", receipt)
	}
	introduced := h.putCustomer("77", jana).Customer
	receipt := h.putReceipt("1", body)
	if receipt.Customer != introduced || receipt.LinkedBy != order.ByIntroducedID || receipt.Outcome != order.Updated {
		t.Errorf("after it: %+v, want %s", receipt, introduced)
	}
}

// TestFirstOrderEmailWaitsForTheEmail checks that the email about a first order is sent once its address is
// known, unless the order is old by then.
func TestFirstOrderEmailWaitsForTheEmail(t *testing.T) {
	t.Parallel()
	h := greeter(t)
	recent, old := h.placed("1", jan, time.Hour), h.placed("2", eva, 49*time.Hour)
	h.put(withoutEmail(recent))
	h.put([]byte(strings.Replace(string(old), `"email":"`+eva+`",`, "", 1)))
	if list := h.greeted(); len(list) != 0 {
		t.Errorf("without an email: %q", list)
	}
	h.put(recent)
	h.put(old)
	if diff := cmp.Diff([]string{jan + " /orders/1"}, h.greeted()); diff != "" {
		t.Error(diff)
	}
	h.put(recent)
	if list := h.greeted(); len(list) != 0 {
		t.Errorf("sent again: %q", list)
	}
}

// TestImportOfOrdersWithoutEmail checks that an import keeps such orders and creates no customer for them.
func TestImportOfOrdersWithoutEmail(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	file := append(append(oneLine(withoutEmail(orderJSON("1", jan))), '\n'), oneLine(orderJSON("2", eva))...)
	for _, options := range [][]portal.ImportOption{{portal.DryRun()}, nil} {
		report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, bytes.NewReader(file), func(int) {},
			options...)
		if err != nil || report.Created != 2 || report.RefusedCount != 0 {
			t.Errorf("%+v, %v", report, err)
		}
	}
	if _, err := h.feed().CustomerByEmail(t.Context(), jan); validate.KindOf(err) != validate.NotFound {
		t.Errorf("a customer was made: %v", err)
	}
	if got := h.put(later(orderJSON("1", jan), "06")); got != order.Updated {
		t.Errorf("with its email it is %s", got)
	}
	h.work()
	if page, err := h.signIn(jan).Orders(t.Context(), order.Query{}); err != nil || page.Total != 1 {
		t.Errorf("its customer has %d orders, %v", page.Total, err)
	}
}

// TestOrderWithTooManyLines checks that an order of 10,000 lines is refused with the limit, from the API and
// from a file.
func TestOrderWithTooManyLines(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	line := `{"name":"x","quantity":"1","total":"0"}`
	body := []byte(strings.Replace(string(orderJSON("1", jan)), `"lines":[`, `"lines":[`+strings.Repeat(line+",", 9999), 1))
	_, err := h.feed().PutOrder(t.Context(), "1", body)
	wrong := validate.FieldErrors(err)
	if len(wrong) != 1 || wrong[0].Field != "/lines" || wrong[0].Key != "json.too_many" || wrong[0].Args["Most"] != "1000" {
		t.Errorf("refused with %+v", wrong)
	}
	report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, bytes.NewReader(oneLine(body)), func(int) {})
	if err != nil || report.RefusedCount != 1 {
		t.Errorf("imported: %+v, %v", report, err)
	}
}

// TestRefundsAboveTheTotal checks that the sum of a list of refunds is compared with the total, too.
func TestRefundsAboveTheTotal(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	receipt := h.putReceipt("1", orderJSON("1", jan, `"lines"`, `"refunds":[{"amount":"10"},{"amount":"-2.51"}],"lines"`))
	if len(receipt.Warnings) != 1 || receipt.Warnings[0].Key != "order.refunded.above_total" {
		t.Errorf("warnings %+v", receipt.Warnings)
	}
}
