package clean

import "testing"

func TestCleanText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, line, prose string
		changed               bool // whether the line differs from the input
	}{
		{"plain", "Jana Nová", "Jana Nová", "Jana Nová", false},
		{"white space at the ends", " \tJana\n", "Jana", "Jana", false},
		{"line break", "Mostná 5\nbyt 2", "Mostná 5 byt 2", "Mostná 5\nbyt 2", true},
		{"Windows line break", "a\r\nb", "a b", "a\nb", true},
		{"line separator", "a\u2028b", "a b", "a\nb", true},
		{"tab", "a\tb", "a b", "a\tb", true},
		{"NUL", "a\x00b", "ab", "ab", true},
		{"escape", "a\x1b[31mb", "a[31mb", "a[31mb", true},
		{"apostrophe of windows-1252", "O\u0092Brien", "O’Brien", "O’Brien", true},
		{"euro of windows-1252", "5 \u0080", "5 €", "5 €", true},
		{"ellipsis of windows-1252, no line break", "and so on\u0085", "and so on…", "and so on…", true},
		{"not in windows-1252", "a\u0081b", "ab", "ab", true},
		{"override", "Jana\u202e", "Jana", "Jana", true},
		{"embedding", "\u202aJana\u202c", "Jana", "Jana", true},
		{"isolate", "\u2066Jana\u2069", "Jana", "Jana", true},
		{"direction mark beside Latin letters", "\u200eJana", "Jana", "Jana", true},
		{"direction mark in Arabic", "عبد\u200fالله", "عبد\u200fالله", "عبد\u200fالله", false},
		{"zero-width space", "Ja\u200bna", "Jana", "Jana", true},
		{"byte order mark", "\ufeffJana", "Jana", "Jana", true},
		{"soft hyphen", "Bra\u00adtislava", "Bratislava", "Bratislava", true},
		{"emoji, joined", "👩\u200d💻", "👩\u200d💻", "👩\u200d💻", false},
		{"Indian, joined", "क्\u200dष", "क्\u200dष", "क्\u200dष", false},
		{"replacement character", "Ko\ufffdice", "Ko\ufffdice", "Ko\ufffdice", false},
		{"nothing that can be seen", "\u200b\u202e", "", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line, changed := Line(tt.in)
			if line != tt.line || changed != tt.changed {
				t.Errorf("line %q, %t; want %q, %t", line, changed, tt.line, tt.changed)
			}
			if prose, _ := Prose(tt.in); prose != tt.prose {
				t.Errorf("prose %q, want %q", prose, tt.prose)
			}
			if again, changed := Line(line); again != line || changed {
				t.Errorf("a second time: %q, %t", again, changed)
			}
		})
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		" 811 01 ": "811 01", "\u202a+421 905\u202c": "+421 905",
		"\u200bjana@\u200dexample.com\ufeff": "jana@example.com",
	} {
		if got := Code(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestHasControl(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"1001": false, "10\x0001": true, "1\n2": true, "1\u20282": true,
		"Ko\xc5": true, "\ufffd": false} {
		if got := HasControl(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
