package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
	"postern/storage"
)

// TestWithdrawals reads the list page by page as a shop's system does, and later continues where it
// stopped.
func TestWithdrawals(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	i.Put(key, "/api/v1/orders/1001", order(morning, "10.00")).Want(201)
	state := func(number, goods string) {
		b := i.Browser()
		b.Header.Set("X-Forwarded-For", "192.0.2.1")
		b.Post("/withdraw/confirm", url.Values{
			"form": {storage.NewID()}, "name": {"Jan Novák"}, "number": {number}, "email": {"jan@shop.test"},
			"goods": {goods},
		}).Want(200)
		i.Clock.Move(time.Second)
	}
	read := func(after string) (page struct {
		Withdrawals []map[string]any
		Next        string
		More        bool
	}) {
		t.Helper()
		answer := i.Browser().Send(webtest.Request{Path: "/api/v1/withdrawals?after=" +
			url.QueryEscape(after), Header: map[string]string{"Authorization": "Bearer " + key}}).Want(200)
		if err := json.Unmarshal([]byte(answer.Body), &page); err != nil ||
			answer.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%v: %s", err, answer.Body)
		}
		return page
	}
	state("#1001", "")
	state("none", "the blue one")
	for n := range 100 {
		state(fmt.Sprint("x", n), "")
	}
	i.Clock.Move(time.Minute)
	i.Work()
	first := read("")
	if len(first.Withdrawals) != 100 || !first.More {
		t.Fatalf("%d, more %v", len(first.Withdrawals), first.More)
	}
	id, _ := first.Withdrawals[0]["id"].(string)
	want := []map[string]any{
		{"id": id, "at": "2026-03-05T09:00:00Z", "name": "Jan Novák", "email": "jan@shop.test",
			"number": "#1001", "order": "1001",
			"in_time": true, "whole": true, "goods": "", "lines": []any{}},
		{"id": first.Withdrawals[1]["id"], "at": "2026-03-05T09:00:01Z", "name": "Jan Novák",
			"email": "jan@shop.test", "number": "none", "order": nil,
			"in_time": nil, "whole": false, "goods": "the blue one", "lines": []any{}},
	}
	if diff := cmp.Diff(want, first.Withdrawals[:2]); diff != "" || !storage.IsID(id) {
		t.Error(diff)
	}
	second := read(first.Next)
	if len(second.Withdrawals) != 2 || second.More {
		t.Errorf("%d, more %v", len(second.Withdrawals), second.More)
	}
	if third := read(second.Next); len(third.Withdrawals) != 0 || third.Next != second.Next {
		t.Errorf("at the end: %+v", third)
	}
	for header, status := range map[string]int{"": 401, "Bearer postern_XYZ": 401, "Bearer " + key: 422} {
		page := i.Browser().Send(webtest.Request{Path: "/api/v1/withdrawals?after=x",
			Header: map[string]string{"Authorization": header}}).Want(status)
		if p := problemOf(t, page); status == 422 &&
			(len(p.Errors) != 1 || p.Errors[0].Parameter != "after") {
			t.Errorf("%+v", p)
		}
	}
}
