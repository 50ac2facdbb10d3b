package portal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	accessIDBytes = 16
	secretBytes   = 32
	tokenLength   = 64 // base64url of both
)

// token is what a link and a session cookie carry: which access document, and a secret of 256 bits of which
// only the hash is stored.
type token struct {
	access string // key of the access document
	secret [secretBytes]byte
}

// newToken makes a token with a fresh secret.
func newToken(access string) token {
	t := token{access: access}
	rand.Read(t.secret[:]) // never fails (crypto/rand)
	return t
}

// String is the token as it stands in a URL or cookie: 64 characters of base64url (RFC 4648, section 5).
func (t token) String() string {
	id, err := base64.RawURLEncoding.DecodeString(t.access)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(id, t.secret[:]...))
}

// parseToken reads a token; ok is false when it is cut, damaged, or none.
func parseToken(text string) (t token, ok bool) {
	if len(text) != tokenLength {
		return t, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != accessIDBytes+secretBytes {
		return t, false
	}
	t.access = base64.RawURLEncoding.EncodeToString(raw[:accessIDBytes])
	copy(t.secret[:], raw[accessIDBytes:])
	return t, true
}

// parseLink reads the token of a link as email programs hand it on: with the full stop or bracket that
// follows the link in a sentence, or an escaped space. A letter of the token's own alphabet is never cut
// off.
func parseLink(text string) (token, bool) {
	if len(text) > tokenLength && !inToken(text[tokenLength]) {
		text = text[:tokenLength]
	}
	return parseToken(text)
}

func inToken(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_'
}

func (t token) hash() string { return hashOf(string(t.secret[:])) }

// session derives the session's token from a link's: the same browser that repeats a click gets the same
// session, and nobody else can compute it.
func (t token) session(browserSecret string) (token, error) {
	key, err := hkdf.Key(sha256.New, t.secret[:], []byte(browserSecret), "postern session", secretBytes)
	if err != nil {
		return token{}, err
	}
	return token{access: t.access, secret: [secretBytes]byte(key)}, nil
}

// codeSession derives the session's token from the secret of the browser that enters a code, and from the
// code: the same browser that sends it twice gets the same session, and nobody else can compute it.
func codeSession(access, browserSecret, code string) (token, error) {
	key, err := hkdf.Key(sha256.New, []byte(browserSecret), []byte(code), "postern session by code", secretBytes)
	if err != nil {
		return token{}, err
	}
	return token{access: access, secret: [secretBytes]byte(key)}, nil
}

// hashOf is the form in which a secret is stored: base64url of its SHA-256.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// accessID is the key of the access document of an address in a shop. Who has the store but not the
// installation secret cannot tell of which address it is.
func (a *App) accessID(shop, email string) string { return a.secret.ID(shop, "access", email) }

// The code's alphabet is Crockford's base 32: no I, L, O, U.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength   = 8
)

// newCode makes a code of 40 bits.
func newCode() string {
	var raw [codeLength]byte
	rand.Read(raw[:])
	for i, b := range raw {
		raw[i] = codeAlphabet[b%32]
	}
	return string(raw[:])
}

// maxCodeText is the longest text, in bytes, that a code is looked for in.
const maxCodeText = 1000

// markedCode finds a code among other words: it is shown in two groups of four.
var markedCode = regexp.MustCompile(`(?:^|[^0-9A-Z])([0-9A-Z]{4}-[0-9A-Z]{4})(?:[^0-9A-Z]|$)`)

// normaliseCode reads a code as people type and paste it: any case and width, with spaces, dashes and what
// cannot be seen, O for 0, I and L for 1, and with the words around it. It returns "" for anything else.
func normaliseCode(text string) string {
	if len(text) > maxCodeText {
		return ""
	}
	text = strings.ToUpper(norm.NFKC.String(text))
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Pd, r) || r == '\u2212':
			return '-'
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	if code := bareCode(text); code != "" {
		return code
	}
	if code := bareCode(text[strings.LastIndexByte(text, ':')+1:]); code != "" {
		return code
	}
	if found := markedCode.FindAllStringSubmatch(text, 2); len(found) == 1 {
		return bareCode(found[0][1])
	}
	return ""
}

// bareCode reads a text of nothing but a code and marks between and around its letters; "" for any other.
func bareCode(text string) string {
	code := make([]byte, 0, codeLength)
	for _, r := range text {
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		switch {
		case unicode.IsSpace(r) || unicode.IsPunct(r):
			continue
		case r > 'Z' || !unicode.IsDigit(r) && !unicode.IsLetter(r) || len(code) == codeLength:
			return ""
		}
		code = append(code, byte(r))
	}
	if len(code) != codeLength {
		return ""
	}
	return string(code)
}

// codeHash is how a code is stored. It is bound to the request, and the code works only in the browser whose
// secret's hash stands beside it.
func codeHash(request, code string) string { return hashOf("code\x00" + request + "\x00" + code) }

// showCode sets a code in two groups of four.
func showCode(code string) string { return code[:codeLength/2] + "-" + code[codeLength/2:] }
