package credential

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"postern/portal/secret"
)

const (
	idBytes     = 16
	SecretBytes = 32
	TokenLength = 64 // base64url of both
)

// Token is the content of a link or a session cookie: the key of the credentials document, and a 256-bit
// secret of which only the hash is stored.
type Token struct {
	Credentials string // key of the credentials document
	Secret      [SecretBytes]byte
}

// NewToken creates a token with a new secret.
func NewToken(credentials string) Token {
	t := Token{Credentials: credentials}
	rand.Read(t.Secret[:]) // never fails (crypto/rand)
	return t
}

// String returns the token as used in URLs and cookies: 64 characters of base64url (RFC 4648, section 5).
func (t Token) String() string {
	id, err := base64.RawURLEncoding.DecodeString(t.Credentials)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(id, t.Secret[:]...))
}

// ParseToken parses a token; ok is false if it is truncated, damaged or not a token.
func ParseToken(text string) (t Token, ok bool) {
	if len(text) != TokenLength {
		return t, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != idBytes+SecretBytes {
		return t, false
	}
	t.Credentials = base64.RawURLEncoding.EncodeToString(raw[:idBytes])
	copy(t.Secret[:], raw[idBytes:])
	return t, true
}

// ParseLink parses the token of a link that an email program may have extended by a full stop, a bracket or
// an escaped space. It never cuts off a character of the token's own alphabet.
func ParseLink(text string) (Token, bool) {
	if len(text) > TokenLength && !inToken(text[TokenLength]) {
		text = text[:TokenLength]
	}
	return ParseToken(text)
}

func inToken(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-' || b == '_'
}

func (t Token) Hash() string { return secret.Hash(string(t.Secret[:])) }

// Session derives a session token from a link's token: the same browser gets the same session when it
// repeats a click, and nobody else can compute it.
func (t Token) Session(browserSecret string) (Token, error) {
	key, err := hkdf.Key(sha256.New, t.Secret[:], []byte(browserSecret), "postern session", SecretBytes)
	if err != nil {
		return Token{}, err
	}
	return Token{Credentials: t.Credentials, Secret: [SecretBytes]byte(key)}, nil
}

// CodeSession derives a session token from the code and the secret of the browser that enters it: the same
// browser gets the same session when it sends the code twice, and nobody else can compute it.
func CodeSession(credentials, browserSecret, code string) (Token, error) {
	key, err := hkdf.Key(sha256.New, []byte(browserSecret), []byte(code),
		"postern session by code", SecretBytes)
	if err != nil {
		return Token{}, err
	}
	return Token{Credentials: credentials, Secret: [SecretBytes]byte(key)}, nil
}

// The code's alphabet is Crockford's base 32, without I, L, O and U.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLength   = 8
)

// NewCode creates a code of 40 bits.
func NewCode() string {
	var raw [codeLength]byte
	rand.Read(raw[:])
	for i, b := range raw {
		raw[i] = codeAlphabet[b%32]
	}
	return string(raw[:])
}

// maxCodeText is the maximum length in bytes of a text that is searched for a code.
const maxCodeText = 1000

// markedCode finds a code within other text, in two groups of four.
var markedCode = regexp.MustCompile(`(?:^|[^0-9A-Z])([0-9A-Z]{4}-[0-9A-Z]{4})(?:[^0-9A-Z]|$)`)

// NormaliseCode reads a code as people type or paste it: in any case and width, with spaces, dashes or
// invisible characters, with O for 0 and I or L for 1, and with surrounding text. It returns "" for
// anything else.
func NormaliseCode(text string) string {
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

// bareCode reads a text that contains only a code and punctuation; it returns "" for any other.
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

// CodeHash returns a code as it is stored. The hash is bound to the request, and the code works only in the
// browser whose hash is stored with it.
func CodeHash(request, code string) string { return secret.Hash("code\x00" + request + "\x00" + code) }

// ShowCode formats a code in two groups of four.
func ShowCode(code string) string { return code[:codeLength/2] + "-" + code[codeLength/2:] }
