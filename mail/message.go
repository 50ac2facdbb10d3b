// Package mail owns the path from a due email to the mail server: the durable outbox, the dispatcher that
// empties it, the rendering of a letter as text and HTML, and the interface of a Sender.
//
// It must not know what an email is about. The code that fills the outbox gives the Dispatcher a Composer,
// which turns an entry into a Message when it is sent. The store therefore never holds a composed body or a
// usable secret.
package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"postern/storage"
)

// Message is an email that is ready to send. From, To and ReplyTo are bare addresses ("a@b.example", RFC
// 6531); ReplyTo may be "". ID is the Message-ID without brackets, set by the Dispatcher. Lang is a BCP 47
// tag.
type Message struct {
	FromName, From string
	To             string
	ReplyTo        string
	Subject        string
	Text, HTML     string
	ID             string
	Lang           string
	// Personal means that a person caused the message and waits for an answer. Such a message does not
	// declare itself automatic, because helpdesks would put it aside.
	Personal bool
}

// ErrDrop means that there is nothing to send. A Composer returns it to drop the entry; Outbox.Resend
// returns it for a dropped entry.
var ErrDrop = errors.New("mail: nothing to send")

// Composer composes the message of a shop's entry when it is about to be sent. It gets the entry as the
// last attempt left it: Unsure means that an earlier message may have arrived, and Attempts is the number
// of attempts started. ErrDrop drops the entry; any other error leads to a retry. A message that gets no
// connection in time is not sent, and the Composer gets its entry again.
type Composer func(ctx context.Context, shop, id string, e Entry) (Message, error)

// Sender connects to a mail server.
type Sender interface {
	// Connect opens one connection for several messages.
	Connect(ctx context.Context) (Conn, error)
}

// Conn is one connection to a mail server, for use by one goroutine. After Send has failed, it can only be
// closed.
type Conn interface {
	// Send hands over one message. It returns nil if the server accepted it, otherwise a *Failure. It stops
	// when ctx ends.
	Send(ctx context.Context, m Message) error
	// Close ends the connection. It never makes the server accept a message that was only partly sent.
	Close() error
}

// Failure is the reason why a message was not handed over. Any other error of a Conn counts as Temporary,
// Unsure and Down.
type Failure struct {
	Temporary bool // worth a retry
	Unsure    bool // no response after the complete message: it may have been delivered
	Down      bool // caused by the server rather than the message: other messages would fail too
	// Cause is one of the causes below if there is no connection, SenderRefused, or "" for any other
	// failure.
	Cause  string
	Code   int    // of the server's response, 0 for none
	Reason string // for staff; may contain an address, which the outbox removes
}

// Causes of a missing connection to the mail server. Except for the first, waiting does not help: someone
// must fix the problem.
const (
	ServerUnreachable    = "server_unreachable"
	ServerRefused        = "server_refused" // the server rejected this machine
	SignInRefused        = "sign_in_refused"
	CertificateUntrusted = "certificate_untrusted"
	TLSUnavailable       = "tls_unavailable" // no encryption where it is required
)

// SenderRefused is the cause of a failure that affects all emails of one sender: the server does not let
// this user send from that address. Someone must fix that, so no email is given up because of it.
const SenderRefused = "sender_refused"

// Causes returns all causes of a missing connection.
func Causes() []string {
	return []string{ServerUnreachable, ServerRefused, SignInRefused, CertificateUntrusted, TLSUnavailable}
}

// Error returns the reason.
func (f *Failure) Error() string { return f.Reason }

// messageID returns the same Message-ID for every attempt of an entry until staff resend it, so that a
// mailbox which already has the message hides a duplicate. RFC 5322 requires uniqueness. An ID that is
// unique only within its shop, or may contain characters that a msg-id must not, is therefore hashed
// together with the shop.
func messageID(shop, id string, resent time.Time, from string) string {
	if !storage.IsID(id) {
		sum := sha256.Sum256([]byte(shop + "/" + id))
		id = hex.EncodeToString(sum[:16])
	}
	if !resent.IsZero() {
		id += "." + strconv.FormatInt(resent.UnixMilli(), 36)
	}
	_, domain, _ := strings.Cut(from, "@")
	return id + "@" + domain
}
