package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"postern/storage/sqlite"
)

// backupCommand saves an embedded store in one file.
type backupCommand struct {
	storeFlag
	File string `arg:"" help:"The file to make; one that exists is never overwritten." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (backupCommand) Help() string {
	return `Saves the embedded store as it is at this moment. The portal may run meanwhile, and nobody notices.

  portal backup --store /srv/postern /backup/postern-$(date +%F).db
  portal restore /backup/postern-2026-11-21.db --store /srv/postern-restored

The file holds personal data; only its owner can read it. Mails that wait are in it, too: a portal that is served from a backup sends again what went out since. The installation secret (secret.key) is not in it: keep that file elsewhere, by itself. A store on MongoDB is saved with the tools of its server, or with "portal copy" into a directory.`
}

// Run saves it.
func (c backupCommand) Run(ctx context.Context, w *world) error {
	if err := c.embedded("saved with the tools of its server (mongodump), or with \"portal copy\" into a directory"); err != nil {
		return err
	}
	if c.isNew() {
		return failf("There is no store in %s. Name the one you mean with --store.", c.Store)
	}
	show, done := newGauge(w, true)
	err := sqlite.Backup(ctx, c.Store, c.File, show)
	done()
	switch {
	case errors.Is(err, fs.ErrExist):
		return failf("%s exists already; a backup never overwrites a file. Choose another name.", c.File)
	case err != nil:
		return storeFault(ctx, err)
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return failf("The backup cannot be found: %s.", err)
	}
	w.say("%s: %d bytes", c.File, info.Size())
	w.note("The installation secret is not in it. Keep %s as well, in another place.", c.secretName())
	return nil
}

// embedded refuses a store on a server; instead says what is done with that.
func (f storeFlag) embedded(instead string) error {
	if !strings.Contains(f.Store, "://") {
		return nil
	}
	var wrong faults
	wrong.add("--store: this works on a directory; a store on MongoDB is %s.", instead)
	return wrong.usage("")
}

// storeFault words an error of the embedded store.
func storeFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return failf("Stopped. Nothing is left behind.")
	}
	return failf("%s.", strings.TrimPrefix(err.Error(), "sqlite: "))
}
