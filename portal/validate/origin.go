package validate

import (
	"net/url"
	"strings"
)

// ParseURL parses an address that browsers use unchanged; nil for any other text.
func ParseURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || strings.ContainsFunc(text, UnfitForURL) {
		return nil
	}
	return u
}

// UnfitForURL reports whether browsers strip or rewrite a character in an address: controls, white space,
// backslashes, non-ASCII.
func UnfitForURL(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }

// HostName returns a host[:port] without its port.
func HostName(host string) string {
	u := url.URL{Host: host}
	return u.Hostname()
}

// OriginOf returns the origin of an absolute http or https URL (RFC 6454), or "".
func OriginOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// SentOrigin is OriginOf as browsers send it: without the default port of its scheme.
func SentOrigin(address string) string {
	origin := strings.TrimSuffix(OriginOf(address), ":")
	if strings.HasPrefix(origin, "https:") {
		return strings.TrimSuffix(origin, ":443")
	}
	return strings.TrimSuffix(origin, ":80")
}

// BareOrigin is SentOrigin for a URL that is only an origin, with or without a trailing slash; for any
// other it returns "".
func BareOrigin(address string) string {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if OriginOf(address) != strings.ToLower(address) {
		return ""
	}
	return SentOrigin(address)
}
