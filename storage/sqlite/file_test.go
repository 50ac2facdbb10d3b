package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
)

func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	for name, umask := range map[string]int{"open umask": 0, "closed umask": 0o077} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			old := syscall.Umask(umask)
			defer syscall.Umask(old)
			s, err := Open(t.Context(), dir, sample())
			if err != nil {
				t.Fatalf("open: %v", err)
			}
			defer s.Close()
			if err := errors.Join(s.Lock(),
				storage.Open[sheet](s, "s", sample()).Insert(t.Context(), "k", sheet{})); err != nil {
				t.Fatal(err)
			}
			want := map[string]fs.FileMode{".": 0o700, fileName: 0o600, fileName + "-wal": 0o600,
				fileName + "-shm": 0o600, lockName: 0o600}
			if diff := cmp.Diff(want, modes(t, dir)); diff != "" {
				t.Errorf("modes (-want +got):\n%s", diff)
			}
		})
	}
}

func modes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		found[path] = info.Mode().Perm()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// contents returns every file of the directory with its content.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for name := range modes(t, dir) {
		if name == "." {
			continue
		}
		var err error
		if found[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// rewrite runs the statements on the database file, as another program would.
func rewrite(t *testing.T, dir string, statements ...string) {
	t.Helper()
	c, err := connect(filepath.Join(dir, fileName), url.Values{"mode": {"rwc"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if err := c.exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeUsedIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(t *testing.T, dir string)
		want string
	}{
		{"a newer format", func(t *testing.T, dir string) {
			s, err := Open(t.Context(), dir, sample())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			rewrite(t, dir, `PRAGMA user_version = 2`)
		}, "newer version of the program"},
		{"a newer format after a crash, with its log", func(t *testing.T, dir string) {
			origin := t.TempDir()
			rewrite(t, origin, `PRAGMA application_id = 0x506f7374`, `PRAGMA user_version = 2`,
				`PRAGMA journal_mode = WAL`)
			c, err := connect(filepath.Join(origin, fileName), url.Values{"mode": {"rw"}})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.exec(`CREATE TABLE later (id)`), os.CopyFS(dir, os.DirFS(origin)),
				c.close()); err != nil {
				t.Fatal(err)
			}
		}, "newer version of the program"},
		{"no database", func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, fileName), bytes.Repeat([]byte("no database "), 1000),
				0o600); err != nil {
				t.Fatal(err)
			}
		}, "no Postern store"},
		{"another program's database", func(t *testing.T, dir string) {
			rewrite(t, dir, `CREATE TABLE other (id)`)
		}, "no Postern store"},
		{"another program's stamped database", func(t *testing.T, dir string) {
			rewrite(t, dir, `PRAGMA application_id = 7`, `PRAGMA user_version = 1`,
				`PRAGMA journal_mode = DELETE`)
		}, "no Postern store"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.make(t, dir)
			before := contents(t, dir)
			s, err := Open(t.Context(), dir, sample())
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("open: %v, want an error with %q", err, c.want)
			}
			if diff := cmp.Diff(before, contents(t, dir)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

func TestAcknowledgedMeansOnDisk(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	var synchronous int
	var journal string
	err := s.writer.submit(t.Context(), 0, func(c *conn) error {
		return errors.Join(c.row(`PRAGMA synchronous`, nil, &synchronous),
			c.row(`PRAGMA journal_mode`, nil, &journal))
	})
	const full = 2
	if err != nil || synchronous != full || journal != "wal" {
		t.Errorf("synchronous %d, journal %q, %v; want FULL and wal", synchronous, journal, err)
	}
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	err := s.readers.with(t.Context(), func(c *conn) error { return c.exec(`DELETE FROM "order"`) })
	if err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a write through a reader: %v", err)
	}
}

func TestAFileInThePlaceOfTheDirectory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{path, filepath.Join(path, "below")} {
		if _, err := Open(t.Context(), dir, sample()); !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("open %s: %v, want ENOTDIR", dir, err)
		}
	}
}

func TestADirectoryWithAnOddName(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?mode=memory&x=%41#c")
	s, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, fileName)); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
}

func TestLockRefusesASecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() *Store {
		s, err := Open(t.Context(), dir, sample())
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		return s
	}
	first, second := open(), open()
	defer second.Close()
	if err := errors.Join(first.Lock(), first.Lock()); err != nil {
		t.Fatalf("lock, and again: %v", err)
	}
	err := second.Lock()
	if err == nil || !strings.Contains(err.Error(), "stop it first") || !strings.Contains(err.Error(), dir) {
		t.Errorf("second lock: %v, want an error that says what to do", err)
	}
	if err := storage.Open[sheet](second, "s", sample()).Insert(t.Context(), "k", sheet{}); err != nil {
		t.Errorf("a write beside the server: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(); err != nil {
		t.Errorf("lock after the first has closed: %v", err)
	}
	if err := first.Lock(); !errors.Is(err, errClosed) {
		t.Errorf("lock of a closed store: %v", err)
	}
}

func TestDeclarationsThatCollide(t *testing.T) {
	t.Parallel()
	for name, collections := range map[string][]storage.Collection{
		"twice":          {{Name: "a"}, {Name: "a"}},
		"an index table": {{Name: "a__b"}},
		"SQLite's own":   {{Name: "sqlite_x"}},
	} {
		if s, err := Open(t.Context(), t.TempDir(), collections...); err == nil {
			t.Errorf("%s was accepted", name)
			_ = s.Close()
		}
	}
}

func TestACollectionThatWasNotDeclared(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	other := storage.Collection{Name: "other", Indexes: sample().Indexes}
	docs := storage.Open[sheet](s, "s", other)
	_, findErr := storage.Find[sheet](t.Context(), docs, storage.Query{Index: "listing", Limit: 1})
	for what, err := range map[string]error{"insert": docs.Insert(t.Context(), "k", sheet{}),
		"find": findErr} {
		if err == nil || !strings.Contains(err.Error(), "not declared") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
