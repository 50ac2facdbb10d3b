package portal

import (
	"regexp"
	"strings"
)

// The text that a sender types is emailed from the shop's own domain to an unverified mailbox. It must not
// lead strangers anywhere, and email programs turn anything that looks like a host name into a link, with
// or without "https".
var (
	hostPath = regexp.MustCompile(`[.\x{3002}\x{ff0e}\x{ff61}]\p{Cf}*\pL[\pL\pM\pN\p{Cf}-]+(:\d+)?[/?#]`)
	hostDot  = regexp.MustCompile(`([.\x{3002}\x{ff0e}\x{ff61}])(\p{Cf}*\pL[\pL\pM\p{Cf}])`) // IDNA has four dots; a top-level domain begins with a letter
	hostIP   = regexp.MustCompile(`(\d{1,3}\.\d{1,3}\.)(\d{1,3}\.\d{1,3})`)
)

// withoutLinks refuses texts with "://" or "www.".
func (f *form) withoutLinks(field, value string) string {
	lower := strings.ToLower(value)
	if strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
		f.fault(field, "withdrawal.link")
		return ""
	}
	return value
}

// withoutPaths also refuses texts with a host name and a path, which no personal name contains. It accepts
// a host name alone, which may be a name such as "Ing.Novák". Goods may be named by the site that offered
// them, so they are checked only by withoutLinks. In emails, unlinked breaks up host names.
func (f *form) withoutPaths(field, value string) string {
	if hostPath.MatchString(value) {
		f.fault(field, "withdrawal.link")
		return ""
	}
	return f.withoutLinks(field, value)
}

// unlinked returns the statement as emails show it, with a space after each dot that could create a link.
// "Dr. Novák", "3.5 kg" and "vol.2" stay unchanged.
func (s Statement) unlinked() Statement {
	for _, text := range []*string{&s.Name, &s.Number, &s.Goods} {
		*text = hostIP.ReplaceAllString(hostDot.ReplaceAllString(*text, "$1 $2"), "$1 $2")
	}
	return s
}
