package api_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/validate"
	"postern/portal/web/webtest"
)

// developerCodes returns the codes that have a text for developers.
func developerCodes(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile("../../../templates/i18n/developer.json")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]any{}
	if err := json.Unmarshal(text, &codes); err != nil {
		t.Fatal(err)
	}
	return codes
}

// isCode reports whether a key is a code of the API, rather than a text of a command or of the documentation.
func isCode(key string) bool {
	word, _, _ := strings.Cut(key, ".")
	return !slices.Contains([]string{"import", "apikey", "docs"}, word)
}

func TestGuideListsEveryCode(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for code := range developerCodes(t) {
		if !isCode(code) {
			continue // part of the command
		}
		if !strings.Contains(string(guide), "\n| `"+code+"` |") {
			t.Errorf("the guide has no row for %s", code)
		}
	}
}

// brokenCall matches where a call goes on in the next line.
var brokenCall = regexp.MustCompile(`([,(])\n\s+`)

// codeLiteral matches a code in a call or field that only takes codes, or after a return.
var codeLiteral = regexp.MustCompile(`(?:Reject\(.*?|Warn\(.*?|NewError\([\w.]+|wrong\(.*?|Key:|return)[ ,(]*"([a-z_]+(?:\.[a-z_]+)+)"`)

// TestEveryCodeOfTheAPIIsDocumented searches all code that a feed can reach.
func TestEveryCodeOfTheAPIIsDocumented(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{
		"../../validate/*.go", "../../order.go", "../../order/*.go", "../../apikey.go",
		"../../feed.go", "../../customer_put.go", "../../customer/*_wire.go", "../../customer/address.go",
		"../../company.go", "../../customer/company.go",
		"../../identifier.go", "../../sign_in_email.go", "../../handoff.go", "../../listing.go",
		"../../upgrade.go", "../../idempotency.go",
		"../../voucher*.go", "../../voucher/*.go", "../../cart.go", "../../cart/*.go", "../../event.go", "../../event/*.go",
		"../../erasure.go", "../../reserved_email.go", "../../customer/reserved.go", "../problem.go",
		"../errors.go", "*.go", "../gate/*.go",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	codes := developerCodes(t)
	forPages := []string{"error.forgery", "error.cookies", "error.other_account", "error.challenge",
		"company.changed", "cursor.bad", "address.too_many", "address.changed", "address.use", "step.digital",
		"withdrawal.link", "status.unknown", "error.order", "address.gone", "email_restore.gone", "error.staff_denied",
		"error.staff_confirm"}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range codeLiteral.FindAllStringSubmatch(brokenCall.ReplaceAllString(string(text), "$1 "), -1) {
			if codes[match[1]] == nil && !slices.Contains(forPages, match[1]) && !strings.HasPrefix(match[1], "period.") {
				t.Errorf("%s: %s has no sentence for developers", file, match[1])
			}
		}
	}
}

func TestEveryErrorHasItsCode(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	good := order(morning, "1.00")
	const json, customer = "application/json", "/api/v1/customers/9"
	for _, test := range []struct {
		name, method, path, body, kind, key string
		status                              int
		code                                string
	}{
		{"no key", "PUT", "/api/v1/orders/1", good, json, "", 401, "key.required"},
		{"a strange key", "PUT", "/api/v1/orders/1", good, json, "postern_x", 401, "error.key"},
		{"no such path", "GET", "/api/v1/nothing", "", "", key, 404, "error.not_found"},
		{"no such customer", "GET", customer, "", "", key, 404, "customer.not_found"},
		{"another method", "DELETE", customer, "", "", key, 405, "request.method"},
		{"no JSON", "PUT", "/api/v1/orders/1", good, "text/plain", key, 415, "request.media_type"},
		{"wrong JSON", "PUT", "/api/v1/orders/1", "{", json, key, 422, "error.invalid"},
		{"an unknown parameter", "GET", customer + "?after=1", "", "", key, 422, "error.invalid"},
		{"a spent code", "POST", "/api/v1/hand-off", `{"code":"x","return_to":"https://shop.test/"}`, json,
			key, 410, "hand_off.gone"},
	} {
		page := i.Browser().Send(webtest.Request{Method: test.method, Path: test.path, Body: test.body,
			Header: map[string]string{
				"Authorization": "Bearer " + test.key, "Content-Type": test.kind,
			}}).Want(test.status)
		if p := problemOf(t, page); p.Code != test.code {
			t.Errorf("%s: %s, want %s", test.name, p.Code, test.code)
		}
	}
}

