package portal

import (
	"errors"
	"fmt"
	"strings"

	"postern/portal/money"
)

// amount reads a significant decimal amount of the form's currency into minor units; it must be exact. A
// floating point artefact ("10.799999999999999") still counts as the amount it was.
func (f *form) amount(field, value string) int64 {
	exact := func(places int) bool {
		near, _, err := money.Round(value, money.MaxPlaces)
		_, isExact, again := money.Round(near.String(), places)
		return err == nil && again == nil && isExact
	}
	return f.minor(field, value, exact)
}

// roundedAmount reads an amount that only explains the total: it is rounded to the decimal places of the
// currency.
func (f *form) roundedAmount(field, value string) int64 {
	return f.minor(field, value, func(int) bool { return true })
}

// minor reads an amount and rounds it if it has too many places and mayRound allows it.
func (f *form) minor(field, value string, mayRound func(places int) bool) int64 {
	if f.currency == "" {
		return 0 // the fault stands at the currency
	}
	places, _ := money.Digits(f.currency)
	value = strings.TrimSpace(value)
	d, exact, err := money.Round(value, places)
	if err == nil && !exact {
		if mayRound(places) {
			f.warn(field, "money.rounded", "Kept", d.String())
		} else {
			err = money.ErrPrecision
		}
	}
	var amount money.Amount
	if err == nil {
		amount, err = d.In(f.currency)
	}
	if err != nil {
		f.fault(field, moneyKey(value, err), "Currency", f.currency, "Places", fmt.Sprint(places))
	}
	return amount.Minor
}

// optionalAmount reads a part of the total. A negative one may be right (a correction of the tax) or a
// mistake.
func (f *form) optionalAmount(field string, value *string) *int64 {
	if value == nil {
		return nil
	}
	minor := f.roundedAmount(field, *value)
	if minor < 0 {
		f.warn(field, "money.negative_kept")
	}
	return &minor
}

// reduction reads a deduction as a positive number: systems send it with either sign.
func (f *form) reduction(field string, value *string) *int64 {
	if value == nil {
		return nil
	}
	minor := reduced(f.roundedAmount(field, *value))
	return &minor
}

// refund reads the amount that the customer got back. Unlike a reduction it must be exact.
func (f *form) refund(field string, value *string) *int64 {
	if value == nil {
		return nil
	}
	minor := reduced(f.amount(field, *value))
	return &minor
}

func reduced(minor int64) int64 { return max(minor, -minor) }

// total reads the total of an order. A negative total means a credit note, not an order.
func (f *form) total(field, value string) int64 {
	minor := f.amount(field, value)
	if minor < 0 {
		f.fault(field, "order.total.negative")
	}
	return minor
}

// quantity reads the quantity of a line. A zero or negative one is kept: the shop may have its reasons.
func (f *form) quantity(field, value string) money.Decimal {
	d, err := f.near(field, value)
	if err != nil {
		f.fault(field, moneyKey(strings.TrimSpace(value), err))
	}
	if err == nil && (d == "0" || strings.HasPrefix(d.String(), "-")) {
		f.warn(field, "order.quantity")
	}
	return d
}

// explained reads a number that only explains an amount, such as a unit price or a tax rate. An unreadable
// one is dropped.
func (f *form) explained(field, value string) money.Decimal {
	value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "%"))
	if value == "" {
		return ""
	}
	d, err := f.near(field, value)
	if err != nil {
		f.warn(field, "money.dropped")
	}
	return d
}

func (f *form) near(field, value string) (money.Decimal, error) {
	d, exact, err := money.Round(strings.TrimSpace(value), money.MaxPlaces)
	if err == nil && !exact {
		f.warn(field, "money.rounded", "Kept", d.String())
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
