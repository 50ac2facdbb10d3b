package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// openJan opens Jan Čermák's page and returns its path.
func openJan(b *webtest.Employee) string {
	b.Get("/admin/customers?search=cermak")
	return b.Follow("main tbody a").Want(http.StatusOK).URL.Path
}

// TestNoteOfTheGreatestLengthIsWrittenAndChanged writes characters that take the most bytes in a form, and one
// note more than a page shows.
func TestNoteOfTheGreatestLengthIsWrittenAndChanged(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	path := openJan(b)
	const form = "#notes > details form"
	long := strings.Repeat("😀", 20_000)
	b.Submit(form, typed{"text": long}).Want(http.StatusOK)
	if page := b.Submit("#notes .rows form", typed{"text": long[:len(long)-4] + "ž"}).Want(http.StatusOK); !strings.HasSuffix(
		page.Text("#notes .letter"), "😀ž") {
		t.Error("the note is not changed")
	}
	page := b.Submit(form, typed{"text": long + "x"}).Want(http.StatusUnprocessableEntity)
	if kept := page.Text(form + " textarea"); len(kept) != len(long)+1 {
		t.Errorf("%d bytes of the refused note are kept", len(kept))
	}
	for n := range 20 {
		b.Submit(form, typed{"text": fmt.Sprint("Note ", n)}).Want(http.StatusOK)
	}
	page = b.Get(path)
	if shown := len(page.Attrs("#notes .rows form", "action")); shown != 20 {
		t.Errorf("%d notes are shown", shown)
	}
	page = b.Follow(`#notes a[href$="#notes"]`).Want(http.StatusOK)
	if shown := len(page.Attrs("#notes .rows form", "action")); shown != 21 {
		t.Errorf("%d of all notes are shown", shown)
	}
	viewer := i.Enrol("viewer@shop.test", staff.Viewer)
	viewer.Post(path+"/notes", url.Values{"text": {long}}).Want(http.StatusForbidden)
}

func TestNotesAreSharedPinnedAndUndone(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	other := i.Enrol("manager@shop.test", staff.Manager)
	path := openJan(b)
	const form = "#notes > details form"
	page := b.Submit(form, typed{"text": "Prefers calls\nafter 5 pm 😀"}).Want(http.StatusOK)
	if text := page.Text("#notes .rows"); !strings.Contains(text, "Prefers calls after 5 pm 😀") || !strings.Contains(text, "support@shop.test") {
		t.Errorf("the note: %s", text)
	}
	b.Submit(form, typed{"text": "Pinned one", "pinned": "yes"})
	b.Submit(form, typed{"text": "Third"})
	if text := b.Page.Text("#notes .rows"); strings.Index(text, "Pinned one") > strings.Index(text, "Third") {
		t.Errorf("the pinned note is not on top: %s", text)
	}
	other.Get(path)
	b.Get(path)
	note := "#notes .rows li:first-child form"
	other.Submit(note, typed{"text": "Pinned by the manager"}).Want(http.StatusOK)
	page = b.Submit(note, typed{"text": "Mine"}).Want(http.StatusConflict)
	if text := page.Text("#notes"); !strings.Contains(text, "Pinned by the manager") || page.Text(note+" textarea") != "Mine" {
		t.Errorf("the two texts are not shown: %s", text)
	}
	b.Get(path)
	key := b.Page.Attr(note, "action")
	page = b.Post(key, url.Values{"action": {"delete"}}).Want(http.StatusOK)
	if strings.Contains(page.Text("#notes"), "Pinned by the manager") {
		t.Error("the note is not deleted")
	}
	page = b.Submit(".flash form", nil).Want(http.StatusOK)
	if !strings.Contains(page.Text("#notes"), "Pinned by the manager") {
		t.Errorf("the deletion is not undone: %s", page.Text("main"))
	}
	i.Work() // the acts are in the log now
	act := other.Post(key, url.Values{"action": {"unpin"}}).Want(http.StatusOK).Attr(".flash [name=act]", "value")
	i.Work()
	b.Post(path+"/undo", url.Values{"act": {act}}).Want(http.StatusOK)
	b.Post(path+"/undo", url.Values{"act": {act}}).Want(http.StatusConflict)
	b.Get(path)
	page = b.Submit(form, typed{"text": strings.Repeat("ž", 65_000)})
	if page.Status != http.StatusUnprocessableEntity || len(page.Text(form+" textarea")) != 130_000 {
		t.Errorf("a note of 65,000 characters: %d", page.Status)
	}
	b.Get(path)
	b.Submit(form, typed{"text": " "}).Want(http.StatusUnprocessableEntity)
	viewer := i.Enrol("viewer@shop.test", staff.Viewer)
	if viewer.Get(path).Want(http.StatusOK).Has("#notes form") {
		t.Error("a viewer may write notes")
	}
}

