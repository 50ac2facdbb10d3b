// Package smtp hands over messages to a mail server by SMTP. It owns the connection, its encryption and
// sign-in, the format of a message and its DKIM signature, and the meaning of each server response.
//
// It must not know the outbox: other code uses the mail.Failure to decide whether and when to retry.
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

// Sender connects to one mail server. Use Parse to create one.
type Sender struct {
	// Now is the clock of the Date header and of signatures.
	Now func() time.Time
	// Keys sign the messages from their domains. Messages from other domains are sent unsigned.
	Keys Keys
	// Domain returns a name for EHLO if neither the URL nor the host name of this machine provides one; nil
	// is allowed.
	Domain func(context.Context) string

	host, helo     string
	port           int
	implicit       bool   // TLS from the first byte
	starttls       string // for connections that are not implicit
	tls            *tls.Config
	user, password string
	timeout        time.Duration
}

// String returns the server's URL without user and password.
func (s *Sender) String() string {
	scheme := "smtp"
	if s.implicit {
		scheme = "smtps"
	}
	return scheme + "://" + net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// Connect greets the server, enables encryption and signs in. Its error is a *mail.Failure with a cause. It
// is always temporary, because such a problem affects all messages and can be fixed.
func (s *Sender) Connect(ctx context.Context) (mail.Conn, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// connect also returns the closed connection with an error, so that the caller can see how far it got.
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
			_ = c.raw.Close() // the library leaves it open if greeting, TLS or sign-in fails
		}
		return c, noConnection(err)
	}
	return c, nil
}

func (s *Sender) options(ctx context.Context, c *conn) []gomail.Option {
	policies := map[string]gomail.TLSPolicy{
		required: gomail.TLSMandatory, opportunistic: gomail.TLSOpportunistic, off: gomail.NoTLS,
	}
	policy := gomail.NoTLS // with smtps:// the dialler starts TLS
	if !s.implicit {
		policy = policies[s.starttls]
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.timeout), gomail.WithTLSConfig(c.tls),
		gomail.WithTLSPolicy(policy),
		gomail.WithDialContextFunc(s.dialler(ctx, c)), gomail.WithHELO(s.hello(ctx)),
		// A NOOP and a RSET around each message take two round trips and could fail after the message was
		// accepted.
		gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

// dialler opens the connection and keeps a reference, so that it can always be closed. Until c.release is
// called, the connection is closed when outer ends.
func (s *Sender) dialler(outer context.Context, c *conn) gomail.DialContextFunc {
	address := net.JoinHostPort(s.host, strconv.Itoa(s.port)) // the library's address lacks IPv6 brackets
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
	raw     net.Conn // beneath TLS
	stop    func() bool
	now     func() time.Time
	keys    Keys
	tls     *tls.Config
	secured *tls.ConnectionState // of a trusted server, nil without encryption
	broken  bool
}

// hold closes the connection if ctx ends before release is called.
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

// send is like Send but also returns the server's response to an accepted message.
func (c *conn) send(ctx context.Context, m mail.Message) (answer string, err error) {
	msg, utf8, err := c.envelope(m)
	if err != nil {
		return "", &mail.Failure{Reason: err.Error()}
	}
	c.session.SkipSMTPUTF8(!utf8) // the next relay might not support it and bounce the message
	c.hold(ctx, c.raw)
	defer c.release()
	err = c.client.SendWithSMTPClient(c.session, msg)
	if err == nil || msg.IsDelivered() {
		return oneLine(msg.ServerResponse()), nil
	}
	c.broken = true
	return "", failure(err)
}

// quitTime is the time limit for QUIT.
const quitTime = 5 * time.Second

// Close implements mail.Conn. After a failure it skips QUIT, which could wait for the server again; also,
// the library would end a partly sent message with a dot before QUIT.
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

// failure interprets a response. RFC 5321, 4.2.1: 4xx is temporary, 5xx is permanent; 421 (closing) may
// follow any command. Without a response, the message may have been accepted only if the error occurred at
// the end of DATA.
func failure(err error) *mail.Failure {
	var sent *gomail.SendError
	if !errors.As(err, &sent) {
		return &mail.Failure{Temporary: true, Unsure: true, Down: true, Reason: err.Error()}
	}
	text, _, _ := strings.Cut(sent.Error(), ", affected ") // the addresses follow
	code := sent.ErrorCode()
	if sent.Reason == gomail.ErrSMTPMailFrom && refusesSender(code) {
		return &mail.Failure{Temporary: true, Cause: mail.SenderRefused, Code: code,
			Reason: fmt.Sprintf("the mail server refuses "+
				"the sender (%d); check the shop's --sender-email, and that the user in --smtp may send from it: %s", code, text)}
	}
	return &mail.Failure{
		Temporary: code < 500,
		Unsure:    code == 0 && sent.Reason == gomail.ErrSMTPDataClose,
		Down:      code == 0 || code == 421,
		Reason:    text,
	}
}

// refusesSender reports whether a response to MAIL FROM rejects the sender rather than the message: 552 is
// about the message's size, and 555 about parameters (RFC 5321, 4.2.3 and 4.5.3.1.9).
func refusesSender(code int) bool { return code >= 500 && code != 552 && code != 555 }
