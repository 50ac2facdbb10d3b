package shopper

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/storage/storagetest"
)

// TestDownloads checks that a download that fails or panics closes only its own connection, and that long
// ones are complete.
func TestDownloads(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 100_000)
	h := New(portal.New(storagetest.Open(t, portal.Collections()...), secrettest.Ring()), nil, 0)
	site := fiber.New(fiber.Config{DisableStartupMessage: true})
	for name, write := range map[string]func(context.Context, io.Writer) error{
		"whole": func(_ context.Context, to io.Writer) error {
			_,
				err := io.WriteString(to, long)
			return err
		},
		"broken": func(_ context.Context, to io.Writer) error {
			_, err := io.WriteString(to, long)
			return errors.Join(err, io.ErrUnexpectedEOF)
		},
		"panics": func(_ context.Context, to io.Writer) error {
			_,
				_ = io.WriteString(to, long)
			panic("in the middle")
		},
	} {
		site.Get("/"+name, func(c *fiber.Ctx) error { return h.download(c, portal.Shopper{}, name, write) })
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = site.Listener(listener) }() // until Shutdown
	t.Cleanup(func() { _ = site.Shutdown() })
	for name, whole := range map[string]bool{"broken": false, "panics": false, "whole": true} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			"http://"+listener.Addr().String()+"/"+name, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if (err == nil) != whole || whole && string(body) != long || response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, %d bytes, %v", name, response.StatusCode, len(body), err)
		}
	}
}
