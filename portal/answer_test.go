package portal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/inquiry"
	"postern/portal/validate"
)

// answer sends the shop's message about the order "sent".
func (h *testApp) answer(members string) (inquiry.Record, bool) {
	h.t.Helper()
	made, created, err := h.feed().Answer(h.t.Context(), "sent", []byte("{"+members+"}"), "")
	if err != nil {
		h.t.Fatalf("%v %v", err, validate.FieldErrors(err))
	}
	return made, created
}

// TestConversation checks that the shop's answers stand in the conversation, are emailed once with a plain
// link, and are unread until the customer has seen them.
func TestConversation(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	if err := s.WriteMessage(t.Context(), message(s, "Where is it?")); err != nil {
		t.Fatal(err)
	}
	h.quiet()
	h.clock.Move(time.Minute)
	made, created := h.answer(`"id":"7","author":"Eva","text":"On its way.\nLook."`)
	if !created || made.From != inquiry.FromShop || made.Author != "Eva" || made.Order != "sent" {
		t.Errorf("made: %+v, %t", made, created)
	}
	again, created := h.answer(`"id":"7","author":"Eva","text":"On its way.\nLook."`)
	if diff := cmp.Diff(made, again); created || diff != "" {
		t.Errorf("repeated: %t %s", created, diff)
	}
	mails := h.mails()
	if len(mails) != 1 || mails[0].To != jan || mails[0].ReplyTo != support ||
		!strings.Contains(mails[0].Text, "> On its way.\n> Look.\n> Eva") ||
		!strings.Contains(mails[0].Text, "https://main.example.com/orders/sent") || tokenIn(mails[0]) != "" {
		t.Fatalf("mailed: %+v", mails)
	}
	s = h.signIn(jan)
	got, err := s.Correspondence(t.Context(), "sent")
	if err != nil || len(got.Messages) != 2 || got.Messages[0].From != inquiry.FromCustomer ||
		got.Messages[1].Text != "On its way.\nLook." {
		t.Errorf("the conversation: %+v, %v", got, err)
	}
	if unread := s.Customer().UnreadOrders(); !slices.Equal(unread, []string{"sent"}) {
		t.Errorf("unread: %q", unread)
	}
	if err := s.ReadAnswers(t.Context(), "sent", made.At); err != nil {
		t.Fatal(err)
	}
	if unread := h.signIn(jan).Customer().UnreadOrders(); len(unread) != 0 {
		t.Errorf("unread after reading: %q", unread)
	}
	second, _ := h.answer(`"text":"Has it arrived?"`)
	h.quiet()
	after := h.signIn(jan)
	c := after.Customer()
	if !after.IsUnread("sent", second.At) || after.IsUnread("sent", made.At) {
		t.Errorf("a second answer: %+v", c.Answered)
	}
	m := message(s, "Yes")
	m.Seen = second.At
	if err := s.WriteMessage(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if unread := h.signIn(jan).Customer().UnreadOrders(); len(unread) != 0 {
		t.Errorf("unread after answering: %q", unread)
	}
	read, err := h.feed().Conversation(t.Context(), "sent")
	if err != nil || len(read.Messages) != 4 {
		t.Errorf("as the shop reads it: %+v, %v", read, err)
	}
	h.clock.Move(2 * time.Minute)
	if list, err := h.feed().Messages(t.Context(), ""); err != nil || len(list.Messages) != 2 {
		t.Errorf("the list holds the shop's own messages: %+v, %v", list, err)
	}
}

// TestAnswerRefused checks wrong answers.
func TestAnswerRefused(t *testing.T) {
	t.Parallel()
	h, _ := inquiryApp(t)
	if _, _, err := h.feed().Answer(t.Context(), "sent", []byte(`{"id":"1","text":"a"}`), ""); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, number, body, key string
		kind                    validate.Kind
		field, code             string
	}{
		{"no text", "sent", `{}`, "", validate.Invalid, "/text", "text.required"},
		{"too long", "sent", `{"text":"` + strings.Repeat("x", 2001) + `"}`, "", validate.Invalid, "/text", "text.long"},
		{"a long author", "sent", `{"text":"a","author":"` + strings.Repeat("x", 101) + `"}`, "", validate.Invalid,
			"/author", "text.long"},
		{"an unknown member", "sent", `{"text":"a","html":"<b>"}`, "", validate.Invalid, "/html", "json.unknown"},
		{"another text under the id", "sent", `{"id":"1","text":"b"}`, "", validate.Conflict, "", "message.id_used"},
		{"no such order", "nothing", `{"text":"a"}`, "", validate.NotFound, "", "order.not_found"},
		{"a long key", "sent", `{"text":"a"}`, strings.Repeat("k", 256), validate.Invalid, "Idempotency-Key",
			"idempotency.form"},
	}
	for _, test := range tests {
		_, _, err := h.feed().Answer(t.Context(), test.number, []byte(test.body), test.key)
		field, code := "", fmt.Sprint(err)
		if list := validate.FieldErrors(err); len(list) > 0 {
			field, code = list[0].Field, list[0].Key
		}
		if validate.KindOf(err) != test.kind || field != test.field || !strings.Contains(code, test.code) {
			t.Errorf("%s: %v %s %s", test.name, err, field, code)
		}
	}
}

