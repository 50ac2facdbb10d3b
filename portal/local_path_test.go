package portal_test

import (
	"testing"

	"postern/portal/shop"
)

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"/": true, "/orders": true, "/orders?a=//b#//c": true, "/orders/a%2Fb": true, "/orders/%7B": true,
		"/.well-known/x":       true,
		"/orders?to=/%2f%5c..": true, "/orders/..%2Fx": true,
		"": false, "orders": false, "//x": false, `/\x`: false, "/%2fevil.example/{": false,
		"/%2Fevil": false, "/%5cevil": false,
		"/%5Cevil": false, "/%252fevil": false, "/%25%32%66evil": false, "/.%2fevil": false,
		"/%2e%2fevil": false, "/..//evil": false, "/%09/evil": false, "/%0a%5cevil": false,
		"/a/../b": false, "/a/%2E./b": false, "/a/.": false, "/a b": false, "/é": false, "/a\nb": false,
		"https://x.test/": false,
		"/a%25b":          true, "/a%": false,
	} {
		if _, ok := shop.ParsePath(text); ok != want {
			t.Errorf("%q: %t", text, ok)
		}
	}
	for _, wish := range []string{"/sign-in", "/sign-in?to=/", "/sign-in/link/x", "/sign-in/", "/sign-out/",
		"/sign%2din", "/sign-in%2fcode", "/sign-out"} {
		if path, ok := shop.ParseRequestedPath(wish); ok || path.String() != shop.Home {
			t.Errorf("%q is a wish, to %s", wish, path)
		}
	}
}

// TestLocalPathKeepsItsBytes checks that With adds a parameter without re-encoding the path.
func TestLocalPathKeepsItsBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/orders/{":             "/orders/{?done=a+b",
		"/orders/a%2fb?x=1#top": "/orders/a%2fb?done=a+b&x=1#top",
		"/orders?done=old&y={":  "/orders?done=a+b&y=%7B",
	} {
		path, ok := shop.ParsePath(text)
		if got := path.With("done", "a b").String(); !ok || got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
