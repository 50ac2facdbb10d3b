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

// maxDisplay is far below the longest line of a header, 998 bytes, even where each byte is encoded in three.
const maxDisplay = 200

var errPlain = errors.New("an address that is not plain")

// address takes a bare address and nothing else: what is parsed leniently here could be delivered elsewhere
// than meant. A domain of other letters is written in its ASCII form (RFC 5891), which every server knows;
// a local part of other letters stays (RFC 6531). The name may be anything; it is written as one line, of
// maxDisplay bytes at most.
func address(name, bare string) (*netmail.Address, error) {
	bare, err := withHostName(bare)
	if err != nil {
		return nil, errPlain
	}
	a, err := netmail.ParseAddress(withDotsQuoted(bare))
	if err != nil || a.Name != "" || a.Address != bare || strings.ContainsFunc(bare, odd) || !norm.NFKC.IsNormalString(bare) {
		return nil, errPlain
	}
	name = strings.ReplaceAll(oneLine(name), `\`, "/") // net/mail writes a backslash beside other letters as nobody reads it
	for len(name) > maxDisplay {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return &netmail.Address{Name: strings.TrimSpace(name), Address: bare}, nil
}

// withDotsQuoted writes a local part with a dot at either end or two in a row, which some Japanese carriers
// gave out, as a quoted string: RFC 5321, 4.1.2 allows them only there.
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

// withHostName writes what follows the last @ as a host name in ASCII; text without one stays as it is.
func withHostName(text string) (string, error) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || !wide(text[at:]) {
		return text, nil
	}
	domain, err := idna.Lookup.ToASCII(text[at+1:])
	return text[:at+1] + domain, err
}

// wide reports whether an address needs the extension SMTPUTF8.
func wide(address string) bool {
	return strings.ContainsFunc(address, func(r rune) bool { return r > unicode.MaxASCII })
}

func odd(r rune) bool {
	return r == '"' || unicode.IsSpace(r) || !unicode.IsGraphic(r)
}

// oneLine keeps a header value on its line, with one space where there are several: folding does not keep
// them.
func oneLine(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool { return r == ' ' || unicode.IsControl(r) })
	return strings.TrimSpace(strings.Join(words, " "))
}
