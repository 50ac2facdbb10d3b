package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/web/webtest"
)

// call sends a request with a key. A body is JSON unless it is given with another media type.
func call(i *webtest.Installation, key, method, path, body string) *webtest.Page {
	header := map[string]string{"Authorization": "Bearer " + key}
	if body != "" {
		header["Content-Type"] = "application/json"
	}
	return i.Browser().Send(webtest.Request{Method: method, Path: path, Body: body, Header: header})
}

func decode[T any](t *testing.T, page *webtest.Page) (value T) {
	t.Helper()
	if err := json.Unmarshal([]byte(page.Body), &value); err != nil {
		t.Fatalf("%v: %.500s", err, page.Body)
	}
	return value
}

// fullOrder has every member of an order, in the spelling that the portal writes.
const fullOrder = `{
"customer_id":"c1","email":"jan@shop.test","phone":"+421905123456",
"placed_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-02T08:00:00Z","currency":"EUR",
"state":"open","payment":"partially_paid","fulfillment":"shipped","payment_kind":"transfer",
"source_status":"wc-processing","source_label":"On its way","is_digital":true,"business":true,"language":"sk",
"lines":[{"id":"1","sku":"B-7","name":"Book","options":[{"name":"Colour","value":"blue"}],"quantity":"2",
 "unit_price":"8.95","subtotal":"17.90","total":"17.90","warranty_months":"24","tax_rate":"5",
 "picture":"https://shop.test/7.jpg","url":"https://shop.test/7","fulfillment":"shipped","kind":"goods",
 "withdrawal":"sealed"},
 {"id":"2","parent":"1","name":"Ribbon","quantity":"1","total":"0.00"}],
"subtotal":"17.90","discount":"1.00","shipping":"2.90","tax":"0.99","refunded":"1.00","total":"21.80",
"prices_include_tax":true,"taxes":[{"label":"VAT","rate":"5","amount":"0.99"}],
"discounts":[{"label":"Spring","code":"SPRING","amount":"1.00"}],
"fees":[{"kind":"cod","label":"Cash on delivery","amount":"2.00","tax_rate":"20"}],
"gift_cards":[{"label":"Gift card","last_digits":"77AB","amount":"1.00"}],
"store_credit":"1.00","amount_paid":"10.00","amount_due":"11.80",
"payments":[{"kind":"card","method":"Visa","amount":"10.00","currency":"CZK","at":"2026-03-01T10:05:00Z",
 "last_digits":"4242"}],
"refunds":[{"amount":"1.00","at":"2026-03-02T07:00:00Z","reason":"damaged","method":"card",
 "lines":[{"line":"1","quantity":"1","amount":"1.00"}]}],
"lines_discounted":true,"lines_taxed":false,
"payment_instructions":{"account_name":"Shop","iban":"SK3112000000198742637541","bic":"TATRSKBX",
 "account":"19-8742637541/1200","variable_symbol":"1001","constant_symbol":"0308","specific_symbol":"7",
 "reference":"Order 1001","amount":"11.80","due_at":"2026-03-10"},
"downloads":[{"line":"1","name":"E-book","url":"https://shop.test/d/1","until":"2026-06-01T00:00:00Z","left":"3"}],
"returns":[{"number":"R1","request":"019e","state":"approved","reason":"too small","declined":"no",
 "lines":[{"line":"1","quantity":"1"}],"label_url":"https://shop.test/l/1","carrier":"DHL",
 "tracking_number":"X1","tracking_url":"https://dhl.test/X1","updated_at":"2026-03-02T08:00:00Z"}],
"tax_note":"Reverse charge","vat_id":"SK2020317068","shipping_method":"Courier","payment_method":"Bank transfer",
"shipping_address":{"first_name":"Jan","last_name":"Novák","company":"Fern","line1":"Hlavná 1","line2":"2nd floor",
 "city":"Bratislava","postal_code":"811 01","country":"SK","phone":"+421905123456"},
"billing_address":{"last_name":"Novák","line1":"Hlavná 1","city":"Bratislava","postal_code":"811 01","country":"SK"},
"shipments":[{"carrier":"DHL","number":"JD01","url":"https://dhl.test/JD01","shipped_at":"2026-03-02T07:00:00Z",
 "delivered_at":"2026-03-02T07:30:00Z","expected_from":"2026-03-02T06:00:00Z","expected_to":"2026-03-03T06:00:00Z",
 "pickup_point":"Box 7","pickup_hours":"Mon-Fri","items":[{"line":"1","quantity":"2"}]}],
"customer_note":"Ring twice","notes":[{"text":"Thank you","at":"2026-03-01T11:00:00Z"}],
"links":{"invoice":"https://shop.test/i","storefront":"https://shop.test/o","payment":"https://shop.test/p",
 "reorder":"https://shop.test/r","return":"https://shop.test/b","cancel":"https://shop.test/c"},
"events":[{"type":"shipped","at":"2026-03-02T07:00:00Z","label":"On its way"}]}`

