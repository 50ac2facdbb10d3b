package i18n

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMailsNameNoButton checks that the texts of emails mention no button, since the plain-text part has
// none.
func TestMailsNameNoButton(t *testing.T) {
	t.Parallel()
	onPages := []string{"mail.delete_account.keep"} // names a button of a page
	for lang, pattern := range map[string]string{
		"en": `button|press|click`, "sk": `tlači|stlač|klikn`, "cs": `tlačí|stiskn|klikn`,
		"pl": `przycisk|naciśn|kliknij`,
		"de": `schaltfläche|knopf|klick|drück`,
	} {
		button := regexp.MustCompile(pattern)
		for key, text := range readRaw(t, lang) {
			if strings.HasPrefix(key, "mail.") && !slices.Contains(onPages, key) &&
				button.MatchString(strings.ToLower(fmt.Sprint(text))) {
				t.Errorf("%s in %s: %s", key, lang, text)
			}
		}
	}
}
