// Command portal is a self-hosted, passwordless customer-account portal for online shops. The package owns
// the command line: its grammar, the settings from flags, environment and file, how faults are told to
// people, and the putting together of store, product, site, mail and worker.
//
// It must not hold a rule of the product: every command asks an actor of package portal.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	_ "time/tzdata" // a container may have no time zones of its own
)

// garbagePercent lets the heap grow to four times what is in use before it is collected: a page makes much
// that is gone with it, and little stays.
const garbagePercent = 300

func main() {
	debug.SetGCPercent(garbagePercent)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	w := world{env: environment(os.Environ()), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(run(ctx, os.Args[1:], w))
}

func environment(pairs []string) map[string]string {
	env := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	return env
}

// The statuses a command exits with.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

// run does what the arguments say and returns the exit status.
func run(ctx context.Context, args []string, w world) int {
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
