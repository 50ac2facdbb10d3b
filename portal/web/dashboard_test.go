package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/mail"
	"postern/portal/group"
	"postern/portal/job"
	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/storage"
)

// mayOpenWork is the part of the table of roles and routes about what waits for staff.
func mayOpenWork() map[string][]staff.Role {
	all, managers := staff.Roles(), []staff.Role{staff.Owner, staff.Manager}
	editors := []staff.Role{staff.Owner, staff.Manager, staff.Support}
	return map[string][]staff.Role{
		"GET /admin/api-keys":                               {staff.Owner},
		"GET /admin/api-keys/new":                           {staff.Owner},
		"POST /admin/api-keys/new":                          {staff.Owner},
		"GET /admin/api-keys/:id":                           {staff.Owner},
		"POST /admin/api-keys/:id/revoke":                   {staff.Owner},
		"GET /admin/inbox":                                  all,
		"GET /admin/orders":                                 all,
		"GET /admin/withdrawals":                            all,
		"GET /admin/withdrawals/:id":                        all,
		"POST /admin/customers/:id/withdrawals/:withdrawal": editors,
		"POST /admin/withdrawals/:id":                       editors,
		"GET /admin/emails":                                 all,
		"GET /admin/emails/:id":                             all,
		"POST /admin/emails/:id/resend":                     editors,
		"GET /admin/jobs":                                   managers,
		"POST /admin/jobs/:id/retry":                        managers,
		"POST /admin/jobs/:id/dismiss":                      managers,
	}
}

// withdraws sends a statement of withdrawal as a visitor.
func withdraws(i *webtest.Installation, number, email string) {
	b := i.Browser()
	b.Get("/withdraw")
	b.Submit("main form", typed{"name": "Jan <b>Čermák", "number": number, "email": email})
	b.Submit("main form", nil).Want(http.StatusOK)
}

