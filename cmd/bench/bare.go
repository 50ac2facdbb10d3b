package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"

	"github.com/gofiber/fiber/v2"
)

// bareCommand is the first argument of the child process that serves as the baseline.
const bareCommand = "bare"

// serveBare serves a page of a fixed size from memory, without middleware, until ctx ends.
func serveBare(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet(bareCommand, flag.ContinueOnError)
	size := set.Int("size", 0, "bytes")
	if err := set.Parse(args); err != nil {
		return err
	}
	page := bytes.Repeat([]byte("<p>bare</p>\n"), *size/12+1)[:*size]
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/orders", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
		return c.Send(page)
	})
	return serveUntil(ctx, app, out)
}

// server is a site that can listen.
type server interface {
	Listener(net.Listener) error
	Shutdown() error
}

// serveUntil serves on a free port, which it prints, until ctx ends.
func serveUntil(ctx context.Context, app server, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listens on http://%s\n", listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return app.Shutdown()
	}
}
