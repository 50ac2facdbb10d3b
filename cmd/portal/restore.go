package main

import (
	"context"
	"errors"
	"io/fs"

	"postern/portal/secret"
	"postern/storage/sqlite"
)

// restoreCommand makes a store of a backup.
type restoreCommand struct {
	storeFlag
	File string `arg:"" help:"The file that \"portal backup\" made." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (restoreCommand) Help() string {
	return `Makes a store of a backup, in a directory that has none yet.

  portal restore /backup/postern-2026-11-21.db --store /srv/postern-restored

The file is checked first; one that is damaged leaves nothing behind. Sessions and links are those of the moment of the backup. A backup does not hold the installation secret: put the secret.key of the saved store into the new directory, with mode 0600, or name it with --secret-key-file.`
}

// Run restores it.
func (c restoreCommand) Run(ctx context.Context, w *world) error {
	if err := c.embedded("restored with the tools of its server (mongorestore)"); err != nil {
		return err
	}
	err := sqlite.Restore(ctx, c.File, c.Store)
	switch {
	case errors.Is(err, fs.ErrExist):
		return failf("There is a store in %s already. Name a directory without one with --store, or move this one away.", c.Store)
	case err != nil:
		return storeFault(ctx, err)
	}
	w.say("The store is in %s.", c.Store)
	if _, err := secret.Read(c.secretName()); errors.Is(err, fs.ErrNotExist) {
		w.note("Put the installation secret of the saved store in %s, with mode 0600: it is in no backup, and the portal does not start without it.",
			c.secretName())
	}
	return nil
}