// failEmail leaves an email that the mail server refused.
func failEmail(t *testing.T, i *webtest.Installation, to string) {
	t.Helper()
	err := storage.Open[mail.Entry](i.App.Engine(), "main", mail.Collection()).Insert(t.Context(), storage.NewID(), mail.Entry{
		Kind: "sign_in", To: to, State: mail.Failed, CreatedAt: i.Clock.Now(), NextAt: i.Clock.Now().Add(mail.Keep), Attempts: 1,
		LastError: "550 5.1.1 no such mailbox here",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// failJob leaves a job that was given up.
func failJob(t *testing.T, i *webtest.Installation, kind string) {
	t.Helper()
	g := group.Groups{}
	id := g.Work.Add(job.Request{Kind: kind, At: i.Clock.Now().Add(-72 * time.Hour)})
	for n := range g.Work.Jobs {
		if j := &g.Work.Jobs[n]; j.ID == id {
			j.FailedAt, j.Attempts, j.LastError = i.Clock.Now(), 12, "no room on the device"
		}
	}
	g.Work.Cancel("none") // updates the indexed times
	if err := group.Docs(i.App.Engine(), "main").Insert(t.Context(), "failing-"+kind, g); err != nil {
		t.Fatal(err)
	}
}

// TestFailedJobsAreRetriedAndDismissed checks the list, that both acts are in the log, and that what must be done
// cannot be dismissed.
func TestFailedJobsAreRetriedAndDismissed(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	failJob(t, i, "letters")
	failJob(t, i, "record_act")
	b := i.Enrol("manager@shop.test", staff.Manager)
	page := b.Get("/admin/jobs").Want(http.StatusOK)
	if text := page.Text("main tbody"); !strings.Contains(text, "no room on the device") || !strings.Contains(text, "failing-letters") {
		t.Errorf("the list: %s", text)
	}
	if n := len(page.Attrs(`form[action$="/dismiss"]`, "action")); n != 1 {
		t.Errorf("%d jobs may be dismissed", n)
	}
	for _, path := range page.Attrs(`form[action$="/retry"]`, "action") {
		if path = strings.TrimSuffix(path, "/retry") + "/dismiss"; path != page.Attr(`form[action$="/dismiss"]`, "action") {
			b.Post(path, nil).Want(http.StatusConflict)
		}
	}
	b.Post(page.Attr(`form[action$="/dismiss"]`, "action"), nil).Want(http.StatusOK)
	page = b.Get("/admin/jobs")
	retry := page.Attr(`form[action$="/retry"]`, "action")
	b.Post(retry, nil).Want(http.StatusOK)
	b.Post(retry, nil).Want(http.StatusNotFound)
	if rows := b.Get("/admin/jobs").Texts("main tbody tr"); len(rows) != 0 {
		t.Errorf("left: %q", rows)
	}
	for _, act := range []string{"job.retried", "job.dismissed"} {
		if rows := b.Get("/admin/log?act=" + act).Texts("main tbody tr"); len(rows) != 1 {
			t.Errorf("the log of %s: %q", act, rows)
		}
	}
}

// TestTheCustomersPageTellsWhyALinkDidNotArrive checks the emails on the customer's page, with what the mail server
// said, and that a withdrawal is decided there.
func TestTheCustomersPageTellsWhyALinkDidNotArrive(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	failEmail(t, i, "jan.cermak@example.com")
	withdraws(i, "2024-0001", "jan.cermak@example.com")
	i.Work()
	path := openJan(b)
	if text := b.Page.Text("#emails"); !strings.Contains(text, "Sign-in link") || !strings.Contains(text, "no such mailbox here") {
		t.Errorf("the emails: %s", text)
	}
	if text := b.Page.Text("#timeline"); !strings.Contains(text, "Withdrew from the contract (order 2024-0001)") {
		t.Errorf("the timeline: %s", text)
	}
	b.Submit("#withdrawals form", typed{"state": "rejected"}).Want(http.StatusUnprocessableEntity)
	b.Submit("#withdrawals form", typed{"state": "rejected", "text": "The period is over."}).Want(http.StatusOK)
	if text := b.Page.Text("#withdrawals"); !strings.Contains(text, "Rejected") || !strings.Contains(text, "The period is over.") ||
		b.Page.Has("#withdrawals form") {
		t.Errorf("the withdrawal: %s", text)
	}
	if b.Page.URL.Path != path {
		t.Errorf("the decision leads to %s", b.Page.URL)
	}
	b.Follow(`#emails a[href*="person="]`).Want(http.StatusOK)
	if rows := b.Page.Texts("main tbody tr"); len(rows) != 2 {
		t.Errorf("all emails: %q", rows)
	}
	eva := b.Get("/admin/customers?search=eva").Attr("main tbody a", "href")
	b.Get(path)
	id := b.Get("/admin/withdrawals?show=all").Attr("main tbody a", "href")
	b.Post(eva+"/withdrawals/"+strings.TrimPrefix(id, "/admin/withdrawals/"), url.Values{"state": {"refunded"}}).Want(http.StatusNotFound)
}

// TestTheStartPageLeadsToWhatItCounts checks the numbers of the start page, and that each leads to a list with
// as many.
func TestTheStartPageLeadsToWhatItCounts(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	if text := b.Get("/admin").Want(http.StatusOK).Text("#waiting"); !strings.Contains(text, "being counted") {
		t.Errorf("before the first count: %s", text)
	}
	withdraws(i, "2024-0001", "jan.cermak@example.com")
	i.SignIn(i.Browser(), "eva@example.com")
	i.Work()
	i.Clock.Move(2 * time.Minute)
	b.Get("/admin")
	i.Work()
	page := b.Get("/admin").Want(http.StatusOK)
	for _, tile := range page.Texts(".board-tile") {
		if strings.HasPrefix(tile, "1") != strings.Contains(tile, "Withdrawals") {
			t.Errorf("what waits: %s", tile)
		}
	}
	for chart, want := range map[string]string{"customers": "4", "sign_ins": "1", "orders": "2", "orders_open": "0",
		"orders_delivered": "2"} {
		figure := "[aria-labelledby=chart-" + chart + "-title]"
		if total := page.Text(figure + " .chart-total"); total != want {
			t.Errorf("%s: %s in all", chart, total)
		}
		if n := len(page.Texts(figure + " tbody tr")); n != 30 {
			t.Errorf("%s: %d days", chart, n)
		}
	}
	for _, path := range append(page.Attrs(".board-tile", "href"), page.Attrs(".chart-total", "href")...) {
		b.Get(path).Want(http.StatusOK)
	}
	if rows := b.Get(page.Attr("[aria-labelledby=chart-orders_delivered-title] .chart-total", "href")).Texts("main tbody tr"); len(rows) != 2 {
		t.Errorf("the list of orders: %q", rows)
	}
	if rows := b.Get(page.Attr("[aria-labelledby=chart-customers-title] .chart-total", "href")).Texts("main tbody tr"); len(rows) != 4 {
		t.Errorf("the list of customers: %q", rows)
	}
	for query, bars := range map[string]int{"?period=7": 7, "?period=90": 90, "?period=12m": 12, "?from=2026-01-01&to=2026-01-03": 0} {
		page := b.Get("/admin" + query)
		if n := len(page.Texts("[aria-labelledby=chart-orders-title] tbody tr")); bars > 0 && n != bars {
			t.Errorf("%s: %d bars", query, n)
		}
	}
	for _, wrong := range []string{"?period=8", "?from=yesterday", "?from=2020-01-01", "?from=2030-01-01&to=2030-01-02"} {
		if page := b.Get("/admin" + wrong).Want(http.StatusUnprocessableEntity); !page.Has(".field-error") ||
			len(page.Texts("[aria-labelledby=chart-orders-title] tbody tr")) != 30 {
			t.Errorf("%s: no error is shown, or not the usual figures", wrong)
		}
	}
	b.Get("/admin?from=2001-01-01")
	if note := b.Page.Text(".note:has(a)"); !strings.Contains(note, "Figures start on") || !b.Page.Has("#f-from[autofocus]") {
		t.Errorf("of a period that began too early: %s", note)
	}
	b.Follow(".note:has(a) a").Want(http.StatusOK)
}

// TestAWithdrawalIsDecided confirms that the goods are back and the refund: the sender gets an email of each, the
// customer sees both, and the log has them. A rejection needs a reason, and nothing follows a refund.
func TestAWithdrawalIsDecided(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	withdraws(i, "2024-0001", "jan.cermak@example.com")
	i.Work()
	b.Get("/admin/withdrawals").Want(http.StatusOK)
	if text := b.Page.Text("main tbody"); !strings.Contains(text, "2024-0001") || !strings.Contains(text, "Jan <b>Čermák") {
		t.Errorf("the list: %s", text)
	}
	b.Follow("main tbody a").Want(http.StatusOK)
	if title := b.Page.Text("h1"); title != "Withdrawal from order 2024-0001" {
		t.Errorf("the title: %s", title)
	}
	if page := b.Submit("#decide form", nil).Want(http.StatusUnprocessableEntity); !page.Has("#f-state-error") {
		t.Errorf("without a decision: %s", page.Text("main"))
	}
	b.Submit("#decide form", typed{"state": "rejected"}).Want(http.StatusUnprocessableEntity)
	b.Submit("#decide form", typed{"state": "shredded"}).Want(http.StatusUnprocessableEntity)
	b.Submit("#decide form", typed{"state": "received", "text": "Thank you.\nWe have all of it."}).Want(http.StatusOK)
	if b.Page.Attr("#f-state option:nth-child(2)", "value") != "refunded" {
		t.Errorf("after the goods: %s", b.Page.Text("main"))
	}
	b.Submit("#decide form", typed{"state": "refunded"}).Want(http.StatusOK)
	if b.Page.Has("#decide") {
		t.Error("something is left to decide after the refund")
	}
	path := b.Page.URL.Path
	b.Post(path, url.Values{"state": {"rejected"}, "text": {"Too late."}}).Want(http.StatusConflict)
	i.Work()
	i.Deliver()
	var subjects []string
	for _, m := range i.Mailbox.All("jan.cermak@example.com") {
		if strings.Contains(m.Subject, "ithdrawal") || strings.Contains(m.Subject, "dstoupení") {
			subjects = append(subjects, m.Subject)
		}
	}
	if len(subjects) != 3 {
		t.Errorf("emails %q", subjects)
	}
	if rows := b.Get("/admin/withdrawals").Texts("main tbody tr"); len(rows) != 0 {
		t.Errorf("still to decide: %q", rows)
	}
	if rows := b.Get("/admin/withdrawals?show=all").Texts("main tbody tr"); len(rows) != 1 {
		t.Errorf("all: %q", rows)
	}
	manager := i.Enrol("manager@shop.test", staff.Manager)
	if rows := manager.Get("/admin/log?act=withdrawal.decided").Texts("main tbody tr"); len(rows) != 2 {
		t.Errorf("the log: %q", rows)
	}
	b.Get("/admin/withdrawals/nobody").Want(http.StatusNotFound)
	viewer := i.Enrol("viewer@shop.test", staff.Viewer)
	if viewer.Get(path).Want(http.StatusOK).Has("form#decide") {
		t.Error("a viewer may decide")
	}
}

// TestEmailsAreFoundShownAndResent checks the list of emails, that what it shows has no secret, and that a
// sign-in email is never sent again: the customer gets a new link.
func TestEmailsAreFoundShownAndResent(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	i.SignIn(i.Browser(), "eva@example.com")
	i.Work()
	i.Deliver()
	b.Get("/admin/emails?person=eva@example.com").Want(http.StatusOK)
	texts := b.Page.Texts("main tbody tr")
	if len(texts) != 2 || !strings.Contains(strings.Join(texts, ""), "Sign-in link") || !strings.Contains(strings.Join(texts, ""), "Notice of a sign-in") {
		t.Fatalf("the emails to Eva: %q", texts)
	}
	i.Clock.Move(time.Hour)
	links := map[string]bool{}
	for _, m := range i.Mailbox.All("eva@example.com") {
		links[webtest.LinkIn(m)] = true
	}
	for _, path := range b.Page.Attrs("main tbody a", "href") {
		page := b.Get(path).Want(http.StatusOK)
		for link := range links {
			if token := link[strings.LastIndexByte(link, '/')+1:]; token != "" && strings.Contains(page.Body, token) {
				t.Errorf("%s shows a link", path)
			}
		}
		if text := page.Text("#text pre"); !strings.Contains(text, "…") || tokenShape.MatchString(text) {
			t.Errorf("the text: %s", text)
		}
	}
	before := len(i.Mailbox.All("eva@example.com"))
	b.Get("/admin/emails?person=eva@example.com&kind=sign_in")
	b.Follow("main tbody a")
	b.Submit("#resend form", nil).Want(http.StatusOK)
	i.Work()
	i.Deliver()
	if sent := i.Mailbox.All("eva@example.com"); len(sent) != before+1 || links[webtest.LinkIn(sent[len(sent)-1])] {
		t.Errorf("%d emails after %d", len(sent), before)
	}
	b.Get("/admin/emails?person=eva@example.com&kind=notice")
	b.Follow("main tbody a")
	b.Submit("#resend form", nil).Want(http.StatusOK)
	i.Work()
	i.Deliver()
	if sent := i.Mailbox.All("eva@example.com"); len(sent) != before+2 {
		t.Errorf("%d emails after %d", len(sent), before)
	}
	manager := i.Enrol("manager@shop.test", staff.Manager)
	for _, act := range []string{"email.resent", "customer.link_sent"} {
		if rows := manager.Get("/admin/log?act=" + act).Texts("main tbody tr"); len(rows) != 1 {
			t.Errorf("the log of %s: %q", act, rows)
		}
	}
	b.Get("/admin/emails?person=" + manager.Email)
	b.Follow("main tbody a")
	for _, path := range b.Get("/admin/emails?person="+manager.Email+"&kind=staff_sign_in").Attrs("main tbody a", "href") {
		if b.Get(path).Has("#resend form") {
			t.Error("a sign-in email of staff may be sent again")
		}
		b.Post(path+"/resend", nil).Want(http.StatusConflict)
	}
}

// TestListOfEmailsHasTabsAndFilters checks the numbers on the tabs, that a search covers all of them, and what is
// refused.
func TestListOfEmailsHasTabsAndFilters(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	i.SignIn(i.Browser(), "eva@example.com")
	i.Work()
	i.Deliver()
	b.Get("/admin/emails")
	i.Work()
	if tabs := b.Get("/admin/emails").Texts("main nav .chip"); !slices.Equal(tabs, []string{"Failed 0", "Waiting", "Sent", "Not needed"}) {
		t.Errorf("the tabs: %q", tabs)
	}
	for _, state := range []string{"failed", "waiting", "sent", "dropped"} {
		b.Get("/admin/emails?state=" + state).Want(http.StatusOK)
	}
	b.Get("/admin/emails?state=sent")
	b.Submit("main form", typed{"person": "eva@example.com"}).Want(http.StatusOK)
	if chosen := b.Page.Text(".chip[aria-current]"); chosen != "All" {
		t.Errorf("a search among those sent shows %q", chosen)
	}
	b.Get("/admin/emails?state=sent")
	b.Submit("main form", nil).Want(http.StatusOK)
	if chosen := b.Page.Text(".chip[aria-current]"); !strings.HasPrefix(chosen, "Sent") {
		t.Errorf("filters among those sent show %q", chosen)
	}
	for _, wrong := range []string{"from=x", "cursor=x", "from=2026-02-02&to=2026-02-01"} {
		b.Get("/admin/emails?" + wrong).Want(http.StatusUnprocessableEntity)
	}
	b.Get("/admin/emails/nobody").Want(http.StatusNotFound)
}

var tokenShape = regexp.MustCompile(`[A-Za-z0-9_-]{20,}`)

// TestOrdersAreFound checks the list of orders: all, by status, by day, by number, and by customer.
func TestOrdersAreFound(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	day := i.Clock.Now().Format(time.DateOnly)
	for query, want := range map[string]int{"": 2, "?status=delivered": 2, "?status=open": 0, "?from=" + day: 2, "?to=2020-01-01": 0,
		"?search=2024-0001": 1, "?search=adam@example.com": 1, "?search=nobody": 0, "?search=2": 0} {
		if rows := b.Get("/admin/orders" + query).Want(http.StatusOK).Texts("main tbody tr"); len(rows) != want {
			t.Errorf("%s: %q", query, rows)
		}
	}
	b.Get("/admin/orders?search=2024-0001")
	if b.Follow("main tbody th a").Want(http.StatusOK); !strings.HasSuffix(b.Page.URL.Path, "/orders/2024-0001") {
		t.Errorf("the row leads to %s", b.Page.URL)
	}
	if text := b.Page.Text("#about"); !strings.Contains(text, "jan.cermak@example.com") || !strings.Contains(text, "The shop sent no delivery address.") {
		t.Errorf("about the order: %s", text)
	}
	if b.Follow(`#about a[href^="/admin/emails"]`).Want(http.StatusOK); b.Page.Attr("#f-person", "value") != "jan.cermak@example.com" {
		t.Errorf("the emails are at %s", b.Page.URL)
	}
	for path, want := range map[string]int{"/admin/orders?status=lost": 2, "/admin/emails?kind=lost": 0, "/admin/emails?state=lost": 0} {
		page := b.Get(path).Want(http.StatusOK)
		if rows := page.Texts("main tbody tr"); len(rows) != want || page.Has(".field-error") ||
			page.Text(".note[role=status]") != "We ignored a filter that doesn’t exist." {
			t.Errorf("%s: %s", path, page.Text("main"))
		}
	}
	for _, wrong := range []string{"from=x", "cursor=x", "status=lost&from=x"} {
		b.Get("/admin/orders?" + wrong).Want(http.StatusUnprocessableEntity)
	}
}

// TestAnAPIKeyIsCreatedUsedAndRevoked checks that an owner's new key works with its scopes alone, is shown once,
// and ends at once, and that the log has both acts.
func TestAnAPIKeyIsCreatedUsedAndRevoked(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	b.Get("/admin/api-keys/new").Want(http.StatusOK)
	page := b.Submit("main form", typed{"name": "", "expires": "2001-01-01"}).Want(http.StatusUnprocessableEntity)
	for _, field := range []string{"#f-name-error", "#f-scope-error", "#f-expires-error"} {
		if !page.Has(field) {
			t.Errorf("no %s: %s", field, page.Text("main"))
		}
	}
	page = b.Submit("main form", typed{"name": "Warehouse", "scope_orders": "yes",
		"expires": i.Clock.Now().AddDate(0, 0, 1).Format(time.DateOnly)}).Want(http.StatusOK)
	key := page.Text(".api-key")
	send := func(path string) int {
		return i.Browser().Send(webtest.Request{Method: http.MethodGet, Path: path,
			Header: map[string]string{"Authorization": "Bearer " + key}}).Status
	}
	if got := send("/api/v1/orders/2024-0001"); got != http.StatusOK {
		t.Errorf("with its scope: %d", got)
	}
	if got := send("/api/v1/customers/1"); got != http.StatusForbidden {
		t.Errorf("without its scope: %d", got)
	}
	i.Work()
	page = b.Get("/admin/api-keys").Want(http.StatusOK)
	if text := page.Text("main"); strings.Contains(page.Body, key) || !strings.Contains(text, "Warehouse") ||
		!strings.Contains(text, "by owner@shop.test") {
		t.Errorf("the list: %s", text)
	}
	for _, row := range page.Attrs("main tbody a", "href") {
		if strings.Contains(b.Get(row).Text("main"), "Warehouse") {
			b.Submit("main form", nil).Want(http.StatusOK)
		}
	}
	if got := send("/api/v1/orders/2024-0001"); got != http.StatusUnauthorized {
		t.Errorf("revoked: %d", got)
	}
	i.Work()
	for _, act := range []string{"key.created", "key.revoked"} {
		if rows := b.Get("/admin/log?act=" + act).Texts("main tbody tr"); len(rows) != 1 || !strings.Contains(rows[0], "Warehouse") {
			t.Errorf("the log of %s: %q", act, rows)
		}
	}
	b.Get("/admin/api-keys/nobody").Want(http.StatusNotFound)
	i.Clock.Move(16 * time.Minute)
	if b.Get("/admin/api-keys/new").URL.Path != "/admin/confirm" {
		t.Errorf("without a fresh second factor: %s", b.Page.URL)
	}
}

// TestAnErrorPageOfStaffLeadsToTheCustomers checks where the error pages of staff lead.
func TestAnErrorPageOfStaffLeadsToTheCustomers(t *testing.T) {
	t.Parallel()
	_, b := people(t)
	page := b.Get("/admin/customers/nobody").Want(http.StatusNotFound)
	if got := page.Attrs(".cures a", "href"); len(got) != 2 || got[0] != "/admin/customers" || got[1] != "/admin" {
		t.Errorf("the page leads to %q", got)
	}
	if strings.Contains(page.Text("main"), "your orders") {
		t.Errorf("the page speaks to a customer: %s", page.Text("main"))
	}
}

// TestAWithdrawalWithoutAnOrderLeadsToTheSearch checks that a statement that matches no order says so with what
// was typed, and leads to a search for the number.
func TestAWithdrawalWithoutAnOrderLeadsToTheSearch(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	withdraws(i, "W-7", "jan.cermak@example.com")
	i.Work()
	b.Get("/admin/withdrawals").Want(http.StatusOK)
	page := b.Follow("main tbody a").Want(http.StatusOK)
	if note := page.Text(".note:has(a)"); !strings.Contains(note, "No order matches W-7 and jan.cermak@example.com.") {
		t.Errorf("the note: %s", note)
	}
	if value := b.Follow(".note a").Want(http.StatusOK).Attr("#f-search", "value"); value != "W-7" {
		t.Errorf("the search is for %q", value)
	}
}
