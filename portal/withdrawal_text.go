package portal

import (
	"regexp"
	"strings"
)

// What a sender types is mailed to a mailbox that nobody has shown to be the sender's, from the shop's own
// domain. So it must not lead strangers anywhere, and mail programs make links of whatever looks like a
// host's name, with or without "https".
var (
	hostPath = regexp.MustCompile(`[.\x{3002}\x{ff0e}\x{ff61}]\p{Cf}*\pL[\pL\pM\pN\p{Cf}-]+(:\d+)?[/?#]`)
	hostDot  = regexp.MustCompile(`([.\x{3002}\x{ff0e}\x{ff61}])(\p{Cf}*\pL[\pL\pM\p{Cf}])`) // IDNA has four dots; a top-level name begins with a letter
	hostIP   = regexp.MustCompile(`(\d{1,3}\.\d{1,3}\.)(\d{1,3}\.\d{1,3})`)
)

// withoutLinks refuses web addresses that begin like one.
func (f *form) withoutLinks(field, value string) string {
	lower := strings.ToLower(value)
	if strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
		f.fault(field, "withdrawal.link")
		return ""
	}
	return value
}

// withoutPaths refuses those, too, that are a host's name and a path, which no name of a person is. A
// host's name alone may be "Ing.Novák", and goods may be named by where they were found: there the mails
// are without it, by unlinked.
func (f *form) withoutPaths(field, value string) string {
	if hostPath.MatchString(value) {
		f.fault(field, "withdrawal.link")
		return ""
	}
	return f.withoutLinks(field, value)
}

// unlinked is the statement as mails tell it: with a space after each dot that could make a link. "Dr.
// Novák", "3.5 kg" and "vol.2" stay as they are.
func (s Statement) unlinked() Statement {
	for _, text := range []*string{&s.Name, &s.Number, &s.Goods} {
		*text = hostIP.ReplaceAllString(hostDot.ReplaceAllString(*text, "$1 $2"), "$1 $2")
	}
	return s
}
