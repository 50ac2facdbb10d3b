package main

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

// mailbox is the demo's mail server, which delivers nothing. It is a mail.Sender like the real one.
type mailbox struct {
	now func() time.Time

	mu    sync.Mutex
	count int
	mails []caughtMail // newest first
}

// caughtMail is one email in the mailbox.
type caughtMail struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	To      string    `json:"to"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
}

// Connect implements mail.Sender.
func (b *mailbox) Connect(context.Context) (mail.Conn, error) { return mailboxConn{b}, nil }

type mailboxConn struct{ box *mailbox }

// Send implements mail.Conn.
func (c mailboxConn) Send(_ context.Context, m mail.Message) error {
	c.box.take(m)
	return nil
}

// Close implements mail.Conn.
func (mailboxConn) Close() error { return nil }

func (b *mailbox) take(m mail.Message) {
	b.keep(caughtMail{At: b.now(), To: m.To, From: m.From, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
}

// keep adds an email to the mailbox.
func (b *mailbox) keep(caught caughtMail) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	caught.ID = strconv.Itoa(b.count)
	b.mails = slices.Insert(b.mails, 0, caught)
	b.mails = b.mails[:min(len(b.mails), mostMails)]
}

// all returns the emails, newest first.
func (b *mailbox) all() []caughtMail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]caughtMail{}, b.mails...) // never nil, so that JSON has an array
}

func (b *mailbox) find(id string) (caughtMail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.mails, func(m caughtMail) bool { return m.ID == id })
	if i < 0 {
		return caughtMail{}, false
	}
	return b.mails[i], true
}

var (
	linkInMail = regexp.MustCompile(`https?://[^\s<>"]+/sign-in/link/[^\s<>"]+`)
	codeInMail = regexp.MustCompile(`(?m)^\s*([0-9A-Z]{4}[- ]?[0-9A-Z]{4})\s*$`) // on its own line
)

// Link returns the sign-in link in the email, or "".
func (m caughtMail) Link() string { return linkInMail.FindString(m.Text) }

// Code returns the code in the email, or "".
func (m caughtMail) Code() string {
	if found := codeInMail.FindStringSubmatch(m.Text); found != nil {
		return found[1]
	}
	return ""
}
