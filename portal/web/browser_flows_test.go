package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

// flow is one customer with one order, in a browser, and the shop's system.
type flow struct {
	stand
	*chrome.Tab
	t           *testing.T
	key, number string
	members     object // of the order
}

const helpdesk = "help@shop.test"

// newFlow signs a customer in, with an order of two pieces and a shop that sends all emails about orders.
func newFlow(t *testing.T, number string, members object) *flow {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	kinds := order.EmailKinds()
	if _, err := s.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{OrderEmails: &kinds}); err != nil {
		t.Fatal(err)
	}
	f := &flow{stand: s, Tab: s.tab(t, chrome.Options{}), t: t, key: s.Key("main"), number: number, members: members}
	f.put(nil)
	f.signIn(t, f.Tab, jana)
	f.Look(chrome.Look{Width: 360})
	return f
}

// api sends a request of the shop's system and returns the answer.
func (f *flow) api(method, path string, body any) *webtest.Page {
	f.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.stranger(f.t).Send(webtest.Request{Method: method, Path: "/api/v1" + path, Body: string(text),
		Header: map[string]string{"Authorization": "Bearer " + f.key, "Content-Type": "application/json"}})
}

// put sends the order with changed members, a minute later, and lets the portal work.
func (f *flow) put(change object) {
	f.t.Helper()
	f.Clock.Move(time.Minute)
	now := f.Clock.Now().UTC().Format(time.RFC3339)
	document := object{"email": jana, "placed_at": "2026-03-05T08:00:00Z", "updated_at": now, "currency": "EUR",
		"payment": "paid", "total": "24.90", "lines": []any{
			object{"id": "a", "name": "Notebook", "quantity": "3", "unit_price": "7.30", "total": "21.90"},
			object{"id": "b", "name": "Pencil", "quantity": "1", "total": "3.00"}}}
	maps.Copy(document, f.members)
	maps.Copy(document, change)
	if page := f.api(http.MethodPut, "/orders/"+f.number, document); page.Status > http.StatusCreated {
		f.t.Fatalf("the order is answered with %d: %s", page.Status, page.Body)
	}
	f.Work()
}

// request returns the id of the customer's newest request, as the shop's system reads it.
func (f *flow) request() string {
	f.t.Helper()
	f.Clock.Move(2 * time.Minute) // until a request is in the list
	var list struct{ Requests []struct{ ID string } }
	page := f.api(http.MethodGet, "/requests", nil).Want(http.StatusOK)
	if err := json.Unmarshal([]byte(page.Body), &list); err != nil || len(list.Requests) == 0 {
		f.t.Fatalf("no request: %s", page.Body)
	}
	return list.Requests[len(list.Requests)-1].ID
}

// opens shows the order and checks that the page is accessible and no wider than a small phone.
func (f *flow) opens(state string) {
	f.t.Helper()
	f.Visit("/orders/" + f.number)
	f.accessible(state)
}

func (f *flow) accessible(state string) {
	f.t.Helper()
	for _, violation := range f.Axe() {
		f.t.Errorf("%s: %s", state, violation)
	}
	if over := f.Overhang(); over > 0 {
		f.t.Errorf("%s: %d px wider than the window", state, over)
	}
}

// says checks that the first matching element has all the words.
func (f *flow) says(state, selector string, words ...string) {
	f.t.Helper()
	text := f.Text(selector)
	for _, word := range words {
		if !strings.Contains(text, word) {
			f.t.Errorf("%s: %s is %q, without %q", state, selector, text, word)
		}
	}
}

// mailed checks that exactly one email to an address has the subject and the words. It has a link to the
// order, and none that signs in.
func (f *flow) mailed(to, subject string, words ...string) {
	f.t.Helper()
	f.Work()
	if to != helpdesk {
		words = append(words, f.base+"/orders/"+f.number)
	}
	var seen []string
	found := 0
	for _, m := range f.Mailbox.All(to) {
		seen = append(seen, m.Subject)
		if m.Subject != subject || slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(m.Text, word) }) {
			continue
		}
		if found++; webtest.LinkIn(m) != "" {
			f.t.Errorf("%q has a link that signs in", subject)
		}
	}
	if found != 1 {
		f.t.Errorf("%d emails %q with %q to %s, among %q", found, subject, words, to, seen)
	}
}

// follows opens the menu of the order if the link is in it, and follows the link.
func (f *flow) follows(link string) {
	f.t.Helper()
	if !f.Sees(link) {
		f.Click(".order-actions summary")
	}
	f.Follow(link)
}

