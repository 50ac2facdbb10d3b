package mail

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// maxReason is the maximum length of a stored or logged reason in bytes.
const maxReason = 200

var (
	addressShape = regexp.MustCompile(`[^\s<>"',;:()\[\]]+@[^\s<>"',;:()\[\]]+`)
	// secretShape matches a link's token: spam filters quote the URL that they reject.
	secretShape = regexp.MustCompile(`[A-Za-z0-9_-]{20,}`)
)

// reason returns an error's text in a form that is safe to store and log: a single line without addresses
// and tokens, at most maxReason bytes. If the error has a cause, the text starts with the cause and a
// colon.
func reason(err error, to string) string { return shorten(wholeReason(err, to)) }

// WholeReason is CleanReason without the length limit, for programs.
func WholeReason(err error) string { return wholeReason(err, "") }

func wholeReason(err error, to string) string {
	text, cause := oneLine(err.Error()), ""
	if f := (*Failure)(nil); errors.As(err, &f) && f.Cause != "" {
		text, cause = oneLine(f.Reason), f.Cause+": " // the cause itself would match secretShape
	}
	if to != "" {
		text = strings.ReplaceAll(text, to, "<address>")
	}
	text = addressShape.ReplaceAllString(text, "<address>")
	text = secretShape.ReplaceAllString(text, "…")
	text = strings.ReplaceAll(text, "<<address>>", "<address>")
	return cause + text
}

// CleanReason returns an error's text in a form that is safe to log: a single line without addresses and
// tokens, of limited length. If the error has a cause, the text starts with it.
func CleanReason(err error) string { return reason(err, "") }

// shorten cuts a long text after a word, or within one if the word is very long.
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

// oneLine replaces control characters and line separators with spaces, so that no value can start a new
// line. It keeps other spaces, such as the no-break spaces in amounts.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}
