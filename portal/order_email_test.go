package portal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
)

// TestOrderEmailKindsAreThoseOfTheShop checks that the shop's settings offer what package order can send.
func TestOrderEmailKindsAreThoseOfTheShop(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(order.EmailKinds(), shop.OrderEmails()); diff != "" {
		t.Error(diff)
	}
}

// sendOrderEmails switches on the given kinds of emails about orders, or all.
func (h *testApp) sendOrderEmails(kinds ...string) {
	h.t.Helper()
	if len(kinds) == 0 {
		kinds = order.EmailKinds()
	}
	h.set(shop.Settings{OrderEmails: &kinds})
}

// nowOrder returns an order of Jan's placed an hour ago and changed now, with more members.
func (h *testApp) nowOrder(number, members string) []byte {
	if members != "" {
		members = "," + members
	}
	now := h.clock.Now()
	return fmt.Appendf(nil, `{"number":%q,"email":%q,"placed_at":%q,"updated_at":%q,"currency":"EUR","total":"25.00",
"lines":[{"id":"a","name":"The Little Prince","quantity":"2","total":"25.00"}]%s}`, number, jan,
		now.Add(-time.Hour).Format(time.RFC3339), now.Format(time.RFC3339Nano), members)
}

// putNow sends a nowOrder as a feed does.
func (h *testApp) putNow(number, members string) {
	h.t.Helper()
	h.putBody(number, h.nowOrder(number, members))
}

func (h *testApp) putBody(number string, body []byte) {
	h.t.Helper()
	if _, err := h.feed().PutOrder(h.t.Context(), number, body); err != nil {
		h.t.Fatalf("%v %v", err, validate.FieldErrors(err))
	}
}

// emails runs the jobs and returns the subjects of the emails that are sent.
func (h *testApp) emails() []string {
	h.t.Helper()
	subjects := []string{}
	for _, m := range h.mails() {
		subjects = append(subjects, m.Subject)
	}
	return sorted(subjects)
}

func (h *testApp) mails() []mail.Message {
	h.t.Helper()
	h.work()
	return h.deliver()
}

func (h *testApp) wantEmails(name string, subjects ...string) {
	h.t.Helper()
	if subjects == nil {
		subjects = []string{}
	}
	if diff := cmp.Diff(sorted(subjects), h.emails()); diff != "" {
		h.t.Errorf("%s: %s", name, diff)
	}
}

// TestOrderEmails follows an order: each change sends one email, repeats send none.
func TestOrderEmails(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails()
	steps := []struct{ name, members, subject string }{
		{"placed", `"payment":"pending","fulfillment":"unfulfilled"`, "Order 1 received"},
		{"paid", `"payment":"paid","fulfillment":"unfulfilled"`, "Payment received for order 1"},
		{"prepared", `"payment":"paid","fulfillment":"processing"`, ""},
		{"a part sent", `"payment":"paid","fulfillment":"partially_shipped"`, "Part of order 1 is on its way"},
		{"sent", `"payment":"paid","fulfillment":"shipped"`, "Order 1 is on its way"},
		{"back in preparation, by mistake", `"payment":"paid","fulfillment":"processing"`, ""},
		{"sent again", `"payment":"paid","fulfillment":"shipped"`, ""},
		{"with the courier", `"payment":"paid","fulfillment":"out_for_delivery"`, ""},
		{"delivered", `"payment":"paid","fulfillment":"delivered"`, "Order 1 was delivered"},
		{"a part refunded", `"payment":"partially_refunded","fulfillment":"delivered","refunded":"5.00"`,
			"Partial refund for order 1"},
		{"the amount corrected", `"payment":"partially_refunded","fulfillment":"delivered","refunded":"4.00"`, ""},
		{"the rest refunded", `"payment":"refunded","fulfillment":"returned","refunded":"25.00"`, "Refund for order 1"},
	}
	for _, step := range steps {
		h.clock.Move(time.Minute)
		body := h.nowOrder("1", step.members)
		for range 2 {
			h.putBody("1", body)
		}
		want := []string{}
		if step.subject != "" {
			want = append(want, step.subject)
		}
		h.wantEmails(step.name, want...)
	}
}

// TestOneDeliverySendsOneEmail checks that an order that arrives or goes on by several steps at once is told
// by its last step, and that earlier ones never follow.
func TestOneDeliverySendsOneEmail(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, first, then, want string }{
		{"paid when placed", `"payment":"paid"`, "", "Order 1 received"},
		{"first seen on its way", `"payment":"paid","fulfillment":"shipped"`, "", "Order 1 is on its way"},
		{"first seen cancelled", `"state":"cancelled","payment":"paid"`, "", "Order 1 was cancelled"},
		{"first seen delivered", `"fulfillment":"delivered"`, `"fulfillment":"shipped"`, "Order 1 was delivered"},
		{"cancelled and refunded", `"state":"cancelled","payment":"refunded"`, "", "Order 1 was cancelled"},
		{"ready for pickup", `"fulfillment":"ready_for_pickup"`, "", "Order 1 is ready for pickup"},
		{"digital goods are not shipped", `"is_digital":true,"fulfillment":"shipped"`, "", "Order 1 is ready"},
		{"closed, and nothing more known", `"state":"completed"`, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newTestApp(t)
			h.sendOrderEmails()
			h.putNow("1", test.first)
			want := []string{}
			if test.want != "" {
				want = append(want, test.want)
			}
			h.wantEmails(test.name, want...)
			if test.then != "" {
				h.clock.Move(time.Minute)
				h.putNow("1", test.then)
				h.wantEmails("an earlier step")
			}
		})
	}
}

