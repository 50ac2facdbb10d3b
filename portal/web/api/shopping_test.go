package api_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/portal/shop"
	"postern/portal/web/webtest"
)

// TestVoucherIsRedeemedByTheAPI follows a voucher: sent, read, redeemed twice by the same number, given back,
// deleted.
func TestVoucherIsRedeemedByTheAPI(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	const path = "/api/v1/vouchers/spring-10"
	body := `{"code":"Spring-10","title":"Spring","percent":"10","uses":1,"uses_per_customer":1,"until":"2026-12-31T23:00:00Z","updated_at":"` + morning + `"}`
	for n, want := range []string{"created", "unchanged", "updated", "stale"} {
		sent := body
		switch n {
		case 2:
			sent = strings.Replace(strings.Replace(body, morning, evening, 1), `"uses":1,`, `"uses":2,`, 1)
		case 3:
			sent = strings.Replace(body, `"Spring"`, `"Winter"`, 1)
		}
		page := call(i, key, "PUT", strings.Replace(path, "spring", []string{"spring", "SPRING", "Spring", "spring"}[n], 1), sent)
		if got := receiptOf(t, page); got.Result != want {
			t.Errorf("%d: %+v, want %s", n, got, want)
		}
	}
	first := call(i, key, "POST", path+"/redeem", `{"order":"2026/7","email":"jan@shop.test"}`).Want(200)
	i.Clock.Move(48 * time.Hour)
	again := call(i, key, "POST", path+"/redeem", `{"order":"2026/7","email":"jan@shop.test"}`).Want(200)
	if first.Body != again.Body || !strings.Contains(first.Body, `"percent":"10"`) {
		t.Errorf("%s, then %s", first.Body, again.Body)
	}
	page := call(i, key, "POST", path+"/redeem", `{"order":"8","email":"jan@shop.test"}`).Want(409)
	if p := problemOf(t, page); p.Code != "voucher.used_by_customer" {
		t.Errorf("%+v", p)
	}
	read := decode[struct{ Used, Left, Uses int }](t, call(i, key, "GET", path, "").Want(200))
	if read.Used != 1 || read.Left != 1 || read.Uses != 2 {
		t.Errorf("%+v", read)
	}
	for range 2 {
		call(i, key, "DELETE", path+"/redeem/2026%2F7", "").Want(204)
	}
	if page := call(i, key, "GET", path+"/redeem/2026%2F7", "").Want(200); !strings.Contains(page.Body, "given_back_at") {
		t.Error(page.Body)
	}
	problemOf(t, call(i, key, "DELETE", path+"/redeem/9", "").Want(404))
	call(i, key, "DELETE", path, "").Want(204)
	for _, request := range [][2]string{{"GET", path}, {"DELETE", path}, {"POST", path + "/redeem"}} {
		problemOf(t, call(i, key, request[0], request[1], map[bool]string{true: `{"order":"9"}`}[request[0] == "POST"]).Want(404))
	}
}

// TestVoucherSentAtOnce redeems a voucher by many requests at the same time.
func TestVoucherSentAtOnce(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	call(i, key, "PUT", "/api/v1/vouchers/x", `{"amount":"5","currency":"EUR","uses":20,"updated_at":"`+morning+`"}`).Want(201)
	var all sync.WaitGroup
	var status [60]int
	for n := range status {
		all.Go(func() {
			status[n] = call(i, key, "POST", "/api/v1/vouchers/x/redeem", fmt.Sprintf(`{"order":"%d"}`, n)).Status
		})
	}
	all.Wait()
	taken := 0
	for _, s := range status {
		if s == 200 {
			taken++
		} else if s != 409 {
			t.Errorf("status %d", s)
		}
	}
	if taken != 20 {
		t.Errorf("%d of 20 uses", taken)
	}
}

