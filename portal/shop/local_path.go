package shop

import (
	"net/url"
	"strings"
	"sync"

	"postern/portal/validate"
)

// LocalPath is a path of the portal with its query, exactly as it is sent to a browser, which keeps it on
// this origin. Only ParsePath and ParseRequestedPath create one, so that no other text gets into a Location
// header. The zero LocalPath is Home.
type LocalPath struct{ text string }

// String returns the path as it is sent.
func (p LocalPath) String() string {
	if p.text == "" {
		return Home
	}
	return p.text
}

// ParsePath checks that every browser keeps text on this origin. Browsers read "//" and "/\" as the start of
// another host, and so does software that unescapes "/%2f" or "/%5c" before it passes the path on. ok is
// false for these in any spelling, for paths with the segments "." or "..", and for text that a browser
// would not accept unchanged.
func ParsePath(text string) (p LocalPath, ok bool) {
	u := validate.ParseURL(text)
	if u == nil || u.Host != "" || !strings.HasPrefix(text, "/") {
		return LocalPath{}, false
	}
	path, _, _ := strings.Cut(text, "?")
	path, _, _ = strings.Cut(path, "#")
	if leavesOrigin(path) || hasDotSegment(path) {
		return LocalPath{}, false
	}
	return LocalPath{text}, true
}

// ParseRequestedPath is ParsePath for a destination taken from a request: it also rejects the sign-in and
// sign-out pages.
func ParseRequestedPath(wish string) (p LocalPath, ok bool) {
	if p, ok = ParsePath(wish); !ok || isSignInPage(validate.ParseURL(wish).Path) {
		return LocalPath{}, false
	}
	return p, true
}

func isSignInPage(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return path == "/sign-in" || strings.HasPrefix(path, "/sign-in/") || path == "/sign-out"
}

// leavesOrigin reports whether a path, unescaped any number of times, has only dots and characters that
// browsers drop between its first slash and another slash or backslash.
func leavesOrigin(path string) bool {
	for {
		rest := strings.TrimLeftFunc(path,
			func(r rune) bool { return r <= ' ' || strings.ContainsRune(`/\.`, r) })
		if lead := path[:len(path)-len(rest)]; strings.ContainsAny(lead[1:], `/\`) {
			return true
		}
		plain, err := url.PathUnescape(path)
		if err != nil || plain == path {
			return false
		}
		path = plain
	}
}

var encodedDots = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer("%2e", ".",
		"%2E", ".")
})

// hasDotSegment reports whether a path has segments that browsers remove (URL Standard, "double-dot URL
// path segment").
func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment = encodedDots().Replace(segment); segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// With returns the path with a query parameter, which replaces others of the same name. The path itself
// stays as it was checked.
func (p LocalPath) With(name, value string) LocalPath {
	address, fragment, _ := strings.Cut(p.String(), "#")
	path, query, _ := strings.Cut(address, "?")
	values, _ := url.ParseQuery(query) // the readable part of the query is kept
	values.Set(name, value)
	path += "?" + values.Encode()
	if fragment != "" {
		path += "#" + fragment
	}
	return LocalPath{path}
}
