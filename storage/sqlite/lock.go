package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const lockName = "serve.lock"

// Lock marks the store as served until Close or the end of the process. It returns an error at once when another
// process, or another Store of this one, holds the mark. Only servers take it; other commands work beside them.
func (s *Store) Lock() error {
	s.life.Lock()
	defer s.life.Unlock()
	switch {
	case s.closed:
		return errClosed
	case s.lock != nil:
		return nil
	}
	f, err := os.OpenFile(filepath.Join(s.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("sqlite: the lock file cannot be opened: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(refusal(s.dir, err), f.Close())
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		return errors.Join(fmt.Errorf("sqlite: the lock file cannot be written: %w", err), f.Close())
	}
	s.lock = f
	return nil
}

func writePID(f *os.File) error {
	_, err := fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

func refusal(dir string, err error) error {
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("sqlite: the lock file cannot be locked: %w", err)
	}
	holder, readErr := os.ReadFile(filepath.Join(dir, lockName))
	pid := strings.TrimSpace(string(holder))
	if readErr != nil || pid == "" {
		pid = "unknown"
	}
	return fmt.Errorf("sqlite: another server (process %s) already serves the store in %s: stop it first, or give this one another directory", pid, dir)
}
