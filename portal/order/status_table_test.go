package order

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postern/templates/i18n"
)

var updateTable = flag.Bool("update-table", false, "rewrite the table of statuses")

const noWord = "-" // in the table: the member is absent

// statusRow is how a customer sees an order with these status words.
type statusRow struct {
	state, payment, fulfillment string
	order                       Order
	headline, money             string // in English
	first                       bool   // money comes first
	main, closed                string
	views                       []string
	actions                     []string
}

// statusRows returns all combinations of state, payment and fulfilment, including an absent and an unknown
// word for each.
func statusRows(t *testing.T) []statusRow {
	t.Helper()
	catalogue, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	english := catalogue.Localizer("en", nil)
	words := func(known []string) []string { return append([]string{noWord, "gnomes"}, known...) }
	var rows []statusRow
	for _, state := range words(States()) {
		for _, fulfillment := range words(Fulfillments()) {
			for _, payment := range words(Payments()) {
				row := statusRow{state: state, payment: payment, fulfillment: fulfillment}
				row.read(t, english)
				rows = append(rows, row)
			}
		}
	}
	return rows
}

func (r *statusRow) read(t *testing.T, l *i18n.Localizer) {
	t.Helper()
	body := `{"email":"jan@example.com","placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z","currency":"EUR","total":"12.50"`
	for member, word := range map[string]string{"state": r.state, "payment": r.payment,
		"fulfillment": r.fulfillment} {
		if word != noWord {
			body += fmt.Sprintf(`,%q:%q`, member, word)
		}
	}
	var err error
	if r.order, _, err = (Decoder{}).Decode([]byte(body+"}"), "1"); err != nil {
		t.Fatal(err)
	}
	h := r.order.Status.Headline()
	r.headline, r.views = l.T(h.Key, "Source", r.order.Status.OwnWords()), r.order.Status.views()
	if h.Payment != "" {
		r.money, r.first = l.T(h.Payment), h.PaymentFirst
	}
	r.main, r.closed = r.order.Main(), r.order.Unavailable(nil)
	for _, a := range r.order.Actions(nil) {
		r.actions = append(r.actions, cmp.Or(a.Closed, a.Name))
	}
}

func (r statusRow) String() string {
	said := []string{r.headline, r.money}
	if r.first {
		slices.Reverse(said)
	}
	return fmt.Sprintf("%s | %s | %s | %s | %s | %s", strings.TrimSpace(strings.Join(said, " ")),
		r.order.Status.Headline().Tone,
		cmp.Or(strings.Join(r.views, ", "), noWord), strings.Join(r.actions, ", "), cmp.Or(r.main, noWord),
		cmp.Or(r.closed, noWord))
}

// TestStatusTable checks what a customer reads for every combination of the three axes. A row has the words
// sent, the text on the page, its tone, the groups of the list and the actions. An action containing a dot
// is closed and names the reason.
func TestStatusTable(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	for _, r := range statusRows(t) {
		fmt.Fprintf(&table, "%s %s %s: %s\n", r.state, r.fulfillment, r.payment, r)
	}
	file := filepath.Join("testdata", "status-table.txt")
	if *updateTable {
		if err := os.WriteFile(file, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	held, got := strings.Split(string(want), "\n"), strings.Split(table.String(), "\n")
	if len(held) != len(got) {
		t.Fatalf("the table has %d lines, the file %d", len(got), len(held))
	}
	for i := range got {
		if got[i] != held[i] {
			t.Errorf("line %d\n got %s\nwant %s", i+1, got[i], held[i])
		}
	}
}

// TestStatusTableMakesSense checks rules that every row must obey, whatever its words.
func TestStatusTableMakesSense(t *testing.T) {
	t.Parallel()
	has := func(list []string, words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(list, word) })
	}
	rules := map[string]func(statusRow) bool{
		"prepares soon only what was sent as unfulfilled": func(r statusRow) bool {
			return strings.Contains(r.headline, "soon") && r.fulfillment != Unfulfilled
		},
		"promises nothing of an order that is over": func(r statusRow) bool {
			said := r.headline + r.money
			over := r.state == StateCompleted || r.state == StateCancelled || r.payment == PaymentRefunded
			return over && (strings.Contains(said, "soon") || strings.Contains(said, "prepared") ||
				strings.Contains(said, "will follow")) &&
				(r.payment != PaymentRefunded || !r.order.Status.sent())
		},
		"takes no money for nothing": func(r statusRow) bool {
			stopped := r.order.Status.Cancelled() || r.order.Status.Fulfillment == Returned ||
				r.order.Status.RefundedUnsent()
			return stopped && (has(r.views, ViewUnpaid) || has(r.actions, ActionPay, "pay.no_link"))
		},
		"is in one group of progress at most": func(r statusRow) bool {
			return len(slices.DeleteFunc(slices.Clone(r.views),
				func(v string) bool { return v == ViewUnpaid })) > 1
		},
		"is in a group unless returned": func(r statusRow) bool {
			return len(r.views) == 0 && r.order.Status.Fulfillment != Returned
		},
		"cannot be cancelled once over": func(r statusRow) bool {
			return has(r.actions, ActionCancel) &&
				(r.order.Status.State != StateOpen || r.order.Status.sent())
		},
		"speaks of preparation before the payment that it waits for": func(r statusRow) bool {
			return r.order.Status.Unpaid() && !r.order.Status.sent() && r.money != "" && !r.first
		},
		"says no word twice": func(r statusRow) bool { return strings.Count(r.headline, "gnomes") > 1 },
		"says something": func(r statusRow) bool {
			return r.headline == "" || strings.Contains(r.headline, "headline.") ||
				strings.Contains(r.money, "headline.")
		},
	}
	for _, r := range statusRows(t) {
		for rule, broken := range rules {
			if broken(r) {
				t.Errorf("an order %s: %s %s %s: %s", rule, r.state, r.fulfillment, r.payment, r)
			}
		}
	}
}
