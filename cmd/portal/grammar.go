package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// grammar is the entire command line. The tag "setting" sets a flag's name in the environment and the file
// if it differs from the flag's own, because all commands share one namespace there.
type grammar struct {
	Config string `help:"Read settings from this file: JSON, or lines such as \"store = /srv/postern\". A flag overrides the environment, which overrides the file." placeholder:"FILE"`

	Demo     demoCommand    `cmd:"" help:"Try a portal with made-up customers and orders; no setup needed."`
	Serve    serveCommand   `cmd:"" help:"Run the portal."`
	Shop     shopGroup      `cmd:"" help:"Create, list, show and change shops."`
	Staff    staffGroup     `cmd:"" help:"Invite, list, change and remove the people who work for a shop."`
	APIKey   apikeyGroup    `cmd:"" name:"apikey" help:"Create, list and revoke a shop's API keys."`
	Import   importGroup    `cmd:"" help:"Import orders from a file."`
	Customer customerGroup  `cmd:"" help:"Find, show, sign out or delete a customer."`
	Order    orderGroup     `cmd:"" help:"Show or delete an order."`
	Log      logGroup       `cmd:"" help:"List, export and verify the log of what was done to customers."`
	Job      jobGroup       `cmd:"" help:"List background jobs, and try failed ones again."`
	Outbox   outboxGroup    `cmd:"" help:"Show emails and send them again."`
	Mail     mailGroup      `cmd:"" help:"Test the mail server."`
	Copy     copyCommand    `cmd:"" help:"Copy one store to another, also between the engines."`
	Backup   backupCommand  `cmd:"" help:"Back up the embedded store to a file while the portal runs."`
	Restore  restoreCommand `cmd:"" help:"Restore a backup."`
	DKIM     dkimGroup      `cmd:"" name:"dkim" help:"Print the DNS record of a DKIM key."`
	Health   healthCommand  `cmd:"" help:"Check the local server's health."`
	Version  versionCommand `cmd:"" help:"Print the version."`
	Help     helpCommand    `cmd:"" help:"Show help for the portal or for one command."`
}

const description = `Postern is a customer account portal for online shops, without passwords: customers request a link by email, click it once, and see their orders, addresses and company details.

New here? Run "portal demo" and open the address it prints. To run your own portal, create a shop with "portal shop create" and an API key for your shop system with "portal apikey create", then start the server with "portal serve".`

// execute parses the arguments and runs the command.
func execute(ctx context.Context, args []string, w *environment) error {
	if err := w.load(); err != nil {
		return err
	}
	w.manual = func(command []string) error { return printHelp(w, command) }
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parser, helped, err := newParser(w)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if *helped {
		return nil
	}
	if err != nil {
		return unparsed(err)
	}
	if _, serves := parsed.Selected().Target.Interface().(serveCommand); !serves || w.unread {
		if err := w.settings.usage(""); err != nil {
			return err
		}
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(w)
}

// newParser returns the parser. helped becomes true when help has been printed.
func newParser(w *environment) (parser *kong.Kong, helped *bool, err error) {
	helped = new(bool)
	parser, err = kong.New(&grammar{},
		kong.Name("portal"), kong.Description(description),
		kong.Writers(w.stdout, w.stderr), kong.Exit(func(int) { *helped = true }),
		kong.ValueFormatter(withVariable),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Bind(w),
	)
	return parser, helped, err
}

// withVariable adds a flag's default and environment variable to its help.
func withVariable(value *kong.Value) string {
	if value.Flag == nil || value.Name == "help" {
		return value.Help
	}
	more := "$" + variableOf(settingOf(value.Flag))
	if value.HasDefault {
		more = "default " + value.Default + ", " + more
	}
	return strings.TrimSuffix(value.Help, ".") + " (" + more + ")."
}

// unparsed turns an error of the parser into a message that names what it did not understand.
func unparsed(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if strings.HasPrefix(text, "expected ") {
		text = "the command is incomplete: " + text
	}
	see := "help"
	var failed *kong.ParseError
	if errors.As(err, &failed) && failed.Context != nil {
		if command := failed.Context.Selected(); command != nil {
			see += " " + strings.TrimPrefix(command.FullPath(), "portal ")
		}
	}
	return problems{text}.usage(see)
}

// helpCommand prints help.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command, such as \"serve\" or \"shop create\"."`
}

// Run prints the help of the command.
func (c helpCommand) Run(w *environment) error { return w.manual(c.Command) }

func printHelp(w *environment, command []string) error {
	parser, helped, err := newParser(w)
	if err != nil {
		return err
	}
	_, err = parser.Parse(append(command, "--help"))
	if *helped {
		return nil
	}
	if err != nil {
		return unparsed(err)
	}
	return fmt.Errorf("no help for %q", strings.Join(command, " "))
}
