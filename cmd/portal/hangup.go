package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// heedHangUps makes SIGHUP reload the TLS certificate instead of ending the process, as administrators
// expect of a server. Without a certificate the signal is only logged. stop restores the default handling
// of SIGHUP.
func (s *server) heedHangUps() (stop func()) {
	hangUps := make(chan os.Signal, 1) // several signals at once mean the same
	signal.Notify(hangUps, syscall.SIGHUP)
	if s.certificate != nil {
		s.certificate.hangUps = hangUps
	} else {
		s.beside["hang-ups"] = func(ctx context.Context) error { return s.ignore(ctx, hangUps) }
	}
	return func() { signal.Stop(hangUps) }
}

// ignore logs SIGHUPs until ctx ends, and returns nil.
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
