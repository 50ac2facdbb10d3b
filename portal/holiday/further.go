package holiday

import (
	"slices"
	"time"

	"github.com/rickar/cal/v2"
)

// further returns the holidays of the member states that the library does not have, as the Commission
// publishes them each year for Regulation 1182/71. Holidays that always fall on a weekend are left out,
// because a period does not end on one anyway.
func further() map[string][]*cal.Holiday {
	const good, monday, ascension, whit, corpus = -2, 1, 39, 50, 60 // days from Easter Sunday
	return map[string][]*cal.Holiday{
		"CY": slices.Concat(easter(true, -48, good, monday, whit),
			dates("01-01", "01-06", "03-25", "04-01", "05-01", "08-15", "10-01", "10-28", "12-25", "12-26")),
		"EE": slices.Concat(easter(false, good),
			dates("01-01", "02-24", "05-01", "06-23", "06-24", "08-20", "12-24", "12-25", "12-26")),
		"FI": slices.Concat(easter(false, good, monday, ascension),
			dates("01-01", "01-06", "05-01", "12-06", "12-25", "12-26")),
		"HU": slices.Concat(easter(false, good, monday, whit),
			dates("01-01", "03-15", "05-01", "08-20", "10-23", "11-01", "12-25", "12-26")),
		"LU": slices.Concat(easter(false, monday, ascension, whit),
			dates("01-01", "05-01", "05-09", "06-23", "08-15", "11-01", "12-25", "12-26")),
		"MT": slices.Concat(easter(false, good),
			dates("01-01", "02-10", "03-19", "03-31", "05-01", "06-07", "06-29", "08-15", "09-08", "09-21", "12-08",
				"12-13", "12-25")),
		"PT": slices.Concat(easter(false, good, corpus),
			dates("01-01", "04-25", "05-01", "06-10", "08-15", "10-05", "11-01", "12-01", "12-08", "12-25")),
	}
}

// dates returns holidays on fixed days, each written as month and day.
func dates(days ...string) []*cal.Holiday {
	holidays := make([]*cal.Holiday, len(days))
	for i, text := range days {
		day, err := time.Parse("01-02", text)
		if err != nil {
			panic(err)
		}
		holidays[i] = &cal.Holiday{Type: cal.ObservancePublic, Month: day.Month(), Day: day.Day(),
			Func: cal.CalcDayOfMonth}
	}
	return holidays
}

// easter returns holidays by their days from Easter Sunday, of the Eastern churches if julian is true.
func easter(julian bool, offsets ...int) []*cal.Holiday {
	holidays := make([]*cal.Holiday, len(offsets))
	for i, offset := range offsets {
		holidays[i] = &cal.Holiday{Type: cal.ObservancePublic, Offset: offset, Julian: julian,
			Func: cal.CalcEasterOffset}
	}
	return holidays
}
