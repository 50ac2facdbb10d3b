package portal_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
)

func TestPutOrderIsIdempotentAndKeepsTheNewest(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	put := func(replacements ...string) order.Outcome { return h.put(orderJSON("1", jan, replacements...)) }
	updated := func(at string) string { return `"updated_at":"` + at + `"` }
	steps := []struct {
		name string
		got  order.Outcome
		want order.Outcome
	}{
		{"first", put(), order.Created},
		{"same again", put(), order.Unchanged},
		{"newer", put(updated("2026-03-05T10:00:00Z"), updated("2026-03-06T10:00:00Z"), "shipped",
			"delivered"), order.Updated},
		{"older", put(), order.Stale},
		{"same time, other content", put(updated("2026-03-05T10:00:00Z"), updated("2026-03-06T10:00:00Z"),
			"shipped", "returned"), order.Updated},
	}
	for _, step := range steps {
		if step.got != step.want {
			t.Errorf("%s: %s, want %s", step.name, step.got, step.want)
		}
	}
	o, err := h.signIn(jan).Order(t.Context(), "1")
	if err != nil || o.Status.Fulfillment != order.Returned {
		t.Errorf("stored as %s, %v", o.Status.Fulfillment, err)
	}
}

func TestUnknownWordsAreKept(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan, `"shipped"`, `"Wird verpackt"`, `"paid"`, `"split"`))
	o, err := h.signIn(jan).Order(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	if o.Status.Payment != order.Unknown || o.Status.Fulfillment != order.Unknown ||
		o.Status.Source != "split · Wird verpackt" {
		t.Errorf("status %+v", o.Status)
	}
	if o.Headline.Key != "headline.source" {
		t.Errorf("headline %+v", o.Headline)
	}
}

func TestBadOrders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		old, new string
		want     []string
	}{
		"duplicate key": {`"total":"12.50","`, `"total":"12.50","total":"1.00","`,
			[]string{"/total json.duplicate"}},
		"wrong type": {`"currency":"EUR"`, `"currency":5`, []string{"/currency json.type"}},
		"operator object": {`"email":"jan@example.com"`, `"email":{"$gt":""}`,
			[]string{"/email json.type"}},
		"unknown member":   {`"payment"`, `"paymnt"`, []string{"/paymnt json.unknown"}},
		"money as a truth": {`"total":"12.50","`, `"total":true,"`, []string{"/total json.type"}},
		"30 digits": {`"total":"12.50","`, `"total":"123456789012345678901234567890","`,
			[]string{"/total money.range"}},
		"three places": {`"total":"12.50","`, `"total":"12.505","`,
			[]string{"/total money.precision"}},
		"exponent":         {`"total":"12.50","`, `"total":"1e3","`, []string{"/total money.form"}},
		"no such currency": {`EUR`, `EUX`, []string{"/currency money.currency"}},
		"no such day": {`"placed_at":"2026-03-05`, `"placed_at":"2026-02-31`,
			[]string{"/placed_at time.form"}},
		"year 9999": {`"placed_at":"2026`, `"placed_at":"9999`, []string{"/placed_at time.form"}},
		"two errors": {`"name":"Book","quantity":"1"`, `"name":"","quantity":"x"`,
			[]string{"/lines/0/name text.required", "/lines/0/quantity money.form"}},
		"ten megabytes":         {`Book`, strings.Repeat("x", 10<<20), nil},
		"invalid UTF-8":         {`Book`, "Bo\xffok", []string{"/lines/0/name json.syntax"}},
		"cut":                   {`}]}`, ``, []string{" json.syntax"}},
		"something behind":      {`}]}`, `}]} {}`, []string{" json.syntax"}},
		"no mail address":       {jan, `jan`, []string{"/email email.form"}},
		"number of another one": {`"number":"1"`, `"number":"2"`, []string{"/number order.number.other"}},
	}
	h := newTestApp(t)
	feed := h.feed()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := strings.Replace(string(orderJSON("1", jan)), test.old, test.new, 1)
			_, err := feed.PutOrder(t.Context(), "1", []byte(body))
			got := fieldErrorsOf(err)
			for i := range got {
				if strings.HasSuffix(got[i], "json.syntax") && strings.HasPrefix(test.want[0], " ") {
					got[i] = " json.syntax" // the decoder decides where a truncated document ends
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if test.want == nil && validate.KindOf(err) != validate.TooLarge {
				t.Errorf("kind of %v", err)
			}
		})
	}
	if _, err := h.signInAs(jan).Order(t.Context(), "1"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("something was stored: %v", err)
	}
}

