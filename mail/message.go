// Package mail owns what lies between "a mail is due" and "a mail server has it": the durable outbox, the
// dispatcher that empties it, the rendering of a letter into text and HTML, and what a Sender has to be.
//
// It must not know what a mail is about: whoever fills the outbox hands the Dispatcher a Composer, which
// turns an entry into a Message at the moment of handing over. So the store never holds a composed body or
// a usable secret.
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

// Message is one mail ready to be handed over. From, To and ReplyTo are bare addresses ("a@b.example", RFC
// 6531), ReplyTo may be "". ID is the Message-ID without brackets; the Dispatcher sets it. Lang is a BCP 47
// tag.
type Message struct {
	FromName, From string
	To             string
	ReplyTo        string
	Subject        string
	Text, HTML     string
	ID             string
	Lang           string
	// Personal says that a person caused the message and waits for an answer: it does not call itself
	// automatic, which makes helpdesks put it aside.
	Personal bool
}

// ErrDrop says that there is nothing to send: from a Composer, that its entry is to be dropped; from
// Outbox.Resend, that the entry was.
var ErrDrop = errors.New("mail: nothing to send")

// Composer makes the message of an entry of a shop at the moment it is handed over. It gets the entry as
// the last attempt left it: Unsure says that an earlier message may have arrived, Attempts how many were
// begun. ErrDrop drops the entry; after any other error it is tried again. A message that finds no
// connection in time is not sent, and its entry comes again as it was.
type Composer func(ctx context.Context, shop, id string, e Entry) (Message, error)

// Sender reaches a mail server.
type Sender interface {
	// Connect opens one connection for many messages.
	Connect(ctx context.Context) (Conn, error)
}

// Conn is one connection to a mail server, used by one goroutine. After an error of Send it can only be
// closed.
type Conn interface {
	// Send hands one message over and returns nil when the server took it, else a *Failure. It ends with ctx.
	Send(ctx context.Context, m Message) error
	// Close ends the connection; it never makes the server take a message half handed over.
	Close() error
}

// Failure is why a message was not handed over. Any other error of a Conn counts as temporary, unsure and
// down.
type Failure struct {
	Temporary bool // worth another attempt
	Unsure    bool // no answer came after the whole message had gone: it may have been delivered
	Down      bool // the server is at fault, not the message: others would fare alike
	// Cause says why there is no connection: one of the causes below; or SenderRefused; "" for another
	// failure.
	Cause  string
	Code   int    // of the server's answer, 0 for none
	Reason string // for staff; may hold an address, which the outbox takes out
}

// Why there is no connection to the mail server. All but the first are for somebody to put right: waiting
// does not.
const (
	ServerUnreachable    = "server_unreachable"
	ServerRefused        = "server_refused" // it turned this machine away
	SignInRefused        = "sign_in_refused"
	CertificateUntrusted = "certificate_untrusted"
	TLSUnavailable       = "tls_unavailable" // no encryption where it is required
)

// SenderRefused is the cause of a failure that concerns all emails of one sender: the server does not let
// this user send from the address. That is for somebody to put right, too, so that no email is given up
// because of it.
const SenderRefused = "sender_refused"

// Causes returns all causes for which there is no connection.
func Causes() []string {
	return []string{ServerUnreachable, ServerRefused, SignInRefused, CertificateUntrusted, TLSUnavailable}
}

// Error returns the reason.
func (f *Failure) Error() string { return f.Reason }

// messageID names the entry to the world, the same at each attempt until staff asks for it again: by the
// same one, a mailbox that has the first message hides the second. RFC 5322 asks for uniqueness, so an id
// that is only unique within its shop, or could hold a character a msg-id must not, is hashed together with
// the shop.
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
