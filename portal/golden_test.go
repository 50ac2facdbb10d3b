package portal_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/storage/sqlite"
	"postern/storage/storagetest"
)

var update = flag.Bool("update", false, "write the golden store anew")

// The golden store is a shop's store that was written once and that every later version of the program must
// open.
const (
	goldenStore = "testdata/golden/store.gz"
	goldenKeys  = "testdata/golden/secrets.json"
	goldenFile  = "postern.db"
	eva         = "eva@example.com"
)

// secrets are the credentials of the golden store's users.
type secrets struct {
	Link    string `json:"link"`    // Eva's, not used yet
	Session string `json:"session"` // Jan's
	Key     string `json:"key"`     // a feed's
}

// TestGoldenStore opens a store written by an earlier version. From version 1 on, a failure means that this
// program cannot read shops' stored data: fix the program, do not renew the file. Until then nothing has
// been released, so renew it with -update when the format changes.
func TestGoldenStore(t *testing.T) {
	t.Parallel()
	if *update {
		writeGolden(t)
	}
	h, held := openGolden(t)
	h.clock.Move(time.Hour)
	shopper := h.shopper(held.Session)
	if c := shopper.Customer(); c.Email != jan || shopper.Company().VATID != "SK1234567895" {
		t.Errorf("customer %+v", c)
	}
	saved, err := shopper.Addresses(t.Context())
	if err != nil || len(saved) != 2 || saved[0].Address.Line1 != "Hlavná 1" || !saved[0].DefaultShipping ||
		saved[1].Address.Line1 != "Dlhá 2" {
		t.Errorf("addresses %+v, %v", saved, err)
	}
	checkGoldenOrders(t, shopper)

	signed, err := h.visitor("eva's").Redeem(t.Context(), held.Link)
	if err != nil || h.shopper(signed.Cookie).Customer().Email != eva {
		t.Errorf("the mailed link: %v", err)
	}
	feed, err := h.app.Feed(t.Context(), h.shop, held.Key)
	if err != nil {
		t.Fatal(err)
	}
	if receipt, err := feed.PutOrder(t.Context(), "g0", goldenOrder(0)); err != nil ||
		receipt.Outcome != order.Unchanged {
		t.Errorf("the same order again: %s, %v", receipt.Outcome, err)
	}
	h.work()
	if id := h.find(jan).FeedID; id != "77" {
		t.Errorf("the customer's id in the shop's system is %q", id)
	}
	var sent []string
	for _, m := range h.deliver() {
		sent = append(sent, m.To+" "+fmt.Sprint(tokenIn(m) != ""))
	}
	if diff := cmp.Diff([]string{eva + " false", jan + " false", jan + " false", jan + " false",
		jan + " true"}, sorted(sent)); diff != "" {
		t.Errorf("mails: Jan's notice, his link and what he changed, which waited, and Eva's notice: %s",
			diff)
	}
}

func checkGoldenOrders(t *testing.T, shopper portal.Shopper) {
	t.Helper()
	first, err := shopper.Orders(t.Context(), order.Query{})
	if err != nil || first.Total != 25 || len(first.Rows) != 20 || first.Rows[0].Number != "g0" {
		t.Fatalf("orders %+v, %v", first, err)
	}
	second, err := shopper.Orders(t.Context(), order.Query{Cursor: first.Next})
	if err != nil || len(second.Rows) != 5 || second.Rows[4].Number != "g24" {
		t.Errorf("second page %v, %v", numbers(second), err)
	}
	for name, query := range map[string]order.Query{"search": {Search: "G-7"},
		"view": {Status: order.ViewOpen, Period: "custom", From: "2026-10-26", To: "2026-10-26"}} {
		if page, err := shopper.Orders(t.Context(), query); err != nil || len(page.Rows) != 1 ||
			page.Rows[0].Number != "g7" {
			t.Errorf("%s: %v, %v", name, numbers(page), err)
		}
	}
	view, err := shopper.Order(t.Context(), "g7")
	if err != nil || len(view.Lines) != 1 || view.Lines[0].Name != "Book" || view.Total != 1250 {
		t.Errorf("order %+v, %v", view, err)
	}
}

// goldenOrder returns an order of Jan's placed n days before 2 November 2026.
func goldenOrder(n int) []byte {
	placed := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC).AddDate(0, 0, -n).Format(time.RFC3339)
	return orderJSON(fmt.Sprintf("g%d", n), jan, `"placed_at":"2026-03-05T10:00:00Z"`,
		`"placed_at":"`+placed+`","customer_id":"77"`)
}

// goldenApp returns a test app whose store is in dir.
func goldenApp(t *testing.T, dir string) *testApp {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), dir, portal.Collections()...)
	if err != nil {
		t.Fatalf("open the golden store: %v", err)
	}
	t.Cleanup(func() { engine.Close() })
	h := &testApp{t: t, engine: engine, post: &post{},
		clock: storagetest.NewClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))}
	h.app = portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
	if err := h.app.TakeSecret(t.Context()); err != nil {
		t.Fatalf("the golden store's secret: %v", err)
	}
	h.dispatcher = h.newDispatcher(h.app)
	return h
}

func openGolden(t *testing.T) (*testApp, secrets) {
	t.Helper()
	dir := t.TempDir()
	packed, err := os.Open(goldenStore)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, goldenFile), content, 0o600); err != nil {
		t.Fatal(err)
	}
	h := goldenApp(t, dir)
	shops, err := h.app.Shops(t.Context())
	if err != nil || len(shops) != 1 || shops[0].ID != "main" {
		t.Fatalf("shops %+v, %v", shops, err)
	}
	h.shop = shops[0]
	var held secrets
	text, err := os.ReadFile(goldenKeys)
	if err == nil {
		err = json.Unmarshal(text, &held)
	}
	if err != nil {
		t.Fatal(err)
	}
	return h, held
}

// writeGolden writes the golden store in the current format.
func writeGolden(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	h := goldenApp(t, dir)
	h.shop = h.open("main", shop.Settings{})
	var held secrets
	for n := range 25 {
		h.put(goldenOrder(n))
	}
	h.newCustomer(eva)
	if _, err := h.feed().PutCustomer(t.Context(), "77",
		[]byte(`{"email":"`+jan+`","updated_at":"2026-11-02T10:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	h.work()
	token, _ := h.askLink(jan, "jan's")
	signed, err := h.visitor("jan's").Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	held.Session = signed.Cookie
	shopper := h.shopper(signed.Cookie)
	second := home()
	second.Address.Line1 = "Dlhá 2"
	for _, a := range []customer.SavedAddress{home(), second} {
		if _, err := shopper.SaveAddress(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := shopper.SaveCompany(t.Context(),
		customer.Company{Name: "Novák s. r. o.", Country: "SK", VATID: "SK1234567895"}); err != nil {
		t.Fatal(err)
	}
	held.Link, _ = h.askLink(eva, "eva's")
	if held.Key, err = h.app.Operator().CreateKey(t.Context(), "main", "golden"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.visitor("jan's").RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Fatal(err)
	}
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	packGolden(t, filepath.Join(dir, goldenFile), held)
}

func packGolden(t *testing.T, file string, held secrets) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(held, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(goldenStore), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, bytes := range map[string][]byte{goldenStore: packed.Bytes(), goldenKeys: append(text, '\n')} {
		if err := os.WriteFile(name, bytes, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