// signInAs signs in a customer, creating one if needed.
func (h *testApp) signInAs(email string) portal.Shopper {
	h.t.Helper()
	h.newCustomer(email)
	return h.signIn(email)
}

func TestDecimalsAsOtherSystemsWriteThem(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan, `"total":"12.50","lines"`, `"total":"12.500000","lines"`, `"unit_price":"12.5"`,
		`"unit_price":"12.499999"`))
	order, err := h.signIn(jan).Order(t.Context(), "1")
	if err != nil || order.Total != 1250 || order.Lines[0].UnitPrice != "12.499999" {
		t.Errorf("total %d, unit price %s, %v", order.Total, order.Lines[0].UnitPrice, err)
	}
}

func TestWhoseOrderItIs(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	h.put(orderJSON("guest", jan))
	h.put(orderJSON("member", jan, `"currency"`, `"customer_id":"77","currency"`))
	h.put(orderJSON("other-address", "work@example.com", `"currency"`, `"customer_id":"77","currency"`))
	h.put(orderJSON("stranger", "eva@example.com"))
	h.work()
	page, err := h.signIn(jan).Orders(t.Context(), order.Query{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"guest", "member", "other-address"}, sorted(numbers(page))); diff != "" {
		t.Error(diff)
	}
	if page.Total != 3 {
		t.Errorf("total %d", page.Total)
	}
	if _, err := h.signIn(jan).Order(t.Context(), "stranger"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("another customer's order: %v", err)
	}
	order, err := h.signIn(jan).Order(t.Context(), "other-address")
	if err != nil || order.Email != "work@example.com" {
		t.Errorf("the order keeps its address: %s, %v", order.Email, err)
	}
}

// TestFirstOrdersTogether checks that concurrent first orders of one address create one customer.
func TestFirstOrdersTogether(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	var wait sync.WaitGroup
	const orders = 200
	for i := range orders {
		wait.Go(func() {
			number := fmt.Sprint(i)
			if _, err := feed.PutOrder(t.Context(), number, orderJSON(number, jan)); err != nil {
				t.Errorf("order %d: %v", i, err)
			}
		})
	}
	wait.Wait()
	h.work()
	page, err := h.signIn(jan).Orders(t.Context(), order.Query{})
	if err != nil || page.Total != orders {
		t.Errorf("one customer has %d of %d orders, %v", page.Total, orders, err)
	}
}

// TestSameOrderTogether delivers versions of one order concurrently in any order, and checks that the
// newest wins and that the total counts it once.
func TestSameOrderTogether(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	var wait sync.WaitGroup
	for i := range 60 {
		wait.Go(func() {
			at := fmt.Sprintf(`"updated_at":"2026-03-05T10:00:%02dZ"`, i)
			body := orderJSON("1", jan, `"updated_at":"2026-03-05T10:00:00Z"`, at, "Book",
				fmt.Sprintf("Book %d", i))
			if _, err := feed.PutOrder(t.Context(), "1", body); err != nil {
				t.Errorf("delivery %d: %v", i, err)
			}
		})
	}
	wait.Wait()
	h.work()
	shopper := h.signIn(jan)
	o, err := shopper.Order(t.Context(), "1")
	if err != nil || o.Lines[0].Name != "Book 59" {
		t.Errorf("stored %+v, %v", o.Lines, err)
	}
	if page, err := shopper.Orders(t.Context(), order.Query{}); err != nil || page.Total != 1 {
		t.Errorf("total %d, %v", page.Total, err)
	}
}

func TestTotalsFollowAnOrderThatMoves(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.work()
	h.put(orderJSON("1", "eva@example.com", `"placed_at":"2026-03-05`, `"placed_at":"2024-07-05`,
		`"updated_at":"2026-03-05`, `"updated_at":"2026-03-06`))
	h.newCustomer(jan)
	h.work()
	eva, err := h.signIn("eva@example.com").Orders(t.Context(), order.Query{})
	if err != nil || eva.Total != 1 || !slices.Equal(eva.Years, []int{2024}) {
		t.Errorf("new owner: %d in %v, %v", eva.Total, eva.Years, err)
	}
	before, err := h.signIn(jan).Orders(t.Context(), order.Query{})
	if err != nil || before.Total != 1 {
		t.Errorf("former owner: %d, %v", before.Total, err)
	}
}

