package portal

import "time"

// midday returns noon of t's day in a zone, which represents that day. Midnight would not do: some zones
// skip it when summer time begins.
func midday(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, 12, 0, 0, 0, zone)
}

// dawn returns the first moment of the day that a noon represents. If the clock skips midnight, that is the
// moment of the jump; if midnight occurs twice, it is the first one.
func dawn(noon time.Time) time.Time {
	year, month, day := noon.Date()
	midnight := func(offset int) time.Time { return time.Date(year, month, day, 0, 0, -offset, 0, time.UTC) }
	jump, _ := noon.ZoneBounds()
	_, before := jump.Add(-time.Nanosecond).Zone()
	if first := midnight(before); first.Before(jump) {
		return first.In(noon.Location())
	}
	_, since := noon.Zone()
	return later(jump, midnight(since)).In(noon.Location())
}

// monthsBefore returns the same day of an earlier month, or the month's last day if it is too short.
func monthsBefore(noon time.Time, months int) time.Time {
	year, month, day := noon.Date()
	last := time.Date(year, month-time.Month(months)+1, 0, 12, 0, 0, 0, noon.Location())
	return last.AddDate(0, 0, min(day-last.Day(), 0))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
