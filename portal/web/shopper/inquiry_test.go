package shopper_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal/inquiry"
	"postern/portal/shop"
	"postern/portal/web/webtest"
)

const helpdesk = "help@shop.test"

// helped returns a portal whose shop has a support address.
func helped(t *testing.T) *webtest.Installation {
	t.Helper()
	shop := webtest.Bookshop()
	shop.Settings.SupportEmail = new(helpdesk)
	return webtest.Portal(t, shop)
}

// receiptOf returns the email that confirms Jana's request.
func receiptOf(i *webtest.Installation) mail.Message {
	for _, m := range i.Mailbox.All(jana) {
		if strings.Contains(m.Subject, " request for order ") {
			return m
		}
	}
	return mail.Message{}
}

// later returns an update of the order with another status.
func later(status string) fields {
	return fields{"updated_at": "2026-03-02T10:00:00Z", "fulfillment": status}
}

// shownActions are the actions that the page of an order shows.
type shownActions struct {
	name    string
	said    fields // of the order
	main    string
	buttons []string
	told    string // about one that is not available
}

func actionsOfOrders() []shownActions {
	links := fields{"payment": "https://pay.test/1", "invoice": "https://www.shop.test/i.pdf",
		"reorder": "https://www.shop.test/again",
		"return":  "https://www.shop.test/back", "cancel": "https://www.shop.test/stop",
		"storefront": "https://www.shop.test/o/1"}
	parcel := fields{"carrier": "DHL", "url": "https://dhl.test/1", "shipped_at": "2026-03-02T10:00:00Z"}
	const late = "You can no longer cancel this order because items have shipped. You can return them."
	return []shownActions{
		{"new", fields{"payment": "pending", "fulfillment": "unfulfilled"}, "",
			nil,
			"You can’t pay for this order here. Contact the shop to find out how to pay."},
		{"new, with links", fields{"payment": "pending", "fulfillment": "unfulfilled", "links": links}, "Pay now",
			[]string{"Pay now https://pay.test/1", "Invoice https://www.shop.test/i.pdf",
				"Buy again https://www.shop.test/again", "View in shop https://www.shop.test/o/1",
				"Cancel order https://www.shop.test/stop"}, ""},
		{"to be paid by transfer", fields{"payment": "pending", "fulfillment": "unfulfilled",
			"payment_instructions": fields{"iban": "SK3112000000198742637541"}}, "", nil, ""},
		{"shipped", fields{"payment": "paid", "fulfillment": "shipped", "shipments": []fields{parcel}},
			"Track parcel", []string{"Track parcel https://dhl.test/1", "Return items /orders/1/return"}, late},
		{"shipped in two, with links",
			fields{"payment": "paid", "fulfillment": "shipped", "links": links,
				"shipments": []fields{parcel, parcel}}, "Track parcels",
			[]string{"Track parcels #parcels", "Invoice https://www.shop.test/i.pdf",
				"Buy again https://www.shop.test/again",
				"View in shop https://www.shop.test/o/1", "Return items https://www.shop.test/back"}, late},
		{"shipped, without a link", fields{"payment": "paid", "fulfillment": "shipped"}, "",
			nil, late},
		{"delivered", fields{"payment": "paid", "fulfillment": "delivered", "links": fields{"reorder": "https://www.shop.test/again"}},
			"Buy again", []string{"Buy again https://www.shop.test/again", "Return items /orders/1/return"}, ""},
		{"delivered, with three", fields{"payment": "paid", "fulfillment": "delivered", "shipments": []fields{parcel},
			"links": fields{"invoice": "https://www.shop.test/i.pdf"}}, "",
			[]string{"Invoice https://www.shop.test/i.pdf", "Return items /orders/1/return", "Track parcel https://dhl.test/1"}, ""},
		{"delivered, with a return label", fields{"payment": "paid", "fulfillment": "delivered",
			"links":   fields{"reorder": "https://www.shop.test/again"},
			"returns": []fields{{"number": "r", "state": "label", "label_url": "https://www.shop.test/l.pdf"}}}, "Get return label",
			[]string{"Get return label https://www.shop.test/l.pdf", "Buy again https://www.shop.test/again", "Return items /orders/1/return"}, ""},
		{"delivered, with a declined return", fields{"payment": "paid", "fulfillment": "delivered",
			"links":   fields{"reorder": "https://www.shop.test/again"},
			"returns": []fields{{"number": "r", "state": "declined", "declined": "Opened"}}}, "Message the shop",
			[]string{"Message the shop #messages", "Buy again https://www.shop.test/again", "Return items /orders/1/return"}, ""},
		{"delivered, to be sent back", fields{"payment": "paid", "fulfillment": "delivered",
			"links":   fields{"reorder": "https://www.shop.test/again"},
			"returns": []fields{{"number": "r", "state": "approved"}}}, "Message the shop",
			[]string{"Message the shop #messages", "Buy again https://www.shop.test/again", "Return items /orders/1/return"}, ""},
		{"delivered, and back at the shop", fields{"payment": "paid", "fulfillment": "delivered",
			"links":   fields{"reorder": "https://www.shop.test/again"},
			"returns": []fields{{"number": "r", "state": "received"}}}, "",
			[]string{"Message the shop #messages", "Buy again https://www.shop.test/again", "Return items /orders/1/return"}, ""},
		{"cancelled", fields{"state": "cancelled"}, "", nil, ""},
		{"digital, to withdraw from", fields{"payment": "paid", "fulfillment": "shipped", "is_digital": true},
			"Message the shop", []string{"Message the shop #messages"}, ""},
		{"digital", fields{"payment": "paid", "fulfillment": "shipped", "is_digital": true, "business": true},
			"Message the shop", []string{"Message the shop #messages"},
			"Digital orders can’t be returned. If there’s a problem, contact the shop."},
	}
}

