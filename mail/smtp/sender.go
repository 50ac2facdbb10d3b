// Package smtp hands messages to a mail server over SMTP. It owns the connection, its encryption and
// sign-in, the form of a message on the wire and its DKIM signature, and what each answer of the server
// means for the message.
//
// It must not know of the outbox: whether and when a message is tried again is decided elsewhere, from the
// mail.Failure.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"

	"postern/mail"
)

// Sender reaches one mail server. It is made by Parse.
type Sender struct {
	// Now is the clock of the Date header and of signatures.
	Now func() time.Time
	// Keys sign the messages from their domains; those from others go out unsigned.
	Keys Keys
	// Domain names this machine to the server when neither the URL nor the machine's own host name does;
	// nil is no name.
	Domain func(context.Context) string

	host, helo     string
	port           int
	implicit       bool   // TLS from the first byte
	starttls       string // unless implicit
	tls            *tls.Config
	user, password string
	timeout        time.Duration
}

// String names the server, without user and password.
func (s *Sender) String() string {
	scheme := "smtp"
	if s.implicit {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// Connect greets the server, turns encryption on and signs in. Its error is a *mail.Failure with a cause,
// always temporary: what is wrong there is wrong for all messages and can be put right.
func (s *Sender) Connect(ctx context.Context) (mail.Conn, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// connect returns the connection also with an error, closed, for what it has seen of the server.
func (s *Sender) connect(ctx context.Context) (*conn, error) {
	c := &conn{now: s.Now, keys: s.Keys, tls: s.tls.Clone()}
	c.tls.VerifyConnection = func(state tls.ConnectionState) error {
		c.secured = &state
		return nil
	}
	client, err := gomail.NewClient(s.host, s.options(ctx, c)...)
	if err == nil {
		c.client = client
		c.session, err = client.DialToSMTPClientWithContext(ctx)
	}
	c.release()
	if err != nil {
		if c.raw != nil {
			_ = c.raw.Close() // the library leaves it open when greeting, TLS or sign-in fail
		}
		return c, noConnection(err)
	}
	return c, nil
}

func (s *Sender) options(ctx context.Context, c *conn) []gomail.Option {
	policies := map[string]gomail.TLSPolicy{
		required: gomail.TLSMandatory, opportunistic: gomail.TLSOpportunistic, off: gomail.NoTLS,
	}
	policy := gomail.NoTLS // with smtps:// the dialler has done it
	if !s.implicit {
		policy = policies[s.starttls]
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.timeout), gomail.WithTLSConfig(c.tls), gomail.WithTLSPolicy(policy),
		gomail.WithDialContextFunc(s.dialler(ctx, c)), gomail.WithHELO(s.hello(ctx)),
		// A NOOP and a RSET around each message cost two rounds and could fail behind a message that was
		// taken.
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

// dialler opens the connection and keeps it at hand, so that it can be closed whatever the library does.
// Until c.release is called, it ends with outer.
func (s *Sender) dialler(outer context.Context, c *conn) gomail.DialContextFunc {
	address := net.JoinHostPort(s.host, strconv.Itoa(s.port)) // the library's own lacks the brackets of IPv6
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c.hold(outer, raw)
		if !s.implicit {
			return raw, nil
		}
		secure := tls.Client(raw, c.tls)
		return secure, secure.HandshakeContext(ctx)
	}
}

// conn is one SMTP session.
type conn struct {
	client  *gomail.Client
	session *gosmtp.Client
	raw     net.Conn // below TLS
	stop    func() bool
	now     func() time.Time
	keys    Keys
	tls     *tls.Config
	secured *tls.ConnectionState // of a trusted server, nil without encryption
	broken  bool
}

// hold closes the connection when ctx ends before release is called.
func (c *conn) hold(ctx context.Context, raw net.Conn) {
	c.raw = raw
	c.stop = context.AfterFunc(ctx, func() { _ = raw.Close() })
}

func (c *conn) release() {
	if c.stop != nil {
		c.stop()
	}
}

// Send implements mail.Conn.
func (c *conn) Send(ctx context.Context, m mail.Message) error {
	_, err := c.send(ctx, m)
	return err
}

// send is Send; it returns what the server answered to a message it took.
func (c *conn) send(ctx context.Context, m mail.Message) (answer string, err error) {
	msg, utf8, err := c.envelope(m)
	if err != nil {
		return "", &mail.Failure{Reason: err.Error()}
	}
	c.session.SkipSMTPUTF8(!utf8) // a relay behind this one may not know it, and would bounce what does not need it
	c.hold(ctx, c.raw)
	defer c.release()
	err = c.client.SendWithSMTPClient(c.session, msg)
	if err == nil || msg.IsDelivered() {
		return oneLine(msg.ServerResponse()), nil
	}
	c.broken = true
	return "", failure(err)
}

// quitTime bounds the farewell.
const quitTime = 5 * time.Second

// Close implements mail.Conn. After a failure it says no farewell: it would wait for the server once more,
// and the library ends a message in hand with a dot before it says QUIT.
func (c *conn) Close() error {
	var err error
	if !c.broken {
		if err = c.session.UpdateDeadline(quitTime); err == nil {
			err = c.client.CloseWithSMTPClient(c.session)
		}
	}
	if closing := c.raw.Close(); !errors.Is(closing, net.ErrClosed) {
		err = errors.Join(err, closing)
	}
	return err
}

// failure says what the answer means. RFC 5321, 4.2.1: 4xx may pass later, 5xx will not; 421, the server
// closes, comes for any command. Without an answer only the end of DATA leaves open whether the message was
// taken.
func failure(err error) *mail.Failure {
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return &mail.Failure{Temporary: true, Unsure: true, Down: true, Reason: err.Error()}
	}
	text, _, _ := strings.Cut(sent.Error(), ", affected ") // addresses follow
	code := sent.ErrorCode()
	if sent.Reason == gomail.ErrSMTPMailFrom && refusesSender(code) {
		return &mail.Failure{Temporary: true, Cause: mail.SenderRefused, Code: code, Reason: fmt.Sprintf("the mail server refuses "+
			"the sender (%d); check the shop's --sender-email, and that the user in --smtp may send from it: %s", code, text)}
	}
	return &mail.Failure{
		Temporary: code < 500,
		Unsure:    code == 0 && sent.Reason == gomail.ErrSMTPDataClose,
		Down:      code == 0 || code == 421,
		Reason:    text,
	}
}

// refusesSender reports whether an answer to MAIL FROM is about the sender, whatever the message: 552 is
// about its size, and 555 about its parameters (RFC 5321, 4.2.3 and 4.5.3.1.9).
func refusesSender(code int) bool { return code >= 500 && code != 552 && code != 555 }
