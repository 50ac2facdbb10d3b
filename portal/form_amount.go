package portal

import (
	"errors"
	"fmt"
	"strings"

	"postern/portal/money"
)

// amount reads a decimal of the form's currency into minor units, one that carries meaning: it must be
// exact. What a floating point number leaves behind ("10.799999999999999") is still the amount it was.
func (f *form) amount(field, value string) int64 {
	exact := func(places int) bool {
		near, _, err := money.Round(value, money.MaxPlaces)
		_, isExact, again := money.Round(near.String(), places)
		return err == nil && again == nil && isExact
	}
	return f.minor(field, value, exact)
}

// roundedAmount reads an amount that only explains the total: more places than the currency has are rounded
// away.
func (f *form) roundedAmount(field, value string) int64 {
	return f.minor(field, value, func(int) bool { return true })
}

// minor reads an amount, and rounds one with too many places where that may be done.
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

// optionalAmount reads a part of the total. One below zero may be right (a correction of the tax), and may
// be a mistake.
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

// reduction is what is taken off, as a positive number: systems send it with either sign.
func (f *form) reduction(field string, value *string) *int64 {
	if value == nil {
		return nil
	}
	minor := reduced(f.roundedAmount(field, *value))
	return &minor
}

// refund is a reduction that carries meaning: what the customer has back.
func (f *form) refund(field string, value *string) *int64 {
	if value == nil {
		return nil
	}
	minor := reduced(f.amount(field, *value))
	return &minor
}

func reduced(minor int64) int64 { return max(minor, -minor) }

// total reads the total of an order. Below zero it is a credit note, and no order.
func (f *form) total(field, value string) int64 {
	minor := f.amount(field, value)
	if minor < 0 {
		f.fault(field, "order.total.negative")
	}
	return minor
}

// quantity reads how much of a thing there is. A line of nothing or less is kept, for the shop's own reasons.
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

// explained reads a number that explains an amount beside it, such as a unit price or a rate of tax. One
// that cannot be read is dropped.
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
