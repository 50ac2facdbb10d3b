package portal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

const support = "help@example.com"

// newWithdrawalApp returns a test app whose shop has a support address and its own time zone.
func newWithdrawalApp(t *testing.T, options ...portal.Option) *testApp {
	t.Helper()
	h := newTestApp(t, options...)
	return h.set(shop.Settings{SupportEmail: ptr(support), TimeZone: ptr("Europe/Bratislava")})
}

func (h *testApp) set(settings shop.Settings) *testApp {
	h.t.Helper()
	shop, err := h.app.Operator().ChangeShop(h.t.Context(), h.shop.ID, settings)
	if err != nil {
		h.t.Fatal(err)
	}
	h.shop = shop
	return h
}

// stated returns a statement by Jan about an order.
func stated(number string) withdrawal.Statement {
	return withdrawal.Statement{Name: "Jan Novák", Email: jan, Number: number, Lang: "en"}
}

// withdraw submits a statement through both steps.
func (h *testApp) withdraw(s withdrawal.Statement) withdrawal.Receipt {
	h.t.Helper()
	_, id, err := h.visitor("x").PrepareWithdrawal(s)
	if err != nil {
		h.t.Fatalf("prepare: %v", err)
	}
	receipt, err := h.visitor("x").Withdraw(h.t.Context(), id, s)
	if err != nil {
		h.t.Fatalf("withdraw: %v", err)
	}
	return receipt
}

// received reads all statements as the shop's system does.
func (h *testApp) received() []withdrawal.Record {
	h.t.Helper()
	h.clock.Move(time.Minute + time.Millisecond)
	feed, after := h.feed(), ""
	var all []withdrawal.Record
	for {
		page, err := feed.Withdrawals(h.t.Context(), after)
		if err != nil {
			h.t.Fatalf("list: %v", err)
		}
		all, after = append(all, page.Withdrawals...), page.Next
		if !page.More {
			return all
		}
	}
}

// sentTo counts messages by recipient.
func sentTo(messages []mail.Message) map[string]int {
	counts := map[string]int{}
	for _, m := range messages {
		counts[m.To]++
	}
	return counts
}