// TestOrderIsReadAsItWasSent checks that every member that can be written can be read, and that sending what
// was read changes nothing.
func TestOrderIsReadAsItWasSent(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	sent := map[string]any{}
	if err := json.Unmarshal([]byte(fullOrder), &sent); err != nil {
		t.Fatal(err)
	}
	stored := receiptOf(t, i.Put(key, "/api/v1/orders/a%2F7", fullOrder).Want(201))
	got := decode[map[string]any](t, call(i, key, "GET", "/api/v1/orders/a%2F7", "").Want(200))
	sent["number"], sent["customer"] = "a/7", stored.Customer
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error(diff)
	}
	delete(got, "customer")
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if r := receiptOf(t, i.Put(key, "/api/v1/orders/a%2F7", string(again)).Want(200)); r.Result != "unchanged" {
		t.Errorf("sent as read: %+v", r)
	}
	if p := problemOf(t, call(i, key, "GET", "/api/v1/orders/7", "").Want(404)); p.Code != "order.not_found" {
		t.Errorf("%+v", p)
	}
}

// TestOrderIsReadWithoutNoticedChanges checks that what the portal noticed itself is not taken for the
// feed's.
func TestOrderIsReadWithoutNoticedChanges(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	body := strings.Replace(order(morning, "1.00"), `"lines"`, `"fulfillment":"unfulfilled","lines"`, 1)
	i.Put(key, "/api/v1/orders/1", body).Want(201)
	body = strings.NewReplacer("unfulfilled", "shipped", morning, evening).Replace(body)
	i.Put(key, "/api/v1/orders/1", body).Want(200)
	got := decode[map[string]any](t, call(i, key, "GET", "/api/v1/orders/1", "").Want(200))
	if got["fulfillment"] != "shipped" || got["events"] != nil {
		t.Errorf("%v", got)
	}
}

// listed is a page of orders or customers.
type listed struct {
	Orders, Customers []map[string]any
	Next              string
}

// readAll reads a list to its end and returns the values of one member.
func readAll(t *testing.T, i *webtest.Installation, key, path, member string) (values []string, pages int) {
	t.Helper()
	for cursor := ""; ; pages++ {
		at := path
		if cursor != "" {
			at += "&cursor=" + url.QueryEscape(cursor)
		}
		page := decode[listed](t, call(i, key, "GET", at, "").Want(200))
		for _, record := range append(page.Orders, page.Customers...) {
			values = append(values, fmt.Sprint(record[member]))
		}
		if cursor = page.Next; cursor == "" {
			return values, pages + 1
		}
	}
}

// TestOrdersAreListed reads the list by pages of any size, since a time, and of one customer.
func TestOrdersAreListed(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	var all, hers []string
	owner := ""
	for n := range 25 {
		number := fmt.Sprintf("%02d", n)
		at := time.Date(2026, 3, 1, 10+n/10, 0, 0, 0, time.UTC).Format(time.RFC3339) // many at the same time
		body := order(at, "1.00")
		if n%5 == 0 {
			body = strings.Replace(body, "jan@", "eva@", 1)
			hers = append(hers, number)
		}
		r := receiptOf(t, i.Put(key, "/api/v1/orders/"+number, body).Want(201))
		if n%5 == 0 {
			owner = r.Customer
		}
		all = append(all, number)
	}
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"?", all},
		{"?limit=1", all},
		{"?limit=7", all},
		{"?limit=25", all},
		{"?updated_since=2026-03-01T11:00:00Z", all[10:]},
		{"?limit=4&updated_since=2026-03-01T12:00:00%2B01:00", all[10:]},
		{"?updated_since=2026-03-01T13:00:00Z", nil},
		{"?limit=2&customer=" + owner, hers},
		{"?limit=2&updated_since=2026-03-01T11:00:00Z&customer=" + owner, hers[2:]},
		{"?customer=019e0000-0000-7000-8000-000000000000", nil},
	} {
		got, _ := readAll(t, i, key, "/api/v1/orders"+test.query, "number")
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.query, got, test.want)
		}
	}
	i.Put(key, "/api/v1/orders/03", order(evening, "2.00")).Want(200)
	if got, _ := readAll(t, i, key, "/api/v1/orders?limit=7", "number"); got[len(got)-1] != "03" || len(got) != 25 {
		t.Errorf("after a change: %v", got)
	}
}

