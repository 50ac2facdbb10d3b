package smtp

import (
	"errors"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDisplay is far below the longest line of a header, 998 bytes, even where each byte is encoded in three.
const maxDisplay = 200

var errPlain = errors.New("an address that is not plain")

// address takes a bare ASCII address and nothing else: what is parsed leniently here could be delivered elsewhere than
// meant. The name may be anything; it is written as one line, of maxDisplay bytes at most.
func address(name, bare string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(bare)
	if err != nil || a.Name != "" || a.Address != bare || strings.ContainsFunc(bare, odd) {
		return nil, errPlain
	}
	name = strings.ReplaceAll(oneLine(name), `\`, "/") // net/mail writes a backslash beside other letters as nobody reads it
	for len(name) > maxDisplay {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return &netmail.Address{Name: strings.TrimSpace(name), Address: bare}, nil
}

func odd(r rune) bool { return r <= ' ' || r >= unicode.MaxASCII || r == '"' }

// oneLine keeps a header value on its line, with one space where there are several: folding does not keep them.
func oneLine(s string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool { return r == ' ' || unicode.IsControl(r) })
	return strings.TrimSpace(strings.Join(words, " "))
}
