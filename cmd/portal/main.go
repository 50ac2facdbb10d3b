// Command portal is a self-hosted, passwordless customer-account portal for online shops. The package owns
// the command line: its grammar, the settings from flags, environment and file, the error messages, and the
// wiring of store, product, site, dispatcher and worker.
//
// It must not contain rules of the product: every command calls an actor of package portal.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	_ "time/tzdata" // a container may lack time zone data
)

// garbagePercent lets the heap grow to four times its live size between collections: a page allocates much
// memory that is free again after the request.
const garbagePercent = 300

func main() {
	debug.SetGCPercent(garbagePercent)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process immediately
	w := environment{env: parseEnvironment(os.Environ()), stdin: os.Stdin, stdout: os.Stdout,
		stderr: os.Stderr}
	os.Exit(run(ctx, os.Args[1:], w))
}

func parseEnvironment(pairs []string) map[string]string {
	env := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}

// Exit statuses.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

// run executes the command in args and returns the exit status.
func run(ctx context.Context, args []string, w environment) int {
	err := execute(ctx, args, &w)
	if err == nil {
		return exitOK
	}
	w.tell(err)
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}
