package main

import (
	"errors"
	"os"
	"strings"

	"postern/mail/smtp"
)

// smtpFlag says which mail server sends emails.
type smtpFlag struct {
	SMTP             string `name:"smtp" help:"The mail server: smtp://user@host:587 (STARTTLS) or smtps://user@host:465 (TLS). The password comes from PORTAL_SMTP_PASSWORD or --smtp-password-file. Options may follow: ?helo=NAME&ca=FILE&starttls=required|opportunistic|off&timeout=45s." placeholder:"URL"`
	SMTPPasswordFile string `name:"smtp-password-file" help:"A file that holds the mail server's password." placeholder:"FILE"`
}

// smtpOptions explains what may follow ? in --smtp.
const smtpOptions = `Options of the mail server follow its address in --smtp, as in smtp://mail.shop.example:587?helo=account.shop.example&ca=/etc/postern/ca.pem:

  helo=NAME      what this machine calls itself; else its own host name, or the host of the base URL where that has no domain
  ca=FILE        a PEM file of the certificates to trust, in place of the system's
  starttls=HOW   required (the default), opportunistic or off; a user needs required, unless the server is this machine
  timeout=TIME   for connecting and for each email, 45s unless given, 50s at most`

// smtpPassword is the environment variable of the password; there is no flag, since process lists show flags.
const smtpPassword = envPrefix + "SMTP_PASSWORD"

// sender is the mail server. Without one nobody could sign in, so there is no running without.
func (c smtpFlag) sender(w *world, wrong *faults) *smtp.Sender {
	secrets := smtp.Secrets{Password: w.env[smtpPassword]}
	if c.SMTPPasswordFile != "" {
		text, err := os.ReadFile(c.SMTPPasswordFile)
		switch {
		case err != nil:
			wrong.add("--smtp-password-file: %s.", err)
			secrets.Password = "unknown" // there is one, for the rest of the check
		case secrets.Password != "":
			wrong.add("--smtp-password-file: the password is in %s already; give it in one place.", smtpPassword)
		default:
			secrets.Password = strings.TrimRight(string(text), "\r\n")
		}
	}
	if c.SMTP == "" {
		wrong.add("--smtp: there is no mail server, and without one nobody can sign in. Set --smtp or PORTAL_SMTP, as in " +
			"smtp://user@mail.shop.example:587, and the password in " + smtpPassword + " or --smtp-password-file.")
		return nil
	}
	sender, err := smtp.Parse(c.SMTP, secrets)
	switch {
	case errors.Is(err, smtp.ErrNoPassword):
		wrong.add("--smtp: there is a user but no password. Give it in " + smtpPassword + " or a file named by --smtp-password-file.")
	case err != nil:
		wrong.add("--smtp: %s.", strings.TrimPrefix(err.Error(), "smtp: "))
	}
	return sender
}
