package portal

import (
	"net/url"
	"strings"
)

// LocalPath is a path of the portal with its query, byte for byte as it is sent to a browser, which keeps
// it on this origin. Only PathOf and PathOfWish make one, so that nothing else gets into a Location header.
// The zero LocalPath is Home.
type LocalPath struct{ text string }

// String is the path as it is sent.
func (p LocalPath) String() string {
	if p.text == "" {
		return Home
	}
	return p.text
}

// PathOf checks that every browser keeps text on this origin. Browsers read "//" and "/\" as the beginning
// of another host, and so does whoever unescapes "/%2f" or "/%5c" before passing it on; ok is false for
// those, in any spelling, for a path with the segments "." and "..", and for what no browser takes as it
// stands.
func PathOf(text string) (p LocalPath, ok bool) {
	u := urlOf(text)
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

// PathOfWish is PathOf for what a request asks for: no page of signing in or out either.
func PathOfWish(wish string) (p LocalPath, ok bool) {
	if p, ok = PathOf(wish); !ok || isSignInPage(urlOf(wish).Path) {
		return LocalPath{}, false
	}
	return p, true
}

func isSignInPage(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return path == "/sign-in" || strings.HasPrefix(path, "/sign-in/") || path == "/sign-out"
}

// leavesOrigin reports a path that has, however often it is unescaped, nothing but dots and what browsers
// drop between its first slash and another slash or backslash.
func leavesOrigin(path string) bool {
	for {
		rest := strings.TrimLeftFunc(path, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`/\.`, r) })
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

// hasDotSegment reports segments that a browser takes away (URL Standard, "double-dot URL path segment").
func hasDotSegment(path string) bool {
	dots := strings.NewReplacer("%2e", ".", "%2E", ".")
	for segment := range strings.SplitSeq(path, "/") {
		if segment = dots.Replace(segment); segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// With is the path with a query parameter, which replaces others of its name. The path itself stays as it
// was checked.
func (p LocalPath) With(name, value string) LocalPath {
	address, fragment, _ := strings.Cut(p.String(), "#")
	path, query, _ := strings.Cut(address, "?")
	values, _ := url.ParseQuery(query) // what of it can be read is kept
	values.Set(name, value)
	path += "?" + values.Encode()
	if fragment != "" {
		path += "#" + fragment
	}
	return LocalPath{path}
}
