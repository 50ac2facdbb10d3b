package smtp

import (
	"errors"
	netmail "net/mail"
	"strings"
	"unicode"
)

var errPlain = errors.New("an address that is not plain")

// address takes a bare ASCII address and nothing else: what is parsed leniently here could be delivered elsewhere than
// meant. The name may be anything; it is written as one line.
func address(name, bare string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(bare)
	if err != nil || a.Name != "" || a.Address != bare || strings.ContainsFunc(bare, odd) {
		return nil, errPlain
	}
	return &netmail.Address{Name: oneLine(name), Address: bare}, nil
}

func odd(r rune) bool { return r <= ' ' || r >= unicode.MaxASCII || r == '"' }

// oneLine keeps a header value on its line.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}
