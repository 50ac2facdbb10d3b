package bank

import (
	"errors"
	"testing"
)

// TestParseIBAN checks IBANs of the registry of ISO 13616, in the ways people write them, and wrong ones.
func TestParseIBAN(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                                    "",
		"DE89370400440532013000":              "DE89370400440532013000",
		"sk31 1200 0000 1987 4263 7541":       "SK3112000000198742637541",
		"IBAN: CZ65 0800 0000 1920 0014 5399": "CZ6508000000192000145399",
		"FR14-2004-1010-0505-0001-3M02-606":   "FR1420041010050500013M02606",
		"NO93\u00a08601\u200b1117 947":        "NO9386011117947",
		"MT84MALT011000012345MTLCAST001S":     "MT84MALT011000012345MTLCAST001S",
	} {
		if got, err := ParseIBAN(given); err != nil || got != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	for _, wrong := range []string{"DE89370400440532013001", "DE98370400440532013000", "SK31", "1987426375/1200",
		"XX00", "DE89 3704 0044 0532 0130 0O", "<script>"} {
		if got, err := ParseIBAN(wrong); !errors.Is(err, ErrAccount) {
			t.Errorf("%q: %q, %v", wrong, got, err)
		}
	}
}

func TestParseBIC(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "", "tatrskbx": "TATRSKBX", "DEUT DE FF 500": "DEUTDEFF500"} {
		if got, err := ParseBIC(given); err != nil || got != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	for _, wrong := range []string{"TATRSK", "TATRSKBXX", "TATR5KBX", "TATRSKBX/12"} {
		if got, err := ParseBIC(wrong); !errors.Is(err, ErrAccount) {
			t.Errorf("%q: %q, %v", wrong, got, err)
		}
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for iban, want := range map[string]string{"": "", "NO9386011117947": "NO93 8601 1117 947",
		"SK3112000000198742637541": "SK31 1200 0000 1987 4263 7541"} {
		if got := Grouped(iban); got != want {
			t.Errorf("%q: %q", iban, got)
		}
	}
}
