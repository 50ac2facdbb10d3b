package page

import (
	"html/template"
	"slices"
	"strings"
	"sync"
)

// escapeURL escapes a URL as the value of a quoted attribute. It accepts local paths and the schemes http,
// https and mailto. Any other URL could be a script and becomes "#".
func escapeURL(address string) string {
	scheme, _, found := strings.Cut(address, ":")
	if !found || strings.ContainsAny(scheme, "/?#") ||
		slices.Contains([]string{"https", "http", "mailto"}, strings.ToLower(scheme)) {
		return escapeURLPart(address)
	}
	return "#"
}

// escapeURLPart escapes text that continues a URL in a quoted attribute. Like html/template it keeps the
// delimiters of a URL and everything that is already escaped.
func escapeURLPart(text string) string {
	safe, i := urlBytes(), 0
	for i < len(text) && safe[text[i]] {
		i++
	}
	if i == len(text) {
		return text
	}
	const digits = "0123456789abcdef"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if safe[c] || c == '&' || c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			out.WriteByte(c)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(digits[c>>4])
		out.WriteByte(digits[c&15])
	}
	return template.HTMLEscapeString(out.String())
}

// escapeText is template.HTMLEscapeString, and several times as fast for text that needs no escaping.
func escapeText(text string) string {
	unsafe := htmlBytes()
	for i := range len(text) {
		if unsafe[text[i]] {
			return template.HTMLEscapeString(text)
		}
	}
	return text
}

// urlBytes has the bytes that need no escaping, neither in a URL nor in HTML; htmlBytes those that text in
// HTML may not contain.
var (
	urlBytes = sync.OnceValue(func() *[256]bool {
		return bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-:_~!#$*+,;=?@[]")
	})
	htmlBytes = sync.OnceValue(func() *[256]bool { return bytesOf("\x00\"&'<>") })
)

func bytesOf(text string) *[256]bool {
	var set [256]bool
	for i := range len(text) {
		set[text[i]] = true
	}
	return &set
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