// TestOnlySwitchedOnOrderEmailsAreSent checks that a new shop sends none, and that switching a kind on sends
// nothing about what has passed.
func TestOnlySwitchedOnOrderEmailsAreSent(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putNow("1", `"payment":"paid","fulfillment":"shipped"`)
	h.wantEmails("a new shop")
	h.sendOrderEmails(order.EmailShipped)
	h.clock.Move(time.Minute)
	h.putNow("1", `"payment":"paid","fulfillment":"out_for_delivery"`)
	h.wantEmails("passed before it was switched on")
	h.putNow("2", `"payment":"paid"`)
	h.wantEmails("another kind")
	h.clock.Move(time.Minute)
	h.putNow("2", `"payment":"paid","fulfillment":"shipped"`)
	h.sendOrderEmails(order.EmailPaid)
	h.wantEmails("switched off before the worker came")
	if _, err := h.app.Operator().ChangeShop(t.Context(), "main",
		shop.Settings{OrderEmails: ptr([]string{"birthday"})}); len(fieldErrorsOf(err)) != 1 {
		t.Errorf("an unknown kind: %v", err)
	}
}

// TestHistorySendsNoOrderEmails checks imports, old orders and old changes.
func TestHistorySendsNoOrderEmails(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails()
	h.put(h.nowOrder("imported", ""))
	h.clock.Move(time.Minute)
	h.put(h.nowOrder("imported", `"fulfillment":"shipped"`))
	h.wantEmails("imports")
	h.clock.Move(time.Minute)
	h.putNow("imported", `"fulfillment":"delivered"`)
	h.wantEmails("the feed goes on after an import", "Order imported was delivered")

	aged := func(number string, placed, updated time.Duration, members string) {
		now := h.clock.Now()
		body := string(h.nowOrder(number, members))
		body = strings.Replace(body, now.Add(-time.Hour).Format(time.RFC3339),
			now.Add(-placed).Format(time.RFC3339), 1)
		h.putBody(number, []byte(strings.Replace(body, now.Format(time.RFC3339Nano),
			now.Add(-updated).Format(time.RFC3339Nano), 1)))
	}
	const old = 48*time.Hour + time.Second
	aged("old", old, 0, `"fulfillment":"shipped"`)
	aged("change", 100*time.Hour, 50*time.Hour, `"fulfillment":"processing"`)
	aged("change", 100*time.Hour, old, `"fulfillment":"shipped"`)
	h.wantEmails("old orders and old changes")
	aged("young", 48*time.Hour, 0, `"fulfillment":"shipped"`)
	h.wantEmails("two days old", "Order young is on its way")
}

