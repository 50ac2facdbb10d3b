package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"postern/mail"
)

// noConnection returns the cause of a failed connection. For some causes the library has no error values,
// only texts.
func noConnection(err error) *mail.Failure {
	f := &mail.Failure{Temporary: true, Down: true, Cause: mail.ServerUnreachable, Reason: err.Error()}
	if answer := (*textproto.Error)(nil); errors.As(err, &answer) {
		f.Code = answer.Code
	}
	switch {
	case isUntrusted(err):
		f.Cause, f.Reason = mail.CertificateUntrusted, "the mail server's certificate is not trusted: "+
			err.Error()
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		f.Cause, f.Reason = mail.TLSUnavailable, "the mail server offers no TLS by STARTTLS: use smtps://host:465 if it has that; "+
			"?starttls=off sends unencrypted, with a user only to this machine"
	case isNoTLS(err):
		f.Cause, f.Reason = mail.TLSUnavailable, "the mail server does not speak TLS as expected; smtps:// is for ports with TLS from the "+
			"first byte, smtp:// for STARTTLS: "+err.Error()
	case isSignIn(err) && f.Code >= 500:
		f.Cause, f.Reason = mail.SignInRefused, fmt.Sprintf("the mail server refused the sign-in (%d): %s",
			f.Code, err)
	case isNoSignIn(err):
		f.Cause, f.Reason = mail.SignInRefused, "the mail server takes no user and password here: "+
			err.Error()
	case f.Code >= 500:
		f.Cause, f.Reason = mail.ServerRefused, fmt.Sprintf("the mail server turned this machine away (%d): %s", f.Code, err)
	}
	return f
}

func isUntrusted(err error) bool {
	var untrusted *tls.CertificateVerificationError
	return errors.As(err, &untrusted)
}

func isNoTLS(err error) bool {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	return errors.As(err, &alert) || errors.As(err, &record)
}

func isSignIn(err error) bool { return strings.HasPrefix(err.Error(), "SMTP AUTH failed") }

func isNoSignIn(err error) bool {
	for _, one := range []error{gomail.ErrPlainAuthNotSupported, gomail.ErrLoginAuthNotSupported,
		gomail.ErrNoSupportedAuthDiscovered} {
		if errors.Is(err, one) {
			return true
		}
	}
	return strings.Contains(err.Error(), "does not support SMTP AUTH") || strings.Contains(err.Error(),
		"unsupported SMTP AUTH type")
}
