package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	driver "modernc.org/sqlite"
)

// backupStep is the number of pages copied between two checks of the context.
const backupStep = 1024

// Backup saves the store in the directory dir to one new file, readable only by its owner. The store may be
// in use, also by another process: the file holds the state at the moment Backup began, and readers and
// writers continue, but the store's log grows until Backup ends. The file is checked and synced before it
// appears under its name, and an existing file is never overwritten. The progress function, which may be
// nil, gets bytes and does not include the check at the end.
//
// A store on MongoDB is backed up with the server's own tools, or with transfer.Copy into a directory.
func Backup(ctx context.Context, dir, file string, progress func(done, total int64)) error {
	if err := backup(ctx, filepath.Join(dir, fileName), file, progress); err != nil {
		return fmt.Errorf("sqlite: back up the store in %s: %w", dir, plain(err))
	}
	return nil
}

func backup(ctx context.Context, path, file string, progress func(done, total int64)) (err error) {
	if err := hasStore(path); err != nil {
		return err
	}
	p, err := newPart(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.discard()) }()
	if err := copyPages(ctx, path, p.path, progress); err != nil {
		return err
	}
	if err := inspect(ctx, p.path); err != nil {
		return err
	}
	return p.publish()
}

// hasStore checks that the file is one of our stores, so that no connection creates or changes another
// file.
func hasStore(path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	return probe(path)
}

// copyPages copies the database as of one moment: the open transaction keeps commits by others from
// restarting the copy.
func copyPages(ctx context.Context, from, to string, progress func(done, total int64)) (err error) {
	c, err := connect(from, url.Values{
		"mode":    {"rw"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.exec(`BEGIN`); err != nil {
		return err
	}
	version, err := readStamp(c)
	if err == nil && version == 0 {
		err = errNoStore
	}
	if err != nil {
		return err
	}
	err = c.sql.Raw(func(raw any) error {
		source, ok := raw.(interface {
			NewBackup(string) (*driver.Backup, error)
		})
		if !ok {
			return errors.New("the driver cannot copy a database")
		}
		// The copy does not count until the whole file is synced.
		address, err := addressOf(to, url.Values{"mode": {"rw"},
			"_pragma": {"synchronous(off)", "journal_mode(off)"}})
		if err != nil {
			return err
		}
		b, err := source.NewBackup(address)
		if err != nil {
			return err
		}
		return errors.Join(steps(ctx, b, progress), b.Finish())
	})
	return errors.Join(err, c.exec(`ROLLBACK`))
}

func steps(ctx context.Context, b *driver.Backup, progress func(done, total int64)) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if more, err = b.Step(backupStep); err != nil {
			return err
		}
		if progress != nil {
			total := int64(b.PageCount())
			progress((total-int64(b.Remaining()))*pageSize, total*pageSize)
		}
	}
	return nil
}

// inspect reads the whole file, which must not be in use, and returns an error unless it is an intact store
// of a known format.
func inspect(ctx context.Context, path string) (err error) {
	c, err := connect(path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	version, err := readStamp(c)
	if err != nil {
		return err
	}
	if version == 0 {
		return errNoStore
	}
	var verdict string
	if err := c.sql.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, verdict)
	}
	return nil
}