// TestOrderEmailLeadsToTheOrder checks the link, the texts and that no secret is in the email.
func TestOrderEmailLeadsToTheOrder(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails()
	h.putNow("2026/7 č", `"payment":"paid","fulfillment":"shipped","language":"de",
"shipments":[{"carrier":"DHL","number":"JD014","url":"https://dhl.example/JD014?key=secret","shipped_at":"2026-11-21T09:00:00Z"}]`)
	list := h.mails()
	if len(list) != 1 || list[0].To != jan || list[0].Lang != "de" || tokenIn(list[0])+codeIn(list[0]) != "" {
		t.Fatalf("%+v", list)
	}
	text := list[0].Text
	for _, want := range []string{"https://main.example.com/orders/2026%2F7%20%C4%8D", "DHL JD014",
		"https://main.example.com/profile"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(text, "key=secret") || strings.Contains(text, "/sign-in") {
		t.Errorf("a secret in %s", text)
	}
}

// TestOrderEmailIsDroppedWhenTheOrderHasGoneOn checks an email that waited for the mail server.
func TestOrderEmailIsDroppedWhenTheOrderHasGoneOn(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails()
	h.putNow("1", `"fulfillment":"shipped"`)
	h.work() // queued, and not composed yet
	h.clock.Move(time.Minute)
	h.putNow("1", `"state":"cancelled","fulfillment":"cancelled"`)
	h.wantEmails("cancelled in the meantime", "Order 1 was cancelled")
}

// TestCustomersChooseTheirOrderEmails checks that a declined kind is not sent, also when it was declined
// after the order changed, and that the choice is in the download.
func TestCustomersChooseTheirOrderEmails(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails(order.EmailShipped, order.EmailDelivered)
	cookie := h.settledCookie()
	if diff := cmp.Diff(map[string]bool{"shipped": true, "delivered": true}, h.shopper(cookie).OrderEmails()); diff != "" {
		t.Error(diff)
	}
	h.putNow("1", `"fulfillment":"shipped"`)
	if err := h.shopper(cookie).ChooseOrderEmails(t.Context(), map[string]bool{"delivered": true}); err != nil {
		t.Fatal(err)
	}
	h.wantEmails("declined")
	h.clock.Move(time.Minute)
	h.putNow("1", `"fulfillment":"delivered"`)
	h.wantEmails("another kind", "Order 1 was delivered")
	h.sendOrderEmails(order.EmailPaid)
	if err := h.shopper(cookie).ChooseOrderEmails(t.Context(), map[string]bool{"paid": true}); err != nil {
		t.Fatal(err)
	}
	if got := h.shopper(cookie).Customer().NoOrderEmails; !slices.Equal(got, []string{order.EmailShipped}) {
		t.Errorf("declined: %q; what the shop does not send was not asked about", got)
	}
}

// TestReturnNewsIsSentOncePerState follows a return through its states.
func TestReturnNewsIsSentOncePerState(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails(order.EmailReturn, order.EmailRefunded)
	state := func(state, more string) string {
		return `"payment":"paid","fulfillment":"delivered","returns":[{"number":"R/7","state":"` + state + `"` + more +
			`,"lines":[{"line":"a","quantity":"1"}]}]`
	}
	h.putNow("first seen", state("approved", ""))
	h.wantEmails("an old state of an order first seen")
	h.putNow("1", `"fulfillment":"delivered"`)
	for _, step := range []struct{ state, more, want string }{
		{"requested", `,"request":"x"`, ""}, // the receipt was sent with the request
		{"approved", "", "Return approved: order 1"},
		{"label", `,"label_url":"https://label.example/1"`, "Your return label: order 1"},
		{"approved", "", ""},
		{"label", "", ""},
		{"received", "", "Return received: order 1"},
		{"refunded", "", "Return refunded: order 1"},
	} {
		h.clock.Move(time.Minute)
		body := h.nowOrder("1", state(step.state, step.more))
		if step.state == "refunded" {
			body = []byte(strings.Replace(string(body), `"payment":"paid"`, `"payment":"refunded","refunded":"25.00"`, 1))
		}
		h.putBody("1", body)
		h.putBody("1", body)
		want := []string{}
		if step.want != "" {
			want = append(want, step.want)
		}
		h.wantEmails(step.state, want...)
	}
	h.clock.Move(time.Minute)
	h.putNow("1", strings.Replace(state("declined", `,"declined":"Worn."`), "R/7", "R/8", 1))
	list := h.mails()
	if len(list) != 1 || !strings.Contains(list[0].Text, "Reason: Worn.") ||
		!strings.Contains(list[0].Text, "1 × The Little Prince") {
		t.Errorf("declined: %+v", list)
	}
}

// TestOrderEmailsOfManyDeliveries sends the states of an order repeatedly, in any order and from two
// processes at once. Each email is sent at most once, and that of the last state always.
func TestOrderEmailsOfManyDeliveries(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails()
	var bodies [][]byte
	for i, word := range []string{"unfulfilled", "processing", "shipped", "delivered"} {
		h.clock.Move(time.Duration(i) * time.Second)
		bodies = append(bodies, h.nowOrder("1", `"fulfillment":"`+word+`"`))
	}
	feeds := []portal.Feed{h.feed(), h.feed()}
	var group sync.WaitGroup
	for n := range 24 {
		group.Go(func() {
			for i := range bodies {
				_, err := feeds[n%2].PutOrder(t.Context(), "1", bodies[(i+n)%len(bodies)])
				if err != nil && !errors.Is(err, t.Context().Err()) {
					t.Error(err)
				}
			}
			if _, err := h.app.Worker().RunOnce(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	sent := h.emails()
	if len(slices.Compact(slices.Clone(sent))) != len(sent) || !slices.Contains(sent, "Order 1 was delivered") {
		t.Errorf("sent: %q", sent)
	}
}

// TestOrderEmailOfTheErased checks that the deletion of an account ends its emails.
func TestOrderEmailOfTheErased(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sendOrderEmails()
	at := h.askErasure()
	h.quiet()
	h.clock.Move(at.Sub(h.clock.Now()) - time.Minute)
	h.putNow("1", "")
	h.work() // queued
	h.clock.Move(2 * time.Minute)
	h.work()
	for _, m := range h.deliver() {
		if strings.HasPrefix(m.Subject, "Order") {
			t.Errorf("sent to %s: %s", m.To, m.Subject)
		}
	}
}
