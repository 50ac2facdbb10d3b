package main

import (
	"errors"
	"os"
	"strings"

	"postern/mail/smtp"
)

// smtpFlag names the mail server.
type smtpFlag struct {
	SMTP             string `name:"smtp" help:"The mail server: smtp://user@host:587 (STARTTLS) or smtps://user@host:465 (TLS). The password comes from PORTAL_SMTP_PASSWORD or --smtp-password-file. Options may follow: ?helo=NAME&ca=FILE&starttls=required|opportunistic|off&timeout=45s." placeholder:"URL"`
	SMTPPasswordFile string `name:"smtp-password-file" help:"A file with the mail server's password." placeholder:"FILE"`
}

// smtpOptions explains the options after ? in --smtp.
const smtpOptions = `Options follow the mail server's address in --smtp, as in smtp://mail.shop.example:587?helo=account.shop.example&ca=/etc/postern/ca.pem:

  helo=NAME      the name this machine gives; default: its host name, or the host of the base URL if that has no domain
  ca=FILE        a PEM file of root certificates to trust instead of the system's
  starttls=HOW   required (the default), opportunistic or off; must be required with a user, unless the server is local
  timeout=TIME   for connecting and for each email; default 45s, at most 50s`

// smtpPassword is the environment variable of the password. It has no flag, because process listings show
// flags.
const smtpPassword = envPrefix + "SMTP_PASSWORD"

// sender returns the mail server. It is required: without one nobody could sign in.
func (c smtpFlag) sender(w *environment, wrong *problems) *smtp.Sender {
	secrets := smtp.Secrets{Password: w.env[smtpPassword]}
	if c.SMTPPasswordFile != "" {
		text, err := os.ReadFile(c.SMTPPasswordFile)
		switch {
		case err != nil:
			wrong.add("--smtp-password-file: %s.", err)
			secrets.Password = "unknown" // any password, so that the rest of the check can continue
		case secrets.Password != "":
			wrong.add("--smtp-password-file: %s has the password already; use only one.", smtpPassword)
		default:
			secrets.Password = strings.TrimRight(string(text), "\r\n")
		}
	}
	if c.SMTP == "" {
		wrong.add("--smtp: there is no mail server, and without one nobody can sign in. Set --smtp or PORTAL_SMTP, such as " +
			"smtp://user@mail.shop.example:587, and the password in " + smtpPassword +
			" or --smtp-password-file.")
		return nil
	}
	sender, err := smtp.Parse(c.SMTP, secrets)
	switch {
	case errors.Is(err, smtp.ErrNoPassword):
		wrong.add("--smtp: there is a user but no password. Set " + smtpPassword +
			" or --smtp-password-file.")
	case err != nil:
		wrong.add("--smtp: %s.", strings.TrimPrefix(err.Error(), "smtp: "))
	}
	return sender
}
