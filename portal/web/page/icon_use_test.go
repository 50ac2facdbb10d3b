package page

import (
	"io/fs"
	"path"
	"regexp"
	"testing"

	"postern/templates"
)

// TestToneIconsMeanOneThing checks that no template uses the icon of an order's status for anything else:
// each stands only beside the words of its tone.
func TestToneIconsMeanOneThing(t *testing.T) {
	t.Parallel()
	other := regexp.MustCompile(`icon "(waiting|moving|stopped|neutral)"`)
	looked := 0
	err := fs.WalkDir(templates.Pages, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".html" {
			return err
		}
		text, err := fs.ReadFile(templates.Pages, name)
		looked++
		if found := other.Find(text); found != nil {
			t.Errorf("%s has %s", name, found)
		}
		return err
	})
	if err != nil || looked < 20 {
		t.Errorf("%d templates, %v", looked, err)
	}
}
