package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// part is an unfinished file: next to its final path, under a hidden name, readable only by its owner.
type part struct {
	path, final string
}

// newPart creates an empty file that will become final, which must not exist. A crash leaves it as
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

// publish syncs the file and then makes it visible under its final name. It never overwrites another file.
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

// discard removes what is left under the hidden name, and the files that SQLite put next to it.
func (p *part) discard() error {
	var errs []error
	for _, suffix := range append([]string{""}, besides()...) {
		if err := os.Remove(p.path + suffix); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// besides returns the suffixes of the files that SQLite keeps next to a database.
func besides() []string { return []string{"-wal", "-shm", "-journal"} }

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
