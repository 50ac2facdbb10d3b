package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"postern/portal"
	"postern/templates/i18n"
)

// usageError says that the command was called the wrong way; it ends with status 2.
type usageError struct {
	faults faults
	see    string // the command that explains more, "" for none
}

// faults are sentences, each on one thing to mend.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// behind puts a text before each sentence.
func (f faults) behind(text string) faults {
	for i := range f {
		f[i] = text + f[i]
	}
	return f
}

// usage is a usageError of the faults, or nil when there is none.
func (f faults) usage(see string) error {
	if len(f) == 0 {
		return nil
	}
	return &usageError{faults: f, see: see}
}

// Error is the text without the hint.
func (e *usageError) Error() string { return strings.Join(e.faults, "; ") }

// failure is a sentence for the operator; it ends with status 1.
type failure struct{ text string }

// Error is the sentence.
func (f *failure) Error() string { return f.text }

func failf(format string, args ...any) error { return &failure{fmt.Sprintf(format, args...)} }

// errTold ends with status 1; what there is to say was said.
var errTold = errors.New("told already")

// tell explains an error to a person, one line for each thing to mend.
func (w *world) tell(err error) {
	var usage *usageError
	switch {
	case errors.Is(err, errTold):
	case errors.As(err, &usage):
		w.list(usage.faults)
		if usage.see != "" {
			w.note("See \"portal %s\".", usage.see)
		}
	default:
		w.list(w.explain(err))
	}
}

func (w *world) list(faults faults) {
	if len(faults) == 1 {
		w.note("portal: %s", faults[0])
		return
	}
	w.note("portal: %d problems:", len(faults))
	for _, fault := range faults {
		w.note("  %s", fault)
	}
}

// explain turns an error into sentences. An error of the product is told by its message, with the flags
// that are wrong, behind what was said of where it was met; any other by its own text on one line.
func (w *world) explain(err error) faults {
	var own *portal.Error
	switch {
	case errors.As(err, &own):
		where, known := strings.CutSuffix(err.Error(), own.Error())
		if !known {
			where = ""
		}
		return w.explainOwn(own).behind(where)
	case errors.Is(err, context.Canceled):
		return faults{"Stopped."}
	}
	return faults{strings.Join(strings.Fields(err.Error()), " ")}
}

func (w *world) explainOwn(err *portal.Error) faults {
	var all faults
	for _, fault := range err.Faults {
		all.add("%s: %s", flagOf(fault.Field), w.sentence(fault.Key, fault.Args))
	}
	switch {
	case len(all) > 0:
	case err.Key != "":
		all.add("%s", w.sentence(err.Key, nil))
	case err.Kind == portal.NotFound:
		all.add("Not found in the store.")
	default:
		all.add("%s", strings.Join(strings.Fields(err.Error()), " "))
	}
	return all
}

// flagOf is the flag that sets a field of the product; the id and the name of a thing are arguments.
func flagOf(field string) string {
	if field == "id" {
		return "ID"
	}
	return "--" + strings.ReplaceAll(field, "_", "-")
}

// sentence is the message of a key. A key without one is shown with its values: better than nothing.
func (w *world) sentence(key string, args map[string]string) string { return say(w.words, key, args) }

func say(words *i18n.Localizer, key string, args map[string]string) string {
	if words.Has(key) {
		return words.T(key, args)
	}
	text := key
	for name, value := range args {
		text += fmt.Sprintf(" (%s %s)", name, value)
	}
	return text
}
