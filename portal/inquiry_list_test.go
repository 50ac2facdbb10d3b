package portal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/inquiry"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// inquiriesListed reads a list to its end as the shop's system does.
func inquiriesListed(t *testing.T,
	read func(context.Context, string) ([]inquiry.FeedInquiry, string, bool, error),
	after string) ([]string, string) {
	t.Helper()
	var all []string
	for {
		list, next, more, err := read(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			all = append(all, fmt.Sprint(r.Order, " ", r.Kind, " ", r.Text, " ", len(r.Lines)))
		}
		if after = next; !more {
			return all, next
		}
	}
}

// TestInquiryList reads more than one page, continues later, and checks that each shop sees only its own
// inquiries.
func TestInquiryList(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	feed := h.feed()
	read := func(ctx context.Context, after string) ([]inquiry.FeedInquiry, string, bool, error) {
		p, err := feed.Messages(ctx, after)
		return p.Messages, p.Next, p.More, err
	}
	var want []string
	for i := range 105 {
		if i%20 == 0 {
			h.clock.Move(time.Hour)
		}
		text := fmt.Sprint("number ", i)
		h.clock.Move(time.Millisecond)
		if err := s.WriteMessage(t.Context(), message(s, text)); err != nil {
			t.Fatal(err)
		}
		want = append(want, "sent  "+text+" 0")
	}
	if got, next := inquiriesListed(t, read, ""); len(got) != 100 || next == "" {
		t.Errorf("before they settle: %d, %q", len(got), next)
	}
	h.clock.Move(time.Minute + time.Millisecond)
	got, next := inquiriesListed(t, read, "")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := s.RequestReturn(t.Context(), giveBack(t, s)); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(time.Hour)
	if err := s.RequestCancellation(t.Context(), portal.Request{Number: "new", Text: "Why not"}); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteMessage(t.Context(), message(s, "later")); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(time.Minute + time.Millisecond)
	if got, _ := inquiriesListed(t, read, next); !slices.Equal(got, []string{"sent  later 0"}) {
		t.Errorf("later: %q", got)
	}
	requests, err := feed.Requests(t.Context(), "")
	if err != nil || len(requests.Requests) != 2 || requests.More {
		t.Fatalf("%+v, %v", requests, err)
	}
	r := requests.Requests[0]
	if r.Kind != inquiry.RequestReturn || r.Order != "sent" || r.Customer != s.Customer().ID ||
		r.Lines[0].Quantity != "2" || requests.Requests[1].Text != "Why not" {
		t.Errorf("%+v", requests.Requests)
	}
	for _, bad := range []string{"x", "0", next + "0", "20261121T100000.000Z-", `{"$gt":""}`} {
		if _, err := feed.Requests(t.Context(), bad); !slices.Equal(fieldErrorsOf(err),
			[]string{"after list.after"}) {
			t.Errorf("after %q: %v", bad, err)
		}
	}
	h.shop = h.open("other", shop.Settings{})
	if p, err := h.feed().Messages(t.Context(), ""); err != nil || p.Messages == nil || len(p.Messages) != 0 {
		t.Errorf("another shop sees %+v, %v", p, err)
	}
}

// TestInquiryListNamesTheCustomer checks that a list identifies customers by the shop system's id, once
// introduced, and by their current email.
func TestInquiryListNamesTheCustomer(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	feed := h.feed()
	if err := errors.Join(s.WriteMessage(t.Context(), message(s, "Hello")),
		s.RequestReturn(t.Context(), giveBack(t, s))); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(time.Hour)
	want := func(id, email string) {
		t.Helper()
		messages, err := feed.Messages(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		requests, err := feed.Requests(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		list := append(messages.Messages, requests.Requests...)
		for _, r := range list {
			text, err := json.Marshal(r)
			if fields := fmt.Sprintf(`"customer_id":%q,"email":%q`, id, email); err != nil ||
				!strings.Contains(string(text), fields) {
				t.Errorf("want %s in %s, %v", fields, text, err)
			}
		}
		if len(list) != 2 {
			t.Errorf("%d are listed", len(list))
		}
	}
	want("", jan)
	put := func(email, at string) {
		t.Helper()
		if _, err := feed.PutCustomer(t.Context(), "77",
			[]byte(`{"email":"`+email+`","updated_at":"`+at+`"}`)); err != nil {
			t.Fatal(err)
		}
	}
	put(jan, "2026-11-21T10:00:00Z")
	want("77", jan)
	put("jan.novak@example.com", "2026-11-21T10:30:00Z")
	want("77", "jan.novak@example.com")
}

// TestInquiryInterrupted stops the process after each write of submitting an inquiry and sending its
// emails, then tries again. Each inquiry and each email exists once in the end.
func TestInquiryInterrupted(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.set(shop.Settings{SupportEmail: ptr(support)})
		h.put(orderJSON("new", jan, `"shipped"`, `"unfulfilled"`))
		h.put(orderJSON("sent", jan))
		cookie := h.signInByCode(jan, "one")
		h.work()
		h.deliver()
		s := h.shopper(cookie)
		letter, back := message(s, "Hello"), giveBack(t, s)
		back.Quantities[0] = "1"
		send := func(app *portal.App) error {
			s, err := app.Shopper(t.Context(), h.shop, cookie)
			if err == nil {
				err = s.WriteMessage(t.Context(), letter)
			}
			if err == nil {
				err = s.RequestReturn(t.Context(), back)
			}
			if err == nil {
				err = s.RequestCancellation(t.Context(), portal.Request{Number: "new"})
			}
			return err
		}
		attempt := func(app *portal.App) error {
			err := send(app)
			if err == nil {
				_, err = app.Worker().RunOnce(t.Context())
			}
			return err
		}
		return attempt, func(bool) {
			h.work()
			if err := send(h.app); err != nil {
				t.Errorf("once more: %v", err)
			}
			h.work()
			if diff := cmp.Diff(map[string]int{support: 3, jan: 2}, sentTo(h.deliver())); diff != "" {
				t.Error(diff)
			}
			if got := append(about(t, s, "sent"), about(t, s, "new")...); len(got) != 3 {
				t.Errorf("kept %q", got)
			}
		}
	})
}

