package web_test

import (
	"archive/zip"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/batch"
	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/storage"
)

// unzipped returns the lines of the tables in a downloaded file, by their names, each line by its columns.
func unzipped(t *testing.T, page *webtest.Page) map[string][]map[string]string {
	t.Helper()
	if got := page.Header.Get("Content-Disposition"); !strings.Contains(got, "main-customers.zip") {
		t.Errorf("the file is %s", got)
	}
	file, err := zip.NewReader(strings.NewReader(page.Body), int64(len(page.Body)))
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]map[string]string{}
	for _, entry := range file.File {
		from, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(from).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		tables[entry.Name] = nil
		for _, line := range lines[1:] {
			row := map[string]string{}
			for i, cell := range line {
				row[lines[0][i]] = cell
			}
			tables[entry.Name] = append(tables[entry.Name], row)
		}
	}
	return tables
}

func TestCustomersAreExportedForWhoAskedAndForAWeek(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	i.Put(i.Key("main"), "/api/v1/customers/9", `{"email":"mal@example.com","first_name":"=HYPERLINK(\"x\")","last_name":"+1;@x",
		"updated_at":"2026-01-01T10:00:00Z","addresses":[{"id":"a","first_name":"M","last_name":"L","line1":"-2+3","city":"Wien",
		"postal_code":"1010","country":"AT"}]}`)
	manager, owner := i.Enrol("manager@shop.test", staff.Manager), i.Enrol("owner@shop.test", staff.Owner)
	path := bulk(manager, "/admin/batches/new?all=yes", "export", typed{"reason": "Audit"}).Want(http.StatusOK).URL.Path
	page := carryOut(i, manager)
	if text := page.Text("main"); !strings.Contains(text, "Exported5") || !strings.Contains(text, "Only you can download") {
		t.Errorf("the report: %s", text)
	}
	file := page.Attr("a[download]", "href")
	tables := unzipped(t, manager.Get(file).Want(http.StatusOK))
	customers := tables["customers.csv"]
	if len(customers) != 5 || len(tables["addresses.csv"]) != 1 {
		t.Fatalf("the file has %v", tables)
	}
	at := func(email string) map[string]string {
		return customers[slices.IndexFunc(customers, func(row map[string]string) bool { return row["email"] == email })]
	}
	for column, want := range map[string]string{"first_name": "Jan", "last_name": "Čermák", "phone": "'+420777888999",
		"company_reg_no": "00123456", "company_country": "CZ", "orders": "1", "total_spent": "12.50", "currency": "EUR",
		"marketing_status": "never_asked", "registered": "1", "blocked": "0", "customer_id": "1"} {
		if got := at("jan.cermak@example.com")[column]; got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
	if got := at("eva@example.com"); got["marketing_status"] != "given" || got["marketing_source"] != "checkout" ||
		got["marketing_at"] != "2026-01-01T10:00:00Z" {
		t.Errorf("the consent is %v", got)
	}
	for _, row := range append(tables["addresses.csv"], customers...) {
		for column, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Errorf("%s is a formula: %s", column, cell)
			}
		}
	}
	if owner.Get(file).Status != http.StatusForbidden || owner.Get(path).Has("a[download]") {
		t.Error("a colleague can download the file")
	}
	i.Work()
	for _, act := range []string{"customers.exported", "customers.downloaded"} {
		if text := owner.Get("/admin/log?act=" + act).Text("main table"); !strings.Contains(text, "manager@shop.test") || !strings.Contains(text, "5") {
			t.Errorf("the log of %s: %s", act, text)
		}
	}
	i.Clock.Move(16 * time.Minute)
	if manager.Get(file); manager.Page.URL.Path != "/admin/confirm" {
		t.Errorf("without a fresh factor: %s", manager.Page.URL)
	}
	i.Clock.Move(7 * 24 * time.Hour)
	manager.SignIn()
	if text := manager.Get(path).Want(http.StatusOK).Text("main"); !strings.Contains(text, "has been deleted") {
		t.Errorf("after a week: %s", text)
	}
	manager.Get(file).Want(http.StatusGone)
	if err := i.App.Worker().Jobs().Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.Work()
	wantNoParts(t, i)
}