// TestAnswersSentTogether sends one answer many times at once, from processes that know each other only by
// the store. It is stored and emailed once.
func TestAnswersSentTogether(t *testing.T) {
	t.Parallel()
	h, _ := inquiryApp(t)
	feed := h.feed()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, _, err := feed.Answer(context.Background(), "sent", []byte(`{"text":"Hello"}`), "key"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if c, err := feed.Conversation(t.Context(), "sent"); err != nil || len(c.Messages) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if mails := h.mails(); len(mails) != 1 {
		t.Errorf("%d emails", len(mails))
	}
}

// TestAnswersAreLimited checks the limit for each order.
func TestAnswersAreLimited(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h, _ := inquiryApp(t)
	feed := h.feed()
	for n := range inquiry.MaxMessages {
		if _, _, err := feed.Answer(t.Context(), "sent", fmt.Appendf(nil, `{"text":"%d"}`, n), ""); err != nil {
			t.Fatal(n, err)
		}
	}
	if _, _, err := feed.Answer(t.Context(), "sent", []byte(`{"text":"more"}`), ""); validate.KindOf(err) != validate.Conflict {
		t.Errorf("one more: %v", err)
	}
}

// TestDeclinedRequests checks that the shop's refusal of a request is stored and emailed once.
func TestDeclinedRequests(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	if err := s.RequestCancellation(t.Context(), portal.Request{Number: "new", Text: "Wrong colour", Lang: "de"}); err != nil {
		t.Fatal(err)
	}
	h.quiet()
	sent, err := s.Correspondence(t.Context(), "new")
	if err != nil || len(sent.Requests) != 1 {
		t.Fatal(sent, err)
	}
	id, feed := sent.Requests[0].ID, h.feed()
	for range 2 {
		record, err := feed.DeclineRequest(t.Context(), id, []byte(`{"text":"It has left."}`))
		if err != nil || record.Declined == nil || record.Declined.Text != "It has left." {
			t.Fatalf("%+v, %v", record, err)
		}
	}
	if mails := h.mails(); len(mails) != 1 || mails[0].Lang != "de" || !strings.Contains(mails[0].Text, "It has left.") {
		t.Errorf("mails: %+v", mails)
	}
	if _, err := feed.DeclineRequest(t.Context(), id, []byte(`{"text":"No."}`)); validate.KindOf(err) != validate.Conflict {
		t.Errorf("another text: %v", err)
	}
	m := message(s, "Hello")
	if err := s.WriteMessage(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"nothing", m.Form} {
		if _, err := feed.DeclineRequest(t.Context(), other, []byte(`{"text":"No."}`)); validate.KindOf(err) != validate.NotFound {
			t.Errorf("%s: %v", other, err)
		}
	}
}

// TestCrashOfAnAnswer crashes at each write. Sending the answer again completes it, once.
func TestCrashOfAnAnswer(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.put(orderJSON("sent", jan))
		h.quiet()
		key, err := h.app.Operator().CreateKey(t.Context(), h.shop.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		send := func(app *portal.App) error {
			feed, err := app.Feed(t.Context(), h.shop, key)
			if err == nil {
				_, _, err = feed.Answer(t.Context(), "sent", []byte(`{"text":"Hello"}`), "k")
			}
			if err == nil {
				_, err = app.Worker().RunOnce(t.Context())
			}
			return err
		}
		return send, func(bool) {
			if err := send(h.app); err != nil {
				t.Error(err)
			}
			h.clock.Move(time.Minute)
			if mails := h.mails(); len(mails) != 1 {
				t.Errorf("%d emails", len(mails))
			}
			if unread := h.find(jan).UnreadOrders(); !slices.Equal(unread, []string{"sent"}) {
				t.Errorf("unread: %q", unread)
			}
		}
	})
}

