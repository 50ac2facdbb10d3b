package shopper_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
)

// TestReturnFormOffersWhatIsLeft checks that the form offers no file and nothing that is in another return,
// says all that is wrong at once, and closes when nothing is left.
func TestReturnFormOffersWhatIsLeft(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	part := func(line, quantity string) []fields { return []fields{{"line": line, "quantity": quantity}} }
	put(t, i, "1", fields{"fulfillment": "delivered", "payment": "paid",
		"lines": []fields{{"id": "a", "name": "Mug", "quantity": "3", "total": "6"},
			{"id": "b", "name": "Cloth", "quantity": "1.5", "total": "3"}, {"id": "c", "name": "E-book", "quantity": "1", "total": "3"}},
		"downloads": []fields{{"line": "c", "name": "Book.epub", "url": "https://www.shop.test/1"}},
		"returns": []fields{{"number": "r1", "state": "approved", "lines": part("a", "1")},
			{"number": "r2", "state": "declined", "lines": part("a", "2")},
			{"number": "r3", "state": "refunded", "lines": part("b", "0.25")}},
	})
	b := signedIn(i)
	b.Get("/orders/1/return").Want(http.StatusOK)
	for selector, want := range map[string][]string{
		"main label":                   {"Mug", "Cloth", "Reason", "Tell the shop more (optional)", "Photos (optional)"},
		`select[name="line/0"] option`: {"Keep", "1", "All (2)"}, `select[name="line/1"] option`: {"Keep", "All (1.25)"},
	} {
		if diff := cmp.Diff(want, b.Page.Texts(selector)); diff != "" {
			t.Errorf("%s: %s", selector, diff)
		}
	}
	b.Submit("main form", nil).Want(http.StatusUnprocessableEntity)
	wantRows(t, b.Page, "main .field-errors p, main .field-errors li", "Please fix the following:", "Choose at least one item.",
		"Choose a reason.")
	if got := b.Page.Text("fieldset#f-items.invalid > .field-error"); got != "Choose at least one item." ||
		b.Page.Attr("fieldset", "aria-describedby") != "f-items-error" {
		t.Errorf("at the items: %q", got)
	}
	if diff := cmp.Diff([]string{"3 ordered", "1.5 ordered"}, b.Page.Texts("fieldset .hint")); diff != "" {
		t.Error(diff)
	}
	for line, quantity := range map[string]string{"line/0": "3", "line/2": "1"} {
		values := hidden(b.Page)
		values.Set(line, quantity)
		values.Set("reason", "size")
		b.Post("/orders/1/return", values).Want(http.StatusUnprocessableEntity)
	}
	b.Get("/orders/1/return").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"line/0": "2", "line/1": "1.25", "reason": "size"}).Want(http.StatusOK)
	b.Get("/orders/1/return").Want(http.StatusOK)
	if got := b.Page.Text("main"); b.Page.Has("main form[action$=return]") {
		t.Errorf("everything is in a return, and the form offers more: %s", got)
	}
	if b.Get("/orders/1"); b.Page.Has(`a[href="/orders/1/return"]`) {
		t.Error("the order's page offers another return")
	}
}
