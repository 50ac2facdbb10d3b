package portal

import (
	"net/url"
	"strings"
)

// maxDestination is the longest destination a link carries, in bytes.
const maxDestination = 500

// Home is where a sign-in without a destination leads.
const Home = "/orders"

// destination returns where a sign-in may lead: a path of the portal, a URL on an origin of the shop's
// storefront, or the one page below /sign-in that goes on there with a code; "" for anything else, which is
// dropped rather than reported, as it never came from a page of ours.
func (s Shop) destination(wish string) string {
	if _, back := s.ReturnOf(wish); back {
		return wish
	}
	if _, local := PathOfWish(wish); len(wish) > maxDestination || !local && s.StorefrontHost(wish) == "" {
		return ""
	}
	return wish // as it was checked: written again it could be another
}

// StorefrontHost is the host of a URL on one of the shop's origins other than the portal's own; "" for any
// other text.
func (s Shop) StorefrontHost(address string) string {
	u, origin := urlOf(address), originOf(address)
	if u == nil || origin == s.Origin() || !s.ServesOrigin(origin) {
		return ""
	}
	return u.Hostname()
}

// urlOf reads an address that browsers take as it stands; nil for any other text.
func urlOf(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || strings.ContainsFunc(text, unfitForURL) {
		return nil
	}
	return u
}

// unfitForURL finds what browsers strip or turn around in an address: controls, white space, backslashes,
// non-ASCII.
func unfitForURL(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }
