package holiday

import (
	"testing"
	"time"
)

// TestHolidays checks fixed and movable holidays, and days that are none.
func TestHolidays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		country, day string
		want         bool
	}{
		{"SK", "2026-01-06", true}, {"CZ", "2026-01-06", false}, {"AT", "2026-01-06", true},
		{"SK", "2026-04-03", true}, {"CZ", "2026-04-03", true}, {"DE", "2026-04-03", true},
		{"PL", "2026-04-03", false}, // Good Friday
		{"SK", "2026-04-06", true}, {"DE", "2026-05-25", true}, {"FR", "2026-07-14", true},
		{"PL", "2024-12-24", false}, {"PL", "2026-12-24", true}, {"CZ", "2026-12-24", true},
		{"DE", "2026-12-24", false}, {"DE", "2026-10-03", true}, {"GR", "2026-04-13", true},
		{"CY", "2026-02-23", true}, {"CY", "2026-04-10", true}, {"CY", "2026-04-03", false},
		{"EE", "2026-06-23", true}, {"FI", "2026-05-14", true}, {"HU", "2026-10-23", true},
		{"LU", "2026-05-25", true}, {"MT", "2026-06-29", true}, {"PT", "2026-06-04", true},
		{"", "2026-12-25", false}, {"US", "2026-12-25", false},
	}
	for _, test := range tests {
		day, err := time.Parse("2006-01-02", test.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := Is(day.Add(12*time.Hour), test.country); got != test.want {
			t.Errorf("%s in %s: %v", test.day, test.country, got)
		}
	}
	if n := len(calendars()); n != 27 {
		t.Errorf("%d countries; the Union has 27", n)
	}
	for country := range calendars() {
		free := 0
		for day := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
			if Is(day, country) {
				free++
			}
		}
		if free < 7 || free > 17 {
			t.Errorf("%s has %d holidays", country, free)
		}
	}
}

func BenchmarkIs(b *testing.B) {
	day := time.Date(2026, 4, 3, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		Is(day, "SK")
	}
}
