package static

import (
	"io/fs"
	"strings"
	"testing"
)

func TestEveryFileIsServedUnderItsHash(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		url, err := URL(name)
		if err != nil {
			return err
		}
		file, ok := Lookup(url)
		if !ok || file.Name != name || len(file.Body) == 0 {
			t.Errorf("%s: %s leads to %q with %d bytes", name, url, file.Name, len(file.Body))
		}
		if file.Type == "application/octet-stream" {
			t.Errorf("%s has no content type", name)
		}
		if _, plain := Lookup(Prefix + name); plain {
			t.Errorf("%s is served under its plain name, which must not be cached for ever", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHashFollowsContent(t *testing.T) {
	t.Parallel()
	a, b := hashed("css/a.css", []byte("one")), hashed("css/a.css", []byte("two"))
	if a == b {
		t.Errorf("two contents share the name %s", a)
	}
	if !strings.HasPrefix(a, "/static/css/a.") || !strings.HasSuffix(a, ".css") {
		t.Errorf("the name %s does not keep folder and extension", a)
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	if _, err := URL("css/none.css"); err == nil {
		t.Error("a file that is not there has a URL")
	}
	for _, path := range []string{"", "/static/", "/static/../go.mod",
		"/static/css/portal.000000000000.css"} {
		if _, ok := Lookup(path); ok {
			t.Errorf("%q is served", path)
		}
	}
}
