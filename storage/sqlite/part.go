package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// part is a file in the making: beside its final place, under a hidden name, readable by its owner only.
type part struct {
	path, final string
}

// newPart makes an empty file that is to become final, which must not exist. A crash leaves it behind as
// .NAME.….part.
func newPart(final string) (*part, error) {
	final, err := filepath.Abs(final)
	if err != nil {
		return nil, err
	}
	p := &part{final: final}
	if err := p.vacant(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(final), "."+filepath.Base(final)+".*.part")
	if err != nil {
		return nil, err
	}
	p.path = f.Name()
	return p, f.Close()
}

func (p *part) vacant() error {
	switch _, err := os.Lstat(p.final); {
	case err == nil:
		return fmt.Errorf("%s: %w", p.final, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// publish makes the file durable and then visible under its final name, which it never takes from another.
func (p *part) publish() error {
	if err := syncPath(p.path); err != nil {
		return err
	}
	err := os.Link(p.path, p.final)
	if err != nil && !errors.Is(err, fs.ErrExist) { // some file systems have no links
		if err = p.vacant(); err == nil {
			err = os.Rename(p.path, p.final)
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(p.discard(), syncPath(filepath.Dir(p.final)))
}

// discard removes what is still there under the hidden name, and what SQLite put beside it.
func (p *part) discard() error {
	var errs []error
	for _, suffix := range append([]string{""}, besides()...) {
		if err := os.Remove(p.path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// besides are the endings of the files that SQLite keeps beside a database.
func besides() []string { return []string{"-wal", "-shm", "-journal"} }

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
