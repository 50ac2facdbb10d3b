package shopper_test

import (
	"strconv"
	"strings"
	"testing"

	"postern/portal/web/webtest"
)

// TestReturnLeads checks that a return in progress, or declined, is what the page says first, and that the
// shop's words are a passage of their own.
func TestReturnLeads(t *testing.T) {
	t.Parallel()
	long := strings.TrimSpace(strings.Repeat("Opened. ", 40))
	tests := []struct {
		name, headline, card, quote string
		given                       fields
	}{
		{"label", "Return label ready.|Print the label, stick it on the parcel and drop the parcel off.", "", "",
			fields{"state": "label", "label_url": "https://www.shop.test/l.pdf"}},
		{"approved", "Return approved.|You can send the items back. Ask the shop where to send them and by when.", "", "",
			fields{"state": "label"}},
		{"received", "The shop received your return.|The shop is checking the items and will then refund you.", "", "",
			fields{"state": "received"}},
		{"declined", "Return declined.|Opened", "", "", fields{"state": "declined", "declined": "Opened"}},
		{"declined without a reason", "Return declined.|The shop gave no reason. You can ask in a message.", "", "",
			fields{"state": "declined"}},
		{"declined at length", "Return declined.|The shop’s answer is below.", "The shop declined this return and wrote:", long,
			fields{"state": "declined", "declined": long}},
		{"refunded", "Your order was delivered.",
			"The shop has refunded you. The money may take a few days to reach your bank account.", "", fields{"state": "refunded"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.given["number"] = "r"
			page := orderPage(t, fields{"payment": "paid", "fulfillment": "delivered", "returns": []fields{test.given},
				"links": fields{"reorder": "https://www.shop.test/again"}})
			if got := strings.Join(page.Texts(".headline p"), "|"); got != test.headline {
				t.Errorf("%q, want %q", got, test.headline)
			}
			if got := strings.Join(page.Texts(".return > p"), "|"); got != test.card {
				t.Errorf("the card says %q", got)
			}
			if got := strings.Join(page.Texts(".return > blockquote"), "|"); got != test.quote {
				t.Errorf("quotes %q", got)
			}
			if again := page.Text(".button.main") == "Buy again"; again != (test.name == "refunded") {
				t.Errorf("the main action is %q", page.Text(".button.main"))
			}
		})
	}
}

// TestLongOrderFolds checks that a long order shows ten lines and folds the rest, that parts stay with their
// bundle, and that the items of the delivery are folded.
func TestLongOrderFolds(t *testing.T) {
	t.Parallel()
	page := func(n int, ids ...string) *webtest.Page {
		var lines, items []fields
		for i := range n {
			id := strconv.Itoa(i)
			lines = append(lines, fields{"id": id, "name": "Pen " + id, "quantity": "1", "total": "1"})
			items = append(items, fields{"line": id, "quantity": "1"})
		}
		for _, id := range ids {
			at, _ := strconv.Atoi(id)
			lines[at]["parent"], lines[at]["total"] = "8", "0"
		}
		return orderPage(t, fields{"lines": lines, "fulfillment": "shipped", "shipments": []fields{{"number": "1", "items": items}}})
	}
	for name, test := range map[string]struct {
		page        *webtest.Page
		first, rest int
	}{"short": {page(15), 15, 0}, "long": {page(40), 10, 30}, "with a bundle": {page(40, "9", "10", "11"), 12, 28}} {
		first, rest := len(test.page.Texts(".section > .lines tbody tr")), len(test.page.Texts("details .lines tbody tr"))
		if first != test.first || rest != test.rest {
			t.Errorf("%s: %d lines and %d folded", name, first, rest)
		}
		if !test.page.Has(".parcel details:not([open])") {
			t.Errorf("%s: the items of the delivery are not folded", name)
		}
	}
	if got := page(40).Text(".lines-fold > summary"); got != "Show all items (40)" {
		t.Errorf("opened by %q", got)
	}
}
