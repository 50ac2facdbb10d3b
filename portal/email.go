package portal

import (
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"postern/portal/validate"
)

// Address limits of RFC 5321, section 4.5.3.1, in bytes.
const (
	maxLocalPart = 64
	maxEmail     = 254
)

// CanonicalEmail returns the form of an email address that names an account: lower case, the local part in
// Unicode NFC (RFC 6531 allows letters of any script), the domain in its ASCII form (RFC 5891). Mail goes
// to this form, so nobody gets in by an address that only looks or folds alike. It accepts a plain
// addr-spec: no display name, no quoted local part, no comment, a dot in the domain. Marks that cannot be
// seen are taken out. Gmail's dots and plus tags are kept: they may be other people's boxes elsewhere. ok
// is false for anything else.
func CanonicalEmail(text string) (email string, ok bool) {
	if len(text) > 2*maxEmail || !utf8.ValidString(text) {
		return "", false
	}
	local, domain, found := strings.Cut(validate.Code(text), "@")
	local = norm.NFC.String(strings.ToLower(norm.NFC.String(local)))
	if !found || !plainLocalPart(local) || strings.Contains(domain, "@") {
		return "", false
	}
	// The resolver's profile maps width and case and refuses what a host name cannot be.
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", false
	}
	email = local + "@" + strings.ToLower(domain)
	parsed, err := netmail.ParseAddress(email)
	if err != nil || parsed.Address != email || parsed.Name != "" || len(email) > maxEmail {
		return "", false
	}
	return email, true
}

// plainLocalPart accepts a dot-atom of RFC 5322, with the letters of RFC 6531.
func plainLocalPart(local string) bool {
	if local == "" || len(local) > maxLocalPart || strings.HasPrefix(local, ".") ||
		strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	for _, r := range local {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`"(),:;<>@[\]`+"\ufffd", r) {
			return false
		}
	}
	return true
}

// MaskEmail shows just enough of a canonical address for its owner to know it: "j•••@e•••.sk".
func MaskEmail(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	name, top := domain, ""
	if dot := strings.LastIndexByte(domain, '.'); dot > 0 {
		name, top = domain[:dot], domain[dot:]
	}
	return firstOf(local) + "•••@" + firstOf(name) + "•••" + top
}

func firstOf(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

// MaskApart masks two canonical addresses that stand beside one another: as MaskEmail does where that tells them apart, else with
// as few letters more as do, all in one place: at the start of the local part, at its end, or at the start of the domain.
func MaskApart(a, b string) (maskedA, maskedB string) {
	maskedA, maskedB = MaskEmail(a), MaskEmail(b)
	for more := 1; a != b && maskedA == maskedB; more++ {
		for place := range 3 {
			maskedA, maskedB = maskWith(a, place, more), maskWith(b, place, more)
			if maskedA != maskedB {
				break
			}
		}
	}
	return maskedA, maskedB
}

// maskWith is MaskEmail with so many letters more in one of three places.
func maskWith(email string, place, more int) string {
	name, domain, _ := strings.Cut(email, "@")
	dot := max(strings.LastIndexByte(domain, '.'), 0)
	local, host := []rune(name), []rune(domain[:dot])
	start, end, first := 1, 0, 1
	switch place {
	case 0:
		start += more
	case 1:
		end = min(more, len(local)-1)
	default:
		first += more
	}
	return string(local[:min(start, len(local))]) + "•••" + string(local[len(local)-end:]) +
		"@" + string(host[:min(first, len(host))]) + "•••" + domain[dot:]
}
