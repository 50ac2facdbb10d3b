package fold

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTermIsTheSameHoweverATextIsWritten(t *testing.T) {
	t.Parallel()
	for want, texts := range map[string][]string{
		"cermak":       {"Čermák", "ČERMÁK", "cermak", "C\u030cerma\u0301k", " Čer-mák "},
		"lodz":         {"Łódź", "ŁÓDŹ"},
		"strasse":      {"Straße", "STRASSE"},
		"420777888999": {"+420 777 888 999", "420/777-888-999", "（420）777888999"},
		"محمد":         {"محمد", "\u200fمحمد"},
		"jan":          {"Jan 😀"},
		"":             {"", "😀", "-.-", "\u0301"},
	} {
		for _, text := range texts {
			if got := Term(text); got != want {
				t.Errorf("%q is %q, want %q", text, got, want)
			}
		}
	}
	if got := Term(strings.Repeat("é", 200)); got != strings.Repeat("e", MaxTerm) {
		t.Errorf("a long text is %q", got)
	}
}

func TestTermsOfEachWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Anna-Mária Nagy":    "annamaria maria nagy",
		"O'Neil J.":          "oneil neil",
		"jan.novak@firma.cz": "jannovakfirmacz novakfirmacz firmacz cz",
		"":                   "",
	} {
		if diff := cmp.Diff(strings.Fields(want), Words(text)); diff != "" && len(Words(text)) > 0 {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if diff := cmp.Diff([]string{"00123", "123"}, Number("00123")); diff != "" {
		t.Errorf("a number (-want +got):\n%s", diff)
	}
}
