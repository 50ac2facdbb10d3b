package shop

import (
	"postern/portal/validate"
)

// maxDestination is the maximum length in bytes of a destination in a link.
const maxDestination = 500

// Home is the page after a sign-in without a destination.
const Home = "/orders"

// Closed is the page after the sign-in of a disabled customer.
const Closed = "/closed"

// Destination returns the page to open after a sign-in: a path of the portal, a URL on an origin of the
// shop's storefront, or the page below /sign-in that returns to the storefront with a code. Anything else
// gives "": it did not come from one of our pages, so it is dropped without an error.
func (s Shop) Destination(wish string) string {
	if _, back := s.ReturnOf(wish); back {
		return wish
	}
	if _, local := ParseRequestedPath(wish); len(wish) > maxDestination || !local &&
		s.StorefrontHost(wish) == "" {
		return ""
	}
	return wish // as it was checked: written again it could be another
}

// StorefrontHost returns the host of a URL on one of the shop's origins other than the portal's own, or ""
// for any other text.
func (s Shop) StorefrontHost(address string) string {
	u, origin := validate.ParseURL(address), validate.OriginOf(address)
	if u == nil || origin == s.Origin() || !s.ServesOrigin(origin) {
		return ""
	}
	return u.Hostname()
}
