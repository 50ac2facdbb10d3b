package i18n

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/cs"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en_GB"
	"github.com/go-playground/locales/pl"
	"github.com/go-playground/locales/sk"
)

// dates formats days, times and whole numbers for one language.
type dates struct{ cldr locales.Translator }

// datesOf returns the formats of a language. For English they are British: the day precedes the month, and
// the clock has 24 hours.
func datesOf(lang string) dates {
	switch lang {
	case "cs":
		return dates{cs.New()}
	case "de":
		return dates{de.New()}
	case "pl":
		return dates{pl.New()}
	case "sk":
		return dates{sk.New()}
	}
	return dates{en_GB.New()}
}

// manners returns the formats that a placeholder may request: three for a time and one for a number.
func manners() []string { return []string{"date", "day", "datetime", decimal} }

// decimal is the format for a number given as a text such as "4.5".
const decimal = "decimal"

// written formats a time in a manner. The zero time is "".
func (l *Localizer) written(t time.Time, manner string) string {
	switch manner {
	case "day":
		return l.DayDate(t)
	case "datetime":
		return l.DateTime(t)
	}
	return l.Date(t)
}

// Date formats a day, on one line: "5 March 2026", "5. marca 2026". Here and below, the zero time is "".
func (l *Localizer) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strings.ReplaceAll(l.speech.dates.cldr.FmtDateLong(t.In(l.zone)), " ", noBreak)
}

// ShortDate formats a day in its short form: "5 Mar 2026", "5. 3. 2026".
func (l *Localizer) ShortDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strings.ReplaceAll(l.speech.dates.cldr.FmtDateMedium(t.In(l.zone)), " ", noBreak)
}

// DayDate formats a nearby day: "Thursday 5 March", "štvrtok 5. marca". After AsOf, it adds the year if it
// is not the current one.
func (l *Localizer) DayDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(l.zone)
	day := l.Date(t)
	if l.year == 0 || l.year == t.Year() {
		day = strings.TrimSuffix(day, noBreak+strconv.Itoa(t.Year()))
	}
	return l.T("date.day", "Weekday", l.speech.dates.cldr.WeekdayWide(t.Weekday()), "Day", day)
}

// DateTime formats a day and time: "5 March 2026 at 14:05", "5. marca 2026 o 14:05".
func (l *Localizer) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return l.T("date.datetime", "Date", l.Date(t), "Time", l.speech.dates.at(t.In(l.zone)))
}

// Clock formats the time of day, without a preposition: "14:05".
func (l *Localizer) Clock(t time.Time) string { return l.speech.dates.cldr.FmtTimeShort(t.In(l.zone)) }

// at formats the time of day that follows a date. The catalogue has the preposition before it, except for
// Czech, where it depends on the pronunciation of the hour: "v 9:05", "ve 14:05".
func (d dates) at(t time.Time) string {
	clock := d.cldr.FmtTimeShort(t)
	if d.cldr.Locale() != "cs" {
		return clock
	}
	switch t.Hour() {
	case 2, 3, 4, 12, 13, 14, 20, 21, 22, 23:
		return "ve" + noBreak + clock
	}
	return "v" + noBreak + clock
}

// ISO formats a time for <time datetime>: RFC 3339 with the zone's offset.
func (l *Localizer) ISO(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(l.zone).Format(time.RFC3339)
}

// decimal formats a number such as "4.5" with as many decimal places: "4,5". Any other text is unchanged.
func (l *Localizer) decimal(text string) string {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	_, places, _ := strings.Cut(text, ".")
	return l.speech.dates.cldr.FmtNumber(number, uint64(len(places)))
}

// Number formats a whole number with digit groups: "1 234".
func (l *Localizer) Number(n int64) string {
	return l.speech.dates.cldr.FmtNumber(float64(n), 0)
}
