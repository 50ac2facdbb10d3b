package shopper_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
	"postern/templates/i18n"
)

const helpDesk = "help@shop.test"

// consumerShop returns Bookshop with a support address and its customers' time zone.
func consumerShop() webtest.Shop {
	shop := webtest.Bookshop()
	shop.Settings.SupportEmail, shop.Settings.TimeZone = new(helpDesk), new("Europe/Bratislava")
	return shop
}

// delivered returns an order delivered on Wednesday, 4 March 2026; its period ends on 18 March.
func delivered() fields {
	return fields{"fulfillment": "delivered", "shipments": []fields{{"delivered_at": "2026-03-04T10:00:00Z"}}}
}

// TestWithdrawWithoutSignIn performs a whole withdrawal without signing in: the footer link, the statement,
// its confirmation, the receipt on the page and by email, and the email to the shop.
func TestWithdrawWithoutSignIn(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	put(t, i, "1001", delivered())
	b := i.Browser()
	b.Get("/sign-in").Want(http.StatusOK)
	if text := b.Page.Text(`footer a[href="/withdraw"]`); text != "Withdraw from contract here" {
		t.Errorf("the foot says %q", text)
	}
	b.Follow(`footer a[href="/withdraw"]`).Want(http.StatusOK)
	b.Submit("main form", map[string]string{"name": "Jana", "number": "", "email": "jana",
		"goods": "one <b>book</b>"}).Want(http.StatusUnprocessableEntity)
	if errors := b.Page.Texts("main .field-error"); len(errors) != 2 || b.Page.Attr(`input[name="goods"]`,
		"value") != "one <b>book</b>" {
		t.Errorf("errors %q, kept %q", errors, b.Page.Attr(`input[name="goods"]`, "value"))
	}
	b.Submit("main form", map[string]string{"number": "1001",
		"email": "Jana@Example.com"}).Want(http.StatusOK)
	if buttons := b.Page.Texts("main button.button"); !slices.Equal(buttons, []string{"Confirm withdrawal"}) {
		t.Errorf("buttons %q", buttons)
	}
	want := []string{"Jana", "1001", jana, "one <b>book</b>"}
	if diff := cmp.Diff(want, b.Page.Texts("main dd")); diff != "" {
		t.Errorf("to confirm: %s", diff)
	}
	if i.Work(); len(i.Mailbox.All()) != 0 {
		t.Error("a mail before the confirmation")
	}
	confirm := b.Page
	b.Submit("main form", nil).Want(http.StatusOK)
	receipt := b.Page.Text("main")
	if diff := cmp.Diff(want, b.Page.Texts("main dd")); diff != "" || !strings.Contains(receipt,
		"5 March 2026 at 10:00 (Europe/Bratislava)") || !strings.Contains(receipt,
		"a confirmation to "+jana) {
		t.Errorf("receipt %s\n%s", receipt, diff)
	}
	if b.Post("/withdraw/confirm", hidden(confirm)).Want(http.StatusOK); b.Page.Text("main") != receipt {
		t.Errorf("sent again: %s", b.Page.Text("main"))
	}
	i.Work()
	if len(i.Mailbox.All(jana)) != 1 || len(i.Mailbox.All(helpDesk)) != 1 {
		t.Errorf("%d receipts, %d to the shop", len(i.Mailbox.All(jana)), len(i.Mailbox.All(helpDesk)))
	}
	if told := i.Mailbox.Last(helpDesk); !strings.Contains(told.Text,
		"This withdrawal is for order 1001 and was sent within the withdrawal period.") {
		t.Errorf("told:\n%s", told.Text)
	}
	i.SignIn(b, jana)
	if text := b.Get("/orders/1001").Text("main"); !strings.Contains(text,
		"Your withdrawal from part of this contract was received on 5 March 2026 at 10:00.") {
		t.Errorf("the order's page: %s", text)
	}
}