// TestReturnInABrowser sends a request for a return, with a mistake first, and follows it through the states
// that the shop's system reports, each with its email.
func TestReturnInABrowser(t *testing.T) {
	t.Parallel()
	f := newFlow(t, "R-1", object{"fulfillment": "delivered"})
	f.opens("delivered")
	f.follows(`.order-actions a[href$="/return"]`)
	f.accessible("the empty form")
	f.Fill("#f-line-0", "2")
	f.Type("#f-text", "The spines are torn.")
	f.Follow("main form button.main")
	f.says("without a reason", "#f-reason-error", "Choose a reason")
	f.accessible("the refused form")
	if f.Value("#f-line-0") != "2" || f.Value("#f-text") != "The spines are torn." {
		t.Error("what was chosen and typed is lost")
	}
	f.Fill("#f-reason", "damaged")
	f.Follow("main form button.main")
	f.says("sent", ".flash", "Return request sent")
	f.says("sent", ".return", "Requested", "2 × Notebook", "Arrived damaged", "The spines are torn.")
	f.accessible("requested")
	f.mailed(helpdesk, "Return request: order R-1", "2 × Notebook", "The spines are torn.")
	request := f.request()
	for _, step := range []struct{ state, status, subject, says string }{
		{"approved", "Approved", "Return approved: order R-1", "Print the label"},
		{"label", "Label ready", "Your return label: order R-1", "Print the label"},
		{"received", "Received by the shop", "Return received: order R-1", "check"},
		{"refunded", "Refund issued", "Return refunded: order R-1", ""},
	} {
		change := object{"returns": []any{object{"number": "RET-7", "request": request, "state": step.state,
			"label_url": storefront + "/label.pdf", "carrier": "DHL", "lines": []any{object{"line": "a", "quantity": "2"}}}}}
		if step.state == "refunded" {
			change["refunds"] = []any{object{"amount": "14.60", "reason": "Return RET-7",
				"lines": []any{object{"line": "a", "quantity": "2"}}}}
			change["payment"] = "partially_refunded"
		}
		f.put(change)
		f.opens(step.state)
		f.says(step.state, ".return .status", step.status)
		f.says(step.state, ".return", "RET-7", "2 × Notebook", "Arrived damaged")
		f.says(step.state, "main", step.says)
		if labelled := step.state == "approved" || step.state == "label"; f.Has(`.order-actions a[href$="/label.pdf"]`) != labelled {
			t.Errorf("%s: a label is offered: %t", step.state, !labelled)
		}
		f.mailed(jana, step.subject)
	}
	f.says("refunded", ".totals", "14.60")
	f.Click(".return-steps summary")
	if got := strings.Join(f.Texts(".return-steps li > span:first-child"), ", "); got !=
		"Requested, Approved, Label ready, Received by the shop, Refund issued" {
		t.Errorf("the steps: %s", got)
	}
}

// TestDeclinedReturnInABrowser has a return declined: by the API before the shop's system knows it, and by
// the order.
func TestDeclinedReturnInABrowser(t *testing.T) {
	t.Parallel()
	f := newFlow(t, "R-2", object{"fulfillment": "delivered"})
	ask := func(line string) string {
		f.Visit("/orders/R-2/return")
		f.Fill(line, "1")
		f.Fill("#f-reason", "changed_mind")
		f.Follow("main form button.main")
		return f.request()
	}
	f.api(http.MethodPost, "/requests/"+ask("#f-line-0")+"/decline", object{"text": "It is past 30 days."}).Want(http.StatusOK)
	f.mailed(jana, "Return declined: order R-2", "It is past 30 days.")
	f.opens("declined by the API")
	f.says("declined by the API", ".headline", "Return declined.", "It is past 30 days.")
	f.says("declined by the API", ".return", "Declined", "1 × Notebook")
	f.put(object{"returns": []any{object{"number": "RET-8", "request": ask("#f-line-1"), "state": "declined",
		"declined": "The pencil is used."}}})
	f.mailed(jana, "Return declined: order R-2", "The pencil is used.")
	f.opens("declined by the order")
	if got := f.Texts(".return .status"); len(got) != 2 || got[0] != "Declined" || got[1] != "Declined" {
		t.Errorf("the returns are %q", got)
	}
	f.says("declined by the order", "main", "RET-8", "The pencil is used.", "1 × Pencil")
}

// tabTo presses the Tab key until an element that matches has the focus.
func (f *flow) tabTo(selector string) {
	f.t.Helper()
	quoted, _ := json.Marshal(selector) // a string can always be encoded
	for range 80 {
		f.Tabulate()
		if chrome.Evaluate[bool](f.Tab, `document.activeElement.matches(`+string(quoted)+`)`) {
			return
		}
	}
	f.t.Fatalf("the Tab key never reaches %s on %s", selector, f.Path())
}

