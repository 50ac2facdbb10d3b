package validate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"postern/portal/money"
)

// amount reads a significant decimal amount of the form's currency into minor units; it must be exact. A
// floating point artefact ("10.799999999999999") still counts as the amount it was.
func (f *Validator) amount(field string, value Number) int64 {
	exact := func(places int) bool {
		near, _, err := money.Round(string(value), money.MaxPlaces)
		_, isExact, again := money.Round(near.String(), places)
		return err == nil && again == nil && isExact
	}
	return f.minor(field, value, exact)
}

// RoundedAmount reads an amount that only explains the total: it is rounded to the decimal places of the
// currency.
func (f *Validator) RoundedAmount(field string, value Number) int64 {
	return f.minor(field, value, func(int) bool { return true })
}

// minor reads an amount and rounds it if it has too many places and mayRound allows it.
func (f *Validator) minor(field string, number Number, mayRound func(places int) bool) int64 {
	value := strings.TrimSpace(string(number))
	if f.Currency == "" { // the error is at the currency; without one, only a missing amount is known to be wrong
		f.Required(field, value)
		return 0
	}
	places, _ := money.Digits(f.Currency)
	d, exact, err := money.Round(value, places)
	if err == nil && !exact {
		if mayRound(places) {
			f.Warn(field, "money.rounded", "Kept", d.String())
		} else {
			err = money.ErrPrecision
		}
	}
	var amount money.Amount
	if err == nil {
		amount, err = d.In(f.Currency)
	}
	if err != nil {
		f.Reject(field, moneyKey(value, err), "Currency", f.Currency, "Places", fmt.Sprint(places))
	}
	return amount.Minor
}

// OptionalAmount reads a part of the total. A negative one may be right (a correction of the tax) or a
// mistake.
func (f *Validator) OptionalAmount(field string, value *Number) *int64 {
	if value == nil {
		return nil
	}
	minor := f.RoundedAmount(field, *value)
	if minor < 0 {
		f.Warn(field, "money.negative_kept")
	}
	return &minor
}

// Reduction reads a deduction as a positive number: systems send it with either sign.
func (f *Validator) Reduction(field string, value *Number) *int64 {
	if value == nil {
		return nil
	}
	minor := Reduced(f.RoundedAmount(field, *value))
	return &minor
}

// Signed reads an optional amount that may have either sign.
func (f *Validator) Signed(field string, value *Number) *int64 {
	if value == nil {
		return nil
	}
	minor := f.RoundedAmount(field, *value)
	return &minor
}

// Refund reads the amount that the customer got back. Unlike a reduction it must be exact.
func (f *Validator) Refund(field string, value *Number) *int64 {
	if value == nil {
		return nil
	}
	minor := Reduced(f.amount(field, *value))
	return &minor
}

func Reduced(minor int64) int64 { return max(minor, -minor) }

// Total reads the total of an order. A negative total means a credit note, not an order.
func (f *Validator) Total(field string, value Number) int64 {
	minor := f.amount(field, value)
	if minor < 0 {
		f.Reject(field, "order.total.negative")
	}
	return minor
}

// Quantity reads the quantity of a line. A zero or negative one is kept: the shop may have its reasons.
func (f *Validator) Quantity(field string, value Number) money.Decimal {
	d, err := f.near(field, string(value))
	if err != nil {
		f.Reject(field, moneyKey(strings.TrimSpace(string(value)), err))
	}
	if err == nil && (d == "0" || strings.HasPrefix(d.String(), "-")) {
		f.Warn(field, "order.quantity")
	}
	return d
}

// Count reads a whole number that is merely descriptive; any other value is dropped.
func (f *Validator) Count(field string, value Number) *int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(string(value)), 10, 64)
	if err != nil || n < 0 {
		f.Warn(field, "number.dropped")
		return nil
	}
	return &n
}

// maxMonths is the longest warranty: a hundred years.
const maxMonths = 1200

// Months reads an optional number of months; an impossible one is dropped.
func (f *Validator) Months(field string, value Number) int64 {
	if strings.TrimSpace(string(value)) == "" {
		return 0
	}
	n := f.Count(field, value)
	if n == nil {
		return 0
	}
	if *n > maxMonths {
		f.Warn(field, "number.dropped")
		return 0
	}
	return *n
}

// Explained reads a number that only explains an amount, such as a unit price or a tax rate. An unreadable
// one is dropped.
func (f *Validator) Explained(field string, value Number) money.Decimal {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(value)), "%"))
	if text == "" {
		return ""
	}
	d, err := f.near(field, text)
	if err != nil {
		f.Warn(field, "money.dropped")
	}
	return d
}

func (f *Validator) near(field, value string) (money.Decimal, error) {
	d, exact, err := money.Round(strings.TrimSpace(value), money.MaxPlaces)
	if err == nil && !exact {
		f.Warn(field, "money.rounded", "Kept", d.String())
	}
	return d, err
}

func moneyKey(value string, err error) string {
	switch {
	case value == "":
		return "text.required"
	case errors.Is(err, money.ErrPrecision):
		return "money.precision"
	case errors.Is(err, money.ErrRange):
		return "money.range"
	}
	return "money.form"
}

// Positive reads an amount greater than zero, exactly.
func (f *Validator) Positive(field string, value Number) int64 {
	minor := f.amount(field, value)
	if minor <= 0 && f.Currency != "" && !f.isRejected(field) {
		f.Reject(field, "money.positive")
	}
	return minor
}

// Percent reads a share above 0 and up to 100, with at most two decimal places.
func (f *Validator) Percent(field string, value Number) money.Decimal {
	const most, places = "100", 2
	d, exact, err := money.Round(strings.TrimSpace(string(value)), places)
	if err != nil || !exact || !d.IsPositive() || d.Minus(most).IsPositive() {
		f.Reject(field, "number.percent")
		return ""
	}
	return d
}

// Whole reads an optional whole number from 1 to most; 0 is none.
func (f *Validator) Whole(field string, value *int64, most int64) int64 {
	if value == nil {
		return 0
	}
	if *value < 1 || *value > most {
		f.Reject(field, "number.range", "Most", strconv.FormatInt(most, 10))
		return 0
	}
	return *value
}
