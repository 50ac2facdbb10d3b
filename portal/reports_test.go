package portal_test

import (
	"fmt"
	"strings"
	"testing"

	"postern/portal/credential"
)

// TestOrderNumbersThatAreStepsInAPath checks that the order numbers "." and ".." are refused, since
// browsers cannot open links to them.
func TestOrderNumbersThatAreStepsInAPath(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	for number, taken := range map[string]bool{".": false, "..": false, "...": true, "1001.": true,
		"../x": true, "a/..": true} {
		body := oneLine(orderJSON(number, "jan@example.com"))
		report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID,
			strings.NewReader(string(body)), func(int) {})
		if err != nil || (report.Created == 1) != taken {
			t.Errorf("%q: %+v, %v", number, report, err)
		}
		if !taken && fieldErrorsOf(report.Refused[0].Err)[0] != "/number order.number.dots" {
			t.Errorf("%q: %+v", number, report.Refused)
		}
	}
}

// TestFedLanguages checks the language values that systems send, including Czechia's country code.
func TestFedLanguages(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	for i, test := range []struct{ sent, kept string }{
		{"cz", "cs"}, {"CZ", "cs"}, {"cs_CZ.UTF-8", "cs"}, {"ces", "cs"}, {"slk", "sk"}, {"deu", "de"},
		{"de-AT", "de"}, {"EN", "en"},
		{"uk", ""}, {"x", ""}, {"čeština", ""}, {"-", ""},
	} {
		id := fmt.Sprintf("c%d", i)
		body := fmt.Sprintf(`{"email":"%s@example.com","language":%q,"updated_at":"2026-03-02T10:00:00Z"}`,
			id, test.sent)
		receipt, err := feed.PutCustomer(t.Context(), id, []byte(body))
		if err != nil {
			t.Fatalf("%s: %v", test.sent, err)
		}
		record, err := feed.Customer(t.Context(), id)
		dropped := len(receipt.Warnings) == 1 && receipt.Warnings[0].Key == "language.dropped"
		if err != nil || record.Language != test.kept || dropped != (test.kept == "") {
			t.Errorf("%q: kept as %q with %v, %v", test.sent, record.Language, receipt.Warnings, err)
		}
	}
}

// TestLinkWithWhatFollowsIt signs in with a link to which an email program has added the end of the
// sentence.
func TestLinkWithWhatFollowsIt(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1001", "jan@example.com"))
	token, _ := h.askLink("jan@example.com", "browser")
	for _, tail := range []string{".", ">", ")", "%20", "%3E", ",", "=", "/"} {
		if found, err := h.visitor("browser").Link(t.Context(), token+tail); err != nil ||
			found.State != credential.LinkLive {
			t.Errorf("with %q after it: %+v, %v", tail, found, err)
		}
	}
	for _, text := range []string{token + "A", token + "_", token[:63] + ".", "." + token} {
		if found, err := h.visitor("browser").Link(t.Context(), text); err != nil ||
			found.State != credential.LinkDamaged {
			t.Errorf("%q: %+v, %v", text, found, err)
		}
	}
	signed, err := h.visitor("browser").Redeem(t.Context(), token+">")
	if err != nil || signed.Cookie == "" {
		t.Fatalf("redeem: %v", err)
	}
	if _, err := h.app.Shopper(t.Context(), h.shop, signed.Cookie+"."); err == nil {
		t.Error("a session's cookie was cut, too")
	}
}
