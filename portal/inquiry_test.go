package portal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal"
	"postern/portal/inquiry"
	"postern/portal/shop"
	"postern/portal/validate"
)

// inquiryApp returns a test app whose shop has a support address, and signs in Jan, who has one order that
// can be cancelled and one that can be returned.
func inquiryApp(t *testing.T) (*testApp, portal.Shopper) {
	t.Helper()
	h := newWithdrawalApp(t)
	h.put(orderJSON("new", jan, `"shipped"`, `"unfulfilled"`))
	h.put(orderJSON("sent", jan, `"quantity":"1"`, `"quantity":"3","sku":"B-7"`))
	h.put(orderJSON("Eva's", eva))
	s := h.signIn(jan)
	h.work()
	h.deliver()
	return h, s
}

func message(s portal.Shopper, text string) portal.Message {
	return portal.Message{Form: s.NewForm(), Number: "sent", Text: text, Lang: "en"}
}

// giveBack returns a return request for two of the three books.
func giveBack(t *testing.T, s portal.Shopper) portal.Request {
	t.Helper()
	order, err := s.Order(t.Context(), "sent")
	if err != nil {
		t.Fatal(err)
	}
	return portal.Request{Form: s.NewForm(), Number: "sent", Text: "Torn.", Reason: "damaged", Quantities: map[int]string{0: "2"}, Mark: order.LinesVersion(), Lang: "en"}
}

