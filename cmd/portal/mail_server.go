package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"postern/mail"
	"postern/portal/shop"
)

// Pauses between attempts to connect to an unreachable mail server. After a refused sign-in the pause is
// longer, because some servers lock the account.
const (
	probePause       = time.Minute
	probeSignInPause = 5 * time.Minute
)

// probeMail connects to the mail server at the start, and repeatedly while it is unreachable, so that its
// state is known even if no email is due.
func (s *server) probeMail(ctx context.Context) error {
	for {
		pause := probePause
		switch cause, met := s.monitor.away(); {
		case s.monitor.lines.Load() > 0 || met && cause == "": // the state is known
		default:
			s.probeOnce(ctx)
			if cause, _ = s.monitor.away(); cause == mail.SignInRefused {
				pause = probeSignInPause
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

func (s *server) probeOnce(ctx context.Context) {
	conn, err := s.monitor.sender(s.sender).Connect(ctx)
	if err != nil {
		return // the monitor has recorded and reported it
	}
	if err := conn.Close(); err != nil {
		s.log.DebugContext(ctx, "close the connection to the mail server", "error", err)
	}
}

// reportMail logs a change of the mail server's state and the action to take.
func (s *server) reportMail(f mail.Failure) {
	const storeTime = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	waiting, oldest := "an unknown number of emails are waiting", time.Duration(0)
	if found, err := s.backlog.look(ctx); err == nil {
		waiting, oldest = countWaiting(found.waiting), found.overdue
	}
	if f.Cause == "" {
		s.log.InfoContext(ctx, "mail server reached again; "+waiting)
		return
	}
	level := slog.LevelError
	if f.Cause == mail.ServerUnreachable {
		level = slog.LevelWarn
	}
	what, todo := adviceOn(f)
	s.log.LogAttrs(ctx, level, what+"; "+waiting+"; "+todo, slog.String("reason", mail.CleanReason(&f)),
		slog.String("oldest_waits", oldest.Round(time.Second).String()))
}

func countWaiting(n int) string {
	if n == 1 {
		return "1 email is waiting"
	}
	return fmt.Sprintf("%d emails are waiting", n)
}

// adviceOn returns what happened and the action to take.
func adviceOn(f mail.Failure) (what, todo string) {
	switch f.Cause {
	case mail.SignInRefused:
		what, todo = "mail server refused the sign-in", "check the user in --smtp and its password"
	case mail.CertificateUntrusted:
		what, todo = "mail server's certificate is not trusted",
			"check the host in --smtp, or add its root with ca=FILE"
	case mail.TLSUnavailable:
		what, todo = "mail server offers no encryption", "check scheme, port and starttls= in --smtp"
	case mail.ServerRefused:
		what, todo = "mail server rejected this machine", "check helo= in --smtp, or ask its operator"
	case mail.SenderRefused:
		what, todo = "mail server refused the shop's sender",
			"check the shop's --sender-email, and that the user in --smtp may send from it"
	default:
		what, todo = "mail server cannot be reached", "check that it runs, and its host and port in --smtp"
	}
	if f.Code != 0 {
		what += fmt.Sprintf(" (%d)", f.Code)
	}
	return what, todo
}

// mailDomain returns a name of this machine for EHLO: the host of a shop's base URL, otherwise the domain
// of its sender address.
func (s *server) mailDomain(ctx context.Context) string {
	shops, err := s.app.Shops(ctx)
	if err != nil {
		return ""
	}
	return nameForMail(shops)
}

func nameForMail(shops []shop.Shop) string {
	for _, shop := range shops {
		if u, err := url.Parse(shop.BaseURL); err == nil && !onLoopback(shop.BaseURL) {
			return u.Hostname()
		}
	}
	for _, shop := range shops {
		if _, domain, found := strings.Cut(shop.SenderEmail, "@"); found {
			return domain
		}
	}
	return ""
}
