package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const lockName = "serve.lock"

// Lock marks the store as held by this process until Close or the end of the process. It returns an error
// immediately if another process, or another Store in this one, holds the lock, or has changed the indexes
// since Open. Servers take the lock, a copy takes it for its target, and Open takes it while it changes the
// indexes of a store; other commands work without it.
func (s *Store) Lock() error {
	s.life.Lock()
	defer s.life.Unlock()
	switch {
	case s.closed:
		return errClosed
	case s.lock != nil:
		return nil
	}
	f, err := takeLock(s.dir)
	if held := (*heldError)(nil); errors.As(err, &held) {
		return fmt.Errorf("sqlite: another process (%s) already serves the store in %s, or copies into it: "+
			"stop it first, or give this one another directory", held.pid, s.dir)
	}
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if err := s.readers.with(context.Background(), s.writer.layout.recheck); err != nil {
		return errors.Join(fmt.Errorf("sqlite: %w", err), f.Close())
	}
	s.lock = f
	return nil
}

// heldError means that another process holds the lock.
type heldError struct{ pid string }

func (e *heldError) Error() string { return "process " + e.pid + " holds the store" }

// takeLock takes the lock, which is released when the file is closed, or returns a heldError.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lock file cannot be opened: %w", err)
	}
	if err := leaveTo(f, filepath.Join(dir, fileName)); err != nil {
		return nil, errors.Join(fmt.Errorf("the lock file cannot be given to the store's owner: %w",
			err), f.Close())
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, errors.Join(&heldError{holder(dir)}, f.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("the lock file cannot be locked: %w", err), f.Close())
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		return nil, errors.Join(fmt.Errorf("the lock file cannot be written: %w", err), f.Close())
	}
	return f, nil
}

// leaveTo gives a file that root creates in another user's store to that user, as SQLite does with its own
// files: otherwise that user could no longer serve the store.
func leaveTo(f *os.File, store string) error {
	info, err := os.Stat(store)
	if err != nil || os.Geteuid() != 0 {
		return nil // there is no store yet, or we are not root
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(owner.Uid), int(owner.Gid))
	}
	return nil
}

func writePID(f *os.File) error {
	_, err := fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

// holder returns the id of the process that holds the lock.
func holder(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, lockName))
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		pid = "unknown"
	}
	return pid
}
