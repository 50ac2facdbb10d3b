package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// reloadOnSIGHUP makes SIGHUP reload the TLS certificate instead of ending the process, as administrators
// expect of a server. Without a certificate the signal is only logged. stop restores the default handling
// of SIGHUP.
func (s *server) reloadOnSIGHUP() (stop func()) {
	sighups := make(chan os.Signal, 1) // several signals at once mean the same
	signal.Notify(sighups, syscall.SIGHUP)
	if s.certificate != nil {
		s.certificate.sighups = sighups
	} else {
		s.beside["SIGHUP"] = func(ctx context.Context) error { return s.ignore(ctx, sighups) }
	}
	return func() { signal.Stop(sighups) }
}

// ignore logs SIGHUPs until ctx ends, and returns nil.
func (s *server) ignore(ctx context.Context, sighups <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sighups:
			s.log.InfoContext(ctx, "SIGHUP ignored: there is no TLS certificate to reload")
		}
	}
}