// TestOrderActions checks the actions shown for an order in each state: the main one, the others, their
// targets, and the only sentence about one that is not available.
func TestOrderActions(t *testing.T) {
	t.Parallel()
	for _, test := range actionsOfOrders() {
		t.Run(test.name, func(t *testing.T) {
			i := helped(t)
			put(t, i, "1", test.said)
			b := signedIn(i)
			page := b.Get("/orders/1").Want(http.StatusOK)
			if diff := cmp.Diff(test.buttons, actionsOn(page)); diff != "" {
				t.Error(diff)
			}
			if page.Has(`.button[href$="cancel"], .button[href$="stop"]`) {
				t.Error("to cancel is a button")
			}
			if got := page.Text("main .button.main"); got != test.main {
				t.Errorf("the main action is %q", got)
			}
			if got := strings.Join(page.Texts("main .unavailable"), "|"); got != test.told {
				t.Errorf("told %q", got)
			}
			checkForms(t, b, append(page.Attrs("main .actions.links a", "href"), test.buttons...))
		})
	}
}

// checkForms checks that the order's requests have a form if the order's page has a button for them.
func checkForms(t *testing.T, b *webtest.Browser, buttons []string) {
	t.Helper()
	for _, kind := range []string{"return", "cancel"} {
		asks := strings.Contains(strings.Join(buttons, "\n"), "/orders/1/"+kind)
		page := b.Get("/orders/1/" + kind).Want(http.StatusOK)
		if page.Has("main form[action$='/"+kind+"'] textarea") != asks {
			t.Errorf("the page to %s: %s", kind, page.Text("main"))
		}
	}
}

// actionsOn returns the labels of the actions on an order's page with their links.
func actionsOn(page *webtest.Page) []string {
	const actions = "main .actions .button[href], main .actions .menu-list a"
	var buttons []string
	texts := page.Texts(actions)
	for n, url := range page.Attrs(actions, "href") {
		buttons = append(buttons, texts[n]+" "+url)
	}
	return buttons
}

