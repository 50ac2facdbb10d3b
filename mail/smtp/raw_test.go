package smtp_test

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"postern/mail"
	"postern/mail/smtp"
)

// signInURL is as long as the portal's own links may be.
var signInURL = "https://account.a-rather-long-name-of-a-shop.example/sign-in/link/" +
	strings.Repeat("aB3-_x", 12)

// signInMail returns a sign-in email as the portal composes it.
func signInMail(t *testing.T) mail.Message {
	t.Helper()
	r, err := mail.LoadRenderer()
	if err != nil {
		t.Fatal(err)
	}
	m := message()
	m.Text, m.HTML, err = r.Render(mail.Letter{
		Lang: "cs",
		Brand: mail.Brand{Name: "Kapradí, s.r.o.", URL: "https://shop.example/",
			LogoURL: "https://shop.example/logo.png", Support: "help@shop.example"},
		Subject: m.Subject, Heading: "Přihlášení",
		Paragraphs: []string{strings.Repeat("Žluťoučký kůň. ", 30)},
		Button:     &mail.Button{Label: "Přihlásit se", URL: signInURL}, Code: "K7QM 4RXD", CodeLabel: "Kód:",
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// deliver sends one email and returns what the server got.
func deliver(t *testing.T, m mail.Message) (letter, *netmail.Message) {
	t.Helper()
	server := serve(t, kind{})
	s := sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{})
	if err := hand(t, s, m); err != nil {
		t.Fatal(err)
	}
	letters, _ := server.got()
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	got, err := netmail.ReadMessage(bytes.NewReader(letters[0].raw))
	if err != nil {
		t.Fatal(err)
	}
	return letters[0], got
}

// TestRawSignIn parses a sign-in email from the bytes that a server received.
func TestRawSignIn(t *testing.T) {
	t.Parallel()
	m := signInMail(t)
	got, parsed := deliver(t, m)
	if n := len(signInURL); n > 140 || n < 120 {
		t.Fatalf("the URL of this test has %d bytes", n)
	}
	for line := range bytes.Lines(got.raw) {
		if len(line) > 78+2 { // RFC 5322, 2.1.1
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "List-Unsubscribe": "", "List-Unsubscribe-Post": "",
		"Bcc": "", "Cc": "",
		"Return-Receipt-To": "", "Disposition-Notification-To": "", "Mime-Version": "1.0",
	} {
		if got := parsed.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name, values := range parsed.Header {
		if value := decoded(t, strings.Join(values, " ")); len(values) != 1 || strings.Contains(value,
			"aB3-_x") || strings.Contains(value, "K7QM") {
			t.Errorf("%s is there %d times: %s", name, len(values), value)
		}
	}
	text, page := parts(t, parsed)
	alone := 0
	for line := range strings.Lines(text) {
		if strings.TrimRight(line, "\r\n") == signInURL {
			alone++
		}
	}
	if alone != 1 || strings.Count(text, "/sign-in/") != 1 {
		t.Errorf("the link is %d times on a line of its own:\n%s", alone, text)
	}
	if links := pageLinks(t, page); strings.Count(page, "/sign-in/") != 1 || links[signInURL] != 1 {
		t.Errorf("links of the page: %v", links)
	}
	if !strings.Contains(string(got.raw), "=\r\n") {
		t.Error("no soft break is in this mail, so it shows nothing about them")
	}
}

// pageLinks returns the targets of a page's links, and fails on anything that a mail client would load from
// outside the shop.
func pageLinks(t *testing.T, page string) map[string]int {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]int{}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			switch {
			case n.Data == "a" && a.Key == "href":
				links[a.Val]++
			case n.Data == "img" && a.Key == "src" && a.Val == "https://shop.example/logo.png":
			case a.Key == "src" || a.Key == "srcset" || a.Key == "background" || a.Key == "href" ||
				a.Key == "style" && strings.Contains(a.Val, "url("):
				t.Errorf("<%s %s=%q> is fetched", n.Data, a.Key, a.Val)
			}
			if n.Data == "img" && (a.Key == "width" || a.Key == "height") && (a.Val == "0" || a.Val == "1") {
				t.Errorf("a tracking pixel: %v", n.Attr)
			}
		}
	}
	if strings.Contains(page, "@import") || strings.Contains(page, "url(") {
		t.Error("the stylesheet fetches something")
	}
	return links
}

// TestHostileValues puts line breaks and more into every value that is not an address. Exactly one email
// arrives, at the one recipient, without additional headers.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	_, usual := deliver(t, message())
	for name, evil := range map[string]string{
		"bcc":         "Hello\r\nBcc: eve@evil.example",
		"line feed":   "Hello\nBcc: eve@evil.example",
		"return":      "Hello\rBcc: eve@evil.example",
		"folded":      "Hello\r\n\tthere\r\nCc: eve@evil.example",
		"body":        "Hello\r\n\r\n<script>",
		"end":         "Hello\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\n",
		"NUL":         "He\x00llo\r\nBcc: eve@evil.example",
		"separators":  "Hello\u2028Bcc: eve@evil.example\u2029\u0085",
		"bidi":        "Hello \u202eelpmaxe.live@eve :ccB\u2066",
		"encoded":     "=?UTF-8?q?Hello=0D=0ABcc:_eve=40evil.example?=",
		"second from": `Shop" <eve@evil.example>, "x`,
		"not UTF-8":   "Hello\xff\xfe\r\nBcc: eve@evil.example",
	} {
		t.Run(name, func(t *testing.T) {
			m := message()
			m.Subject, m.FromName, m.ID, m.Lang, m.Text = evil, evil, evil, evil, evil
			got, parsed := deliver(t, m)
			if got.to != m.To || got.from != m.From {
				t.Errorf("from %s to %s", got.from, got.to)
			}
			sameHeaders(t, usual, parsed)
			for _, field := range []string{"From", "To", "Reply-To"} {
				if list, err := parsed.Header.AddressList(field); err != nil || len(list) != 1 ||
					strings.Contains(list[0].Address, "evil") {
					t.Errorf("%s: %v, %v", field, list, err)
				}
			}
		})
	}
}

func sameHeaders(t *testing.T, want, got *netmail.Message) {
	t.Helper()
	for name, values := range got.Header {
		if len(values) != 1 || want.Header.Get(name) == "" {
			t.Errorf("header %s: %q", name, values)
		}
	}
	for name := range want.Header {
		if got.Header.Get(name) == "" {
			t.Errorf("header %s is missing", name)
		}
	}
}