// about returns the correspondence about an order as the customer sees it.
func about(t *testing.T, s portal.Shopper, number string) (texts []string) {
	t.Helper()
	sent, err := s.Correspondence(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sent.Requests {
		text := r.Kind + ": " + r.Text
		for _, line := range r.Lines {
			text += " " + line.Quantity + " × " + line.Name
		}
		texts = append(texts, text)
	}
	for _, m := range sent.Messages {
		texts = append(texts, m.Text)
	}
	return texts
}

// TestInquiryMails checks the emails to the shop and to the customer in every language.
func TestInquiryMails(t *testing.T) {
	t.Parallel()
	words := map[string][]string{ // the shop's three emails and the customer's two
		"en": {"on 21 November 2026 at 11:00", "requested a return for order sent", "to cancel order new", "send anything until then", "will refund you"},
		"sk": {"Správa bola odoslaná 21. novembra 2026", "o vrátenie tovaru z objednávky sent", "o zrušenie objednávky new", "Dovtedy, prosím, nič neposielajte", "vráti vám peniaze"},
		"cs": {"píše k objednávce sent (21. listopadu 2026", "o vrácení zboží z objednávky sent", "o zrušení objednávky new", "Do té doby nic neposílejte", "vrátí vám peníze"},
		"pl": {"wysłano 21 listopada 2026", "zwrot produktów z zamówienia sent", "o anulowanie zamówienia new", "Do tego czasu nic nie odsyłaj", "zwróci Ci pieniądze"},
		"de": {"hat am 21. November 2026 um 11:00 Uhr", "eine Rücksendung aus der Bestellung sent angefragt", "die Stornierung der Bestellung new angefragt", "Senden Sie vorher nichts zurück", "erstattet er Ihnen"},
	}
	for lang, want := range words {
		t.Run(lang, func(t *testing.T) {
			h, _ := inquiryApp(t)
			h.set(shop.Settings{Language: &lang})
			s := h.signIn(jan)
			hostile := "First <b>line</b>\r\n\r\nBcc: x@y.example\r\nhttps://evil.example/ שלום " + strings.Repeat("e\u0301", 5)
			letter, back, cancel := message(s, hostile), giveBack(t, s), portal.Request{Number: "new", Text: "Too late.", Lang: lang}
			letter.Lang, back.Lang = lang, lang
			for _, err := range []error{s.WriteMessage(t.Context(), letter), s.RequestReturn(t.Context(), back), s.RequestCancellation(t.Context(), cancel)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			h.clock.Move(3 * time.Hour) // emails state when the inquiry was submitted, not when they are sent
			h.work()
			mails := h.deliver()
			if diff := cmp.Diff(map[string]int{support: 3, jan: 2}, sentTo(mails)); diff != "" {
				t.Fatal(diff)
			}
			for i, parts := range [][]string{
				{support, want[0], "sent", "First <b>line</b>\nBcc: x@y.example\nhttps://evil.example/ שלום"}, {support, want[1], "2 × Book (B-7)", "Torn."},
				{support, want[2], "Too late."}, {jan, want[3], "2 × Book (B-7)", "Torn."}, {jan, want[4], "new", "Too late."},
			} {
				m, ok := mailWith(mails, parts[0], parts[1:])
				if !ok {
					t.Fatalf("mail %d: none to %s says %q:\n%s", i, parts[0], parts[1:], allTexts(mails))
				}
				reply := map[string]string{support: jan, jan: support}[m.To]
				if m.Personal != (m.To == support) {
					t.Errorf("mail %d to %s: personal %t", i, m.To, m.Personal)
				}
				if m.ReplyTo != reply || m.Lang != lang || strings.Contains(m.HTML, "<b>") || strings.Contains(m.HTML, `href="https://evil`) ||
					strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.Text+m.HTML, "/orders/") {
					t.Errorf("mail %d: answers go to %s, %s\n%s\n%s", i, m.ReplyTo, m.Lang, m.Subject, m.HTML)
				}
			}
			if h.work(); len(h.deliver()) != 0 {
				t.Error("more mails")
			}
		})
	}
}

func mailWith(mails []mail.Message, to string, parts []string) (mail.Message, bool) {
	for _, m := range mails {
		missing := func(part string) bool { return !strings.Contains(plainSpaces(m.Subject+"\n"+m.Text), part) }
		if m.To == to && !slices.ContainsFunc(parts, missing) {
			return m, true
		}
	}
	return mail.Message{}, false
}

func allTexts(mails []mail.Message) string {
	text := ""
	for _, m := range mails {
		text += "-- to " + m.To + ": " + m.Subject + "\n" + m.Text
	}
	return text
}

// TestInquiryTwice submits each form ten times at once and once more later. It counts as one, even when the
// order would no longer allow it.
func TestInquiryTwice(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	letter, back, cancel := message(s, "Hello"), giveBack(t, s), portal.Request{Number: "new"}
	send := map[string]func(context.Context) error{
		"message": func(ctx context.Context) error { return s.WriteMessage(ctx, letter) },
		"return":  func(ctx context.Context) error { return s.RequestReturn(ctx, back) },
		"cancel":  func(ctx context.Context) error { return s.RequestCancellation(ctx, cancel) },
	}
	for name, once := range send {
		t.Run(name, func(t *testing.T) {
			together(10, func(int) {
				if err := once(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
	h.work()
	h.put(orderJSON("new", jan, `"updated_at":"2026-03-05`, `"updated_at":"2026-04-05`))
	h.put(orderJSON("sent", jan, `"updated_at":"2026-03-05`, `"updated_at":"2026-04-05`, `"shipped"`, `"cancelled"`, `"Book"`, `"Bok"`))
	for name, once := range send {
		if err := once(t.Context()); err != nil {
			t.Errorf("%s once more: %v", name, err)
		}
	}
	h.work()
	if diff := cmp.Diff(map[string]int{support: 3, jan: 2}, sentTo(h.deliver())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"return: Torn. 2 × Book", "Hello"}, about(t, s, "sent")); diff != "" {
		t.Error(diff)
	}
	letter.Text, back.Quantities, cancel.Text = "Hello again", map[int]string{0: "1"}, "changed"
	for name, once := range send {
		if err := once(t.Context()); validate.KindOf(err) != validate.Conflict {
			t.Errorf("%s with other words: %v", name, err)
		}
	}
	other := h.signIn(eva)
	for _, number := range []string{"Eva's", "sent"} {
		m := portal.Message{Form: letter.Form, Number: number, Text: "Hello"}
		if err := other.WriteMessage(t.Context(), m); validate.KindOf(err) != validate.Conflict {
			t.Errorf("another customer with the same form, about %s: %v", number, err)
		}
	}
}

func TestInquiryBadInput(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	digital := orderJSON("empty", jan, `,"lines":[{"id":"1","name":"Book","quantity":"1","unit_price":"12.5","total":"12.50"}]`, "")
	h.put(digital)
	empty, err := s.Order(t.Context(), "empty")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("š", inquiry.MaxText+1)
	says := func(change func(*portal.Message)) error {
		m := message(s, "Hello")
		change(&m)
		return s.WriteMessage(t.Context(), m)
	}
	returns := func(change func(*portal.Request)) error {
		r := giveBack(t, s)
		change(&r)
		return s.RequestReturn(t.Context(), r)
	}
	cancels := func(number, text string) error {
		return s.RequestCancellation(t.Context(), portal.Request{Number: number, Text: text})
	}
	picks := func(quantities map[int]string) error {
		return returns(func(r *portal.Request) { r.Quantities = quantities })
	}
	tests := []struct {
		name  string
		err   error
		kind  validate.Kind
		wrong string
	}{
		{"no form", says(func(m *portal.Message) { m.Form = "" }), validate.Invalid, ""},
		{"a path for a form", says(func(m *portal.Message) { m.Form = "../x" }), validate.Invalid, ""},
		{"no text", says(func(m *portal.Message) { m.Text = " \r\n\t " }), validate.Invalid, "text text.required"},
		{"long", says(func(m *portal.Message) { m.Text = long }), validate.Invalid, "text text.long"},
		{"no UTF-8", says(func(m *portal.Message) { m.Text = "a\xff" }), validate.Invalid, "text text.control"},
		{"another's order", says(func(m *portal.Message) { m.Number = "Eva's" }), validate.NotFound, ""},
		{"no such order", says(func(m *portal.Message) { m.Number = "404" }), validate.NotFound, ""},
		{"a return without a form", returns(func(r *portal.Request) { r.Form = "x" }), validate.Invalid, ""},
		{"nothing chosen", picks(map[int]string{0: "0"}), validate.Invalid, " withdrawal.none"},
		{"a line that is not there", picks(map[int]string{7: "1"}), validate.Invalid, " withdrawal.none"},
		{"too many", picks(map[int]string{0: "4"}), validate.Invalid, "line/0 withdrawal.quantity"},
		{"less than none", picks(map[int]string{0: "-1"}), validate.Invalid, "line/0 withdrawal.quantity"},
		{"a half", picks(map[int]string{0: "0.5"}), validate.Invalid, "line/0 withdrawal.quantity"},
		{"a long return", returns(func(r *portal.Request) { r.Text = long }), validate.Invalid, "text text.long"},
		{"lines of another time", returns(func(r *portal.Request) { r.Mark = "x" }), validate.Conflict, ""},
		{"a return of what was not sent", returns(func(r *portal.Request) { r.Number = "new" }), validate.Conflict, ""},
		{"a return of another's", returns(func(r *portal.Request) { r.Number = "Eva's" }), validate.NotFound, ""},
		{"of an order without lines, without a word", returns(func(r *portal.Request) { r.Number, r.Text, r.Mark = "empty", "", empty.LinesVersion() }), validate.Invalid, "text text.required"},
		{"cancel what was shipped", cancels("sent", ""), validate.Conflict, ""},
		{"cancel another's", cancels("Eva's", ""), validate.NotFound, ""},
		{"cancel at length", cancels("new", long), validate.Invalid, "text text.long"},
	}
	for _, test := range tests {
		found := fieldErrorsOf(test.err)
		if validate.KindOf(test.err) != test.kind || strings.Join(found, "") != test.wrong {
			t.Errorf("%s: %v, %q", test.name, test.err, found)
		}
	}
	if got := about(t, s, "sent"); got != nil {
		t.Errorf("kept %q", got)
	}
	full := strings.Repeat("š\r\n", inquiry.MaxText/2-1) + "žž"
	if err := says(func(m *portal.Message) { m.Text = full }); err != nil {
		t.Errorf("the longest there is, with line breaks of a browser: %v", err)
	}
}

// TestInquiryLimits checks the limits: 20 an hour for each kind, and 200 messages and 20 requests for each
// order. Submitting an accepted form again still counts once.
func TestInquiryLimits(t *testing.T) {
	t.Parallel()
	h, s := inquiryApp(t)
	var first portal.Message
	for i := range inquiry.MaxMessages {
		m := message(s, fmt.Sprint("number ", i))
		if i == 0 {
			first = m
		}
		if i > 0 && i%20 == 0 {
			if err := s.WriteMessage(t.Context(), m); validate.KindOf(err) != validate.TooMany {
				t.Fatalf("message %d within the hour: %v", i, err)
			}
			if err := s.WriteMessage(t.Context(), first); err != nil {
				t.Fatalf("one that was sent: %v", err)
			}
			h.clock.Move(time.Hour)
		}
		if err := s.WriteMessage(t.Context(), m); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	h.put(orderJSON("sent", jan, `"quantity":"1"`, `"quantity":"100","sku":"B-7"`))
	if err := s.RequestReturn(t.Context(), giveBack(t, s)); err != nil {
		t.Errorf("a request beside the messages: %v", err)
	}
	h.clock.Move(time.Hour)
	if err := s.WriteMessage(t.Context(), message(s, "one more")); validate.KindOf(err) != validate.Conflict {
		t.Errorf("message 201: %v", err)
	}
	got := about(t, s, "sent")
	if sent, err := s.Correspondence(t.Context(), "sent"); err != nil || !sent.Full() || len(got) != 201 || got[1] != "number 0" || got[200] != "number 199" {
		t.Errorf("%d kept, from %q, %v", len(got), got[1], err)
	}
	other := message(s, "elsewhere")
	other.Number = "new"
	if err := s.WriteMessage(t.Context(), other); err != nil {
		t.Errorf("about another order: %v", err)
	}
	for range 19 {
		if err := s.RequestReturn(t.Context(), giveBack(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.RequestReturn(t.Context(), giveBack(t, s)); validate.KindOf(err) != validate.Conflict {
		t.Errorf("request 21: %v", err)
	}
}
