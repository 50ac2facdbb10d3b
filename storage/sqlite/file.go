package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	driver "modernc.org/sqlite"
)

const (
	fileName = "postern.db"
	// format is the version of the table layout, stored as user_version.
	format = 1
	// application distinguishes our files from other programs' databases ("Post").
	application = 0x506f7374
	// With 4 KiB pages a write logs the least, and a Get of a 1.5 kB body costs half as much as in a table
	// without rowid.
	pageSize = 4096
	// checkpointPages is the log's length at which its pages move into the database. It is four times
	// SQLite's default, so that frequently written pages move less often; re-reading 16 MiB after a crash
	// takes almost no time.
	checkpointPages = 4000
	// busyTimeout is how long a write waits for another process to finish its own.
	busyTimeout = 10 * time.Second
	// busyTurn is how long SQLite itself waits for its turn to write before it is asked again. It waits longer
	// and longer, up to 100 ms, and would miss the moments between two commits of a busy process.
	busyTurn = 20 * time.Millisecond

	codeBusy       = 5  // SQLITE_BUSY
	codeIO         = 10 // SQLITE_IOERR
	codeCorrupt    = 11 // SQLITE_CORRUPT
	codeFull       = 13 // SQLITE_FULL
	codeConstraint = 19 // SQLITE_CONSTRAINT
	codeNotDB      = 26 // SQLITE_NOTADB
)

var (
	errNoStore = errors.New("this file is no Postern store")
	errNewer   = errors.New("this store was written by a newer version of the program; use that version, or a backup from before")
	errBusy    = fmt.Errorf("another process has been writing to this store for %s: wait until it is done",
		busyTimeout)
	errDamaged = errors.New("the store's file is damaged: keep a copy of it for rescue, and restore a backup")
	errFull    = errors.New("the disk is full: make room; what was acknowledged is safe")
	errDisk    = errors.New("the disk refuses to read or write the store's file")
)

// Found reports whether the directory holds a store, or may hold one. It does not check that the store can
// be opened.
func Found(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileName))
	return !errors.Is(err, fs.ErrNotExist)
}

// makeFile creates the directory and an empty database file if missing, readable only by their owner.
// SQLite gives the files next to the database the same mode.
func makeFile(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("sqlite: the store's directory cannot be made: %w", err)
	}
	path := filepath.Join(dir, fileName)
	if err := writable(dir, path); err != nil {
		return "", err
	}
	// An existing file is not opened here: closing it again would drop the locks that SQLite holds on it in
	// this process.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return path, nil
	}
	if err != nil {
		return "", fmt.Errorf("sqlite: the store's file cannot be made: %w", err)
	}
	return path, f.Close()
}

func writable(dir, path string) error {
	const read, write, search = 4, 2, 1
	if err := syscall.Access(dir, read|write|search); err != nil {
		return fmt.Errorf("sqlite: this user cannot write in the store's directory %s: %w", dir, err)
	}
	if err := syscall.Access(path, read|write); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sqlite: this user cannot write the store's file %s: %w", path, err)
	}
	return nil
}

