package page

import (
	"time"

	"postern/portal/money"
)

// T returns the sentence of a key; see i18n.Localizer.T. It formats amounts of money for the language.
func (b Base) T(key string, args ...any) string {
	return b.L.T(key, b.spoken(args)...)
}

// Marked is a sentence around one value, which a page wraps in markup.
type Marked struct{ Before, Value, After string }

// Around returns the sentence of a key, split around the value called name; see i18n.Localizer.Around.
func (b Base) Around(key, name, value string, args ...any) Marked {
	before, after := b.L.Around(key, name, b.spoken(args)...)
	return Marked{Before: before, Value: value, After: after}
}

// spoken replaces amounts of money with formatted text. It copies args if it changes them.
func (b Base) spoken(args []any) []any {
	if len(args) == 1 {
		if values, ok := args[0].(map[string]any); ok {
			return b.listed(values)
		}
	}
	for i, arg := range args {
		if _, ok := arg.(money.Amount); ok {
			return b.replaced(args, i)
		}
	}
	return args
}

// listed turns a map into pairs of names and values.
func (b Base) listed(values map[string]any) []any {
	args := make([]any, 0, 2*len(values))
	for name, value := range values {
		args = append(args, name, value)
	}
	return b.replaced(args, 0)
}

func (b Base) replaced(args []any, from int) []any {
	out := make([]any, len(args))
	copy(out, args)
	for i := from; i < len(out); i++ {
		switch amount := out[i].(type) {
		case money.Amount:
			out[i] = b.Money(amount)
		case *money.Amount:
			out[i] = b.Money(*amount)
		}
	}
	return out
}

// Money formats an amount: "€1,234.50".
func (b Base) Money(a money.Amount) string { return b.money().Amount(a) }

// Unit formats a unit price, which may have more decimal places than the currency.
func (b Base) Unit(d money.Decimal, currency string) string { return b.money().Unit(d, currency) }

// Decimal formats a quantity or a rate: "1.5".
func (b Base) Decimal(d money.Decimal) string { return b.money().Decimal(d) }

// Date formats a day as text; TimeDate also serves machines.
func (b Base) Date(t time.Time) string { return b.L.Date(t) }

// Time is the data of partials/time: a time as text, and as machines read it.
type Time struct{ Text, ISO string }

// TimeDate returns a day: "5 March 2026".
func (b Base) TimeDate(t time.Time) Time { return b.time(t, b.L.Date(t)) }

// TimeShort returns a day in its short form: "5 Mar 2026".
func (b Base) TimeShort(t time.Time) Time { return b.time(t, b.L.ShortDate(t)) }

// TimeDay returns a nearby day: "Thursday 5 March".
func (b Base) TimeDay(t time.Time) Time { return b.time(t, b.L.DayDate(t)) }

// TimeMoment returns a day and time: "5 March 2026 at 14:05".
func (b Base) TimeMoment(t time.Time) Time { return b.time(t, b.L.DateTime(t)) }

func (b Base) time(t time.Time, text string) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{Text: text, ISO: b.L.ISO(t)}
}
