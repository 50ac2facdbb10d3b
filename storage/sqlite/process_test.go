package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postern/storage"
)

const childVariable = "POSTERN_SQLITE_TEST_CHILD"

func timeAt(ms int64) time.Time { return time.UnixMilli(ms) }

// TestMain also runs the test binary as the child process of some tests: "write DIR NAME COUNT", "fill DIR"
// or "open DIR".
func TestMain(m *testing.M) {
	words := strings.Split(os.Getenv(childVariable), "\n")
	if len(words) < 2 {
		os.Exit(m.Run())
	}
	s, err := Open(context.Background(), words[1], sample())
	if err == nil && words[0] == "write" {
		err = writeMany(s, words[2], words[3])
	}
	if err == nil && words[0] == "fill" {
		err = fillDisk(s)
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	if err := s.Close(); err != nil {
		os.Exit(1)
	}
}

const childWriters = 8

// writeMany has each writer insert that many documents and change each of them, and prints the key of each
// acknowledged change.
func writeMany(s *Store, name, count string) error {
	each, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	docs := storage.Open[sheet](s, "s", sample())
	var group sync.WaitGroup
	var out sync.Mutex
	for worker := range childWriters {
		group.Go(func() {
			for i := range each {
				key := fmt.Sprintf("%s-%d-%d", name, worker, i)
				err := docs.Insert(context.Background(), key, sheet{"tags": []string{"first"}, "a": key})
				if err == nil {
					_, err = docs.Change(context.Background(), key,
						func(d *sheet) error { (*d)["tags"] = []string{key}; return nil })
				}
				out.Lock()
				if err != nil {
					fmt.Println("error:", err)
				}
				fmt.Println(key)
				out.Unlock()
			}
		})
	}
	group.Wait()
	return nil
}

// child prepares the test binary as a child process and returns it with its output.
func child(t *testing.T, binary string, words ...string) (*exec.Cmd, io.ReadCloser) {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), childVariable+"="+strings.Join(words, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

func TestAcknowledgedWritesOutliveAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round, lines := range []int{1, 40, 333, 700} {
		keys := killedAfter(t, dir, fmt.Sprint(round), lines)
		s, err := Open(t.Context(), dir, sample())
		if err != nil {
			t.Fatalf("open after the kill: %v", err)
		}
		docs := storage.Open[sheet](s, "s", sample())
		for _, key := range keys {
			page, err := storage.Find[sheet](t.Context(), docs,
				storage.Query{Index: "tags", Equal: []any{key}, Limit: 2})
			if err != nil || len(page.Hits) != 1 || page.Hits[0].Key != key {
				t.Errorf("%s was acknowledged, but its list is %v, %v", key, page.Hits, err)
			}
			if d, _, err := docs.Get(t.Context(), key); err != nil || d["a"] != key {
				t.Errorf("%s was acknowledged, but is %v, %v", key, d, err)
			}
		}
		sound(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killedAfter runs a writing child, kills it after that many acknowledgements, and returns all that
// arrived.
func killedAfter(t *testing.T, dir, name string, lines int) []string {
	t.Helper()
	cmd, out := child(t, os.Args[0], "write", dir, name, "100000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	reader := bufio.NewReader(out)
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			break // an incomplete line acknowledges nothing
		}
		keys = append(keys, strings.TrimSpace(line))
		if len(keys) == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended before it was killed")
	}
	if len(keys) < lines {
		t.Fatalf("%d lines from the child: %q", len(keys), keys)
	}
	return keys
}

// sound checks the file and that bodies and index rows agree.
func sound(t *testing.T, s *Store) {
	t.Helper()
	var verdict string
	var bodies, rows int
	err := s.readers.with(t.Context(), func(c *conn) error {
		if err := c.row(`PRAGMA integrity_check`, nil, &verdict); err != nil {
			return err
		}
		if err := c.row(`SELECT count(*) FROM "order"`, nil, &bodies); err != nil {
			return err
		}
		return c.row(`SELECT count(*) FROM order__tags JOIN "order" USING (id)`, nil, &rows)
	})
	if err != nil || verdict != "ok" || bodies != rows {
		t.Errorf("integrity %q, %d bodies, %d index rows, %v", verdict, bodies, rows, err)
	}
}

func TestASecondProcessWritesBesideAnOpenStore(t *testing.T) {
	t.Parallel()
	const each = 50
	s := openSample(t)
	if err := s.Lock(); err != nil {
		t.Fatal(err)
	}
	cmd, out := child(t, os.Args[0], "write", s.dir, "import", fmt.Sprint(each))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	docs := storage.Open[sheet](s, "s", sample())
	scanner, n := bufio.NewScanner(out), 0
	for ; scanner.Scan(); n++ {
		if strings.HasPrefix(scanner.Text(), "error") {
			t.Error(scanner.Text())
		}
		if _, _, err := docs.Get(t.Context(), scanner.Text()); err != nil {
			t.Errorf("get what the other process has written: %v", err)
		}
		if n%10 == 0 {
			if err := docs.Insert(t.Context(), fmt.Sprintf("own-%d", n),
				sheet{"tags": []string{"own"}}); err != nil {
				t.Errorf("insert beside the other process: %v", err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || n != childWriters*each {
		t.Errorf("%d lines, %v", n, err)
	}
	sound(t, s)
}

func TestADirectoryThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	binary := filepath.Join(base, "child")
	copyFile(t, os.Args[0], binary)
	fresh, used := filepath.Join(base, "fresh"), filepath.Join(base, "used")
	s, err := Open(t.Context(), used, sample())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Dir(base), base, fresh, used} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Errorf("give the folder back: %v", err)
			}
		})
	}
	for _, dir := range []string{fresh, used, filepath.Join(fresh, "below")} {
		before := modes(t, base)
		cmd, out := child(t, binary, "open", dir)
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(out)
		if err := cmd.Wait(); err == nil || !strings.Contains(string(text), "permission denied") ||
			!strings.Contains(string(text), dir) {
			t.Errorf("open %s: %v, %q", dir, err, text)
		}
		if after := modes(t, base); len(after) != len(before) {
			t.Errorf("files before %v, after %v", before, after)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}
