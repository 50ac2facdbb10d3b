package validate

import (
	"regexp"
	"strings"
)

// The text that a sender types is emailed from the shop's own domain to an unverified mailbox. It must not
// lead strangers anywhere, and email programs turn anything that looks like a host name into a link, with
// or without "https".
var (
	hostPath = regexp.MustCompile(`[.\x{3002}\x{ff0e}\x{ff61}]\p{Cf}*\pL[\pL\pM\pN\p{Cf}-]+(:\d+)?[/?#]`)
	HostDot  = regexp.MustCompile(`([.\x{3002}\x{ff0e}\x{ff61}])(\p{Cf}*\pL[\pL\pM\p{Cf}])`) // IDNA has four dots; a top-level domain begins with a letter
	HostIP   = regexp.MustCompile(`(\d{1,3}\.\d{1,3}\.)(\d{1,3}\.\d{1,3})`)
)

// WithoutLinks refuses texts with "://" or "www.".
func (f *Validator) WithoutLinks(field, value string) string {
	lower := strings.ToLower(value)
	if strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
		f.Reject(field, "withdrawal.link")
		return ""
	}
	return value
}

// WithoutPaths also refuses texts with a host name and a path, which no personal name contains. It accepts
// a host name alone, which may be a name such as "Ing.Novák". Goods may be named by the site that offered
// them, so they are checked only by WithoutLinks. In emails, withdrawal.Statement.Unlinked breaks up host
// names.
func (f *Validator) WithoutPaths(field, value string) string {
	if hostPath.MatchString(value) {
		f.Reject(field, "withdrawal.link")
		return ""
	}
	return f.WithoutLinks(field, value)
}