// hidden returns the hidden fields of the form on a page.
func hidden(page *webtest.Page) url.Values {
	values := url.Values{}
	names, texts := page.Attrs("main input[type=hidden]", "name"),
		page.Attrs("main input[type=hidden]", "value")
	for i, name := range names {
		values.Add(name, texts[i])
	}
	return values
}

// TestWithdrawSignedIn starts from the order's page, where name and address are known and not asked for.
func TestWithdrawSignedIn(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	order := delivered()
	order["lines"] = []fields{
		{"sku": "P", "name": "Pen", "quantity": "3", "total": "6"},
		{"name": "Cloth", "quantity": "1.5", "total": "6"},
		{"name": "Ring", "quantity": "1", "total": "0.50", "withdrawal": "custom_made"},
	}
	put(t, i, "A/1", order)
	if page := i.Put(i.Key("main"), "/api/v1/customers/7",
		`{"email":"`+jana+`","first_name":"Jana","last_name":"Nováková","updated_at":"2026-03-02T10:00:00Z"}`); page.Status/100 != 2 {
		t.Fatal(page.Body)
	}
	b := signedIn(i)
	i.Work()
	b.Get("/orders/A%2F1").Want(http.StatusOK)
	if text := b.Page.Text("main"); !strings.Contains(text,
		"You can withdraw from the contract until Wednesday 18 March.") ||
		!strings.Contains(text, "Ring: made to order or personalised") {
		t.Errorf("the order's page: %s", text)
	}
	b.Follow(`a[href="/orders/A%2F1/withdraw"]`).Want(http.StatusOK)
	if b.Page.Has("main input:not([type=hidden])") || len(b.Page.Attrs("main select", "name")) != 2 {
		t.Errorf("asked for: %q %q", b.Page.Attrs("main input", "name"), b.Page.Attrs("main select", "name"))
	}
	b.Submit("main form", map[string]string{"what": "parts"}).Want(http.StatusUnprocessableEntity)
	if text := b.Page.Text("main .field-errors"); text != "Choose at least one item." {
		t.Errorf("nothing chosen: %q", text)
	}
	b.Submit("main form", map[string]string{"what": "parts", "line/0": "2",
		"line/1": "1.5"}).Want(http.StatusOK)
	want := []string{"Jana Nováková", "A/1", jana, "2 × Pen (P)", "1.5 × Cloth"}
	if diff := cmp.Diff(want, b.Page.Texts("main dd")); diff != "" ||
		b.Page.Text("main button") != "Confirm withdrawal" {
		t.Errorf("to confirm: %s", diff)
	}
	confirm := b.Page
	b.Submit("main form", nil).Want(http.StatusOK)
	if diff := cmp.Diff(want, b.Page.Texts("main dd")); diff != "" {
		t.Errorf("receipt: %s", diff)
	}
	b.Post("/orders/A%2F1/withdraw/confirm", hidden(confirm)).Want(http.StatusOK)
	before := len(i.Mailbox.All(jana))
	i.Work()
	if got := len(i.Mailbox.All(jana)) - before; got != 1 || len(i.Mailbox.All(helpDesk)) != 1 {
		t.Errorf("%d receipts, %d to the shop", got, len(i.Mailbox.All(helpDesk)))
	}
	if b.Get("/withdraw"); b.Page.Attr(`input[name="name"]`, "value") != "Jana Nováková" ||
		b.Page.Attr(`input[name="email"]`, "value") != jana {
		t.Error("the common form does not know who is signed in")
	}
}

