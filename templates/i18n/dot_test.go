package i18n

import (
	"testing"
	"testing/fstest"
)

// TestOneDotEndsASentence checks that a value ending in a full stop is not followed by a second one at the
// end of a text.
func TestOneDotEndsASentence(t *testing.T) {
	t.Parallel()
	c, err := load(fstest.MapFS{"en/a.json": {Data: []byte(`{"end":"Sold by {{.Shop}}.","more":"Sold by {{.Shop}}. Thanks.","dots":"{{.Shop}}...","name":"{{.Shop}} sells"}`)}})
	if err != nil {
		t.Fatal(err)
	}
	l := c.Localizer("en", nil)
	for key, want := range map[string]string{"end": "Sold by Kniha, s.r.o.",
		"more": "Sold by Kniha, s.r.o. Thanks.", "dots": "Kniha, s.r.o....", "name": "Kniha, s.r.o. sells"} {
		if got := l.T(key, "Shop", "Kniha, s.r.o."); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if got := l.T("end", "Shop", "Kniha"); got != "Sold by Kniha." {
		t.Errorf("without a dot: %q", got)
	}
}
