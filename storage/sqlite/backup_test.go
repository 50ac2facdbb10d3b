package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
)

// restored restores the backup into a new directory and opens the store there.
func restored(t *testing.T, file string) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "restored")
	if err := Restore(t.Context(), file, dir); err != nil {
		t.Fatalf("restore: %v", err)
	}
	want := map[string]fs.FileMode{".": 0o700, fileName: 0o600}
	if diff := cmp.Diff(want, modes(t, dir)); diff != "" {
		t.Errorf("files after the restore (-want +got):\n%s", diff)
	}
	s, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatalf("open what was restored: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func TestABackupWhileAnotherProcessWrites(t *testing.T) {
	t.Parallel()
	dir, file := filledDir(t, manyPages), filepath.Join(t.TempDir(), "saved")
	cmd, out := child(t, os.Args[0], "write", dir, "busy", "100000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(out)
	var before []string
	for len(before) < 300 && scanner.Scan() {
		before = append(before, scanner.Text())
	}
	beside, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	during := 0
	err = Backup(t.Context(), dir, file, func(int64, int64) {
		during++
		if err := storage.Open[sheet](beside, "during", sample()).Insert(t.Context(), fmt.Sprint(during),
			sheet{"tags": []string{"x"}}); err != nil {
			t.Errorf("a write during the backup: %v", err)
		}
	})
	if err != nil || during < 2 {
		t.Errorf("backup: %v; %d writes meanwhile", err, during)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s := restored(t, file)
	sound(t, s)
	docs := storage.Open[sheet](s, "s", sample())
	for _, key := range before {
		if d, _, err := docs.Get(t.Context(), key); err != nil || cmp.Diff(any(key), d["a"]) != "" {
			t.Errorf("%s was acknowledged before the backup began, but is %v, %v", key, d, err)
		}
	}
	if _, _, err := storage.Open[sheet](s, "during", sample()).Get(t.Context(), "1"); !errors.Is(err,
		storage.ErrNotFound) {
		t.Errorf("what came after the backup began: %v, want ErrNotFound", err)
	}
}

// manyPages is a number of documents for which a backup takes several steps.
const manyPages = 6000

// filledDir returns a directory with a closed store of n documents.
func filledDir(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatal(err)
	}
	fillStore(t, s, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func fillStore(t *testing.T, s *Store, n int) {
	t.Helper()
	docs := storage.Open[sheet](s, "s", sample())
	done := make(chan error, n)
	for i := range n {
		go func() {
			done <- docs.Insert(t.Context(), fmt.Sprintf("%05d", i),
				sheet{"tags": []string{"a"}, "title": "t", "text": strings.Repeat("x", 500)})
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

func TestABackupTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	dir, file := filledDir(t, manyPages), filepath.Join(t.TempDir(), "saved")
	var seen [][2]int64
	if err := Backup(t.Context(), dir,
		file, func(done, total int64) { seen = append(seen, [2]int64{done, total}) }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	for i, p := range seen {
		if p[1] != info.Size() || i > 0 && p[0] <= seen[i-1][0] {
			t.Errorf("progress %v for a file of %d bytes", seen, info.Size())
		}
	}
	if len(seen) < 2 || seen[len(seen)-1][0] != info.Size() {
		t.Errorf("progress %v, want several steps to %d", seen, info.Size())
	}
}

func TestABackupOfAnOpenStore(t *testing.T) {
	t.Parallel()
	s, file := openSample(t), filepath.Join(t.TempDir(), "saved")
	fillStore(t, s, 50)
	if err := Backup(t.Context(), s.dir, file, nil); err != nil {
		t.Fatal(err)
	}
	fillStore(t, s, 0)
	if n, err := restored(t, file).Count(t.Context(), "order"); err != nil || n != 50 {
		t.Errorf("%d documents in the backup, %v", n, err)
	}
}

// TestABackupByPathsFromHere uses relative paths throughout, as people do in a shell.
func TestABackupByPathsFromHere(t *testing.T) {
	t.Chdir(t.TempDir())
	s, err := Open(t.Context(), "store", sample())
	if err != nil {
		t.Fatal(err)
	}
	fillStore(t, s, 50)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for dir, file := range map[string]string{"store": "saved", "./store": "./saved?mode=memory#1"} {
		if err := Backup(t.Context(), dir, file, nil); err != nil {
			t.Fatal(err)
		}
		if err := Restore(t.Context(), file, "again "+filepath.Base(file)); err != nil {
			t.Fatal(err)
		}
		again, err := Open(t.Context(), "again "+filepath.Base(file), sample())
		if err != nil {
			t.Fatal(err)
		}
		if n, err := again.Count(t.Context(), "order"); err != nil || n != 50 {
			t.Errorf("%d documents in %s, %v", n, file, err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filledDir(t, manyPages)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	taken := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for name, c := range map[string]struct {
		ctx       context.Context
		dir, file string
		want      error
	}{
		"the file exists": {t.Context(), dir, taken, fs.ErrExist},
		"no store":        {t.Context(), empty, filepath.Join(t.TempDir(), "f"), fs.ErrNotExist},
		"no directory": {t.Context(), filepath.Join(empty, "x"), filepath.Join(t.TempDir(), "f"),
			fs.ErrNotExist},
		"no place for the file": {t.Context(), dir, filepath.Join(empty, "x", "f"), fs.ErrNotExist},
		"ended":                 {ended, dir, filepath.Join(t.TempDir(), "f"), context.Canceled},
		"ended in the middle": {&fuse{Context: t.Context(), left: 1}, dir,
			filepath.Join(t.TempDir(), "f"), context.Canceled},
		"a store damaged within": {t.Context(), flipped(t, dir),
			filepath.Join(t.TempDir(), "f"), errDamaged},
		"a database of other kind": {t.Context(), otherDatabase(t),
			filepath.Join(t.TempDir(), "f"), errNoStore},
	} {
		t.Run(name, func(t *testing.T) {
			if err := Backup(c.ctx, c.dir, c.file, nil); !errors.Is(err, c.want) {
				t.Errorf("backup: %v, want %v", err, c.want)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(c.file), ".*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			if _, err := os.Stat(c.file); c.file != taken && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the file: %v", err)
			}
		})
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("the file that existed: %q, %v", text, err)
	}
	if found := modes(t, empty); len(found) != 1 {
		t.Errorf("in the directory without a store: %v", found)
	}
}

// flipped returns a copy of the store in which ten pages in the middle are damaged.
func flipped(t *testing.T, dir string) string {
	t.Helper()
	damaged := t.TempDir()
	data := contents(t, dir)[fileName]
	for page := len(data) / pageSize / 2; page < len(data)/pageSize/2+10; page++ {
		flip(data, page)
	}
	if err := os.WriteFile(filepath.Join(damaged, fileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return damaged
}

// flip overwrites the start of a page, where its cells are listed.
func flip(data []byte, page int) {
	for i := range 64 {
		data[page*pageSize+i] ^= 0xff
	}
}

func otherDatabase(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rewrite(t, dir, `CREATE TABLE other (id)`)
	return dir
}

func TestARestoreThatIsRefusedLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filledDir(t, 300)
	saved := filepath.Join(t.TempDir(), "saved")
	if err := Backup(t.Context(), dir, saved, nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	inUse := file("inuse", data)
	if err := os.WriteFile(inUse+"-wal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filledDir(t, 0)
	rewrite(t, newer, `PRAGMA user_version = 2`)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		file string
		want string
	}{
		"damaged":           {t.Context(), filepath.Join(flipped(t, dir), fileName), "damaged"},
		"cut":               {t.Context(), file("cut", data[:len(data)/2]), "damaged"},
		"empty":             {t.Context(), file("empty", nil), "no Postern store"},
		"another program's": {t.Context(), filepath.Join(otherDatabase(t), fileName), "no Postern store"},
		"no database": {t.Context(), file("text", []byte(strings.Repeat("no database ", 1000))),
			"no Postern store"},
		"newer":       {t.Context(), filepath.Join(newer, fileName), "newer version"},
		"a directory": {t.Context(), dir, "no file"},
		"missing":     {t.Context(), filepath.Join(dir, "missing"), "no such file"},
		"in use":      {t.Context(), inUse, "log beside it"},
		"ended":       {ended, saved, "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			into := t.TempDir()
			if err := Restore(c.ctx, c.file, into); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("restore: %v, want an error with %q", err, c.want)
			}
			if found := modes(t, into); len(found) != 1 {
				t.Errorf("left behind: %v", found)
			}
		})
	}
}

func TestARestoreOverAStoreIsRefused(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	fillStore(t, s, 3)
	file := filepath.Join(t.TempDir(), "saved")
	if err := Backup(t.Context(), s.dir, file, nil); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), file, s.dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("restore over a store: %v, want ErrExist", err)
	}
	lone := t.TempDir()
	if err := os.WriteFile(filepath.Join(lone, fileName+"-wal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), file, lone); !errors.Is(err, fs.ErrExist) {
		t.Errorf("restore beside a log: %v, want ErrExist", err)
	}
	if n, err := s.Count(t.Context(), "order"); err != nil || n != 3 {
		t.Errorf("%d documents in the store, %v", n, err)
	}
}
