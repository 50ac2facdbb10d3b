package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// heedHangUps makes SIGHUP, which would end the process, read the TLS certificate again, as administrators
// expect of a server. Without one there is nothing to read again, and the signal is only logged. What it
// returns restores the default handling of SIGHUP.
func (s *server) heedHangUps() (stop func()) {
	hangUps := make(chan os.Signal, 1) // more that come at once mean the same
	signal.Notify(hangUps, syscall.SIGHUP)
	if s.certificate != nil {
		s.certificate.hangUps = hangUps
	} else {
		s.beside["hang-ups"] = func(ctx context.Context) error { return s.ignore(ctx, hangUps) }
	}
	return func() { signal.Stop(hangUps) }
}

// ignore logs hang-ups until ctx ends, and returns nil.
func (s *server) ignore(ctx context.Context, hangUps <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangUps:
			s.log.InfoContext(ctx, "SIGHUP ignored: there is no TLS certificate to reload")
		}
	}
}