// probe reads the file without locking or changing anything, not even a log next to it.
func probe(path string) error {
	c, err := connect(path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	if err != nil {
		return plain(err)
	}
	_, err = readStamp(c)
	if err := errors.Join(err, c.close()); err != nil {
		return err
	}
	return notCut(path)
}

// notCut rejects truncated files that SQLite would accept as a database: an empty file with a log next to
// it, which SQLite would delete, and a file that ends within a page with no log or journal to repair it.
func notCut(path string) error {
	log, journal := sizeOf(path+"-wal"), sizeOf(path+"-journal")
	size := sizeOf(path) // checked last, since another process may be creating the store right now
	if size == 0 && log > 0 || size%pageSize != 0 && log == 0 && journal == 0 {
		return fmt.Errorf("its end is missing: %w", errDamaged)
	}
	return nil
}

// sizeOf returns the size of the file, or zero if it does not exist.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// readStamp returns the format version, 0 for an empty database, and an error for a database that this
// program cannot use.
func readStamp(c *conn) (int, error) {
	var version, owner, tables int
	err := errors.Join(
		c.row(`PRAGMA user_version`, nil, &version),
		c.row(`PRAGMA application_id`, nil, &owner),
		c.row(`SELECT count(*) FROM sqlite_schema`, nil, &tables),
	)
	switch {
	case err != nil:
		return 0, plain(err)
	case owner == 0 && version == 0 && tables == 0:
		return 0, nil
	case owner != application || version < 1:
		return 0, errNoStore
	case version > format:
		return 0, fmt.Errorf("format %d, known is %d: %w", version, format, errNewer)
	}
	return version, nil
}

// syncMode is a value of SQLite's PRAGMA synchronous.
type syncMode string

const (
	syncFull syncMode = "FULL"
	syncOff  syncMode = "OFF"
)

// openWriter opens the connection that writes, and stamps a new file.
func openWriter(path string, sync syncMode) (*conn, error) {
	c, err := connect(path, url.Values{
		"mode": {"rw"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
			fmt.Sprintf("synchronous(%s)", sync),
			"secure_delete(ON)", "cache_size(-20000)", "mmap_size(1073741824)", "temp_store(memory)",
		},
	})
	if err != nil {
		return nil, plain(err)
	}
	version, err := readStamp(c)
	if err == nil && version == 0 {
		err = stamp(c)
	}
	if err == nil {
		err = useLog(c)
	}
	if err == nil {
		var turn int
		err = c.row(fmt.Sprintf(`PRAGMA busy_timeout = %d`, busyTurn.Milliseconds()), nil, &turn)
	}
	if err != nil {
		return nil, errors.Join(plain(err), c.close())
	}
	return c, nil
}

// stamp makes an empty database ours, in one transaction because two processes may try it at the same time.
func stamp(c *conn) error {
	if err := c.exec(fmt.Sprintf(`PRAGMA page_size = %d`, pageSize)); err != nil {
		return err
	}
	if err := c.exec(`BEGIN EXCLUSIVE`); err != nil {
		return err
	}
	version, err := readStamp(c)
	if err == nil && version == 0 {
		err = errors.Join(
			c.exec(fmt.Sprintf(`PRAGMA application_id = %d`, application)),
			c.exec(fmt.Sprintf(`PRAGMA user_version = %d`, format)),
			c.exec(`CREATE TABLE _tables (name TEXT PRIMARY KEY, collection TEXT NOT NULL, declaration TEXT NOT NULL) WITHOUT ROWID`),
			c.exec(`CREATE TABLE _counters (key TEXT PRIMARY KEY, n INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID`),
			c.exec(`CREATE INDEX _counters_expires ON _counters (expires)`),
		)
	}
	if err != nil {
		return errors.Join(err, c.exec(`ROLLBACK`))
	}
	return c.exec(`COMMIT`)
}

// useLog enables the write-ahead log, and keeps its file from staying large after a large write.
func useLog(c *conn) error {
	var mode string
	if err := c.row(`PRAGMA journal_mode = WAL`, nil, &mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system allows no write-ahead log (mode %q); the store needs a local disk",
			mode)
	}
	var limit, pages int
	return errors.Join(
		c.row(`PRAGMA journal_size_limit = 67108864`, nil, &limit),
		c.row(fmt.Sprintf(`PRAGMA wal_autocheckpoint = %d`, checkpointPages), nil, &pages),
	)
}

// plain adds an explanation to the SQLite errors that an operator is likely to see.
func plain(err error) error {
	var meaning error
	switch code(err) {
	case codeNotDB:
		meaning = errNoStore
	case codeBusy:
		meaning = errBusy
	case codeCorrupt:
		meaning = errDamaged
	case codeFull:
		meaning = errFull
	case codeIO:
		meaning = errDisk
	}
	if meaning == nil || errors.Is(err, meaning) {
		return err
	}
	return fmt.Errorf("%w: %w", meaning, err)
}

// code returns SQLite's primary result code, 0 for other errors.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
