package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"postern/portal"
	"postern/portal/web/api"
	"postern/portal/web/webtest"
)

// TestOneOrderIsNoArray checks that a single order sent to the resource for many is refused with words that
// help.
func TestOneOrderIsNoArray(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	for _, body := range []string{order(morning, "1.00"), `"1"`, `17`, `null`} {
		p := problemOf(t, call(i, i.Key("main"), "POST", "/api/v1/orders", body).Want(422))
		if len(p.Errors) != 1 || p.Errors[0].Code != "json.array" || !strings.Contains(p.Errors[0].Detail, "PUT") {
			t.Errorf("%s: %+v", body, p)
		}
	}
}

// TestEmptyOrderNamesWhatItNeeds checks that all required members of an order are named together, with the
// amounts whose currency is unknown.
func TestEmptyOrderNamesWhatItNeeds(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	for body, want := range map[string][]string{
		`{}`: {"/currency", "/placed_at", "/total", "/updated_at"},
		`{"currency":"EUR","lines":[{"name":"Book"}]}`: {"/lines/0/quantity", "/lines/0/total", "/placed_at", "/total", "/updated_at"},
		`{"lines":[{"name":"Book","quantity":"1"}]}`:   {"/currency", "/lines/0/total", "/placed_at", "/total", "/updated_at"},
	} {
		var got []string
		for _, wrong := range problemOf(t, i.Put(i.Key("main"), "/api/v1/orders/1", body).Want(422)).Errors {
			got = append(got, wrong.Pointer)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", body, got, want)
		}
	}
}

// TestUnknownStatusIsReadAsUnknown checks a status that the portal does not know, one that is absent, and
// that sending what was read changes nothing.
func TestUnknownStatusIsReadAsUnknown(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	for status, want := range map[string][3]string{
		`"payment":"gnome debt",`:                               {"unknown", "unknown", "gnome debt"},
		`"payment":"CAPTURED","fulfillment":"in the cauldron",`: {"paid", "unknown", "in the cauldron"},
		`"state":"complete",`:                                   {"unknown", "unknown", ""},
	} {
		number := strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, status)
		i.Put(key, "/api/v1/orders/"+number, strings.Replace(order(morning, "1.00"), `"lines"`, status+`"lines"`, 1)).Want(201)
		page := call(i, key, "GET", "/api/v1/orders/"+number, "").Want(200)
		got := decode[struct{ Payment, Fulfillment, Source_Status string }](t, page)
		if got.Payment != want[0] || got.Fulfillment != want[1] || got.Source_Status != want[2] {
			t.Errorf("%s: %+v", status, got)
		}
		again := decode[map[string]any](t, page)
		delete(again, "customer")
		text, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if r := receiptOf(t, i.Put(key, "/api/v1/orders/"+number, string(text)).Want(200)); r.Result != "unchanged" {
			t.Errorf("%s, sent as read: %+v", status, r)
		}
	}
}

// TestDocsPageNamesScopesAndRanges checks that the page lists every scope with what it allows, and the least
// and most of a number.
func TestDocsPageNamesScopesAndRanges(t *testing.T) {
	t.Parallel()
	page := webtest.Portal(t).Browser().Get(api.DocsPath).Want(200)
	keys := page.Text("#keys")
	for _, scope := range portal.Scopes() {
		if !slices.Contains(page.Texts("#keys li code"), string(scope)) {
			t.Errorf("%s is not among the scopes: %s", scope, keys)
		}
	}
	if got := page.Text("main"); !strings.Contains(got, "from 1 to 100") {
		t.Error("the range of limit is not shown")
	}
}
