package validate

import (
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"postern/portal/clean"
)

// Address limits of RFC 5321, section 4.5.3.1, in bytes.
const (
	maxLocalPart = 64
	maxEmail     = 254
)

// CanonicalEmail returns the form of an email address that identifies an account: lower case, the local
// part in Unicode NFC (RFC 6531 allows letters of any script), the domain in ASCII (RFC 5891). Emails are
// sent to this form, so an address that only looks or folds alike gives no access. Input may be in any form
// that copiedEmail understands, but must then be a plain addr-spec: no quoted local part, no comment, a dot
// in the domain. Invisible characters are removed. Gmail's dots and plus tags are kept: at other providers
// they may be another person's mailbox. ok is false for anything else.
func CanonicalEmail(text string) (email string, ok bool) {
	if len(text) > 2*maxEmail || !utf8.ValidString(text) {
		return "", false
	}
	local, domain, found := strings.Cut(copiedEmail(text), "@")
	local = norm.NFC.String(strings.ToLower(norm.NFC.String(local)))
	if !found || !plainLocalPart(local) || strings.Contains(domain, "@") {
		return "", false
	}
	// The resolver's profile maps width and case and refuses invalid host names.
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(domain, ".") || strings.HasSuffix(domain, ".") {
		return "", false
	}
	domain = strings.ToLower(domain)
	email = local + "@" + domain
	if !dotsAsInRFC(local) && !dotsAnywhere(domain) {
		return "", false
	}
	// Address quotes the local part (RFC 5321, 4.1.2) if its dots require it.
	written := (&netmail.Address{Address: email}).String()
	parsed, err := netmail.ParseAddress(written)
	if err != nil || parsed.Address != email || parsed.Name != "" || len(email) > maxEmail {
		return "", false
	}
	return email, true
}

// copiedEmail extracts an address from text that was copied with it: the "mailto:" of a link, a display
// name, the quotes of an address book, a sentence's full stop or comma, and the full-width letters of
// Chinese and Japanese keyboards. Two addresses, or a name that could be another address, are returned
// unchanged.
func copiedEmail(text string) string {
	text = strings.TrimSpace(HalfWidth(clean.Code(text)))
	if before, after, found := strings.Cut(text, "<"); found && !strings.ContainsRune(before, '@') {
		if inner, closed := strings.CutSuffix(strings.TrimRight(after, ".,; "), ">"); closed {
			text = strings.TrimSpace(inner)
		}
	}
	if scheme := "mailto:"; len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text, _, _ = strings.Cut(text[len(scheme):], "?")
	}
	for _, quote := range []string{`"`, "'"} {
		if len(text) > 2 && strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
			text = text[1 : len(text)-1]
		}
	}
	return strings.TrimRight(text, ".,;")
}

// plainLocalPart accepts the characters of an RFC 5322 atom and of RFC 6531, and dots. Compatibility
// characters such as ligatures are refused: mail servers would not deliver to them.
func plainLocalPart(local string) bool {
	if strings.Trim(local, ".") == "" || len(local) > maxLocalPart || !norm.NFKC.IsNormalString(local) {
		return false
	}
	for _, r := range local {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(`"(),:;<>@[\]`+"\ufffd", r) {
			return false
		}
	}
	return true
}

func dotsAsInRFC(local string) bool {
	return !strings.HasPrefix(local, ".") && !strings.HasSuffix(local, ".") && !strings.Contains(local, "..")
}

// dotsAnywhere reports whether a carrier has issued addresses with a dot at either end or two in a row, as
// NTT Docomo and KDDI did until 2009. Many are still in use. Elsewhere such a dot is a typing mistake.
func dotsAnywhere(domain string) bool {
	for _, carrier := range []string{"docomo.ne.jp", "ezweb.ne.jp", "au.com"} {
		if domain == carrier || strings.HasSuffix(domain, "."+carrier) {
			return true
		}
	}
	return false
}

// MaskEmail shows just enough of a canonical address for its owner to recognise it: "j•••@e•••.sk".
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

// MaskApart masks two canonical addresses that are shown together. If MaskEmail gives both the same result,
// it shows the fewest extra letters that distinguish them, all in one place: at the start of the local
// part, at its end, or at the start of the domain.
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

// maskWith is MaskEmail with more extra letters shown in one of three places.
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
