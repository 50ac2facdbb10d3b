package main

import (
	"context"
	"errors"
	"io/fs"

	"postern/portal/secret"
	"postern/storage/sqlite"
)

// restoreCommand creates a store from a backup.
type restoreCommand struct {
	storeFlag
	File string `arg:"" help:"A file that \"portal backup\" created." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (restoreCommand) Help() string {
	return `Restores a backup into a directory that has no store yet.

  portal restore /backup/postern-2026-11-21.db --store /srv/postern-restored

The file is checked first, and nothing is restored from a damaged one. Sessions and links are restored, too. A backup does not contain the installation secret: put the original store's secret.key into the new directory, with mode 0600, or name it with --secret-key-file.`
}

// Run restores the backup.
func (c restoreCommand) Run(ctx context.Context, w *environment) error {
	if err := c.embedded("use mongorestore"); err != nil {
		return err
	}
	err := sqlite.Restore(ctx, c.File, c.Store)
	switch {
	case errors.Is(err, fs.ErrExist):
		return failf("There is a store in %s already. Choose another directory with --store, or move this one away.", c.Store)
	case err != nil:
		return storeFault(ctx, err)
	}
	w.say("Restored the store in %s.", c.Store)
	if _, err := secret.Read(c.secretName()); errors.Is(err, fs.ErrNotExist) {
		w.note("Put the original store's installation secret into %s, with mode 0600: backups do not contain it, and the portal does not start without it.",
			c.secretName())
	}
	return nil
}
