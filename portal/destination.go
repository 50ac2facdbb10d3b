package portal

import (
	"net/url"
	"strings"
)

// maxDestination is the longest destination a link carries, in bytes.
const maxDestination = 500

// Home is where a sign-in without a destination leads.
const Home = "/orders"

// destination returns where a sign-in may lead: a path of the portal, a URL on an origin of the shop's storefront, or the
// one page below /sign-in that goes on there with a code; "" for anything else, which is dropped rather than reported, as it
// never came from a page of ours.
func (s Shop) destination(wish string) string {
	if _, back := s.ReturnOf(wish); back {
		return wish
	}
	if wish == "" || len(wish) > maxDestination || strings.ContainsFunc(wish, unfitForURL) {
		return ""
	}
	u, err := url.Parse(wish)
	if err != nil || u.User != nil {
		return ""
	}
	if u.Scheme == "" && u.Host == "" {
		return localPath(wish, u)
	}
	origin := originOf(wish)
	if origin == s.Origin() || !s.ServesOrigin(origin) {
		return ""
	}
	return u.String()
}

// localPath accepts a path that every browser keeps on this origin: browsers read "//" and "/\" as another host.
func localPath(wish string, u *url.URL) string {
	if !strings.HasPrefix(wish, "/") || strings.HasPrefix(wish, "//") {
		return ""
	}
	if u.Path == "/sign-in" || strings.HasPrefix(u.Path, "/sign-in/") || u.Path == "/sign-out" {
		return ""
	}
	return u.String()
}

// unfitForURL finds what browsers strip or turn around in an address: controls, white space, backslashes, non-ASCII.
func unfitForURL(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }
