package shopper

import (
	"strings"
	"testing"
)

// TestWordsStayTogether checks where a line may not end in what the shop gave.
func TestWordsStayTogether(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Corner shop, Hlavná 3, 917 01 Trnava":       "Corner shop, Hlavná_3, 917_01 Trnava",
		"Mon to Fri 8:00 to 18:00\nSat 9:00 – 12:00": "Mon to Fri 8:00_to_18:00\nSat 9:00_–_12:00",
		"po - pia 8 - 18 h":                          "po - pia_8_-_18 h",
		"by the river":                               "by the river",
	} {
		if got := strings.ReplaceAll(together(given), noBreak, "_"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for given, want := range map[string]string{
		"Birds (e-book)": "Birds (e-_book)", "T-shirt, blue": "T-_shirt, blue", "Jean-Paul": "Jean-Paul",
		"A-4": "A-4", "x - y": "x - y", "a-b-c": "a-_b-c",
	} {
		if got := strings.ReplaceAll(unbroken(given), wordJoiner, "_"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
