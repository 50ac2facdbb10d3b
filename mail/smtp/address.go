package smtp

import (
	"errors"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxDisplay is far below the maximum length of a header line, 998 bytes, even if encoding triples every
// byte.
const maxDisplay = 200

var errPlain = errors.New("an address that is not plain")

// address accepts only a bare address, because lenient parsing could deliver the message to an unintended
// recipient. It converts an internationalised domain to ASCII (RFC 5891), which every server supports, but
// leaves the local part unchanged (RFC 6531). The name may be any text; it becomes a single line of at most
// maxDisplay bytes.
func address(name, bare string) (*netmail.Address, error) {
	bare, err := withHostName(bare)
	if err != nil {
		return nil, errPlain
	}
	a, err := netmail.ParseAddress(withDotsQuoted(bare))
	if err != nil || a.Name != "" || a.Address != bare || strings.ContainsFunc(bare, odd) ||
		!norm.NFKC.IsNormalString(bare) {
		return nil, errPlain
	}
	name = strings.ReplaceAll(oneLine(name), `\`, "/") // net/mail miswrites it next to non-ASCII letters
	for len(name) > maxDisplay {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return &netmail.Address{Name: strings.TrimSpace(name), Address: bare}, nil
}

// withDotsQuoted quotes a local part that starts or ends with a dot or has two in a row. Some Japanese
// carriers issued such addresses, which RFC 5321, 4.1.2 allows only as a quoted string.
func withDotsQuoted(bare string) string {
	local, domain, found := strings.Cut(bare, "@")
	atoms := strings.FieldsFunc(local, func(r rune) bool { return r == '.' })
	plain := strings.Join(atoms, ".")
	if !found || plain == local || plain == "" {
		return bare
	}
	if _, err := netmail.ParseAddress(plain + "@" + domain); err != nil {
		return bare
	}
	return `"` + local + `"@` + domain
}

// withHostName converts the host name after the last @ to ASCII. It returns text without an @ unchanged.
func withHostName(text string) (string, error) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || !wide(text[at:]) {
		return text, nil
	}
	domain, err := idna.Lookup.ToASCII(text[at+1:])
	return text[:at+1] + domain, err
}

// wide reports whether an address needs the SMTPUTF8 extension.
func wide(address string) bool {
	return strings.ContainsFunc(address, func(r rune) bool { return r > unicode.MaxASCII })
}

func odd(r rune) bool {
	return r == '"' || unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

// oneLine turns a header value into a single line. It also collapses spaces, because folding does not
// preserve them.
func oneLine(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"),
		func(r rune) bool { return r == ' ' || unicode.IsControl(r) })
	return strings.TrimSpace(strings.Join(words, " "))
}