// TestReturnRequest checks that a return request is sent by its form, shown on the order with its items,
// and emailed.
func TestReturnRequest(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "A/1", fields{"fulfillment": "delivered", "lines": []fields{
		{"name": "A book", "sku": "B-7", "quantity": "3", "total": "9"},
		{"name": "A pen", "quantity": "1", "total": "3.50"}}})
	b := signedIn(i)
	b.Get("/orders/A%2F1")
	b.Follow("main .actions a[href$='/return']").Want(http.StatusOK)
	if !b.Page.Has("main .note a[href$='/withdraw']") || len(b.Page.Texts("main .button.main")) != 1 {
		t.Errorf("the page: %s", b.Page.Text("main"))
	}
	b.Submit("main form", map[string]string{"reason": "damaged", "text": "\n<b>Torn</b>"}).Want(http.StatusUnprocessableEntity)
	if got := b.Page.Text(".field-errors"); got != "Please fix the following: Choose at least one item." ||
		!strings.Contains(b.Page.Body, ">\n\n&lt;b&gt;Torn") {
		t.Errorf("nothing chosen: %q, %s", got, b.Page.Body)
	}
	b.Submit("main form", map[string]string{"line/0": "2",
		"reason": "damaged", "text": strings.Repeat("x", 2001)}).Want(http.StatusUnprocessableEntity)
	if b.Page.Text("#f-text-error") != "Use 2000 characters or fewer." ||
		b.Page.Attr("[name='line/0'] [selected]", "value") != "2" {
		t.Errorf("too long: %s", b.Page.Text("main"))
	}
	form := map[string][]string{"form": {b.Page.Attr("[name=form]", "value")},
		"mark": {b.Page.Attr("[name=mark]", "value")}, "line/0": {"2"}, "reason": {"damaged"},
		"text": {"<b>Torn</b>\r\nhttps://x.test"}}
	for range 2 {
		b.Post("/orders/A%2F1/return", form).Want(http.StatusOK)
		if got := b.Page.Text(".flash"); got != "Return request sent to the shop." {
			t.Errorf("confirmed by %q", got)
		}
	}
	if got := b.Page.Texts("main .return"); len(got) != 1 || !strings.Contains(got[0], "5 March 2026") ||
		!strings.Contains(got[0], "2 × A book") || !strings.Contains(got[0], "Arrived damaged") ||
		!strings.Contains(got[0], "<b>Torn</b> https://x.test") {
		t.Errorf("on the order: %q", got)
	}
	if b.Page.Has("main .return a, main .return b") {
		t.Error("the text is markup")
	}
	i.Work()
	told, receipt := i.Mailbox.All(helpdesk), receiptOf(i)
	if len(told) != 1 || told[0].ReplyTo != jana || !strings.Contains(told[0].Text,
		"Reason: Arrived damaged\n2 × A book (B-7)\n<b>Torn</b>\nhttps://x.test") || told[0].From != "account@shop.test" {
		t.Errorf("mailed to the shop: %+v", told)
	}
	if receipt.ReplyTo != helpdesk || !strings.Contains(receipt.Subject, "A/1") ||
		!strings.Contains(receipt.Text, "2 × A book") {
		t.Errorf("the receipt: %+v", receipt)
	}
	form["text"] = []string{"Another text"}
	b.Post("/orders/A%2F1/return", form).Want(http.StatusConflict)
	if b.Page.Text("main textarea") != "Another text" || b.Page.Attr("[name=form]",
		"value") == form["form"][0] {
		t.Errorf("the same form with another text: %s", b.Page.Text("main"))
	}
	put(t, i, "A/1", fields{"fulfillment": "delivered", "updated_at": "2026-03-02T10:00:00Z",
		"lines": []fields{{"name": "A pen", "quantity": "2", "total": "3.50"}}})
	b.Submit("main form", map[string]string{"text": "again"}).Want(http.StatusConflict)
	if got := b.Page.Text(".field-errors"); got != "This order has changed. Choose the items again." {
		t.Errorf("other lines by now: %q", got)
	}
	b.Submit("main form", map[string]string{"line/0": "1"}).Want(http.StatusOK)
}

