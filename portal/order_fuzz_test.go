package portal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/order"
	"postern/portal/validate"
)

// fuzzApp returns a test app whose store is shared by all inputs of a fuzz target. Jan is signed in and has
// three pages of orders.
func fuzzApp(f *testing.F) (*testApp, portal.Shopper) {
	f.Helper()
	h := newTestApp(f)
	var file bytes.Buffer
	for n := range 41 {
		file.Write(append(oneLine(orderJSON(fmt.Sprintf("n%d", n), jan)), '\n'))
	}
	if report, err := h.app.Operator().ImportOrders(f.Context(), h.shop.ID, &file,
		func(int) {}); err != nil || report.Created != 41 {
		f.Fatalf("import: %+v, %v", report, err)
	}
	h.work()
	return h, h.signIn(jan)
}

// FuzzCursor checks that a cursor either continues the exact list it was made for or causes an Invalid
// error.
func FuzzCursor(f *testing.F) {
	_, shopper := fuzzApp(f)
	first, err := shopper.Orders(f.Context(), order.Query{})
	if err != nil {
		f.Fatal(err)
	}
	second, err := shopper.Orders(f.Context(), order.Query{Cursor: first.Next})
	if err != nil {
		f.Fatal(err)
	}
	real := map[string]bool{"": true, first.Next: true, second.Next: true, second.Previous: true}
	for cursor := range real {
		f.Add(cursor)
		f.Add(strings.ToUpper(cursor))
		for at := 0; at < len(cursor); at += 9 {
			f.Add(cursor[:at] + string(cursor[at]^1) + cursor[at+1:])
			f.Add(cursor[:at])
			f.Add(cursor[at:] + cursor[:at])
		}
	}
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, cursor string) {
		page, err := shopper.Orders(t.Context(), order.Query{Cursor: cursor})
		if err != nil {
			if got := fieldErrorsOf(err); len(got) != 1 || got[0] != "cursor cursor.bad" {
				t.Errorf("%q: %v", cursor, err)
			}
			return
		}
		if len(page.Rows) == 0 || len(page.Rows) > 20 || page.Total != 41 {
			t.Errorf("%q: %d rows of %d", cursor, len(page.Rows), page.Total)
		}
	})
}

// FuzzToken checks that an arbitrary text signs nobody in, shows only the page of a damaged link, and ends
// no valid link.
func FuzzToken(f *testing.F) {
	h, _ := fuzzApp(f)
	token, _ := h.askLink(jan, "browser")
	for at := 0; at < len(token); at += 7 {
		f.Add(token[:at] + string(token[at]^1) + token[at+1:])
		f.Add(token[:at])
		f.Add(token[at:] + token[:at])
	}
	f.Add(strings.Repeat("A", 64))
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if text == token {
			return
		}
		page, err := h.visitor("browser").Link(t.Context(), text)
		if err != nil || page != (credential.LinkPage{State: credential.LinkDamaged}) {
			t.Errorf("%q: page %+v, %v", text, page, err)
		}
		if _, err := h.visitor("browser").Redeem(t.Context(), text); validate.KindOf(err) != validate.Gone {
			t.Errorf("%q: redeem: %v", text, err)
		}
		if _, err := h.app.Shopper(t.Context(), h.shop, text); validate.KindOf(err) != validate.SignIn {
			t.Errorf("%q: as a session: %v", text, err)
		}
		if err := h.visitor("browser").RevokeAccess(t.Context(), text); validate.KindOf(err) != validate.Gone {
			t.Errorf("%q: alarm: %v", text, err)
		}
		if page, err := h.visitor("x").Link(t.Context(), token); err != nil ||
			page.State != credential.LinkLive {
			t.Fatalf("%q: the real link is %s afterwards, %v", text, page.State, err)
		}
	})
}