// TestTotalsFollowAnOrderThatMovesMeanwhile moves an order to another customer between any two steps of the
// worker.
func TestTotalsFollowAnOrderThatMovesMeanwhile(t *testing.T) {
	t.Parallel()
	for turn := 0; ; turn++ {
		h := newTestApp(t)
		h.newCustomer(eva)
		h.put(orderJSON("old", jan, `"placed_at":"2026-03-05`, `"placed_at":"2024-07-05`))
		h.work()
		h.put(orderJSON("1", jan))
		m := &meddled{Engine: h.engine, turn: turn, meddle: func() {
			h.put(orderJSON("1", eva, `"updated_at":"2026-03-05T10:00:00Z"`,
				`"updated_at":"2026-03-06T10:00:00Z"`))
		}}
		if _, err := portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now),
			portal.WithCountDelay(0)).Worker().RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.work()
		for email, want := range map[string]int64{jan: 1, eva: 2} {
			page, err := h.signIn(email).Orders(t.Context(), order.Query{})
			if m.turn < 0 && (err != nil || page.Total != want || int64(len(page.Rows)) != want) {
				t.Errorf("before step %d: %s has %d in all and %d rows, %v", turn, email, page.Total,
					len(page.Rows), err)
			}
		}
		if m.turn >= 0 {
			return
		}
	}
}

// TestStaleOrderMakesNobody checks that a stale order with a mistyped address creates no account.
func TestStaleOrderMakesNobody(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	typo := orderJSON("1", "jann@example.com", `"updated_at":"2026-03-05T10:00:00Z"`,
		`"updated_at":"2026-03-04T10:00:00Z"`)
	if got := h.put(typo); got != order.Stale {
		t.Errorf("outcome %s", got)
	}
	if found, err := h.feed().CustomerByEmail(t.Context(),
		"jann@example.com"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("a customer was made: %+v, %v", found, err)
	}
}

func TestTimelineAndHeadline(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan, `"shipped"`, `"unfulfilled"`, `"paid"`, `"pending"`))
	h.clock.Move(time.Hour)
	h.put(orderJSON("1", jan, `"shipped"`, `"processing"`, `"updated_at":"2026-03-05`,
		`"updated_at":"2026-03-06`))
	o, err := h.signIn(jan).Order(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, step := range o.Timeline {
		steps = append(steps, fmt.Sprintf("%s done=%v present=%v noticed=%v", step.Key, step.Done,
			step.Current, step.Noticed))
	}
	want := []string{
		"step.placed done=true present=false noticed=false", "step.paid done=true present=false noticed=true",
		"step.processing done=true present=true noticed=true",
		"step.shipped done=false present=false noticed=false",
		"step.delivered done=false present=false noticed=false",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Error(diff)
	}
	if o.Headline != (order.Headline{Key: "headline.processing", Tone: order.Moving}) {
		t.Errorf("headline %+v", o.Headline)
	}
}

// TestTimelineFollowsTheState checks the timelines of orders that are cancelled, completed and reopened by
// a feed that sends no events.
func TestTimelineFollowsTheState(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		states []string // state and fulfilment of each delivery in turn
		want   []string
	}{
		{"cancelled and open again", []string{"open unfulfilled", "open shipped", "cancelled shipped",
			"open shipped"},
			[]string{"placed", "paid", "shipped", "cancelled", "reopened present", "delivered ahead"}},
		{"open again with the goods on their way",
			[]string{"open processing", "open cancelled", "open shipped"},
			[]string{"placed", "paid", "cancelled", "reopened", "shipped present", "delivered ahead"}},
		{"cancelled twice", []string{"open shipped", "cancelled shipped", "open shipped",
			"cancelled cancelled"},
			[]string{"placed", "paid", "cancelled", "reopened", "cancelled present"}},
		{"completed", []string{"open delivered", "completed delivered"},
			[]string{"placed", "paid", "delivered", "completed present"}},
		{"delivered and completed at once",
			[]string{"open shipped", "completed delivered", "completed delivered"},
			[]string{"placed", "paid", "delivered", "completed present"}},
		{"completed and open again", []string{"open delivered", "completed delivered",
			"open partially_returned"},
			[]string{"placed", "paid", "completed", "reopened", "partially_returned present"}},
		{"completed after all", []string{"open delivered", "cancelled delivered", "completed delivered"},
			[]string{"placed", "paid", "cancelled", "delivered", "completed present"}},
	}
	h := newTestApp(t)
	shopper := h.signInAs(jan)
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for day, words := range test.states {
				state, goods, _ := strings.Cut(words, " ")
				h.put(orderJSON(fmt.Sprint(i), jan, `"shipped"`, `"`+goods+`","state":"`+state+`"`,
					`"updated_at":"2026-03-05`, fmt.Sprintf(`"updated_at":"2026-03-%02d`, day+5)))
				h.clock.Move(time.Hour)
			}
			order, err := shopper.Order(t.Context(), fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, stepsOf(order)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// stepsOf lists the steps of the timeline, marking the current one and those still to come.
func stepsOf(order order.View) []string {
	var steps []string
	for _, step := range order.Timeline {
		text := strings.TrimPrefix(step.Key, "step.")
		if step.Current {
			text += " present"
		} else if !step.Done {
			text += " ahead"
		}
		steps = append(steps, text)
	}
	return steps
}

// TestNoticedChangesAreBounded checks that an order that goes back and forth keeps its last 200 changes.
func TestNoticedChangesAreBounded(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	at := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	var file bytes.Buffer
	for n := range 210 {
		word := []string{"processing", "on_hold"}[n%2]
		file.Write(append(oneLine(orderJSON("1", jan, `"shipped"`, `"`+word+`"`,
			`"updated_at":"2026-03-05T10:00:00Z"`,
			`"updated_at":"`+at.Add(time.Duration(n)*time.Minute).Format(time.RFC3339)+`"`)), '\n'))
	}
	if report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, &file,
		func(int) {}); err != nil || report.Updated != 209 {
		t.Fatalf("%+v, %v", report, err)
	}
	o, err := h.signIn(jan).Order(t.Context(), "1")
	if n := len(o.Events); err != nil || n != 200 || o.Events[n-1].Type != order.OnHold {
		t.Errorf("%d events, %v", n, err)
	}
}

