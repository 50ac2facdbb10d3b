package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"postern/storage/sqlite"
)

// backupCommand saves an embedded store in a single file.
type backupCommand struct {
	storeFlag
	File string `arg:"" help:"The file to create; an existing file is never overwritten." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (backupCommand) Help() string {
	return `Backs up the embedded store as it is at this moment. The portal can keep running.

  portal backup --store /srv/postern /backup/postern-$(date +%F).db
  portal restore /backup/postern-2026-11-21.db --store /srv/postern-restored

The file contains personal data; only its owner can read it. It also contains waiting emails: a portal restored from it sends those again that were sent since. It does not contain the installation secret (secret.key): keep that file in another place. Back up MongoDB with its own tools, or with "portal copy" into a directory.`
}

// Run creates the backup.
func (c backupCommand) Run(ctx context.Context, w *environment) error {
	if err := c.embedded("use mongodump, or \"portal copy\" into a directory"); err != nil {
		return err
	}
	if c.isNew() {
		return failf("There is no store in %s. Check --store.", c.Store)
	}
	show, done := newGauge(w, true)
	err := sqlite.Backup(ctx, c.Store, c.File, show)
	done()
	switch {
	case errors.Is(err, fs.ErrExist):
		return failf("%s exists already, and a backup never overwrites a file. Choose another name.", c.File)
	case err != nil:
		return storeFault(ctx, err)
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return failf("Cannot find the backup: %s.", err)
	}
	w.say("%s: %d bytes", c.File, info.Size())
	w.note("The backup does not contain the installation secret. Keep a copy of %s in another place.",
		c.secretName())
	return nil
}

// embedded returns an error for a store on a server. instead is the advice for such a store.
func (f storeFlag) embedded(instead string) error {
	if !strings.Contains(f.Store, "://") {
		return nil
	}
	var wrong problems
	wrong.add("--store: this command works on a directory; with MongoDB, %s.", instead)
	return wrong.usage("")
}

// storeFault turns an error of the embedded store into a message.
func storeFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return failf("Stopped. No file was left.")
	}
	return failf("%s.", strings.TrimPrefix(err.Error(), "sqlite: "))
}