func orderSeeds() []string {
	plain := strings.Replace(string(orderJSON("", jan)), `"number":"",`, "", 1)
	seeds := []string{plain, "", "{}", "[]", "null", "\xff", `{"email":1}`, strings.Repeat("[", 10_000),
		plain + plain, plain[:len(plain)/2]}
	for _, member := range []string{
		`"customer_id":"7"`, `"lines":[]`, `"lines":[{"name":"A","quantity":"1e9","total":"0"}]`,
		`"shipping_address":{"line1":"\u202e","country":"SK"}`,
		`"shipments":[{"carrier":"dpd","shipped_at":"2026-03-06T10:00:00+14:00","items":[{"line":"1","quantity":"0.5"}]}]`,
		`"subtotal":"-0.00"`, `"discount":"92233720368547758.07"`, `"refunded":"1E400"`,
		`"events":[{"type":"paid","at":"1970-01-01T00:00:00Z"}]`,
		`"links":{"invoice":"https://a@b/","payment":"javascript:1"}`, `"notes":[{"text":"a\u0000b"}]`,
		`"vat_id":"SK1"`, `"state":"$gt"`, `"__proto__":{}`,
		`"payment":"weird"`, `"source_label":"` + strings.Repeat("x", 600) + `"`,
		`"taxes":[{"rate":"20","amount":"1.00"}]`, `"email":"x@y.cz"`,
	} {
		seeds = append(seeds, strings.Replace(plain, `{`, `{`+member+`,`, 1))
	}
	return seeds
}

// FuzzOrderJSON checks that a document is either refused as Invalid or accepted. Sending an accepted one
// again changes nothing, and Jan's order is listed and shown.
func FuzzOrderJSON(f *testing.F) {
	h, shopper := fuzzApp(f)
	feed := h.feed()
	for _, seed := range orderSeeds() {
		f.Add([]byte(seed))
	}
	n := 0
	f.Fuzz(func(t *testing.T, body []byte) {
		n++
		number := fmt.Sprintf("f%09d", n)
		receipt, err := feed.PutOrder(t.Context(), number, body)
		if err != nil {
			if kind := validate.KindOf(err); kind != validate.Invalid && kind != validate.TooLarge {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if again, err := feed.PutOrder(t.Context(), number, body); receipt.Outcome != order.Created ||
			err != nil || again.Outcome != order.Unchanged {
			t.Errorf("%q is %s, and the same again %s, %v", body, receipt.Outcome, again.Outcome, err)
		}
		var wire struct{ Email string }
		if err := json.Unmarshal(body, &wire); err == nil && wire.Email == jan && !bytes.Contains(body,
			[]byte("customer_id")) {
			checkShown(t, shopper, number)
		}
	})
}

func checkShown(t *testing.T, shopper portal.Shopper, number string) {
	t.Helper()
	page, err := shopper.Orders(t.Context(), order.Query{Search: number})
	if err != nil || len(page.Rows) != 1 || page.Rows[0].Number != number {
		t.Errorf("%s is listed as %v, %v", number, numbers(page), err)
	}
	view, err := shopper.Order(t.Context(), number)
	if err != nil || view.Number != number || len(page.Rows) == 1 && view.Total != page.Rows[0].Minor {
		t.Errorf("%s is shown as %+v, %v", number, view, err)
	}
}

// FuzzImport checks that an import of any file counts every document once; in a file with one order per
// line these are its non-empty lines.
func FuzzImport(f *testing.F) {
	h := newTestApp(f)
	for _, seed := range orderSeeds() {
		line := string(oneLine([]byte(seed)))
		f.Add([]byte(line))
		f.Add([]byte("\n\r\n" + line + "\r\n \n" + string(oneLine(orderJSON("1", jan)))))
		f.Add([]byte("\ufeff[" + line + ",\n" + line + "]"))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		lines, read := 0, 0
		for line := range bytes.SplitSeq(file, []byte("\n")) {
			if len(bytes.TrimSpace(line)) > 0 {
				lines++
			}
		}
		report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, bytes.NewReader(file),
			func(n int) { read += n })
		if validate.KindOf(err) == validate.Invalid { // the file is of another format
			return
		}
		if err != nil || read != len(file) {
			t.Fatalf("%q: %d of %d bytes, %v", file, read, len(file), err)
		}
		first, _, _ := bytes.Cut(bytes.TrimSpace(file), []byte("\n"))
		if byLine := bytes.HasPrefix(first, []byte("{")) && json.Valid(first); byLine &&
			report.Lines != lines {
			t.Errorf("%q: %d of %d lines", file, report.Lines, lines)
		}
		if sum := report.Created + report.Updated + report.Unchanged + report.Stale + report.RefusedCount; sum != report.Lines {
			t.Errorf("%q: %+v", file, report)
		}
	})
}
