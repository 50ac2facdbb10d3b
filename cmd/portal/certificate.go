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

// certificate is a TLS certificate in two files, which somebody replaces from time to time while the server
// runs.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	hangUps <-chan os.Signal // each has the files read at once; nil for none

	current atomic.Pointer[tls.Certificate]
	seen    fingerprint // of the files as they were tried last
}

// fingerprint tells whether files were replaced, without reading them.
type fingerprint [2]struct {
	size     int64
	modified time.Time
}

// reloadEvery is how often the files are looked at.
const reloadEvery = 2 * time.Second

// readCertificate reads the files for the first time.
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

// unreadable says which file cannot be read; the standard library's other errors say enough.
func unreadable(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("cannot read %s: %w", at.Path, at.Err)
	}
	return err
}

func (c *certificate) look() (f fingerprint) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil { // one that is not there counts as changed when it comes
			f[i].size, f[i].modified = info.Size(), info.ModTime()
		}
	}
	return f
}

// watch looks at the files until ctx ends, and returns nil.
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
		case <-c.hangUps:
			c.reload(ctx)
		}
	}
}

// refresh reads the files when they have changed.
func (c *certificate) refresh(ctx context.Context) {
	if c.look() != c.seen {
		c.reload(ctx)
	}
}

// reload reads the files. What cannot be used is logged, and the certificate stays: the two files are
// rarely replaced in the same moment.
func (c *certificate) reload(ctx context.Context) {
	c.seen = c.look()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.ErrorContext(ctx, "cannot load the new TLS certificate; still using the previous one", "error", unreadable(err))
		return
	}
	c.current.Store(&pair)
	c.log.InfoContext(ctx, "TLS certificate reloaded", "until", pair.Leaf.NotAfter)
	c.warn(ctx)
}

// warn tells of a certificate that browsers refuse.
func (c *certificate) warn(ctx context.Context) {
	if leaf := c.current.Load().Leaf; c.now().After(leaf.NotAfter) {
		c.log.WarnContext(ctx, "TLS certificate has expired; renew it", "until", leaf.NotAfter)
	}
}

// listen puts TLS on a listener. The site speaks HTTP/1.1 only.
func (c *certificate) listen(plain net.Listener) net.Listener {
	return tls.NewListener(plain, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.current.Load(), nil
		},
	})
}