// TestInquiriesErased checks that a customer's inquiries are deleted, that others' stay, and that pending
// emails are not sent.
func TestInquiriesErased(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	other := h.signIn(eva)
	h.work()
	h.deliver()
	for i := range 12 {
		if err := s.WriteMessage(t.Context(), message(s, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RequestReturn(t.Context(), giveBack(t, s)); err != nil {
		t.Fatal(err)
	}
	if err := other.WriteMessage(t.Context(),
		portal.Message{Form: other.NewForm(), Number: "Eva's", Text: "Mine"}); err != nil {
		t.Fatal(err)
	}
	h.work()
	messages, requests, err := s.InquiryData(t.Context())
	if err != nil || len(messages) != 12 || messages[11].Text != "11" || messages[0].Order != "sent" {
		t.Errorf("messages to take along: %+v, %v", messages, err)
	}
	if len(requests) != 1 || requests[0].Kind != inquiry.RequestReturn {
		t.Errorf("requests to take along: %+v, %v", requests, err)
	}
	worker := h.app.Worker()
	if err := h.dying(5).Worker().EraseInquiries(t.Context(), h.shop.ID, s.Customer().ID); err == nil {
		t.Error("a process that died erased all")
	}
	for range 2 {
		if err := worker.EraseInquiries(t.Context(), h.shop.ID, s.Customer().ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := about(t, s, "sent"); got != nil {
		t.Errorf("left: %q", got)
	}
	if got := about(t, other, "Eva's"); !slices.Equal(got, []string{"Mine"}) {
		t.Errorf("of another: %q", got)
	}
	mails := h.deliver()
	if len(mails) != 1 || !strings.Contains(mails[0].Text, "Mine") {
		t.Errorf("mailed after it: %s", allTexts(mails))
	}
	h.clock.Move(2 * time.Minute)
	if p, err := h.feed().Messages(t.Context(), ""); err != nil || len(p.Messages) != 1 {
		t.Errorf("listed: %+v, %v", p, err)
	}
	if records, _, err := s.InquiryData(t.Context()); err != nil || records == nil || len(records) != 0 {
		t.Errorf("to take along after it: %v, %v", records, err)
	}
}

// TestInquiryWithoutSupport checks that without a support address requests are kept for the shop's system
// and confirmed, while messages are refused.
func TestInquiryWithoutSupport(t *testing.T) {
	t.Parallel()
	h, _ := inquiryApp(t)
	h.set(shop.Settings{SupportEmail: ptr("")})
	s := h.signIn(jan)
	if err := s.WriteMessage(t.Context(), message(s, "Hello")); validate.KindOf(err) != validate.Conflict {
		t.Errorf("a message: %v", err)
	}
	if err := s.RequestCancellation(t.Context(), portal.Request{Number: "new"}); err != nil {
		t.Fatal(err)
	}
	h.work()
	if diff := cmp.Diff(map[string]int{jan: 1}, sentTo(h.deliver())); diff != "" {
		t.Error(diff)
	}
	h.clock.Move(2 * time.Minute)
	if p, err := h.feed().Requests(t.Context(), ""); err != nil || len(p.Requests) != 1 ||
		storage.IsID(p.Requests[0].ID) {
		t.Errorf("%+v, %v", p, err)
	}
}
