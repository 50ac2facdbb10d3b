package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"postern/portal/secret"
)

func of(letter string) []byte { return bytes.Repeat([]byte(letter), secret.Bytes) }

func ring(t *testing.T, current string, older ...[]byte) *secret.Ring {
	t.Helper()
	r, err := secret.New(of(current), older...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestIDDependsOnEverything checks that an id is stable and changes with the secret, the shop, the label
// and each part.
func TestIDDependsOnEverything(t *testing.T) {
	t.Parallel()
	r := ring(t, "a")
	ids := []string{
		r.ID("main", "access", "jan@example.com"), ring(t, "b").ID("main", "access", "jan@example.com"),
		r.ID("second", "access", "jan@example.com"), r.ID("main", "limit", "jan@example.com"),
		r.ID("main", "access", "eva@example.com"),
		r.ID("main", "access", "jan@example.com", ""), r.ID("", "access", "jan@example.com"),
		r.ID("main", "", "access", "jan@example.com"),
	}
	if got := ring(t, "a", of("b")).ID("main", "access", "jan@example.com"); got != ids[0] || len(got) != 22 {
		t.Errorf("%q, want %q", got, ids[0])
	}
	slices.Sort(ids)
	if unlike := slices.Compact(slices.Clone(ids)); len(unlike) != len(ids) {
		t.Errorf("some are alike: %v", ids)
	}
}

// TestSealed checks that a sealed text opens with its secret, even as the older of two, and only for its
// id.
func TestSealed(t *testing.T) {
	t.Parallel()
	sealed := ring(t, "a").Seal("id", []byte("text"))
	if again := ring(t, "a").Seal("id", []byte("text")); bytes.Equal(sealed, again) {
		t.Error("sealing twice gives the same bytes")
	}
	cut := sealed[:len(sealed)-1]
	for _, c := range []struct {
		name   string
		ring   *secret.Ring
		id     string
		sealed []byte
		opens  bool
	}{
		{"the same secret", ring(t, "a"), "id", sealed, true},
		{"being replaced", ring(t, "b", of("a")), "id", sealed, true},
		{"another secret", ring(t, "b"), "id", sealed, false},
		{"another id", ring(t, "a"), "other", sealed, false},
		{"cut", ring(t, "a"), "id", cut, false},
		{"nothing", ring(t, "a"), "id", nil, false},
	} {
		plain, err := c.ring.Open(c.id, c.sealed)
		if c.opens && (err != nil || string(plain) != "text") || !c.opens && !errors.Is(err,
			secret.ErrSealed) {
			t.Errorf("%s: %q, %v", c.name, plain, err)
		}
	}
}

func TestRingIsNotPrinted(t *testing.T) {
	t.Parallel()
	r := ring(t, "S")
	r.ID("main", "x")
	if shown := fmt.Sprintf("%v %+v %#v %s", r, r, r, r); strings.Contains(shown, "SSS") ||
		strings.Contains(shown, "83, 83") {
		t.Error(shown)
	}
	for _, wrong := range [][][]byte{{of("a")[1:]}, {of("a"), nil}, {of("a"), of("b"), of("c")}} {
		if _, err := secret.New(wrong[0], wrong[1:]...); err == nil {
			t.Errorf("%d secrets of %d bytes are taken", len(wrong), len(wrong[0]))
		}
	}
}

// TestCreateOnce checks that of many concurrent callers one creates the file and all read the same complete
// secret.
func TestCreateOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "new", secret.FileName)
	var wait sync.WaitGroup
	var seen, made sync.Map
	for n := range 20 {
		wait.Go(func() {
			switch err := secret.Create(file); {
			case err == nil:
				made.Store(n, true)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
			content, err := secret.Read(file)
			if err != nil {
				t.Error(err)
			}
			seen.Store(string(content), true)
		})
	}
	wait.Wait()
	count := func(m *sync.Map) (n int) {
		m.Range(func(any, any) bool { n++; return true })
		return n
	}
	if count(&made) != 1 || count(&seen) != 1 {
		t.Errorf("%d made it, %d secrets were read", count(&made), count(&seen))
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
