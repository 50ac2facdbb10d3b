package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"postern/mail"
)

// FuzzMessage writes messages with any subject, name and text and parses them with the standard library. It
// checks that there are no additional headers and no lines longer than servers accept, and that all values
// are unchanged.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		"", "Hello", "Hello\r\nBcc: eve@evil.example", "a\nb\rc\x00d", "\r\x00\n0", "👩‍👩‍👧‍👦 žluťoučký",
		"\u202eevil\u2066", strings.Repeat("x", 3000),
		strings.Repeat("dlouhý předmět ", 100), "=?UTF-8?q?a=0D=0ABcc:_x?=", "\xff\xfe", ".\r\n.\r\n",
		" leading and trailing ", `"a" <b@c.example>, d`,
		"a\u2028b\u2029c\u0085d", "=\r\n=3D=", "tab\tand\vmore", `back\slash é`, strings.Repeat("👍", 400),
		"cut" + strings.Repeat(" ", 300) + "here", "--\r\n--boundary--\r\n", "\u00a0no-break\u00a0",
	} {
		f.Add(s, "Shop", "text")
		f.Add("Hello", s, "text")
		f.Add("Hello", "Shop", s)
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, subject, name, text string) {
		c := &conn{now: func() time.Time { return time.Unix(1_793_700_000, 0) }}
		msg, _, err := c.envelope(mail.Message{
			FromName: name, From: "shop@shop.example", To: "jana@kunde.example", Subject: subject,
			ID: "1@shop.example", Lang: "cs",
			Text: text, HTML: "<p>" + text + "</p>",
		})
		if err != nil {
			t.Fatal(err)
		}
		var raw bytes.Buffer
		if _, err := msg.WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		checkMessage(t, raw.Bytes(), map[string]string{"Subject": oneLine(subject),
			"name": strings.ReplaceAll(oneLine(name), `\`, "/"), "text": text})
	})
}

func checkMessage(t *testing.T, raw []byte, want map[string]string) {
	t.Helper()
	for line := range bytes.Lines(raw) {
		if len(line) > 998+2 || !bytes.HasSuffix(line, []byte("\r\n")) ||
			bytes.ContainsAny(line[:len(line)-2], "\r\x00") {
			t.Fatalf("a line of %d bytes: %.100q", len(line), line)
		}
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(len(m.Header))
	for _, field := range []string{"From", "To", "Subject", "Date", "Message-Id", "Mime-Version",
		"Content-Type", "Auto-Submitted",
		"X-Auto-Response-Suppress", "Content-Language"} {
		if len(m.Header[field]) != 1 {
			t.Errorf("%s: %q", field, m.Header[field])
		}
	}
	if got != "10" {
		t.Errorf("%s headers: %v", got, m.Header)
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != "shop@shop.example" ||
		!sameName(from[0].Name, want["name"]) {
		t.Errorf("from %q, %v; want %q", m.Header.Get("From"), err, want["name"])
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != want["Subject"] {
		t.Errorf("subject %q, %v; want %q", subject, err, want["Subject"])
	}
	bodies := readParts(t, m)
	if len(bodies) != 2 || bodies[0] != crlf(want["text"]) || bodies[1] != crlf("<p>"+want["text"]+"</p>") {
		t.Errorf("parts %q; want %q", bodies, crlf(want["text"]))
	}
}

// sameName compares a parsed name with the given one, which may be truncated; the parsed name then ends
// before any spaces at the cut.
func sameName(got, given string) bool {
	rest, cut := strings.CutPrefix(given, got)
	spaces := len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace))
	return got == given || cut && len(given) > maxDisplay && len(got)+spaces > maxDisplay-utf8.UTFMax
}

func readParts(t *testing.T, m *netmail.Message) (bodies []string) {
	t.Helper()
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, string(body))
	}
}

// crlf returns text as it arrives, with every kind of line break as CRLF.
func crlf(s string) string {
	return strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(s)
}