// TestUnknownParametersAreRefused checks that every route refuses unknown parameters and names them.
func TestUnknownParametersAreRefused(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	for _, route := range [][2]string{
		{"PUT", "/api/v1/orders/1"}, {"PUT", "/api/v1/customers/1"}, {"GET", "/api/v1/customers/1"},
		{"GET", "/api/v1/customers/by-email/jan%40shop.test"},
		{"GET", "/api/v1/withdrawals"}, {"GET", "/api/v1/requests"}, {"GET", "/api/v1/messages"},
		{"POST", "/api/v1/customers/1/sign-in-mail"},
		{"POST", "/api/v1/hand-off"}, {"GET", "/api/v1/orders/1"}, {"DELETE", "/api/v1/orders/1"},
		{"GET", "/api/v1/orders"}, {"GET", "/api/v1/customers"}, {"POST", "/api/v1/orders"},
		{"GET", "/api/v1/customers/1/cart"}, {"PUT", "/api/v1/customers/1/cart"}, {"POST", "/api/v1/events"},
		{"GET", "/api/v1/vouchers/1"}, {"PUT", "/api/v1/vouchers/1"}, {"DELETE", "/api/v1/vouchers/1"},
		{"POST", "/api/v1/vouchers/1/redeem"}, {"GET", "/api/v1/vouchers/1/redeem/1"},
		{"DELETE", "/api/v1/vouchers/1/redeem/1"},
	} {
		page := i.Browser().Send(webtest.Request{Method: route[0], Path: route[1] + "?froce=true", Body: "{}",
			Header: map[string]string{
				"Authorization": "Bearer " + key, "Content-Type": "application/json",
			}}).Want(422)
		if p := problemOf(t, page); len(p.Errors) != 1 || p.Errors[0].Parameter != "froce" ||
			p.Errors[0].Code != "query.unknown" {
			t.Errorf("%s %s: %+v", route[0], route[1], p.Errors)
		}
	}
}

// TestFutureIsRefused checks that a wrong clock cannot freeze a document unless the update is forced.
func TestFutureIsRefused(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	const future = "2036-01-01T00:00:00Z"
	put := func(path, body, pointer string) {
		t.Helper()
		if p := problemOf(t, i.Put(key, path, body).Want(422)); len(p.Errors) != 1 ||
			p.Errors[0].Pointer != pointer || p.Errors[0].Code != "time.ahead" {
			t.Errorf("%s: %+v", path, p.Errors)
		}
		i.Put(key, path+"?force=true", body).Want(201)
	}
	put("/api/v1/orders/1", order(future, "1.00"), "/updated_at")
	put("/api/v1/orders/2", strings.Replace(order(morning, "1.00"), "2026-03-01T10:00:00Z", future,
		1), "/placed_at")
	put("/api/v1/customers/7", `{"email":"jan@shop.test","updated_at":"`+future+`"}`, "/updated_at")
	latest := i.Clock.Now().Add(validate.MaxClockSkew)
	i.Put(key, "/api/v1/orders/3", order(latest.Format(time.RFC3339), "1.00")).Want(201)
	put("/api/v1/orders/4", order(latest.Add(time.Second).Format(time.RFC3339), "1.00"), "/updated_at")
}

// TestSignInMailIsIdempotent checks that the body is optional and that an idempotency key sends only one
// email.
func TestSignInMailIsIdempotent(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	i.Put(key, "/api/v1/customers/7", `{"email":"jan@shop.test","updated_at":"`+morning+`"}`).Want(201)
	ask := func(idempotency, body string, status int) *webtest.Page {
		t.Helper()
		header := map[string]string{"Authorization": "Bearer " + key, "Idempotency-Key": idempotency}
		if body != "" {
			header["Content-Type"] = "application/json"
		}
		return i.Browser().Send(webtest.Request{Method: "POST", Path: "/api/v1/customers/7/sign-in-mail",
			Body: body, Header: header}).Want(status)
	}
	for range 20 { // more than the hourly limit of an address
		ask(`"a"`, "", 202)
	}
	ask("a", "{}", 202)
	if p := problemOf(t, ask("a", `{"destination":"/addresses"}`, 422)); p.Code != "idempotency.reused" {
		t.Errorf("another request: %s", p.Code)
	}
	for name, key := range map[string]string{"empty": " ", "empty in quotes": `""`,
		"long": strings.Repeat("k", 256)} {
		if p := problemOf(t, ask(key, "", 422)); len(p.Errors) != 1 ||
			p.Errors[0].Code != "idempotency.form" {
			t.Errorf("a key that is %s: %+v", name, p)
		}
	}
	twice := i.Browser()
	twice.Header["Idempotency-Key"] = []string{"c", "d"}
	header := map[string]string{"Authorization": "Bearer " + key}
	problemOf(t, twice.Send(webtest.Request{Method: "POST", Path: "/api/v1/customers/7/sign-in-mail",
		Header: header}).Want(422))
	var last *webtest.Page
	for n := range 6 {
		last = ask(strings.Repeat("b", n+1), "", map[bool]int{true: 202, false: 429}[n < 5])
	}
	if p := problemOf(t, last); p.Code != "mail.too_many" || last.Header.Get("Retry-After") != "3600" {
		t.Errorf("%s, Retry-After %q", p.Code, last.Header.Get("Retry-After"))
	}
}

// TestConsentsAloneNeedNoTime checks that consents alone need no updated_at, since each has its own time.
func TestConsentsAloneNeedNoTime(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	i.Put(key, "/api/v1/customers/7", `{"email":"jan@shop.test","updated_at":"`+morning+`"}`).Want(201)
	const consents = `{"consents":{"newsletter":{"status":"given","at":"` + morning + `"}}}`
	for _, want := range []string{"updated", "unchanged"} {
		if got := receiptOf(t, i.Put(key, "/api/v1/customers/7", consents).Want(200)); got.Result != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
	problemOf(t, i.Put(key, "/api/v1/customers/7", `{"first_name":"Jan"}`).Want(422))
}

func TestLanguageNobodyOffersIsDropped(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	page := i.Put(key, "/api/v1/customers/7",
		`{"email":"jan@shop.test","language":"tlh","updated_at":"`+morning+`"}`).Want(201)
	if !strings.Contains(page.Body, `"pointer":"/language","code":"language.dropped"`) {
		t.Error(page.Body)
	}
}
