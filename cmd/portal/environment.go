package main

import (
	"fmt"
	"io"

	"postern/templates/i18n"
)

// environment is what surrounds a command: variables, terminal and texts. No other code of this package
// reads variables or writes to a terminal, so that tests can replace it.
type environment struct {
	env            map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer

	texts    *i18n.Catalogue
	words    *i18n.Localizer // English, for the operator
	settings problems        // problems of the configuration file
	unread   bool            // the file was not read completely; "missing" settings may be in it
	manual   func(command []string) error
}

// load loads the texts.
func (w *environment) load() error {
	var err error
	if w.texts, err = i18n.Load(); err != nil {
		return err
	}
	w.words = w.texts.Operator()
	return nil
}

// say writes a line of output.
func (w *environment) say(format string, args ...any) {
	fmt.Fprintf(w.stdout, format+"\n", args...)
}

// note writes a line that is not output, such as a warning or progress.
func (w *environment) note(format string, args ...any) {
	fmt.Fprintf(w.stderr, format+"\n", args...)
}