// TestUndatedPaymentStandsBehindThePlacing checks that an undated payment directly follows the step
// "placed", so that the timeline does not end with "paid".
func TestUndatedPaymentStandsBehindThePlacing(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan, `"currency"`, `"shipments":[{"shipped_at":"2026-03-06T08:00:00Z"}],"currency"`))
	order, err := h.signIn(jan).Order(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, step := range order.Timeline {
		steps = append(steps, fmt.Sprint(step.Key, " ", step.Current))
	}
	if diff := cmp.Diff([]string{"step.placed false", "step.paid false", "step.shipped true",
		"step.delivered false"}, steps); diff != "" {
		t.Error(diff)
	}
}

func TestFeedsOwnEventsAreShown(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan, `"payment":"paid"`, `"payment":"paid","events":[
		{"type":"paid","at":"2026-03-05T10:05:00Z"},{"type":"engraved","at":"2026-03-05T12:00:00Z","label":"Engraved by hand"},
		{"type":"shipped","at":"2026-03-06T08:00:00Z"}]`))
	order, err := h.signIn(jan).Order(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, step := range order.Timeline {
		steps = append(steps, strings.TrimSpace(step.Key+" "+step.Label))
	}
	if diff := cmp.Diff([]string{"step.placed", "step.paid", "step.other Engraved by hand", "step.shipped",
		"step.delivered"}, steps); diff != "" {
		t.Error(diff)
	}
}

func TestPicturesOfOthersAreLeftOut(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	storefront := "https://shop.example.com/"
	shop, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{StorefrontURL: &storefront})
	if err != nil {
		t.Fatal(err)
	}
	h.shop = shop
	h.put(orderJSON("own", jan, `"name"`, `"picture":"https://shop.example.com/a.jpg","name"`))
	h.put(orderJSON("foreign", jan, `"name"`, `"picture":"https://tracker.test/a.jpg","name"`))
	shopper := h.signIn(jan)
	for number, want := range map[string]string{"own": "https://shop.example.com/a.jpg", "foreign": ""} {
		order, err := shopper.Order(t.Context(), number)
		if err != nil || order.Lines[0].Picture != want {
			t.Errorf("%s: picture %q, %v", number, order.Lines[0].Picture, err)
		}
	}
	for _, q := range []order.Query{{}, {Status: "open"}, {Search: "book"}} {
		page, err := shopper.Orders(t.Context(), q)
		if err != nil || len(page.Rows) != 2 {
			t.Fatalf("%+v: %v, %v", q, numbers(page), err)
		}
		for _, row := range page.Rows {
			pictures := row.Summary.Pictures
			if row.Number == "foreign" && len(pictures) > 0 || row.Number == "own" && len(pictures) != 1 {
				t.Errorf("%+v: row %s has pictures %v", q, row.Number, pictures)
			}
		}
	}
}

func numbers(page order.Page) []string {
	var list []string
	for _, row := range page.Rows {
		list = append(list, row.Number)
	}
	return list
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
