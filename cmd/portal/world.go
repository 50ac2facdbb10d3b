package main

import (
	"fmt"
	"io"

	"postern/templates/i18n"
)

// world is what a command sees of the world outside. Nothing else in this package reads the environment or
// writes to a terminal, so that a test can be the world.
type world struct {
	env            map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer

	texts    *i18n.Catalogue
	words    *i18n.Localizer // English: operators read what logs and manuals say
	settings faults          // what is wrong with the configuration file
	unread   bool            // the file could not be read to its end: what seems to be missing may stand in it
	manual   func(command []string) error
}

// load gives the world its words.
func (w *world) load() error {
	var err error
	if w.texts, err = i18n.Load(); err != nil {
		return err
	}
	w.words = w.texts.Operator()
	return nil
}

// say writes a line of result.
func (w *world) say(format string, args ...any) {
	fmt.Fprintf(w.stdout, format+"\n", args...)
}

// note writes a line that is no result: a warning, or how something goes.
func (w *world) note(format string, args ...any) {
	fmt.Fprintf(w.stderr, format+"\n", args...)
}