// TestCancelRequest checks that the page explains the request and what happens to the payment, and that the
// request is shown as the order's status changes.
func TestCancelRequest(t *testing.T) {
	t.Parallel()
	money := map[string]string{
		"paid": "it will refund you", "authorized": "you haven’t been charged", "pending": "you pay nothing",
		"refunded": "already refunded", "odd": "If you’ve paid",
	}
	for payment, want := range money {
		t.Run(payment, func(t *testing.T) {
			i := helped(t)
			put(t, i, "1", fields{"payment": payment})
			put(t, i, "2", fields{"payment": payment})
			b := signedIn(i)
			b.Get("/orders/1/cancel?text=planted").Want(http.StatusOK)
			for _, part := range []string{want, "stays active until the shop confirms", jana} {
				if !strings.Contains(b.Page.Text("main"), part) {
					t.Errorf("%q is not said: %s", part, b.Page.Text("main"))
				}
			}
			if b.Page.Text("main textarea") != "" {
				t.Error("a link fills the form")
			}
			for range 2 {
				b.Get("/orders/1/cancel")
				if b.Page.Has("main form") {
					b.Submit("main form", map[string]string{"text": "Mistake"}).Want(http.StatusOK)
				}
			}
			b.Get("/orders/1")
			got := b.Page.Text("main .headline") + b.Page.Text("main .note")
			if strings.Count(got, "5 March 2026") != 1 || strings.Count(got, "stays active") != 1 ||
				b.Page.Has("main .note") != (payment == "pending") || !strings.Contains(b.Page.Text("main"), "Mistake") || b.Page.Has("a[href$='/cancel']") {
				t.Errorf("asked for: %q", got)
			}
			b.Post("/orders/1/cancel", map[string][]string{"text": {"Once more"}}).Want(http.StatusConflict)
			if got := b.Page.Text("main"); !strings.Contains(got,
				"You requested cancellation on 5 March 2026") {
				t.Errorf("asked for again: %q", got)
			}
			i.Work()
			if told, receipt := i.Mailbox.All(helpdesk), receiptOf(i); len(told) != 1 ||
				told[0].ReplyTo != jana || !strings.Contains(receipt.Text, want) {
				t.Errorf("mailed: %d, %s", len(told), receipt.Text)
			}
			put(t, i, "1", later("shipped"))
			if got := b.Get("/orders/1").Text("main .note"); !strings.Contains(got, "went ahead") {
				t.Errorf("shipped: %q", got)
			}
			b.Get("/orders/2/cancel")
			put(t, i, "2", later("shipped"))
			b.Submit("main form", nil).Want(http.StatusConflict)
			if got := b.Page.Text("main"); !strings.Contains(got, "because items have shipped") ||
				b.Page.Has("main form") {
				t.Errorf("too late: %q", got)
			}
		})
	}
}

// TestMessages checks that a message is written on the order's page, shown there oldest first, and emailed
// so that the shop's reply reaches its author.
func TestMessages(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", nil)
	b := signedIn(i)
	b.Get("/orders/1?text=planted")
	if b.Page.Text("#messages textarea") != "" || b.Page.Has("#messages .button.main") {
		t.Error("a link fills the form, or it has the main button")
	}
	const hostile = `</textarea><script>alert(1)</script><a href="https://x.test">x</a>`
	long := hostile + strings.Repeat("x", 2001)
	b.Submit("#messages form", map[string]string{"text": long}).Want(http.StatusUnprocessableEntity)
	if b.Page.Text("#messages textarea") != long || b.Page.Text("#f-text-error") == "" ||
		b.Page.Text("h1") != "Order 1" {
		t.Errorf("the error, or what was typed: %s", b.Page.Text("#messages"))
	}
	b.Submit("#messages form", map[string]string{"text": "  "}).Want(http.StatusUnprocessableEntity)
	form := map[string][]string{"form": {b.Page.Attr("#messages [name=form]", "value")},
		"text": {hostile + "\r\nhttps://x.test"}}
	for range 3 {
		b.Post("/orders/1/message", form).Want(http.StatusOK)
	}
	if got := b.Page.Text(".flash"); got != "Message sent to the shop." {
		t.Errorf("confirmed by %q", got)
	}
	i.Clock.Move(24 * time.Hour)
	b.Get("/orders/1")
	b.Submit("#messages form", map[string]string{"text": "Second"}).Want(http.StatusOK)
	got := b.Page.Texts("#messages li")
	if len(got) != 2 || !strings.HasPrefix(got[0], "You ") || !strings.HasSuffix(got[0],
		hostile+" https://x.test") || !strings.HasSuffix(got[1], "Second") {
		t.Errorf("the thread: %q", got)
	}
	if b.Page.Has("#messages li a, #messages li script") || len(b.Page.Texts("#messages li time")) != 2 {
		t.Errorf("a link, a script, or no time: %s", b.Page.Body)
	}
	i.Work()
	mails := i.Mailbox.All(helpdesk)
	if len(mails) != 2 || mails[0].ReplyTo != jana || strings.Contains(mails[0].HTML,
		`href="https://x.test"`) || !strings.Contains(mails[0].Text+mails[1].Text,
		hostile+"\nhttps://x.test\n") {
		t.Errorf("mailed: %+v", mails)
	}
	b.Get("/orders/1/message").Want(http.StatusOK)
	if b.Page.URL.Path != "/orders/1" {
		t.Errorf("the form's own address leads to %s", b.Page.URL)
	}
}

