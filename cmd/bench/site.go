package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"

	"postern/portal"
	"postern/portal/secret"
	"postern/portal/web"
)

// siteCommand is the first argument of the child process that is profiled.
const siteCommand = "site"

// serveSite serves the real site with a store, without email and worker, and writes a CPU profile when ctx
// ends.
func serveSite(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet(siteCommand, flag.ContinueOnError)
	store := set.String("store", "", "a store")
	profile := set.String("profile", "", "a file")
	if err := set.Parse(args); err != nil {
		return err
	}
	engine, err := openStore(ctx, *store)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ring, err := secret.New(benchSecret())
	if err != nil {
		return errors.Join(err, engine.Close())
	}
	app, err := web.New(web.Config{App: portal.New(engine, ring, portal.WithLog(log)), Log: log})
	if err != nil {
		return errors.Join(err, engine.Close())
	}
	file, err := os.Create(*profile)
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err == nil {
		err = serveUntil(ctx, app, out)
		pprof.StopCPUProfile()
	}
	return errors.Join(err, file.Close(), engine.Close())
}
