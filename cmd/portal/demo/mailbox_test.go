package demo

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"postern/mail"
)

// TestMailPages checks the pages that show emails and their restrictions.
func TestMailPages(t *testing.T) {
	t.Parallel()
	d := visitShared(t)
	id := d.enter("nova@zakaznik.example").ID
	page := d.browser.Get("/demo/mailbox/" + id).Want(http.StatusOK)
	if page.Attr("iframe", "sandbox") != "allow-top-navigation-by-user-activation" {
		t.Error("the frame of the mail is not closed")
	}
	body := d.browser.Get(page.Attr("iframe", "src")).Want(http.StatusOK)
	policy := body.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") ||
		body.Header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("the mail's policy: %s", policy)
	}
	if body.Attr("base", "target") != "_top" || !strings.Contains(body.Text("body"), "Hájenka") {
		t.Errorf("the mail: %s", body.Body)
	}
	d.browser.Get("/demo/mailbox/none").Want(http.StatusNotFound)
	d.browser.Get("/demo/pictures/none.png").Want(http.StatusNotFound)
}

func TestMailboxIsBounded(t *testing.T) {
	t.Parallel()
	box := NewMailbox()
	for i := range mostMails + 10 {
		box.take(mail.Message{To: fmt.Sprint(i)})
	}
	if all := box.all(); len(all) != mostMails || all[0].To != fmt.Sprint(mostMails+9) {
		t.Errorf("%d mails, the newest to %s", len(all), all[0].To)
	}
}

// TestCodeOfMail checks that only a code on its own line is recognised.
func TestCodeOfMail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"Your code:\n  7K3Q-9XBT \nIt works": "7K3Q-9XBT",
		"7K3Q-9XBT in a line": "", "": ""} {
		box := NewMailbox()
		box.take(mail.Message{Text: text})
		if got := box.all()[0].Code(); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
