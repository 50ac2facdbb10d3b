package webtest

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"postern/mail"
)

// Mailbox is a mail server that keeps every message. It is safe for concurrent use.
type Mailbox struct {
	mu       sync.Mutex
	messages []mail.Message
	fault    error
}

// Connect implements mail.Sender.
func (m *Mailbox) Connect(context.Context) (mail.Conn, error) { return mailboxConn{m}, nil }

type mailboxConn struct{ mailbox *Mailbox }

func (c mailboxConn) Send(_ context.Context, message mail.Message) error {
	c.mailbox.mu.Lock()
	defer c.mailbox.mu.Unlock()
	if c.mailbox.fault != nil {
		return c.mailbox.fault
	}
	c.mailbox.messages = append(c.mailbox.messages, message)
	return nil
}

func (mailboxConn) Close() error { return nil }

// Refuse makes every further message fail with fault (a *mail.Failure). nil accepts messages again.
func (m *Mailbox) Refuse(fault error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = fault
}

// All returns the messages in the order of arrival. With addresses it returns only the messages to those.
func (m *Mailbox) All(to ...string) []mail.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.messages), func(message mail.Message) bool {
		return len(to) > 0 && !slices.Contains(to, message.To)
	})
}

// Last returns the last message to an address, or the zero Message.
func (m *Mailbox) Last(to string) mail.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range slices.Backward(m.messages) {
		if message.To == to {
			return message
		}
	}
	return mail.Message{}
}

var (
	linkShape = regexp.MustCompile(`https?://[^\s<>"]+/sign-in/link/[^\s<>"]+`)
	codeShape = regexp.MustCompile(`(?m)^\s*([0-9A-HJKMNP-TV-Z]{4}[- ]?[0-9A-HJKMNP-TV-Z]{4})\s*$`)
)

// LinkIn returns the sign-in link in a message's text, or "".
func LinkIn(message mail.Message) string { return linkShape.FindString(message.Text) }

// CodeIn returns the sign-in code that has its own line in a message's text, or "".
func CodeIn(message mail.Message) string {
	found := codeShape.FindStringSubmatch(message.Text)
	if found == nil {
		return ""
	}
	return strings.TrimSpace(found[1])
}
