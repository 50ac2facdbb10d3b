package shopper_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/mail"
	"postern/portal/web/webtest"
)

// sendToAPI sends a JSON document with a key of the shop.
func sendToAPI(i *webtest.Installation, path, document string) *webtest.Page {
	return i.Browser().Send(webtest.Request{Method: http.MethodPost, Path: path, Body: document,
		Header: map[string]string{"Authorization": "Bearer " + i.Key("main"), "Content-Type": "application/json"}})
}

// TestConversationOnThePage checks that the shop's answer appears on the order's page, that it is marked as
// new there, in the navigation and above the list, and that reading it ends the marks.
func TestConversationOnThePage(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "A/1", fields{})
	b := signedIn(i)
	b.Get("/orders/A%2F1")
	b.Submit("#messages form", map[string]string{"text": "Where is it?"}).Want(http.StatusOK)
	if b.Page.Has("[data-read]") || b.Page.Has(".news") {
		t.Error("something is unread before the shop has answered")
	}
	i.Clock.Move(time.Minute)
	sendToAPI(i, "/api/v1/orders/A%2F1/messages", `{"author":"Eva <b>","text":"<i>Soon</i>\nhttps://x.test"}`).
		Want(http.StatusCreated)
	i.Work()
	b.Get("/orders").Want(http.StatusOK)
	if !b.Page.Has(".nav .news") || b.Page.Attr(".unread a", "href") != "/orders/A%2F1#messages" {
		t.Errorf("above the list: %s", b.Page.Text(".unread"))
	}
	b.Get("/orders/A%2F1").Want(http.StatusOK)
	got := b.Page.Texts("#messages li")
	if len(got) != 2 || !strings.HasPrefix(got[1], "Eva <b> from the shop") ||
		!strings.Contains(got[1], "New<i>Soon</i> https://x.test") || b.Page.Has("#messages li i, #messages li a") {
		t.Errorf("the conversation: %q", got)
	}
	if !b.Page.Has(".order-goods > .note:first-child a[href='#messages']") {
		t.Error("no word of it before what can be done with the order")
	}
	b.Submit("form[data-read]", nil).Want(http.StatusOK)
	if b.Page.Has("[data-read]") || b.Page.Has(".news") || b.Page.URL.Path != "/orders/A%2F1" &&
		b.Page.URL.Path != "/orders/A/1" {
		t.Errorf("read, and still marked: %s", b.Page.Text("#messages"))
	}
	b.Get("/orders")
	if b.Page.Has(".unread") {
		t.Error("still above the list")
	}
	if !slices.ContainsFunc(i.Mailbox.All(jana), func(m mail.Message) bool {
		return m.Subject == "New message about order A/1" && strings.Contains(m.Text, "/orders/A%2F1")
	}) {
		t.Error("not mailed")
	}
}

// TestOtherCustomersConversation checks that nobody reads or marks another customer's conversation.
func TestOtherCustomersConversation(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", fields{"email": "eva@example.com"})
	b := signedIn(i)
	sendToAPI(i, "/api/v1/orders/1/messages", `{"text":"For Eva"}`).Want(http.StatusCreated)
	i.Work()
	b.Get("/orders/1").Want(http.StatusNotFound)
	b.Post("/orders/1/read", map[string][]string{"seen": {i.Clock.Now().Format(time.RFC3339Nano)}}).
		Want(http.StatusNotFound)
	b.Get("/orders")
	if b.Page.Has(".unread") || strings.Contains(b.Page.Body, "For Eva") {
		t.Error("another customer's message")
	}
}