// TestPageOfLargeOrdersEndsEarly checks that a page stays of a size that a client can read.
func TestPageOfLargeOrdersEndsEarly(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	note := `"notes":[` + strings.Repeat(`{"text":"`+strings.Repeat("a", 4900)+`"},`, 99) + `{"text":"b"}],"lines"`
	var want []string
	for n := range 25 {
		number := fmt.Sprintf("%02d", n)
		want = append(want, number)
		i.Put(key, "/api/v1/orders/"+number, strings.Replace(order(morning, "1.00"), `"lines"`, note, 1)).Want(201)
	}
	got, pages := readAll(t, i, key, "/api/v1/orders?", "number")
	if !slices.Equal(got, want) || pages < 2 {
		t.Errorf("%v on %d pages", got, pages)
	}
}

func TestCustomersAreListed(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	var want []string
	for n := range 13 {
		i.Clock.Move(time.Minute)
		want = append(want, fmt.Sprint(n+1))
		i.Put(key, fmt.Sprintf("/api/v1/customers/%d", n+1),
			fmt.Sprintf(`{"email":"c%d@shop.test","updated_at":"2026-03-01T10:00:00Z"}`, n)).Want(201)
	}
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"?", want}, {"?limit=1", want}, {"?limit=4", want},
		{"?limit=4&updated_since=" + i.Clock.Now().Add(-2*time.Minute).Format(time.RFC3339), want[10:]},
	} {
		if got, _ := readAll(t, i, key, "/api/v1/customers"+test.query, "customer_id"); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.query, got, test.want)
		}
	}
}

