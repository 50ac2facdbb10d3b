package validate

import (
	"time"
)

// Midday returns noon of t's day in a zone, which represents that day. Midnight would not do: some zones
// skip it when summer time begins.
func Midday(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 12, 0, 0, 0, zone)
}

// Dawn returns the first moment of the day that a noon represents. If the clock skips midnight, that is the
// moment of the jump; if midnight occurs twice, it is the first one.
func Dawn(noon time.Time) time.Time {
	year, month, day := noon.Date()
	midnight := func(offset int) time.Time { return time.Date(year, month, day, 0, 0, -offset, 0, time.UTC) }
	jump, _ := noon.ZoneBounds()
	_, before := jump.Add(-time.Nanosecond).Zone()
	if first := midnight(before); first.Before(jump) {
		return first.In(noon.Location())
	}
	_, since := noon.Zone()
	return Later(jump, midnight(since)).In(noon.Location())
}

// MonthsBefore returns the same day of an earlier month, or the month's last day if it is too short.
func MonthsBefore(noon time.Time, months int) time.Time {
	year, month, day := noon.Date()
	last := time.Date(year, month-time.Month(months)+1, 0, 12, 0, 0, 0, noon.Location())
	return last.AddDate(0, 0, min(day-last.Day(), 0))
}

func Later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Day reads a date in the format of a date field and returns its noon. Dates that do not exist, such as 31
// February, are errors.
func (f *Validator) Day(field, value string, zone *time.Location) time.Time {
	if value == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, value)
	if err != nil || day.Year() < FirstYear || day.Year() > LastYear {
		f.Reject(field, "period.date")
		return time.Time{}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, zone)
}

// DayShape reports whether a text has the form of a date. It tells a nonexistent date from other text.
func DayShape(text string) bool {
	const shape = "0000-00-00"
	if len(text) != len(shape) {
		return false
	}
	for i := range shape {
		if digit := text[i] >= '0' && text[i] <= '9'; digit != (shape[i] == '0') {
			return false
		}
	}
	return true
}
