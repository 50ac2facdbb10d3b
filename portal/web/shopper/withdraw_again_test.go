package shopper_test

import (
	"net/http"
	"slices"
	"testing"

	"postern/portal/web/webtest"
)

// changed presses the button on the confirmation page that returns to the form.
func changed(b *webtest.Browser) *webtest.Page {
	return b.Post(b.Page.Attr("main button.link", "formaction"), hidden(b.Page))
}

// TestWithdrawChangesSomething checks that the form is still filled in and shows no errors.
func TestWithdrawChangesSomething(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	typed := map[string]string{"name": "Jana", "number": "1001", "email": jana, "goods": "one book"}
	b := i.Browser()
	b.Get("/withdraw?lang=sk")
	b.Submit("main form", typed).Want(http.StatusOK)
	changed(b).Want(http.StatusOK)
	for name, value := range typed {
		if got := b.Page.Attr("[name="+name+"]", "value"); got != value {
			t.Errorf("%s is %q", name, got)
		}
	}
	if b.Page.Has(".field-errors, .field-error") || b.Page.Attr("html", "lang") != "sk" {
		t.Errorf("in %q: %s", b.Page.Attr("html", "lang"), b.Page.Text("main"))
	}
	b.Submit("main form", map[string]string{"number": "1002"}).Want(http.StatusOK)
	if got := b.Page.Texts("main dd")[1]; got != "1002" {
		t.Errorf("then it is about %q", got)
	}
	order := delivered()
	order["lines"] = []fields{{"name": "Pen", "quantity": "3", "total": "6"},
		{"name": "Cloth", "quantity": "1", "total": "6"}}
	put(t, i, "1", order)
	customer := signedIn(i)
	customer.Get("/orders/1/withdraw")
	customer.Submit("main form", map[string]string{"name": "Jana", "what": "parts",
		"line/0": "2"}).Want(http.StatusOK)
	changed(customer).Want(http.StatusOK)
	if got := customer.Page.Attrs("main option[selected]", "value"); !slices.Equal(got, []string{"2", ""}) ||
		customer.Page.Attr("[name=name]", "value") != "Jana" ||
		customer.Page.Has(".field-errors, .field-error") {
		t.Errorf("of the order: %q: %s", got, customer.Page.Text("main"))
	}
}