// plainSpaces replaces no-break spaces with ordinary ones.
func plainSpaces(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// TestWithdrawalMails checks the receipt and the email to the shop in every language.
func TestWithdrawalMails(t *testing.T) {
	t.Parallel()
	words := map[string][]string{
		"en": {"Withdrawal received", "21 November 2026 at 11:00", "Order number: A 1",
			"Only these items: <b>One book</b>"},
		"sk": {"Vaše odstúpenie od zmluvy bolo prijaté", "21. novembra 2026 o 11:00",
			"Číslo objednávky: A 1"},
		"cs": {"Potvrzení o přijetí odstoupení od smlouvy", "21. listopadu 2026 v 11:00",
			"Číslo objednávky: A 1"},
		"pl": {"Otrzymaliśmy Twoje oświadczenie", "21 listopada 2026", "11:00", "Numer zamówienia: A 1"},
		"de": {"Ihr Widerruf ist eingegangen", "21. November 2026", "11:00", "Bestellnummer: A 1"},
	}
	for lang, want := range words {
		t.Run(lang, func(t *testing.T) {
			h := newWithdrawalApp(t).set(shop.Settings{Language: &lang})
			s := stated("A 1")
			s.Goods, s.Lang = "<b>One book</b>", lang
			h.withdraw(s)
			h.clock.Move(3 * time.Hour) // the email states when the statement arrived, not when it is sent
			h.work()
			messages := h.deliver()
			if diff := cmp.Diff(map[string]int{jan: 1, support: 1}, sentTo(messages)); diff != "" {
				t.Fatal(diff)
			}
			for _, m := range messages {
				all := append([]string{"Jan Novák", jan, "Europe/Bratislava", "Bookshop", support,
					"<b>One book</b>"}, want...)
				if m.To == support {
					all = append([]string{"Jan Novák", jan, "Europe/Bratislava", "A 1",
						"<b>One book</b>"}, want[1:]...)
				}
				for _, text := range all {
					if !strings.Contains(plainSpaces(m.Subject+"\n"+m.Text), text) {
						t.Errorf("to %s, %q is missing:\n%s\n%s", m.To, text, m.Subject, m.Text)
					}
				}
				if m.To == jan && strings.Contains(m.Subject, "A 1") {
					t.Errorf("the subject carries what somebody wrote: %s", m.Subject)
				}
				if told := m.To == support; m.Personal != told || told && m.ReplyTo != jan {
					t.Errorf("to %s: personal %t, answers go to %s", m.To, m.Personal, m.ReplyTo)
				}
				if strings.Contains(m.HTML, "<b>") || m.Lang != lang {
					t.Errorf("to %s in %s:\n%s", m.To, m.Lang, m.HTML)
				}
			}
			if len(h.deliver()) != 0 {
				t.Error("more mails")
			}
		})
	}
}

// TestWithdrawalTwice submits one form 200 times at once and once more later. The result is one statement,
// one email to each side and one receipt.
func TestWithdrawalTwice(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	s := stated("1")
	_, id, err := h.visitor("x").PrepareWithdrawal(s)
	if err != nil {
		t.Fatal(err)
	}
	receipts := make([]withdrawal.Receipt, 200)
	together(len(receipts), func(i int) {
		var err error
		if receipts[i], err = h.visitor("x").Withdraw(context.Background(), id, s); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	})
	h.clock.Move(time.Hour)
	again, err := h.visitor("another").Withdraw(t.Context(), id, s)
	if err != nil {
		t.Fatal(err)
	}
	for i, receipt := range append(receipts, again) {
		if diff := cmp.Diff(receipts[0], receipt); diff != "" || !receipt.Mailed {
			t.Fatalf("receipt %d: %s", i, diff)
		}
	}
	h.work()
	if diff := cmp.Diff(map[string]int{jan: 1, support: 1}, sentTo(h.deliver())); diff != "" {
		t.Error(diff)
	}
	if all := h.received(); len(all) != 1 || all[0].ID != id {
		t.Errorf("received %+v", all)
	}
	other := s
	other.Goods = "one of them"
	if _, err := h.visitor("x").Withdraw(t.Context(), id, other); validate.KindOf(err) != validate.Conflict {
		t.Errorf("another statement under the same id: %v", err)
	}
}

func TestWithdrawalBadInput(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	good := storage.NewID()
	long := strings.Repeat("a", 201)
	with := func(change func(*withdrawal.Statement)) withdrawal.Statement {
		s := stated("1")
		change(&s)
		return s
	}
	tests := []struct {
		name string
		id   string
		s    withdrawal.Statement
		want []string // nil if there is no error
	}{
		{"no id", "", stated("1"), nil},
		{"not an id", "1", stated("1"), nil},
		{"capital letters", strings.ToUpper(good), stated("1"), nil},
		{"in braces", "{" + good + "}", stated("1"), nil},
		{"longer", good + "0", stated("1"), nil},
		{"a path", "../" + good, stated("1"), nil},
		{"with NUL", good[:35] + "\x00", stated("1"), nil},
		{"no UTF-8", good[:34] + "\xff\xfe", stated("1"), nil},
		{"nothing", good, withdrawal.Statement{},
			[]string{"name text.required", "number text.required", "email email.form"}},
		{"long", good, with(func(s *withdrawal.Statement) {
			s.Name, s.Number, s.Goods = long, long,
				strings.Repeat(long, 5)
		}),
			[]string{"name text.long", "number text.long", "goods text.long"}},
		{"links", good, with(func(s *withdrawal.Statement) {
			s.Name, s.Number, s.Goods = "https://x.example", "WWW.x.example", "see http://x.example"
		}),
			[]string{"name withdrawal.link", "number withdrawal.link", "goods withdrawal.link"}},
		{"hosts and paths", good, with(func(s *withdrawal.Statement) {
			s.Name, s.Number = "evil.com/pay",
				"pay at Evil。Com:8080?1"
		}),
			[]string{"name withdrawal.link", "number withdrawal.link"}},
		{"two addresses", good, with(func(s *withdrawal.Statement) { s.Email = "a@b.example,c@d.example" }),
			[]string{"email email.form"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := h.visitor("x").Withdraw(t.Context(), test.id, test.s)
			if validate.KindOf(err) != validate.Invalid {
				t.Fatalf("%v", err)
			}
			if diff := cmp.Diff(test.want, fieldErrorsOf(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if all := h.received(); len(all) != 0 {
		t.Errorf("received %+v", all)
	}
	full := stated(strings.Repeat("č", 64))
	full.Name, full.Goods = strings.Repeat("ž", 100), strings.Repeat("שלום ", 196)+"shop.example/7 pen"
	h.withdraw(full)
	h.work()
	if diff := cmp.Diff(map[string]int{jan: 1, support: 1}, sentTo(h.deliver())); diff != "" {
		t.Errorf("the longest there is: %s", diff)
	}
}

// TestWithdrawalMatching checks which order a statement is matched to; the sender never learns it.
func TestWithdrawalMatching(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	delivered := `"total":"12.50","shipments":[{"delivered_at":"2026-11-06T10:00:00Z"}],"lines"`
	late := `"total":"12.50","shipments":[{"delivered_at":"2026-11-05T10:00:00Z"}],"lines"`
	h.put(orderJSON("2026/A-1", jan, `"total":"12.50","lines"`, delivered))
	h.put(orderJSON("2026/A-2", jan, `"total":"12.50","lines"`, late))
	h.put(orderJSON("2026/A-3", jan, `"total":"12.50","lines"`, `"total":"12.50","business":true,"lines"`))
	h.put(orderJSON("2026/A-4", jan))
	h.put(orderJSON("B-1", jan))
	h.put(orderJSON("B1", jan))
	h.put(orderJSON("C-1", eva))
	h.put(orderJSON("4711", jan))
	tests := []struct{ name, number, email, order, inTime string }{
		{"on the last day, moved from Friday", "2026/A-1", jan, "2026/A-1", "in time"}, // 6 November plus 14 days is Friday the 20th
		{"late", "2026/A-2", jan, "2026/A-2", "late"},
		{"a business", "2026/A-3", jan, "2026/A-3", ""},
		{"not known to have come", "2026/A-4", jan, "2026/A-4", "in time"},
		{"other signs", " #2026 a4", jan, "2026/A-4", "in time"},
		{"the address in capitals", "2026/A-4", strings.ToUpper(jan), "2026/A-4", "in time"},
		{"a part of the number", "A-4", jan, "", ""},
		{"one of two alike", "b-1", jan, "", ""},
		{"the exact one of two alike", "B1", jan, "B1", "in time"},
		{"another's order", "C-1", jan, "", ""},
		{"no such order", "404", jan, "", ""},
		{"no such customer", "2026/A-1", "nobody@example.com", "", ""},
		{"signs only", "///", jan, "", ""},
		{"behind a word", "No. 4711", jan, "4711", "in time"},
		{"behind a Polish word", "nr 4711", jan, "4711", "in time"},
		{"behind a Slovak word", "č. 4711", jan, "4711", "in time"},
		{"behind a sign", "#4711", jan, "4711", "in time"},
		{"in full width", "４７１１", jan, "4711", "in time"},
	}
	h.clock.Move(-24 * time.Hour) // Friday, 20 November
	want := map[string]string{}
	for i, test := range tests {
		s := stated(test.number)
		s.Name, s.Email = test.name, test.email
		if receipt := h.withdraw(s); i < 5 && !receipt.Mailed {
			t.Errorf("%s: no mail", test.name)
		}
		want[test.name] = test.order + " " + test.inTime
	}
	h.work()
	got := map[string]string{}
	for _, r := range h.received() {
		text := " "
		if r.Order != nil {
			text = *r.Order + " "
		}
		if r.InTime != nil && *r.InTime {
			text += "in time"
		} else if r.InTime != nil {
			text += "late"
		}
		got[r.Name] = text
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestWithdrawalBeforeItsOrderIsPlaced checks that a statement sent earlier with a guessed number does not
// affect an order placed later.
func TestWithdrawalBeforeItsOrderIsPlaced(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	placed := h.clock.Now().Add(30 * time.Minute)
	h.withdraw(stated("1"))
	h.clock.Move(26 * time.Minute)
	h.withdraw(stated("1"))
	h.clock.Move(time.Hour)
	const first = `"placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z"`
	h.put(orderJSON("1", jan, first,
		strings.ReplaceAll(first, "2026-03-05T10:00:00Z", placed.Format(time.RFC3339))))
	h.work()
	matched := 0
	for _, r := range h.received() {
		if r.Order != nil {
			matched++
		}
	}
	if matched != 1 {
		t.Errorf("%d are matched, want the one within a clock's tolerance", matched)
	}
}

// TestWithdrawalBeforeItsOrder checks a statement whose order the feed sends a day later.
func TestWithdrawalBeforeItsOrder(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	at := h.withdraw(stated("1")).At
	h.work()
	h.deliver()
	h.put(orderJSON("1", jan))
	if all := h.received(); len(all) != 1 || all[0].Order != nil {
		t.Fatalf("received %+v", all)
	}
	h.clock.Move(time.Hour)
	h.work()
	if all := h.received(); len(all) != 1 || all[0].Order == nil || *all[0].Order != "1" || !*all[0].InTime {
		t.Errorf("an hour later: %+v", all)
	}
	if more := h.deliver(); len(more) != 0 {
		t.Errorf("%d more mails", len(more))
	}
	order, err := h.signIn(jan).Order(t.Context(), "1")
	if err != nil || order.Withdrawal.Closed != "" || len(order.Withdrawal.Received) != 1 ||
		!order.Withdrawal.Received[0].At.Equal(at) {
		t.Errorf("the order: %+v, %v", order.Withdrawal, err)
	}
	h.put(orderJSON("1", jan, `"updated_at":"2026-03-05`, `"updated_at":"2026-03-06`))
	if order, err = h.signIn(jan).Order(t.Context(), "1"); err != nil || len(order.Withdrawal.Received) != 1 {
		t.Errorf("the order, fed again: %+v, %v", order.Withdrawal, err)
	}
}

// TestWithdrawalsPaging reads more than one page, continues where it stopped, and misses nothing that has
// arrived since.
func TestWithdrawalsPaging(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	for i := range 205 {
		h.withdraw(stated(fmt.Sprint(i)))
		if i%3 == 0 {
			h.clock.Move(time.Millisecond)
		}
	}
	feed := h.feed()
	if page, err := feed.Withdrawals(t.Context(), ""); err != nil || len(page.Withdrawals) != 0 ||
		page.Next != "" || page.More {
		t.Errorf("before they are settled: %+v, %v", page, err)
	}
	all := h.received()
	seen := map[string]bool{}
	for i, r := range all {
		seen[r.Number] = true
		if i > 0 && r.At.Before(all[i-1].At) {
			t.Errorf("%d is older than the one before it", i)
		}
	}
	if len(all) != 205 || len(seen) != 205 {
		t.Errorf("%d, %d different", len(all), len(seen))
	}
	after := ""
	for more := true; more; {
		page, err := feed.Withdrawals(t.Context(), after)
		if err != nil || len(page.Withdrawals) > 100 {
			t.Fatal(len(page.Withdrawals), err)
		}
		after, more = page.Next, page.More
	}
	for range 2 {
		if page, err := feed.Withdrawals(t.Context(), after); err != nil || len(page.Withdrawals) != 0 ||
			page.Next != after {
			t.Errorf("at the end: %+v, %v", page, err)
		}
	}
	h.withdraw(stated("last"))
	h.clock.Move(2 * time.Minute)
	if page, err := feed.Withdrawals(t.Context(), after); err != nil || len(page.Withdrawals) != 1 ||
		page.Withdrawals[0].Number != "last" {
		t.Errorf("one more: %+v, %v", page, err)
	}
	for _, bad := range []string{"x", "\x00", after + "x", strings.Repeat("9", 9999),
		"20260101T000000.000Z-", "'; drop"} {
		if _, err := feed.Withdrawals(t.Context(), bad); validate.KindOf(err) != validate.Invalid {
			t.Errorf("after %.20q: %v", bad, err)
		}
	}
	other := h.open("other", shop.Settings{})
	key, err := h.app.Operator().CreateKey(t.Context(), other.ID, "x")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := h.app.Feed(t.Context(), other, key)
	if err != nil {
		t.Fatal(err)
	}
	if page, err := stranger.Withdrawals(t.Context(), ""); err != nil || len(page.Withdrawals) != 0 {
		t.Errorf("another shop sees %+v, %v", page, err)
	}
}

// TestWithdrawalsAreKeptThreeYears checks that statements are deleted after exactly three years.
func TestWithdrawalsAreKeptThreeYears(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	h.withdraw(stated("1"))
	h.withdraw(stated("unknown"))
	h.work()
	h.clock.Move(3*365*24*time.Hour + 23*time.Hour) // one of the three years is a leap year
	h.work()
	if all := h.received(); len(all) != 2 {
		t.Errorf("a minute too early: %+v", all)
	}
	h.clock.Move(time.Hour)
	h.work()
	if all := h.received(); len(all) != 0 {
		t.Errorf("after three years: %+v", all)
	}
}

// stopping is a store that fails every document write after a given number of them, like a process that has
// died.
type stopping struct {
	storage.Engine
	left atomic.Int64
}

var errStopped = errors.New("dead")

func (d *stopping) Insert(ctx context.Context, collection string, r storage.Record) error {
	if d.left.Add(-1) < 0 {
		return errStopped
	}
	return d.Engine.Insert(ctx, collection, r)
}

func (d *stopping) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	if d.left.Add(-1) < 0 {
		return errStopped
	}
	return d.Engine.Replace(ctx, collection, r, read)
}

// TestWithdrawalInterrupted stops the process after each of its writes. Then another process continues, and
// the sender retries if there was no answer. The result is always one statement, one email to each side and
// one mark on the order.
func TestWithdrawalInterrupted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a stop after every write: not in a short run")
	}
	for writes := 0; ; writes++ {
		h := newWithdrawalApp(t)
		h.put(orderJSON("1", jan))
		h.work()
		mortal := &stopping{Engine: h.engine}
		mortal.left.Store(int64(writes))
		app := portal.New(mortal, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
		_, id, err := h.visitor("x").PrepareWithdrawal(stated("1"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = app.Visitor(h.shop, firefox("x")).Withdraw(t.Context(), id, stated("1"))
		answered := err == nil
		if err == nil {
			_, err = app.Worker().RunOnce(t.Context())
		}
		if err != nil && !errors.Is(err, errStopped) {
			t.Fatalf("%d writes: %v", writes, err)
		}
		h.clock.Move(time.Minute) // until then the request might still count the emails
		h.work()
		if !answered {
			if receipt, err := h.visitor("x").Withdraw(t.Context(), id, stated("1")); err != nil ||
				!receipt.Mailed {
				t.Errorf("%d writes, tried again: %+v, %v", writes, receipt, err)
			}
			h.work()
		}
		if diff := cmp.Diff(map[string]int{jan: 1, support: 1}, sentTo(h.deliver())); diff != "" {
			t.Errorf("%d writes: %s", writes, diff)
		}
		if all := h.received(); len(all) != 1 || all[0].Order == nil {
			t.Errorf("%d writes: %+v", writes, all)
		}
		order, failed := h.signIn(jan).Order(t.Context(), "1")
		if failed != nil || len(order.Withdrawal.Received) != 1 {
			t.Errorf("%d writes: %+v, %v", writes, order.Withdrawal, failed)
		}
		if err == nil {
			if writes != 8 {
				t.Errorf("the sequence has %d writes, not the 8 known here", writes)
			}
			return
		}
	}
}
