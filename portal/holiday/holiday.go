// Package holiday knows the public holidays of the member states, on which a period set by law does not end.
//
// It must not know of orders, shops or periods.
package holiday

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
)

// calendars returns the national holidays of the 27 member states. Regional holidays do not count: a shop's
// customers cannot know its region.
func calendars() map[string][]*cal.Holiday {
	all := map[string][]*cal.Holiday{
		"AT": at.Holidays, "BE": be.Holidays, "BG": bg.Holidays, "CZ": cz.Holidays, "DE": de.Holidays,
		"DK": dk.Holidays, "ES": es.Holidays, "FR": fr.Holidays, "GR": gr.Holidays, "HR": hr.Holidays,
		"IE": ie.Holidays, "IT": it.Holidays, "LT": lt.Holidays, "LV": lv.Holidays, "NL": nl.Holidays,
		"PL": append([]*cal.Holiday{christmasEveInPoland()}, pl.Holidays...), "RO": ro.Holidays,
		"SE": se.Holidays, "SI": si.Holidays, "SK": sk.Holidays,
	}
	maps.Copy(all, further())
	return all
}

// christmasEveInPoland has been a public holiday since 2025, which the library does not know yet.
func christmasEveInPoland() *cal.Holiday {
	return &cal.Holiday{Type: cal.ObservancePublic, Month: time.December, Day: 24, StartYear: 2025,
		Func: cal.CalcDayOfMonth}
}

// byCountry keeps the calendars, which are read-only once they exist.
var byCountry = sync.OnceValue(calendars)

// Is reports whether a day is a public holiday of a country, in the day's own time zone. It is false for a
// country that is not known.
func Is(day time.Time, country string) bool {
	return slices.ContainsFunc(byCountry()[country], func(h *cal.Holiday) bool {
		if h.Type == cal.ObservanceOther { // such as half holidays; not all others have a type
			return false
		}
		_, observed := h.Calc(day.Year())
		return !observed.IsZero() && observed.Month() == day.Month() && observed.Day() == day.Day()
	})
}
