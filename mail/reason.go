package mail

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// maxReason is the longest reason kept or logged, in bytes.
const maxReason = 200

var (
	addressShape = regexp.MustCompile(`[^\s<>"',;:()\[\]]+@[^\s<>"',;:()\[\]]+`)
	// secretShape is what a link's token looks like: spam filters quote the URL they dislike.
	secretShape = regexp.MustCompile(`[A-Za-z0-9_-]{20,}`)
)

// reason is an error's text fit to be stored and logged: one line without addresses and tokens, at most
// maxReason bytes. The cause of a missing connection begins it, and then a colon follows.
func reason(err error, to string) string { return shorten(wholeReason(err, to)) }

// WholeReason is CleanReason however long it is, for programs.
func WholeReason(err error) string { return wholeReason(err, "") }

func wholeReason(err error, to string) string {
	text, cause := oneLine(err.Error()), ""
	if f := (*Failure)(nil); errors.As(err, &f) && f.Cause != "" {
		text, cause = oneLine(f.Reason), f.Cause+": " // it looks like a secret
	}
	if to != "" {
		text = strings.ReplaceAll(text, to, "<address>")
	}
	text = addressShape.ReplaceAllString(text, "<address>")
	text = secretShape.ReplaceAllString(text, "…")
	text = strings.ReplaceAll(text, "<<address>>", "<address>")
	return cause + text
}

// CleanReason is an error's text fit to be logged: one line without addresses and tokens, and not long. The
// cause of a missing connection begins it.
func CleanReason(err error) string { return reason(err, "") }

// shorten cuts a text that is too long behind a word, or inside one when that is very long itself.
func shorten(text string) string {
	const mark = "…"
	if len(text) <= maxReason {
		return text
	}
	text = strings.ToValidUTF8(text[:maxReason-len(mark)], "")
	if space := strings.LastIndexByte(text, ' '); space > maxReason/2 {
		text = strings.TrimRight(text[:space], " ,;:")
	}
	return text + mark
}

// oneLine turns control characters and line separators into spaces, so that no value can begin a line of
// its own. Other spaces stay: amounts hold no-break ones.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
