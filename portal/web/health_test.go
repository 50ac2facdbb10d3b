package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web"
	"postern/portal/web/webtest"
)

// checked returns a test site with the given health checks.
func checked(t *testing.T, checks ...web.Check) (testSite, *webtest.Browser) {
	t.Helper()
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test")).with(t,
		web.Config{Checks: checks})
	return h, webtest.NewBrowser(t, "http://10.0.0.1:8080", h.way) // an address of no shop
}

func readinessOf(t *testing.T, page *webtest.Page) any {
	t.Helper()
	checkHeaders(t, page.Header, "/readyz", false)
	if got := page.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %s", got)
	}
	var got any
	if err := json.Unmarshal([]byte(page.Body), &got); err != nil {
		t.Fatalf("%q: %v", page.Body, err)
	}
	return got
}

func TestHealth(t *testing.T) {
	t.Parallel()
	h, b := checked(t)
	if page := b.Get("/healthz").Want(200); page.Body != "ok\n" {
		t.Errorf("/healthz says %q", page.Body)
	}
	want := map[string]any{"ready": true,
		"checks": []any{map[string]any{"name": "store", "ok": true, "state": "ok"}}}
	if diff := cmp.Diff(any(want), readinessOf(t, b.Get("/readyz").Want(200))); diff != "" {
		t.Error(diff)
	}
	h.store.down.Store(true)
	defer h.store.down.Store(false)
	want = map[string]any{"ready": false,
		"checks": []any{map[string]any{"name": "store", "ok": false, "state": "unavailable"}}}
	page := b.Get("/readyz").Want(503)
	if diff := cmp.Diff(any(want), readinessOf(t, page)); diff != "" || page.Header.Get("Retry-After") == "" {
		t.Error(diff, page.Header)
	}
	b.Get("/healthz").Want(200)
	if !strings.Contains(h.Log.String(), "hunter2") {
		t.Error("the log does not say why")
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check  web.Check
		status int
		state  string
	}{
		"fine": {web.Check{Name: "mail",
			Run: func(context.Context) (string, error) { return "idle", nil }}, 200, "idle"},
		"failing": {web.Check{Name: "mail",
			Run: func(context.Context) (string, error) { return "late", errors.New(dsn) }}, 503, "late"},
		"broken": {web.Check{Name: "mail", Run: func(context.Context) (string, error) { panic(dsn) }},
			503, "unknown"},
		"slow": {web.Check{Name: "mail", Run: func(ctx context.Context) (string, error) {
			deadline, ok := ctx.Deadline()
			if !ok || time.Until(deadline) > time.Minute {
				t.Error("a check has no end")
			}
			return "idle", nil
		}}, 200, "idle"},
	} {
		t.Run(name, func(t *testing.T) {
			h, b := checked(t, c.check)
			page := b.Get("/readyz").Want(c.status)
			checks, _ := readinessOf(t, page).(map[string]any)["checks"].([]any)
			want := []any{
				map[string]any{"name": "store", "ok": true, "state": "ok"},
				map[string]any{"name": "mail", "ok": c.status == 200, "state": c.state},
			}
			if diff := cmp.Diff(want, checks); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(page.Body, "hunter2") {
				t.Errorf("internal text shows: %s", page.Body)
			}
			if logged := strings.Contains(h.Log.String(), "hunter2"); logged != (c.status == 503) {
				t.Errorf("logged: %t", logged)
			}
		})
	}
}
