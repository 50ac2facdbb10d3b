package i18n

import (
	"os"
	"strings"
	"testing"
)

// TestNoRejectedSentenceReturns checks that no message is a sentence in testdata/rejected.tsv, which a native
// reader found wrong: in its grammar, its sense, or the term of a shop or the law.
func TestNoRejectedSentenceReturns(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("testdata/rejected.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rejected := map[string]map[string]bool{}
	for line := range strings.Lines(string(table)) {
		lang, sentence, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if rejected[lang] == nil {
			rejected[lang] = map[string]bool{}
		}
		rejected[lang][sentence] = true
	}
	for _, lang := range Tags() {
		if len(rejected[lang]) < 20 {
			t.Errorf("%d rejected sentences in %q", len(rejected[lang]), lang)
		}
		for key, forms := range readRaw(t, lang) {
			for _, text := range forms {
				if rejected[lang][strings.TrimSpace(strings.ReplaceAll(text, noBreak, " "))] {
					t.Errorf("%s: %s is %q again", lang, key, text)
				}
			}
		}
	}
}
