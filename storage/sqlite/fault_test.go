package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// everything performs each kind of operation on a store of n documents and returns the errors.
func everything(ctx context.Context, s *Store, n int) []error {
	docs := storage.Open[sheet](s, "s", sample())
	var errs []error
	for i := range n {
		key := fmt.Sprintf("%05d", i)
		_, _, err := docs.Get(ctx, key)
		errs = append(errs, err)
		if i%10 == 0 {
			_, err := docs.Change(ctx, key, func(d *sheet) error { (*d)["tags"] = []string{"b"}; return nil })
			errs = append(errs, err)
		}
	}
	_, findErr := storage.Find[sheet](ctx, docs, storage.Query{Index: "tags", Equal: []any{"a"}, Limit: 1000})
	_, walkErr := s.Walk(ctx, "order", storage.Walk{Limit: 1000, Bodies: true})
	_, countErr := s.Count(ctx, "order")
	return append(errs, findErr, walkErr, countErr, docs.Insert(ctx, "new", sheet{"tags": []string{"c"}}))
}

func TestDamagedPagesAreErrorsAndNoMore(t *testing.T) {
	t.Parallel()
	const n = 60
	data := contents(t, filledDir(t, n))[fileName]
	places := map[string]int{"in the list of cells": 0, "in the middle": pageSize / 2}
	for name, offset := range places {
		t.Run(name, func(t *testing.T) {
			told := 0
			for page := 1; page < len(data)/pageSize; page++ {
				damaged := append([]byte(nil), data...)
				for i := range 64 {
					damaged[page*pageSize+offset+i] ^= 0xff
				}
				told += damagedStore(t, damaged, n)
			}
			if told == 0 && offset == 0 {
				t.Error("no page's damage was told")
			}
		})
	}
}

// damagedStore uses a store with the given bytes and returns how many errors report damage.
func damagedStore(t *testing.T, data []byte, n int) int {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir, sample())
	errs := []error{err}
	if err == nil {
		errs = everything(t.Context(), s, n)
		errs = append(errs, s.Close())
	}
	told := 0
	for _, err := range errs {
		if code(err) == codeCorrupt && !errors.Is(err, errDamaged) {
			t.Errorf("%v does not say that the file is damaged", err)
		}
		if errors.Is(err, errDamaged) {
			told++
		}
	}
	return told
}

func TestADamagedDocumentIsAnError(t *testing.T) {
	t.Parallel()
	whole, err := bson.Marshal(bson.D{{Key: "_id", Value: "s/k"}, {Key: "shop", Value: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, doc := range map[string]bson.Raw{
		"nothing": {}, "cut": whole[:len(whole)/2],
		"its id":          bytes.Replace(whole, []byte("_id"), []byte("_ie"), 1),
		"its shop's type": bytes.Replace(whole, []byte("\x02shop"), []byte("\x0dshop"), 1),
	} {
		if _, err := parse(doc); !errors.Is(err, errDamaged) {
			t.Errorf("%s: %v, want an error that it is damaged", name, err)
		}
	}
	if p, err := parse(whole); err != nil || p.shop != "s" || p.id != "s/k" {
		t.Errorf("whole: %v, %v", p, err)
	}
}

func TestATruncatedFileIsTold(t *testing.T) {
	t.Parallel()
	data := contents(t, filledDir(t, 200))[fileName]
	for name, size := range map[string]int{
		"in the middle": len(data) / 2, "by a page": len(data) - pageSize, "within a page": len(data) - 100,
		"to one page": pageSize,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, fileName), data[:size], 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), dir, sample())
			if err == nil {
				_ = s.Close()
			}
			if !errors.Is(err, errDamaged) {
				t.Errorf("open: %v, want an error that the file is damaged", err)
			}
		})
	}
}

func TestAnEmptyFileWithALogIsNoNewStore(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	fillStore(t, s, 3)
	dir := t.TempDir()
	for name, data := range map[string][]byte{fileName: nil,
		fileName + "-wal": contents(t, s.dir)[fileName+"-wal"]} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := contents(t, dir)
	if again, err := Open(t.Context(), dir, sample()); !errors.Is(err, errDamaged) {
		t.Errorf("open: %v, want an error that the file is damaged", err)
		_ = again.Close()
	}
	same := contents(t, dir)
	if len(before[fileName+"-wal"]) == 0 || string(same[fileName+"-wal"]) != string(before[fileName+"-wal"]) {
		t.Error("the log was changed")
	}
}

func TestAFullStoreSaysSoAndGoesOn(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	fillStore(t, s, 10)
	limit := func(pages int) {
		err := s.writer.submit(t.Context(), 0, func(c *conn) error {
			var now int
			return c.row(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages), nil, &now)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(1)
	docs := storage.Open[sheet](s, "s", sample())
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			err := docs.Insert(t.Context(), fmt.Sprint("large", i),
				sheet{"text": strings.Repeat("x", 100_000)})
			if !errors.Is(err, errFull) {
				t.Errorf("insert: %v, want an error that the disk is full", err)
			}
		})
	}
	wait.Wait()
	limit(1 << 30)
	if err := docs.Insert(t.Context(), "later", sheet{"tags": []string{"a"}}); err != nil {
		t.Errorf("insert when there is room again: %v", err)
	}
	sound(t, s)
}

// room is the file size limit of the child process, in bytes.
const room = 300_000

// fillDisk writes until the file size limit stops it and prints each acknowledged key and each error. Then
// it reads, lifts the limit and writes again.
func fillDisk(s *Store) error {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE,
		&syscall.Rlimit{Cur: room, Max: limit.Max}); err != nil {
		return err
	}
	docs := storage.Open[sheet](s, "s", sample())
	write := func(key string) error {
		err := docs.Insert(context.Background(), key,
			sheet{"tags": []string{key}, "a": key, "text": strings.Repeat("x", 700)})
		if err != nil {
			key = "error: " + err.Error()
		}
		_, _ = fmt.Fprintln(os.Stdout, key)
		return err
	}
	var group sync.WaitGroup
	for worker := range childWriters {
		group.Go(func() {
			for i := 0; write(fmt.Sprintf("%d-%d", worker, i)) == nil; i++ {
			}
		})
	}
	group.Wait()
	if _, _, err := docs.Get(context.Background(), "0-0"); err != nil {
		return fmt.Errorf("read while nothing can be written: %w", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return write("after")
}

func TestNothingAcknowledgedIsLostOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, out := child(t, os.Args[0], "fill", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out)
	if err = errors.Join(err, cmd.Wait()); err != nil {
		t.Fatalf("the child: %v\n%s", err, text)
	}
	s, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatalf("open afterwards: %v", err)
	}
	defer s.Close()
	faults, kept := 0, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "error:") {
			faults++
			if !strings.Contains(line, errDisk.Error()) && !strings.Contains(line, errFull.Error()) {
				t.Errorf("the error is %q, want one about the disk", line)
			}
			continue
		}
		kept++
		d, _, err := storage.Open[sheet](s, "s", sample()).Get(t.Context(), line)
		if err != nil || d["a"] != line {
			t.Errorf("%s was acknowledged, but is %v, %v", line, d, err)
		}
	}
	if n, err := s.Count(t.Context(), "order"); err != nil || n != int64(kept) {
		t.Errorf("%d documents, %v, for %d acknowledgements", n, err, kept)
	}
	if faults != childWriters || kept < 2 {
		t.Errorf("%d errors and %d acknowledgements:\n%s", faults, kept, text)
	}
	sound(t, s)
}