// TestWithdrawOrderPage checks that an order's page says why a withdrawal is or is not possible.
func TestWithdrawOrderPage(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	with := func(name string, value any) fields {
		order := delivered()
		order[name] = value
		return order
	}
	tests := []struct {
		number string
		order  fields
		says   string
		offers bool
		page   int // status of the withdrawal page when opened directly
	}{
		{"unknown", fields{}, "within 14 days of receiving the last item", true, 200},
		{"late", with("shipments", []fields{{"delivered_at": "2026-02-10T10:00:00Z"}}),
			"ended on 16 March 2026", false, 200},
		{"firm", with("vat_id", "SK2022273990"), "You bought this as a business", false, 409},
		{"said", with("business", true), "You bought this as a business", false, 409},
		{"off", with("state", "cancelled"), "This order was cancelled", false, 409},
		{"none", with("lines", []fields{{"name": "Cake", "quantity": "1", "total": "12.50",
			"withdrawal": "perishable"}}), "Cake: perishable", false, 409},
	}
	for _, test := range tests {
		put(t, i, test.number, test.order)
	}
	i.Clock.Move(12 * 24 * 3600e9) // 17 March
	b := signedIn(i)
	for _, test := range tests {
		b.Get("/orders/" + test.number).Want(http.StatusOK)
		if text := b.Page.Text("main"); !strings.Contains(text, test.says) ||
			b.Page.Has(`main a.button[href$="/withdraw"]`) != test.offers {
			t.Errorf("%s: offered %v: %s", test.number, !test.offers, text)
		}
		if late := b.Page.Has(`main a[href="/orders/late/withdraw"]:not(.button)`); late != (test.number == "late") {
			t.Errorf("%s: a link for a late statement: %v", test.number, late)
		}
		page := b.Get("/orders/" + test.number + "/withdraw").Want(http.StatusOK)
		if !strings.Contains(page.Text("main"), test.says) ||
			page.Has("main form") != (test.page == http.StatusOK) {
			t.Errorf("%s: its page: %s", test.number, page.Text("main"))
		}
		form := hidden(page)
		form.Set("name", "Jana")
		b.Post("/orders/"+test.number+"/withdraw", form).Want(test.page)
	}
	for _, path := range []string{"/orders/404/withdraw", "/orders/%ff/withdraw"} {
		b.Get(path).Want(http.StatusNotFound)
		b.Post(path, url.Values{"what": {"whole"}}).Want(http.StatusNotFound)
		b.Post(path+"/confirm", url.Values{"form": {storage.NewID()}}).Want(http.StatusNotFound)
	}
}

// TestWithdrawHostile sends requests that none of our pages makes.
func TestWithdrawHostile(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	put(t, i, "1", delivered())
	visitor, customer := i.Browser(), signedIn(i)
	i.Work()
	i.Mailbox.All()
	good := url.Values{"name": {"Jana"}, "number": {"1"}, "email": {jana}}
	forms := []string{"", "x", strings.ToUpper(storage.NewID()), storage.NewID() + " ",
		strings.Repeat("a", 9999), "\x00", "{}", "../" + storage.NewID()}
	for _, form := range forms {
		good.Set("form", form)
		if page := visitor.Post("/withdraw/confirm",
			good).Want(http.StatusUnprocessableEntity); page.Attr(`input[name="number"]`, "value") != "1" {
			t.Errorf("form %.20q: the statement is lost", form)
		}
		fields := hidden(customer.Get("/orders/1/withdraw"))
		fields.Set("form", form)
		fields.Set("name", "Jana")
		customer.Post("/orders/1/withdraw/confirm", fields).Want(http.StatusUnprocessableEntity)
	}
	id := storage.NewID()
	good.Set("form", id)
	visitor.Post("/withdraw/confirm", good).Want(http.StatusOK)
	for name, value := range map[string]string{"name": "Eva", "number": "2",
		"email": "eva@example.com", "goods": "x"} {
		other := url.Values{"name": {"Jana"}, "number": {"1"}, "email": {jana}, "form": {id}}
		other.Set(name, value)
		if page := i.Browser().Post("/withdraw/confirm",
			other).Want(http.StatusConflict); strings.Contains(page.Text("main dl"), "Jana") {
			t.Errorf("another %s shows the receipt", name)
		}
	}
	fields := hidden(customer.Get("/orders/1/withdraw"))
	fields.Set("form", id)
	fields.Set("name", "Jana")
	customer.Post("/orders/1/withdraw/confirm", fields).Want(http.StatusConflict)
	fields.Set("mark", "of another order")
	fields.Set("form", storage.NewID())
	customer.Post("/orders/1/withdraw/confirm", fields).Want(http.StatusConflict)
	forged := webtest.Request{Method: http.MethodPost, Path: "/withdraw/confirm", Body: good.Encode(),
		Header: map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site",
			"Origin": "https://evil.test",
		}}
	i.Browser().Send(forged).Want(http.StatusForbidden)
	for _, path := range []string{"/orders/1/withdraw", "/orders/1/withdraw/confirm"} {
		if page := visitor.Get(path); page.URL.Path != "/sign-in" {
			t.Errorf("%s without signing in: %s", path, page.URL)
		}
	}
	visitor.Get("/withdraw?name=%22%3E%3Cscript%3E&number=1").Want(http.StatusOK)
	if visitor.Page.Attr(`input[name="number"]`, "value") != "" {
		t.Error("the address fills the form in")
	}
	i.Work()
	if n := len(i.Mailbox.All(helpDesk)); n != 1 {
		t.Errorf("%d statements reached the shop, not 1", n)
	}
}

