// Command ferretdb runs a MongoDB-compatible server for the tests of package mongodb, on machines without
// MongoDB: FerretDB over SQLite, on 127.0.0.1, with its files in a temporary directory that it removes.
//
// The first line it prints is the server's mongodb:// address. It runs until SIGINT or SIGTERM or, if its
// standard input is a pipe, until the pipe closes. This server is not atomic between connections, hence the
// pool of one and the long timeouts in the address, and it does not use its indexes. It is a separate
// module so that none of it ends up in the product.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// options allow a single connection with long timeouts: operations wait for each other, and a large
// document takes seconds.
const options = "maxPoolSize=1&serverSelectionTimeoutMS=20000&timeoutMS=20000"

// memoryLimit is the heap size, in bytes, at which garbage collection starts after all.
const memoryLimit = 1 << 30

func main() {
	port := flag.Int("port", 0, "TCP port on 127.0.0.1; 0 takes a free one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if stdin, err := os.Stdin.Stat(); err == nil && stdin.Mode()&os.ModeNamedPipe != 0 {
		ctx = untilEnd(ctx, os.Stdin)
	}
	if err := run(ctx, *port, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

// untilEnd returns a copy of ctx that ends when in does.
func untilEnd(ctx context.Context, in io.Reader) context.Context {
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		io.Copy(io.Discard, in)
	}()
	return ctx
}

// run serves until ctx ends, and prints the address to out.
func run(ctx context.Context, port int, out io.Writer) error {
	dir, err := os.MkdirTemp("", "ferretdb-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	debug.SetGCPercent(-1) // the server panics if a cursor left open is collected
	debug.SetMemoryLimit(memoryLimit)
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: address},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
	})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	fmt.Fprintln(out, server.MongoDBURI()+"?"+options)
	return <-done
}
