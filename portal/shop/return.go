package shop

import (
	"net/url"
	"regexp"
	"strings"

	"postern/portal/validate"
)

// Return is a request to go back, signed in, to the shop's storefront: to a URL on one of the shop's
// origins, with the PKCE challenge (RFC 7636, S256) of the browser that started it, or "".
type Return struct {
	URL       string
	Challenge string
}

const (
	maxReturn    = 1000 // bytes of a Return's URL
	returnPath   = "/sign-in/continue"
	returnURL    = "return_to"
	returnProof  = "code_challenge"
	returnedCode = "code"
)

var (
	challengeShape = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)       // base64url of a SHA-256
	VerifierShape  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636, 4.1
)

// ReturnTo returns the Return for a URL and a challenge. ok is false unless the URL is written exactly as a
// browser would request it, has an allowed origin other than the portal's own, and has no parameter that
// could be mistaken for the code. It is also false for a malformed challenge: ignoring that would make a
// stolen code more useful.
func (s Shop) ReturnTo(address, challenge string) (back Return, ok bool) {
	if len(address) > maxReturn || strings.ContainsFunc(address, validate.UnfitForURL) || challenge != "" &&
		!challengeShape.MatchString(challenge) {
		return Return{}, false
	}
	u, err := url.Parse(address)
	if err != nil || u.String() != address || saysCode(u.RawQuery) {
		return Return{}, false
	}
	origin := validate.OriginOf(address)
	if origin == s.Origin() || !s.ServesOrigin(origin) {
		return Return{}, false
	}
	return Return{URL: address, Challenge: challenge}, true
}

// saysCode reports whether a query has a parameter that some server would read as "code": the storefront
// could then mistake another person's code for ours.
func saysCode(query string) bool {
	for _, part := range strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		name = strings.TrimFunc(name, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' })
		if err != nil || strings.EqualFold(name, returnedCode) {
			return true
		}
	}
	return false
}

// Path returns the portal's own page that forwards to the storefront, as a destination.
func (r Return) Path() string {
	query := url.Values{returnURL: {r.URL}}
	if r.Challenge != "" {
		query.Set(returnProof, r.Challenge)
	}
	return returnPath + "?" + query.Encode()
}

// ReturnOf parses the result of Path, and nothing else.
func (s Shop) ReturnOf(destination string) (back Return, ok bool) {
	query, found := strings.CutPrefix(destination, returnPath+"?")
	if !found {
		return Return{}, false
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return Return{}, false
	}
	back, ok = s.ReturnTo(values.Get(returnURL), values.Get(returnProof))
	return back, ok && back.Path() == destination
}

// With adds the code to the URL: after the existing query, before the fragment.
func (r Return) With(code string) string {
	address, fragment, found := strings.Cut(r.URL, "#")
	if found {
		fragment = "#" + fragment
	}
	between := "?"
	if strings.Contains(address, "?") {
		between = "&"
	}
	return address + between + returnedCode + "=" + code + fragment
}