// TestWrongVouchers checks that each wrong value is named.
func TestWrongVouchers(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	for _, test := range []struct{ code, members, want string }{
		{"%C5%A0-1", `"percent":"10"`, "/code voucher.code"},
		{"%EF%BC%A1", `"percent":"10"`, "/code voucher.code"},
		{"%2e%2e", `"percent":"10"`, "/code voucher.code"},
		{"a%2Fb", `"percent":"10"`, "/code voucher.code"},
		{strings.Repeat("a", 65), `"percent":"10"`, "/code voucher.code"},
		{"a", `"percent":"10","code":"b"`, "/code voucher.code.other"},
		{"a", `"title":"x"`, "/amount voucher.value"},
		{"a", `"percent":"10","amount":"1","currency":"EUR"`, "/amount voucher.value"},
		{"a", `"percent":"10","currency":"EUR"`, "/currency voucher.value"},
		{"a", `"percent":"0"`, "/percent number.percent"},
		{"a", `"percent":"100.01"`, "/percent number.percent"},
		{"a", `"percent":"1.234"`, "/percent number.percent"},
		{"a", `"percent":"ten"`, "/percent number.percent"},
		{"a", `"amount":"0","currency":"EUR"`, "/amount money.positive"},
		{"a", `"amount":"-5","currency":"EUR"`, "/amount money.positive"},
		{"a", `"amount":"5.005","currency":"EUR"`, "/amount money.precision"},
		{"a", `"amount":"5"`, "/currency money.currency"},
		{"a", `"percent":"10","uses":0`, "/uses number.range"},
		{"a", `"percent":"10","uses_per_customer":101`, "/uses_per_customer number.range"},
		{"a", `"percent":"10","from":"2026-05-01T00:00:00Z","until":"2026-05-01T00:00:00Z"`, "/until voucher.until"},
		{"a", `"percent":"10","for":{}`, "/for voucher.for"},
		{"a", `"percent":"10","for":{"customer_id":"7","email":"a@shop.test"}`, "/for voucher.for"},
		{"a", `"percent":"10","for":{"customer_id":"guest"}`, "/for/customer_id customer_id.nobody"},
	} {
		page := call(i, key, "PUT", "/api/v1/vouchers/"+test.code, `{`+test.members+`,"updated_at":"`+morning+`"}`)
		var got []string
		for _, wrong := range problemOf(t, page.Want(422)).Errors {
			got = append(got, wrong.Pointer+" "+wrong.Code)
		}
		if !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s %s: %v, want %s", test.code, test.members, got, test.want)
		}
	}
	call(i, key, "PUT", "/api/v1/vouchers/"+strings.Repeat("a", 64), `{"percent":"100","updated_at":"`+morning+`"}`).Want(201)
}

// TestCartIsReadBack sends a cart, and sends what is read again.
func TestCartIsReadBack(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	const path = "/api/v1/customers/a%2F7/cart"
	problemOf(t, call(i, key, "PUT", path, fullCart).Want(404))
	call(i, key, "PUT", "/api/v1/customers/a%2F7", `{"email":"jan@shop.test","updated_at":"`+morning+`"}`).Want(201)
	if p := problemOf(t, call(i, key, "GET", path, "").Want(404)); p.Code != "cart.not_found" {
		t.Errorf("%+v", p)
	}
	call(i, key, "PUT", path, fullCart).Want(201)
	read := call(i, key, "GET", path, "").Want(200)
	if got := receiptOf(t, call(i, key, "PUT", path, read.Body).Want(200)); got.Result != "unchanged" || got.Customer == "" {
		t.Errorf("%+v: %s", got, read.Body)
	}
	call(i, key, "PUT", path, `{"lines":[],"updated_at":"`+evening+`"}`).Want(200)
	if page := call(i, key, "GET", path, "").Want(200); !strings.Contains(page.Body, `"lines":[]`) {
		t.Error(page.Body)
	}
}

// TestEventsHaveTheirOwnResults sends events as an array and as lines, to a shop that takes them and to one
// that does not.
func TestEventsHaveTheirOwnResults(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	call(i, key, "PUT", "/api/v1/customers/7", `{"email":"jan@shop.test","updated_at":"`+morning+`"}`).Want(201)
	at := i.Clock.Now().Add(-time.Hour).Format(time.RFC3339)
	event := func(id, at string) string {
		return fmt.Sprintf(`{"id":%q,"type":"product_view","at":%q,"customer_id":"7","name":"Book","url":"/b"}`, id, at)
	}
	list := []string{event("1", at), event("1", at), event("2", "2036-01-01T00:00:00Z"), event("3", "2020-01-01T00:00:00Z"), `{"id":"4"}`}
	body := "[" + strings.Join(list, ",") + "]"
	if p := problemOf(t, call(i, key, "POST", "/api/v1/events", body).Want(409)); p.Code != "events.off" {
		t.Errorf("not switched on: %+v", p)
	}
	on := true
	if _, err := i.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{Events: &on}); err != nil {
		t.Fatal(err)
	}
	for n, want := range [][]string{
		{"1 created 201", "1 unchanged 200", "2  422", "3  422", "4  422"},
		{"1 unchanged 200", "1 unchanged 200", "2  422", "3  422", "4  422"},
	} {
		header := map[string]string{"Authorization": "Bearer " + key, "Content-Type": "application/json"}
		if n == 1 {
			body, header["Content-Type"] = strings.Join(list, "\n"), "application/x-ndjson"
		}
		page := i.Browser().Send(webtest.Request{Method: "POST", Path: "/api/v1/events", Body: body, Header: header}).Want(200)
		answer := decode[struct {
			Results []struct {
				ID, Result string
				Status     int
			}
			Refused int
		}](t, page)
		var got []string
		for _, r := range answer.Results {
			got = append(got, fmt.Sprintf("%s %s %d", r.ID, r.Result, r.Status))
		}
		if !slices.Equal(got, want) || answer.Refused != 3 {
			t.Errorf("%v, want %v; %d refused", got, want, answer.Refused)
		}
	}
	many := "[" + strings.Repeat(event("9", at)+",", 1000) + event("9", at) + "]"
	problemOf(t, call(i, key, "POST", "/api/v1/events", many).Want(422))
}