// TestWithdrawHeld checks that the page says when no email is sent, with the same text for known and
// unknown addresses.
func TestWithdrawHeld(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	put(t, i, "1", delivered())
	send := func(email string) string {
		return i.Browser().Post("/withdraw/confirm",
			url.Values{"form": {storage.NewID()}, "name": {"J"}, "number": {"1"},
				"email": {email}}).Want(http.StatusOK).Text("main")
	}
	for n := range 8 {
		known, unknown := send(jana), strings.ReplaceAll(send("nele@example.com"), "nele@example.com", jana)
		if held := strings.Contains(known, "Print or save this page"); held != (n >= 6) || known != unknown {
			t.Errorf("%d, held %v:\n%s\n%s", n, held, known, unknown)
		}
	}
}

// TestWithdrawTooMany checks that the form keeps its input when a client exceeds the limit.
func TestWithdrawTooMany(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	send := func() *webtest.Page {
		return i.Browser().Post("/withdraw/confirm", url.Values{
			"form": {storage.NewID()}, "name": {"Jana"}, "number": {"1"}, "email": {jana},
			"goods": {"one book"},
		})
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			for range 30 {
				send().Want(http.StatusOK)
			}
		})
	}
	wait.Wait()
	page := send().Want(http.StatusTooManyRequests)
	if text := page.Text("main .field-errors"); !strings.HasPrefix(text,
		"Too many withdrawals were sent at once") {
		t.Errorf("says %q", text)
	}
	var kept []string
	for _, name := range []string{"name", "number", "email", "goods"} {
		kept = append(kept, page.Attr(`input[name="`+name+`"]`, "value"))
	}
	if diff := cmp.Diff([]string{"Jana", "1", jana, "one book"}, kept); diff != "" {
		t.Error(diff)
	}
}

// ledger is a store that records its operations.
type ledger struct {
	storage.Engine
	mu  sync.Mutex
	ops []string
}

func (l *ledger) note(op string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ops = append(l.ops, op)
}

func (l *ledger) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	l.note("get " + collection)
	return l.Engine.Get(ctx, collection, id)
}

func (l *ledger) Insert(ctx context.Context, collection string, r storage.Record) error {
	l.note("insert " + collection)
	return l.Engine.Insert(ctx, collection, r)
}

func (l *ledger) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	l.note("replace " + collection)
	return l.Engine.Replace(ctx, collection, r, read)
}

func (l *ledger) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	l.note("scan " + collection)
	return l.Engine.Scan(ctx, collection, s)
}

func (l *ledger) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ops := slices.DeleteFunc(l.ops, func(op string) bool { return strings.HasSuffix(op, " shops") }) // read every two seconds
	l.ops = nil
	return ops
}

