package smtp

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"postern/mail"
)

// envelope is the message as the library takes it, with the means to sign it.
func (c *conn) envelope(m mail.Message) (*gomail.Msg, error) {
	from, err := address(m.FromName, m.From)
	if err != nil {
		return nil, fmt.Errorf("the sender is %w", err)
	}
	to, err := address("", m.To)
	if err != nil {
		return nil, fmt.Errorf("the recipient is %w", err)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	if m.ReplyTo != "" {
		reply, err := address("", m.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("the reply address is %w", err)
		}
		msg.ReplyToMailAddress(reply)
	}
	msg.Subject(words(oneLine(m.Subject)))
	msg.SetDateWithValue(c.now())
	msg.SetMessageIDWithValue(oneLine(m.ID))
	if !m.Personal {
		msg.SetGenHeader("Auto-Submitted", "auto-generated")        // RFC 3834: answer it with no machine
		msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All") // the same to Exchange, MS-OXCMAIL
	}
	if m.Lang != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, oneLine(m.Lang))
	}
	msg.SetBodyString(gomail.TypeTextPlain, lineFeeds(m.Text))
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, lineFeeds(m.HTML))
	}
	return msg, c.keys.sign(msg, m.From)
}

const (
	maxWord  = 60 // bytes; a longer one cannot be folded
	maxChunk = 45 // bytes, which make an encoded word of at most 75 (RFC 2047, 2)
)

// words returns header text that is read as s. The library encodes what is not ASCII, but would pass on what only looks
// encoded, to be decoded by the reader, and words too long for a line.
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

// lineFeeds makes every line break a line feed, which the encoder turns into CR LF: of a lone CR it loses the LF that comes
// later in the line, as package quotedprintable does.
func lineFeeds(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}
