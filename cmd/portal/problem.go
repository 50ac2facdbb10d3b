package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"postern/portal/validate"
	"postern/templates/i18n"
)

// usageError means that the command was used incorrectly. It exits with status 2.
type usageError struct {
	problems problems
	see      string // the command that explains more, "" for none
}

// problems are sentences, one for each problem.
type problems []string

func (f *problems) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// prefixed prefixes each sentence with a text.
func (f problems) prefixed(text string) problems {
	for i := range f {
		f[i] = text + f[i]
	}
	return f
}

// usage returns the problems as a usageError, or nil if there are none.
func (f problems) usage(see string) error {
	if len(f) == 0 {
		return nil
	}
	return &usageError{problems: f, see: see}
}

// Error returns the text without the hint.
func (e *usageError) Error() string { return strings.Join(e.problems, "; ") }

// failure is a sentence for the operator. It exits with status 1.
type failure struct{ text string }

// Error returns the sentence.
func (f *failure) Error() string { return f.text }

func failf(format string, args ...any) error { return &failure{fmt.Sprintf(format, args...)} }

// errTold exits with status 1 and prints nothing, because the error has been printed.
var errTold = errors.New("told already")

// tell prints an error for the operator, one line for each problem.
func (w *environment) tell(err error) {
	var usage *usageError
	switch {
	case errors.Is(err, errTold):
	case errors.As(err, &usage):
		w.list(usage.problems)
		if usage.see != "" {
			w.note("See \"portal %s\".", usage.see)
		}
	default:
		w.list(w.explain(err))
	}
}

func (w *environment) list(problems problems) {
	if len(problems) == 1 {
		w.note("portal: %s", problems[0])
		return
	}
	w.note("portal: %d problems:", len(problems))
	for _, problem := range problems {
		w.note("  %s", problem)
	}
}

// explain turns an error into sentences. For an error of the product it uses the messages, with the flags
// at fault and a prefix that says where it occurred. Any other error becomes one line with its own text.
func (w *environment) explain(err error) problems {
	var own *validate.Error
	switch {
	case errors.As(err, &own):
		where, known := strings.CutSuffix(err.Error(), own.Error())
		if !known {
			where = ""
		}
		return w.explainOwn(own).prefixed(where)
	case errors.Is(err, context.Canceled):
		return problems{"Stopped."}
	}
	return problems{strings.Join(strings.Fields(err.Error()), " ")}
}

func (w *environment) explainOwn(err *validate.Error) problems {
	var all problems
	for _, wrong := range err.Fields {
		all.add("%s: %s", flagOf(wrong.Field), w.sentence(wrong.Key, wrong.Args))
	}
	switch {
	case len(all) > 0:
	case err.Key != "":
		all.add("%s", w.sentence(err.Key, nil))
	case err.Kind == validate.NotFound:
		all.add("Not found in the store.")
	default:
		all.add("%s", strings.Join(strings.Fields(err.Error()), " "))
	}
	return all
}

// flagOf returns the flag that sets a field of the product. The ID is an argument.
func flagOf(field string) string {
	if field == "id" {
		return "ID"
	}
	return "--" + strings.ReplaceAll(field, "_", "-")
}

// sentence returns the message of a key, or the key and its values if there is no message.
func (w *environment) sentence(key string, args map[string]string) string {
	return say(w.words, key, args)
}

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