var formID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// TestWithdrawTellsNobodyApart compares the answers of both steps byte by byte, and the store operations of
// each, for statements that match an order, match in part, or not at all.
func TestWithdrawTellsNobodyApart(t *testing.T) {
	t.Parallel()
	store := &ledger{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store, consumerShop())
	put(t, i, "1001", delivered())
	late := delivered()
	late["shipments"], late["email"] = []fields{{"delivered_at": "2026-01-04T10:00:00Z"}}, "evka@example.com"
	put(t, i, "1002", late)
	var first string
	for n, email := range []string{jana, "nele@example.com", "evka@example.com", jana, "evka@example.com"} {
		number := []string{"1001", "1001", "1002", "9999", "1001"}[n]
		b := i.Browser()
		b.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", n))
		store.taken()
		b.Post("/withdraw", url.Values{"name": {"Jana"}, "number": {number}, "email": {email}})
		stated := answer(b.Page)
		b.Submit("main form", nil)
		all := stated + answer(b.Page)
		if diff := cmp.Diff([]string{"insert withdrawals", "get withdrawals", "replace withdrawals"},
			store.taken()); diff != "" {
			t.Errorf("%s with %s asks of the store: %s", number, email, diff)
		}
		all = strings.NewReplacer(number, "-", email, "-").Replace(formID.ReplaceAllString(all, "FORM"))
		if n == 0 {
			first = all
		}
		if diff := cmp.Diff(first, all); diff != "" {
			t.Errorf("%s with %s: %s", number, email, diff)
		}
	}
	if !strings.Contains(first, "a confirmation to") {
		t.Errorf("the answers:\n%s", first)
	}
}

// answer returns an answer without the parts that differ at random.
func answer(page *webtest.Page) string {
	header := page.Header.Clone()
	header.Del("Date")
	header.Del("X-Request-Id")
	return fmt.Sprint(page.Status, header, page.Body)
}

// TestWithdrawTogether submits one statement 200 times at once.
func TestWithdrawTogether(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	b := i.Browser()
	b.Post("/withdraw", url.Values{"name": {"Jana"}, "number": {"1"}, "email": {jana}}).Want(http.StatusOK)
	form := hidden(b.Page)
	texts := make([]string, 200)
	var wait sync.WaitGroup
	for n := range texts {
		wait.Go(func() {
			texts[n] = i.Browser().Post("/withdraw/confirm",
				form).Want(http.StatusOK).Text("main")
		})
	}
	wait.Wait()
	for n, text := range texts {
		if text != texts[0] {
			t.Fatalf("%d: %s", n, text)
		}
	}
	i.Work()
	if len(i.Mailbox.All(jana)) != 1 || len(i.Mailbox.All(helpDesk)) != 1 {
		t.Errorf("%d receipts, %d to the shop", len(i.Mailbox.All(jana)), len(i.Mailbox.All(helpDesk)))
	}
}

// TestWithdrawSwitchedOff checks that a shop without the feature shows no trace of it.
func TestWithdrawSwitchedOff(t *testing.T) {
	t.Parallel()
	shop := consumerShop()
	shop.Settings.Withdrawal = new(false)
	i := webtest.Portal(t, shop)
	put(t, i, "1", delivered())
	b := i.Browser()
	for _, path := range []string{"/withdraw", "/withdraw/confirm"} {
		b.Get(path).Want(http.StatusNotFound)
		b.Post(path, url.Values{"form": {storage.NewID()}, "name": {"J"}, "number": {"1"},
			"email": {jana}}).Want(http.StatusNotFound)
	}
	b = signedIn(i)
	b.Get("/orders/1").Want(http.StatusOK)
	if strings.Contains(strings.ToLower(b.Page.Body), "withdraw") {
		t.Error("the order's page speaks of it")
	}
	b.Get("/orders/1/withdraw").Want(http.StatusNotFound)
	b.Post("/orders/1/withdraw/confirm", url.Values{"form": {storage.NewID()}}).Want(http.StatusNotFound)
}

