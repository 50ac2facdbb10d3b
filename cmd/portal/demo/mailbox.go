package demo

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"postern/mail"
)

// mostMails is the number of emails that the demo's mailbox keeps; it deletes older ones.
const mostMails = 500

// Mailbox is the demo's mail server, which delivers nothing. It is a mail.Sender like the real one.
type Mailbox struct {
	now  func() time.Time
	zone *time.Location // of the shop

	mu    sync.Mutex
	count int
	mails []Mail            // newest first
	apps  map[string][]byte // by email: the secrets of the staff's authenticator apps
}

// Mail is one email in the mailbox.
type Mail struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	To      string    `json:"to"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	// AppCode is the present code of the person's authenticator app, in a sign-in email of staff.
	AppCode string `json:"app_code,omitempty"`
}

// NewMailbox returns an empty mailbox.
func NewMailbox() *Mailbox {
	zone, err := time.LoadLocation(timeZone)
	if err != nil {
		zone = time.UTC
	}
	return &Mailbox{now: time.Now, zone: zone}
}

// Connect implements mail.Sender.
func (b *Mailbox) Connect(context.Context) (mail.Conn, error) { return mailboxConn{b}, nil }

type mailboxConn struct{ box *Mailbox }

// Send implements mail.Conn.
func (c mailboxConn) Send(_ context.Context, m mail.Message) error {
	c.box.take(m)
	return nil
}

// Close implements mail.Conn.
func (mailboxConn) Close() error { return nil }

func (b *Mailbox) take(m mail.Message) {
	b.keep(Mail{At: b.now(), To: m.To, From: m.From, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
}

// keep adds an email to the mailbox.
func (b *Mailbox) keep(caught Mail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	caught.At = caught.At.In(b.zone)
	caught.ID = strconv.Itoa(b.count)
	b.mails = slices.Insert(b.mails, 0, caught)
	b.mails = b.mails[:min(len(b.mails), mostMails)]
}

// all returns the emails, newest first.
func (b *Mailbox) all() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Mail, 0, len(b.mails)) // never nil, so that JSON has an array
	for _, m := range b.mails {
		all = append(all, b.withCode(m))
	}
	return all
}

func (b *Mailbox) find(id string) (Mail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.mails, func(m Mail) bool { return m.ID == id })
	if i < 0 {
		return Mail{}, false
	}
	return b.withCode(b.mails[i]), true
}

var (
	linkInMail = regexp.MustCompile(`https?://[^\s<>"]+/sign-in/link/[^\s<>"]+`)
	codeInMail = regexp.MustCompile(`(?m)^\s*([0-9A-Z]{4}[- ]?[0-9A-Z]{4})\s*$`) // on its own line
)

// Link returns the sign-in link in the email, or "".
func (m Mail) Link() string { return linkInMail.FindString(m.Text) }

// Code returns the code in the email, or "".
func (m Mail) Code() string {
	if found := codeInMail.FindStringSubmatch(m.Text); found != nil {
		return found[1]
	}
	return ""
}