func TestStaffAnswerAndDecide(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	shopper := i.Browser()
	i.SignIn(shopper, "jan.cermak@example.com")
	shopper.Get("/orders/2024-0001/return")
	shopper.Submit("main form", typed{"line/0": "1", "reason": "damaged", "text": "Torn."}).Want(http.StatusOK)
	i.Work()
	openJan(b)
	b.Submit("#letters .rows form", nil).Want(http.StatusUnprocessableEntity) // nothing is chosen
	page := b.Submit("#letters .rows form", typed{"state": "declined"}).Want(http.StatusUnprocessableEntity)
	if !page.Has("#letters .rows details[open] .field-error") {
		t.Errorf("a refusal without a reason: %s", page.Text("#letters"))
	}
	page = b.Submit("#letters .rows form", typed{"state": "approved", "text": "Send it to Prague."}).Want(http.StatusOK)
	if text := page.Text("#letters .rows"); !strings.Contains(text, "Approved") {
		t.Errorf("after the decision: %s", text)
	}
	b.Submit("#letters > details form", typed{"text": "We are sorry."}).Want(http.StatusOK)
	i.Work()
	var mails strings.Builder
	for _, message := range i.Mailbox.All("jan.cermak@example.com") {
		mails.WriteString(message.Text)
	}
	if text := mails.String(); !strings.Contains(text, "Send it to Prague.") || !strings.Contains(text, "We are sorry.") {
		t.Errorf("the emails: %s", text)
	}
	text := shopper.Get("/orders/2024-0001").Text("main")
	if !strings.Contains(text, "Schváleno") || !strings.Contains(text, "Send it to Prague.") || !strings.Contains(text, "We are sorry.") {
		t.Errorf("the order's page: %s", text)
	}
	if text := shopper.Get("/orders").Text(".orders .status"); text != "Vrácení zboží je schváleno." {
		t.Errorf("the list: %s", text)
	}
	if empty := b.Get("/admin/inbox").Text(".empty"); !strings.Contains(empty, "No messages waiting.") {
		t.Errorf("the inbox: %s", empty)
	}
	if answered := b.Follow(".empty a").Want(http.StatusOK).Text("main .rows"); !strings.Contains(answered, "The shop wrote about order 2024-0001") ||
		!strings.Contains(answered, "We are sorry.") {
		t.Errorf("the answers: %s", answered)
	}
	i.Clock.Move(2 * time.Minute)
	b.Get("/admin/inbox")
	i.Work()
	tabs := b.Get("/admin/inbox").Texts("main nav .chip")
	if fmt.Sprint(tabs) != "[Messages 0 Cancellation requests 0 Return requests 0 Answered]" {
		t.Errorf("the tabs: %q", tabs)
	}
	openJan(b)
	b.Submit("#letters .rows form", typed{"state": "received"}).Want(http.StatusOK)
	b.Submit("#letters .rows form", typed{"state": "refunded"}).Want(http.StatusOK)
	if b.Page.Has("#letters .rows form") {
		t.Error("something is left to decide after the refund")
	}
	path := openJan(b)
	b.Post(path+"/messages", url.Values{"order": {"2024-0002"}, "text": {"x"}}).Want(http.StatusConflict)
	b.Post(path+"/requests/unknown", url.Values{"state": {"approved"}}).Want(http.StatusNotFound)
}

