package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Restore creates a store in the directory dir from a file written by Backup. It rejects a directory that
// has a store, and a file that is damaged, not a backup, or from a newer program; it then leaves nothing
// but the directory. The new store has the identity of the one backed up: see transfer.Copy.
func Restore(ctx context.Context, file, dir string) error {
	if err := restore(ctx, file, dir); err != nil {
		return fmt.Errorf("sqlite: restore %s: %w", file, plain(err))
	}
	return nil
}

func restore(ctx context.Context, file, dir string) (err error) {
	if err := isBackup(file); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, fileName)
	for _, suffix := range append([]string{""}, besides()...) {
		if _, err := os.Lstat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is a store in %s already: %w", dir, errors.Join(err, fs.ErrExist))
		}
	}
	p, err := newPart(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.discard()) }()
	if err := copyBytes(ctx, file, p.path); err != nil {
		return err
	}
	if err := inspect(ctx, p.path); err != nil {
		return err
	}
	c, err := openWriter(p.path, syncFull) // as Open does, but before the store is visible
	if err != nil {
		return err
	}
	if err := c.close(); err != nil {
		return err
	}
	return p.publish()
}

// isBackup detects early that a file is not a backup. A database with a log next to it is in use, or was
// copied incorrectly.
func isBackup(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no file: %w", errNoStore)
	}
	if log, err := os.Stat(file + "-wal"); err == nil && log.Size() > 0 {
		return errors.New("there is a log beside it, so it is no backup but the file of a store in use: make a backup of that store first")
	}
	return probe(file)
}

func copyBytes(ctx context.Context, from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, untilDone{ctx, in})
	return errors.Join(err, out.Close())
}

// untilDone is a reader that ends with its context.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