// TestCursorOfAnotherListIsRefused checks that a cursor belongs to its list and filters, and that wrong
// parameters are named.
func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	owner := ""
	for _, number := range []string{"1", "2", "3"} {
		owner = receiptOf(t, i.Put(key, "/api/v1/orders/"+number, order(morning, "1.00")).Want(201)).Customer
		i.Put(key, "/api/v1/customers/"+number, `{"email":"`+number+`@shop.test","updated_at":"`+morning+`"}`).Want(201)
	}
	queries := []string{
		"/api/v1/orders?limit=1", "/api/v1/customers?limit=1",
		"/api/v1/orders?limit=1&updated_since=2026-03-01T00:00:00Z",
		"/api/v1/customers?limit=1&updated_since=2026-03-01T00:00:00Z",
		"/api/v1/orders?limit=1&customer=" + owner,
		"/api/v1/orders?limit=1&customer=" + owner + "&updated_since=2026-03-01T00:00:00Z",
	}
	cursors := map[string]string{"/api/v1/orders?limit=2": "x", "/api/v1/customers?limit=2": "x-y-z-0-0-0"}
	for _, query := range queries {
		cursors[query] = decode[listed](t, call(i, key, "GET", query, "").Want(200)).Next
	}
	for from, cursor := range cursors {
		if cursor == "" {
			t.Fatalf("%s has no second page", from)
		}
		for _, to := range queries {
			page := call(i, key, "GET", to+"&cursor="+url.QueryEscape(cursor), "")
			if from == to {
				page.Want(200)
				continue
			}
			if p := problemOf(t, page.Want(422)); len(p.Errors) != 1 || p.Errors[0].Parameter != "cursor" ||
				p.Errors[0].Code != "list.cursor" {
				t.Errorf("the cursor of %s in %s: %+v", from, to, p)
			}
		}
	}
	for query, code := range map[string]string{
		"limit=0": "query.limit", "limit=101": "query.limit", "limit=x": "query.limit",
		"updated_since=yesterday": "time.form", "customer=77": "query.customer", "cursor=": "", "after=1": "query.unknown",
	} {
		page := call(i, key, "GET", "/api/v1/orders?"+query, "")
		if code == "" {
			page.Want(200)
			continue
		}
		name, _, _ := strings.Cut(query, "=")
		if p := problemOf(t, page.Want(422)); len(p.Errors) != 1 || p.Errors[0].Parameter != name ||
			p.Errors[0].Code != code {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

// TestDeletedOrderIsGone checks that a deleted order is gone for its customer, too, with the total above the
// list, that the log says who deleted it, and that it can be sent again.
func TestDeletedOrderIsGone(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	b := i.Browser()
	for _, number := range []string{"1", "a%2F2"} {
		i.Put(key, "/api/v1/orders/"+number, order(morning, "1.00")).Want(201)
	}
	i.SignIn(b, "jan@shop.test")
	keys, err := i.App.Operator().Keys(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	page := call(i, key, "DELETE", "/api/v1/orders/a%2F2", "").Want(204)
	if page.Body != "" {
		t.Errorf("a body: %s", page.Body)
	}
	if log := i.LogOf(page); !strings.Contains(i.Log.String(), `"msg":"order deleted by an API key"`) ||
		!strings.Contains(i.Log.String(), `"order":"a/2","key":"`+keys[0].ID+`"`) {
		t.Errorf("the log: %s", log)
	}
	i.Work()
	if list := b.Get("/orders").Want(200); strings.Contains(list.Body, "a/2") || !strings.Contains(list.Body, ">1<") {
		t.Errorf("the list: %s", list.Text("main"))
	}
	for _, method := range []string{"GET", "DELETE"} {
		if p := problemOf(t, call(i, key, method, "/api/v1/orders/a%2F2", "").Want(404)); p.Code != "order.not_found" {
			t.Errorf("%+v", p)
		}
	}
	i.Put(key, "/api/v1/orders/a%2F2", order(morning, "1.00")).Want(201)
}

// batch is the answer to several orders.
type batch struct {
	Results []struct {
		Number, Result, Customer, Linked_by, Code, Detail string
		Status                                            int
		Warnings, Errors                                  []struct{ Pointer, Code, Detail string }
	}
	Refused int
}

// numbered returns an order with its number.
func numbered(number, updated, total string) string {
	return strings.Replace(order(updated, total), "{", fmt.Sprintf(`{"number":%q,`, number), 1)
}

// TestSeveralOrders checks that each order of a request has its own result, in order, as an array and as
// lines, and that one bad order in the middle leaves the others stored.
func TestSeveralOrders(t *testing.T) {
	t.Parallel()
	documents := []string{
		numbered("1", morning, "1.00"),
		strings.Replace(numbered("2", morning, "2.00"), `"c1"`, "0", 1),
		strings.Replace(numbered("3", morning, "3.00"), `"quantity":"1"`, `"quantity":"one"`, 1),
		`{"number":"4","number":"4"}`,
		order(morning, "5.00"),
		`7`,
		numbered("1", morning, "1.00"),
		numbered("8", evening, "8.00"),
		numbered("8", morning, "8.00"),
		numbered("8", evening, "9.00"),
	}
	want := []string{"1 201 created", "2 201 created customer_id.nobody_dropped", "3 422 error.invalid /lines/0/quantity money.form",
		"4 422 error.invalid /number json.duplicate", " 422 error.invalid /number text.required", " 422 error.invalid  json.type",
		"1 200 unchanged", "8 201 created", "8 200 stale", "8 200 updated"}
	for kind, body := range map[string]string{
		"application/json":                     "[" + strings.Join(documents, ",\n") + "]",
		"application/x-ndjson":                 strings.Join(documents, "\n\n") + "\n",
		"application/jsonl; charset=utf-8":     "\ufeff" + strings.Join(documents, "\r\n"),
		"application/json; charset=utf-8 ;x=1": " [ " + strings.Join(documents, ",") + " ] ",
	} {
		t.Run(kind, func(t *testing.T) {
			i := newPortal(t)
			key := i.Key("main")
			page := i.Browser().Send(webtest.Request{Method: "POST", Path: "/api/v1/orders", Body: body,
				Header: map[string]string{"Authorization": "Bearer " + key, "Content-Type": kind}}).Want(200)
			got := decode[batch](t, page)
			var lines []string
			for _, r := range got.Results {
				line := fmt.Sprint(r.Number, " ", r.Status, " ", r.Result+r.Code)
				for _, e := range r.Errors {
					line += " " + e.Pointer + " " + e.Code
				}
				for _, w := range r.Warnings {
					line += " " + w.Code
				}
				lines = append(lines, line)
				if (r.Status < 300) != (r.Customer != "") || (r.Status < 300) != (r.Detail == "") {
					t.Errorf("%+v", r)
				}
			}
			if diff := cmp.Diff(want, lines); diff != "" || got.Refused != 4 {
				t.Errorf("%d refused: %s", got.Refused, diff)
			}
			for number, total := range map[string]string{"1": "1.00", "2": "2.00", "8": "9.00"} {
				if o := decode[map[string]any](t, call(i, key, "GET", "/api/v1/orders/"+number, "").Want(200)); o["total"] != total {
					t.Errorf("%s: %v", number, o["total"])
				}
			}
		})
	}
}

// TestSeveralOrdersAreLimited checks the limits of one request, and that nothing is stored of one that is no
// JSON.
func TestSeveralOrdersAreLimited(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	many := func(n int) string {
		documents := make([]string, n)
		for at := range documents {
			documents[at] = numbered(fmt.Sprint(at), morning, "1.00")
		}
		return "[" + strings.Join(documents, ",") + "]"
	}
	most := portal.MaxOrders
	if testing.Short() {
		most = 100 // with the race detector, so many exceed the time of a request
	}
	if got := decode[batch](t, call(i, key, "POST", "/api/v1/orders", many(most)).Want(200)); got.Refused != 0 ||
		len(got.Results) != most || got.Results[most-1].Number != fmt.Sprint(most-1) {
		t.Errorf("%d results, %d refused", len(got.Results), got.Refused)
	}
	if got := decode[batch](t, call(i, key, "POST", "/api/v1/orders", "[]").Want(200)); len(got.Results) != 0 {
		t.Errorf("none: %+v", got)
	}
	if got := decode[batch](t, call(i, key, "POST", "/api/v1/orders",
		strings.Replace(`[`+numbered("n", morning, "1.00")+`]`, "2026-03-02", "2036-03-02", 1)).Want(200)); got.Refused != 1 {
		t.Errorf("in the future: %+v", got)
	}
	if got := decode[batch](t, call(i, key, "POST", "/api/v1/orders?force=true",
		strings.Replace(`[`+numbered("n", morning, "1.00")+`]`, "2026-03-02", "2036-03-02", 1)).Want(200)); got.Refused != 0 {
		t.Errorf("in the future, forced: %+v", got)
	}
	good := numbered("new", morning, "1.00")
	for name, test := range map[string]struct{ body, pointer, code string }{
		"too many":            {many(portal.MaxOrders + 1), "", "json.too_many"},
		"an object":           {good, "", "json.array"},
		"no end":              {"[" + good, "", "json.syntax"},
		"something after it":  {"[" + good + "]]", "", "json.syntax"},
		"a document after it": {"[" + good + "] {}", "", "json.syntax"},
		"nothing":             {" ", "", "json.syntax"},
		"no JSON":             {"[" + good + ",{]", "/1", "json.syntax"},
	} {
		p := problemOf(t, call(i, key, "POST", "/api/v1/orders", test.body).Want(422))
		if len(p.Errors) != 1 || p.Errors[0].Pointer != test.pointer || p.Errors[0].Code != test.code {
			t.Errorf("%s: %+v", name, p)
		}
	}
	call(i, key, "GET", "/api/v1/orders/new", "").Want(404)
	problemOf(t, i.Browser().Send(webtest.Request{Method: "POST", Path: "/api/v1/orders",
		Body: "[" + strings.Repeat(" ", 16<<20) + "]", Header: map[string]string{"Authorization": "Bearer " + key,
			"Content-Type": "application/json", "Expect": "100-continue"}}).Want(413))
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", ""} {
		problemOf(t, i.Browser().Send(webtest.Request{Method: "POST", Path: "/api/v1/orders", Body: "[]",
			Header: map[string]string{"Authorization": "Bearer " + key, "Content-Type": kind}}).Want(415))
	}
}

// TestLinesWithManyAmpersands checks that lines are not counted as the fields of a form.
func TestLinesWithManyAmpersands(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	line := strings.Replace(numbered("1", morning, "1.00"), `"Book"`, `"`+strings.Repeat("&", 400)+`"`, 1)
	page := i.Browser().Send(webtest.Request{Method: "POST", Path: "/api/v1/orders", Body: strings.Repeat(line+"\n", 40),
		Header: map[string]string{"Authorization": "Bearer " + i.Key("main"), "Content-Type": "application/x-ndjson"}})
	if got := decode[batch](t, page.Want(200)); got.Refused != 0 || len(got.Results) != 40 {
		t.Errorf("%+v", got)
	}
}

// TestErasedOrderCannotBeDeleted: the order keeps its person from coming back with the next delivery.
func TestErasedOrderCannotBeDeleted(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	i.Put(key, "/api/v1/orders/1", order(morning, "1.00")).Want(201)
	jan, err := i.App.Operator().FindCustomer(t.Context(), "main", "jan@shop.test")
	if err == nil {
		_, err = i.App.Operator().EraseCustomer(t.Context(), "main", jan.ID, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		i.Work()
		i.Clock.Move(time.Minute)
	}
	if p := problemOf(t, call(i, key, "DELETE", "/api/v1/orders/1", "").Want(409)); p.Code != "order.erased" {
		t.Errorf("%+v", p)
	}
	i.Put(key, "/api/v1/orders/1", order(morning, "2.00")).Want(200)
	if _, err := i.App.Operator().FindCustomer(t.Context(), "main", "jan@shop.test"); err == nil {
		t.Error("the person came back")
	}
}