// TestCancellationInABrowser asks for a cancellation by keyboard alone. The shop declines it, and cancels
// another order.
func TestCancellationInABrowser(t *testing.T) {
	t.Parallel()
	f := newFlow(t, "C-1", object{"fulfillment": "processing"})
	f.opens("in preparation")
	const link = `.actions.links a[href$="/cancel"]`
	f.tabTo(link)
	f.Enter()
	f.accessible("the form")
	f.tabTo("#f-text")
	f.Keys("I ordered the wrong size.")
	f.tabTo("main form button.main")
	f.Enter()
	f.says("sent", ".flash", "Request sent. The shop will reply by email.")
	f.says("sent", ".headline", "stays active until the shop confirms")
	f.says("sent", ".quote", "I ordered the wrong size.")
	f.accessible("requested")
	f.mailed(helpdesk, "Cancellation request: order C-1", "I ordered the wrong size.")
	f.api(http.MethodPost, "/requests/"+f.request()+"/decline", object{"text": "It is packed already."}).Want(http.StatusOK)
	f.mailed(jana, "Order C-1 can’t be cancelled", "It is packed already.")
	f.opens("declined")
	f.says("declined", "main .note", "declined", "It is packed already.")
	if f.Has(`.actions.links a[href$="/cancel"]`) {
		t.Error("a declined cancellation is offered once more")
	}

	f.number = "C-2"
	f.put(nil)
	f.Visit("/orders/C-2/cancel")
	f.Follow("main form button.main")
	f.put(object{"state": "cancelled", "fulfillment": "cancelled", "payment": "refunded", "refunded": "24.90"})
	f.opens("cancelled")
	f.says("cancelled", ".headline", "cancelled")
	f.says("cancelled", "main .note", "You requested cancellation on")
	f.mailed(jana, "Order C-2 was cancelled")
}

// TestConversationInABrowser writes to the shop, which answers twice. Each answer is emailed, and marked in
// the navigation, above the list and on the order's page until the customer has read it.
func TestConversationInABrowser(t *testing.T) {
	t.Parallel()
	f := newFlow(t, "M-1", object{"fulfillment": "processing"})
	f.opens("before")
	f.Type("#messages textarea", "Where is my order?")
	f.Follow("#messages form button")
	f.says("written", ".flash", "Message sent to the shop")
	f.says("written", "#messages", "Where is my order?")
	f.accessible("written")
	f.Work()
	if m := f.Mailbox.Last(helpdesk); m.ReplyTo != jana || !strings.Contains(m.Text, "Where is my order?") {
		t.Errorf("the shop is told %q by %q", m.Text, m.Subject)
	}
	marked := func(when string, want bool) {
		t.Helper()
		f.Visit("/orders")
		if f.Has(".nav .news") != want || f.Has(`.unread a[href="/orders/M-1#messages"]`) != want {
			t.Errorf("%s: marked in the navigation %t, above the list %t, want %t", when, f.Has(".nav .news"), f.Has(".unread"), want)
		}
	}
	marked("before an answer", false)
	answer := func(id, text string) {
		t.Helper()
		f.Clock.Move(time.Minute)
		f.api(http.MethodPost, "/orders/M-1/messages", object{"id": id, "author": "Eva", "text": text}).Want(http.StatusCreated)
		f.mailed(jana, "New message about order M-1", text)
	}
	answer("1", "We send it today.")
	marked("after the first answer", true)
	f.accessible("the list with a mark")
	f.opens("with an answer")
	f.says("with an answer", "#messages li:last-child", "Eva", "We send it today.", "New")
	f.Click(`main .note a[href="#messages"]`)
	f.WaitUntil(`document.querySelector("form[data-read]").hidden`)
	marked("after the first was seen", false)

	answer("2", "It has left us.")
	marked("after the second answer", true)
	still := f.tab(t, chrome.Options{NoScripts: true})
	f.signIn(t, still, jana)
	still.Follow(`.unread a[href="/orders/M-1#messages"]`)
	if got := still.Texts("#messages .tag"); len(got) != 1 {
		t.Errorf("%d messages are new without scripts", len(got))
	}
	still.Follow("form[data-read] button")
	if still.Has("form[data-read]") || still.Has("#messages .tag") {
		t.Error("read by the button, and still new")
	}
	marked("after the second was read", false)
	f.opens("at the end")
	if got := f.Texts("#messages li"); len(got) != 3 {
		t.Errorf("the conversation: %q", got)
	}
}