func TestTimelineTellsEverythingAndUndoes(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	openEdit(b)
	b.Submit("main form", typed{"first_name": "Ján", "reason": "He asked by phone"}).Want(http.StatusOK)
	i.Clock.Move(time.Minute)
	b.Submit("#letters > details form", typed{"text": "Hello"}).Want(http.StatusOK)
	i.Work()
	path := openJan(b)
	text := b.Page.Text("#timeline")
	for _, want := range []string{"Order 2024-0001 placed", "Details changed", "Ján", "support@shop.test · Support", "He asked by phone",
		"The shop wrote about order 2024-0001", "Hello", "Profile opened by staff"} {
		if !strings.Contains(text, want) {
			t.Errorf("the timeline lacks %q: %s", want, text)
		}
	}
	page := b.Submit("#timeline form", nil).Want(http.StatusOK)
	if text := page.Text("main h1"); text != "Jan Čermák" {
		t.Errorf("after undoing: %s", text)
	}
	i.Work()
	if text := b.Get(path + "?what=acts").Text("#timeline"); !strings.Contains(text, "Undone") || strings.Contains(text, "2024-0001 placed") ||
		b.Page.Has("#timeline form") {
		t.Errorf("the changes: %s", text)
	}
	b.Get(path + "?what=nothing&before=yesterday").Want(http.StatusOK)
}

// TestTimelineLosesNothingBetweenPages makes many moments, some of the same time, and reads all pages.
func TestTimelineLosesNothingBetweenPages(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	key := i.Key("main")
	for n := range 40 {
		i.Put(key, fmt.Sprintf("/api/v1/orders/T-%d", n), fmt.Sprintf(`{"number":"T-%d","email":"jan.cermak@example.com","placed_at":"2025-01-%02dT12:00:00Z",
			"updated_at":"2025-03-01T12:00:00Z","currency":"EUR","payment":"paid","fulfillment":"delivered","total":"1.00",
			"lines":[{"name":"Book","quantity":"1","total":"1.00"}]}`, n, 1+n/4)).Want(http.StatusCreated)
	}
	openJan(b)
	seen := map[string]bool{}
	for range 10 {
		for _, link := range b.Page.Attrs("#timeline .rows a", "href") {
			if seen[link] {
				t.Errorf("%s is on two pages", link)
			}
			seen[link] = true
		}
		next := b.Page.Attr("#timeline p > a.button", "href")
		if next == "" {
			break
		}
		b.Get(strings.TrimSuffix(next, "#timeline")).Want(http.StatusOK)
	}
	if len(seen) != 41 {
		t.Errorf("%d orders are in the timeline, want 41", len(seen))
	}
}

func TestHomeShowsWhatWaits(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	if text := b.Get("/admin").Text("main"); !strings.Contains(text, "No requests are waiting") || !strings.Contains(text, "Čermák") {
		t.Errorf("before: %s", text)
	}
	shopper := i.Browser()
	i.SignIn(shopper, "jan.cermak@example.com")
	shopper.Get("/orders/2024-0001/return")
	shopper.Submit("main form", typed{"line/0": "1", "reason": "damaged", "text": "Torn."}).Want(http.StatusOK)
	text := b.Get("/admin").Text("main")
	if !strings.Contains(text, "requested a return, order 2024-0001") || !strings.Contains(text, "Torn.") {
		t.Errorf("with a request: %s", text)
	}
	b.Follow(".rows a").Want(http.StatusOK)
	b.Submit("#letters .rows form", typed{"state": "approved"}).Want(http.StatusOK)
	if text := b.Get("/admin").Text("main"); strings.Contains(text, "Torn.") {
		t.Errorf("decided: %s", text)
	}
}
