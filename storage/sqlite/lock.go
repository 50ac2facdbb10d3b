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
// at once when another process, or another Store of this one, holds the mark, or has changed the indexes
// since Open. Servers take it, a copy for its target, and Open for as long as it changes the indexes of a
// store; other commands work beside them.
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

// heldError says that another process holds the mark.
type heldError struct{ pid string }

func (e *heldError) Error() string { return "process " + e.pid + " holds the store" }

// takeLock takes the mark, which ends when the file is closed, or returns a heldError.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lock file cannot be opened: %w", err)
	}
	if err := leaveTo(f, filepath.Join(dir, fileName)); err != nil {
		return nil, errors.Join(fmt.Errorf("the lock file cannot be given to the store's owner: %w", err), f.Close())
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

// leaveTo gives what root makes beside somebody else's store to them, as SQLite does with its own files:
// else they could not serve it any more.
func leaveTo(f *os.File, store string) error {
	info, err := os.Stat(store)
	if err != nil || os.Geteuid() != 0 {
		return nil // there is no store yet, or nobody else it could be
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

// holder is the number of the process that holds the mark.
func holder(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, lockName))
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		pid = "unknown"
	}
	return pid
}