// TestReturnsJoinRequests checks how the customer's request and the shop's return become one.
func TestReturnsJoinRequests(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	back := giveBack(t, s)
	if err := s.RequestReturn(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	asked := h.clock.Now()
	states := func() (all []string) {
		t.Helper()
		o, err := s.Order(t.Context(), "sent")
		if err != nil {
			t.Fatal(err)
		}
		sent, err := s.Correspondence(t.Context(), "sent")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range sent.Returns(o) {
			text := r.Return.Number + " " + r.Return.State
			for _, step := range r.Steps {
				text += fmt.Sprintf(" %s@%d", step.State, int(step.At.Sub(asked).Minutes()))
			}
			all = append(all, text+fmt.Sprint(" ", r.Upcoming()))
		}
		return all
	}
	if diff := cmp.Diff([]string{" requested requested@0 [approved received refunded]"}, states()); diff != "" {
		t.Error(diff)
	}
	for _, state := range []string{"approved", "label", "received"} {
		h.clock.Move(time.Minute)
		h.putBody("sent", orderJSON("sent", jan, `"quantity":"1"`, `"quantity":"3","sku":"B-7"`,
			`"updated_at":"2026-03-05T10:00:00Z"`, `"updated_at":"`+h.clock.Now().Format(time.RFC3339)+`"`,
			`"lines"`, `"returns":[{"number":"R1","request":"`+back.Form+`","state":"`+state+`"},{"number":"R2","state":"declined"}],"lines"`))
	}
	want := []string{"R1 received requested@0 approved@1 label@2 received@3 [refunded]", "R2 declined declined@1 []"}
	got := states()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// unread returns the orders with unread answers, as the pages of a customer name them.
func (h *testApp) unread(s portal.Shopper) []string {
	h.t.Helper()
	numbers, err := s.UnreadOrders(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return numbers
}

// TestUnreadMarkFollowsItsOrder checks that an answer stops being unread with its order: when the order moves
// to another customer, who does not see it either, and when it is deleted.
func TestUnreadMarkFollowsItsOrder(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	h.answer(`"text":"On its way."`)
	h.quiet()
	if got := h.unread(h.signIn(jan)); !slices.Equal(got, []string{"sent"}) {
		t.Fatalf("unread: %q", got)
	}
	moved := orderJSON("sent", eva, `"updated_at":"2026-03-05T10:00:00Z"`, `"updated_at":"2026-03-05T11:00:00Z"`)
	h.put(moved)
	if got := h.unread(h.signIn(jan)); len(got) != 0 {
		t.Errorf("unread in an order of another customer: %q", got)
	}
	if got := h.unread(h.signIn(eva)); len(got) != 0 {
		t.Errorf("the new customer's: %q", got)
	}
	if err := s.ReadAnswers(t.Context(), "sent", h.clock.Now()); validate.KindOf(err) != validate.NotFound {
		t.Errorf("the former customer reads: %v", err)
	}
	h.answer(`"text":"Hello Eva."`)
	h.quiet()
	if got := h.unread(h.signIn(eva)); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("an answer to the new customer: %q", got)
	}
	if err := h.delete(h.app, "sent"); err != nil {
		t.Fatal(err)
	}
	if got := h.unread(h.signIn(eva)); len(got) != 0 {
		t.Errorf("unread in a deleted order: %q", got)
	}
}

// TestAnswerReadBeforeItIsNoted checks an answer that the customer reads before the worker has seen it: it is
// new on the page, and once read it stays read.
func TestAnswerReadBeforeItIsNoted(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	made, _ := h.answer(`"text":"On its way."`)
	if !s.IsUnread("sent", made.At) {
		t.Error("not new before the worker has seen it")
	}
	if err := s.ReadAnswers(t.Context(), "sent", made.At); err != nil {
		t.Fatal(err)
	}
	if s = h.signIn(jan); s.IsUnread("sent", made.At) {
		t.Error("new after it was read")
	}
	h.quiet()
	if got := h.unread(h.signIn(jan)); len(got) != 0 {
		t.Errorf("the worker marks it once more: %q", got)
	}
	h.clock.Move(time.Minute)
	h.answer(`"text":"Has it arrived?"`)
	h.quiet()
	if got := h.unread(h.signIn(jan)); !slices.Equal(got, []string{"sent"}) {
		t.Errorf("a second answer: %q", got)
	}
	h.clock.Move(8 * 24 * time.Hour)
	if err := s.ReadAnswers(t.Context(), "sent", h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	h.put(orderJSON("another", jan))
	if _, _, err := h.feed().Answer(t.Context(), "another", []byte(`{"text":"Thank you."}`), ""); err != nil {
		t.Fatal(err)
	}
	h.quiet()
	if s = h.signIn(jan); s.IsUnread("sent", made.At) {
		t.Error("an answer of last week, read and no longer noted, is new")
	}
}

// TestAnswerKeepsTheShopsID checks that the shop finds its own id in the conversation.
func TestAnswerKeepsTheShopsID(t *testing.T) {
	t.Parallel()
	h, _ := inquiryApp(t)
	if made, _ := h.answer(`"id":"ticket-81-3","text":"On its way."`); made.MessageID != "ticket-81-3" {
		t.Errorf("made: %+v", made)
	}
	h.answer(`"text":"No id."`)
	c, err := h.feed().Conversation(t.Context(), "sent")
	if err != nil || len(c.Messages) != 2 || c.Messages[0].MessageID != "ticket-81-3" || c.Messages[1].MessageID != "" {
		t.Errorf("%+v, %v", c, err)
	}
}
