package portal_test

import (
	"strings"
	"testing"

	"postern/portal/withdrawal"

	"github.com/google/go-cmp/cmp"
)

// TestWithdrawalMailsLeadNowhere checks that a stranger's text never becomes a link in either email, and
// that ordinary text stays as typed.
func TestWithdrawalMailsLeadNowhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typed, mailed string
		noNumber      bool // not repeated as a number
	}{
		{"evil.com", "evil. com", true},
		{"EVIL.COM", "EVIL. COM", true},
		{"pay.evil.co.uk", "pay. evil. co. uk", true},
		{"обман.рф", "обман. рф", true},
		{"evil.xn--p1ai", "evil. xn--p1ai", true},
		{"evil。com", "evil。 com", true},
		{"evil.\u200bcom", "evil. com", true},
		{"evil.c\u00adom", "evil. com", true},
		{"pay@evil.com", "pay@evil. com", true},
		{"the pen of shop.example 25/3", "the pen of shop. example 25/3", true},
		{"192.0.2.7", "192.0. 2.7", false},
		{"Ing.Jan Novák", "Ing. Jan Novák", true},
		{"Dr. Novák", "Dr. Novák", true},
		{"Nr. 5, č.5", "Nr. 5, č.5", true},
		{"3.5 kg", "3.5 kg", false},
		{"Book vol.2.", "Book vol.2.", false},
		{"s.r.o. a. s.", "s.r.o. a. s.", true},
		{"2026.11.21", "2026.11.21", false},
		{"Pen... blue", "Pen... blue", true},
	}
	fields := map[string]func(s *withdrawal.Statement, text string){
		"Full name: ":        func(s *withdrawal.Statement, text string) { s.Name = text },
		"Order number: ":     func(s *withdrawal.Statement, text string) { s.Number = text },
		"Only these items: ": func(s *withdrawal.Statement, text string) { s.Goods = text },
	}
	for _, test := range tests {
		t.Run(test.typed, func(t *testing.T) {
			h := newWithdrawalApp(t)
			for label, set := range fields {
				s := stated("1")
				set(&s, test.typed)
				h.withdraw(s)
				h.work()
				messages := h.deliver()
				for _, m := range messages {
					mailed := test.mailed
					if label == "Order number: " && test.noNumber && m.To == jan {
						mailed = "recorded as you entered it"
					}
					if !strings.Contains(m.Text, label+mailed+"\n") || !strings.Contains(m.Text,
						": "+jan+"\n") {
						t.Errorf("to %s, without %q:\n%s", m.To, label+mailed, m.Text)
					}
					if test.typed != test.mailed && strings.Contains(m.Subject+m.Text+m.HTML, test.typed) {
						t.Errorf("to %s, as it was typed: %s\n%s\n%s", m.To, m.Subject, m.Text, m.HTML)
					}
				}
				if len(messages) != 2 {
					t.Errorf("%d mails", len(messages))
				}
			}
			recorded := strings.NewReplacer("\u200b", "", "\u00ad", "").Replace(test.typed)
			for _, r := range h.received() {
				if r.Name != recorded && r.Number != recorded && r.Goods != recorded {
					t.Errorf("recorded: %+v", r)
				}
			}
		})
	}
}

// TestNumbersOfStrangersCarryNoWords checks that a stranger's order number is always accepted and passed to
// the shop, but is repeated in a subject or to the mailbox it names only if it looks like a number.
func TestNumbersOfStrangersCarryNoWords(t *testing.T) {
	t.Parallel()
	spam := []string{
		"You won a prize, call now", "URGENT: verify your account", "Call 0900 123 456 to win",
		"Pay 500 EUR to DE89370400440532013000",
		"win1.com", "ATTENTION 2001", "12345678901234567890123456789012", "1 2 3 4",
		"Ihre Bestellung wurde gesperrt 24", "€500", "2001!",
		"nonesuch", "2001\u00a0\u00a0call me", "покупайте 100",
	}
	numbers := []string{
		"2001", "#2001", "No. 2001", "objednávka č. 2001", "A 1", "RE-2026/0001", "SHOP_2001", "2026.11.21",
		"ＡＢ２００１", "WEB 2026 17", "№ 2001", "Ž-17",
	}
	for i, number := range append(spam, numbers...) {
		t.Run(number, func(t *testing.T) {
			t.Parallel()
			h, repeated := newWithdrawalApp(t), i >= len(spam)
			h.withdraw(stated(number))
			h.work()
			messages := h.deliver()
			if diff := cmp.Diff(map[string]int{jan: 1, support: 1}, sentTo(messages)); diff != "" {
				t.Fatal(diff)
			}
			for _, m := range messages {
				if m.To == support && !strings.Contains(m.Text, "Order number: "+h.received()[0].Number) &&
					number != "win1.com" {
					t.Errorf("the shop does not read it: %s", m.Text)
				}
				if got := strings.Contains(m.Subject, number); got != (repeated && m.To == support) {
					t.Errorf("to %s, with the subject %q", m.To, m.Subject)
				}
				if m.To == jan && strings.Contains(m.Text+m.HTML, number) != repeated {
					t.Errorf("repeated is %t, want %t: %s", !repeated, repeated, m.Text)
				}
			}
		})
	}
}

// TestMatchedNumbersAreRepeated checks that an order number of any form is repeated if the order belongs to
// this address, since the shop itself chose it.
func TestMatchedNumbersAreRepeated(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(orderJSON("SUBSCRIPTION (renewal)", jan))
	h.work()
	h.deliver()
	h.withdraw(stated("SUBSCRIPTION (renewal)"))
	h.work()
	for _, m := range h.deliver() {
		if !strings.Contains(m.Subject, "SUBSCRIPTION (renewal)") || !strings.Contains(m.Text,
			"Order number: SUBSCRIPTION (renewal)") {
			t.Errorf("to %s: %s\n%s", m.To, m.Subject, m.Text)
		}
	}
}