// TestMessageLimits checks that the 21st message within an hour stays in the form.
func TestMessageLimits(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", nil)
	b := signedIn(i)
	for n := range 20 {
		b.Get("/orders/1")
		b.Submit("#messages form", map[string]string{"text": fmt.Sprint(n)}).Want(http.StatusOK)
	}
	b.Submit("#messages form", map[string]string{"text": "one more"}).Want(http.StatusTooManyRequests)
	if b.Page.Text("#messages textarea") != "one more" ||
		!strings.Contains(b.Page.Text("#messages .field-errors"), "limit is 20") {
		t.Errorf("over the limit: %s", b.Page.Text("#messages"))
	}
	i.Clock.Move(time.Hour)
	b.Submit("#messages form", nil).Want(http.StatusOK)
	if n := len(b.Page.Texts("#messages li")); n != 21 {
		t.Errorf("%d messages", n)
	}
}

// TestMessagesElsewhere checks that a shop without a support address says how to reach it.
func TestMessagesElsewhere(t *testing.T) {
	t.Parallel()
	for name, footer := range map[string][]shop.FooterLink{"Your order confirmation email": nil,
		"contact links at the bottom": {{Label: "Contact", URL: "https://www.shop.test/contact"}}} {
		shop := webtest.Bookshop()
		shop.Settings.Footer = &footer
		i := webtest.Portal(t, shop)
		put(t, i, "1", nil)
		b := signedIn(i)
		b.Get("/orders/1").Want(http.StatusOK)
		if got := b.Page.Text("#messages p"); !strings.Contains(got, name) || b.Page.Has("#messages form") {
			t.Errorf("%q", got)
		}
		form := map[string][]string{"form": {"0190b5a0-0000-7000-8000-000000000000"}, "text": {"x"}}
		b.Post("/orders/1/message", form).Want(http.StatusConflict)
	}
}

// TestInquiriesOfAnother checks that every page about another customer's order is not found, like one about
// an order that does not exist.
func TestInquiriesOfAnother(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "77", fields{"email": "peter@example.com", "fulfillment": "shipped"})
	b := signedIn(i)
	form := map[string][]string{"form": {"0190b5a0-0000-7000-8000-000000000000"}, "text": {"x"},
		"line/0": {"1"}}
	for _, number := range []string{"77", "404"} {
		for _, kind := range []string{"message", "return", "cancel"} {
			b.Get("/orders/" + number + "/" + kind).Want(http.StatusNotFound)
			b.Post("/orders/"+number+"/"+kind, form).Want(http.StatusNotFound)
		}
	}
	stranger := i.Browser()
	form["owner"] = []string{"of an earlier session"}
	stranger.Post("/orders/77/message", form).Want(http.StatusForbidden)
	if way := stranger.Page.Attr("main a.button", "href"); !strings.HasPrefix(way, "/sign-in?") {
		t.Errorf("a stranger is led to %s", way)
	}
	i.Work()
	if mails := i.Mailbox.All(helpdesk); len(mails) != 0 {
		t.Errorf("mailed: %+v", mails)
	}
}

