package portal_test

import (
	"fmt"
	"testing"

	"postern/portal/order"
	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// putBy stores an order with a customer id given as JSON and returns our id of its customer and how it was
// linked.
func (h *testApp) putBy(id, number, email string) (customer string, by order.LinkedBy) {
	h.t.Helper()
	receipt, err := h.feed().PutOrder(h.t.Context(), number, orderBy(id, number, email))
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt.Customer, receipt.LinkedBy
}

// putCustomer introduces the shop system's id for an email.
func (h *testApp) putCustomer(id, email string) order.Receipt {
	h.t.Helper()
	receipt, err := h.feed().PutCustomer(h.t.Context(), id,
		fmt.Appendf(nil, `{"email":%q,"updated_at":"2026-03-06T10:00:00Z"}`, email))
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt
}

func TestOrdersOfStrangersByOneIDAreApart(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`0`, `"-1"`, `"null"`, `"guest"`, `"5"`, `5`} {
		h := newTestApp(t)
		first, by := h.putBy(id, "1", jan)
		second, _ := h.putBy(id, "2", jana)
		if first == second || by != order.ByEmail {
			t.Errorf("%s: %s and %s, by %s", id, first, second, by)
		}
		h.work()
		page, err := h.signIn(jan).Orders(t.Context(), order.Query{})
		if err != nil || page.Total != 1 || len(page.Rows) != 1 || page.Rows[0].Number != "1" {
			t.Errorf("%s: %+v, %v", id, page, err)
		}
		if record, err := h.feed().CustomerByEmail(t.Context(), jan); err != nil || record.FeedID != "" {
			t.Errorf("%s: the customer has the id %q, %v", id, record.FeedID, err)
		}
	}
}

func TestReceiptTellsWhoseAnOrderIs(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	early, _ := h.putBy(`"77"`, "early", jana)
	introduced := h.putCustomer("77", jan).Customer
	steps := []struct {
		name, id, number, email, customer string
		by                                order.LinkedBy
	}{
		{"an introduced id beats the email", `"77"`, "1", jana, introduced, order.ByIntroducedID},
		{"the same again", `"77"`, "1", jana, introduced, order.Kept},
		{"as a number", `77`, "2", jana, introduced, order.ByIntroducedID},
		{"no id", `null`, "3", jan, introduced, order.ByEmail},
		{"an id nobody introduced", `"78"`, "4", jan, introduced, order.ByEmail},
		{"introducing an id moves no earlier order", `"77"`, "early", jana, early, order.Kept},
	}
	for _, step := range steps {
		if customer, by := h.putBy(step.id, step.number,
			step.email); customer != step.customer || by != step.by {
			t.Errorf("%s: %s by %s, want %s by %s", step.name, customer, by, step.customer, step.by)
		}
	}
}

func TestEarlierEmailLeadsToItsCustomer(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.change(h.signInByCode(jan, "one"), jana, "one")
	id := h.shopper(cookie).Customer().ID
	if customer, by := h.putBy(`"5"`, "late", jan); customer != id || by != order.ByEarlierEmail {
		t.Errorf("%s by %s, want %s", customer, by, id)
	}
	if customer, by := h.putBy(`"5"`, "now", jana); customer != id || by != order.ByEmail {
		t.Errorf("%s by %s, want %s", customer, by, id)
	}
}

// TestHandOffReturnsAnIntroducedIDOnly checks that the shop system's id is returned only once it has been
// introduced, while the order keeps the id it was sent with.
func TestHandOffReturnsAnIntroducedIDOnly(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putBy(`"5"`, "1", jan)
	read := func() (ids []string) {
		t.Helper()
		record, err := h.feed().CustomerByEmail(t.Context(), jan)
		if err != nil {
			t.Fatal(err)
		}
		order, err := h.app.Operator().Order(t.Context(), h.shop.ID, "No. #1")
		if err != nil {
			t.Fatal(err)
		}
		return []string{record.FeedID, order.FeedCustomer}
	}
	if diff := cmp.Diff([]string{"", "5"}, read()); diff != "" {
		t.Error(diff)
	}
	if _, err := h.feed().Customer(t.Context(), "5"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("the id leads to somebody: %v", err)
	}
	h.putCustomer("5", jan)
	if diff := cmp.Diff([]string{"5", "5"}, read()); diff != "" {
		t.Error(diff)
	}
}
