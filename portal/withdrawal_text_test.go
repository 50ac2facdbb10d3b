package portal_test

import (
	"strings"
	"testing"

	"postern/portal"
)

// TestWithdrawalMailsLeadNowhere: a stranger's words make no link in either mail, and common ones stay as they were typed.
func TestWithdrawalMailsLeadNowhere(t *testing.T) {
	tests := []struct{ typed, mailed string }{
		{"evil.com", "evil. com"},
		{"EVIL.COM", "EVIL. COM"},
		{"pay.evil.co.uk", "pay. evil. co. uk"},
		{"обман.рф", "обман. рф"},
		{"evil.xn--p1ai", "evil. xn--p1ai"},
		{"evil。com", "evil。 com"},
		{"evil.\u200bcom", "evil. com"},
		{"evil.c\u00adom", "evil. com"},
		{"pay@evil.com", "pay@evil. com"},
		{"the pen of shop.example 25/3", "the pen of shop. example 25/3"},
		{"192.0.2.7", "192.0. 2.7"},
		{"Ing.Jan Novák", "Ing. Jan Novák"},
		{"Dr. Novák", "Dr. Novák"},
		{"Nr. 5, č.5", "Nr. 5, č.5"},
		{"3.5 kg", "3.5 kg"},
		{"Book vol.2.", "Book vol.2."},
		{"s.r.o. a. s.", "s.r.o. a. s."},
		{"2026.11.21", "2026.11.21"},
		{"Pen... blue", "Pen... blue"},
	}
	fields := map[string]func(s *portal.Statement, text string){
		"Your name: ":        func(s *portal.Statement, text string) { s.Name = text },
		"Order number: ":     func(s *portal.Statement, text string) { s.Number = text },
		"Only these goods: ": func(s *portal.Statement, text string) { s.Goods = text },
	}
	for _, test := range tests {
		t.Run(test.typed, func(t *testing.T) {
			h := withdrawalHouse(t)
			for label, set := range fields {
				s := stated("1")
				set(&s, test.typed)
				h.withdraw(s)
				h.work()
				messages := h.deliver()
				for _, m := range messages {
					if !strings.Contains(m.Text, label+test.mailed+"\n") || !strings.Contains(m.Text, ": "+jan+"\n") {
						t.Errorf("to %s, without %q:\n%s", m.To, label+test.mailed, m.Text)
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