// TestWithdrawInEveryLanguage goes through all pages in each language and checks the wording that the law
// requires.
func TestWithdrawInEveryLanguage(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	legal := map[string][2]string{
		"en": {"Withdraw from contract here", "Confirm withdrawal"},
		"de": {"Vertrag widerrufen", "Widerruf bestätigen"},
		"sk": {"Odstúpiť od zmluvy tu", "Potvrdiť odstúpenie od zmluvy"},
		"cs": {"Zde odstoupit od smlouvy", "Potvrdit odstoupení od smlouvy"},
		"pl": {"Odstąp od umowy tutaj", "Potwierdź odstąpienie od umowy"},
	}
	i := webtest.Portal(t, consumerShop())
	o := delivered()
	o["lines"] = []fields{{"name": "Pen", "quantity": "3", "total": "6"}}
	for _, reason := range order.WithdrawalExceptions() {
		o["lines"] = append(o["lines"].([]fields),
			fields{"name": reason, "quantity": "1", "total": "1", "withdrawal": reason})
	}
	put(t, i, "1", o)
	customer := signedIn(i)
	for n, lang := range words.Languages() {
		b := i.Browser()
		b.Header.Set("X-Forwarded-For", fmt.Sprintf("192.0.2.%d", n))
		if text := b.Get("/sign-in?lang=" + lang).Text("footer p a[href^='/withdraw']"); text != legal[lang][0] {
			t.Errorf("%s: the foot says %q", lang, text)
		}
		wantLanguage(t, b.Get("/withdraw?lang="+lang), lang)
		if b.Page.Has("footer p a[href^='/withdraw']") {
			t.Errorf("%s: the form links to itself", lang)
		}
		wantLanguage(t, b.Submit("main form", nil), lang)
		wantLanguage(t, b.Submit("main form",
			map[string]string{"name": "J", "number": "1", "email": jana}), lang)
		if text := b.Page.Text("main button"); text != legal[lang][1] {
			t.Errorf("%s: the button says %q", lang, text)
		}
		wantLanguage(t, b.Submit("main form", nil), lang)
		customer.Post("/profile/language",
			url.Values{"lang": {lang}, "back": {"/company"}}).Want(http.StatusOK)
		for _, path := range []string{"/orders/1", "/orders/1/withdraw"} {
			wantLanguage(t, customer.Get(path), lang)
		}
		wantLanguage(t, customer.Submit("main form", map[string]string{"name": "J", "what": "whole"}), lang)
	}
}

// TestWithdrawalSaysWhichOrderAndWhatIsMissing checks that the order's form names the order and the address
// of the confirmation once, and that the form for anybody says what to enter.
func TestWithdrawalSaysWhichOrderAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", fields{"fulfillment": "delivered", "lines": []fields{
		{"name": "A book", "quantity": "1", "total": "9"}, {"name": "A pen", "quantity": "1", "total": "3.50"}}})
	b := signedIn(i)
	page := b.Get("/orders/1/withdraw").Want(http.StatusOK)
	wantRows(t, page, ".order-card > *", "Order 1", "A book and 1 morePlaced on 1 March 2026 at 10:00 2 items · €12.50")
	if got := page.Text("main .button.main"); got != "Continue with the whole contract" {
		t.Errorf("the button, which only leads to the next page, says %q", got)
	}
	if got := page.Text("main"); strings.Count(got, jana) != 1 || strings.Count(got, "email") != 1 {
		t.Errorf("the email is told of: %q", got)
	}
	v := i.Browser()
	v.Get("/withdraw")
	v.Submit("main form", nil).Want(http.StatusUnprocessableEntity)
	wantRows(t, v.Page, ".field-error", "Enter your full name.", "Enter the order number.",
		"Enter an email address, for example name@example.com.")
}