// TestInquiriesRead checks that only the shop's system can read both lists, page by page.
func TestInquiriesRead(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", nil)
	b := signedIn(i)
	for n := range 101 {
		if n%20 == 0 {
			i.Clock.Move(time.Hour)
		}
		b.Get("/orders/1")
		b.Submit("#messages form", map[string]string{"text": fmt.Sprint("№ ", n)}).Want(http.StatusOK)
	}
	b.Get("/orders/1/cancel")
	b.Submit("main form", map[string]string{"text": "Mistake"}).Want(http.StatusOK)
	i.Clock.Move(2 * time.Minute)
	key := i.Key("main")
	read := func(path, key string, into any) *webtest.Page {
		page := i.Browser().Send(webtest.Request{Path: path,
			Header: map[string]string{"Authorization": "Bearer " + key}})
		if page.Status == http.StatusOK {
			if err := json.Unmarshal([]byte(page.Body), into); err != nil {
				t.Fatal(err)
			}
		}
		return page
	}
	var first, second inquiry.MessagePage
	read("/api/v1/messages", key, &first).Want(http.StatusOK)
	read("/api/v1/messages?after="+first.Next, key, &second).Want(http.StatusOK)
	if len(first.Messages) != 100 || !first.More || len(second.Messages) != 1 || second.More ||
		second.Messages[0].Text != "№ 100" {
		t.Errorf("%d, %v, then %+v", len(first.Messages), first.More, second)
	}
	var requests inquiry.RequestPage
	page := read("/api/v1/requests", key, &requests).Want(http.StatusOK)
	if len(requests.Requests) != 1 || !strings.Contains(page.Body, `"kind":"cancel"`) ||
		!strings.Contains(page.Body, `"order":"1"`) || !strings.Contains(page.Body, `"text":"Mistake"`) {
		t.Errorf("%s", page.Body)
	}
	for _, path := range []string{"/api/v1/messages", "/api/v1/requests"} {
		read(path, "", nil).Want(http.StatusUnauthorized)
		read(path+"?after=x", key, nil).Want(http.StatusUnprocessableEntity)
		read(path+"?after=%00", key, nil).Want(http.StatusUnprocessableEntity)
	}
}

// keyShown matches a message key shown in place of its text.
var keyShown = regexp.MustCompile(`\b(?:action|request|message|inquiry)\.[a-z]`)

// TestInquiriesInEveryLanguage checks the pages and their texts for each state in every language.
func TestInquiriesInEveryLanguage(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", fields{"payment": "paid"})
	put(t, i, "2", fields{"fulfillment": "delivered",
		"shipments": []fields{{"carrier": "DHL", "url": "https://dhl.test/1"}}})
	b := signedIn(i)
	for _, lang := range []string{"sk", "cs", "pl", "de", "en"} {
		b.Post("/profile/language", map[string][]string{"lang": {lang},
			"back": {"/company"}}).Want(http.StatusOK)
		for _, path := range []string{"/orders/1", "/orders/2", "/orders/1/cancel", "/orders/1/return",
			"/orders/2/return", "/orders/2/cancel"} {
			wantLanguage(t, b.Get(path).Want(http.StatusOK), lang)
			if keyShown.MatchString(b.Page.Text("main")) {
				t.Errorf("%s in %s shows a key: %s", path, lang, b.Page.Text("main"))
			}
		}
	}
}

// TestOnlyGoodsAreOffered checks that only goods are offered for a return or a withdrawal, and that the
// order's page shows the other lines with their amounts and a discount of either sign as a reduction.
func TestOnlyGoodsAreOffered(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", fields{"fulfillment": "delivered", "lines": []fields{
		{"name": "A tip jar", "quantity": "1", "total": "2.00", "kind": "tip"},
		{"name": "A book", "quantity": "2", "total": "9"},
		{"name": "Credit", "quantity": "-1", "total": "-5.00"}},
		"discounts": []fields{{"label": "Spring", "amount": "-3.00"}}})
	b := signedIn(i)
	for _, path := range []string{"/orders/1/return", "/orders/1/withdraw"} {
		b.Get(path).Want(http.StatusOK)
		if names := b.Page.Attrs("main select[name^=line]", "name"); len(names) != 1 || names[0] != "line/1" {
			t.Errorf("%s offers %q", path, names)
		}
	}
	b.Get("/orders/1/return")
	b.Submit("main form", map[string]string{"reason": "other"}).Want(http.StatusOK)
	b.Get("/orders/1").Want(http.StatusOK)
	got := b.Page.Text("table.lines") + b.Page.Text("table.totals")
	for _, part := range []string{"A tip jar", "€2.00", "Credit", "−€5.00", "Spring−€3.00"} {
		if !strings.Contains(strings.ReplaceAll(got, "Spring ", "Spring"), part) {
			t.Errorf("%q is not shown: %s", part, got)
		}
	}
}
