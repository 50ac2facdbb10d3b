package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/mail"
)

// Step is one step of a test delivery: "connect", "tls", "sign-in", "dkim" or "send". Err is nil if the
// step succeeded.
type Step struct {
	Name, Detail string
	Err          error
}

// Try hands over one message on a new connection and returns the steps in order. Only the last step can
// have failed.
func (s *Sender) Try(ctx context.Context, m mail.Message) []Step {
	c, err := s.connect(ctx)
	steps := s.stepsTo(ctx, c, err)
	if err != nil {
		return steps
	}
	steps = append(steps, Step{Name: "dkim", Detail: s.Keys.signs(m.From)})
	answer, err := c.send(ctx, m)
	answer = "accepted: 250 " + answer // RFC 5321, 4.3.2: only 250 accepts it
	closing := c.Close()
	if err == nil && closing != nil {
		answer += " (but the connection did not end well: " + closing.Error() + ")"
	}
	return append(steps, Step{Name: "send", Detail: answer, Err: err})
}

// stepsTo returns the steps of connecting, up to the one that failed.
func (s *Sender) stepsTo(ctx context.Context, c *conn, err error) []Step {
	var f *mail.Failure
	errors.As(err, &f)
	if c.raw == nil {
		return []Step{{Name: "connect", Err: err}}
	}
	steps := []Step{{Name: "connect",
		Detail: fmt.Sprintf("%s, greeting it as %s", c.raw.RemoteAddr(), s.hello(ctx))}}
	secured := Step{Name: "tls", Detail: "none: the connection is not encrypted"}
	if c.secured != nil {
		secured.Detail = describe(*c.secured)
	}
	signed := Step{Name: "sign-in", Detail: "none: --smtp names no user"}
	if s.user != "" {
		signed.Detail = "as " + s.user
	}
	all := append(steps, secured, signed)
	if f == nil {
		return all
	}
	last := failedAt(f.Cause, c.secured != nil)
	all[last].Detail, all[last].Err = "", err
	return all[:last+1]
}

// failedAt returns the index of the failed step: connect, tls or sign-in.
func failedAt(cause string, secured bool) int {
	switch {
	case cause == mail.TLSUnavailable, cause == mail.CertificateUntrusted:
		return 1
	case cause == mail.SignInRefused, cause == mail.ServerUnreachable && secured: // no response
		return 2
	}
	return 0
}

func describe(state tls.ConnectionState) string {
	leaf := state.PeerCertificates[0]
	names := append(leaf.DNSNames, leaf.Subject.CommonName)
	return fmt.Sprintf("%s, certificate of %s until %s", tls.VersionName(state.Version), names[0],
		leaf.NotAfter.UTC().Format(time.DateOnly))
}

// signs describes the key that signs messages from the address.
func (k Keys) signs(from string) string {
	_, domain, _ := strings.Cut(strings.ToLower(from), "@")
	at, found := k.byDomain[domain]
	if !found {
		return "not signed: there is no key for " + domain
	}
	return "signed for d=" + domain + " by s=" + at.selector
}