func wantNoParts(t *testing.T, i *webtest.Installation) {
	t.Helper()
	left, err := storage.Find[struct{}](t.Context(), batch.PartDocs(i.App.Engine(), "main"),
		storage.Query{Index: batch.ByExpiry, Limit: 10})
	if err != nil || len(left.Hits) > 0 {
		t.Errorf("%d parts are left, %v", len(left.Hits), err)
	}
}

// TestErasedCustomersLeaveAFileThatWasExportedBefore erases everybody but one.
func TestErasedCustomersLeaveAFileThatWasExportedBefore(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	bulk(b, "/admin/batches/new?all=yes", "export", nil).Want(http.StatusOK)
	file := carryOut(i, b).Attr("a[download]", "href")
	operator := i.App.Operator()
	for _, email := range []string{"jan.cermak@example.com", "eva@example.com", "x@example.com"} {
		account, err := operator.FindCustomer(t.Context(), "main", email)
		if err == nil {
			_, err = operator.EraseCustomer(t.Context(), "main", account.ID, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	i.Clock.Move(2 * time.Minute)
	i.Work()
	i.Clock.Move(2 * time.Minute)
	i.Work()
	if rows := unzipped(t, b.Get(file).Want(http.StatusOK))["customers.csv"]; len(rows) != 1 || rows[0]["email"] != "adam@example.com" {
		t.Errorf("the file still has %v", rows)
	}
}

func TestManyAreErasedAfterTypingTheirNumberAndUndoneUntilTheDate(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	path := bulk(b, "/admin/batches/new?all=yes", "erase", typed{"reason": "Closing"}).Want(http.StatusOK).URL.Path
	i.Work()
	if text := b.Get(path).Text("main"); !strings.Contains(text, "enter the number of customers: 4") || !strings.Contains(text, "7 days") {
		t.Errorf("the preview: %s", text)
	}
	for _, number := range []string{"", "3", "four"} {
		b.Get(path)
		page := b.Submit(`form[action$="/start"]`, typed{"number": number}).Want(http.StatusUnprocessableEntity)
		if !strings.Contains(page.Text(".field-error"), "exactly") {
			t.Errorf("%q: %s", number, page.Text("main"))
		}
	}
	b.Post(path+"/start", url.Values{}).Want(http.StatusUnprocessableEntity)
	b.Get(path)
	b.Submit(`form[action$="/start"]`, typed{"number": " 4 "}).Want(http.StatusOK)
	i.Work()
	if text := b.Get(path).Text("main"); !strings.Contains(text, "Changed4") || !strings.Contains(text, "undo this until Mar 12, 2026") &&
		!strings.Contains(text, "until 12 March 2026") {
		t.Errorf("the report: %s", text)
	}
	if text := openCustomer(b, "cermak").Text("main"); !strings.Contains(text, "Account will be deleted on") {
		t.Errorf("one customer: %s", text)
	}
	i.Work()
	if len(i.Mailbox.All("eva@example.com")) != 1 {
		t.Errorf("the customer was told %d times", len(i.Mailbox.All("eva@example.com")))
	}
	b.Get(path)
	b.Submit(`form[action$="/undo"]`, nil).Want(http.StatusOK)
	if text := carryOut(i, b).Text("main"); !strings.Contains(text, "Changed4") {
		t.Errorf("the undo: %s", text)
	}
	if text := openCustomer(b, "cermak").Text("main"); strings.Contains(text, "will be deleted") {
		t.Errorf("after the undo: %s", text)
	}
	again := bulk(b, "/admin/batches/new?all=yes", "erase", nil).Want(http.StatusOK).URL.Path
	i.Work()
	b.Get(again)
	b.Submit(`form[action$="/start"]`, typed{"number": "4"}).Want(http.StatusOK)
	i.Work()
	i.Clock.Move(7*24*time.Hour + time.Minute)
	i.Work()
	i.Clock.Move(2 * time.Minute)
	i.Work()
	b.SignIn()
	if page := b.Get(again).Want(http.StatusOK); page.Has(`form[action$="/undo"]`) {
		t.Error("an erasure is undone after its date")
	}
	b.Post(again+"/undo", url.Values{}).Want(http.StatusConflict)
	if got := listed(b, "/admin/customers?view=all"); len(got) != 0 {
		t.Errorf("still there are %v", got)
	}
}
