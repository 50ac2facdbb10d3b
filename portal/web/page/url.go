package page

import (
	"html/template"
	"slices"
	"strings"
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
	i := 0
	for i < len(text) && isURLByte(text[i]) {
		i++
	}
	if i == len(text) {
		return text
	}
	const digits = "0123456789abcdef"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		if isURLByte(c) || c == '&' || c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			out.WriteByte(c)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(digits[c>>4])
		out.WriteByte(digits[c&15])
	}
	return template.HTMLEscapeString(out.String())
}

// isURLByte reports whether a byte needs no escaping, neither in a URL nor in HTML.
func isURLByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '-' <= c && c <= ':': // with ./0123456789
		return true
	}
	switch c {
	case '_', '~', '!', '#', '$', '*', '+', ',', ';', '=', '?', '@', '[', ']':
		return true
	}
	return false
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
