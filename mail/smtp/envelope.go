package smtp

import (
	"encoding/base64"
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"postern/mail"
)

// errNeedsUTF8 is permanent: a later attempt does not make the server support the extension.
var errNeedsUTF8 = errors.New("an address with letters beyond ASCII before the @, which needs SMTPUTF8 (RFC 6531); " +
	"the mail server does not offer it")

// envelope returns the signed message for the library and reports whether its addresses need SMTPUTF8.
func (c *conn) envelope(m mail.Message) (msg *gomail.Msg, utf8 bool, err error) {
	from, err := c.deliverable(m.FromName, m.From)
	if err != nil {
		return nil, false, fmt.Errorf("the sender is %w", err)
	}
	to, err := c.deliverable("", m.To)
	if err != nil {
		return nil, false, fmt.Errorf("the recipient is %w", err)
	}
	msg = gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	utf8 = wide(from.Address) || wide(to.Address)
	if m.ReplyTo != "" {
		reply, err := c.deliverable("", m.ReplyTo)
		switch {
		case err == nil:
			msg.ReplyToMailAddress(reply)
			utf8 = utf8 || wide(reply.Address)
		case !errors.Is(err, errNeedsUTF8): // send it without Reply-To; the text contains the address
			return nil, false, fmt.Errorf("the reply address is %w", err)
		}
	}
	c.fill(msg, m)
	return msg, utf8, c.keys.sign(msg, from.Address)
}

// deliverable returns the address, or an error if the server cannot accept it.
func (c *conn) deliverable(name, bare string) (*netmail.Address, error) {
	a, err := address(name, bare)
	if err == nil && wide(a.Address) && !c.offersUTF8() {
		err = errNeedsUTF8
	}
	return a, err
}

func (c *conn) offersUTF8() bool {
	offered, _ := c.session.Extension("SMTPUTF8")
	return offered
}

// fill sets everything except the addresses.
func (c *conn) fill(msg *gomail.Msg, m mail.Message) {
	id := oneLine(m.ID)
	if ascii, err := withHostName(id); err == nil {
		id = ascii
	}
	msg.Subject(words(oneLine(m.Subject)))
	msg.SetDateWithValue(c.now())
	msg.SetMessageIDWithValue(id)
	if !m.Personal {
		msg.SetGenHeader("Auto-Submitted", "auto-generated")        // RFC 3834: no automatic replies
		msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All") // the same for Exchange, MS-OXCMAIL
	}
	if m.Lang != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, oneLine(m.Lang))
	}
	msg.SetBodyString(gomail.TypeTextPlain, lineFeeds(m.Text))
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, lineFeeds(m.HTML))
	}
}

const (
	maxWord  = 60 // in bytes; a longer word cannot be folded
	maxChunk = 45 // in bytes; gives an encoded word of at most 75 (RFC 2047, 2)
)

// words returns header text that email programs display as s. The library encodes non-ASCII text only. It
// would pass on text that looks encoded, which the recipient's program would decode, and words that are too
// long for a line.
func words(s string) string {
	long := slices.ContainsFunc(strings.Fields(s), func(word string) bool { return len(word) > maxWord })
	if !long && !strings.Contains(s, "=?") {
		return s
	}
	var encoded []string
	for s != "" {
		n := min(len(s), maxChunk)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		encoded = append(encoded, "=?UTF-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(encoded, " ")
}

// lineFeeds converts every line break to LF, which the encoder turns into CR LF. After a lone CR, the
// encoder (like package quotedprintable) would lose the next LF of the line.
func lineFeeds(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}
