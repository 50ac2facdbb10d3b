package shopper_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"postern/portal/web/webtest"
)

// wantWordsApart checks that text browsers and screen readers find white space between elements that look
// separate only because of the stylesheet.
func wantWordsApart(t *testing.T, page *webtest.Page) {
	t.Helper()
	document, err := html.Parse(strings.NewReader(page.Body))
	if err != nil {
		t.Fatal(err)
	}
	for node := range document.Descendants() {
		next := node.NextSibling
		for next != nil && next.Type == html.ElementNode && next.Data == "svg" {
			next = next.NextSibling
		}
		if next == nil || !isInline(node) || !isInline(next) {
			continue
		}
		a, b := textOf(node), textOf(next)
		if a != "" && b != "" && a == strings.TrimRight(a, " \n") && b == strings.TrimLeft(b, " \n") {
			t.Errorf("%s: %q runs into %q", page.URL, a, b)
		}
	}
}

func isInline(n *html.Node) bool {
	return n.Type == html.ElementNode &&
		slices.Contains([]string{"span", "a", "b", "strong", "em", "small", "time", "button",
			"label"}, n.Data)
}

func textOf(n *html.Node) string {
	var text strings.Builder
	for inner := range n.Descendants() {
		if inner.Type == html.TextNode {
			text.WriteString(inner.Data)
		}
	}
	return text.String()
}

// TestRowSaysHowManyMore checks that a row says in words how many more items there are, separately from the
// amount.
func TestRowSaysHowManyMore(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	line := fields{"name": "A book", "quantity": "1", "total": "1217.40"}
	put(t, i, "1", fields{"total": "2434.80", "lines": []fields{line, line}})
	row := signedIn(i).Get("/orders").Text(".orders > li")
	if !strings.Contains(row, "A book and 1 more ") || !strings.HasSuffix(row, " €2,434.80") {
		t.Errorf("the row reads %q", row)
	}
}

// TestDaysOfOtherYears checks that days of other years are shown with their year and recent ones without.
func TestDaysOfOtherYears(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "old", fields{"placed_at": "2024-02-01T10:00:00Z", "fulfillment": "delivered",
		"shipments": []fields{
			{"carrier": "DHL", "shipped_at": "2024-02-02T10:00:00Z",
				"delivered_at": "2024-02-05T10:00:00Z"}}})
	put(t, i, "new", fields{"fulfillment": "shipped",
		"shipments": []fields{{"carrier": "DHL", "shipped_at": "2026-03-02T10:00:00Z"}}})
	b := signedIn(i)
	if list := b.Get("/orders").Text("main"); !strings.Contains(list, "5 February 2024") {
		t.Errorf("the list says %s", list)
	}
	if page := b.Get("/orders/old").Text("main"); !strings.Contains(page, "Friday 2 February 2024") {
		t.Errorf("the old order says %s", page)
	}
	if page := b.Get("/orders/new").Text("main"); !strings.Contains(page, "Monday 2 March ") {
		t.Errorf("the new order says %s", page)
	}
}

// TestNamesOfEitherDirection checks that right-to-left names, addresses and customers' texts keep their
// order within left-to-right text.
func TestNamesOfEitherDirection(t *testing.T) {
	t.Parallel()
	const name = "דנה (לוי)"
	i := webtest.Portal(t)
	put(t, i, "1", fields{
		"lines": []fields{{"name": name, "quantity": "1", "total": "12.50",
			"options": []fields{{"name": "Size", "value": name}}}},
		"shipping_address": fields{"first_name": name, "line1": name, "city": name, "country": "IL"},
		"notes":            []fields{{"text": name}}, "customer_note": name,
	})
	b := signedIn(i)
	b.Get("/profile")
	b.Submit("main form", map[string]string{"first_name": name}).Want(http.StatusOK)
	for _, path := range []string{"/orders/1", "/profile"} {
		page := b.Get(path)
		document, err := html.Parse(strings.NewReader(page.Body))
		if err != nil {
			t.Fatal(err)
		}
		for node := range document.Descendants() {
			if node.Type == html.TextNode && strings.Contains(node.Data, name) && !isolated(node) {
				t.Errorf("%s: %q has the direction of the page", path, strings.TrimSpace(node.Data))
			}
		}
	}
	if got := b.Get("/profile").Attr("[name=first_name]", "dir"); got != "auto" {
		t.Errorf("the field has the direction %q", got)
	}
}

// isolated reports whether the text's own letters decide its direction.
func isolated(n *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if slices.Contains(n.Attr, html.Attribute{Key: "dir", Val: "auto"}) {
			return true
		}
	}
	return false
}
