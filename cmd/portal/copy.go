package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"postern/portal"
	"postern/storage"
	"postern/storage/sqlite"
	"postern/storage/transfer"
)

// copyCommand copies one store to another.
type copyCommand struct {
	From string `arg:"" help:"The store to copy: a directory, or a mongodb:// or mongodb+srv:// URL." placeholder:"FROM"`
	To   string `arg:"" help:"The store to copy to, of either kind; a directory is created if needed." placeholder:"TO"`

	FromPasswordFile string `setting:"copy-from-password-file" help:"A file with the password of the MongoDB server to copy from; or set PORTAL_COPY_FROM_PASSWORD." placeholder:"FILE"`
	ToPasswordFile   string `setting:"copy-to-password-file" help:"A file with the password of the MongoDB server to copy to; or set PORTAL_COPY_TO_PASSWORD." placeholder:"FILE"`
}

// Help implements kong.HelpProvider.
func (copyCommand) Help() string {
	return `Makes the target equal to the source, including deletions. Use it to move a portal to MongoDB, or back:

  export PORTAL_COPY_TO_PASSWORD=...
  portal copy /srv/postern mongodb://portal@db.internal/postern     # while the portal runs
  systemctl stop postern
  portal copy /srv/postern mongodb://portal@db.internal/postern     # copies what changed since
  PORTAL_STORE_PASSWORD=... portal serve --store mongodb://portal@db.internal/postern --secret-key-file /srv/postern/secret.key ...

Leave passwords out of the URLs: they would show in process listings. Use PORTAL_COPY_FROM_PASSWORD and PORTAL_COPY_TO_PASSWORD, or --from-password-file and --to-password-file. PORTAL_STORE_PASSWORD is not sent to either server.

If a copy is interrupted, run it again. Only differences are written, so a second run is quick. The target must be empty, or unchanged since earlier copies from the same source; otherwise it is refused and nothing is written. Do not serve the target during a copy. Rate-limit counters are not copied. Nor is the installation secret: name the same file with --secret-key-file for the portal on the new store.`
}

// Run copies the store.
func (c copyCommand) Run(ctx context.Context, w *environment) error {
	if (storeFlag{Store: c.From}).isNew() {
		return failf("There is no store in %s.", c.From)
	}
	if c.ontoItself() {
		return failf("Source and target are the same store.")
	}
	source, target, err := c.addresses(w)
	if err != nil {
		return err
	}
	from, err := openStore(ctx, source, "FROM", w.stderr)
	if err != nil {
		return err
	}
	to, err := openStore(ctx, target, "TO", w.stderr)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	err = c.copy(ctx, w, from, to)
	return errors.Join(err, to.Close(), from.Close())
}

// ontoItself reports whether FROM and TO are the same store, as far as their names show.
func (c copyCommand) ontoItself() bool {
	from, missing := os.Stat(c.From)
	to, err := os.Stat(c.To)
	return c.From == c.To || missing == nil && err == nil && os.SameFile(from, to)
}

// addresses returns the addresses of the two stores with their passwords.
func (c copyCommand) addresses(w *environment) (from, to string, err error) {
	const fromSecret, toSecret = envPrefix + "COPY_FROM_PASSWORD", envPrefix + "COPY_TO_PASSWORD"
	var wrong problems
	from = storePassword{
		of: "FROM", variable: fromSecret, value: w.env[fromSecret], flag: "--from-password-file",
		file: c.FromPasswordFile,
	}.address(c.From, &wrong)
	to = storePassword{
		of: "TO", variable: toSecret, value: w.env[toSecret], flag: "--to-password-file",
		file: c.ToPasswordFile,
	}.address(c.To, &wrong)
	return from, to, wrong.usage("help copy")
}

func (c copyCommand) copy(ctx context.Context, w *environment, from, to storage.Engine) error {
	if store, embedded := to.(*sqlite.Store); embedded {
		if err := store.Lock(); err != nil { // a running server would write to it
			return failf("%s.", strings.TrimPrefix(err.Error(), "sqlite: "))
		}
	}
	began := time.Now()
	show, done := newGauge(w, false)
	report, err := transfer.Copy(ctx, from, to, portal.Collections(), show)
	done()
	switch {
	case errors.Is(err, transfer.ErrTarget):
		reason := strings.TrimSuffix(strings.TrimPrefix(err.Error(), "copy: "),
			": "+transfer.ErrTarget.Error())
		return failf("Cannot copy to %s from %s: %s. Nothing was written. Choose an empty target.",
			storeFlag{Store: c.To}.shownStore(), storeFlag{Store: c.From}.shownStore(), reason)
	case ctx.Err() != nil:
		return failf("Stopped. Run the same command again to continue.")
	case err != nil:
		return err
	}
	w.note("The installation secret was not copied: use the same one for both stores (--secret-key-file).")
	w.say("copied in %s", time.Since(began).Round(100*time.Millisecond))
	w.say("  new        %d", report.Inserted)
	w.say("  changed    %d", report.Replaced)
	w.say("  deleted    %d", report.Deleted)
	w.say("  unchanged  %d", report.Unchanged)
	if report.Behind > 0 {
		w.say("  behind     %d  (changed during the copy: run it again, the last time with the source's server stopped)", report.Behind)
	}
	return nil
}
