package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// certificate is a TLS certificate in two files, which may be replaced while the server runs.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	sighups <-chan os.Signal // each signal reloads the files; nil for none

	current atomic.Pointer[tls.Certificate]
	seen    fingerprint // of the files when they were last loaded
}

// fingerprint detects replaced files without reading them.
type fingerprint [2]struct {
	size     int64
	modified time.Time
}

// reloadEvery is how often the files are checked.
const reloadEvery = 2 * time.Second

// readCertificate loads the files for the first time.
func readCertificate(certFile, keyFile string) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: slog.New(slog.DiscardHandler), now: time.Now}
	c.seen = c.look()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, unreadable(err)
	}
	c.current.Store(&pair)
	return c, nil
}

// unreadable names the file that cannot be read. Other errors of the standard library are clear enough.
func unreadable(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("cannot read %s: %w", at.Path, at.Err)
	}
	return err
}

func (c *certificate) look() (f fingerprint) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil { // a missing file counts as changed once it appears
			f[i].size, f[i].modified = info.Size(), info.ModTime()
		}
	}
	return f
}

// watch checks the files until ctx ends, and returns nil.
func (c *certificate) watch(ctx context.Context) error {
	c.warn(ctx)
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			c.refresh(ctx)
		case <-c.sighups:
			c.reload(ctx)
		}
	}
}

// refresh reloads the files if they have changed.
func (c *certificate) refresh(ctx context.Context) {
	if c.look() != c.seen {
		c.reload(ctx)
	}
}

// reload loads the files. If they are unusable it logs the error and keeps the current certificate: the two
// files are rarely replaced at the same moment.
func (c *certificate) reload(ctx context.Context) {
	c.seen = c.look()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.ErrorContext(ctx, "cannot load the new TLS certificate; still using the previous one", "error",
			unreadable(err))
		return
	}
	c.current.Store(&pair)
	c.log.InfoContext(ctx, "TLS certificate reloaded", "until", pair.Leaf.NotAfter)
	c.warn(ctx)
}

// warn logs a warning if the certificate has expired.
func (c *certificate) warn(ctx context.Context) {
	if leaf := c.current.Load().Leaf; c.now().After(leaf.NotAfter) {
		c.log.WarnContext(ctx, "TLS certificate has expired; renew it", "until", leaf.NotAfter)
	}
}

// listen adds TLS to a listener. The site supports only HTTP/1.1.
func (c *certificate) listen(plain net.Listener) net.Listener {
	return tls.NewListener(plain, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	})
}
