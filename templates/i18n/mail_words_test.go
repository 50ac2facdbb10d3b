package i18n

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMailsNameNoButton holds the words of emails to what both of their parts show: the text part has no
// button to press.
func TestMailsNameNoButton(t *testing.T) {
	t.Parallel()
	onPages := []string{"mail.delete_account.keep"} // it names a button of a page
	for lang, pattern := range map[string]string{
		"en": `button|press|click`, "sk": `tlači|stlač|klikn`, "cs": `tlačí|stiskn|klikn`, "pl": `przycisk|naciśn|kliknij`,
		"de": `schaltfläche|knopf|klick|drück`,
	} {
		button := regexp.MustCompile(pattern)
		for key, text := range readRaw(t, lang) {
			if strings.HasPrefix(key, "mail.") && !slices.Contains(onPages, key) && button.MatchString(strings.ToLower(fmt.Sprint(text))) {
				t.Errorf("%s in %s: %s", key, lang, text)
			}
		}
	}
}
