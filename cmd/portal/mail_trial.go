package main

import (
	"context"
	"errors"

	"postern/mail"
	"postern/mail/smtp"
	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

// mailGroup holds the subcommands for sending email.
type mailGroup struct {
	Test mailTest `cmd:"" help:"Send a test email and show each step."`
}

// mailTest sends an email with the mail server and DKIM key that serve uses.
type mailTest struct {
	storeFlag
	shopFlag
	smtpFlag
	dkimFlag
	Address string `arg:"" help:"The recipient of the test email."`
	JSON    bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Help implements kong.HelpProvider.
func (mailTest) Help() string {
	return `Sends a test email from the shop, with the same settings, mail server and DKIM key as "portal serve". Shows each step (connect, tls, sign-in, dkim, send) and the message ID, which you can look up in the mail server's log. Exits with status 1 if a step fails.

  PORTAL_SMTP_PASSWORD=... portal mail test you@example.com --smtp smtp://account@mail.shop.example:587 --dkim /etc/postern/dkim

` + smtpOptions
}

// Run sends the email.
func (c mailTest) Run(ctx context.Context, w *environment) error {
	var wrong problems
	sender := c.sender(w, &wrong)
	keys := c.load(&wrong)
	to, ok := validate.CanonicalEmail(c.Address)
	if !ok {
		wrong.add("ADDRESS: %q is not a valid email.", c.Address)
	}
	if err := wrong.usage("help mail test"); err != nil {
		return err
	}
	renderer, err := mail.LoadRenderer()
	if err != nil {
		return err
	}
	sender.Keys = keys
	return c.use(ctx, func(operator portal.Operator) error {
		sh, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		message, err := operator.TestEmail(sh, to, w.texts, renderer)
		if err != nil {
			return err
		}
		sender.Domain = func(context.Context) string { return nameForMail([]shop.Shop{sh}) }
		return showTrial(w, sender.Try(ctx, message), message.ID, c.JSON)
	})
}

// showTrial prints the steps and explains a failed one at the end.
func showTrial(w *environment, steps []smtp.Step, id string, asJSON bool) error {
	t := table{head: []string{"STEP", "RESULT", "DETAIL"}}
	var failed error
	for _, step := range steps {
		if step.Err == nil {
			t.add(step.Name, "ok", step.Detail)
			continue
		}
		failed = step.Err
		why := mail.CleanReason(failed)
		if asJSON {
			why = mail.WholeReason(failed)
		}
		t.add(step.Name, "failed", why)
	}
	if failed == nil {
		t.add("message-id", "ok", id)
	}
	if err := t.print(w, asJSON); err != nil || failed == nil {
		return err
	}
	var f *mail.Failure
	switch {
	case !errors.As(failed, &f) || f.Cause == "" && f.Temporary:
		return failf("The mail server did not accept the email for now. Try again later, or ask its operator.")
	case f.Cause == "":
		return failf("The mail server rejected the email. Check the shop's sender email and the recipient.")
	}
	what, todo := adviceOn(*f)
	return failf("The %s: %s.", what, todo)
}
