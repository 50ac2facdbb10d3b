package staff

import (
	"strings"

	"postern/portal/credential"
)

// tokenPrefix begins the tokens of staff, so that none is taken for a customer's, nor the other way round.
const tokenPrefix = "staff_"

// impersonationPrefix begins the tokens of impersonations, so that none opens the pages of staff.
const impersonationPrefix = "as_"

// Token is the content of a link or a cookie of a member.
type Token struct{ credential.Token }

// NewToken creates a token with a new secret for a member.
func NewToken(member string) Token { return Token{credential.NewToken(member)} }

// String returns the token as used in URLs and cookies.
func (t Token) String() string { return tokenPrefix + t.Token.String() }

// Member returns the id of the member whose token it is.
func (t Token) Member() string { return t.Credentials }

// ParseToken parses a token; ok is false for anything else.
func ParseToken(text string) (t Token, ok bool) { return parse(text, credential.ParseToken) }

// ParseLink parses the token of a link that an email program may have extended.
func ParseLink(text string) (t Token, ok bool) { return parse(text, credential.ParseLink) }

// Impersonation returns the token as used in the cookie of an impersonation.
func (t Token) Impersonation() string { return impersonationPrefix + t.Token.String() }

// ParseImpersonation parses the token of an impersonation.
func ParseImpersonation(text string) (t Token, ok bool) {
	rest, found := strings.CutPrefix(text, impersonationPrefix)
	if !found {
		return Token{}, false
	}
	read, ok := credential.ParseToken(rest)
	return Token{read}, ok
}

func parse(text string, read func(string) (credential.Token, bool)) (Token, bool) {
	rest, found := strings.CutPrefix(text, tokenPrefix)
	if !found {
		return Token{}, false
	}
	t, ok := read(rest)
	return Token{t}, ok
}

// Session derives the session token of a browser from a link's token; see credential.Token.
func (t Token) Session(browserSecret string) (Token, error) {
	made, err := t.Token.Session("staff\x00" + browserSecret)
	return Token{made}, err
}

// CodeSession derives a session token from an emailed code; see credential.CodeSession.
func CodeSession(member, browserSecret, code string) (Token, error) {
	made, err := credential.CodeSession(member, "staff\x00"+browserSecret, code)
	return Token{made}, err
}

// With returns a token of the same member with another secret.
func (t Token) With(secret [credential.SecretBytes]byte) Token {
	t.Secret = secret
	return t
}
