package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/web/api"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
	"postern/templates/i18n"
)

// apiRoutes returns the API's routes.
func apiRoutes(t *testing.T) []gate.Route {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return api.New(api.Config{Texts: texts}).Routes()
}

// TestRoutesRequireTheirScope checks on every route that a key with only its scope is let in, and that a key
// with all other scopes gets 403 with the name of the scope.
func TestRoutesRequireTheirScope(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	keyWith := map[portal.Scope]string{}
	keyWithout := map[portal.Scope]string{}
	for _, scope := range portal.Scopes() {
		others := slices.DeleteFunc(portal.Scopes(), func(s portal.Scope) bool { return s == scope })
		keyWith[scope] = i.Key("main", portal.KeyScopes(scope))
		keyWithout[scope] = i.Key("main", portal.KeyScopes(others...))
	}
	used := map[portal.Scope]bool{}
	for _, route := range apiRoutes(t) {
		if route.Class != gate.FeedKey {
			continue
		}
		used[route.Scope] = true
		send := func(key string) *webtest.Page {
			return i.Browser().Send(webtest.Request{Method: route.Method,
				Path:   strings.NewReplacer(":number", "1", ":id", "1", ":photo", "1", ":code", "1", ":order", "1", ":email", "a@shop.test").Replace(route.Path),
				Body:   "{}",
				Header: map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"}})
		}
		name, scope := route.Method+" "+route.Path, string(route.Scope)
		if page := send(keyWith[route.Scope]); page.Status == 401 || page.Status == 403 || page.Status >= 500 {
			t.Errorf("%s with %s: %d", name, scope, page.Status)
		}
		page := send(keyWithout[route.Scope]).Want(403)
		p := problemOf(t, page)
		if p.Code != "key.scope" || p.Scope != scope || !strings.Contains(p.Detail, scope) ||
			!strings.Contains(page.Header.Get("WWW-Authenticate"), `scope="`+scope+`"`) {
			t.Errorf("%s without %s: %+v, %s", name, scope, p, page.Header.Get("WWW-Authenticate"))
		}
	}
	for _, scope := range portal.Scopes() {
		if !used[scope] {
			t.Errorf("no route requires %s", scope)
		}
	}
}

// TestLargeBodyNeedsTheScope checks that a key without the scope cannot make the portal read a large body.
func TestLargeBodyNeedsTheScope(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	large := `{"x":"` + strings.Repeat("a", gate.MaxBody) + `"}`
	page := i.Put(i.Key("main", portal.KeyScopes(portal.ScopeLists)), "/api/v1/orders/1", large).Want(403)
	if p := problemOf(t, page); p.Code != "key.scope" {
		t.Errorf("%+v", p)
	}
}

func TestExpiredKeyHasItsOwnCode(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main", portal.KeyExpiry(i.Clock.Now().Add(time.Hour)))
	i.Put(key, "/api/v1/orders/1", order(morning, "1.00")).Want(201)
	i.Clock.Move(time.Hour)
	page := i.Put(key, "/api/v1/orders/1", order(morning, "1.00")).Want(401)
	if p := problemOf(t, page); p.Code != "key.expired" ||
		!strings.Contains(page.Header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("%+v", p)
	}
}
