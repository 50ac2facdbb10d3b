package validate

import (
	"strconv"
	"strings"
	"time"

	"postern/portal/clean"
)

// The range of years for a time; a year outside it is a mistake of the sender.
const (
	FirstYear = 1970
	LastYear  = 2199
)

// Moment reads a required time.
func (f *Validator) Moment(field string, value Time) time.Time {
	f.Required(field, string(value))
	if value == "" {
		return time.Time{}
	}
	t := f.parseTime(string(value))
	if t == nil {
		f.Reject(field, "time.form")
		return time.Time{}
	}
	return *t
}

// FedTime reads an optional time; an unreadable one, such as 0000-00-00, is dropped. A day without a time is
// read as its noon in the zone, so that it is the same day in most others.
func (f *Validator) FedTime(field string, value Time) *time.Time {
	at, _ := f.FedDay(field, value)
	return at
}

// FedDay is FedTime, and returns the text of a day without a time, too.
func (f *Validator) FedDay(field string, value Time) (at *time.Time, day string) {
	text := strings.TrimSpace(string(value))
	if text == "" {
		return nil, ""
	}
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	if noon, err := time.ParseInLocation(time.DateOnly+" 15", text+" 12",
		zone); err == nil && inRange(noon) != nil {
		return inRange(noon), text
	}
	t := f.parseTime(text)
	if t == nil {
		f.Warn(field, "time.dropped")
	}
	return t, ""
}

// parseTime reads a time in any unambiguous format: RFC 3339; the same with a space instead of the T, or
// without the colon in the offset, as PHP writes it, or with a space before it, as Ecwid does; without an
// offset, in the zone; or seconds since 1970, also in milliseconds, as JavaScript counts. It returns nil for
// any other text and for years out of range. The store keeps milliseconds.
func (f *Validator) parseTime(value string) *time.Time {
	value = strings.ToUpper(clean.Code(value))
	if t, ok := parseEpoch(value); ok {
		return inRange(t)
	}
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z0700",
		"2006-01-02 15:04:05 Z0700",
	} {
		if t, err := time.Parse(layout, value); err == nil {
			return inRange(t)
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.DateTime} {
		if f.Zone == nil {
			return nil
		}
		if t, err := time.ParseInLocation(layout, value, f.Zone); err == nil {
			return inRange(t)
		}
	}
	return nil
}

// mostSeconds is the first number that must be milliseconds: in seconds, it is in the year 5138.
const mostSeconds = 1e11

// parseEpoch reads seconds or milliseconds since 1970, with or without a fraction.
func parseEpoch(value string) (time.Time, bool) {
	whole, _, _ := strings.Cut(value, ".")
	if len(whole) < len("100000000") { // "2026" is a year, and no order is from before 1973
		return time.Time{}, false
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || strings.Trim(value, "0123456789.") != "" {
		return time.Time{}, false
	}
	if n < mostSeconds {
		n *= 1000
	}
	return time.UnixMilli(int64(n)), true
}

func inRange(t time.Time) *time.Time {
	if t = t.UTC().Truncate(time.Millisecond); t.Year() < FirstYear || t.Year() > LastYear {
		return nil
	}
	return &t
}

// MaxClockSkew is how far a sender's clock may run ahead of ours.
const MaxClockSkew = 5 * time.Minute

// NotAhead refuses a time that only a wrong clock can produce: no correct update could be newer, so it
// would freeze the document.
func (f *Validator) NotAhead(field string, t time.Time) {
	if !f.Latest.IsZero() && t.After(f.Latest) {
		f.Reject(field, "time.ahead", "Now", f.Latest.Add(-MaxClockSkew).Format(time.RFC3339))
	}
}

// OptionalMoment is Moment for a time that may be absent.
func (f *Validator) OptionalMoment(field string, value Time) time.Time {
	if value == "" {
		return time.Time{}
	}
	return f.Moment(field, value)
}