// TestDeclinedCancellation checks the page of an order whose cancellation the shop declined.
func TestDeclinedCancellation(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", fields{"fulfillment": "processing"})
	b := signedIn(i)
	b.Get("/orders/1/cancel").Want(http.StatusOK)
	wantRows(t, b.Page, ".order-card > *", "Order 1", "A book Placed on 1 March 2026 at 10:00 1 item · €12.50")
	b.Submit("main form", map[string]string{"text": "Wrong size"}).Want(http.StatusOK)
	if got := b.Page.Texts(".headline.tone-waiting p"); len(got) != 2 || got[0] != "You asked the shop to cancel this order." ||
		!strings.Contains(got[1], "stays active until the shop confirms") || b.Page.Text(".quote") != "Wrong size" {
		t.Errorf("requested: %q", got)
	}
	i.Clock.Move(2 * time.Minute)
	list := i.Browser().Send(webtest.Request{Path: "/api/v1/requests",
		Header: map[string]string{"Authorization": "Bearer " + i.Key("main")}}).Want(http.StatusOK)
	_, id, _ := strings.Cut(list.Body, `"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	sendToAPI(i, "/api/v1/requests/"+id+"/decline", `{"text":"It is packed."}`).Want(http.StatusOK)
	b.Get("/orders/1")
	if got := b.Page.Text("main .note"); !strings.Contains(got, "declined") || !strings.Contains(got, "It is packed.") {
		t.Errorf("declined: %q", got)
	}
	put(t, i, "1", later("unfulfilled"))
	want := "The shop declined to cancel this order.|Your order stays active. The shop wrote:|It is packed."
	if got := strings.Join(b.Get("/orders/1").Texts(".headline.tone-stopped p"), "|"); got != want ||
		b.Page.Text(".button.main") != "Message the shop" || b.Page.Text(".quote") != "Wrong size" {
		t.Errorf("declined before anything was done: %q", got)
	}
}

// TestReturnOnThePage follows a return through the states that the feed sends.
func TestReturnOnThePage(t *testing.T) {
	t.Parallel()
	i := helped(t)
	delivered := fields{"fulfillment": "delivered", "lines": []fields{{"id": "a", "name": "A book", "quantity": "3", "total": "9"}}}
	put(t, i, "1", delivered)
	b := signedIn(i)
	b.Get("/orders/1/return")
	b.Submit("main form", map[string]string{"line/0": "2"}).Want(http.StatusUnprocessableEntity)
	if b.Page.Text("#f-reason-error") != "Choose a reason." {
		t.Errorf("no reason: %s", b.Page.Text("main"))
	}
	request := b.Page.Attr("[name=form]", "value")
	b.Submit("main form", map[string]string{"line/0": "2", "reason": "size"}).Want(http.StatusOK)
	for minute, test := range []struct{ state, more, status, says, link string }{
		{"requested", "", "Requested", "Don’t send anything", ""},
		{"approved", "https://label.test/0", "Approved", "Print the label", "https://label.test/0"},
		{"label", "https://label.test/1", "Label ready", "Print the label", "https://label.test/1"},
		{"received", "", "Received by the shop", "checking", ""},
		{"declined", "", "Declined", "Worn out.", "#messages"},
	} {
		i.Clock.Move(time.Minute)
		next := fields{"number": "R1", "request": request, "state": test.state, "label_url": test.more, "declined": "Worn out.",
			"lines": []fields{{"line": "a", "quantity": "1"}}}
		if test.state != "declined" {
			delete(next, "declined")
		}
		update := fields{"updated_at": time.Date(2026, 3, 2, 10, minute, 0, 0, time.UTC).Format(time.RFC3339), "returns": []fields{next}}
		for name, value := range delivered {
			update[name] = value
		}
		put(t, i, "1", update)
		b.Get("/orders/1").Want(http.StatusOK)
		card := b.Page.Text(".return")
		says := b.Page.Text(".headline") + card
		if b.Page.Text(".return .status") != test.status || strings.Count(says, test.says) != 1 ||
			!strings.Contains(card, "1 × A book") || !strings.Contains(card, "Wrong size") ||
			b.Page.Attr(".order-actions .main", "href") != test.link || len(b.Page.Texts(".return")) != 1 {
			t.Errorf("%s: %q", test.state, card)
		}
	}
}

// TestMessageIsConfirmedBesideIt checks that the page after a message leads to it, with the confirmation
// right above it and nowhere else.
func TestMessageIsConfirmedBesideIt(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", fields{})
	b := signedIn(i)
	for _, text := range []string{"First", "Second"} {
		b.Get("/orders/1")
		b.Submit("#messages form[action*=message]", map[string]string{"text": text}).Want(http.StatusOK)
		i.Clock.Move(time.Minute)
	}
	if got := b.Page.Texts(".flash"); len(got) != 1 || got[0] != "Message sent to the shop." {
		t.Errorf("confirmations: %q", got)
	}
	if got := b.Page.Text("#sent:has(.flash) + .messages"); !strings.Contains(got, "Second") || strings.Contains(got, "First") {
		t.Errorf("below the confirmation: %q", got)
	}
	if b.Get("/orders/1"); b.Page.Has("#sent") || len(b.Page.Texts("#messages li")) != 2 {
		t.Errorf("later: %s", b.Page.Text("#messages"))
	}
}

// TestCancellationLeadsToTheReturn checks that the page of an order that cannot be cancelled any more offers
// what is possible instead.
func TestCancellationLeadsToTheReturn(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", fields{"fulfillment": "shipped"})
	put(t, i, "2", fields{"state": "cancelled"})
	b := signedIn(i)
	if got := b.Get("/orders/1/cancel").Attr("main .button.main", "href"); got != "/orders/1/return" {
		t.Errorf("shipped: the main button leads to %q", got)
	}
	if b.Get("/orders/2/cancel"); b.Page.Has("main .button.main") {
		t.Error("a cancelled order offers a return")
	}
}
